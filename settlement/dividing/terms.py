"""On which terms an accepted line is settled: which fee, who shares, how long it waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from sqlalchemy.orm import Session

from kernel.errors import Invalid
from kernel.money import Money
from kernel.work import Rules
from settlement import access, shares
from settlement.dividing import fee_rules, revenue_rules
from settlement.dividing.fee_rules import FeeRule, Payer
from settlement.dividing.revenue_rules import RevenueParty, RevenueRule


class Payable(StrEnum):
    """As what a party has a share in a sale."""

    MERCHANT = "merchant"
    OPERATOR = "operator"
    FISCAL = "fiscal"
    BROKER = "broker"

    @property
    def code(self) -> str:
        """The account of the chart on which the share stands until it is paid."""
        return _CODES[self]


_CODES: Final = {
    Payable.MERCHANT: "2202.merchant",
    Payable.OPERATOR: "2202.operator",
    Payable.FISCAL: "2241.fiscal",
    Payable.BROKER: "2202.broker",
}


class Due(Protocol):
    """What is asked of an obligation that is to be divided."""

    kind: Any
    seller_id: Any
    operator_id: Any
    shares: Any
    waiver: Any
    fee_rule_id: Any
    revenue_rule_id: Any


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of the rules that obligations point at, loaded together."""

    fees: Mapping[str, FeeRule]
    revenues: Mapping[str, RevenueRule]
    parties: Mapping[str, Sequence[RevenueParty]]


NONE: Final = Versions({}, {}, {})
"""No version: everything by the jurisdiction's rules."""


def load(session: Session, obligations: Sequence[Due]) -> Versions:
    """Return the versions that the obligations point at. At most three SELECTs by key."""
    fee_ids = {one.fee_rule_id for one in obligations if one.fee_rule_id}
    revenue_ids = {one.revenue_rule_id for one in obligations if one.revenue_rule_id}
    return Versions(
        fee_rules.named(session, fee_ids),
        revenue_rules.named(session, revenue_ids),
        revenue_rules.parties(session, revenue_ids),
    )


def rule(
    due: Due, given: Rules, versions: Versions, *, charged: Money, before: int = 0
) -> shares.Rule:
    """Return how the obligation is divided: by the versions it points at, else the rules given.

    charged: fees that were taken from the same order before; minimum and cap are one for
    the order. before: what came earlier on the scale of the fee's steps, in fen. Raises
    Invalid when the shares agreed do not add up, or name somebody who is not there.
    """
    fee = versions.fees.get(due.fee_rule_id or "")
    none = Money(0, charged.currency)
    rate_bp, min_fen, cap_fen = _rates(due, given, fee)
    cap = None if cap_fen is None else Money(cap_fen, charged.currency)
    revenue = versions.revenues.get(due.revenue_rule_id or "")
    return shares.Rule(
        fee_bp=rate_bp,
        fee_cap=None if cap is None else max(cap - charged, none),
        vat_bp=given.number("fees.vat_bp"),
        parties=_parties(due, given, versions),
        fee_min=max(Money(min_fen, charged.currency) - charged, none),
        seller_bp=shares.WHOLE_BP if fee is None else Payer(fee.payer).seller_bp,
        base=shares.Base.NET_OF_FEE if revenue is None else shares.Base(revenue.base),
        steps=() if fee is None or due.waiver in fee.waived_for else fee.rates,
        before=before,
    )


def _rates(due: Due, given: Rules, fee: FeeRule | None) -> tuple[int, int, int | None]:
    """Return the rate in basis points, the minimum, and the cap of one order, in fen."""
    waived = given.table("fees")["waived_for"] if fee is None else fee.waived_for
    if due.waiver in waived:
        return 0, 0, 0
    if fee is None:
        return (
            given.number("fees.transaction_bp"), 0, given.number("fees.transaction_cap_fen"),
        )  # fmt: skip
    return fee.rate_bp, fee.min_fen, fee.cap_fen


def _parties(due: Due, given: Rules, versions: Versions) -> tuple[shares.Party, ...]:
    owners: dict[str, str | None] = {
        Payable.MERCHANT: due.seller_id,
        Payable.OPERATOR: due.operator_id,
        Payable.FISCAL: access.treasury(given),
    }
    weights = _weights(due, given, versions)
    return tuple(
        _party(kind, owner or owners.get(kind), bp) for (kind, owner), bp in weights.items()
    )


def with_commission(
    due: Due, given: Rules, versions: Versions, commission: Mapping[str, Any]
) -> dict[str, int]:
    """Return the shares of an obligation with an agent's commission out of the merchant's.

    It is never more than the merchant's share. A share of somebody named is "kind:owner".
    """
    weights = _weights(due, given, versions)
    merchant, agent = (Payable.MERCHANT.value, ""), (Payable.BROKER.value, commission["owner"])
    taken = min(commission["share_bp"], weights.get(merchant, 0))
    weights[merchant] = weights.get(merchant, 0) - taken
    weights[agent] = weights.get(agent, 0) + taken
    return {f"{kind}:{owner}" if owner else kind: bp for (kind, owner), bp in weights.items()}


def _weights(due: Due, given: Rules, versions: Versions) -> dict[tuple[str, str], int]:
    """Return (kind, owner) → basis points; the owner is empty where the sale says who it is."""
    if due.shares is None and due.revenue_rule_id:
        return {(one.kind, one.owner): one.share_bp
                for one in versions.parties[due.revenue_rule_id]}  # fmt: skip
    found = due.shares or given.table(f"revenue.{due.kind}")
    split = {name: name.partition(":") for name in found}
    return {(split[name][0], split[name][2]): bp for name, bp in found.items()}


def _party(name: str, owner: str | None, share_bp: int) -> shares.Party:
    if owner is None:
        raise Invalid(f"分配方“{name}”不存在", f"no {name} to share", pointer="/shares")
    return shares.Party(Payable(name).code, owner, share_bp)
