"""Data assets with valid defaults, walked along by the right people of the developer."""

from datetime import UTC, date, datetime
from typing import Any

from settlement.assets import amortising, cards, changes, disclosures, valuations
from settlement.assets.cards import AssetCard
from settlement.assets.changes import AssetChange, Proposed, What
from settlement.assets.disclosures import AssetDisclosure
from settlement.assets.kinds import CostKind, Form, Kind, Phase, needed
from settlement.assets.terms import Cost, Terms
from settlement.assets.valuations import Approach, AssetValuation, Report
from settlement.evidence import packs
from settlement.evidence.packs import About, Matter
from tests.settlement.money import WorkAs

WRITER, CHECKER = "per_developer_editor", "per_developer_signer"
NEXT_YEAR = datetime(2027, 1, 20, 4, tzinfo=UTC)
BOUGHT_ON = date(2026, 7, 1)
SIGNED: dict[str, Any] = {"accountant": "陈会计", "accountant_no": "430100000001"}


def cost(fen: int, kind: CostKind = CostKind.PURCHASE_PRICE, **more: Any) -> Cost:
    """Return a cost of July."""
    said = {"phase": Phase.ACQUISITION, "on": BOUGHT_ON, "document": "发票 0001", **more}
    return Cost(kind=kind, fen=fen, **said)


def terms_of(kind: Kind, form: Form, **more: Any) -> Terms:
    """Return what a card says: 1,200.00 over a year, straight."""
    said: dict[str, Any] = {
        "rights_basis": "数据使用权，合同 HT-1",
        "life_basis": "更新频率与业务模式",
        "costs": (cost(120_000),),
        "conditions": needed(kind, form),
        "life_months": 12 if kind is Kind.INTANGIBLE else None,
        **more,
    }
    return Terms(**said)


def drafted(
    work_as: WorkAs, kind: Kind = Kind.INTANGIBLE, form: Form = Form.PURCHASED, **more: Any
) -> AssetCard:
    """Begin a card in the next January."""
    said = terms_of(kind, form, **more)
    work = work_as(WRITER, at=NEXT_YEAR)
    return cards.draft(work, name="农业气象数据集", kind=kind, form=form, said=said)


def submitted(work_as: WorkAs, *what: Any, **more: Any) -> AssetCard:
    """Begin a card and submit it."""
    card = drafted(work_as, *what, **more)
    return cards.take(work_as(WRITER, at=NEXT_YEAR), card.id, "submit")


def recognised(work_as: WorkAs, *what: Any, on: date = BOUGHT_ON, **more: Any) -> AssetCard:
    """Begin a card and let it count from July 2026."""
    card = submitted(work_as, *what, **more)
    work = work_as(CHECKER, at=NEXT_YEAR)
    return cards.take(work, card.id, "recognise", recognised_on=on, **SIGNED)


def amortised(work_as: WorkAs, card: AssetCard, through: str) -> list[amortising.Charge]:
    """Charge what the months bear."""
    return amortising.run(work_as(CHECKER, at=NEXT_YEAR), card.id, through, brought({}))


def brought(fen: dict[str, int]) -> amortising.Benefit:
    """Return the benefit of each month."""
    return lambda _card, first, last: {m: f for m, f in fen.items() if first <= m <= last}


def proposed(work_as: WorkAs, card: AssetCard, what: What, fen: int, on: date, **more: Any
             ) -> AssetChange:  # fmt: skip
    """Propose a change."""
    asked = Proposed(what=what, fen=fen, on=on, document="凭证 7", **more)
    made = changes.propose(work_as(WRITER, at=NEXT_YEAR), card.id, asked)
    work_as("system").session.flush()
    return made


def changed(
    work_as: WorkAs, card: AssetCard, what: What, fen: int, on: date, **more: Any
) -> AssetChange:
    """Propose a change and book it."""
    made = proposed(work_as, card, what, fen, on, **more)
    return changes.take(work_as(CHECKER, at=NEXT_YEAR), made.id, "book")


def disclosed(work_as: WorkAs, first: date, last: date) -> AssetDisclosure:
    """Draw the tables, and sign them off."""
    made = disclosures.prepare(work_as(WRITER, at=NEXT_YEAR), first, last)
    work_as("system").session.flush()
    return disclosures.take(work_as(CHECKER, at=NEXT_YEAR), made.id, "sign_off", **SIGNED)


def valued(
    work_as: WorkAs, card: AssetCard, *, person: str = WRITER, **changed: Any
) -> AssetValuation:
    """File a valuation report on a card."""
    said: dict[str, Any] = {
        "appraiser": "演示·资产评估机构",
        "report_no": "评字〔2027〕1号",
        "approach": Approach.INCOME,
        "valued_on": date(2026, 12, 31),
        "value_fen": 150_000,
        "name": "report.pdf",
        "content": b"%PDF-1.7",
        **changed,
    }
    return valuations.file(work_as(person, at=NEXT_YEAR), card.id, Report(**said))


def everything(work_as: WorkAs) -> None:
    """One of everything: a card, a change, a disclosure, a valuation, an evidence pack."""
    card = recognised(work_as, Kind.INVENTORY, Form.PURCHASED)
    valued(work_as, card)
    proposed(work_as, card, changes.What.SALE, 1_000, BOUGHT_ON)
    work = work_as(WRITER, at=NEXT_YEAR)
    disclosures.prepare(work, BOUGHT_ON, BOUGHT_ON)
    matter = Matter(About.ASSET, card.id, card.name, "https://exchange.example")
    packs.issue(work, matter, [packs.plain("asset/card.json", {"id": card.id})])
    work.session.flush()
