"""How the obligations of a batch are divided: computed in pages, the same every time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.crypto import canonical
from kernel.money import Money
from kernel.work import Work
from settlement import shares
from settlement.dividing import charges, scales, settled, terms
from settlement.dividing.fee_rules import Kind
from settlement.dividing.obligations import Obligation
from settlement.dividing.settled import SettlementLine
from settlement.shares import Part


@dataclass(frozen=True, slots=True)
class Divided:
    """One obligation of a batch with its parts; entry_id once it is posted.

    fee: what is kept of the price; buyer_fee: what the buyer is asked besides.
    """

    obligation: Obligation
    fee: Money
    parts: tuple[Part, ...]
    entry_id: int | None
    buyer_fee: Money


def divide(work: Work, held: Sequence[Obligation], batch_id: str) -> list[Divided]:
    """Divide obligations of one batch, by id, under the present rules.

    What earlier lines of the same orders were, or will be, charged counts towards the
    minimum and the cap of the order. Six SELECTs, and two more where rates have steps.
    """
    if not held:
        return []
    found = sorted(held, key=lambda one: one.id)
    order_ids = {one.order_id for one in found}
    earlier = _earlier(work.session, batch_id, order_ids, before=found[0].id)
    charged = settled.charged(work.session, order_ids)
    besides = charges.charged(work.session, order_ids, Kind.TRANSACTION)
    for order_id, asked in besides.items():
        charged[order_id] = charged.get(order_id, Money(0)) + asked
    together = [*earlier, *found]
    versions = terms.load(work.session, together)
    rules = {one.id: versions.fees[one.fee_rule_id] for one in together if one.fee_rule_id}
    passed = _Passed(charged, scales.before(work.session, together, rules))
    for one in earlier:
        _one(work, one, versions, passed)
    return [_one(work, one, versions, passed) for one in found]


def written(obligation: Obligation, line: SettlementLine) -> Divided:
    """Return how a line was divided when it was posted."""
    parts = tuple(settled.part(one) for one in line.parts)
    nothing = Money(0, line.fee.currency)
    return Divided(obligation, line.fee, parts, line.entry_id, nothing)


def fingerprint(work: Work, divided: Divided) -> str:
    """Return the digest of one line: what is to be posted for it is this, or nothing."""
    one = divided.obligation
    content = [
        work.rules.version,
        one.id,
        one.order_line_id,
        one.seq,
        divided.buyer_fee.minor,
        settled.plain(divided.parts),
    ]
    return work.crypto.digest(canonical(content))


def chained(work: Work, before: str, drafts: Iterable[str]) -> str:
    """Return the digest of a page of lines after the pages before it."""
    return work.crypto.digest(canonical([before, *drafts]))


class _Passed(NamedTuple):
    """Order → fees charged so far; obligation → what came before it on its scale."""

    charged: dict[str, Money]
    before: Mapping[str, int]


def _one(work: Work, one: Obligation, versions: terms.Versions, passed: _Passed) -> Divided:
    sofar = passed.charged.get(one.order_id, Money(0, one.amount.currency))
    before = passed.before.get(one.id, 0)
    rule = terms.rule(one, work.rules, versions, charged=sofar, before=before)
    split = shares.divide(one.left, rule)
    passed.charged[one.order_id] = sofar + split.fee + split.buyer_fee
    return Divided(one, split.fee, split.lines, None, split.buyer_fee)


def _earlier(
    session: Session, batch_id: str, order_ids: set[str], *, before: str
) -> Sequence[Obligation]:
    statement = (
        select(Obligation)
        .where(
            Obligation.order_id.in_(sorted(order_ids)),
            Obligation.batch_id == batch_id,
            Obligation.settled_on.is_(None),
            Obligation.id < before,
        )
        .order_by(Obligation.id)
    )
    return session.scalars(statement).all()
