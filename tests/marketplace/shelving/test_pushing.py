from typing import Any

import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid, StepNotAllowed
from kernel.parties import organisations
from marketplace import products, versions
from marketplace.products import State
from marketplace.shelving import amendments, files, pulling, pushing, verdicts
from marketplace.shelving.problems import Plan
from marketplace.shelving.verdicts import Verdict
from tests.conftest import NOON, WorkAs, work_of
from tests.marketplace import make
from tests.marketplace.shelving import sheet

MERCHANT = "per_developer_editor"


def tried(session: Session, rows: list[dict[str, Any]], at: Any = NOON) -> list[Verdict]:
    work = work_of(session, MERCHANT, at=at)
    return verdicts.judged(work, files.read(work, "a.csv", sheet.written(rows)))


def push(session: Session, rows: list[dict[str, Any]], at: Any = NOON) -> list[pushing.Outcome]:
    return pushing.push(work_of(session, MERCHANT, at=at), tried(session, rows, at))


def plans(found: Any) -> list[str]:
    return [each.plan.value for each in found]


def listed(session: Session, **changes: Any) -> str:
    made = products.create(work_of(session, MERCHANT), "MET0001", **make.content(**changes))
    session.flush()
    make.reviewed(session, made)
    products.take(work_of(session, "system", at=make.AFTER_PUBLICITY), made.id, "list")
    return made.id


def test_a_dry_run_writes_nothing(session: Session) -> None:
    told = tried(session, [sheet.row(1), sheet.row(2)])

    assert plans(told) == ["new", "new"]
    assert products.own(work_of(session, MERCHANT), after=None, limit=9).items == []


def test_rows_become_products_under_review(session: Session) -> None:
    done = push(session, [sheet.row(1), sheet.row(2)])

    found = [products.find(session, each.product_id or "") for each in done]
    assert [(each.own_code, each.state) for each in found] == [
        ("MET0001", State.FORMAL_CHECK),
        ("MET0002", State.FORMAL_CHECK),
    ]


def test_the_same_file_again_does_nothing(session: Session) -> None:
    first = push(session, [sheet.row(1)])
    again = push(session, [sheet.row(1), sheet.row(2)])

    assert plans(again) == ["same", "new"]
    assert again[0].product_id == first[0].product_id


def test_what_bars_a_row_is_told_with_rule_and_fix(session: Session) -> None:
    told = tried(
        session,
        [
            sheet.row(1, price="面议"),
            sheet.row(2, sample=""),
            sheet.row(3, dictionary="", sample=""),
            sheet.row(4, update_frequency=""),
        ],
    )

    assert [[(one.rule, one.column, one.code) for one in each.problems] for each in told] == [
        [("L-01", "price_plan", "PRICE_NOT_ACTIONABLE")],
        [("L-03", "sample", "SAMPLE_MISSING")],
        [("L-02", "dictionary", "DICTIONARY_MISSING"), ("L-03", "sample", "SAMPLE_MISSING")],
        [("L-04", "update_frequency", "FREQUENCY_MISSING")],
    ]
    assert all(one.fix.zh and one.fix.en for each in told for one in each.problems)
    assert plans(told) == ["barred"] * 4


def test_a_barred_row_does_not_hold_up_the_others(session: Session) -> None:
    done = push(session, [sheet.row(1, price="面议"), sheet.row(2)])

    assert plans(done) == ["barred", "new"]
    assert done[0].product_id is None


def test_a_code_stands_on_one_row_only(session: Session) -> None:
    told = tried(session, [sheet.row(1), sheet.row(1, title_zh="另一个")])

    assert plans(told) == ["new", "barred"]
    assert told[1].problems[0].code == "DUPLICATE"


def test_what_the_domain_refuses_is_told_at_its_column(session: Session) -> None:
    told = tried(
        session,
        [
            sheet.row(1, accept_days="99"),
            sheet.row(2, dataset_version_id="dsv_none"),
            sheet.row(3, source_kind="public_authorised"),
        ],
    )

    assert [each.problems[0].column for each in told] == [
        "accept_days", "dataset_version_id", "authorisation_id",
    ]  # fmt: skip
    assert {each.problems[0].rule for each in told} == {"F-11"}


def test_a_draft_is_revised_and_submitted(session: Session, work_as: WorkAs) -> None:
    made = products.create(work_as(MERCHANT), "MET0001", **make.content())
    session.flush()

    done = push(session, [sheet.row(1)])

    assert plans(done) == ["revised"]
    assert made.state == State.FORMAL_CHECK
    assert versions.find(session, made.current_version_id).title_zh == "站点 1 逐日降雨"


def test_an_unchanged_draft_is_submitted(session: Session, work_as: WorkAs) -> None:
    push(session, [sheet.row(1)])
    product_id = tried(session, [sheet.row(1)])[0].product_id or ""
    products.take(work_as("per_exchange_listing"), product_id, "return", reason="样例不清楚")

    assert plans(push(session, [sheet.row(1)])) == ["submitted"]


def test_what_is_under_review_waits(session: Session) -> None:
    push(session, [sheet.row(1)])

    told = tried(session, [sheet.row(1, title_zh="别的名称")])

    assert [each.code for each in told[0].problems] == ["NOT_NOW"]


def test_what_has_ended_needs_a_new_code(session: Session, work_as: WorkAs) -> None:
    product_id = push(session, [sheet.row(1)])[0].product_id or ""
    products.take(work_as(MERCHANT), product_id, "withdraw", reason="不再上架")

    told = tried(session, [sheet.row(1, title_zh="别的名称")])

    assert [each.code for each in told[0].problems] == ["NOT_NOW"]


def test_a_listed_product_gets_a_further_version(session: Session) -> None:
    product_id = listed(session)
    said = pulling.pulled(work_of(session, MERCHANT), "csv").encode()
    work = work_of(session, MERCHANT, at=make.AFTER_PUBLICITY)
    rows = files.read(work, "a.csv", said)
    cheaper = [type(rows[0])(2, {**rows[0].cells, "price_plan": "", "price": "9000"})]
    dearer = [type(rows[0])(2, {**rows[0].cells, "price_plan": "", "price": "90000"})]

    same, minor, major = (verdicts.judged(work, each)[0] for each in (rows, cheaper, dearer))
    pushing.push(work, [minor])

    assert plans([same, minor, major]) == ["same", "minor", "major"]
    going = amendments.under_way(session, product_id)
    assert going is not None
    assert going.state == amendments.State.CHECK


def test_a_row_that_is_refused_meanwhile_is_told(session: Session, work_as: WorkAs) -> None:
    told = tried(session, [sheet.row(1)])
    organisations.find(session, "org_developer").state = organisations.State.RESTRICTED

    (done,) = pushing.push(work_as(MERCHANT), told)

    assert done.plan == Plan.BARRED
    assert done.problems[0].code == "ORGANISATION_NOT_ACTIVE"


def test_a_data_set_fills_what_a_row_leaves_empty(session: Session) -> None:
    version = sheet.dataset(session)
    row = sheet.row(
        1, dataset_version_id=version.id, dictionary="station:站点;day:日期;rain:降雨量", sample="",
        temporal_from="", temporal_to="", grade="", delivery_mode="",
    )  # fmt: skip

    (told,) = tried(session, [row])

    assert told.problems == ()
    assert told.content is not None
    assert told.content["sample"] == version.sample
    assert [each["type"] for each in told.content["dictionary"]] == ["string", "date", "decimal"]
    assert str(told.content["temporal_from"]) == "2013-03-01"


@pytest.mark.parametrize("kind", pulling.FORMATS)
def test_what_is_pulled_can_be_pushed_again(session: Session, kind: pulling.Format) -> None:
    push(
        session,
        [sheet.row(1), sheet.row(2, intro="=每日各站降雨汇总指数，用于农业气象保险的理赔。")],
    )
    work = work_of(session, MERCHANT)

    text = pulling.pulled(work, kind)
    told = verdicts.judged(work, files.read(work, f"a.{kind}", text.encode()))

    assert sorted(each.code for each in told) == ["MET0001", "MET0002"]
    assert plans(told) == ["same", "same"], told[0].problems


def test_others_products_are_not_pulled(session: Session) -> None:
    push(session, [sheet.row(1)])

    assert "MET0001" not in pulling.pulled(work_of(session, "per_other_editor"), "csv")


def test_a_file_is_kept_once(session: Session, work_as: WorkAs) -> None:
    content = sheet.written([sheet.row(1)])
    first = files.hand_in(work_as(MERCHANT), "a.csv", content)
    session.flush()

    again = files.hand_in(work_as(MERCHANT), "a.csv", content)
    other = files.hand_in(work_as(MERCHANT), "b.csv", content)

    assert (again.id, first.rows) == (first.id, 1)
    assert other.id != first.id
    there = files.listed(work_as(MERCHANT), after=None, limit=9).items
    assert {each.name for each in there} == {"a.csv", "b.csv"}


def test_only_merchants_hand_in_what_can_be_read(work_as: WorkAs) -> None:
    with pytest.raises(StepNotAllowed):
        files.hand_in(work_as("per_buyer_editor"), "a.csv", b"code\n1\n")
    with pytest.raises(Invalid):
        files.hand_in(work_as(MERCHANT), "a.csv", b"")


def test_more_rows_than_the_rules_let_one_have_are_refused(work_as: WorkAs) -> None:
    content = b"code\n" + b"A\n" * 1001

    with pytest.raises(Invalid, match="at most 1000 rows"):
        files.hand_in(work_as(MERCHANT), "a.csv", content)
