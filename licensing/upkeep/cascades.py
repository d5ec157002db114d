"""What else falls when something falls (级联影响): previewed first, then done at once.

A directory, an agreement or an organisation bears authorisations; when it may bear them
no longer, every one of them is suspended in the same transaction (I-33, I-74). Each is
found by an index over the items of current versions.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypedDict, Unpack

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from catalogue import directories
from catalogue.grades import Grade, PiClass
from kernel.actor import Duty, Role
from kernel.errors import NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.parties import organisations
from kernel.work import Work
from licensing import agreements, authorisations, operations
from licensing.agreements import SupplyAgreement
from licensing.applications.items import ScenarioItem
from licensing.scope import Item
from licensing.standing import rows
from licensing.standing.rows import LIVE, Authorisation, AuthorisationItem, State

KINDS: Final = ("authorisation", "directory", "agreement", "operation_agreement", "organisation")
"""What an impact can be asked of: an id each, of a directory its code."""

SHOWN_MAX: Final = 500
BATCH: Final = 200
_UNHELD: Final = tuple(sorted(set(LIVE) - {State.SUSPENDED}))


class Target(TypedDict, total=False):
    """What something depends on.

    directory_code: it has an item of it. agreement_id: its operator is supplied with one of
    its items; operation_agreement_id: the same of any agreement under that one.
    organisation_id: holds or operates it.
    """

    directory_code: str
    agreement_id: str
    operation_agreement_id: str
    organisation_id: str


@dataclass(frozen=True, slots=True)
class Impact:
    """What would be suspended together. authorisations: at most SHOWN_MAX; whole: all there are.

    items: the data items of those authorisations that would be out of reach.
    """

    kind: str
    target: str
    authorisations: list[Authorisation]
    items: int
    whole: bool

    @property
    def grantees(self) -> list[str]:
        """The organisations whose right it is."""
        return sorted({one.grantee_id for one in self.authorisations})


def affected(
    session: Session, *, after: str = "", limit: int = SHOWN_MAX, **named: Unpack[Target]
) -> list[Authorisation]:
    """Return the live authorisations that depend on all that is named, by id, from `after` on.

    At most three SELECTs on indexes.
    """
    statement = select(Authorisation).where(Authorisation.state.in_(LIVE), Authorisation.id > after)
    if (directory_code := named.get("directory_code")) is not None:
        statement = statement.where(_has_item(directory_code))
    if (agreement_id := named.get("agreement_id")) is not None:
        statement = _supplied_by(statement, [agreements.find(session, agreement_id)])
    if (operation_id := named.get("operation_agreement_id")) is not None:
        statement = _supplied_by(statement, _under(session, operation_id))
    if (organisation_id := named.get("organisation_id")) is not None:
        held = Authorisation.grantee_id == organisation_id
        statement = statement.where(or_(held, Authorisation.operator_id == organisation_id))
    return list(session.scalars(statement.order_by(Authorisation.id).limit(limit)))


def preview(work: Work, *, kind: str, target: str) -> Impact:
    """Return what would fall with `target`, before anything is done; nothing is changed.

    For the data authority, an implementing agency, and the department of a directory or
    an agreement. Raises NotFound, and StepNotAllowed to anybody else.
    """
    _check_reader(work, kind, target)
    if kind == "authorisation":
        found = [authorisations.seen(work, target)]
    else:
        found = affected(work.session, **_named(kind, target), limit=SHOWN_MAX + 1)
    shown = found[:SHOWN_MAX]
    items = _items(work.session, shown, target if kind == "directory" else None)
    return Impact(kind, target, shown, items, whole=len(found) <= SHOWN_MAX)


def hold(work: Work, cause: str, reason: str, **named: Unpack[Target]) -> list[str]:
    """Suspend, as the house, everything that depends on what is named; return its ids.

    named: see Target. What is suspended already stays so, with the cause it has.
    """
    return _suspend(work, cause, reason, _every(work.session, **named))


def hold_regraded(work: Work, directory_code: str, regraded: Mapping[str, Any]) -> list[str]:
    """Suspend what a directory's new grades go beyond: the grades that it was decided on.

    regraded: as the event tells it: `raised`, `after`, and the `items` that changed.
    """
    if not regraded["raised"]:
        return []
    grades = {each["item_code"]: each for each in regraded["items"]}
    found = _every(work.session, directory_code=directory_code)
    beyond = (
        one
        for one in found
        if _beyond(work.session, one, directory_code, grades, Grade(regraded["after"]))
    )
    reason = f"目录 {directory_code} 升级 the grade of directory {directory_code} was raised"
    return _suspend(work, "grade_raised", reason, beyond)


def require_confirmed(session: Session, directory_code: str, *, confirmed: bool) -> None:
    """Refuse to revoke what bears live authorisations, unless whoever revokes has said so."""
    if confirmed:
        return
    if found := affected(session, directory_code=directory_code, limit=BATCH):
        numbers = ", ".join(one.cert_no for one in found[:5])
        refusal = Refusal(
            "CASCADE_NOT_CONFIRMED",
            f"有 {len(found)} 份授权依赖该目录（{numbers}），请先查看影响并确认",
            f"{len(found)} authorisations depend on it ({numbers}): look at them and confirm",
        )
        raise StepRefused(refusal.zh, refusal.en, (refusal,))


def _every(session: Session, **named: Unpack[Target]) -> Iterator[Authorisation]:
    after = ""
    while found := affected(session, **named, after=after, limit=BATCH):
        yield from found
        after = found[-1].id


def _suspend(work: Work, cause: str, reason: str, found: Iterable[Authorisation]) -> list[str]:
    held = []
    for one in found:
        if one.state in _UNHELD:
            house = work.as_system()
            authorisations.LIFE.take("suspend", one, house, cause=cause, reason=reason)
            held.append(one.id)
    return held


def _has_item(directory_code: str) -> Any:
    return _current_item(AuthorisationItem.directory_code == directory_code)


def _current_item(*these: Any) -> Any:
    return (
        select(AuthorisationItem.number)
        .where(
            AuthorisationItem.authorisation_id == Authorisation.id,
            AuthorisationItem.number == Authorisation.current_version,
            *these,
        )
        .exists()
    )


def _supplied_by(statement: Select[Any], found: Iterable[SupplyAgreement]) -> Select[Any]:
    terms = []
    for agreement in found:
        codes: dict[str, list[str]] = {}
        for directory_code, item_code in agreement.allowed.items:
            codes.setdefault(directory_code, []).append(item_code)
        its_items = or_(*(_one_of(*entry) for entry in sorted(codes.items())))
        terms.append(
            and_(Authorisation.operator_id == agreement.operator_id, _current_item(its_items))
        )
    return statement.where(or_(*terms) if terms else Authorisation.id == "")


def _one_of(directory_code: str, item_codes: list[str]) -> Any:
    return and_(
        AuthorisationItem.directory_code == directory_code,
        AuthorisationItem.item_code.in_(item_codes),
    )


def _under(session: Session, operation_agreement_id: str) -> list[SupplyAgreement]:
    statement = (
        select(SupplyAgreement)
        .where(SupplyAgreement.operation_agreement_id == operation_agreement_id)
        .order_by(SupplyAgreement.id)
        .limit(SHOWN_MAX)
    )
    return list(session.scalars(statement))


def _beyond(
    session: Session,
    one: Authorisation,
    directory_code: str,
    grades: Mapping[str, Mapping[str, str]],
    whole: Grade,
) -> bool:
    # What was assessed carries the grade that it had then; a rule may have raised the whole.
    held = {item for item in _codes(session, one) if item[0] == directory_code}
    statement = select(ScenarioItem).where(
        ScenarioItem.scenario_id == one.scenario_id, ScenarioItem.directory_code == directory_code
    )
    assessed = {row.item: row for row in session.scalars(statement)}
    for item in held:
        row, now = assessed.get(item), grades.get(item[1])
        grade = Grade(now["grade_after"]) if now else (None if grades else whole)
        personal = PiClass(now["pi_after"]) if now else None
        if _exceeds(row, grade, personal):
            return True
    return False


def _exceeds(row: ScenarioItem | None, grade: Grade | None, personal: PiClass | None) -> bool:
    if grade is None:
        return False
    if row is None:
        return True
    return grade > Grade(row.grade) or (personal is not None and personal > PiClass(row.pi_class))


def _codes(session: Session, one: Authorisation) -> set[Item]:
    statement = select(AuthorisationItem.directory_code, AuthorisationItem.item_code).where(
        AuthorisationItem.authorisation_id == one.id,
        AuthorisationItem.number == one.current_version,
    )
    return {(directory_code, item_code) for directory_code, item_code in session.execute(statement)}


def _items(session: Session, found: list[Authorisation], directory_code: str | None) -> int:
    statement = (
        select(AuthorisationItem.directory_code, AuthorisationItem.item_code)
        .join(Authorisation, Authorisation.id == AuthorisationItem.authorisation_id)
        .where(
            AuthorisationItem.authorisation_id.in_([one.id for one in found]),
            AuthorisationItem.number == Authorisation.current_version,
        )
        .distinct()
    )
    if directory_code is not None:
        statement = statement.where(AuthorisationItem.directory_code == directory_code)
    return len(session.execute(statement).all())


def _named(kind: str, target: str) -> Target:
    named: Mapping[str, Target] = {
        "directory": {"directory_code": target},
        "agreement": {"agreement_id": target},
        "operation_agreement": {"operation_agreement_id": target},
        "organisation": {"organisation_id": target},
    }
    return named[kind]


def _check_reader(work: Work, kind: str, target: str) -> None:
    session, ours = work.session, work.actor.organisation
    owners: dict[str, Any] = {
        "authorisation": lambda: authorisations.seen(work, target).parties,
        "directory": lambda: {directories.by_code(session, target).department_id},
        "agreement": lambda: {agreements.seen(work, target).department_id},
        "operation_agreement": lambda: {operations.seen(work, target).implementing_agency_id},
        "organisation": lambda: {organisations.find(session, target).id},
    }
    if kind not in owners:
        raise NotFound("没有这类影响", f"no impact of a {kind}")
    theirs = owners[kind]()
    agency = Role.IMPLEMENTING_AGENCY in work.actor.roles and Duty.APPROVER in work.actor.duties
    if ours in theirs or rows.oversees(work.actor) or agency:
        return
    zh, en = "影响预览供监管方、实施机构与供数部门查看", "impacts are shown to those who decide"
    raise StepNotAllowed(zh, en)
