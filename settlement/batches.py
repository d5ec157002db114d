"""A settlement batch (结算批次): what is due is divided, checked by another, and posted.

Computing is repeatable: the same obligations under the same rules give the same digest, and
only what the checker saw is posted, line by line. A batch may hold 100,000 obligations: it is
computed in pages and posted in pages, each in a transaction of its own after the first, so
that a crash leaves whole pages, and whoever goes on posts the others. What was held or
refunded meanwhile falls out and waits for the next batch.
"""

from collections.abc import Collection, Iterator
from datetime import date
from enum import StrEnum
from itertools import chain
from typing import Any, Final

from sqlalchemy import CheckConstraint, select, update
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.actor import system_only
from kernel.clock import Instant, local_date
from kernel.crypto import canonical
from kernel.db import Base, Big, Living
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal
from kernel.journal import Event
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from settlement import access, escrow
from settlement.dividing import computing, hold_list, obligations, settled, settling
from settlement.dividing.computing import Divided
from settlement.dividing.obligations import Obligation
from settlement.dividing.settled import SettlementLine

__all__ = ["Divided", "SettlementBatch", "SettlementLine"]

LINES_MAX: Final = 200
"""The most lines shown at once."""


class State(StrEnum):
    """Where a batch stands."""

    COMPUTED = "computed"
    POSTING = "posting"
    POSTED = "posted"
    DISCARDED = "discarded"


class SettlementBatch(Living, Base):
    """Obligations that fell due by `cutoff`, settled together. maker and checker: persons.

    obligation_count, total: as they were computed; what falls out later is not taken off.
    """

    __tablename__ = "settlement_batches"
    __table_args__ = (
        CheckConstraint("maker <> checker", name="checked_by_another"),
        CheckConstraint(
            "state NOT IN ('posting', 'posted') OR checker IS NOT NULL", name="posted_when_checked"
        ),
        CheckConstraint("obligation_count > 0", name="holds_something"),
    )

    cutoff: Mapped[date]
    rule_version: Mapped[str]
    input_digest: Mapped[str]
    obligation_count: Mapped[int]
    total: Mapped[Money] = composite(
        mapped_column("total_minor", Big), mapped_column("total_currency")
    )
    maker: Mapped[str]
    computed_at: Mapped[Instant]
    checker: Mapped[str | None]
    posted_at: Mapped[Instant | None]


class NothingDue(DomainError):
    """No obligation is due that is not in a batch already."""

    kind = Kind.CONFLICT
    code = "nothing-due"
    title = Words("没有到期的待结算款", "Nothing is due for settlement")


def _is_unchanged(batch: SettlementBatch, work: Work) -> Refusal | None:
    pages = _pages(work, batch.id)
    if all(_as_drafted(work, divided) for divided in chain.from_iterable(pages)):
        return None
    return Refusal(
        "INPUT_CHANGED",
        "计算后规则或数据已变化，请作废后重新计算",
        "the rules or the input have changed since; discard the batch and compute anew",
    )


def _check(batch: SettlementBatch, work: Work, _data: dict[str, Any]) -> None:
    batch.checker, batch.posted_at = work.actor.person, work.now
    _post_page(work, batch)


def _post_next(batch: SettlementBatch, work: Work, _data: dict[str, Any]) -> None:
    _post_page(work, batch)


def _nothing_left(batch: SettlementBatch, work: Work) -> Refusal | None:
    if not obligations.of_batch(work.session, batch.id, limit=1, unsettled=True):
        return None
    return Refusal("LINES_LEFT", "仍有明细未入账", "some lines are not posted yet")


def _release(batch: SettlementBatch, work: Work, _data: dict[str, Any]) -> None:
    obligations.release(work.session, batch.id)


# fmt: off
LIFE: Workflow[State, SettlementBatch] = Workflow(
    "settlement_batch", State, State.COMPUTED,
    step("confirm", {State.COMPUTED}, State.POSTING, access.settler,
         when=(access.four_eyes("maker"), _is_unchanged), then=(_check,),
         moves_money=True,
         says="settlement.confirmed", label=Words("复核并入账", "Check and post")),
    step("go_on",   {State.POSTING}, State.POSTING, system_only, own_door=True,
         then=(_post_next,),
         says="settlement.continued", label=Words("继续入账", "Post the next page")),
    step("post",    {State.POSTING}, State.POSTED, system_only, own_door=True,
         when=(_nothing_left,),
         says="settlement.posted", label=Words("全部入账", "All is posted")),
    step("discard", {State.COMPUTED}, State.DISCARDED, access.settler,
         asks=(REASON,), then=(_release,),
         says="settlement.discarded", label=Words("作废", "Discard")),
)
# fmt: on


def compute(work: Work, *, cutoff: date | None = None) -> SettlementBatch:
    """Gather what fell due by `cutoff` (today, if not said) and divide it, for a checker.

    Raises NothingDue, and Invalid for a day that has not come. A few SELECTs a page.
    """
    access.require(work, access.settler, "settlement_batch.compute")
    today = local_date(work.now)
    cutoff = cutoff or today
    if cutoff > today:
        raise Invalid("截止日不能晚于今天", "the day has not come yet", pointer="/cutoff")
    batch_id = ids.new("stb_", work.now)
    count = _claim(work, cutoff, batch_id)
    if not count:
        raise NothingDue(f"截至 {cutoff} 没有到期款项", f"nothing is due by {cutoff}")
    total, digest = _draft(work, batch_id, cutoff)
    made = SettlementBatch(
        id=batch_id,
        state=State.COMPUTED,
        cutoff=cutoff,
        rule_version=work.rules.version,
        input_digest=digest,
        obligation_count=count,
        total=total,
        maker=work.actor.person,
        computed_at=work.now,
        checker=None,
        posted_at=None,
    )
    work.session.add(made)
    told = {"cutoff": cutoff, "total": total, "input_digest": digest, "obligations": count}
    work.record("settlement.computed", batch_id, **told)
    return made


def go_on(work: Work, event: Event) -> None:
    """After a page of a batch was posted: post the next one, until all are; a repeat does nothing.

    Each page in a transaction of its own.
    """
    batch = find(work.session, event.subject)
    work.session.refresh(batch, with_for_update=True)
    if batch.state == State.POSTING:
        _advance(work, batch)


def lines(
    work: Work, batch: SettlementBatch, *, after: str = "", limit: int = LINES_MAX
) -> list[Divided]:
    """Return how each obligation of the batch is, or was, divided, by id. At most nine SELECTs."""
    held = obligations.of_batch(work.session, batch.id, after=after, limit=limit)
    there = settled.of_obligations(work.session, [one.id for one in held])
    drafted = computing.divide(work, [one for one in held if one.id not in there], batch.id)
    found = [computing.written(one, there[one.id]) for one in held if one.id in there]
    return sorted([*found, *drafted], key=lambda divided: divided.obligation.id)


def find(session: Session, batch_id: str) -> SettlementBatch:
    """Return the batch. Raises NotFound. One SELECT by key."""
    found = session.get(SettlementBatch, batch_id)
    if found is None:
        raise _missing(batch_id)
    return found


def seen(work: Work, batch_id: str) -> SettlementBatch:
    """Return the batch to overseers; to others it does not exist."""
    found = find(work.session, batch_id)
    if not access.oversees(work.actor):
        raise _missing(batch_id)
    return found


def listed(work: Work, *, after: str | None, limit: int) -> Page[SettlementBatch]:
    """Return the batches, newest first, to overseers. One SELECT by key."""
    access.require(work, access.overseer, "settlement_batch.listed")
    statement, order = select(SettlementBatch), ((SettlementBatch.id, "desc"),)
    return keyset(work.session, statement, by=order, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def take(work: Work, batch_id: str, name: str, **data: Any) -> SettlementBatch:
    """Take one step in a batch's life. Raises what `Workflow.take` raises.

    The batch is locked first: of two who confirm, the second sees the first. When its lines
    fit one page, confirming posts all of them at once.
    """
    batch = seen(work, batch_id)
    work.session.refresh(batch, with_for_update=True)
    LIFE.take(name, batch, work, **data)
    if name == "confirm" and _nothing_left(batch, work) is None:
        LIFE.take("post", batch, work.as_system())
    return batch


def _advance(work: Work, batch: SettlementBatch) -> None:
    house = work.as_system()
    name = "go_on" if _nothing_left(batch, work) else "post"
    LIFE.take(name, batch, house)
    if name == "go_on" and _nothing_left(batch, work) is None:
        LIFE.take("post", batch, house)


def _claim(work: Work, cutoff: date, batch_id: str) -> int:
    most, page = work.rules.number("settling.batch_max"), work.rules.number("settling.chunk")
    count = 0
    while count < most:
        got = obligations.claim(work.session, cutoff, batch_id, limit=min(page, most - count))
        count += got
        if got < page:
            break
    return count


def _draft(work: Work, batch_id: str, cutoff: date) -> tuple[Money, str]:
    """Divide the batch page by page, note what each line is, and return total and digest."""
    total, digest = Money(0), ""
    for found in _pages(work, batch_id):
        drafts = {one.obligation.id: computing.fingerprint(work, one) for one in found}
        written = [{"id": key, "draft": draft} for key, draft in drafts.items()]
        work.session.execute(update(Obligation), written)
        digest = computing.chained(work, digest, drafts.values())
        total = sum((one.obligation.left for one in found), total)
    head = {"cutoff": cutoff.isoformat(), "rule_version": work.rules.version, "lines": digest}
    return total, work.crypto.digest(canonical(head))


def _pages(work: Work, batch_id: str) -> Iterator[list[Divided]]:
    page, after = work.rules.number("settling.chunk"), ""
    while held := obligations.of_batch(
        work.session, batch_id, after=after, limit=page, unsettled=True
    ):
        yield computing.divide(work, held, batch_id)
        after = held[-1].id


def _as_drafted(work: Work, divided: Divided) -> bool:
    return computing.fingerprint(work, divided) == divided.obligation.draft


def _post_page(work: Work, batch: SettlementBatch) -> None:
    """Post the next lines of the batch; those that may not be settled any more fall out."""
    page = work.rules.number("settling.chunk")
    held = obligations.of_batch(work.session, batch.id, limit=page, unsettled=True)
    order_ids = {one.order_id for one in held}
    obligations.locked(work.session, order_ids)
    held = [one for one in held if one.batch_id == batch.id and one.settled_on is None]
    found = computing.divide(work, held, batch.id)
    stopped = hold_list.stopped(work.session, {one.seller_id for one in held})
    ready = [one for one in found if _ready(work, one, stopped)]
    for left_out in {one.obligation.id for one in found} - {one.obligation.id for one in ready}:
        _drop(work, batch, left_out)
    if ready:
        settling.post(work, batch.id, ready)
    escrow.finished(work, {one.obligation.order_id for one in ready}, batch_id=batch.id)


def _ready(work: Work, divided: Divided, stopped: Collection[str]) -> bool:
    one = divided.obligation
    return not one.holds and one.seller_id not in stopped and _as_drafted(work, divided)


def _drop(work: Work, batch: SettlementBatch, obligation_id: str) -> None:
    dropped = work.session.get_one(Obligation, obligation_id)
    dropped.batch_id, dropped.draft = None, None
    work.record("settlement.line_dropped", batch.id, obligation_id=obligation_id)


def _missing(batch_id: str) -> NotFound:
    return NotFound("没有这个结算批次", f"no settlement batch {batch_id}")
