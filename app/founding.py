"""The first organisations and people of an exchange, entered by its operator at the console.

Everybody after them comes in through the front door: entered by one, approved by another.
"""

from collections.abc import Iterable

from app import unit
from app.house import House
from kernel.actor import SYSTEM, Duty, Role
from kernel.errors import Invalid
from kernel.parties import organisations, people
from kernel.work import Work


def add_organisation(
    house: House, *, uscc: str, name_zh: str, name_en: str, region: str, roles: Iterable[str]
) -> str:
    """Enter an organisation as active; returns its id. Raises Invalid or AlreadyEntered."""

    def command(work: Work) -> str:
        made = organisations.enter(
            work,
            uscc=uscc,
            name_zh=name_zh,
            name_en=name_en,
            region=region,
            roles=[_role(role) for role in roles],
        )
        organisations.LIFE.take("found", made, work)
        return made.id

    made: str = unit.committed(house, SYSTEM, command)
    return made


def add_person(
    house: House,
    *,
    login: str,
    name: str,
    password: str,
    organisation_id: str,
    duties: Iterable[str],
) -> str:
    """Enter a person and let them act for an organisation; returns the person's id."""

    def command(work: Work) -> str:
        made = people.enter(
            work, login=login, name=name, password=password, passwords=house.passwords
        )
        people.join(work, made.id, organisation_id, [_duty(duty) for duty in duties])
        return made.id

    made: str = unit.committed(house, SYSTEM, command)
    return made


def _role(text: str) -> Role:
    if text not in set(Role) - {Role.SYSTEM}:
        raise Invalid(f"没有角色 {text}", f"there is no role {text!r}", pointer="/roles")
    return Role(text)


def _duty(text: str) -> Duty:
    if text not in set(Duty):
        raise Invalid(f"没有职责 {text}", f"there is no duty {text!r}", pointer="/duties")
    return Duty(text)
