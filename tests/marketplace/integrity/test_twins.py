"""The same bytes at a related seller, and vouchers that come home, found in the database."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session

from kernel.db import Base
from kernel.money import Money
from kernel.parties import relations
from kernel.parties.relations import Kind, Other
from marketplace import products
from marketplace.integrity import clues, facts
from marketplace.integrity.rules import Trade
from marketplace.products import Product
from settlement.vouchers import batches
from settlement.vouchers.rows import State, Voucher
from tests import cast
from tests.conftest import work_of
from tests.marketplace import make
from tests.marketplace.counting import watched


def _table(name: str) -> Table:
    return Base.metadata.tables[name]


def _dataset(session: Session, owner: str) -> str:
    """Let a firm have loaded a file: the same bytes for everybody."""
    name = f"dts_{owner}"
    told: dict[str, Any] = {
        "id": f"dsv_{owner}", "dataset_id": name, "number": 1, "delta_version": 0,
        "upload_id": None, "format": "csv", "size_bytes": 9, "sha256": "ab" * 32, "row_count": 1,
        "columns": [{"name": "station"}, {"name": "rain"}],
        "grade": "G1", "pi_class": "none", "profile": {}, "sample": make.content()["sample"],
        "loaded_at": watched.DAY,
    }  # fmt: skip
    session.execute(_table("datasets").insert().values(
        id=name, owner_id=owner, title=owner, made_at=watched.DAY))  # fmt: skip
    session.execute(_table("dataset_versions").insert().values(**told))
    return str(told["id"])


def _trade(session: Session, product: Product | None = None) -> Trade:
    order = watched.accepted(session, make.paid(session, product))
    found = facts.trade(session, order.id)
    assert found is not None
    return found


def test_a_voucher_of_the_sellers_own_house_is_seen(session: Session) -> None:
    one = _trade(session)
    session.execute(_table("voucher_batches").insert().values(**{
        **dict.fromkeys(("budget_minor", "face_minor", "order_max_minor", "year_max_minor"), 900),
        **dict.fromkeys(("budget_currency", "face_currency", "order_max_currency",
                         "year_max_currency"), "CNY"),
        "id": "vob_1", "sponsor_id": "org_developer", "state": "open", "version": 1,
        "title_zh": "券", "title_en": "voucher", "doc_no": "1", "deduct_bp": 1000, "roles": [],
        "regions": [], "product_types": [], "valid_from": watched.DAY.date(),
        "valid_to": watched.DAY.date(), "advanced": False, "maker": "per_a",
        "drafted_at": watched.DAY, "checker": "per_b", "opened_at": watched.DAY,
    }))  # fmt: skip
    session.add(Voucher(
        id="vou_1", state=State.LOCKED, code="V1", batch_id="vob_1", holder_id="org_buyer",
        face=Money(900), used=Money(500), valid_to=watched.DAY.date(), order_id=one.order_id,
        used_year=2026, issued_by="per_a", issued_at=watched.DAY, redeemed_by=None,
        redeemed_at=None, evidence=None, bank_line_id=None,
    ))  # fmt: skip
    session.flush()

    assert batches.find(session, "vob_1").sponsor_id == "org_developer"
    assert clues.voucher(session, one) == (500, True, [])


def _listed(session: Session, owner: str, editor: str) -> Product:
    said = make.content(dataset_version_id=_dataset(session, owner))
    made = products.create(work_of(session, editor), **said)
    make.reviewed(session, made, by=editor)
    return products.take(watched.by(session), made.id, "list")


def test_the_same_bytes_are_a_twin_once_a_related_seller_has_sold_them(session: Session) -> None:
    one = _trade(session, _listed(session, "org_developer", "per_developer_editor"))
    theirs = _listed(session, "org_other", "per_other_editor")
    order = make.placed(session, theirs)
    session.flush()
    assert clues.twins(session, one) == []  # of a stranger, and not sold

    officer = watched.by(session, "per_exchange_compliance")
    other = Other(name="演示·他司", uscc=cast.ORGANISATIONS["org_other"][0])
    relations.declare(officer, "org_developer", Kind.SAME_GROUP, other, since=watched.DAY.date())
    session.flush()
    assert clues.twins(session, one) == []  # of a relative, and not sold

    order.accepted_at = watched.DAY
    session.flush()
    assert [(twin.product_id, twin.merchant_id) for twin in clues.twins(session, one)] == [
        (theirs.id, "org_other")
    ]
