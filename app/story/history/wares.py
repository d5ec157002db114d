"""How the history's products come on sale: described, submitted, passed by three, made public."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from app.story.history.hands import Hand
from app.story.history.plan import UNIT_FEN, Good
from app.story.market import COMPLIANT
from kernel.errors import NotFound
from kernel.parties import organisations
from marketplace import boards, products
from marketplace.boarding import requests
from marketplace.seeking import products as seeking
from marketplace.shelving import rounds
from marketplace.versions import Content

PASSED: Final[tuple[tuple[str, str, Mapping[str, str]], ...]] = (
    ("pass_formal", "listing", {}),
    ("pass_compliance", "compliance", COMPLIANT),
    ("pass_security", "security", {}),
)
BOARDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "transport": ("mobility", "交通物流专板", "Transport board"),
    "financial_services": ("finance", "金融数据专板", "Finance board"),
    "medical_health": ("health", "医疗健康专板", "Health board"),
    "sci_tech_innovation": ("corpus", "人工智能语料专板", "AI corpus board"),
}
"""Field → code and names of the board that its products are on."""

_BOARD_OF: Final = "字段、频率与价格齐备，适合在本专板展示。"
_SAMPLE: Final = (
    {"region": "430102", "day": "2025-07-01", "value": "104.2"},
    {"region": "430104", "day": "2025-07-01", "value": "98.7"},
)


def ids_of(hand: Hand, goods: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return code → product, of login and code of each. One SELECT for each 500."""
    every = sorted(goods)
    found: dict[str, str] = {}
    for start in range(0, len(every), 500):
        some = every[start : start + 500]
        owners = {hand.by(login).actor.organisation for login, _ in some}
        found |= seeking.numbered(hand.session, owners, {code for _, code in some})
    return found


def hand_in(hand: Hand, goods: Sequence[Good]) -> None:
    """Describe and submit products, and pass them as far as the publicity."""
    made = []
    for good in goods:
        work = hand.by(good.seller.key)
        hand.held.append(organisations.find(hand.session, work.actor.organisation))
        product = products.create(work, good.code, **_content(good))
        hand.session.flush()  # its steps look it up by its id
        products.take(work, product.id, "submit")
        made.append(product)
        hand.held.append(product)
    for step, officer, said in PASSED:
        _told(rounds.take(hand.by(officer), [one.id for one in made], step, **said))
    hand.follow()


def put_on_sale(hand: Hand, goods: Sequence[Good]) -> None:
    """List what has been public long enough; some of it goes on a board.

    What a clock has listed meanwhile, on a day of the sixteen scenarios, is on sale already.
    """
    there = ids_of(hand, [(good.seller.key, good.code) for good in goods])
    for start in range(0, len(goods), rounds.ROUND_MAX):
        some = [there[good.code] for good in goods[start : start + rounds.ROUND_MAX]]
        _told(rounds.take(hand.by("listing"), _public(hand, some), "list"))
    for field in BOARDS:
        on_it = [good for good in goods if good.trade.field == field]
        if on_it:
            _admit(hand, _board(hand, field), on_it, there)
    hand.follow()


def renew(hand: Hand, goods: Sequence[tuple[str, str]]) -> None:
    """Renew listings that would end soon: login and code of each."""
    there = sorted(ids_of(hand, goods).values())
    for start in range(0, len(there), rounds.ROUND_MAX):
        some = there[start : start + rounds.ROUND_MAX]
        _told(rounds.take(hand.by("compliance"), some, "renew", reason="挂牌期将满，资料齐备"))
    hand.follow()


def _public(hand: Hand, product_ids: Sequence[str]) -> list[str]:
    hand.held += rounds.ahead(hand.by_house(), product_ids)
    found = (products.find(hand.session, one) for one in product_ids)
    return [one.id for one in found if one.state == products.State.PUBLICITY]


def _admit(hand: Hand, board_id: str, goods: Sequence[Good], there: Mapping[str, str]) -> None:
    own: dict[str, list[str]] = {}
    for good in goods:
        own.setdefault(good.seller.key, []).append(there[good.code])
    for login, some in own.items():
        _told(requests.file_all(hand.by(login), board_id, some, note=_BOARD_OF))
    hand.session.flush()
    asked = requests.listed(
        hand.by("listing"), board_id=board_id, state=requests.State.ASKED, after=None, limit=500
    )
    waiting = [one.id for one in asked.items]
    for start in range(0, len(waiting), rounds.ROUND_MAX):
        some = waiting[start : start + rounds.ROUND_MAX]
        _told(requests.answer_all(hand.by("listing"), some, "admit"))


def _board(hand: Hand, field: str) -> str:
    code, zh, en = BOARDS[field]
    try:
        return boards.by_code(hand.session, code).id
    except NotFound:
        exchange = hand.by("listing").actor.organisation
        made = boards.create(
            hand.by("listing"),
            code=code,
            name_zh=f"演示·{zh}",
            name_en=f"Demo {en}",
            industry=_INDUSTRY[field],
            rules_zh="产品须有样例、字典与可执行的价格，经挂牌审核后入板（演示）。",
            rules_en="Listed products with a sample, a dictionary and a price that can be paid.",
            sponsor_id=hand.by("hub").actor.organisation,
            curator_id=exchange,
        )
        hand.session.flush()
        return made.id


_INDUSTRY: Final = {
    "transport": "G", "financial_services": "J", "medical_health": "Q", "sci_tech_innovation": "I",
}  # fmt: skip


def _told(barred: Sequence[Any]) -> None:
    """Raise what was refused: the history asks for nothing that may be."""
    for one in barred:
        raise one.error


def _content(good: Good) -> Content:
    trade = good.trade
    return Content(
        title_zh=good.title.zh,
        title_en=good.title.en,
        intro=f"{good.title.zh}：按行政区与日期汇总的统计值，不含个人信息。本产品由程序生成，"
        "仅供演示，不对应任何真实机构、数据或成交。",
        product_type=good.kind,
        industry=trade.industry,
        application_field=trade.field,
        region_coverage=[good.seller.region],
        update_frequency="daily",
        temporal_from=date(2024, 1, 1),
        temporal_to=date(2025, 12, 31),
        grade="G1",
        pi_class="none",
        source_kind="self_produced",
        authorisation_id=None,
        scenario_id=None,
        resource_id=None,
        items=[],
        output_form=None,
        delivery_mode="in_domain",
        price_plan={
            "kind": "one_off",
            "price": {"minor": good.price * UNIT_FEN, "currency": "CNY"},
        },
        accept_days=7,
        dictionary=[
            {"name": "region", "type": "string", "meaning": "行政区划代码 region"},
            {"name": "day", "type": "date", "meaning": "统计日 day"},
            {"name": "value", "type": "decimal", "meaning": "统计值 value"},
        ],
        sample=[dict(row) for row in _SAMPLE],
        quality=None,
    )
