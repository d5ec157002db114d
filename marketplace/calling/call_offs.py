"""Calling off (按框架下单): ordering what a framework covers, at its prices, in its bounds."""

from collections.abc import Sequence
from typing import Any

from kernel import ids
from kernel.clock import local_date
from kernel.errors import Refusal, StepNotAllowed, StepRefused
from kernel.journal import Event
from kernel.money import Money
from kernel.work import Work
from marketplace import orders, products
from marketplace.bargaining import agreed_prices
from marketplace.bargaining.agreed_prices import Source
from marketplace.frameworks import called, frameworks
from marketplace.frameworks.called import CallOff
from marketplace.frameworks.frameworks import Framework, State
from marketplace.lines import Wanted
from marketplace.orders import Order
from marketplace.uses import Use


def call_off(
    work: Work,
    framework_id: str,
    *,
    wanted: Sequence[Wanted],
    use: Use,
    is_related_party: bool = False,
) -> Order:
    """Order under a framework contract, as its buyer, at its prices.

    Raises NotFound, StepNotAllowed, Invalid, and StepRefused with every reason: it is not in
    force, a product is not covered, the ceiling is reached; then what `orders.place` raises.
    """
    found = frameworks.seen(work, framework_id)
    if found.buyer_id != work.actor.organisation:
        raise StepNotAllowed("仅框架合同的买方可以下单", "framework.call_off is for its buyer")
    covered = {item.product_id: item.price for item in frameworks.items(work.session, found.id)}
    amounts = [
        covered[line["product_id"]].times(line["quantity"])
        for line in wanted
        if line["product_id"] in covered
    ]
    whole = sum(amounts, Money(0))
    refusals = _refused(work, found, wanted, covered, whole)
    if not refusals and whole.minor and not frameworks.reserve(work.session, found.id, whole):
        refusals = [_beyond(work, found, whole)]
    if refusals:
        raise StepRefused.of(tuple(refusals))
    return _place(work, found, list(zip(wanted, amounts, strict=True)), use, is_related_party)


def ended(work: Work, event: Event) -> None:
    """After an order that came to nothing: its amount can be called off again; once."""
    found = called.of_order(work.session, event.subject)
    if found is not None and called.end(work.session, found.id, work.now):
        frameworks.give_back(work.session, found.framework_id, found.amount)
        work.as_system().record(
            "framework.given_back", found.framework_id, order=found.order_id, amount=found.amount
        )


def _place(
    work: Work,
    found: Framework,
    asked: Sequence[tuple[Wanted, Money]],
    use: Use,
    is_related_party: bool,
) -> Order:
    call_off_id = ids.new("cof_", work.now)
    lines: list[Wanted] = []
    for number, (line, amount) in enumerate(asked, 1):
        product = products.find(work.session, line["product_id"])
        agreed = agreed_prices.agree(
            work,
            source=Source.FRAMEWORK,
            source_id=f"{call_off_id}:{number}",
            product_id=product.id,
            product_version_id=product.current_version_id,
            buyer_id=found.buyer_id,
            seller_id=found.seller_id,
            quantity=line["quantity"],
            amount=amount,
            valid_until=local_date(work.now),
        )
        lines.append({**line, "agreed_price_id": agreed.id})
    work.session.flush()  # the order looks the agreed prices up
    order = orders.place(work, wanted=lines, use=use, is_related_party=is_related_party)
    made = CallOff(
        id=call_off_id,
        framework_id=found.id,
        order_id=order.id,
        amount=order.total,
        called_at=work.now,
        given_back_at=None,
    )
    work.session.add(made)
    work.record("framework.called_off", found.id, order=order.id, amount=order.total)
    return order


def _refused(
    work: Work,
    found: Framework,
    wanted: Sequence[Wanted],
    covered: dict[str, Money],
    whole: Money,
) -> list[Refusal]:
    today = local_date(work.now)
    period = f"{found.period_from} — {found.period_to}"
    # fmt: off
    asked: list[tuple[bool, Any]] = [
        (found.state != State.SIGNED, Refusal(
            "FRAMEWORK_NOT_IN_FORCE", "框架合同未双方签署或已终止",
            "it is not signed by both, or ended")),
        (not found.period_from <= today <= found.period_to, Refusal(
            "OUTSIDE_FRAMEWORK_PERIOD", f"不在框架期限 {period} 内", f"its period is {period}")),
        (whole > found.left, _beyond(work, found, whole)),
    ]
    # fmt: on
    asked += [
        (
            line["product_id"] not in covered,
            Refusal(
                "NOT_COVERED_BY_FRAMEWORK",
                f"第 {number} 行的产品不在框架范围内",
                f"the product of line {number} is not covered",
            ),
        )
        for number, line in enumerate(wanted, 1)
    ]
    return [refusal for applies, refusal in asked if applies]


def _beyond(work: Work, found: Framework, whole: Money) -> Refusal:
    work.session.refresh(found)  # others may have called off meanwhile
    return Refusal(
        "BEYOND_FRAMEWORK_CEILING",
        f"本单 {whole} 超出框架余额 {found.left}",
        f"{whole} is more than the {found.left} that is left",
    )
