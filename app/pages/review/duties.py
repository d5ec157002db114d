"""What waits on a desk beside cases, products and money: agreements, promises, upkeep."""

from app import languages
from app.pages import shown
from app.pages.shown import Row
from app.pages.supervision.words import FAULTS, PATHS
from kernel.clock import local_date
from kernel.parties import organisations, reach
from kernel.words import Words
from kernel.work import Work
from licensing import authorisations
from licensing.agreed import operation_rows, rows
from licensing.applications import commitments
from licensing.applications.blocks import Material
from licensing.frame import plan_rows
from licensing.pricing import periods as fee_periods
from licensing.standing import destructions as destroyed
from licensing.supervision import violations
from licensing.supervision.violations import Fault
from licensing.upkeep import renewals as renewing
from licensing.upkeep import reviews as yearly


def admits(work: Work) -> bool:
    """Tell whether the actor decides on admissions."""
    return reach.officiates(work.actor)


def operations(work: Work) -> list[Row]:
    """Return the operation agreements that are still to be agreed on, signed or filed."""
    page = operation_rows.listed(work, limit=shown.SHORT)
    waiting = (rows.State.DRAFT, rows.State.APPROVED_INTERNALLY, rows.State.NEGOTIATING,
               rows.State.FINAL, rows.State.HALF_SIGNED, rows.State.SIGNED,
               rows.State.AMENDING)  # fmt: skip
    found = [one for one in page.items if one.state in waiting]
    firms = shown.names(work, [one.operator_id for one in found])
    told = [
        shown.row(f"/operations/{one.id}", firms[one.operator_id], one.code, one.state)
        for one in found
    ]
    return shown.lit(work, told, [one.id for one in found])


def plans(work: Work) -> list[Row]:
    """Return the implementation plans that are not yet in force."""
    page = plan_rows.listed(work, limit=shown.SHORT)
    state = plan_rows.State
    waiting = (state.DRAFT, state.DECIDED, state.APPROVED)
    found = [one for one in page.items if one.state in waiting]
    told = [
        shown.row(f"/plans/{one.id}", one.title, one.code, f"implementation_plan.{one.state}")
        for one in found
    ]
    return shown.lit(work, told, [one.id for one in found])


def promises(work: Work) -> list[Row]:
    """Return the materials that were promised and not handed in."""
    page = commitments.listed(work, state=commitments.State.PROMISED, limit=shown.SHORT)
    ours = work.actor.organisation
    told = [
        shown.row(
            f"/scenarios/{one.scenario_id}/application"
            if one.applicant_id == ours
            else f"/cases/{one.scenario_id}",
            languages.said(Material(one.material).label), f"{one.due_on}", one.state,
        )
        for one in page.items
    ]  # fmt: skip
    return shown.lit(work, told, [one.id for one in page.items])


def renewals(work: Work) -> list[Row]:
    """Return the rights in force whose window of renewal is open today."""
    page = authorisations.listed(work, after=None, limit=shown.PAGE)
    today, ours = local_date(work.now), work.actor.organisation
    return [
        shown.row(
            f"/authorisations/{one.id}", one.cert_no,
            f"{renewing.window(work, one).closes}", one.state,
        )
        for one in page.items
        if one.grantee_id == ours
        and one.state in authorisations.LIVE
        and renewing.window(work, one).is_open(today)
    ]  # fmt: skip


def destructions(work: Work) -> list[Row]:
    """Return the destructions that are due, the latest first."""
    page = destroyed.listed(work, state=destroyed.State.DUE, limit=shown.SHORT)
    late = destroyed.listed(work, state=destroyed.State.OVERDUE, limit=shown.SHORT)
    found = [*late.items, *page.items]
    firms = shown.names(work, [one.grantee_id for one in found])
    told = [
        shown.row("/destructions", firms[one.grantee_id], one.authorisation_id, one.state)
        for one in found
    ]
    return shown.lit(work, told, [one.id for one in found])


def reviews(work: Work) -> list[Row]:
    """Return the annual reviews that are open."""
    page = yearly.listed(work, state=yearly.State.OPEN, limit=shown.SHORT)
    firms = shown.names(work, [one.grantee_id for one in page.items])
    told = [
        shown.row(f"/reviews/{one.id}", firms[one.grantee_id], f"{one.year}", f"review.{one.state}")
        for one in page.items
    ]
    return shown.lit(work, told, [one.id for one in page.items])


def faults(work: Work) -> list[Row]:
    """Return the violations that nobody has explained yet."""
    page = violations.listed(work, state=violations.State.RAISED, limit=shown.SHORT)
    return [
        shown.row(
            "/supervision/violations", languages.said(FAULTS[Fault(one.fault)]),
            one.subject if PATHS.get(one.subject[:4]) else "", one.state,
        )
        for one in page.items
    ]  # fmt: skip


def periods(work: Work) -> list[Row]:
    """Return the fee periods that are not closed."""
    page = fee_periods.listed(work, after=None, limit=shown.SHORT)
    open_ = [one for one in page.items if one.state != fee_periods.State.CLOSED]
    firms = shown.names(work, [one.operator_id for one in open_])
    return [
        shown.row(
            f"/fee-periods/{one.id}", firms[one.operator_id],
            f"{one.first_on} — {one.last_on}", f"fee_period.{one.state}",
        )
        for one in open_
    ]  # fmt: skip


def admissions(work: Work) -> list[Row]:
    """Return the organisations that wait for a review, the final ones first."""
    state = organisations.State
    found = [
        one
        for wanted in (state.FINAL_REVIEW, state.UNDER_REVIEW)
        for one in organisations.waiting(work, state=wanted, after=None, limit=shown.SHORT).items
    ]
    told = [
        shown.row(
            f"/organisations/{one.id}", languages.said(Words(one.name_zh, one.name_en)),
            one.uscc, one.state,
        )
        for one in found
    ]  # fmt: skip
    return shown.lit(work, told, [one.id for one in found])
