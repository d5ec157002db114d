import dataclasses
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel import journal
from kernel.db import Base
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from licensing import agreements, operations, plans, signatures
from licensing.agreed import rows
from licensing.frame import editions
from licensing.frame.elements import FIXED
from licensing.operations import LIFE, OperationAgreement, State
from tests.conftest import CRYPTO, NOON, WorkAs, work_of
from tests.licensing import desk, frames

TODAY = date(2026, 7, 1)


@pytest.fixture
def code(session: Session) -> str:
    """Publish and register a directory of weather."""
    return desk.directory(session)


def refusal_codes(refused: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [each.code for each in refused.value.refusals]


def refusals(session: Session, agreement: OperationAgreement, name: str, person: str) -> list[str]:
    found = LIFE.refusals(name, agreement, work_of(session, person))
    return [each.code for each in found]


def test_an_operation_agreement_goes_its_whole_way(session: Session, code: str) -> None:
    agreement = frames.drafted(session, code)

    for name in frames.TO_EFFECT:
        assert operations.in_force(session, "org_operator", TODAY) == []
        frames.go(session, agreement, name)

    assert agreement.state == State.EFFECTIVE
    assert agreement.code == "OA-430000-2026-0001"
    assert operations.in_force(session, "org_operator", TODAY) == [agreement]
    assert operations.in_force(session, "org_operator", date(2031, 1, 1)) == []
    assert agreement.final_digest == rows.text_digest(agreement, CRYPTO)
    signed = signatures.of(session, agreement.id)
    assert {one.organisation_id for one in signed} == {"org_agency", "org_operator"}
    kinds = [event.kind for event in journal.history(session, agreement.id, limit=20)]
    assert kinds == [
        f"operation_agreement.{name}"
        for name in ("drafted", "decided", "negotiated", "finalised", "half_signed", "signed",
                     "letter_given", "filed")
    ]  # fmt: skip


def test_i_38_no_operation_before_signatures_letter_and_filing(session: Session, code: str) -> None:
    agreement = frames.drafted(session, code)
    frames.go(session, agreement, *frames.TO_EFFECT[:5])
    agreement.elements = {**agreement.elements, "breach": "nothing"}

    both = refusals(session, agreement, "file", "per_hub_officer")
    session.expire(agreement)
    session.commit()

    assert both == ["SIGNATURE_MISSING", "LETTER_MISSING"]
    for missing in ("letter_digest", "final_digest", "effective_at"):
        given = {"letter_digest": "'x'", "final_digest": "'x'", "effective_at": "'2026-07-01'"}
        given[missing] = "NULL"
        columns = ", ".join(f"{name} = {value}" for name, value in given.items())
        with pytest.raises(IntegrityError, match="effective_only_when_filed"):
            session.execute(text(f"UPDATE operation_agreements SET state = 'effective', {columns}"))
        session.rollback()


def test_i_35_an_operator_is_authorised_for_five_years_at_most(session: Session, code: str) -> None:
    agreement = frames.drafted(session, code, term_to=date(2031, 1, 1))
    frames.go(session, agreement, "decide", "negotiate")

    found = refusals(session, agreement, "finalise", "per_agency_officer")
    agreement.term_to = date(2030, 12, 31)

    assert found == ["TERM_NOT_PLANNED", "TERM_TOO_LONG"]
    assert refusals(session, agreement, "finalise", "per_agency_officer") == []


def test_i_36_no_agreement_can_say_exclusive_or_sub_authorise(session: Session, code: str) -> None:
    for table in ("operation_agreements", "supply_agreements", "implementation_plans"):
        columns = Base.metadata.tables[table].columns.keys()
        assert not {"exclusive", "sub_authorisation"} & set(columns)

    for word in ("exclusive", "sub_authorisation"):
        with pytest.raises(Invalid) as invalid:
            frames.drafted(session, code, elements={**frames.ELEMENTS, word: True})
        assert invalid.value.pointer == f"/elements/{word}"
        session.rollback()
        code = desk.directory(session)


def test_i_36_a_grantee_is_no_grantor(session: Session, code: str) -> None:
    agreement = frames.drafted(session, code)
    frames.go(session, agreement, "decide", "negotiate")
    moved = "UPDATE organisation_roles SET organisation_id = 'org_operator'"
    session.execute(text(f"{moved} WHERE organisation_id = 'org_agency'"))
    session.expire_all()

    late = refusals(session, session.get_one(OperationAgreement, agreement.id), "finalise",
                    "per_agency_officer")  # fmt: skip
    session.rollback()
    code = desk.directory(session)
    plan = frames.planned(session, code).id
    terms = frames.operation_terms(plan, *frames.whole(session, code), operator_id="org_agency")
    with pytest.raises(Invalid) as same:
        operations.draft(work_of(session, "per_agency_officer"), **terms)
    made = frames.frame(session, code)
    session.commit()

    assert late == ["GRANTEE_IS_GRANTOR"]
    assert same.value.pointer == "/operator_id"
    assert made.implementing_agency_id != made.operator_id
    with pytest.raises(IntegrityError, match="grantee_is_no_grantor"):
        session.execute(text("UPDATE operation_agreements SET operator_id = 'org_agency'"))
    session.rollback()


def test_it_carries_out_a_plan_in_force_and_stays_within_it(session: Session, code: str) -> None:
    agreement = frames.drafted(session, code)
    frames.go(session, agreement, "decide", "negotiate")
    plan = plans.find(session, agreement.plan_id)
    plan.modes, plan.resource_scope = ["overall"], ["CAT-ELSE"]
    plan.term_to = date(2029, 12, 31)

    beyond = LIFE.refusals("finalise", agreement, work_of(session, "per_agency_officer"))
    frames.plan_goes(session, frames.plan(session, code), "withdraw")
    plan.state = "superseded"
    none = refusals(session, agreement, "finalise", "per_agency_officer")

    assert [each.code for each in beyond] == ["MODE_NOT_PLANNED"]
    assert "the term goes beyond" in beyond[0].en
    assert f"directory {code} is not in the plan" in beyond[0].en
    assert none == ["PLAN_NOT_EFFECTIVE"]


@pytest.mark.parametrize("name", list(FIXED))
def test_every_element_is_written_before_the_text_is_final(
    session: Session, code: str, name: str
) -> None:
    left = {key: value for key, value in frames.ELEMENTS.items() if key != name}
    agreement = frames.drafted(session, code, elements=left)
    frames.go(session, agreement, "decide", "negotiate")

    found = LIFE.refusals("finalise", agreement, work_of(session, "per_agency_officer"))

    assert [each.code for each in found] == ["ELEMENTS_MISSING"]
    assert found[0].en == f"not written yet: {name}"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"mode": "exclusive"}, "/mode"),
    ({"purposes": ["mischief"]}, "/purposes/0"),
    ({"implementing_agency_id": "org_hub"}, "/implementing_agency_id"),
    ({"operator_id": "org_developer"}, "/operator_id"),
    ({"output_forms": ["raw_export"]}, "/output_forms"),
    ({"elements": {"breach": ""}}, "/elements/breach"),
    ({"elements": {"exit_handover": {**frames.ELEMENTS["exit_handover"],  # type: ignore[dict-item]  # the builder's dict is of objects
                                     "transition_days": 400}}},
     "/elements/exit_handover/transition_days"),
    ({"revenue": {"fiscal": 1, "operator": 1, "merchant": 1}}, "/revenue"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "pointer"), WRONG)
def test_a_term_that_cannot_be_meant_is_refused_where_it_stands(
    session: Session, code: str, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as invalid:
        frames.drafted(session, code, **changes)

    assert invalid.value.pointer == pointer


def test_one_of_its_parties_drafts_and_another_person_decides(session: Session, code: str) -> None:
    plan = frames.planned(session, code)
    terms = frames.operation_terms(plan.id, *frames.whole(session, code))
    made = operations.draft(work_of(session, "per_agency_approver"), **terms)
    session.flush()

    for person in ("per_developer_editor", "per_hub_supervisor", "per_agency_secretary"):
        with pytest.raises(StepNotAllowed):
            operations.draft(work_of(session, person), **terms)
    with pytest.raises(StepRefused) as own:
        frames.go(session, made, "decide")

    assert refusal_codes(own) == ["FOUR_EYES"]


def test_terms_may_change_until_they_are_final_but_not_beyond_the_decision(
    session: Session, code: str
) -> None:
    agreement = frames.drafted(session, code, regions=["430000"])
    officer = work_of(session, "per_agency_officer")
    whole = frames.whole(session, code)

    def terms(**changes: Any) -> Any:
        given = frames.operation_terms(agreement.plan_id, *whole, **changes)
        parties = ("implementing_agency_id", "operator_id", "plan_id")
        return {key: value for key, value in given.items() if key not in parties}

    operations.change(officer, agreement.id, **terms(regions=["430000", "110000"]))
    frames.go(session, agreement, "decide", "negotiate")
    operations.change(officer, agreement.id, **terms(regions=["430100"]))
    with pytest.raises(StepRefused) as wider:
        operations.change(officer, agreement.id, **terms(regions=["000000"]))
    with pytest.raises(StepNotAllowed):
        operations.change(work_of(session, "per_agency_secretary"), agreement.id, **terms())
    frames.go(session, agreement, "finalise")
    with pytest.raises(StepRefused) as late:
        operations.change(officer, agreement.id, **terms())

    assert refusal_codes(wider) == ["SCOPE_NOT_DECIDED"]
    assert refusal_codes(late) == ["ILLEGAL_TRANSITION"]
    assert agreement.scope["regions"] == ["430100"]


def test_its_scope_is_not_narrowed_away_from_what_stands_under_it(
    session: Session, code: str
) -> None:
    agreement = frames.effective(session, code)
    supply = desk.effective(session, code, operation_agreement_id=agreement.id)
    operator = work_of(session, "per_operator_signer")
    given = frames.operation_terms(agreement.plan_id, frames.item(code, "TEMP"))
    parties = ("implementing_agency_id", "operator_id", "plan_id")
    terms: Any = {key: value for key, value in given.items() if key not in parties}

    operations.amend(operator, agreement.id, reason="less", terms_as_they_will_be=terms)
    session.flush()
    with pytest.raises(StepRefused) as refused:
        frames.go(session, agreement, "agree")
    frames.go(session, agreement, "drop")
    desk.go(session, supply, "terminate")
    operations.amend(operator, agreement.id, reason="less", terms_as_they_will_be=terms)
    frames.go(session, agreement, "agree", "conclude")

    assert refusal_codes(refused) == ["SUPPLY_NOT_COVERED"]
    assert supply.code in refused.value.en
    assert (agreement.state, agreement.edition) == (State.EFFECTIVE, 2)
    texts = editions.editions(work_of(session, "system"), agreement.id)
    assert [each.number for each in texts] == [2, 1]
    assert [each.where for each in editions.differences(texts[1].body, texts[0].body)] == [
        "/scope/items", "/scope/items", "/scope_hash",
    ]  # fmt: skip


def test_with_the_operation_agreement_everything_under_it_stands_still(
    session: Session, code: str
) -> None:
    agreement = frames.effective(session, code)
    desk.effective(session, code, operation_agreement_id=agreement.id)
    wanted = [(code, "TEMP")]

    before = agreements.inactive(session, "org_operator", wanted, TODAY)
    frames.go(session, agreement, "suspend")
    suspended = agreements.inactive(session, "org_operator", wanted, TODAY)
    frames.go(session, agreement, "resume")
    resumed = agreements.inactive(session, "org_operator", wanted, TODAY)
    frames.go(session, agreement, "terminate")

    assert (before, suspended, resumed) == (False, True, False)
    assert agreements.inactive(session, "org_operator", wanted, TODAY)


def test_what_ends_is_handed_over_before_it_is_closed(session: Session, code: str) -> None:
    agreement = frames.effective(session, code)
    frames.go(session, agreement, "terminate")

    with pytest.raises(StepRefused) as early:
        frames.go(session, agreement, "close")
    frames.go(session, agreement, "hand_over", "close")

    assert refusal_codes(early) == ["HANDOVER_MISSING"]
    assert agreement.state == State.TERMINATED
    assert agreement.handover == {
        "destruction": frames.DIGEST, "keys": frames.DIGEST, "records": frames.DIGEST,
        "at": NOON.isoformat(), "by": "per_operator_signer",
    }  # fmt: skip


def test_an_agreement_ends_with_its_term(session: Session, code: str) -> None:
    agreement = frames.effective(session, code, term_to=date(2026, 7, 31))

    early = operations.expire_ended(work_of(session, "system", at=desk.days_later(30)), limit=9)
    after = operations.expire_ended(work_of(session, "system", at=desk.days_later(31)), limit=9)

    assert (early, after) == (0, 1)
    assert agreement.state == State.EXPIRED


def test_what_will_not_be_made_is_abandoned(session: Session, code: str) -> None:
    agreement = frames.drafted(session, code)

    frames.go(session, agreement, "abandon")

    assert agreement.state == State.TERMINATED


def test_a_draft_is_its_parties_own_and_the_rest_is_read_by_overseers_and_departments(
    session: Session, code: str, work_as: WorkAs
) -> None:
    agreement = frames.drafted(session, code)
    readers = ("per_agency_officer", "per_operator_editor", "per_hub_officer", "per_dept_editor",
               "per_buyer_editor")  # fmt: skip

    def seen(person: str) -> bool:
        try:
            operations.seen(work_as(person), agreement.id)
        except NotFound:
            return False
        return [each.id for each in operations.listed(work_as(person), limit=9).items] != []

    drafted = [seen(person) for person in readers]
    frames.go(session, agreement, "decide", "negotiate", "finalise")

    assert drafted == [True, True, False, False, False]
    assert [seen(person) for person in readers] == [True, True, True, True, False]
    hub = work_as("per_hub_officer")
    assert operations.listed(hub, state=State.EFFECTIVE, limit=9).items == []
    with pytest.raises(NotFound):
        operations.find(session, "opa_none")


def test_a_texts_edition_is_never_rewritten(session: Session, code: str) -> None:
    frames.effective(session, code)
    session.commit()

    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text("UPDATE agreement_editions SET number = 7"))


def test_the_letter_is_named_by_a_digest(session: Session, code: str) -> None:
    agreement = frames.drafted(session, code)
    frames.go(session, agreement, *frames.TO_EFFECT[:5])
    signer = work_of(session, "per_operator_signer")
    other = dataclasses.replace(signer, actor=work_of(session, "per_agency_approver").actor)

    with pytest.raises(Invalid):
        operations.give_letter(signer, agreement.id, digest="x")
    with pytest.raises(StepNotAllowed):
        operations.give_letter(other, agreement.id, digest=frames.DIGEST)
    given = operations.give_letter(signer, agreement.id, digest=frames.DIGEST)

    assert given.letter_digest == frames.DIGEST
