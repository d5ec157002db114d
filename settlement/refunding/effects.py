"""What each step of a refund books: where the money goes, and what is not counted any more."""

from typing import Any, Final

from kernel.clock import local_date
from kernel.money import Money
from kernel.work import Work
from settlement import ledger
from settlement.ledger import Row
from settlement.metering import subscriptions
from settlement.posting.asked import ToPost
from settlement.refunding import counted, parts
from settlement.refunding.rows import Kind, Refund
from settlement.refunding.takings import Taking

_FREE: Final = Money(0)


def taken(work: Work, order_id: str, source_id: str, taking: Taking, cost: Money = _FREE) -> None:
    """After money was taken out of an order: periods to come, volume, earnings grow less.

    cost: what was taken off it besides.
    """
    subscriptions.cut(work, order_id, source_id, taking.from_escrow + cost)
    counted.volume(work, order_id, source_id, taking.memo)
    pieces = [(one.obligation_id, one.home.code, -one.minor) for one in taking.pieces]
    counted.earnings(work, order_id, source_id, pieces)


def put_in_file(refund: Refund, _work: Work, data: dict[str, Any]) -> None:
    """Effect: it is sent, in a file if it goes by bank."""
    refund.file_id = data.get("file_id")


def arrive(refund: Refund, work: Work, data: dict[str, Any]) -> None:
    """Effect: the money has left for good."""
    refund.ended_on = data["on"]
    row = Row(refund.transit, data["cash"], refund.amount)
    _post(work, refund, ToPost("refund.succeeded", data["source_id"], [row], data["on"]))


def fail(refund: Refund, work: Work, data: dict[str, Any]) -> None:
    """Effect: the money did not leave; it waits for a person, or is in its wallet again."""
    refund.failure = data["reason"]
    row = Row(refund.transit, refund.stranded, refund.amount)
    _post(work, refund, ToPost("refund.failed", refund.id, [row], data["on"]))


def bounce(refund: Refund, work: Work, data: dict[str, Any]) -> None:
    """Effect: the money came back after it had left."""
    refund.failure, refund.ended_on = data["reason"], None
    row = Row(data["cash"], refund.stranded, refund.amount)
    _post(work, refund, ToPost("refund.failed", refund.id, [row], data["on"]))


def take_back(refund: Refund, work: Work, _data: dict[str, Any]) -> None:
    """Effect: it is withdrawn, and everything is as it was before it."""
    if refund.kind != Kind.ORDER:
        (first, *_) = ledger.entry(work.session, refund.entry_id).lines
        back = [Row(refund.transit, first.debit, refund.amount)]
        _post(work, refund, ToPost("refund.cancelled", refund.id, back, local_date(work.now)))
        return
    order_id, undone = refund.order_id or "", f"{refund.id}/withdrawn"
    back = parts.give_back(
        work, refund.id, order_id, entry_id=refund.entry_id, transit=refund.transit
    )
    _post(work, refund, ToPost("refund.cancelled", refund.id, back, local_date(work.now)))
    subscriptions.mend(work, refund.id)
    counted.volume(work, order_id, undone, back)
    found = parts.of(work.session, refund.id)
    pieces = [(one.obligation_id, one.share_code, one.amount_minor) for one in found]
    counted.earnings(work, order_id, undone, pieces)


def _post(work: Work, refund: Refund, entry: ToPost) -> None:
    ledger.post_many(work, [entry._replace(order_id=refund.order_id)])
