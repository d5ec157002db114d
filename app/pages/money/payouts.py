"""Pages of payouts: what was paid and is to be paid, its attempts, what a party may expect."""

from typing import Any

from flask import Blueprint, render_template

from app import doors, unit
from app.pages import shown
from kernel.parties import people
from settlement import access, payouts
from settlement.dividing import reserves
from settlement.paying import attempts, earnings
from settlement.payouts import State

blueprint = Blueprint("payouts", __name__)

DAYS_MAX = 30
"""The most days on which something is expected that are shown."""


@blueprint.get("/settlement/payouts")
@doors.members("read")
def listed() -> Any:
    """List payouts; what the caller, or everybody, has to get, may expect, and owes."""
    work = unit.current()
    state = shown.asked("state")
    found = payouts.listed(
        work,
        state=State(state) if state in {each.value for each in State} else None,
        after=shown.after(),
        limit=shown.PAGE,
    )
    earned, owing = payouts.earned(work), earnings.owing(work)
    parties = {one.party_id for one in (*found.items, *earned, *owing)}
    return render_template(
        "settlement/payouts.html",
        payouts=found.items,
        next=found.next,
        state=state,
        states=list(State),
        earned=earned,
        owing=owing,
        expected=earnings.expected(work, limit=DAYS_MAX),
        reserves=reserves.of_party(work.session, work.actor.organisation, limit=DAYS_MAX),
        oversees=access.oversees(work.actor),
        names=shown.names(work, parties),
        more=f"/settlement/payouts?state={state}" if state else "/settlement/payouts",
    )


@blueprint.get("/settlement/payouts/<payout_id>")
@doors.members("read")
def one(payout_id: str) -> Any:
    """Show a payout: its account, its attempts, its steps."""
    work = unit.current()
    found = payouts.seen(work, payout_id)
    return render_template(
        "settlement/payout.html",
        payout=found,
        attempts=attempts.of(work.session, found.id),
        record=shown.record(found, work, payouts.LIFE),
        names=shown.names(work, [found.party_id]),
        people=people.names(work.session, [found.maker, found.checker or ""]),
        events=shown.timeline(work, found.id),
    )
