"""What the rules about traces are asked about: hands, content, vouchers, and whose money paid.

Every reading is bounded and on an index, but for accounts by their last four characters.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from delivery.recipients.keys import RecipientKey
from delivery.tables.datasets import Dataset, DatasetVersion
from kernel.clock import local_date
from kernel.parties import relations
from kernel.parties.people import Membership
from kernel.work import Work
from marketplace.integrity import facts
from marketplace.integrity.rules import Trade
from marketplace.integrity.traces import Leg, Shared, Twin
from marketplace.lines import OrderLine
from marketplace.orders import Order
from marketplace.versions import ProductVersion
from settlement import accounts, bank_files
from settlement.accounts import BankAccount
from settlement.bank import statements
from settlement.bank.statements import BankLine, BankMatch
from settlement.payments import Payment
from settlement.payouts import Payout
from settlement.vouchers import batches, vouchers
from settlement.vouchers.rows import Voucher

NAMED_MAX: Final = 20
"""Of one kind of clue that are named."""


def shared(work: Work, one: Trade) -> list[Shared]:
    """Return the persons, bank accounts and keys that both sides have. Three SELECTs.

    A session's address is not kept here, and so not asked for.
    """
    sides = (one.merchant_id, one.buyer_id)
    session = work.session
    theirs, ours = aliased(Membership), aliased(Membership)
    people = (
        select(theirs.person_id)
        .join(ours, ours.person_id == theirs.person_id)
        .where(theirs.organisation_id == sides[0], ours.organisation_id == sides[1])
    )
    own, other = aliased(RecipientKey), aliased(RecipientKey)
    keys = (
        select(own.id)
        .join(other, other.public_key == own.public_key)
        .where(own.organisation_id == sides[0], other.organisation_id == sides[1])
    )
    return [
        *(Shared("person", each) for each in session.scalars(people.limit(NAMED_MAX))),
        *(Shared("bank_account", each) for each in _same_accounts(work, *sides)),
        *(Shared("key", each) for each in session.scalars(keys.limit(NAMED_MAX))),
    ]


def _same_accounts(work: Work, one: str, other: str) -> list[str]:
    statement = select(BankAccount).where(BankAccount.party_id.in_((one, other)))
    held: dict[str, list[BankAccount]] = {one: [], other: []}
    for each in work.session.scalars(statement.order_by(BankAccount.id).limit(2 * NAMED_MAX)):
        held[each.party_id].append(each)
    return [
        mine.id
        for mine in held[one]
        for theirs in held[other]
        if mine.number_masked == theirs.number_masked
        and accounts.number(work, mine) == accounts.number(work, theirs)
    ]


def twins(session: Session, one: Trade) -> list[Twin]:
    """Return sold products of sellers related to this one with the same content. Two SELECTs.

    And what `relations.related` costs, where the order has data sets at all. Of the seller's
    own products none is a twin: one content may be sold under two licences.
    """
    digests = list(session.scalars(
        select(DatasetVersion.sha256)
        .join(ProductVersion, ProductVersion.dataset_version_id == DatasetVersion.id)
        .join(OrderLine, OrderLine.product_version_id == ProductVersion.id)
        .where(OrderLine.order_id == one.order_id)
    ))  # fmt: skip
    if not digests:
        return []
    near = relations.related(session, one.merchant_id, on=local_date(one.at)) - {one.merchant_id}
    statement = (
        select(ProductVersion.product_id, Dataset.owner_id, DatasetVersion.sha256)
        .join(DatasetVersion, DatasetVersion.id == ProductVersion.dataset_version_id)
        .join(Dataset, Dataset.id == DatasetVersion.dataset_id)
        .join(OrderLine, OrderLine.product_version_id == ProductVersion.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            Dataset.owner_id.in_(sorted(near)),
            DatasetVersion.sha256.in_(digests),
            Order.accepted_at.is_not(None),
        )
        .distinct()
        .order_by(ProductVersion.product_id)
        .limit(NAMED_MAX)
    )
    return (
        [Twin(product, owner, digest) for product, owner, digest in session.execute(statement)]
        if near
        else []
    )


def voucher(session: Session, one: Trade) -> tuple[int, bool, list[str]]:
    """Return what a voucher paid of a trade, whether its seller is the sponsor's, and crosswise.

    One SELECT where there is none; three more, and what `relations.related` costs, where one is.
    """
    used = vouchers.of_order(session, one.order_id)
    if used is None:
        return 0, False, []
    sponsor = batches.find(session, used.batch_id).sponsor_id
    near = relations.related(session, one.merchant_id, on=local_date(one.at))
    crosswise = (
        select(Order.id)
        .join(Voucher, Voucher.order_id == Order.id)
        .where(
            Voucher.holder_id == one.merchant_id,
            Order.seller_id == one.buyer_id,
            Order.accepted_at.is_not(None),
        )
        .order_by(Order.id)
        .limit(NAMED_MAX)
    )
    return used.used.minor, sponsor in near, list(session.scalars(crosswise))


def way_back(work: Work, one: Trade, *, days: int, hops: int) -> tuple[list[Leg], list[Trade], int]:
    """Return whose accounts paid for a trade, what its buyer bought of the last, its payouts.

    Empty where the buyer's own account paid: so of nearly every trade, with two SELECTs. Else
    four and some for every hop, each over the days before alone.
    """
    way: list[Leg] = []
    passed = {one.buyer_id}
    orders, until = [one.order_id], local_date(one.at)
    for _ in range(hops):
        leg = next(
            (leg for leg in _funded(work, orders, one.buyer_id) if leg.funder_id not in passed),
            None,
        )
        if leg is None:
            break
        way.append(leg)
        passed.add(leg.funder_id)
        since = until - timedelta(days=days)
        sold = facts.sold_within(work.session, leg.funder_id, since=since, until=one.at)
        bought = [each for each in sold if each.buyer_id == one.buyer_id
                  and each.order_id != one.order_id]  # fmt: skip
        if bought:
            return way, bought, _paid_out(work.session, leg.funder_id, since, until)
        orders = [each.order_id for each in sold]
    return way, [], 0


def _funded(work: Work, order_ids: Sequence[str], buyer_id: str) -> list[Leg]:
    """Return the firms whose accounts paid for orders that are others'. Two SELECTs or more."""
    statement = (
        select(BankLine, BankMatch, Payment)
        .join(BankMatch, BankMatch.line_id == BankLine.id)
        .join(Payment, Payment.id == BankMatch.payment_id)
        .where(Payment.order_id.in_(order_ids))
        .order_by(BankMatch.id)
        .limit(facts.TRADES_MAX)
    )
    found = [
        (line, match.amount.minor, payment)
        for line, match, payment in work.session.execute(statement)
    ]
    masked = {line.counterparty_account for line, _, _ in found}
    known: dict[str, list[BankAccount]] = {}
    held = select(BankAccount).where(BankAccount.number_masked.in_(sorted(masked)))
    for each in work.session.scalars(held.order_by(BankAccount.id).limit(facts.TRADES_MAX)):
        known.setdefault(each.number_masked, []).append(each)
    legs = []
    for line, fen, payment in found:
        payer = statements.payer(work, line)
        for each in known.get(line.counterparty_account, []):
            same = bank_files.same_name(each.account_name, payer.name)
            if payer.number:
                same = accounts.number(work, each) == payer.number
            if same and each.party_id not in (payment.payer_id, buyer_id):
                legs.append(Leg(each.party_id, str(payment.order_id), fen))
    return legs


def _paid_out(session: Session, party_id: str, since: date, until: date) -> int:
    statement = select(func.sum(Payout.__table__.c.amount_minor)).where(
        Payout.party_id == party_id, Payout.paid_on.between(since, until)
    )
    return int(session.scalars(statement).one() or 0)
