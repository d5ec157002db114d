"""Who acts: a person, for an organisation, in its roles, with the person's own duties there."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """What an organisation does on the exchange; each role is granted separately."""

    DATA_AUTHORITY = "data_authority"  # 数据管理部门: hub, filing, supervision
    IMPLEMENTING_AGENCY = "implementing_agency"  # 实施机构: assesses and authorises
    SUPPLY_DEPARTMENT = "supply_department"  # 数据提供部门
    AUTHORISED_OPERATOR = "authorised_operator"  # 授权运营机构
    DEVELOPER = "developer"  # 再开发主体, applies with a scenario
    MERCHANT = "merchant"  # 数商
    BUYER = "buyer"  # 数据需方
    PRICE_AUTHORITY = "price_authority"  # 价格主管部门: permitted revenue
    EXCHANGE_OPERATOR = "exchange_operator"  # 数据交易场所运营机构
    SYSTEM = "system"  # the clock and the worker


class Duty(StrEnum):
    """What a person may do inside one organisation."""

    ORG_ADMIN = "org_admin"
    EDITOR = "editor"
    SUBMITTER = "submitter"
    SIGNER = "signer"
    FINANCE = "finance"
    DATA_ENGINEER = "data_engineer"
    CASE_OFFICER = "case_officer"  # 经办
    REVIEWER = "reviewer"  # 初审
    APPROVER = "approver"  # 复审
    PANEL_SECRETARY = "panel_secretary"
    PANEL_EXPERT = "panel_expert"
    SUPERVISOR = "supervisor"  # 电子监察员
    STATISTICIAN = "statistician"
    LISTING_OFFICER = "listing_officer"
    COMPLIANCE_OFFICER = "compliance_officer"
    SETTLEMENT_OFFICER = "settlement_officer"
    AUDITOR = "auditor"
    PLATFORM_ADMIN = "platform_admin"  # runs the machines; has no business permission at all


@dataclass(frozen=True, slots=True)
class Actor:
    """The person (or machine) behind one action.

    scopes: None for a person signed in by password; for an API token the set of
    things that it may do, checked at the door.
    """

    person: str
    organisation: str
    roles: frozenset[Role]
    duties: frozenset[Duty] = frozenset()
    scopes: frozenset[str] | None = None


SYSTEM = Actor(person="system", organisation="system", roles=frozenset({Role.SYSTEM}))
NOBODY = Actor(person="nobody", organisation="nobody", roles=frozenset())


@dataclass(frozen=True, slots=True)
class Who:
    """A named test of an actor against a subject: 'its merchant', 'any supervisor'.

    unit: whose duty it is: the subject's field that names an organisation, or "role:…" for
    whoever holds a role; None for the house itself.
    """

    name: str
    matches: Callable[[Actor, Any], bool]
    unit: str | None = None


def any_of(role: Role, *duties: Duty) -> Who:
    """Build the Who of every actor in `role` who has one of `duties` (any, if none is named)."""
    wanted = frozenset(duties)
    name = " ".join([role.value, "/".join(duty.value for duty in duties)]).strip()
    return Who(
        name,
        lambda actor, _subject: role in actor.roles and _has(actor, wanted),
        f"role:{role.value}",
    )


def its(name: str, field: str, *duties: Duty) -> Who:
    """Build the Who of the organisation that `subject.<field>` names, with one of `duties`."""
    wanted = frozenset(duties)
    full = " ".join([f"its {name}", "/".join(duty.value for duty in duties)]).strip()
    return Who(
        full,
        lambda actor, subject: (
            actor.organisation == getattr(subject, field) and _has(actor, wanted)
        ),
        field,
    )


system_only = Who("system", lambda actor, _subject: Role.SYSTEM in actor.roles)


def _has(actor: Actor, wanted: frozenset[Duty]) -> bool:
    # Who runs the machines has no business permission, even where any member has it.
    if not wanted:
        return actor.duties != {Duty.PLATFORM_ADMIN}
    return bool(wanted & actor.duties)
