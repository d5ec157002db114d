from datetime import timedelta

import pytest

from kernel.actor import Duty, Role
from kernel.errors import Invalid, NotFound, StepRefused
from kernel.parties import credentials, organisations, people
from kernel.parties.organisations import AlreadyEntered, NotActive, State
from kernel.parties.people import LoginTaken
from tests.conftest import NOON, PASSWORDS, WorkAs


def test_a_person_is_entered_and_acts_for_an_organisation(work_as: WorkAs) -> None:
    work = work_as("system")
    person = people.enter(
        work, login=" New@Test ", name="新人", password="long enough", passwords=PASSWORDS
    )
    people.join(work, person.id, "org_buyer", [Duty.SIGNER, Duty.EDITOR, Duty.SIGNER])
    people.join(work, person.id, "org_buyer", [Duty.FINANCE])
    work.session.flush()

    actor = people.actor(work.session, person.id, "org_buyer")

    assert actor is not None
    assert actor.roles == {Role.BUYER}
    assert actor.duties == {Duty.FINANCE}
    assert people.by_login(work.session, "new@test") is person
    assert people.actor(work.session, person.id, "org_dept") is None
    assert [home.id for _, home in people.memberships(work.session, person.id)] == ["org_buyer"]
    assert people.names(work.session, [person.id, "per_none"]) == {person.id: "新人"}


def test_a_login_is_one_persons(work_as: WorkAs) -> None:
    with pytest.raises(LoginTaken):
        people.enter(
            work_as("system"),
            login="PER_buyer_editor@test",
            name="x",
            password="long enough",
            passwords=PASSWORDS,
        )


@pytest.mark.parametrize("password", ["short", "x" * 201])
def test_a_password_has_its_length(work_as: WorkAs, password: str) -> None:
    with pytest.raises(Invalid):
        people.enter(
            work_as("system"), login="a@b", name="x", password=password, passwords=PASSWORDS
        )


def test_nobody_joins_what_is_not_there(work_as: WorkAs) -> None:
    with pytest.raises(NotFound):
        people.join(work_as("system"), "per_none", "org_buyer", [])
    with pytest.raises(NotFound):
        people.join(work_as("system"), "per_expert_1", "org_none", [])


def test_passwords_are_checked_also_for_nobody() -> None:
    hashed = PASSWORDS.hash("correct horse")

    assert hashed.startswith("$argon2id$")
    assert PASSWORDS.matches("correct horse", hashed)
    assert not PASSWORDS.matches("wrong horse", hashed)
    assert not PASSWORDS.matches("correct horse", None)


def test_an_account_rests_after_too_many_failures(work_as: WorkAs) -> None:
    work = work_as("system")
    person = people.find(work.session, "per_expert_1")

    for _ in range(5):
        assert not people.resting(person, NOON)
        people.failed(work, person)

    assert people.resting(person, NOON)
    assert not people.resting(person, NOON + timedelta(seconds=900))
    people.succeeded(person)
    assert not people.resting(person, NOON)


def test_a_frozen_organisations_roles_do_not_count(work_as: WorkAs) -> None:
    organisations.take(work_as("per_hub_supervisor"), "org_buyer", "freeze", reason="fraud")
    work = work_as("system")
    work.session.flush()

    actor = people.actor(work.session, "per_buyer_editor", "org_buyer")

    assert actor is not None
    assert actor.roles == frozenset()
    with pytest.raises(NotActive):
        organisations.require_active(work.session, "org_buyer")
    assert organisations.require_active(work.session, "org_dept").id == "org_dept"


def test_what_is_entered_has_yet_to_be_filed_and_reviewed(work_as: WorkAs) -> None:
    made = organisations.enter(
        work_as("per_exchange_compliance"),
        uscc="91110108717743469K",
        name_zh="新",
        name_en="New",
        region="430000",
        roles=[],
    )
    work = work_as("per_exchange_compliance")
    work.session.flush()

    with pytest.raises(StepRefused) as caught:
        organisations.take(work, made.id, "submit")

    assert [refusal.code for refusal in caught.value.refusals] == [
        "NO_ROLE",
        "NO_FILE",
        "DOCUMENTS_MISSING",
    ]
    assert made.state == State.DRAFT


def test_a_code_cannot_be_entered_twice(work_as: WorkAs) -> None:
    with pytest.raises(AlreadyEntered):
        organisations.enter(
            work_as("system"),
            uscc="11430000MB00000195",
            name_zh="新",
            name_en="New",
            region="430000",
            roles=[Role.BUYER],
        )


def test_organisations_are_found_by_role_and_named(work_as: WorkAs) -> None:
    session = work_as("system").session

    assert [one.id for one in organisations.with_role(session, Role.DATA_AUTHORITY)] == ["org_hub"]
    assert organisations.names(session, ["org_hub"])["org_hub"].en == "Demo Data Authority"
    assert len(organisations.entered(session, after=None, limit=3).items) == 3
    with pytest.raises(NotFound):
        organisations.find(session, "org_none")


def test_a_session_lives_until_it_ends(work_as: WorkAs) -> None:
    work = work_as("per_buyer_editor")
    made, secret = credentials.sign_in(work, "per_buyer_editor", "org_buyer")
    work.session.flush()

    assert credentials.signed_in(work.session, secret, NOON) is made
    assert credentials.signed_in(work.session, "wrong", NOON) is None
    assert credentials.signed_in(work.session, secret, NOON + timedelta(days=1)) is None
    with pytest.raises(NotFound):
        credentials.switch(work, made, "org_dept")
    credentials.switch(work, made, "org_buyer")
    credentials.sign_out(work, made)
    work.session.flush()
    assert credentials.signed_in(work.session, secret, NOON) is None


def test_a_token_lives_until_it_is_revoked(work_as: WorkAs) -> None:
    work = work_as("per_buyer_editor")
    made, secret = credentials.issue(work, label="mine", scopes=["read", "read"], days=10)
    work.session.flush()

    assert credentials.token(work.session, secret, NOON) is made
    assert made.scopes == ["read"]
    assert secret not in made.secret_hash
    assert credentials.token(work.session, secret, NOON + timedelta(days=10)) is None
    assert credentials.tokens(work.session, "per_buyer_editor", after=None, limit=5).items == [made]
    with pytest.raises(NotFound):
        credentials.revoke(work_as("per_dept_editor"), made.id)
    credentials.revoke(work, made.id)
    credentials.revoke(work, made.id)
    work.session.flush()
    assert credentials.token(work.session, secret, NOON) is None


@pytest.mark.parametrize("days", [0, 367])
def test_a_token_does_not_live_for_ever(work_as: WorkAs, days: int) -> None:
    with pytest.raises(Invalid):
        credentials.issue(work_as("per_buyer_editor"), label="x", scopes=["read"], days=days)
