"""What everybody may read of the frame: who was authorised for which scenario, agreements filed.

Each list is read along the index of its order and stops when its page is full, so that a
page without a filter costs the same whatever stands behind it; a state is an index of its
own. A text that is looked for stands anywhere in a name, which no index of either
database finds: then every row of the list is read, about 20 ms for 10,000.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from kernel.pages import Page, keyset
from kernel.parties.organisations import Organisation
from licensing.agreed.operation_rows import OperationAgreement
from licensing.agreed.rows import LIVE
from licensing.agreed.rows import State as AgreedState
from licensing.applications.cases import Scenario
from licensing.applications.supplies import SupplyAgreement
from licensing.applications.vocabulary import Purpose
from licensing.standing.rows import Authorisation, AuthorisationItem
from licensing.standing.rows import State as Standing

TEXT_MAX: Final = 60
"""Characters of a text that is looked for."""

FILED: Final = tuple(
    state
    for state in AgreedState
    if state in LIVE | {AgreedState.TERMINATING, AgreedState.EXPIRED, AgreedState.TERMINATED}
)
"""The states of an agreement that was filed once."""

_AgreedT = TypeVar("_AgreedT", OperationAgreement, SupplyAgreement)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; what is not given leaves none out.

    text: stands in a number, in the title of the scenario, in the name of its purpose, or
    in the name of a party, in Chinese or English, in any case of letters. state: where it
    stands. kind: what the scenario makes (`scenario_kind`), for authorisations alone.
    """

    text: str | None = None
    state: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An authorisation, with the scenario that it is for. items: how many it covers."""

    authorisation: Authorisation
    scenario_code: str
    title: str
    kind: str
    items: int


def authorised(
    session: Session, wanted: Wanted | None = None, *, after: str | None, limit: int
) -> Page[Entry]:
    """Return one page of what was ever authorised, newest first. Three SELECTs.

    Without a text a page is read off an index; with one, all of them are read.
    """
    wanted = wanted or Wanted()
    statement = select(Authorisation).join(Scenario, Scenario.id == Authorisation.scenario_id)
    if wanted.kind:
        statement = statement.where(Scenario.scenario_kind == wanted.kind)
    if wanted.state:
        statement = statement.where(Authorisation.state == wanted.state)
    if wanted.text:
        text = wanted.text[:TEXT_MAX]
        purposes = [each.value for each in Purpose if _says(each, text)]
        statement = statement.where(
            or_(
                *_stands(text, Authorisation.cert_no, Scenario.title, Scenario.code),
                *_party(text, Authorisation.grantee_id, Authorisation.operator_id),
                Authorisation.purpose_code.in_(purposes),
            )
        )
    page = _newest(session, statement, Authorisation.id, after, limit)
    return Page(_entries(session, page.items), page.next)


def filed(
    session: Session,
    kind: type[_AgreedT],
    wanted: Wanted | None = None,
    *,
    after: str | None,
    limit: int,
) -> Page[_AgreedT]:
    """Return one page of the agreements of a kind that were ever filed, newest first.

    One SELECT, which reads the agreements one by one: there is one for each operator, or
    for each department and industry, a few hundred in a province.
    """
    wanted = wanted or Wanted()
    statement = select(kind).where(kind.effective_at.is_not(None))
    if wanted.state:
        statement = statement.where(kind.state == wanted.state)
    if wanted.text:
        text = wanted.text[:TEXT_MAX]
        named = _party(text, _grantor(kind), kind.operator_id)
        statement = statement.where(or_(*_stands(text, kind.code), *named))
    return _newest(session, statement, kind.id, after, limit)


def revoked(
    session: Session, wanted: Wanted | None = None, *, after: str | None, limit: int
) -> Page[Entry]:
    """Return one page of the authorisations that were revoked, newest first. Three SELECTs."""
    text = wanted.text if wanted else None
    only = Wanted(text=text, state=Standing.REVOKED)
    return authorised(session, only, after=after, limit=limit)


def entries(session: Session, authorisation_ids: Iterable[str]) -> dict[str, Entry]:
    """Return id → authorisation with its scenario, for one page of a list. Three SELECTs."""
    statement = select(Authorisation).where(Authorisation.id.in_(list(authorisation_ids)))
    found = _entries(session, list(session.scalars(statement)))
    return {each.authorisation.id: each for each in found}


def operators(session: Session, authorisation_ids: Iterable[str]) -> dict[str, str]:
    """Return authorisation → its operator, for one page of what is built on them. One SELECT."""
    wanted = select(Authorisation.id, Authorisation.operator_id).where(
        Authorisation.id.in_(list(authorisation_ids))
    )
    return {row.id: row.operator_id for row in session.execute(wanted)}


def _newest(
    session: Session, statement: Select[Any], key: Any, after: str | None, limit: int
) -> Page[Any]:
    return keyset(session, statement, by=((key, "desc"),), after=after, limit=limit)


def _entries(session: Session, found: list[Authorisation]) -> list[Entry]:
    scenarios = select(Scenario.id, Scenario.code, Scenario.title, Scenario.scenario_kind).where(
        Scenario.id.in_({each.scenario_id for each in found})
    )
    titled = {row.id: row for row in session.execute(scenarios)}
    sizes = _sizes(session, found)
    return [
        Entry(each, of.code, of.title, of.scenario_kind, sizes.get(each.id, 0))
        for each in found
        for of in [titled[each.scenario_id]]
    ]


def _sizes(session: Session, found: list[Authorisation]) -> dict[str, int]:
    counted = (
        select(AuthorisationItem.authorisation_id, func.count())
        .join(Authorisation, Authorisation.id == AuthorisationItem.authorisation_id)
        .where(
            AuthorisationItem.authorisation_id.in_([each.id for each in found]),
            AuthorisationItem.number == Authorisation.current_version,
        )
        .group_by(AuthorisationItem.authorisation_id)
    )
    return {row[0]: row[1] for row in session.execute(counted)}


def _grantor(kind: type[Any]) -> InstrumentedAttribute[str]:
    found: InstrumentedAttribute[str] = (
        kind.implementing_agency_id if kind is OperationAgreement else kind.department_id
    )
    return found


def _stands(text: str, *columns: InstrumentedAttribute[str]) -> list[ColumnElement[bool]]:
    return [column.icontains(text, autoescape=True) for column in columns]


def _party(text: str, *columns: InstrumentedAttribute[str]) -> list[ColumnElement[bool]]:
    named = select(Organisation.id).where(
        or_(*_stands(text, Organisation.name_zh, Organisation.name_en))
    )
    return [column.in_(named) for column in columns]


def _says(purpose: Purpose, text: str) -> bool:
    return text in purpose.label.zh or text.lower() in purpose.label.en.lower()
