import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kernel.actor import Role
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.parties import documents, organisations, people, roles
from kernel.parties.roles import RoleState
from tests.conftest import WorkAs
from tests.kernel.parties import entry


def test_a_later_role_is_asked_for_and_granted_by_another(work_as: WorkAs) -> None:
    made = entry.admitted(work_as)
    work = entry.admin(work_as, made)

    role = roles.request(work, made.id, Role.BUYER)
    work.session.flush()
    approver = work_as("per_exchange_approver")
    waiting = roles.requested(approver, after=None, limit=5).items
    with pytest.raises(StepNotAllowed):
        roles.take(work, role.id, "grant")
    before = entry.admin(work_as, made).actor.roles
    roles.take(approver, role.id, "grant")
    work.session.flush()
    work.session.expire_all()

    assert waiting == [role]
    assert before == {Role.MERCHANT}
    assert entry.admin(work_as, made).actor.roles == {Role.MERCHANT, Role.BUYER}


def test_a_role_has_documents_of_its_own(work_as: WorkAs) -> None:
    made = entry.admitted(work_as)
    work, approver = entry.admin(work_as, made), work_as("per_exchange_approver")
    role = roles.request(work, made.id, Role.AUTHORISED_OPERATOR)
    work.session.flush()

    with pytest.raises(StepRefused) as caught:
        roles.take(approver, role.id, "grant")
    documents.file(
        work, made.id, doc_type="operation_mandate", name="委托.pdf", content=entry.PAPER
    )  # fmt: skip
    roles.take(approver, role.id, "grant")

    assert [refusal.code for refusal in caught.value.refusals] == ["DOCUMENTS_MISSING"]
    assert role.state == RoleState.GRANTED


def test_who_applied_for_the_organisation_grants_none_of_its_roles(work_as: WorkAs) -> None:
    made = entry.admitted(work_as)
    role = roles.request(entry.registrar(work_as), made.id, Role.BUYER)
    reviewer = entry.registrar(work_as)
    reviewer.session.flush()

    with pytest.raises(StepNotAllowed):
        roles.take(reviewer, role.id, "grant")


def test_a_role_of_an_idle_organisation_is_not_granted(work_as: WorkAs) -> None:
    made = entry.entered(work_as)
    approver = work_as("per_exchange_approver")
    role = made.roles[0]

    with pytest.raises(StepRefused) as caught:
        roles.take(approver, role.id, "grant")

    assert {refusal.code for refusal in caught.value.refusals} == {
        "ORGANISATION_NOT_ACTIVE",
        "DOCUMENTS_MISSING",
    }


def test_a_suspended_role_does_not_count_until_it_is_resumed(work_as: WorkAs) -> None:
    session = work_as("system").session
    approver, regulator = work_as("per_exchange_approver"), work_as("per_hub_supervisor")
    role_id = "rol_org_buyer_buyer"

    def counted() -> frozenset[Role]:
        session.flush()
        actor = people.actor(session, "per_buyer_editor", "org_buyer")
        assert actor is not None
        return actor.roles

    roles.take(regulator, role_id, "suspend", reason="投诉核查")
    suspended = counted()
    found = [one.id for one in organisations.with_role(session, Role.BUYER)]
    roles.take(approver, role_id, "resume", reason="核查结束")
    resumed = counted()
    roles.take(approver, role_id, "revoke", reason="x")

    assert not suspended
    assert resumed == {Role.BUYER}
    assert not counted()
    assert "org_buyer" not in found
    assert organisations.count_with_role(session, Role.BUYER) == 1


def test_a_role_is_held_once_and_a_revoked_one_asked_for_again(work_as: WorkAs) -> None:
    registrar, approver = entry.registrar(work_as), work_as("per_exchange_approver")

    with pytest.raises(Invalid):
        roles.request(registrar, "org_buyer", Role.BUYER)
    roles.take(approver, "rol_org_buyer_buyer", "revoke", reason="x")
    registrar.session.flush()
    again = roles.request(registrar, "org_buyer", Role.BUYER)
    registrar.session.flush()

    assert [one.id for one in roles.live(registrar.session, "org_buyer")] == [again.id]
    roles.take(approver, again.id, "refuse", reason="x")
    assert again.state == RoleState.REVOKED


def test_the_database_keeps_one_live_role_of_a_kind(work_as: WorkAs) -> None:
    session = work_as("system").session

    with pytest.raises(IntegrityError):
        session.execute(
            text(
                "INSERT INTO organisation_roles (id, organisation_id, role, state, version)"
                " VALUES ('rol_two', 'org_buyer', 'buyer', 'requested', 1)"
            )
        )


def test_a_role_is_its_organisations_affair(work_as: WorkAs) -> None:
    with pytest.raises(StepNotAllowed):
        roles.request(work_as("per_buyer_editor"), "org_buyer", Role.MERCHANT)
    with pytest.raises(NotFound):
        roles.request(entry.registrar(work_as), "org_none", Role.MERCHANT)
    with pytest.raises(NotFound):
        roles.seen(work_as("per_other_editor"), "rol_org_buyer_buyer")
    with pytest.raises(NotFound):
        roles.seen(work_as("system"), "rol_none")
    with pytest.raises(StepNotAllowed):
        roles.requested(work_as("per_buyer_editor"), after=None, limit=5)
