"""What a seller is told of its own trades that were set aside: the rule, and nothing of others."""

from dataclasses import dataclass

from sqlalchemy import select

from kernel.clock import Instant
from kernel.pages import Page, keyset
from kernel.work import Work
from marketplace.integrity.flags import STANDING, IntegrityFlag, State


@dataclass(frozen=True, slots=True)
class Told:
    """One finding about one of the seller's trades. back_at: since when it is cleared."""

    order_id: str
    rule: str
    state: str
    raised_at: Instant
    back_at: Instant | None


def listed(
    work: Work,
    *,
    state: str | None = None,
    standing: bool = False,
    after: str | None = None,
    limit: int,
) -> Page[Told]:
    """Return one page of what was found of the caller's own sales, newest first. One SELECT.

    standing: only what keeps a trade from counting now.
    """
    statement = select(IntegrityFlag).where(IntegrityFlag.merchant_id == work.actor.organisation)
    if standing:
        statement = statement.where(IntegrityFlag.state.in_(STANDING))
    if state is not None:
        statement = statement.where(IntegrityFlag.state == state)
    page = keyset(
        work.session, statement, by=((IntegrityFlag.id, "desc"),), after=after, limit=limit
    )
    return Page([_told(one) for one in page.items], page.next)


def _told(flag: IntegrityFlag) -> Told:
    back = flag.decided_at if flag.state == State.CLEARED else None
    return Told(flag.order_id, flag.rule, flag.state, flag.raised_at, back)
