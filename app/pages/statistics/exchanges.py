"""Our exchange among others: the public comparison, and the desk where figures are entered."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown, spreadsheets
from app.pages.face import leagues
from app.pages.money import shapes
from app.pages.money.shapes import cell, facts, field, said, table
from kernel.clock import local_date
from kernel.money import Money
from kernel.parties import people
from kernel.words import Words
from marketplace import access
from marketplace.counting import spans
from marketplace.peers import stats
from marketplace.peers.stats import Caliber, Compared, Confidence, Figures, Measure, Registered

blueprint = Blueprint("exchange_stats", __name__)

_DESK: Final = "/exchange-stats"
_CRUMB: Final = Words("交易机构数据", "Figures of exchanges")
MEASURES: Final = {
    Measure.CUMULATIVE: Words("累计成交额", "Cumulative volume"),
    Measure.YEAR: Words("本年成交额", "Volume of this year"),
}
CALIBERS: Final = {
    Registered.YES: Words("含备案成交", "Registered deals included"),
    Registered.NO: Words("仅场内成交", "On the exchange alone"),
    Registered.UNKNOWN: Words("口径不明，不参与排名", "Caliber unknown: not comparable"),
}
CONFIDENCES: Final = {
    Confidence.HIGH: Words("机构自行公布", "the exchange's own notice"),
    Confidence.MEDIUM: Words("媒体报道", "the press"),
    Confidence.LOW: Words("转述", "hearsay"),
}


@blueprint.get("/rankings/exchanges")
@doors.public
def compared() -> Any:
    """Show this exchange among others, only within equal caliber; or save it as a file."""
    work = unit.current()
    asked = shown.asked("measure", max=20)
    measure = next((each for each in Measure if each == asked), Measure.CUMULATIVE)
    today = local_date(work.now)
    found = stats.compared(work.session, measure, today=today)
    if (file := shown.asked("file", max=4)) in ("csv", "xlsx"):
        return _saved(file, measure, found)
    return render_template(
        "face/exchanges.html",
        measure=measure,
        measures=[(each.value, languages.said(words)) for each, words in MEASURES.items()],
        year=today.year,
        kinds=leagues.tabs(spans.of("Y", today)),
        calibers=[_group(each) for each in found if each.rows],
    )


def _group(found: Caliber) -> dict[str, Any]:
    most = max(each.value_fen for each in found.rows)
    return {
        "title": languages.said(CALIBERS[found.registered]),
        "ranked": found.registered != Registered.UNKNOWN,
        "rows": [
            {
                "rank": each.rank,
                "name": each.stat.exchange if each.stat else _ourselves(),
                "ours": each.stat is None,
                "value": Money(each.value_fen),
                "bar": max(0, each.value_fen) * 100 // most if most > 0 else 0,
                "as_of": each.as_of,
                "source": each.stat.source if each.stat else None,
                "url": each.stat.url if each.stat else None,
                "confidence": _confidence(each.stat.confidence) if each.stat else None,
            }
            for each in found.rows
        ],
    }


def _saved(file: str, measure: Measure, found: list[Caliber]) -> Any:
    header = [
        said("口径", "Caliber"), said("名次", "Rank"), said("机构", "Exchange"),
        said("成交额（分）", "Volume (fen)"), said("截至", "As of"), said("来源", "Source"),
        said("网址", "Address"), said("可信度", "Confidence"),
    ]  # fmt: skip
    rows = [_line(group, each) for group in found for each in group.rows]
    return spreadsheets.answer(file, f"exchanges-{measure.value}", header, rows)


def _line(group: Caliber, found: Compared) -> tuple[spreadsheets.Cell, ...]:
    caliber, stat = languages.said(CALIBERS[group.registered]), found.stat
    as_of = found.as_of.isoformat()
    if stat is None:
        return caliber, found.rank, _ourselves(), found.value_fen, as_of, None, None, None
    said_so = stat.source, stat.url, _confidence(stat.confidence)
    return caliber, found.rank, stat.exchange, found.value_fen, as_of, *said_so


@blueprint.get(_DESK)
@doors.members("read")
def desk() -> Any:
    """List what was entered, newest first, with the form to enter more."""
    work = unit.current()
    access.require(work, access.overseer, None, "exchange_stat.listed")
    asked = shown.asked("state", max=20)
    state = next((each.value for each in stats.State if each == asked), None)
    found = stats.listed(work, state=state, after=shown.after(), limit=shown.PAGE)
    columns = [said("机构", "Exchange"), said("指标", "Measure"), said("口径", "Caliber"),
               "#" + said("金额（元）", "Amount (yuan)"), said("截至", "As of"),
               said("状态", "State")]  # fmt: skip
    rows = [
        [cell(each.exchange, href=f"{_DESK}/{each.id}"),
         languages.said(MEASURES[Measure(each.measure)]),
         languages.said(CALIBERS[Registered(each.registered)]), Money(each.value_fen),
         each.as_of, cell("", tag=f"exchange_stat.{each.state}")]
        for each in found.items
    ]  # fmt: skip
    title = languages.said(_CRUMB)
    return render_template(
        "settlement/list.html",
        home=_home(),
        title=title,
        lead=said(
            "其他交易机构自行公布的成交额，一人录入、另一人与来源核对后公布；只在同一口径内排名。",
            "What other exchanges publish: entered by one, compared with its source by another, "
            "and ranked only among those that count alike.",
        ),
        filters=shapes.filters("exchange_stat", stats.State, _DESK, state),
        tables=[table(title, columns, rows, empty=said("还没有录入", "Nothing entered yet"))],
        forms=[_form()] if stats.statistician.matches(work.actor, None) else [],
        next=found.next,
        more=f"{_DESK}?state={state}" if state else _DESK,
    )


@blueprint.post(_DESK)
@doors.members("write")
def enter() -> Any:
    """Enter a figure, for another person to check."""
    given = Figures(
        exchange=forms.text("exchange", max=80),
        as_of=forms.day("as_of"),
        measure=Measure(forms.choice("measure", _words(MEASURES))),
        value_fen=forms.money("value").minor,
        registered=Registered(forms.choice("registered", _words(CALIBERS))),
        source=forms.text("source", max=200),
        url=forms.text("url", max=stats.URL_MAX) or None,
        confidence=Confidence(forms.choice("confidence", _words(CONFIDENCES))),
    )
    made = stats.enter(unit.current(), given)
    return redirect(f"{_DESK}/{made.id}", 303)


@blueprint.get(f"{_DESK}/<subject_id>")
@doors.members("read")
def one(subject_id: str) -> Any:
    """Show a figure, its source and its steps."""
    work = unit.current()
    found = stats.seen(work, subject_id)
    who = people.names(work.session, [found.entered_by, found.checked_by or ""])
    return render_template(
        "settlement/record.html",
        home=_home(),
        crumb=(_DESK, languages.said(_CRUMB)),
        title=found.exchange,
        facts=facts(
            (said("指标", "Measure"), languages.said(MEASURES[Measure(found.measure)])),
            (said("口径", "Caliber"), languages.said(CALIBERS[Registered(found.registered)])),
            (said("金额", "Amount"), Money(found.value_fen)),
            (said("截至", "As of"), found.as_of),
            (said("来源", "Source"), _source(found.source, found.url)),
            (said("可信度", "Confidence"), _confidence(found.confidence)),
            (said("录入", "Entered by"), who.get(found.entered_by)),
            (said("核对", "Checked by"), who.get(found.checked_by or "")),
        ),
        **shapes.record(work, found, stats.LIFE),
    )


def _source(source: str, url: str | None) -> object:
    return cell(source, href=url) if url else source


def _form() -> shapes.Form:
    title, save = said("录入一条", "Enter a figure"), said("保存，待另一人核对", "Save for a check")
    return shapes.form("stat", title, _DESK, save, [
        field("exchange", said("机构全称", "Full name of the exchange")),
        field("measure", said("指标", "Measure"), kind="choice", options=_words(MEASURES)),
        field("registered", said("口径", "Caliber"), kind="choice", options=_words(CALIBERS)),
        field("value", said("金额（元）", "Amount (yuan)"), kind="money"),
        field("as_of", said("截至", "As of"), kind="date"),
        field("source", said("来源（标题、文号、日期）", "Source (title, number, date)")),
        field("url", said("来源网址", "Address of the source"), needed=False),
        field("confidence", said("可信度", "Confidence"), kind="choice",
              options=_words(CONFIDENCES)),
    ])  # fmt: skip


def _home() -> tuple[str, str]:
    return "/desk", said("工作台", "Desk")


def _ourselves() -> str:
    return said("本交易机构（账簿计算）", "This exchange, from its books")


def _confidence(code: str) -> str:
    return languages.said(CONFIDENCES[Confidence(code)])


def _words(codes: dict[Any, Words]) -> dict[str, str]:
    return {code.value: languages.said(words) for code, words in codes.items()}
