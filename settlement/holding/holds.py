"""A hold (冻结): the money of an order is set aside until a dispute, a court or an alert is over.

As much as is there is held, from where it stands: escrow, accepted, or the balances of those
who earned it. What is held is neither settled nor paid out; a refund takes from it first.
"""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import ids
from kernel.actor import Actor, Role, Who
from kernel.clock import local_date
from kernel.errors import Invalid, NotFound
from kernel.money import Money, take_from
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from settlement import access, escrow, ledger
from settlement.dividing import rooms, settled
from settlement.dividing.frozen import Ground, Hold, HoldPiece, State, pieces
from settlement.escrow import Obligation
from settlement.ledger import AccountRef, Row

_NOT_HELD: Final = frozenset({"6001.commission", "2221.vat"})


def _holds(actor: Actor, subject: object) -> bool:
    return Role.SYSTEM in actor.roles or access.settler.matches(actor, subject)


holder: Final = Who("exchange settlement officer or the house", _holds)
"""Who sets money aside, and lets it go again."""


def _let_go(hold: Hold, work: Work, _data: dict[str, Any]) -> None:
    hold.lifted_by, hold.lifted_at = work.actor.person, work.now
    for obligation in escrow.locked(work.session, [hold.order_id]):  # before any balance
        obligation.holds -= 1
    found = pieces(work.session, [hold.id])
    rows = [Row(hold.account, piece.home, Money(piece.left_minor, piece.currency))
            for piece in found if piece.left_minor]  # fmt: skip
    if rows:
        today = local_date(work.now)
        ledger.post(
            work, "dispute.released", hold.id, rows, effective_on=today, order_id=hold.order_id
        )
    for piece in found:
        piece.left_minor = 0


# fmt: off
LIFE: Workflow[State, Hold] = Workflow(
    "hold", State, State.OPEN,
    step("lift", {State.OPEN}, State.LIFTED, holder,
         asks=(REASON,), then=(_let_go,), moves_money=True,
         says="hold.lifted", label=Words("解除冻结", "Lift the hold")),
)
# fmt: on


def place(
    work: Work, *, order_id: str, amount: Money | None = None, ground: Ground, reference: str
) -> Hold:
    """Set aside `amount` of the order's money, or all there is; as much as is found.

    Nothing of the order is settled until the hold is lifted. Raises Invalid for an amount
    that is not positive. A few SELECTs and an entry.
    """
    access.require(work, holder, "hold.place")
    if amount is not None and amount.minor <= 0:
        raise Invalid("冻结金额须为正数", "a hold must be positive", pointer="/amount")
    made = Hold(
        id=ids.new("hld_", work.now),
        state=State.OPEN,
        order_id=order_id,
        ground=Ground(ground),
        reference=reference,
        amount=Money(0),
        placed_by=work.actor.person,
        placed_at=work.now,
        lifted_by=None,
        lifted_at=None,
    )
    found = _found(work, order_id, amount)
    made.amount = Money(sum(found.values()))
    work.session.add(made)
    work.session.flush()  # the pieces refer to it by id alone
    if found:
        _set_aside(work, made, found)
    told = {"amount": made.amount, "ground": made.ground, "reference": reference}
    work.record("hold.placed", made.id, order_id=order_id, **told)
    return made


def lift(work: Work, hold_id: str, *, reason: str) -> Hold:
    """Let what is still held go back to where it came from. Raises StepNotAllowed twice."""
    return take(work, hold_id, "lift", reason=reason)


def find(session: Session, hold_id: str) -> Hold:
    """Return the hold. Raises NotFound. One SELECT by key."""
    found = session.get(Hold, hold_id)
    if found is None:
        raise _missing(hold_id)
    return found


def seen(work: Work, hold_id: str) -> Hold:
    """Return the hold to overseers; to others it does not exist."""
    found = find(work.session, hold_id)
    if not access.oversees(work.actor):
        raise _missing(hold_id)
    return found


def listed(work: Work, *, state: State | None = None, after: str | None, limit: int) -> Page[Hold]:
    """Return the holds, newest first, to overseers. One SELECT on an index."""
    access.require(work, access.overseer, "hold.listed")
    statement = select(Hold)
    if state is not None:
        statement = statement.where(Hold.state == state)
    return keyset(work.session, statement, by=((Hold.id, "desc"),), after=after, limit=limit)


def take(work: Work, hold_id: str, name: str, **data: Any) -> Hold:
    """Take one step in a hold's life. Raises what `Workflow.take` raises."""
    hold = seen(work, hold_id)
    rooms.locked(work.session, [AccountRef(escrow.ESCROW, hold.order_id)])
    work.session.refresh(hold, with_for_update=True)
    LIFE.take(name, hold, work, **data)
    return hold


def _found(work: Work, order_id: str, amount: Money | None) -> dict[AccountRef, int]:
    """Return what can be set aside of the order's money, and from where; nothing is moved yet."""
    in_escrow, waiting = AccountRef(escrow.ESCROW, order_id), AccountRef(escrow.ACCEPTED, order_id)
    rooms.locked(work.session, [in_escrow])  # everybody begins with the order's escrow
    obligations = escrow.locked(work.session, [order_id])
    for obligation in obligations:
        obligation.holds += 1
    shares = _owed(work.session, obligations)
    room = rooms.locked(work.session, [in_escrow, waiting, *shares])
    wanted = None if amount is None else amount.minor
    found: dict[AccountRef, int] = {}
    for ref in (in_escrow, waiting):
        taken = room.take(ref, room.left(ref) if wanted is None else wanted - sum(found.values()))
        found[ref] = taken
    rest = sum(shares.values()) if wanted is None else wanted - sum(found.values())
    for ref, part in _spread(shares, rest):
        found[ref] = room.take(ref, part)
    return {ref: minor for ref, minor in found.items() if minor}


def _owed(session: Session, obligations: list[Obligation]) -> dict[AccountRef, int]:
    """Return account → what remains there of the shares of lines that were settled."""
    divided = [one.id for one in obligations if one.state == escrow.State.SETTLED]
    found: dict[AccountRef, int] = {}
    for share in settled.locked(session, divided) if divided else []:
        if share.account_code not in _NOT_HELD:
            ref = AccountRef(share.account_code, share.owner, share.currency)
            found[ref] = found.get(ref, 0) + share.remaining_minor
    return found


def _spread(shares: dict[AccountRef, int], rest: int) -> list[tuple[AccountRef, int]]:
    most = min(rest, sum(shares.values()))
    if most <= 0:
        return []
    parts = take_from([Money(minor) for minor in shares.values()], Money(most))
    return [(ref, part.minor) for ref, part in zip(shares, parts, strict=True)]


def _set_aside(work: Work, hold: Hold, found: dict[AccountRef, int]) -> None:
    ledger.post(
        work,
        "dispute.held",
        hold.id,
        [Row(ref, hold.account, Money(minor, ref.currency)) for ref, minor in found.items()],
        effective_on=local_date(work.now),
        order_id=hold.order_id,
    )
    work.session.add_all(
        HoldPiece(
            hold_id=hold.id,
            account_code=ref.code,
            owner=ref.owner,
            currency=ref.currency,
            amount_minor=minor,
            left_minor=minor,
        )
        for ref, minor in found.items()
    )


def _missing(hold_id: str) -> NotFound:
    return NotFound("没有这项冻结", f"no hold {hold_id}")
