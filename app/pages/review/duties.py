"""What waits on a desk beside cases, products and money: agreements, promises, upkeep.

Each section shows its first few rows, how many there are in all, and leads to the list.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from app import languages
from app.pages import shown
from app.pages.shown import Row
from app.pages.supervision.words import FAULTS, PATHS
from kernel.pages import Page
from kernel.parties import organisations, reach
from kernel.words import Words
from kernel.work import Work
from licensing import decisions
from licensing.agreed import operation_rows, rows
from licensing.applications import commitments
from licensing.applications.blocks import Material
from licensing.applications.commitments import Commitment
from licensing.frame import plan_rows
from licensing.pricing import periods as fee_periods
from licensing.standing import destructions as destroyed
from licensing.supervision import violations
from licensing.supervision.violations import Fault
from licensing.upkeep import renewals as renewing
from licensing.upkeep import reviews as yearly

T = TypeVar("T")

MOST: Final = 100
"""Up to how many are counted one by one; beyond, it says so."""


class Told(NamedTuple):
    """The first rows of a section, and how many there are: "12", or "100+"."""

    rows: list[Row]
    total: str


def admits(work: Work) -> bool:
    """Tell whether the actor decides on admissions."""
    return reach.officiates(work.actor)


def operations(work: Work) -> Told:
    """Return the operation agreements that are still to be agreed on, signed or filed."""
    state = rows.State
    waiting = (state.DRAFT, state.APPROVED_INTERNALLY, state.NEGOTIATING, state.FINAL,
               state.HALF_SIGNED, state.SIGNED, state.AMENDING)  # fmt: skip
    page = operation_rows.listed(work, among=waiting, limit=MOST)

    def drawn(first: Sequence[operation_rows.OperationAgreement]) -> list[Row]:
        firms = shown.names(work, [one.operator_id for one in first])
        told = [
            shown.row(f"/operations/{one.id}", firms[one.operator_id], one.code, one.state)
            for one in first
        ]
        return shown.lit(work, told, [one.id for one in first])

    return _told(page, drawn)


def plans(work: Work) -> Told:
    """Return the implementation plans that are not yet in force."""
    state = plan_rows.State
    page = plan_rows.listed(work, among=(state.DRAFT, state.DECIDED, state.APPROVED), limit=MOST)

    def drawn(first: Sequence[plan_rows.ImplementationPlan]) -> list[Row]:
        told = [
            shown.row(f"/plans/{one.id}", one.title, one.code, f"implementation_plan.{one.state}")
            for one in first
        ]
        return shown.lit(work, told, [one.id for one in first])

    return _told(page, drawn)


def promises(work: Work) -> Told:
    """Return the materials that were promised and not handed in."""
    page = commitments.listed(work, state=commitments.State.PROMISED, limit=MOST)
    return _told(page, lambda first: promised(work, first))


def promised(work: Work, found: Sequence[Commitment]) -> list[Row]:
    """Return promises as lines of a list, each leading to where it is handed in. One SELECT."""
    ours = work.actor.organisation
    told = [
        shown.row(
            f"/scenarios/{one.scenario_id}/application"
            if one.applicant_id == ours
            else f"/cases/{one.scenario_id}",
            languages.said(Material(one.material).label), f"{one.due_on}", one.state,
        )
        for one in found
    ]  # fmt: skip
    return shown.lit(work, told, [one.id for one in found])


def renewals(work: Work) -> Told:
    """Return the rights in force whose window of renewal is open today."""
    found = renewing.open_today(work, limit=MOST + 1)
    page = Page(found[:MOST], "more" if len(found) > MOST else None)
    return _told(page, lambda first: [
        shown.row(
            f"/authorisations/{one.id}", one.cert_no,
            f"{renewing.window(work, one).closes}", one.state,
        )
        for one in first
    ])  # fmt: skip


def destructions(work: Work) -> Told:
    """Return the destructions whose proof is due, in time or late."""
    page = destroyed.listed(work, unproved=True, after=None, limit=MOST)

    def drawn(first: Sequence[destroyed.Destruction]) -> list[Row]:
        firms = shown.names(work, [one.grantee_id for one in first])
        numbers = decisions.certificates(work.session, [one.authorisation_id for one in first])
        told = [
            shown.row(
                "/destructions", firms[one.grantee_id], numbers[one.authorisation_id], one.state
            )
            for one in first
        ]
        return shown.lit(work, told, [one.id for one in first])

    return _told(page, drawn)


def reviews(work: Work) -> Told:
    """Return the annual reviews that are open."""
    page = yearly.listed(work, state=yearly.State.OPEN, limit=MOST)

    def drawn(first: Sequence[yearly.Review]) -> list[Row]:
        firms = shown.names(work, [one.grantee_id for one in first])
        told = [
            shown.row(
                f"/reviews/{one.id}", firms[one.grantee_id], f"{one.year}", f"review.{one.state}"
            )
            for one in first
        ]
        return shown.lit(work, told, [one.id for one in first])

    return _told(page, drawn)


def faults(work: Work) -> Told:
    """Return the violations that nobody has explained yet."""
    page = violations.listed(work, state=violations.State.RAISED, limit=MOST)
    return _told(page, lambda first: [
        shown.row(
            "/supervision/violations", languages.said(FAULTS[Fault(one.fault)]),
            one.subject if PATHS.get(one.subject[:4]) else "", one.state,
        )
        for one in first
    ])  # fmt: skip


def periods(work: Work) -> Told:
    """Return the fee periods that are not closed."""
    page = fee_periods.listed(work, open_only=True, after=None, limit=MOST)

    def drawn(first: Sequence[fee_periods.FeePeriod]) -> list[Row]:
        firms = shown.names(work, [one.operator_id for one in first])
        return [
            shown.row(
                f"/fee-periods/{one.id}", firms[one.operator_id],
                f"{one.first_on} — {one.last_on}", f"fee_period.{one.state}",
            )
            for one in first
        ]  # fmt: skip

    return _told(page, drawn)


def admissions(work: Work) -> Told:
    """Return the organisations that wait for a review, the final ones first."""
    state = organisations.State
    pages = [
        organisations.waiting(work, state=wanted, after=None, limit=MOST)
        for wanted in (state.FINAL_REVIEW, state.UNDER_REVIEW)
    ]
    found = [one for page in pages for one in page.items]
    more = len(found) > MOST or any(page.next for page in pages)

    def drawn(first: Sequence[organisations.Organisation]) -> list[Row]:
        told = [
            shown.row(
                f"/organisations/{one.id}", languages.said(Words(one.name_zh, one.name_en)),
                one.uscc, one.state,
            )
            for one in first
        ]  # fmt: skip
        return shown.lit(work, told, [one.id for one in first])

    return _told(Page(found[:MOST], "more" if more else None), drawn)


def _told(page: Page[T], drawn: Callable[[Sequence[T]], list[Row]]) -> Told:
    count = f"{MOST}+" if page.next else str(len(page.items))
    return Told(drawn(page.items[: shown.SHORT]), count)
