"""Chapter five: into escrow by bank transfer, divided to the fen, and paid out by two people."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from app.story.stage import Stage

Line = tuple[str, int, str, str, str]
"""A line of the bank: its reference, fen (negative: went out), the other's name, account, words."""

BUYERS_ACCOUNT = "6222020000000001"
PARTIES = (
    # payable, whose, account name, bank, number
    ("merchant", "firm:developer", "演示·枫香科技", "演示银行长沙分行", "6222020000000011"),
    ("operator", "firm:operator", "演示·授权运营公司", "演示银行长沙分行", "6222020000000022"),
    ("fiscal", "treasury:430000", "演示·省级国库", "演示国库", "6222020000000033"),
)


def pay_in(stage: Stage, order: dict[str, Any]) -> str:
    """Pay by transfer with the reference code; returns the account that was paid into."""
    tell = stage.telling.step
    with tell("按附言码转账，导入银行对账单，自动入托管 · into escrow by bank transfer", "finance"):
        payment = stage.as_("buyer").get("/api/payments", order_id=order["id"])["items"][0]
        line = ("B0001", payment["amount"]["minor"], "演示·稻禾保险", BUYERS_ACCOUNT,
                f"货款 {payment['reference']}")  # fmt: skip
        stage.as_("finance").post(
            "/api/bank-statements", _statement(stage, payment["account"], 0, [line])
        )
        stage.until("buyer", f"/api/orders/{order['id']}", "in_delivery")
    return str(payment["account"])


def settle(stage: Stage, order: dict[str, Any]) -> None:
    """Divide what was accepted: made by one, checked by another."""
    tell = stage.telling.step
    with tell("T+N 后制单：国库、运营、数商、交易所与增值税 · the split is made", "finance"):
        stage.pass_working_days(8)
        made = stage.as_("finance").post("/api/settlements")
        where = f"/api/settlements/{made['id']}"
        for part in stage.as_("finance").get(where)["lines"][0]["parts"]:
            stage.telling.split_fen[part["account_code"]] = part["amount"]["minor"]
    with tell("制单人自己复核，被拒 · the maker may not check", "finance"):
        stage.telling.refusals.append(stage.as_("finance").refused(f"{where}/confirm", {},
                                                                   "FOUR_EYES"))  # fmt: skip
    with tell("另一人复核入账，订单结清 · another checks; the order is settled", "finance2"):
        stage.as_("finance2").post(f"{where}/confirm")
        stage.until("buyer", f"/api/orders/{order['id']}", "completed")


def pay_out(stage: Stage, custody: str) -> None:
    """Pay every party: asked by one, approved by another, sent by file, seen at the bank."""
    tell = stage.telling.step
    with tell("收款账户登记并由另一人核验 · bank accounts registered and verified", "finance2"):
        for _, whose, holder, bank, number in PARTIES:
            account = stage.as_("finance").post(
                "/api/bank-accounts",
                {"party_id": _party(stage, whose), "account_name": holder, "bank_name": bank,
                 "number": number},
            )  # fmt: skip
            stage.as_("finance2").post(
                f"/api/bank-accounts/{account['id']}/verify",
                {"evidence": "小额打款核验回单 0.37 元"},
            )
    with tell("付款制单，另一人批准，导出付款文件 · payouts, made, approved, sent", "finance2"):
        for payable, whose, *_ in PARTIES:
            asked = {"payable": payable, "party_id": _party(stage, whose)}
            made = stage.as_("finance").post("/api/payouts", asked)
            stage.as_("finance2").post(f"/api/payouts/{made['id']}/approve")
        stage.as_("finance").post("/api/payouts/send")
    with tell("银行对账单显示全部付讫 · the bank's statement shows all paid", "finance"):
        paid = stage.as_("finance").get("/api/payouts")["items"]
        lines = [
            (f"B01{place}", -payout["amount"]["minor"], payout["account_name"], "",
             payout["reference"])
            for place, payout in enumerate(paid)
        ]  # fmt: skip
        opening = sum(stage.telling.split_fen.values())
        stage.as_("finance").post(
            "/api/bank-statements", _statement(stage, custody, opening, lines)
        )
        for payout in paid:
            stage.until("finance", f"/api/payouts/{payout['id']}", "paid")


def _party(stage: Stage, whose: str) -> str:
    return stage.ids.get(whose, whose)


def _statement(stage: Stage, account: str, opening: int, lines: Sequence[Line]) -> dict[str, str]:
    today = stage.today()
    text = statement(account, today.isoformat(), today, opening, lines)
    return {"account": account, "text": text}


def statement(account: str, number: str, today: date, opening: int, lines: Sequence[Line]) -> str:
    """Return the statement of a day as the bank exports it. opening: in fen."""
    closing = opening + sum(line[1] for line in lines)
    rows = [
        f"账号,{account}",
        f"账单编号,{number}",
        "币种,CNY",
        f"期初余额,{_yuan(opening)}",
        f"期末余额,{_yuan(closing)}",
        "交易流水号,记账日期,收入金额,支出金额,对方户名,对方账号,附言",
    ]
    for reference, fen, name, payer, words in lines:
        inward, outward = (_yuan(fen), "") if fen > 0 else ("", _yuan(-fen))
        rows.append(f"{reference},{today},{inward},{outward},{name},{payer},{words}")
    return "\n".join(rows) + "\n"


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"
