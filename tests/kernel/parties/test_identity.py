import dataclasses

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kernel.actor import Actor, Duty, Role
from kernel.crypto import CommercialProvider, StandardProvider
from kernel.errors import Invalid, NotFound
from kernel.parties import identity, people, relations
from kernel.parties.people import IdentityTaken, Person
from kernel.work import Work
from tests.conftest import PASSWORDS, WorkAs
from tests.kernel.parties import entry

NUMBER = "11010519491231002X"


def test_a_number_has_one_form(work_as: WorkAs) -> None:
    assert identity.normalised(" 11010519491231002x ") == NUMBER
    assert identity.normalised("１１０１０５１９４９１２３１００２Ｘ") == NUMBER
    assert identity.struck_out(NUMBER) == "110105********002X"
    assert identity.hashed(work_as("system"), NUMBER) == identity.hashed(work_as("system"), NUMBER)


@pytest.mark.parametrize("place", range(18))
def test_one_wrong_digit_is_caught(place: int) -> None:
    wrong = "5" if NUMBER[place] != "5" else "6"
    changed = NUMBER[:place] + wrong + NUMBER[place + 1 :]

    with pytest.raises(Invalid):
        identity.normalised(changed)


def test_i_03_one_human_being_has_one_row(work_as: WorkAs) -> None:
    work = work_as("system")
    known = {"name": "甲", "password": "long enough", "passwords": PASSWORDS}
    first = people.enter(work, login="one@test", identity_number=NUMBER, **known)  # type: ignore[arg-type]  # as written

    with pytest.raises(IdentityTaken):
        people.enter(work, login="two@test", identity_number=NUMBER.lower(), **known)  # type: ignore[arg-type]  # as written
    second = people.enter(work, login="two@test", **known)  # type: ignore[arg-type]  # as written

    assert second.identity_hash is None
    with pytest.raises(IntegrityError):
        work.session.execute(
            text("UPDATE people SET identity_hash = :hash WHERE id = :id"),
            {"hash": first.identity_hash, "id": second.id},
        )


def renewed(work: Work, provider: type[StandardProvider | CommercialProvider]) -> Work:
    """Return the same work after the key was changed, and the old one kept as retired."""
    return dataclasses.replace(
        work, crypto=provider(b"another key of 32 bytes, no more", [bytes(range(32))])
    )


RENEWALS = pytest.mark.parametrize("provider", [StandardProvider, CommercialProvider])


@RENEWALS
def test_i_03_one_human_being_has_one_row_after_the_key_was_changed(
    work_as: WorkAs, provider: type[StandardProvider | CommercialProvider]
) -> None:
    before = work_as("system")
    after = renewed(before, provider)
    known = {"name": "甲", "password": "long enough", "passwords": PASSWORDS}
    people.enter(before, login="one@test", identity_number=NUMBER, **known)  # type: ignore[arg-type]  # as written

    with pytest.raises(IdentityTaken):
        people.enter(after, login="two@test", identity_number=NUMBER, **known)  # type: ignore[arg-type]  # as written
    other = people.enter(after, login="two@test", identity_number=entry.number(1), **known)  # type: ignore[arg-type]  # as written
    with pytest.raises(IdentityTaken):
        people.enter(after, login="three@test", identity_number=entry.number(1), **known)  # type: ignore[arg-type]  # as written

    assert other.identity_hash == identity.hashed(after, entry.number(1))
    assert other.identity_hash != identity.hashed(before, entry.number(1))


@RENEWALS
def test_a_human_keeps_the_node_of_the_first_time(
    work_as: WorkAs, provider: type[StandardProvider | CommercialProvider]
) -> None:
    work = entry.registrar(work_as)
    person = relations.Other(name="演示·控制人", identity_number=NUMBER)
    before = relations.declare(work, "org_developer", relations.Kind.CONTROLS, person)
    after = renewed(work, provider)

    assert relations.person_node(after, NUMBER) == before.other
    assert relations.person_node(after, entry.number(1)) == relations.PERSON + identity.hashed(
        after, entry.number(1)
    )


def test_who_runs_the_machines_has_no_business_duty_besides(work_as: WorkAs) -> None:
    with pytest.raises(Invalid):
        people.join(
            work_as("system"), "per_expert_1", "org_hub", [Duty.PLATFORM_ADMIN, Duty.APPROVER]
        )
    people.join(work_as("system"), "per_expert_1", "org_hub", [Duty.PLATFORM_ADMIN])


def test_an_organisation_admits_its_people_and_the_registrar_its_first(work_as: WorkAs) -> None:
    made = entry.entered(work_as)
    admin, registrar = entry.admin(work_as, made), entry.registrar(work_as)
    who = {"name": "乙", "password": "long enough", "identity_number": NUMBER, "login": "b@test"}

    with pytest.raises(NotFound):
        people.admit(registrar, made.id, duties=[Duty.EDITOR], passwords=PASSWORDS, **who)
    with pytest.raises(NotFound):
        people.admit(admin, "org_buyer", duties=[Duty.EDITOR], passwords=PASSWORDS, **who)
    person = people.admit(admin, made.id, duties=[Duty.EDITOR], passwords=PASSWORDS, **who)
    admin.session.flush()

    members = people.of(admin.session, made.id, after=None, limit=5).items
    assert person.id in {member.person_id for member in members}
    assert isinstance(person, Person)


def test_i_04_a_member_acts_only_in_the_roles_of_their_organisation(work_as: WorkAs) -> None:
    session = work_as("system").session

    actor = people.actor(session, "per_buyer_editor", "org_buyer")

    assert isinstance(actor, Actor)
    assert actor.roles == {Role.BUYER}
    assert people.actor(session, "per_buyer_editor", "org_hub") is None
