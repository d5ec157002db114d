"""What is charged over time, bargained and auctioned: wallets, use, bills, vouchers, lots."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Final

from app.story import money
from app.story.sixteen.beats import THE_HOUSE, Beat, Scene
from app.story.sixteen.trades import goods, till
from app.story.sixteen.trades.goods import BUYER, MERCHANT, SUBMITTER
from app.story.sixteen.trades.till import CHECKER, FINANCE
from kernel.clock import SHANGHAI, Instant
from kernel.money import Money
from marketplace import lines
from marketplace.auctions import bids, closing, lots
from marketplace.bargaining import quotations
from marketplace.paying import vouchers as paying
from settlement import payments
from settlement.metering import billing, bills, credit_limits, meters, usage, wallets
from settlement.metering.usage import Told
from settlement.vouchers import batches, vouchers

RIVAL: Final = "bank"
"""Login of the second buyer."""

BILLS_MAX: Final = 50


def topped_up(who: str, day: int, fen: int) -> Beat:
    """Return a buyer's wish to pay into its wallet; it makes its organisation's id."""

    def do(scene: Scene) -> str:
        wallets.top_up(scene.work, Money(fen))
        return scene.work.actor.organisation

    return Beat(f"wallet/{who}", day, who, do)


def credited(day: int) -> Beat:
    """Return the limit up to which the buyer may owe."""

    def do(scene: Scene) -> None:
        limit = Money(20_000_000)
        credit_limits.grant(
            scene.work, scene.firm_of(BUYER), limit=limit, reason="年度采购协议，按期付款"
        )

    return Beat("credit", day, FINANCE, do)


def used(day: int, calls: int) -> Beat:
    """Return a morning's calls, as the merchant's gateway tells them; two of them failed."""

    def do(scene: Scene) -> None:
        (line,) = lines.of(scene.work.session, scene.made["order/calls"])
        at = scene.work.now - timedelta(minutes=30)
        told = [
            Told(event_id=f"{day}-{number}", order_line_id=line.id, occurred_at=at, units=calls)
            for number in range(3)
        ]
        failed = Told(
            event_id=f"{day}-failed", order_line_id=line.id, occurred_at=at, units=2,
            failure="上游超时",
        )  # fmt: skip
        usage.report(scene.work, source="gateway", told=[*told, failed])

    return Beat(f"use/{day}", day, MERCHANT, do)


def monthly(day: int) -> Iterator[Beat]:
    """Yield last month's bills, and the merchant's word that they are right."""

    def draw_up(scene: Scene) -> None:
        billing.run(scene.work, limit=BILLS_MAX)

    yield Beat(f"bills/{day}", day, THE_HOUSE, draw_up)
    yield Beat(f"bills/{day}/vouch", day, MERCHANT, _each_bill("vouch"))


def confirmed(day: int) -> Beat:
    """Return the buyer's word that its bills are right: they are to be paid."""
    return Beat(f"bills/{day}/confirm", day, BUYER, _each_bill("confirm"))


def came_for_use(scene: Scene) -> Sequence[money.Line]:
    """Return the lines of what is asked for the bills of use; there may be none."""
    found = bills.listed(
        scene.work, order_id=scene.made["order/calls"], after=None, limit=BILLS_MAX
    )
    asked = [payments.live_for(scene.work.session, "bill", bill.id) for bill in found.items]
    name, account = till.INSURER
    return [
        ("", one.due.minor, name, account, f"账单 {one.reference}")
        for one in asked if one is not None and one.due.minor
    ]  # fmt: skip


def milestone(number: int, day: int) -> Beat:
    """Return the bill of a milestone, on the merchant's word."""

    def do(scene: Scene) -> str:
        (meter,) = meters.of_order(scene.work.session, scene.made["order/model"])
        told = "交付确认单与评审纪要已上传"
        return billing.milestone(scene.work, meter.id, number, evidence=told).id

    return Beat(f"milestone/{number}", day, MERCHANT, do)


def accepted_bill(number: int, day: int) -> Beat:
    """Return the buyer's word on the bill of a milestone."""

    def do(scene: Scene) -> str:
        return bills.take(scene.work, scene.made[f"milestone/{number}"], "confirm").id

    return Beat(f"milestone/{number}/confirm", day, BUYER, do)


def granted(day: int) -> Iterator[Beat]:
    """Yield a batch of vouchers, opened by another officer, and two of its vouchers."""

    def draft(scene: Scene) -> str:
        made = batches.draft(
            scene.work,
            sponsor_id=scene.firm_of("hub"),
            title_zh="中小企业训练算力补贴",
            title_en="Training compute for small companies",
            doc_no="演示数据发〔2026〕18号",
            budget=Money(20_000_000),
            face=Money(200_000),
            deduct_bp=5_000,
            order_max=Money(200_000),
            year_max=Money(400_000),
            valid_from=scene.today,
            valid_to=scene.today + timedelta(days=365),
        )
        return made.id

    def give(scene: Scene) -> str:
        holder = scene.firm_of(BUYER)
        return vouchers.issue(scene.work, scene.made["vouchers"], holder_id=holder).id

    def opened(scene: Scene) -> str:
        return batches.take(scene.work, scene.made["vouchers"], "open").id

    yield Beat("vouchers", day, FINANCE, draft)
    yield Beat("vouchers/open", day, CHECKER, opened)
    for number in (1, 2):
        yield Beat(f"voucher/{number}", day, FINANCE, give)


def claimed(day: int) -> Iterator[Beat]:
    """Yield the first voucher taken up, and used for the order of compute."""

    def claim(scene: Scene) -> str:
        return vouchers.take(scene.work, scene.made["voucher/1"], "claim").id

    def spend(scene: Scene) -> str:
        order = scene.made["order/tool"]
        return paying.use(scene.work, order, scene.made["voucher/1"]).id

    yield Beat("voucher/1/claim", day, BUYER, claim)
    yield Beat("voucher/1/use", day, BUYER, spend)


def bargained(key: str, day: int, *, agreed: bool) -> Iterator[Beat]:
    """Yield a price that is asked for and offered; then it is agreed, or waits for the buyer."""
    name = f"quotation/{key}"

    def begin(scene: Scene) -> str:
        made = quotations.begin(
            scene.work, scene.made["product/report"], quantity=1, amount=Money(600_000),
            note="仅供总部精算使用，不再分发",
        )  # fmt: skip
        return made.id

    def offer(scene: Scene) -> str:
        asked = {"amount": Money(850_000), "note": "含四期季报与一次解读"}
        return quotations.take(scene.work, scene.made[name], "offer", **asked).id

    def accept(scene: Scene) -> str:
        return quotations.take(scene.work, scene.made[name], "accept").id

    yield Beat(name, day, BUYER, begin)
    yield Beat(f"{name}/offer", day, SUBMITTER, offer)
    if agreed:
        yield Beat(f"{name}/accept", day, BUYER, accept)


def announced(key: str, day: int, *, until: int) -> Beat:
    """Return the announcement of a lot: open from tomorrow, for so many days."""

    def do(scene: Scene) -> str:
        made = lots.schedule(
            scene.work,
            scene.made["product/lot"],
            opens_at=_midnight(scene, 1),
            closes_at=_midnight(scene, 1 + until),
        )
        return made.id

    return Beat(f"lot/{key}", day, SUBMITTER, do)


def bid(key: str, who: str, day: int, fen: int) -> Iterator[Beat]:
    """Yield a buyer's deposit and its bid."""

    def enter(scene: Scene) -> str:
        return bids.enter(scene.work, scene.made[f"lot/{key}"], goods.use(scene)).id

    def offer(scene: Scene) -> str:
        return bids.bid(scene.work, scene.made[f"lot/{key}"], Money(fen)).id

    yield Beat(f"lot/{key}/enter/{who}", day, who, enter)
    yield Beat(f"lot/{key}/bid/{who}", day, who, offer)


def won(key: str, day: int) -> Iterator[Beat]:
    """Yield the order of what the rival has won, confirmed and signed."""

    def order(scene: Scene) -> str:
        return closing.order(scene.work, scene.made[f"lot/{key}"]).id

    yield Beat("order/lot", day, RIVAL, order)
    yield Beat("order/lot/confirm", day, MERCHANT, goods.order_step("lot", "confirm"))
    yield from goods.signed("lot", day, RIVAL)


def _midnight(scene: Scene, days: int) -> Instant:
    return datetime.combine(scene.today + timedelta(days=days), time(), tzinfo=SHANGHAI)


def _each_bill(step: str) -> Callable[[Scene], None]:
    """Take a step of every bill of use that waits for it; there may be none."""
    waits = {"vouch": bills.State.SELLER_CONFIRM, "confirm": bills.State.BUYER_CONFIRM}[step]

    def do(scene: Scene) -> None:
        order = scene.made["order/calls"]
        page = bills.listed(scene.work, order_id=order, state=waits, after=None, limit=BILLS_MAX)
        for bill in page.items:
            bills.take(scene.work, bill.id, step)

    return do
