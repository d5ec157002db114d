"""What else passes the desk of money: deals outside, holds, adjustments, rules to be checked."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from app.story import entry, supply
from app.story.sixteen.beats import Beat, Scene
from app.story.sixteen.trades.goods import MERCHANT
from app.story.sixteen.trades.till import FINANCE
from kernel.money import Money
from settlement.bank import statements as bank
from settlement.deals import deals
from settlement.deals.papers import PaperKind
from settlement.dividing import fee_rules, revenue_rules
from settlement.dividing.fee_rules import Kind, Payer
from settlement.dividing.frozen import Ground
from settlement.dividing.revenue_rules import Scope, Shared
from settlement.entries import AccountRef
from settlement.holding import holds
from settlement.refunding import adjustments

BUYERS_CODE: Final = "91430100MAA0000708"
PAPERS: Final = {
    PaperKind.CONTRACT: "购销合同.pdf",
    PaperKind.PAYMENT_PROOF: "付款回单.pdf",
    PaperKind.DELIVERY_PROOF: "交付确认单.pdf",
}


def deal(number: int, day: int, fen: int, title: str) -> Iterator[Beat]:
    """Yield a deal that was made outside, with its papers, handed in by its merchant."""
    name = f"deal/{number}"

    def draft(scene: Scene) -> str:
        made = deals.draft(
            scene.work,
            buyer_name="演示·洞庭水务",
            buyer_uscc=BUYERS_CODE,
            title=title,
            contract_no=f"演示合〔2026〕{number}号",
            amount=Money(fen),
            signed_on=scene.today - timedelta(days=30),
            delivered_on=scene.today - timedelta(days=3),
        )
        return made.id

    def file(scene: Scene) -> None:
        for kind, paper in PAPERS.items():
            content = entry.paper(f"deal {number} {kind.value}")
            deals.file(scene.work, scene.made[name], kind=kind, name=paper, content=content)

    yield Beat(name, day, MERCHANT, draft)
    yield Beat(f"{name}/papers", day, MERCHANT, file)
    yield deal_step(number, day, "submit", MERCHANT)


def deal_step(number: int, day: int, step: str, who: str) -> Beat:
    """Return a step of a deal that asks nothing."""
    name = f"deal/{number}"
    return Beat(f"{name}/{step}", day, who,
                lambda scene: deals.take(scene.work, scene.made[name], step).id)  # fmt: skip


def held(order: str, day: int, fen: int) -> Beat:
    """Return a part of an order's money, set aside after an alert."""

    def do(scene: Scene) -> str:
        made = holds.place(
            scene.work,
            order_id=scene.made[f"order/{order}"],
            amount=Money(fen),
            ground=Ground.ALERT,
            reference="演示预警〔2026〕7号",
        )
        return made.id

    return Beat(f"hold/{order}", day, FINANCE, do)


def adjusted(day: int, line: str) -> Beat:
    """Return a proposal to count a receipt of unknown source as the exchange's, for a checker."""

    def do(scene: Scene) -> str:
        lines = bank.unexplained(scene.work, after=None, limit=1).items
        made = adjustments.propose(
            scene.work,
            kind=adjustments.Kind.MANUAL,
            debit=AccountRef("2241.suspense", lines[0].id),
            credit=AccountRef("6711.goodwill", ""),
            amount=Money(8_800),
            reason="付款人逾期未认领，按制度转入，附公告截图",
            document=supply.digest(line),
        )
        return made.id

    return Beat("adjustment", day, FINANCE, do)


def rules_drafted(day: int) -> Iterator[Beat]:
    """Yield a fee rule and a rule of sharing that wait for another person."""

    def fee(scene: Scene) -> str:
        made = fee_rules.draft(
            scene.work,
            kind=Kind.TRANSACTION,
            payer=Payer.SELLER,
            rate_bp=250,
            min_fen=1_000,
            cap_fen=5_000_000,
            first_on=scene.today + timedelta(days=60),
        )
        return made.id

    def sharing(scene: Scene) -> str:
        made = revenue_rules.draft(
            scene.work,
            scope=Scope.PRODUCT,
            scope_id=scene.made["product/report"],
            shared=(Shared("merchant", 9_000), Shared("broker", 1_000, scene.firm_of("operator"))),
            first_on=scene.today + timedelta(days=60),
            document="经纪服务协议（演示）第三条",
        )
        return made.id

    yield Beat("fee-rule", day, FINANCE, fee)
    yield Beat("revenue-rule", day, FINANCE, sharing)
