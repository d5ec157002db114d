from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel.errors import NotFound, StepNotAllowed, StepRefused
from licensing import signatures
from marketplace import contracts
from marketplace.contracts import Contract, State
from tests.conftest import CRYPTO, WorkAs
from tests.marketplace import make


def drawn_up(session: Session) -> Contract:
    order = make.confirmed(session)
    return contracts.find(session, order.contract_id or "")


def test_a_contract_names_both_parties_the_data_and_the_price(session: Session) -> None:
    body = contracts.text(session, drawn_up(session).id)

    for said in (
        "演示·枫香科技（统一社会信用代码 91430104MAA00003XP）",
        "演示·保险公司（统一社会信用代码 9144030071526726XG）",
        "（1）逐日降雨指数（数据集，第 1 版）：¥ 10,000.00 / 一次性，数量 1，CNY 10,000.00",
        "(1) Daily rain index (data set, version 1): ¥ 10,000.00 / one-off, quantity 1",
        "应用领域为现代农业，用途为气象保险，使用区域为长沙市",
        "交付方式：域内查询与隐私计算（域内查询）",
        "CNY 10,000.00（壹万元整）（含税）",
        "5 个工作日内补充交付一次",
        "7 个自然日内验收",
        "from 2026-07-20 to 2026-12-31",
    ):
        assert said in body.text
    assert "$" not in body.text
    assert (body.template, body.template_version) == ("data_provision", 3)
    assert body.text_digest == CRYPTO.digest(body.text.encode())


def test_both_parties_sign_the_same_text(session: Session, work_as: WorkAs) -> None:
    contract = drawn_up(session)

    contracts.sign(work_as("per_buyer_signer"), contract.id)
    half = contract.state
    contracts.sign(work_as("per_developer_signer"), contract.id)

    digest = contracts.text(session, contract.id).text_digest
    signed = signatures.of(session, contract.id)
    assert (half, contract.state) == (State.HALF_SIGNED, State.SIGNED)
    assert contract.signed_at == work_as("per_buyer_signer").now
    assert {signature.organisation_id for signature in signed} == {"org_buyer", "org_developer"}
    assert {signature.text_digest for signature in signed} == {digest}
    assert contracts.is_whole(session, CRYPTO, contract.id)


def test_an_organisation_signs_once(session: Session, work_as: WorkAs) -> None:
    contract = drawn_up(session)
    contracts.sign(work_as("per_buyer_signer"), contract.id)

    with pytest.raises(StepRefused) as error:
        contracts.sign(work_as("per_buyer_signer"), contract.id)

    codes = [refusal.code for refusal in error.value.refusals]
    assert codes == ["ALREADY_SIGNED", "FOUR_EYES"]


def test_one_person_does_not_sign_for_both(session: Session, work_as: WorkAs) -> None:
    contract = drawn_up(session)
    buyer, seller = work_as("per_buyer_signer"), work_as("per_developer_signer")
    contracts.sign(buyer, contract.id)
    same_person = replace(seller, actor=replace(seller.actor, person=buyer.actor.person))

    with pytest.raises(StepRefused) as error:
        contracts.sign(same_person, contract.id)

    assert [refusal.code for refusal in error.value.refusals] == ["FOUR_EYES"]


def test_only_signers_sign(session: Session, work_as: WorkAs) -> None:
    contract = drawn_up(session)

    with pytest.raises(StepNotAllowed, match="signer"):
        contracts.sign(work_as("per_buyer_editor"), contract.id)


def test_a_strangers_contract_is_answered_like_none(session: Session, work_as: WorkAs) -> None:
    contract = drawn_up(session)

    with pytest.raises(NotFound) as hidden:
        contracts.seen(work_as("per_other_editor"), contract.id)
    with pytest.raises(NotFound) as missing:
        contracts.find(session, "con_none")

    assert hidden.value.en.replace(contract.id, "con_none") == missing.value.en
    assert contracts.seen(work_as("per_exchange_auditor"), contract.id) is contract


def test_a_text_never_changes(session: Session) -> None:
    contract = drawn_up(session)
    session.commit()

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(
            text("UPDATE contract_texts SET text = 'x' WHERE contract_id = :id"),
            {"id": contract.id},
        )


def test_a_voided_contract_is_not_signed(session: Session, work_as: WorkAs) -> None:
    contract = drawn_up(session)
    contracts.void(work_as("system"), contract.id)

    with pytest.raises(StepRefused) as error:
        contracts.sign(work_as("per_buyer_signer"), contract.id)

    assert [refusal.code for refusal in error.value.refusals] == ["ILLEGAL_TRANSITION"]
