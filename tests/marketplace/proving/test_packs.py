import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound
from kernel.work import Work
from marketplace.orders import Order
from marketplace.products import Product
from marketplace.proving import making, revenues
from marketplace.proving.making import Asked
from settlement import batches, ledger
from settlement.assets import amortising, cards
from settlement.assets.cards import AssetCard
from settlement.assets.kinds import Form, Kind, Method
from settlement.evidence import archive, checks, packs
from settlement.evidence.checks import Verdict
from settlement.evidence.packs import About, EvidencePack
from settlement.ledger import AccountRef
from settlement.sealing import blocks
from tests.conftest import CRYPTO
from tests.marketplace import make
from tests.settlement.assets import town
from tests.settlement.money import WorkAs

ADDRESS = "https://exchange.example"
LATER = datetime(2026, 8, 20, 4, tzinfo=UTC)
MERCHANT = AccountRef("2202.merchant", "org_developer")


@pytest.fixture
def product(session: Session) -> Product:
    return make.listed(session)


@pytest.fixture
def order(session: Session, work_as: WorkAs, product: Product) -> Order:
    """An order, walked to the last fen, and its entries sealed in a block."""
    made = make.accepted(session, product)
    batch = batches.compute(work_as("per_exchange_settler", at=LATER))
    session.flush()
    batches.take(work_as("per_exchange_checker", at=LATER), batch.id, "confirm")
    session.flush()
    blocks.seal(work_as("system", at=LATER))
    return made


def packed(work: Work, asked: Asked) -> tuple[EvidencePack, dict[str, bytes], Verdict]:
    pack = making.make(work, asked, ADDRESS)
    work.session.flush()
    _, content = packs.content(work, pack.id)
    return pack, archive.read(content), checks.examine(content, CRYPTO.public_keys)


def carded(work_as: WorkAs, product: Product, **more: Any) -> AssetCard:
    """A card of the product, recognised in July."""
    kind = (Kind.INTANGIBLE, Form.SELF_DEVELOPED)
    return town.recognised(work_as, *kind, product_id=product.id, **more)


@pytest.fixture
def selects(engines: object) -> Iterator[list[str]]:
    """Everything that is selected."""
    seen: list[str] = []

    def note(_c: object, _u: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().startswith("SELECT"):
            seen.append(statement)

    engine: Engine = engines.write  # type: ignore[attr-defined]  # the fixture's own
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_an_orders_pack_tells_its_whole_story_and_holds(work_as: WorkAs, order: Order) -> None:
    work = work_as("per_exchange_auditor", at=LATER)

    pack, held, told = packed(work, Asked(about=About.ORDER, subject=order.id))

    assert (told.findings, pack.title) == ((), order.code)
    assert told.entries == told.proofs >= 3
    contract = f"contracts/{order.contract_id}/"
    assert {"order.json", "lines.json", "deliveries.json", "history/order.json",
            f"{contract}text.txt", f"{contract}signatures.json"} <= set(held)  # fmt: skip
    assert len(json.loads(held[f"{contract}signatures.json"])) == 2
    kinds = {each["kind"] for each in json.loads(held["history/order.json"])}
    assert {"order.placed", "contract.signed", "order.accepted"} <= kinds


def test_buyer_and_seller_each_get_what_they_may_see(work_as: WorkAs, order: Order) -> None:
    asked = Asked(about=About.ORDER, subject=order.id)

    _, buyers, bought = packed(work_as("per_buyer_editor", at=LATER), asked)
    _, sellers, sold = packed(work_as("per_developer_editor", at=LATER), asked)

    assert (bought.findings, sold.findings) == ((), ())
    settled = [json.loads(content) for path, content in sellers.items() if "entry" in path]
    (its,) = [one for one in settled if one["entry"]["event"] == "line.settled"]
    assert (its["whole"], its["hidden"] > 0) == (False, True)
    assert [line[3:5] for line in its["entry"]["lines"]] == [["2202.merchant", "org_developer"]]
    (theirs,) = [one for path, content in buyers.items() if "entry" in path
                 for one in [json.loads(content)]
                 if one["entry"]["event"] == "line.settled"]  # fmt: skip
    assert theirs["entry"]["lines"] == []
    assert any(path.startswith("payments/") for path in buyers)
    assert not any(path.startswith(("payments/", "bank/")) for path in sellers)


def test_a_stranger_gets_no_pack_of_an_order_deal_or_asset(work_as: WorkAs, order: Order) -> None:
    stranger = work_as("per_other_editor", at=LATER)

    for about, subject in (
        (About.ORDER, order.id),
        (About.ORDER, "ord_none"),
        (About.DEAL, "dea_none"),
        (About.ASSET, "ast_none"),
    ):
        with pytest.raises(NotFound):
            making.make(stranger, Asked(about=about, subject=subject), ADDRESS)


def test_an_order_of_public_data_shows_its_authorisation_to_its_parties(
    session: Session, work_as: WorkAs
) -> None:
    public = make.listed(session, make.public_content(session))
    order = make.delivered(session, public)
    asked = Asked(about=About.ORDER, subject=order.id)

    _, sellers, sold = packed(work_as("per_developer_editor", at=LATER), asked)
    _, buyers, bought = packed(work_as("per_buyer_editor", at=LATER), asked)

    assert (sold.findings, bought.findings) == ((), ())
    assert any(path.startswith("authorisations/") for path in sellers)
    assert not any(path.startswith("authorisations/") for path in buyers)


def test_a_period_is_ones_own_and_over(work_as: WorkAs, order: Order) -> None:
    work = work_as("per_developer_editor", at=LATER)
    days: dict[str, Any] = {"first_on": date(2026, 7, 1), "last_on": date(2026, 8, 20)}

    pack, held, told = packed(work, Asked(about=About.PERIOD, **days))
    empty = packed(work, Asked(about=About.PERIOD, first_on=date(2026, 1, 1),
                               last_on=date(2026, 1, 31)))[2]  # fmt: skip

    assert (told.findings, told.entries > 0, pack.subject) == ((), True, "org_developer")
    assert all(order.id in content.decode() for path, content in held.items() if "entry" in path)
    assert (empty.findings, empty.entries) == ((), 0)
    for first, last in ((None, None), (days["last_on"], days["first_on"]),
                        (days["first_on"], date(2026, 8, 21))):  # fmt: skip
        with pytest.raises(Invalid):
            making.make(work, Asked(about=About.PERIOD, first_on=first, last_on=last), ADDRESS)


def test_revenue_is_what_the_books_say_and_ties_out(
    session: Session, work_as: WorkAs, product: Product, order: Order
) -> None:
    card = carded(work_as, product)

    months = revenues.by_month(session, card, "2026-07", "2026-12")

    assert sum(months.values()) == ledger.balance(session, MERCHANT).minor > 0
    assert revenues.total(session, card, date(2026, 12, 31)) == sum(months.values())
    assert revenues.by_month(session, card, "2027-01", "2027-12") == {}
    other = carded(work_as, make.listed(session, title_zh="另一产品"))
    assert revenues.total(session, other, date(2026, 12, 31)) == 0
    assert order.total.minor > sum(months.values())  # the exchange's fee is not the merchant's


def test_by_benefit_an_asset_wears_off_as_the_books_say(
    session: Session, work_as: WorkAs, product: Product, order: Order
) -> None:
    brought = ledger.balance(session, MERCHANT).minor
    more = {"method": Method.BY_BENEFIT, "expected_fen": brought * 4}
    card = carded(work_as, product, **more)
    work = work_as(town.CHECKER, at=town.NEXT_YEAR)

    charged = amortising.run(
        work, card.id, "2026-12", lambda *asked: revenues.by_month(session, *asked)
    )

    assert sum(charge.fen for charge in charged) == card.amortised_fen == 30_000
    assert order.state == "accepted"


def test_an_assets_pack_has_card_versions_product_contracts_and_entries(
    session: Session, work_as: WorkAs, product: Product, order: Order
) -> None:
    card = carded(work_as, product)
    small = town.valued(work_as, card)
    large = town.valued(work_as, card, report_no="2", content=b"%PDF-1.7" + bytes(2**20))
    session.flush()
    asked = Asked(about=About.ASSET, subject=card.id)

    pack, held, told = packed(work_as("per_developer_editor", at=town.NEXT_YEAR), asked)
    _, seen, overseen = packed(work_as("per_exchange_auditor", at=town.NEXT_YEAR), asked)

    assert (told.findings, overseen.findings) == ((), ())
    assert pack.title == f"{card.code} {card.name}"
    contract = f"contracts/{order.contract_id}/text.txt"
    assert {"asset/card.json", "asset/version-001.json", "asset/movements.json", "revenue.json",
            "product/product.json", contract} <= set(held)  # fmt: skip
    assert held[f"valuations/{small.id}.pdf"] == b"%PDF-1.7"
    assert f"valuations/{large.id}.pdf" not in held
    assert json.loads(held[f"valuations/{large.id}.json"])["digest"] == large.digest
    assert told.entries == 1
    assert json.loads(held["revenue.json"])["fen_by_month"] == revenues.by_month(
        session, card, "2026-07", "2026-12"
    )
    assert set(seen) == set(held)


@pytest.mark.parametrize("product_id", [None, "prd_none"])
def test_an_asset_without_a_known_product_has_a_pack_all_the_same(
    work_as: WorkAs, product_id: str | None
) -> None:
    card = town.recognised(work_as, product_id=product_id)
    asked = Asked(about=About.ASSET, subject=card.id)

    _, held, told = packed(work_as("per_developer_editor", at=town.NEXT_YEAR), asked)

    assert (told.findings, "product/product.json" in held) == ((), False)


def test_the_product_of_somebody_else_brings_no_contracts_into_a_pack(
    work_as: WorkAs, product: Product, order: Order
) -> None:
    kind = Kind.INVENTORY
    buyer = work_as("per_buyer_editor", at=town.NEXT_YEAR)
    said = town.terms_of(kind, Form.PURCHASED, product_id=product.id)
    card = cards.draft(buyer, name="外购", kind=kind, form=Form.PURCHASED, said=said)
    buyer.session.flush()

    _, held, told = packed(buyer, Asked(about=About.ASSET, subject=card.id))

    assert told.findings == ()
    assert "product/product.json" in held
    assert not any(path.startswith(("contracts/", "ledger/")) for path in held)
    assert order.seller_id == product.owner_id


def test_more_orders_ask_the_database_no_more_often(
    session: Session, work_as: WorkAs, product: Product, order: Order, selects: list[str]
) -> None:
    card = carded(work_as, product)
    asked = Asked(about=About.ASSET, subject=card.id)

    def asks() -> int:
        session.flush()
        session.expire_all()
        selects.clear()
        packed(work_as("per_developer_editor", at=town.NEXT_YEAR), asked)
        return len(selects)

    once = asks()
    for _ in range(3):
        make.signed(session, product)

    assert asks() <= once
    assert order.state == "accepted"


def test_what_is_asked_for_at_the_console_is_read() -> None:
    assert making.read("ord_1") == Asked(about=About.ORDER, subject="ord_1")
    assert making.read("ast_1").about is About.ASSET
    assert making.read("dea_1").about is About.DEAL
    days = making.read("2026-07-01..2026-07-31")
    assert (days.about, days.last_on) == (About.PERIOD, date(2026, 7, 31))
    for wrong in ("x", "2026..07", "pay_1"):
        with pytest.raises(Invalid):
            making.read(wrong)
