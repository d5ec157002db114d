"""What does not count, told to everybody (剔除公示): by reason, in bands, and nobody's name."""

from typing import Any, Final

from flask import Blueprint, render_template, request

from app import doors, languages, unit
from app.pages import figures, shown, spreadsheets
from app.pages.face import leagues
from kernel.clock import local_date
from kernel.money import Money
from kernel.words import Words
from kernel.work import Work
from marketplace.counting import reading
from marketplace.counting.adding import Sums
from marketplace.counting.spans import Span
from marketplace.integrity import exclusions, saying
from marketplace.integrity.exclusions import Standing, Told

blueprint = Blueprint("exclusion_pages", __name__)

ROWS: Final = 20
SAVED_MAX: Final = 5_000
STANDINGS: Final = {
    Standing.KNOWN: (Words("成交时即不计", "never counted"), "past"),
    Standing.REVIEW: (Words("待复核，暂不计入", "under review"), "warn"),
    Standing.CONFIRMED: (Words("已认定，不计入", "confirmed"), "bad"),
    Standing.RETURNED: (Words("已排除，恢复计入", "counts again"), "good"),
}
HEADER: Final = (
    Words("日期", "Day"), Words("原因编码", "Reason, code"), Words("原因", "Reason"),
    Words("金额档", "Amount, in bands"), Words("场外备案", "Registered deal"),
    Words("状态", "State"), Words("统计期", "Period"),
)  # fmt: skip


@blueprint.get("/rankings/exclusions")
@doors.public
def listed() -> Any:
    """Show what does not count in a period, or save it as a file. Six SELECTs."""
    work = unit.current()
    today = local_date(work.now)
    span = leagues.span_of(request.args.get("period", "Y"), today)
    reason = shown.asked("reason", max=40)
    if (file := shown.asked("file", max=4)) in ("csv", "xlsx"):
        return _saved(work, span, reason, file)
    earlier, later = leagues.around(span, today)
    whole = reading.in_period(work.session, "all", span).get("", Sums())
    page = exclusions.listed(work.session, span, reason=reason, after=shown.after(), limit=ROWS)
    return render_template(
        "face/exclusions.html",
        span=span,
        title=leagues.label(span),
        periods=[(each, languages.said(words)) for each, words in leagues.PERIODS.items()],
        earlier=earlier,
        later=later,
        open=span.until >= today,
        cards={
            "counted": Money(whole.counted),
            "excluded": Money(whole.excluded),
            "gross": Money(whole.counted + whole.excluded),
            "registered": Money(whole.registered),
            "registered_excluded": Money(whole.registered_excluded),
        },
        reasons=[
            (each, languages.said(saying.reason(each.reason)),
             languages.said(saying.why(each.reason)))
            for each in exclusions.by_reason(work.session, span)
        ],
        reason=(reason, languages.said(saying.reason(reason))) if reason else None,
        rows=[_row(each) for each in page.items],
        next=page.next,
    )  # fmt: skip


def _row(each: Told) -> dict[str, Any]:
    words, tone = STANDINGS[each.standing]
    back = each.standing == Standing.RETURNED
    return {
        "on": each.on,
        "reason": languages.said(saying.reason(each.reason)),
        "registered": each.registered,
        "band": "—" if back else figures.band(each.amount),
        "standing": languages.said(words),
        "tone": tone,
    }


def _saved(work: Work, span: Span, reason: str | None, file: str) -> Any:
    found = exclusions.listed(work.session, span, reason=reason, after=None, limit=SAVED_MAX)
    header = [languages.said(words) for words in HEADER]
    yes = languages.said(Words("是", "yes"))
    lines = [
        (each.on, each.reason, row["reason"], row["band"], yes if each.registered else "",
         row["standing"], span.code)
        for each, row in ((each, _row(each)) for each in found.items)
    ]  # fmt: skip
    return spreadsheets.answer(file, f"exclusions-{span.code}", header, lines)
