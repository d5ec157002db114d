"""What the tables say of a right on one day, read once and compiled to be compared with."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalogue import sharing
from catalogue.contents import DataItem, DirectoryContent, OperationType
from catalogue.directories import Directory
from catalogue.grades import Grade, PiClass
from kernel.clock import SHANGHAI, Instant, local_date
from kernel.errors import NotFound
from kernel.parties import organisations
from kernel.parties.credentials import Token
from kernel.parties.organisations import State as Standing
from licensing import agreements, authorisations, quotas
from licensing.applications.items import ScenarioItem
from licensing.authorisations import Authorisation
from licensing.deciding.clauses import Credential, Grant, Party, Sensitivity
from licensing.scope import Item, Period, Scope

RUNNING: Final = frozenset({Standing.ACTIVE, Standing.RESTRICTED})
"""The standings of an organisation in which what runs may go on."""

CONDITIONAL: Final = "active_conditional"
IN_FORCE: Final = frozenset({"active", CONDITIONAL})
_STATES: Final[Mapping[str, str]] = {
    "issued": "AUTH_NOT_STARTED",
    "suspended": "AUTH_SUSPENDED",
    "revoked": "AUTH_REVOKED",
    "surrendered": "AUTH_REVOKED",
    "superseded": "AUTH_REVOKED",
    "expired": "AUTH_EXPIRED",
}
"""What a state says to a use; a state that nobody knows is no right."""


def grant(session: Session, authorisation_id: str, now: Instant) -> Grant | None:
    """Return the authorisation as it stands on the day of `now`; None when there is none.

    About eight SELECTs by key or index, and two for each directory in the scope.
    """
    try:
        found = authorisations.find(session, authorisation_id)
    except NotFound:
        return None
    today = local_date(now)
    scope = authorisations.scope_of(session, found)
    idle = tuple(one for one in sorted({found.grantee_id, found.operator_id})
                 if not party(session, one).running)  # fmt: skip
    directories = _directories(session, scope.items)
    return Grant(
        id=found.id,
        version=found.current_version,
        grantee_id=found.grantee_id,
        operator_id=found.operator_id,
        parties=frozenset(found.parties),
        idle=idle,
        standing=frozenset(_standing(session, found, scope, today, idle)),
        purpose_code=scope.purpose_code,
        items=dict(scope.items),
        graded=_graded(session, found.scenario_id, directories, scope.items),
        unconsented=frozenset(_unconsented(session, directories, today)),
        forms=frozenset(form.value for form in scope.output_forms),
        users=scope.users,
        regions=scope.regions,
        environments=scope.environments,
        meters=frozenset(quotas.base(meter) for meter in scope.quotas),
        obligations=tuple(found.conditions),
        conditional=found.state == CONDITIONAL,
        first=scope.period.first,
        last=scope.period.last,
        since=day(now)[0],
    )


def day(now: Instant) -> tuple[Instant, Instant]:
    """Return when the day of `now` in Asia/Shanghai began and when it ends."""
    # In UTC like every `now`: instants of one zone are compared at once.
    began = datetime.combine(local_date(now), time(), SHANGHAI).astimezone(UTC)
    return began, began + timedelta(days=1)


def party(session: Session, organisation_id: str) -> Party:
    """Return an organisation as a user; one that nobody knows does not run. Two SELECTs."""
    try:
        found = organisations.find(session, organisation_id)
    except NotFound:
        return Party(organisation_id, running=False, classes=frozenset())
    classes = frozenset(f"class:{role}" for role in found.granted)
    return Party(organisation_id, found.state in RUNNING, classes)


def credential(session: Session, token_id: str) -> Credential | None:
    """Return a token as a credential; None when there is none. One SELECT by key."""
    found = session.get(Token, token_id)
    if found is None:
        return None
    return Credential(found.id, found.organisation_id, found.revoked_at is None, found.expires_at)


def _standing(
    session: Session, found: Authorisation, scope: Scope, today: date, idle: tuple[str, ...]
) -> Iterable[str]:
    if found.state in IN_FORCE:
        yield from _days(scope.period, today)
    else:
        yield _STATES.get(str(found.state), "NO_AUTH")
    if idle:
        yield "ORG_RESTRICTED"
    if agreements.inactive(session, found.operator_id, scope.items.keys(), today):
        yield "AGREEMENT_INACTIVE"


def _days(period: Period, today: date) -> Iterable[str]:
    if today < period.first:
        yield "AUTH_NOT_STARTED"
    if today > period.last:
        yield "AUTH_EXPIRED"


def _directories(session: Session, items: Iterable[Item]) -> list[Directory]:
    codes = sorted({directory for directory, _ in items})
    return list(session.scalars(select(Directory).where(Directory.code.in_(codes))))


def _unconsented(session: Session, directories: list[Directory], today: date) -> Iterable[str]:
    versions = {one.current_version_id: one for one in directories if one.current_version_id}
    shared = select(DirectoryContent.version_id).where(
        DirectoryContent.version_id.in_(versions),
        DirectoryContent.operation_type == OperationType.ELIGIBLE_WITH_CONSENT,
    )
    for version_id in session.scalars(shared):
        directory = versions[version_id]
        if not sharing.consented(session, directory.id, today):
            yield directory.code


def _graded(
    session: Session, scenario_id: str, directories: list[Directory], items: Iterable[Item]
) -> dict[Item, Sensitivity]:
    versions = {one.current_version_id: one.code for one in directories if one.current_version_id}
    present = select(DataItem).where(DataItem.version_id.in_(versions))
    now = {(versions[row.version_id], row.code): row for row in session.scalars(present)}
    assessed = select(ScenarioItem).where(ScenarioItem.scenario_id == scenario_id)
    then = {row.item: Grade(row.grade) for row in session.scalars(assessed)}
    known = set(versions.values())
    return {item: _sensitivity(now.get(item), then.get(item)) for item in items if item[0] in known}


def _sensitivity(row: DataItem | None, assessed: Grade | None) -> Sensitivity:
    if row is None:
        return Sensitivity(None, PiClass.NONE, assessed)
    return Sensitivity(Grade(row.grade), PiClass(row.pi_class), assessed)
