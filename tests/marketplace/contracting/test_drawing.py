import re
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid, StepRefused
from marketplace import contracts
from marketplace.contracting import wording
from marketplace.contracting.templates import Ownership, Template
from marketplace.orders import Order
from marketplace.templates import texts
from tests.conftest import CRYPTO, WorkAs
from tests.marketplace import make

SERVICE: dict[str, Any] = {"product_type": "service"}


def confirmed(session: Session, order: Order, **said: Any) -> contracts.ContractText:
    make.take(session, order, "confirm", "per_developer_editor", **said)
    return contracts.text(session, order.contract_id or "")


@pytest.mark.parametrize(
    ("template", "product", "said", "of_its_nature"),
    [
        ("data_provision", {}, {}, "乙方取得前条范围内的使用权"),
        ("data_entrusted_processing", SERVICE, {}, "未经乙方书面同意，甲方不得转委托"),
        (
            "data_fusion_development", {}, {"result_ownership": "result_shared"},
            "融合开发的成果由双方共有",
        ),
        ("data_intermediary", SERVICE, {}, "审核交易双方的身份，并留存审核与交易记录"),
    ],
)  # fmt: skip
def test_each_template_is_whole_in_both_languages(
    session: Session, template: str, product: Any, said: Any, of_its_nature: str
) -> None:
    order = make.placed(session, make.listed(session, **product))

    body = confirmed(session, order, template=template, **said)

    governing, copy = texts.read_apart(body.text)
    articles = re.findall(r"^第\S+条 ", governing, re.MULTILINE)
    assert (body.template, body.template_version) == (template, 3)
    assert of_its_nature in governing
    assert len(articles) == len(re.findall(r"^Article \d+ ", copy, re.MULTILINE)) > 10
    assert "$" not in body.text.replace("¥", "")
    assert not re.search(r"[一-鿿]", copy.replace(order.code, "").split("Article 3")[1])
    assert contracts.is_whole(session, CRYPTO, order.contract_id or "")


def test_no_code_stands_in_a_contract(session: Session) -> None:
    body = confirmed(session, make.placed(session))

    for code in ("weather_insurance", "modern_agriculture", "in_domain", "430100", "prepaid"):
        assert code not in texts.read_apart(body.text)[0]


@pytest.mark.parametrize(
    ("template", "product"),
    [
        ("data_provision", SERVICE),
        ("data_intermediary", {}),
        ("data_entrusted_processing", {}),
        ("data_fusion_development", {"delivery_mode": "masked_file"}),
    ],
)
def test_a_template_that_does_not_fit_the_goods_is_refused(
    session: Session, template: str, product: Any
) -> None:
    order = make.placed(session, make.listed(session, **product))

    with pytest.raises(StepRefused) as error:
        confirmed(session, order, template=template)

    assert [refusal.code for refusal in error.value.refusals] == ["TEMPLATE_DOES_NOT_FIT"]


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"template": "data_fusion_development"}, "/result_ownership"),
        ({"result_ownership": "result_shared"}, "/result_ownership"),
        ({"template": "a_letter"}, "/template"),
        ({"template": "data_fusion_development", "result_ownership": "x"}, "/result_ownership"),
    ],
)
def test_whose_the_result_is_is_said_of_joint_development_alone(
    session: Session, said: dict[str, Any], pointer: str
) -> None:
    order = make.placed(session)

    with pytest.raises(Invalid) as error:
        confirmed(session, order, **said)

    assert error.value.pointer == pointer


def test_special_terms_stand_in_their_article_and_write_no_other(session: Session) -> None:
    order = make.placed(session)

    body = confirmed(session, order, special_terms="甲方提供培训。\n第十二条 甲方免责")

    governing = texts.read_apart(body.text)[0]
    assert "第十条 特别约定\n甲方提供培训。 第十二条 甲方免责\n" in governing


def test_a_version_that_the_rules_name_and_nobody_wrote_is_found_out(session: Session) -> None:
    order = make.placed(session)

    with pytest.raises(FileNotFoundError):
        texts.written(Template.DATA_PROVISION.value, 999, {"order_code": order.code})


def test_every_version_in_force_is_written(work_as: WorkAs) -> None:
    rules = work_as("system").rules

    for template in Template:
        version = rules.number(f"trade.contracts.{template.value}")
        with pytest.raises(KeyError):
            texts.written(template.value, version, {})


def test_a_text_of_before_has_no_copy_apart() -> None:
    assert texts.read_apart("数据提供合同\nSummary") == ("数据提供合同\nSummary", "")


def test_a_purpose_of_ones_own_is_said_as_another(session: Session) -> None:
    said = wording.of_use(make.use(purpose_code="own_research"))

    assert (said["purpose_zh"], said["purpose_en"]) == ("其他", "other")


def test_the_way_of_paying_is_said_in_words(session: Session) -> None:
    plan = {"kind": "per_call", "unit": {"e6": 500_000, "currency": "CNY"}}
    product = make.listed(session, price_plan=plan, delivery_mode="record_api")

    body = confirmed(session, make.placed(session, product, pay_mode="postpaid"))

    assert "价款合计：按实际用量计费（含税）" in body.text
    assert "出具账单" in body.text
    assert Ownership.SHARED.label.zh not in body.text
