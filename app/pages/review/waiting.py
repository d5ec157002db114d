"""The whole of what a desk shows a few of, where no other page lists it."""

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, render_template

from app import doors, languages, unit
from app.pages import shown
from app.pages.review import duties
from app.pages.shown import Row
from kernel.pages import Page
from kernel.words import Words
from kernel.work import Work
from licensing import assessments, consents
from licensing.applications import cases, commitments
from licensing.assessments import Assessment
from licensing.consents import Opinion

blueprint = Blueprint("waiting", __name__)


@blueprint.get("/desk/<any(promises, opinions, panels):kind>")
@doors.members("read")
def whole(kind: str) -> Any:
    """Show one section of the desk whole, page by page."""
    work = unit.current()
    title, page = KINDS[kind]
    rows, following = page(work, shown.after())
    return render_template(
        "desk/whole.html", title=languages.said(title), rows=rows, kind=kind, next=following
    )


def panels(work: Work, found: list[Assessment]) -> list[Row]:
    """Return assessments as lines of a list. One SELECT."""
    titles = cases.titles(work.session, [one.scenario_id for one in found])
    return [
        shown.row(
            f"/assessments/{one.id}", titles[one.scenario_id][0], one.pool_fingerprint[:12],
            one.state,
        )
        for one in found
    ]  # fmt: skip


def opinions(work: Work, found: list[Opinion]) -> list[Row]:
    """Return opinions as lines of a list, with the light of their case. Two SELECTs."""
    titles = cases.titles(work.session, [one.scenario_id for one in found])
    rows = [
        shown.row(f"/cases/{one.scenario_id}", *titles[one.scenario_id], one.state) for one in found
    ]
    return shown.lit(work, rows, [one.scenario_id for one in found])


def _promises(work: Work, after: str | None) -> tuple[list[Row], str | None]:
    state = commitments.State.PROMISED
    page = commitments.listed(work, state=state, after=after, limit=shown.PAGE)
    return duties.promised(work, page.items), page.next


def _opinions(work: Work, after: str | None) -> tuple[list[Row], str | None]:
    state = consents.State.ASKED
    page: Page[Opinion] = consents.listed(work, state=state, after=after, limit=shown.PAGE)
    return opinions(work, page.items), page.next


def _panels(work: Work, after: str | None) -> tuple[list[Row], str | None]:
    page = assessments.listed(work, after=after, limit=shown.PAGE)
    return panels(work, page.items), page.next


Whole = Callable[[Work, str | None], tuple[list[Row], str | None]]

KINDS: Final[dict[str, tuple[Words, Whole]]] = {
    "promises": (Words("容缺承诺", "Promised materials"), _promises),
    "opinions": (Words("待答复的征求意见", "Opinions due"), _opinions),
    "panels": (Words("专家评估", "Panels"), _panels),
}
