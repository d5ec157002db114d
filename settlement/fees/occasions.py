"""When a fee falls due (收费时点): of a listing, of what was accepted, of a year of membership.

Each is charged by the rule that is in force on its day, and once: by product (or its version,
or its year, as the rule says), by accepted line, by member and year, by registration, by
assessment. Where no rule is in force, nothing is charged.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import select

from kernel.actor import Role
from kernel.clock import local_date
from kernel.money import Money, share
from kernel.parties.rows import Organisation, OrganisationRole, RoleState
from kernel.parties.rows import State as Standing
from kernel.work import Work
from settlement.dividing import charges, fee_rules, obligations, scales
from settlement.dividing.charges import Due, FeeCharge
from settlement.dividing.fee_rules import Every, FeeRule, Kind, Payer
from settlement.dividing.obligations import Obligation
from settlement.shares import WHOLE_BP

_NOTHING: Final = Money(0)

_MEMBERS: Final = {
    Payer.SELLER: (Role.MERCHANT,),
    Payer.BUYER: (Role.BUYER,),
    Payer.BOTH: (Role.MERCHANT, Role.BUYER),
}
"""Who is a member, by who pays for it."""


class Listed(NamedTuple):
    """A product that stands listed: its merchant, its version, and the boards it stands on."""

    product_id: str
    version_id: str
    merchant_id: str
    board_ids: tuple[str, ...] = ()


def listed(work: Work, found: Listed) -> list[FeeCharge]:
    """Charge a merchant for the listing of a product and for its certificate.

    Once a product, a version or a year, as the rule says; a repeat charges nothing. At most
    two SELECTs and an entry each.
    """
    year = local_date(work.now).year
    subjects = {
        Every.PRODUCT: found.product_id,
        Every.VERSION: found.version_id,
        Every.YEAR: f"{found.product_id}:{year}",
    }
    made = []
    for kind in (Kind.LISTING, Kind.CERTIFICATE):
        rule = _rule(work, kind, found.board_ids)
        if rule is not None:
            due = _flat(kind, subjects[Every(rule.every)], found.merchant_id, rule)
            made.append(charges.charge(work, due))
    return [one for one in made if one is not None]


def yearly(work: Work) -> bool:
    """Tell whether any listing is charged by the year today. Two SELECTs."""
    today = local_date(work.now)
    return any(
        fee_rules.any_in_force(work.session, kind, today, every=Every.YEAR)
        for kind in (Kind.LISTING, Kind.CERTIFICATE)
    )


def once(work: Work, kind: Kind, subject: str, payer_id: str) -> FeeCharge | None:
    """Charge the fixed fee of a registration or an assessment, once; None without a rule.

    Two SELECTs and an entry.
    """
    rule = _rule(work, kind, ())
    return None if rule is None else charges.charge(work, _flat(kind, subject, payer_id, rule))


def asked_for(work: Work) -> frozenset[Kind]:
    """Return which fees of accepted lines any rule asks for today. Two SELECTs."""
    kinds = (Kind.DELIVERY, Kind.BROKER)
    today = local_date(work.now)
    return frozenset(kind for kind in kinds if fee_rules.any_in_force(work.session, kind, today))


def accepted(
    work: Work,
    order_id: str,
    kinds: Iterable[Kind],
    boards_of: Callable[[str], tuple[str, ...]],
) -> list[FeeCharge]:
    """Charge the fees of an order's accepted lines, each line once; by its own day's rules.

    boards_of: order line → boards of its product. Minimum and cap are of the whole order. A
    line for which nothing is charged (welfare, mutual recognition) as the rule says is left
    out. Some SELECTs a line.
    """
    made: list[FeeCharge] = []
    found = obligations.locked(work.session, [order_id])
    for kind in sorted(kinds):
        there = charges.subjects(work.session, order_id, kind)
        sofar = charges.charged(work.session, [order_id], kind).get(order_id, _NOTHING)
        rules: dict[tuple[tuple[str, ...], date], FeeRule | None] = {}
        for one in found:
            if one.id in there:
                continue
            key = boards_of(one.order_line_id), one.accepted_on
            if key not in rules:
                rules[key] = _rule(work, kind, key[0], on=key[1])
            charged = _charged(work, one, kind, rules[key], sofar)
            sofar = sum((each.amount for each in charged), sofar)
            made += charged
    return made


def charge_members(work: Work, *, limit: int) -> list[FeeCharge]:
    """Charge this year's membership to those who have not been charged it, by the rule of today.

    One SELECT for the rule, one for the members, and a few statements each.
    """
    rule = _rule(work, Kind.MEMBERSHIP, ())
    if rule is None:
        return []
    year = local_date(work.now).year
    made = [
        charges.charge(work, _flat(Kind.MEMBERSHIP, f"{member_id}:{year}", member_id, rule))
        for member_id in _members(work, _MEMBERS[Payer(rule.payer)], year, limit)
    ]
    return [one for one in made if one is not None]


def split(rule: FeeRule, fee: Money, seller_id: str, buyer_id: str) -> Mapping[str, Money]:
    """Return who pays how much of a fee, by the rule; who pays nothing is left out. Pure.

    All of it one party, when it is named as both.
    """
    part = WHOLE_BP if seller_id == buyer_id else Payer(rule.payer).seller_bp
    sellers, buyers = share(fee, [part, WHOLE_BP - part])
    found = {buyer_id: buyers, seller_id: sellers}
    return {party: amount for party, amount in found.items() if amount.minor}


def _flat(kind: Kind, subject: str, payer_id: str, rule: FeeRule) -> Due:
    fee = fee_rules.figure(rule, _NOTHING, charged=_NOTHING)
    return Due(kind, subject, payer_id, fee, rule_id=rule.id)


def _charged(
    work: Work, one: Obligation, kind: Kind, rule: FeeRule | None, sofar: Money
) -> list[FeeCharge]:
    if rule is None or one.waiver in rule.waived_for:
        return []
    before = scales.before(work.session, [one], {one.id: rule}).get(one.id, 0)
    fee = fee_rules.figure(rule, one.amount, charged=sofar, before=before)
    made = [
        charges.charge(work, Due(kind, one.id, payer_id, amount, one.order_id, rule.id))
        for payer_id, amount in split(rule, fee, one.seller_id, one.buyer_id).items()
    ]
    return [each for each in made if each is not None]


def _members(work: Work, roles: tuple[Role, ...], year: int, limit: int) -> list[str]:
    """Return active organisations of the roles that this year's fee was not charged to."""
    there = (
        select(FeeCharge.id)
        .where(
            FeeCharge.kind == Kind.MEMBERSHIP,
            FeeCharge.payer_id == Organisation.id,
            FeeCharge.subject == Organisation.id.concat(f":{year}"),
        )
        .exists()
    )
    holds = (
        select(OrganisationRole.id)
        .where(
            OrganisationRole.organisation_id == Organisation.id,
            OrganisationRole.role.in_(roles),
            OrganisationRole.state == RoleState.GRANTED,
        )
        .exists()
    )
    statement = (
        select(Organisation.id)
        .where(Organisation.state == Standing.ACTIVE, holds, ~there)
        .order_by(Organisation.id)
        .limit(limit)
    )
    return list(work.session.scalars(statement))


def _rule(
    work: Work, kind: Kind, boards: tuple[str, ...], *, on: date | None = None
) -> FeeRule | None:
    day = on or local_date(work.now)
    return fee_rules.in_force(work.session, kind, day, board_ids=boards)
