"""The tour: six cards, each with what to do, as whom, and where; nothing lies over a page."""

from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, render_template

from app import doors
from kernel.words import Words

blueprint = Blueprint("tour", __name__)


@dataclass(frozen=True, slots=True)
class Card:
    """One stop. minutes: of the first ten. accounts: who does it; nobody in particular without.

    todo: what to do, in order. see: what to notice. links: address and name; an address that
    asks to be signed in leads over the form.
    """

    icon: str
    minutes: str
    title: Words
    todo: tuple[Words, ...]
    see: Words
    links: tuple[tuple[str, Words], ...]
    accounts: tuple[str, ...] = ()


CARDS: Final = (
    Card(
        "search",
        "1–3",
        Words("找数据，先看后买", "Find data, and judge it first"),
        (
            Words(
                "检索“气象”，按分面筛选，勾选两个比选",
                "Search “weather”, narrow it down, compare two",
            ),
            Words("打开一个产品，看样例、字典与质量", "Open one: sample, dictionary, quality"),
        ),
        Words(
            "不登录也看得到真实样例、实测质量和能据以下单的价格。",
            "Without signing in: a real sample, measured quality, and a price one can act on.",
        ),
        (
            ("/products?q=气象", Words("检索气象", "Search weather")),
            ("/boards", Words("专题专板", "Boards")),
        ),
    ),
    Card(
        "shopping-cart",
        "3–5",
        Words("下单，两行代码取数", "Order, and read it in two lines"),
        (
            Words(
                "在产品页选方案、按场景下单，签约并付款",
                "Choose a plan, order for a scenario, sign and pay",
            ),
            Words(
                "交付页复制两行代码，得到 DataFrame",
                "Copy two lines from the delivery into a DataFrame",
            ),
        ),
        Words(
            "货款先进监管户，验收后才分账。",
            "The money waits in escrow and is shared out after acceptance.",
        ),
        (
            ("/orders", Words("我的订单", "My orders")),
            ("/deliveries", Words("我的交付", "My deliveries")),
        ),
        ("buyer@demo",),
    ),
    Card(
        "clipboard-check",
        "5–7",
        Words("一场景一评估一授权", "One scenario, one assessment"),
        (
            Words(
                "在办队列里打开一个案件，看规则逐项核对",
                "Open a case in the queue: every rule is checked",
            ),
            Words(
                "专家背靠背打分，终审决定，发出证书",
                "Experts score blind; a decision; a certificate",
            ),
            Words("把证书编号填进核验，或扫它的二维码", "Verify its number, or scan its code"),
        ),
        Words(
            "经办、专家、终审各是一人，系统不许一人包办。",
            "Case officer, experts and approver are different people; the system insists.",
        ),
        (
            ("/cases", Words("在办队列", "The queue")),
            ("/register", Words("授权公示", "The register")),
            ("/verify", Words("证书核验", "Verify")),
        ),
        ("officer@demo", "expert1@demo", "approver@demo"),
    ),
    Card(
        "circle-pause",
        "7–8",
        Words("中止一份授权，立刻生效", "Suspend a right: it bites at once"),
        (
            Words(
                "打开一份有效授权，先看会影响什么",
                "Open a right in force: see first what would fall",
            ),
            Words("暂停它，再读一次数据", "Suspend it, then read once more"),
        ),
        Words(
            "下一次读取即被拒绝，理由代码 AUTH_SUSPENDED 永不改变。",
            "The very next read is refused, with the code AUTH_SUSPENDED that never changes.",
        ),
        (
            ("/authorisations", Words("授权一览", "Authorisations")),
            ("/decisions", Words("每次判断的记录", "Every decision, on record")),
        ),
        ("regulator@demo",),
    ),
    Card(
        "trophy",
        "8–9",
        Words("榜单：剔除了谁，为什么", "Rankings: who was left out, and why"),
        (
            Words("打开成交榜，换一个时段与种类", "Open the ranking; change period and kind"),
            Words("看剔除金额与口径", "See what was left out, and the method"),
        ),
        Words(
            "场内成交与场外备案始终分列；每个数与账簿对得上。",
            "Trades here and registered deals always apart; every figure ties out with the books.",
        ),
        (
            ("/rankings", Words("榜单", "Rankings")),
            ("/open", Words("可下载的清单", "Lists to take away")),
        ),
    ),
    Card(
        "fingerprint",
        "9–10",
        Words("改一个字节，链会指出在哪里", "Edit one byte: the chain says where"),
        (
            Words("下载一份凭证包，离线核验", "Download an evidence pack and verify it offline"),
            Words(
                "在数据库里改一行，再运行 databourse verify",
                "Edit a row in the database, then run databourse verify",
            ),
        ),
        Words(
            "每条记录与它的前一条相扣，审计员不需要相信任何人。",
            "Every record is linked to the one before it: an auditor need trust nobody.",
        ),
        (
            ("/evidence", Words("凭证包", "Evidence packs")),
            ("/evidence/verify", Words("核验凭证包", "Verify a pack")),
        ),
        ("auditor@demo",),
    ),
)


@blueprint.get("/tour")
@doors.public
def tour() -> Any:
    """Show the six cards. No SELECT."""
    return render_template("face/tour.html", cards=CARDS)
