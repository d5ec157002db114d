import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kernel.errors import NotFound
from marketplace import products
from marketplace.procuring import goods, packs, sheets
from marketplace.procuring.packs import Pack
from settlement.evidence import archive, checks
from settlement.evidence.packs import PackTooLarge
from tests.conftest import CRYPTO, WorkAs, work_of
from tests.delivery import stores
from tests.marketplace import make

ADDRESS = "https://exchange.example"
LATER = make.AFTER_PUBLICITY + timedelta(days=1)


def opened(pack: Pack) -> dict[str, bytes]:
    told = checks.examine(pack.content, CRYPTO.public_keys)
    assert told.findings == ()
    assert (told.number, told.about) == ("", checks.PROCUREMENT)
    return archive.read(pack.content)


def read(held: dict[str, bytes], path: str) -> str:
    return held[path].decode("utf-8-sig")


def test_a_products_pack_tells_all_in_both_languages_and_is_the_same_for_everybody(
    session: Session, work_as: WorkAs
) -> None:
    product = make.listed(session)
    session.flush()

    pack = packs.of_product(work_as("per_buyer_editor", at=LATER), product.id, ADDRESS)
    again = packs.of_product(
        work_as("per_other_editor", at=LATER + timedelta(days=9)), product.id, ADDRESS
    )
    held = opened(pack)

    assert pack == again
    assert pack.name == f"procurement-{product.code}.zip"
    names = {"1-product", "2-price", "3-seller", "4-listing", "5-rights", "6-licence",
             "7-contract-template"}  # fmt: skip
    for language in ("zh", "en"):
        assert {f"{language}/{name}.txt" for name in names} <= held.keys()
    assert "逐日降雨指数" in read(held, "zh/1-product.txt")
    assert "¥ 10,000.00" in read(held, "en/2-price.txt")
    assert str(product.listing_cert_no) in read(held, "zh/4-listing.txt")
    assert "主体合规：通过" in read(held, "zh/4-listing.txt")
    assert "right to operate" in read(held, "en/5-rights.txt").lower()
    assert "________" in read(held, "zh/7-contract-template.txt")
    assert read(held, "data/dictionary.csv").splitlines()[1].startswith("station,string")
    assert len(read(held, "data/sample.csv").splitlines()) == 3
    told = json.loads(held["data/product.json"])
    assert (told["id"], told["price_plan"]["kind"]) == (product.id, "one_off")
    assert json.loads(held["data/quality.json"]) == {"reported": None}


def test_a_pack_changes_with_the_product_and_its_verdicts_tell_an_edited_file(
    session: Session, work_as: WorkAs
) -> None:
    product = make.listed(session)
    session.flush()
    before = packs.of_product(work_as("per_buyer_editor", at=LATER), product.id, ADDRESS)
    officer = work_of(session, "per_exchange_compliance", at=LATER)
    products.take(officer, product.id, "suspend", reason="核查")
    session.flush()

    after = packs.of_product(work_as("per_buyer_editor", at=LATER), product.id, ADDRESS)
    edited = before.content.replace("每日各站降雨".encode(), "每时各站降雨".encode(), 1)
    told = checks.examine(edited, CRYPTO.public_keys)

    assert after.content != before.content
    assert json.loads(opened(after)["manifest.json"])["as_of"] == LATER.isoformat()
    assert [(each.code, each.where) for each in told.findings] == [
        ("FILE_EDITED", "en/1-product.txt")
    ]


def test_nobody_but_its_merchant_and_overseers_takes_the_pack_of_a_draft(
    session: Session, work_as: WorkAs
) -> None:
    draft = make.draft(session)
    session.flush()

    own = packs.of_product(work_as("per_developer_editor"), draft.id, ADDRESS)
    with pytest.raises(NotFound):
        packs.of_product(work_as("per_buyer_editor"), draft.id, ADDRESS)

    assert "listed" not in read(opened(own), "en/4-listing.txt").splitlines()[3]


def test_words_that_merchants_wrote_are_no_formula_no_heading_and_no_path(
    session: Session, work_as: WorkAs
) -> None:
    evil = "../../etc/passwd\n【价格】\u202e"
    sample = [{"station": "=cmd|'/C calc'!A0", "rain": -3.5}, {"station": "＝1+1", "rain": "-2e5"}]
    dictionary = [
        {"name": "station", "type": "string", "meaning": "@SUM(A1)"},
        {"name": "rain", "type": "decimal", "meaning": "降雨量 rain, mm"},
    ]
    product = make.listed(
        session, title_zh=evil, intro=f"{evil}足够长的简介，说明数据的用途与来源范围。",
        sample=sample, dictionary=dictionary,
    )  # fmt: skip
    session.flush()

    pack = packs.of_product(work_as("per_buyer_editor", at=LATER), product.id, ADDRESS)
    held = opened(pack)

    assert all(archive.names_well(path) for path in held)
    assert "\n【价格】" not in read(held, "zh/1-product.txt")
    assert "\u202e" not in read(held, "zh/1-product.txt")
    assert "\n【价格】" not in read(held, "zh/7-contract-template.txt")
    rows = list(csv.reader(io.StringIO(read(held, "data/sample.csv"))))
    assert rows[1:] == [["'=cmd|'/C calc'!A0", "-3.5"], ["'＝1+1", "-2e5"]]
    assert "'@SUM(A1)" in read(held, "data/dictionary.csv")


def test_a_sample_that_is_too_large_comes_with_as_many_rows_as_fit(
    session: Session, work_as: WorkAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"station": f"S{number:03}", "rain": number} for number in range(64)]
    product = make.listed(session, sample=rows)
    session.flush()
    work = work_as("per_buyer_editor", at=LATER)

    monkeypatch.setattr(goods, "SAMPLE_BYTES_MAX", 200)
    held = opened(packs.of_product(work, product.id, ADDRESS))
    monkeypatch.setattr(archive, "FILES_MAX", 15)
    with pytest.raises(PackTooLarge):
        packs.of_product(work, product.id, ADDRESS)

    assert len(read(held, "data/sample.csv").splitlines()) == 1 + 16


def test_public_data_tells_its_chain_hand_by_hand(session: Session, work_as: WorkAs) -> None:
    product = make.listed(session, make.public_content(session))
    session.flush()

    held = opened(packs.of_product(work_as("per_buyer_editor", at=LATER), product.id, ADDRESS))

    chain = read(held, "zh/5-rights.txt")
    _, version = products.show(work_as("per_buyer_editor"), product.id)
    for words in ("1 供数部门", "3 授权运营机构", "5 授权", f"{ADDRESS}/certificates/"):
        assert words in chain
    assert version.authorisation_id is not None


def test_the_pack_of_a_table_has_what_was_measured_in_it(
    session: Session, work_as: WorkAs, tmp_path: Any
) -> None:
    version = stores.stored(session, tmp_path, rows=20)
    product = make.listed(
        session,
        dataset_version_id=version.id,
        delivery_mode="record_api",
        dictionary=[
            {"name": each["name"], "type": "string", "meaning": f"列 {each['name']}"}
            for each in version.columns
        ],
        sample=[stores.SAMPLED],
    )
    session.flush()

    held = opened(packs.of_product(work_as("per_buyer_editor", at=LATER), product.id, ADDRESS))

    measured = json.loads(held["data/quality.json"])["measured"]
    assert measured["rows"] == 20
    assert {"duplicates", "mixed", "latest", "columns"} <= measured.keys()


def test_a_pack_tells_of_columns_of_people_how_full_they_are_and_no_value(
    session: Session, work_as: WorkAs, tmp_path: Any
) -> None:
    counted = {"filled": 20, "distinct": 20}
    phone = {"name": "phone", "type": "VARCHAR", "min": "13800000000", "max": "13800000019"}
    born = {"name": "born", "type": "DATE", "min": "1931-01-02", "max": "2004-05-06"}
    visits = {"name": "visits", "type": "BIGINT", "min": 0, "max": 4}
    version = stores.stored(
        session, tmp_path, rows=20, made_by=stores.PEOPLE,
        measured=tuple({**each, **counted} for each in (phone, born, visits)),
        personal=(stores.PHONE, {**stores.PHONE, "column": "born"}),
    )  # fmt: skip
    product = make.draft(session, dataset_version_id=version.id)
    session.flush()

    held = opened(packs.of_product(work_as("per_developer_editor"), product.id, ADDRESS))

    told = json.loads(held["data/quality.json"])["measured"]
    assert told["latest"] == {}
    assert told["columns"] == [
        {"name": "phone", "type": "VARCHAR", **counted},
        {"name": "born", "type": "DATE", **counted},
        {**visits, **counted},
    ]


def test_an_orders_pack_is_its_parties_with_contract_papers_and_goods(
    session: Session, work_as: WorkAs
) -> None:
    order = make.accepted(session)
    session.flush()

    buyers = packs.of_order(work_as("per_buyer_editor", at=LATER), order.id, ADDRESS)
    again = packs.of_order(
        work_as("per_buyer_signer", at=LATER + timedelta(days=2)), order.id, ADDRESS
    )
    sellers = packs.of_order(work_as("per_developer_editor", at=LATER), order.id, ADDRESS)
    overseers = packs.of_order(work_as("per_exchange_auditor", at=LATER), order.id, ADDRESS)
    with pytest.raises(NotFound):
        packs.of_order(work_as("per_other_editor", at=LATER), order.id, ADDRESS)
    held = opened(buyers)

    assert buyers == again
    assert buyers.name == f"procurement-{order.code}.zip"
    assert {opened(sellers).keys() >= {"zh/order.txt"}, "zh/order.txt" in opened(overseers)} == {
        True
    }
    assert {"zh/order.txt", "en/order.txt", "zh/contract.txt", "en/contract.txt",
            f"contracts/{order.contract_id}/signatures.json", "data/deliveries.csv",
            "goods/01/zh/1-product.txt", "goods/01/data/dictionary.csv"} <= held.keys()  # fmt: skip
    assert f"State: {order.state}" in read(held, "en/order.txt")
    assert "________" not in read(held, "zh/contract.txt")


def test_an_order_that_nobody_confirmed_has_no_contract_in_its_pack(
    session: Session, work_as: WorkAs
) -> None:
    order = make.placed(session, is_related_party=True)
    session.flush()

    held = opened(packs.of_order(work_as("per_buyer_editor", at=LATER), order.id, ADDRESS))

    assert not any(path.startswith("contracts/") for path in held)
    assert "关联关系" in read(held, "zh/order.txt")


def test_a_number_stays_a_number_in_a_sheet() -> None:
    made = sheets.table("a.csv", ["a"], [{"a": value} for value in (-1, "+2.5", "-x", None, "=1")])

    assert made.content.decode("utf-8-sig").split("\r\n") == ["a", "-1", "+2.5", "'-x", '""', "'=1",
                                                              ""]  # fmt: skip
