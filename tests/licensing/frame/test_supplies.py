import dataclasses
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalogue.contents import DataItem
from kernel import journal
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.work import Rules
from licensing import agreements, scope
from licensing.agreements import LIFE, State, SupplyAgreement
from licensing.applications import supplies
from licensing.exposures import OutputForm, RiskGrade
from licensing.frame import editions
from licensing.frame.elements import Permission
from licensing.scope import NothingInCommon
from tests.conftest import NOON, RULES, work_of
from tests.licensing import desk, frames

TODAY = date(2026, 7, 1)
RULE = {
    "purpose_codes": ["weather_insurance", "logistics"],
    "risk_max": "low",
    "output_forms": ["aggregate_report"],
}


@pytest.fixture
def code(session: Session) -> str:
    """Publish and register a directory of weather."""
    return desk.directory(session)


def refusal_codes(refused: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [each.code for each in refused.value.refusals]


def as_they_will_be(code: str, agreement: SupplyAgreement, **changes: Any) -> Any:
    """Return all terms of a supply agreement but its parties, with some changed."""
    given = desk.terms(code, operation_agreement_id=agreement.operation_agreement_id, **changes)
    parties = ("department_id", "operator_id", "industry")
    return {key: value for key, value in given.items() if key not in parties}


def finalising(session: Session, agreement: SupplyAgreement) -> list[str]:
    work = work_of(session, "per_operator_editor")
    return [each.code for each in LIFE.refusals("finalise", agreement, work)]


# --- under the agreement above it ----------------------------------------------------------


def test_i_26_a_supply_agreement_lies_within_its_operation_agreement(
    session: Session, code: str
) -> None:
    parent = frames.effective(session, code)
    parent.scope = {**parent.scope, "items": [], "regions": ["430000"],
                    "output_forms": ["aggregate_report"]}  # fmt: skip
    parent.elements = {**parent.elements, "purposes": ["logistics"]}
    session.flush()
    agreement = desk.drafted(session, code, operation_agreement_id=parent.id)
    desk.go(session, agreement, "decide", "negotiate")

    found = LIFE.refusals("finalise", agreement, work_of(session, "per_operator_editor"))

    assert [each.code for each in found] == ["SCOPE_NOT_COVERED"]
    for told in (f"item “{code}/RAIN”", f"item “{code}/TEMP”", "region “110000”",
                 "output form “score”", "purposes go beyond"):  # fmt: skip
        assert told in found[0].en
    assert len(agreements.misfits(agreement, parent)) == 5


def test_i_26_what_covers_an_authorisation_covers_no_more_than_the_parent(
    session: Session, code: str
) -> None:
    parent = frames.effective(session, code)
    desk.effective(session, code, operation_agreement_id=parent.id)

    allowed = agreements.covering(session, "org_operator", [(code, "TEMP")], TODAY)

    assert scope.fits(allowed, parent.allowed) == ()


def test_i_35_a_supply_agreement_lasts_no_longer_than_the_operation_agreement(
    session: Session, code: str
) -> None:
    parent = frames.effective(session, code, term_to=date(2028, 12, 31))
    agreement = desk.drafted(session, code, operation_agreement_id=parent.id)
    fitting = desk.drafted(
        session, code, operation_agreement_id=parent.id, term_to=date(2028, 12, 31)
    )
    desk.go(session, agreement, "decide", "negotiate")
    desk.go(session, fitting, "decide", "negotiate")

    assert finalising(session, agreement) == ["SCOPE_NOT_COVERED"]
    assert finalising(session, fitting) == []


def test_nothing_is_final_without_an_operation_agreement_in_force(
    session: Session, code: str
) -> None:
    none = desk.drafted(session, code, operation_agreement_id=None)
    desk.go(session, none, "decide", "negotiate")
    parent = frames.effective(session, code)
    under = desk.drafted(session, code, operation_agreement_id=parent.id)
    desk.go(session, under, "decide", "negotiate")

    without = finalising(session, none)
    frames.go(session, parent, "suspend")
    suspended = finalising(session, under)

    assert without == ["OPERATION_AGREEMENT_MISSING"]
    assert suspended == ["OPERATION_AGREEMENT_INACTIVE"]


def test_all_eight_outside_rights_are_answered_before_the_text_is_final(
    session: Session, code: str
) -> None:
    seven = frames.CHECKLIST[1:]
    applies = {"permission": frames.CHECKLIST[0]["permission"], "applies": True}
    answers: list[Any] = [seven, [*seven, applies],
                          [*seven, {**applies, "reference": "licence 7"}]]  # fmt: skip
    found = []

    for checklist in answers:
        agreement = desk.drafted(session, code, external_permission_checklist=checklist)
        desk.go(session, agreement, "decide", "negotiate")
        found.append(finalising(session, agreement))

    assert len(Permission) == 8
    assert found == [["CHECKLIST_INCOMPLETE"], ["CHECKLIST_INCOMPLETE"], []]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"supply_mode": "by_post"}, "/supply_mode"),
    ({"opinion_deadline_wd": 0}, "/opinion_deadline_wd"),
    ({"refresh": " "}, "/refresh"),
    ({"standing_consent_rules": [{**RULE, "risk_max": "high"}]},
     "/standing_consent_rules/0/risk_max"),
    ({"standing_consent_rules": [{**RULE, "risk_max": "none"}]},
     "/standing_consent_rules/0/risk_max"),
    ({"standing_consent_rules": [{**RULE, "output_forms": ["picture"]}]},
     "/standing_consent_rules/0/output_forms/0"),
    ({"standing_consent_rules": [{**RULE, "output_forms": []}]},
     "/standing_consent_rules/0/output_forms"),
    ({"external_permission_checklist": [{"permission": "luck", "applies": False}]},
     "/external_permission_checklist/0/permission"),
    ({"external_permission_checklist": [*frames.CHECKLIST, frames.CHECKLIST[0]]},
     "/external_permission_checklist"),
    ({"directories": [{"directory_code": "CAT-X", "max_grade": "G1", "pi_allowed": False}]},
     "/directories/0/directory_code"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "pointer"), WRONG)
def test_an_element_that_cannot_be_meant_is_refused_where_it_stands(
    session: Session, code: str, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as invalid:
        desk.drafted(session, code, **changes)

    assert invalid.value.pointer == pointer


def test_a_grade_must_be_one(session: Session, code: str) -> None:
    terms = [{"directory_code": code, "max_grade": "G9", "pi_allowed": False}]

    with pytest.raises(Invalid) as invalid:
        desk.drafted(session, code, directories=terms)

    assert invalid.value.pointer == "/directories/0/max_grade"


def test_the_parties_of_an_agreement_are_two(session: Session, code: str) -> None:
    with pytest.raises(Invalid) as invalid:
        desk.drafted(session, code, department_id="org_operator")

    assert invalid.value.pointer == "/department_id"


# --- how grave a directory may become ------------------------------------------------------


def test_a_grade_raised_above_the_agreement_is_told(session: Session, code: str) -> None:
    agreement = desk.effective(session, code)
    wanted = dataclasses.replace(agreement.allowed, users=frozenset({"org_buyer"}))
    before = agreements.uncovered(session, "org_operator", wanted, TODAY)
    raised = {"grade": "G3", "pi_class": "ordinary"}
    session.execute(text("DROP TRIGGER IF EXISTS data_items_no_update")
                    if session.get_bind().dialect.name == "sqlite"
                    else text("ALTER TABLE data_items DISABLE TRIGGER USER"))  # fmt: skip
    session.execute(update(DataItem).where(DataItem.code == "TEMP").values(**raised))
    session.expire_all()

    after = agreements.uncovered(session, "org_operator", wanted, TODAY)
    late = desk.drafted(session, code, directories=[
        {"directory_code": code, "max_grade": "G2", "pi_allowed": False, "consent_refs": ["x"]}
    ], industry="A01")  # fmt: skip
    desk.go(session, late, "decide", "negotiate")

    assert agreement.elements["directories"] == {
        code: {"max_grade": "G1", "pi_allowed": False, "consent_refs": []}
    }
    assert before == []
    assert [each.code for each in after] == ["GRADE_ABOVE_AGREEMENT", "PI_NOT_AGREED"]
    assert finalising(session, late) == ["GRADE_ABOVE_AGREEMENT"]


# --- one live agreement ---------------------------------------------------------------------


def test_i_37_the_database_holds_one_live_agreement_in_each_unique_scope(
    session: Session, code: str
) -> None:
    live = desk.effective(session, code)
    other = desk.drafted(session, code)
    session.commit()
    filed = f"letter_digest = '{desk.LETTER}', effective_at = '2026-07-01'"

    for state in ("effective", "amending", "suspended"):
        with pytest.raises(IntegrityError, match=r"one_live|unique_key"):
            session.execute(text(
                f"UPDATE supply_agreements SET state = '{state}', {filed} "
                f"WHERE id = '{other.id}'"))  # fmt: skip
        session.rollback()
    columns = [each.name for each in SupplyAgreement.__table__.columns]
    copied = ["'sup_copy'" if name == "id" else "'SA-COPY'" if name == "code" else name
              for name in columns]  # fmt: skip
    with pytest.raises(IntegrityError, match=r"one_live|unique_key"):
        session.execute(text(
            f"INSERT INTO supply_agreements ({', '.join(columns)}) SELECT {', '.join(copied)} "
            f"FROM supply_agreements WHERE id = '{live.id}'"))  # fmt: skip
    session.rollback()

    assert session.get_one(SupplyAgreement, live.id).state == State.EFFECTIVE


@pytest.mark.parametrize(
    ("unique_scope", "second"),
    [
        ("department_industry", ["LIVE_AGREEMENT_EXISTS"]),
        ("department_industry_operator", []),
    ],
)
def test_i_37_the_rules_say_whether_each_operator_may_have_one(
    session: Session, code: str, unique_scope: str, second: list[str]
) -> None:
    rules = Rules("test", {**RULES.values, "supply": {
        **RULES.table("supply"), "unique_scope": unique_scope}})  # fmt: skip
    parent = frames.frame(session, code).id
    editor = work_of(session, "per_operator_editor", rules=rules)
    first = agreements.draft(editor, **desk.terms(code, operation_agreement_id=parent))
    session.flush()
    desk.go(session, first, *desk.TO_EFFECT)
    session.execute(text(
        "INSERT INTO organisations (id, state, version, uscc, name_zh, name_en, region, entered_at)"
        " SELECT 'org_op2', state, version, '52430000MJ00000189', 'x', 'x', region, entered_at"
        " FROM organisations WHERE id = 'org_operator'"))  # fmt: skip
    late = agreements.draft(editor, **desk.terms(code, operation_agreement_id=parent))
    late.operator_id = "org_op2"
    late.unique_key = first.unique_key.replace("org_operator", "org_op2")
    late.state = State.SIGNED
    session.flush()

    found = [each.code for each in LIFE.refusals("file", late, work_of(session, "per_hub_officer"))]

    assert [each for each in found if each == "LIVE_AGREEMENT_EXISTS"] == second


def test_i_38_the_database_opens_nothing_without_letter_and_filing(
    session: Session, code: str
) -> None:
    desk.drafted(session, code)
    session.commit()

    for given in ("letter_digest = 'x', effective_at = NULL",
                  "letter_digest = NULL, effective_at = '2026-07-01'"):  # fmt: skip
        for state in ("effective", "amending", "suspended", "terminating"):
            with pytest.raises(IntegrityError, match="effective_only_when_filed"):
                session.execute(text(f"UPDATE supply_agreements SET state = '{state}', {given}"))
            session.rollback()


def test_i_38_no_supply_before_signatures_letter_and_filing(session: Session, code: str) -> None:
    agreement = desk.drafted(session, code)
    wanted = [(code, "TEMP")]

    for name in desk.TO_EFFECT:
        assert agreements.inactive(session, "org_operator", wanted, TODAY)
        desk.go(session, agreement, name)

    assert not agreements.inactive(session, "org_operator", wanted, TODAY)


# --- amendments ------------------------------------------------------------------------------


def test_another_directory_is_an_amendment_and_the_old_scope_holds_until_both_sign(
    session: Session, code: str
) -> None:
    wind = desk.directory(session)
    parent = frames.effective(session, code, wind)
    agreement = desk.effective(session, code, operation_agreement_id=parent.id)
    operator = work_of(session, "per_operator_editor")
    both = [{"directory_code": each, "item_code": "TEMP", "transform": "aggregated"}
            for each in (code, wind)]  # fmt: skip
    terms = as_they_will_be(code, agreement, items=both)

    agreements.amend(operator, agreement.id, reason="wind too", terms_as_they_will_be=terms)
    desk.go(session, agreement, "agree")
    meanwhile = [agreements.inactive(session, "org_operator", [(each, item)], TODAY)
                 for each, item in ((code, "RAIN"), (wind, "TEMP"))]  # fmt: skip
    desk.go(session, agreement, "conclude")

    assert meanwhile == [False, True]
    assert (agreement.state, agreement.edition, agreement.proposal) == (State.EFFECTIVE, 2, None)
    assert not agreements.inactive(session, "org_operator", [(wind, "TEMP")], TODAY)
    assert agreements.inactive(session, "org_operator", [(code, "RAIN")], TODAY)
    assert sorted(agreement.elements["directories"]) == sorted([code, wind])
    texts = editions.editions(work_of(session, "system"), agreement.id)
    assert [(each.number, each.note) for each in texts] == [(2, "wind too"), (1, "")]
    kinds = [event.kind for event in journal.history(session, agreement.id, limit=3)]
    assert kinds == ["agreement.amendment_proposed", "agreement.amendment_half_signed",
                     "agreement.amended"]  # fmt: skip


def test_a_change_beyond_the_parent_is_signed_by_nobody(session: Session, code: str) -> None:
    parent = frames.effective(session, code, regions=["430000", "110000"])
    agreement = desk.effective(session, code, operation_agreement_id=parent.id)
    terms = as_they_will_be(code, agreement, regions=["000000"])
    operator = work_of(session, "per_operator_editor")

    agreements.amend(operator, agreement.id, reason="all", terms_as_they_will_be=terms)
    with pytest.raises(StepRefused) as refused:
        desk.go(session, agreement, "agree")

    assert refusal_codes(refused) == ["SCOPE_NOT_COVERED"]


def test_a_change_is_signed_by_both_and_by_two_people(session: Session, code: str) -> None:
    agreement = desk.effective(session, code)
    terms = as_they_will_be(code, agreement, refresh="daily")
    operator = work_of(session, "per_operator_editor")
    agreements.amend(operator, agreement.id, reason="daily", terms_as_they_will_be=terms)

    with pytest.raises(StepRefused) as first:
        desk.go(session, agreement, "conclude")
    desk.go(session, agreement, "agree")
    with pytest.raises(StepRefused) as again:
        desk.go(session, agreement, "agree")
    with pytest.raises(StepRefused) as alone:
        agreements.take(work_of(session, "per_dept_approver"), agreement.id, "conclude")

    assert refusal_codes(first) == ["SIGNATURE_MISSING"]
    assert refusal_codes(again) == ["OTHER_PARTY_SIGNS"]
    assert refusal_codes(alone) == ["SIGNATURE_MISSING", "FOUR_EYES"]


def test_a_change_that_is_dropped_leaves_everything_as_it_was(session: Session, code: str) -> None:
    agreement = desk.effective(session, code)
    hash_before = agreement.scope_hash
    terms = as_they_will_be(code, agreement, regions=["430000"])
    operator = work_of(session, "per_operator_editor")
    agreements.amend(operator, agreement.id, reason="less", terms_as_they_will_be=terms)
    desk.go(session, agreement, "agree")

    desk.go(session, agreement, "drop")
    agreements.amend(operator, agreement.id, reason="less", terms_as_they_will_be=terms)
    desk.go(session, agreement, "agree")
    desk.go(session, agreement, "suspend")

    assert (agreement.edition, agreement.scope_hash) == (1, hash_before)
    assert (agreement.state, agreement.proposal) == (State.SUSPENDED, None)


def test_there_is_nothing_to_sign_where_nothing_is_proposed(session: Session, code: str) -> None:
    agreement = desk.effective(session, code)

    with pytest.raises(LookupError):
        editions.proposed(agreement)


def test_a_draft_is_rewritten_by_its_parties(session: Session, code: str) -> None:
    agreement = desk.drafted(session, code)
    terms = as_they_will_be(code, agreement, contact="the duty desk")

    changed = agreements.change(work_of(session, "per_dept_editor"), agreement.id, **terms)
    desk.go(session, changed, "decide")
    with pytest.raises(StepRefused) as decided:
        agreements.change(work_of(session, "per_dept_editor"), agreement.id, **terms)

    assert changed.elements["contact"] == "the duty desk"
    assert changed.elements["opinion_deadline_wd"] == 5
    assert refusal_codes(decided) == ["ILLEGAL_TRANSITION"]


# --- one directory ---------------------------------------------------------------------------


def test_one_directory_is_suspended_and_the_others_go_on(session: Session, code: str) -> None:
    wind = desk.directory(session)
    parent = frames.effective(session, code, wind)
    both = [{"directory_code": each, "item_code": "TEMP", "transform": "aggregated"}
            for each in (code, wind)]  # fmt: skip
    agreement = desk.effective(session, code, operation_agreement_id=parent.id, items=both)
    department = work_of(session, "per_dept_approver")
    told = {"directory_code": code, "cause": "security_incident", "reason": "a leak"}

    agreements.suspend_directory(department, agreement.id, **told)
    suspended = [agreements.inactive(session, "org_operator", [(each, "TEMP")], TODAY)
                 for each in (code, wind)]  # fmt: skip
    with pytest.raises(NothingInCommon):
        agreements.covering(session, "org_operator", [(code, "TEMP")], TODAY)
    with pytest.raises(StepRefused) as twice:
        agreements.suspend_directory(department, agreement.id, **told)
    agreements.resume_directory(department, agreement.id, directory_code=code, reason="mended")
    with pytest.raises(StepRefused) as resumed:
        agreements.resume_directory(department, agreement.id, directory_code=code, reason="again")

    assert suspended == [True, False]
    assert not agreements.inactive(session, "org_operator", [(code, "TEMP")], TODAY)
    assert refusal_codes(twice) == ["DIRECTORY_NOT_SUPPLIED"]
    assert refusal_codes(resumed) == ["DIRECTORY_NOT_SUSPENDED"]
    session.flush()
    suspension, resumption = journal.history(session, agreement.id, limit=2)
    assert suspension.kind == "agreement.directory_suspended"
    assert suspension.data == told
    assert resumption.kind == "agreement.directory_resumed"


def test_what_the_authority_suspends_the_department_does_not_resume(
    session: Session, code: str
) -> None:
    agreement = desk.effective(session, code)
    supervisor = work_of(session, "per_hub_supervisor")
    department = work_of(session, "per_dept_approver")
    agreements.suspend_directory(
        supervisor, agreement.id, directory_code=code, cause="out_of_scope", reason="too much"
    )

    with pytest.raises(StepNotAllowed):
        agreements.resume_directory(department, agreement.id, directory_code=code, reason="fine")
    agreements.resume_directory(supervisor, agreement.id, directory_code=code, reason="fine")
    agreements.suspend_directory(
        department, agreement.id, directory_code=code, cause="other", reason="ours"
    )
    agreements.resume_directory(supervisor, agreement.id, directory_code=code, reason="fine")

    assert agreement.suspended_directories == {}


def test_a_directory_is_suspended_by_those_who_may_while_the_agreement_lives(
    session: Session, code: str
) -> None:
    agreement = desk.drafted(session, code)
    told = {"directory_code": code, "cause": "other", "reason": "x"}

    with pytest.raises(StepRefused) as early:
        agreements.suspend_directory(work_of(session, "per_dept_approver"), agreement.id, **told)
    with pytest.raises(StepNotAllowed):
        agreements.suspend_directory(work_of(session, "per_operator_signer"), agreement.id, **told)
    with pytest.raises(NotFound):
        agreements.suspend_directory(work_of(session, "per_buyer_editor"), agreement.id, **told)
    desk.go(session, agreement, *desk.TO_EFFECT)
    with pytest.raises(Invalid):
        agreements.suspend_directory(
            work_of(session, "per_dept_approver"), agreement.id, **{**told, "cause": "mood"}
        )

    assert refusal_codes(early) == ["ILLEGAL_TRANSITION"]


# --- consent given beforehand ------------------------------------------------------------------


def test_a_department_may_agree_beforehand_to_scenarios_of_little_risk(
    session: Session, code: str
) -> None:
    agreement = desk.effective(session, code, standing_consent_rules=[RULE])

    def rules(purpose: str, on: date = TODAY) -> list[supplies.Standing]:
        return supplies.standing_consent(session, "org_dept", "org_operator", purpose, on)

    assert rules("logistics") == [
        supplies.Standing(
            agreement_id=agreement.id,
            purpose_codes=frozenset({"weather_insurance", "logistics"}),
            risk_max=RiskGrade.LOW,
            output_forms=frozenset({OutputForm.AGGREGATE_REPORT}),
        )
    ]
    assert rules("education") == rules("logistics", date(2031, 1, 1)) == []
    desk.go(session, agreement, "suspend")
    assert rules("logistics") == []


# --- the end -------------------------------------------------------------------------------------


def test_what_is_terminated_supplies_nothing_and_is_handed_over(
    session: Session, code: str
) -> None:
    agreement = desk.effective(session, code)

    desk.go(session, agreement, "terminate")
    at_once = agreements.inactive(session, "org_operator", [(code, "TEMP")], TODAY)
    clock = desk.clock_key(session, agreement.id)
    with pytest.raises(StepRefused) as early:
        desk.go(session, agreement, "close")
    desk.go(session, agreement, "hand_over", "close")

    assert at_once
    assert clock == "clocks.exit_handover"
    assert refusal_codes(early) == ["HANDOVER_MISSING"]
    assert agreement.state == State.TERMINATED
    assert agreement.handover is not None
    assert agreement.handover["at"] == NOON.isoformat()
