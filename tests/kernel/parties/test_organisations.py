from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kernel import journal, watch
from kernel.actor import Role
from kernel.errors import DomainError, NotFound, StepNotAllowed, StepRefused
from kernel.parties import admission, checks, documents, organisations, people
from kernel.parties.admission import FileClosed
from kernel.parties.organisations import AlreadyEntered, NotActive, State
from tests.conftest import NOON, WorkAs
from tests.kernel.parties import entry

Call = Callable[[], object]


def codes(call: Call) -> list[str]:
    with pytest.raises(StepRefused) as caught:
        call()
    return [refusal.code for refusal in caught.value.refusals]


def test_three_people_bring_an_organisation_in(work_as: WorkAs) -> None:
    made = entry.admitted(work_as)
    session = work_as("system").session
    admin = entry.admin(work_as, made).actor

    assert made.state == State.ACTIVE
    assert made.granted == {Role.MERCHANT}
    assert admin.roles == {Role.MERCHANT}
    assert {
        journal.part(session, made.id, person)
        for person in (admin.person, "per_exchange_compliance", "per_exchange_approver")
    } == {"applicant", "reviewer", "approver"}
    found = admission.needed(work_as("per_exchange_auditor"), made.id)
    assert found.verified_on == date(2026, 7, 1)
    assert organisations.require_active(session, made.id) is made


def test_i_01_no_two_organisations_share_a_code(work_as: WorkAs) -> None:
    made = entry.entered(work_as)
    session = work_as("system").session

    with pytest.raises(AlreadyEntered):
        entry.entered(work_as)

    with pytest.raises(IntegrityError):
        session.execute(
            text(
                "INSERT INTO organisations (id, state, version, uscc, name_zh, name_en, region,"
                " entered_at) VALUES ('org_two', 'draft', 1, :code, 'x', 'x', '430000', :at)"
            ),
            {"code": made.uscc, "at": "2026-07-01 00:00:00+00:00"},
        )


@pytest.mark.parametrize("state", [State.DRAFT, State.RESTRICTED, State.FROZEN, State.EXITING])
def test_i_02_who_is_not_active_begins_nothing(work_as: WorkAs, state: State) -> None:
    session = work_as("system").session
    organisations.find(session, "org_buyer").state = state

    with pytest.raises(NotActive):
        organisations.require_active(session, "org_buyer")

    actor = people.actor(session, "per_buyer_editor", "org_buyer")
    assert actor is not None
    assert actor.roles == ({Role.BUYER} if state == State.RESTRICTED else frozenset())


def test_i_03_who_submits_neither_reviews_nor_approves(work_as: WorkAs) -> None:
    made = entry.entered(work_as)
    entry.filed(work_as, made)
    registrar = entry.registrar(work_as)
    organisations.take(registrar, made.id, "submit")
    checks.record(registrar, made.id, flags=entry.CLEAN, source="x")
    registrar.session.flush()

    assert codes(lambda: organisations.take(registrar, made.id, "pass_first", opinion="x")) == [
        "FOUR_EYES"
    ]


def test_i_03_who_reviews_does_not_approve(work_as: WorkAs) -> None:
    made = entry.passed(work_as)
    both = work_as("per_exchange_approver")
    both.session.flush()
    held = journal.Hand(
        case_id=made.id, person_id="per_exchange_approver", part="reviewer", since=NOON
    )
    both.session.add(held)
    both.session.flush()

    assert codes(lambda: organisations.take(both, made.id, "approve")) == ["FOUR_EYES"]


def test_i_03_the_database_gives_nobody_a_second_part(work_as: WorkAs) -> None:
    made = entry.admitted(work_as)
    session = work_as("system").session

    with pytest.raises(IntegrityError):
        session.execute(
            text(
                "INSERT INTO hands (case_id, person_id, part, since) VALUES (:id, :who, 'x', :at)"
            ),
            {"id": made.id, "who": "per_exchange_approver", "at": "2026-07-01 00:00:00+00:00"},
        )


def test_an_application_lies_still_under_review(work_as: WorkAs) -> None:
    made = entry.submitted(work_as)
    work = entry.admin(work_as, made)

    with pytest.raises(FileClosed):
        admission.file(work, made.id, **entry.FACTS)

    clock = watch.running(work.session, made.id)
    assert made.state == State.UNDER_REVIEW
    assert clock is not None
    assert clock.key == "clocks.kyb_formal"


def test_what_is_missing_is_said_all_at_once(work_as: WorkAs) -> None:
    made = entry.entered(work_as)
    work = entry.admin(work_as, made)

    assert codes(lambda: organisations.take(work, made.id, "submit")) == [
        "NO_FILE",
        "DOCUMENTS_MISSING",
    ]
    entry.filed(work_as, made, *entry.KEY, merchant_type=None)
    assert codes(lambda: organisations.take(work, made.id, "submit")) == [
        "NO_MERCHANT_TYPE",
        "DOCUMENTS_MISSING",
    ]


def test_deferrable_documents_may_be_promised_and_key_ones_not(work_as: WorkAs) -> None:
    promised = date(2026, 7, 31)
    made = entry.entered(work_as)
    entry.filed(work_as, made, *entry.KEY[:4], committed_until=promised)
    work = entry.admin(work_as, made)

    with pytest.raises(StepRefused, match=r"platform agreement, data security plan$"):
        organisations.take(work, made.id, "submit")

    for doc_type in ("platform_agreement", "security_plan"):
        documents.file(work, made.id, doc_type=doc_type, name="x", content=entry.PAPER)
    organisations.take(work, made.id, "submit")
    assert made.state == State.UNDER_REVIEW


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"credit_declared": {**entry.CLEAN, "tax_violation": True}}, "重大税收违法"),
        ({"licence_valid_to": date(2026, 6, 30)}, "证照已过期"),
    ],
)
def test_the_house_rejects_what_a_machine_can_see(
    work_as: WorkAs, facts: dict[str, Any], told: str
) -> None:
    made = entry.submitted(work_as, **facts)

    last = journal.history(work_as("system").session, made.id, limit=1)
    assert made.state == State.REJECTED
    assert told in last[0].data["reason"]
    assert last[0].person == "system"


def test_a_supplement_is_asked_for_once_and_lapses(work_as: WorkAs) -> None:
    made = entry.submitted(work_as)
    registrar, applicant = entry.registrar(work_as), entry.admin(work_as, made)

    organisations.take(registrar, made.id, "ask_supplement", reason="证照不清晰")
    clock = watch.running(registrar.session, made.id)
    assert clock is not None
    assert (clock.key, clock.overdue_step) == ("clocks.kyb_supplement", "lapse")
    admission.file(applicant, made.id, **entry.FACTS)
    organisations.take(applicant, made.id, "resubmit")

    again = codes(lambda: organisations.take(registrar, made.id, "ask_supplement", reason="x"))
    assert again == ["SUPPLEMENTED_BEFORE"]


def test_who_does_not_supplement_in_time_lapses(work_as: WorkAs) -> None:
    made = entry.submitted(work_as)
    organisations.take(entry.registrar(work_as), made.id, "ask_supplement", reason="x")

    organisations.take(work_as("system"), made.id, "lapse")

    assert made.state == State.LAPSED


def test_the_first_review_looks_into_the_credit_registers(work_as: WorkAs) -> None:
    made = entry.submitted(work_as)
    registrar = entry.registrar(work_as)

    def passing() -> object:
        return organisations.take(registrar, made.id, "pass_first", opinion="x")

    assert codes(passing) == ["CREDIT_NOT_CHECKED"]
    flags = {**entry.CLEAN, "dishonest_debtor": True}
    checks.record(registrar, made.id, flags=flags, source="x")
    assert codes(passing) == ["CREDIT_RECORD"]
    late = work_as("per_exchange_compliance", at=NOON + timedelta(days=31))
    assert codes(
        lambda: organisations.take(late, made.id, "pass_first", opinion="x")
    ) == ["CREDIT_NOT_CHECKED"]  # fmt: skip
    with pytest.raises(StepNotAllowed):
        checks.record(work_as("per_buyer_signer"), made.id, flags=flags, source="x")
    with pytest.raises(NotFound):
        checks.record(registrar, "org_none", flags=flags, source="x")


def test_nobody_is_approved_without_a_verified_account(work_as: WorkAs) -> None:
    made = entry.submitted(work_as)
    registrar = entry.registrar(work_as)
    checks.record(registrar, made.id, flags=entry.CLEAN, source="x")
    registrar.session.flush()
    organisations.take(registrar, made.id, "pass_first", opinion="x")
    approver = work_as("per_exchange_approver")

    assert codes(lambda: organisations.take(approver, made.id, "approve")) == ["BANK_NOT_VERIFIED"]
    organisations.take(approver, made.id, "return", reason="核对账户")
    assert made.state == State.UNDER_REVIEW
    organisations.take(approver, made.id, "reject", reason="x")
    assert made.state == State.REJECTED


def test_a_restriction_is_lifted_when_its_ground_is_gone(work_as: WorkAs) -> None:
    made = entry.admitted(work_as)
    found = admission.needed(work_as("per_exchange_auditor"), made.id)
    found.licence_valid_to = date(2026, 6, 30)
    organisations.take(work_as("system"), made.id, "restrict", reason="证照已过期")
    approver = work_as("per_exchange_approver")

    barred = codes(lambda: organisations.take(approver, made.id, "lift", reason="x"))
    entry.filed(work_as, made)
    organisations.take(approver, made.id, "lift", reason="换领新证")

    assert barred == ["LICENCE_EXPIRED"]
    assert made.state == State.ACTIVE


def test_who_came_in_at_the_console_is_lifted_without_a_file(work_as: WorkAs) -> None:
    approver = work_as("per_exchange_approver")
    organisations.take(approver, "org_buyer", "restrict", reason="x")

    organisations.take(approver, "org_buyer", "lift", reason="x")

    assert organisations.find(approver.session, "org_buyer").state == State.ACTIVE


def test_an_exit_is_asked_for_and_confirmed_by_another(work_as: WorkAs) -> None:
    made = entry.admitted(work_as)
    work = entry.admin(work_as, made)

    organisations.take(work, made.id, "apply_exit", reason="业务调整")
    with pytest.raises(StepNotAllowed):
        organisations.take(work, made.id, "confirm_exit")
    organisations.take(work_as("per_exchange_approver"), made.id, "confirm_exit")

    assert made.state == State.DEREGISTERED
    assert entry.admin(work_as, made).actor.roles == frozenset()


def test_only_those_who_decide_see_the_queue(work_as: WorkAs) -> None:
    made = entry.submitted(work_as)
    bounds = {"state": State.UNDER_REVIEW, "after": None, "limit": 5}

    page = organisations.waiting(entry.registrar(work_as), **bounds)  # type: ignore[arg-type]  # as written

    assert page.items == [made]
    with pytest.raises(StepNotAllowed):
        organisations.waiting(work_as("per_exchange_admin"), **bounds)  # type: ignore[arg-type]  # as written


@pytest.mark.parametrize("person", ["per_buyer_editor", "per_exchange_admin", "per_dept_approver"])
def test_i_04_a_file_is_read_by_its_own_and_by_overseers(work_as: WorkAs, person: str) -> None:
    made = entry.submitted(work_as)
    stranger = work_as(person)
    asked: list[Call] = [
        lambda: admission.needed(stranger, made.id),
        lambda: admission.file(stranger, made.id, **entry.FACTS),
        lambda: documents.shown(stranger, made.id),
        lambda: documents.file(stranger, made.id, doc_type="credit_report", name="x",
                               content=entry.PAPER),
    ]  # fmt: skip

    for call in asked:
        with pytest.raises(DomainError) as caught:
            call()
        assert isinstance(caught.value, NotFound)

    assert admission.needed(work_as("per_hub_supervisor"), made.id).organisation_id == made.id
