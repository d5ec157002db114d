"""A new grade for what is published (重新定级): upwards at once, downwards with other eyes.

Data grow graver, or turn out to be; the department or the hub says so at any time. What
rises rises in the same transaction, in a new version of the directory; what is to fall
waits until another person has approved it. Source: GB/T 43697-2024 (dynamic update,
动态更新). Published rows never change.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypedDict

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue import contents, directories, gradings
from catalogue.beginnings import at_first
from catalogue.contents import DataItem, DirectoryContent
from catalogue.directories import Directory, DirectoryVersion
from catalogue.grades import Grade, PiClass
from catalogue.gradings import Graded
from kernel import ids
from kernel.actor import Actor, Duty, Role, any_of, its, system_only
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import Invalid, NotFound, Refusal, StepNotAllowed
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step

STANDING: Final = frozenset({directories.State.PUBLISHED, directories.State.SUSPENDED})


class State(StrEnum):
    """Where a regrading stands."""

    PROPOSED = "proposed"
    APPLIED = "applied"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Regrade(Living, Base):
    """One proposal to grade items of a directory anew.

    changes: [{"item_code", "grade", "pi_class"}]. raises: none of them falls.
    made_version_id: the version in which they hold, once applied.
    """

    __tablename__ = "regrades"
    __table_args__ = (
        CheckConstraint("length(reason) > 0", name="reason_is_told"),
        Index(None, "directory_id", "id"),
        Index(None, "department_id", "id"),
    )

    directory_id: Mapped[str] = mapped_column(ForeignKey("directories.id"))
    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    changes: Mapped[list[Any]]
    raises: Mapped[bool]
    reason: Mapped[str]
    proposed_by: Mapped[str]
    proposed_at: Mapped[Instant]
    made_version_id: Mapped[str | None] = mapped_column(ForeignKey("directory_versions.id"))


class Change(TypedDict):
    """How one item is to be graded."""

    item_code: str
    grade: str
    pi_class: str


class Preview(NamedTuple):
    """What a regrading would do: rises now, falls after approval; the whole before and after."""

    rises: list[Change]
    falls: list[Change]
    before: Graded
    at_once: Graded
    in_the_end: Graded


proposers = (
    its("department", "department_id", Duty.EDITOR, Duty.APPROVER),
    any_of(Role.DATA_AUTHORITY, Duty.CASE_OFFICER, Duty.REVIEWER, Duty.APPROVER),
)
approvers = (
    its("department", "department_id", Duty.APPROVER),
    any_of(Role.DATA_AUTHORITY, Duty.REVIEWER, Duty.APPROVER),
)
overseers = (any_of(Role.DATA_AUTHORITY), system_only)


def _another_person(regrade: Regrade, work: Work) -> Refusal | None:
    if regrade.proposed_by != work.actor.person:
        return None
    return Refusal(
        "FOUR_EYES",
        "该定级由您提出，须由另一人批准",
        "you proposed it yourself; another person must approve it",
    )


def _still_standing(regrade: Regrade, work: Work) -> Refusal | None:
    if _standing(work.session, regrade.directory_id) is not None:
        return None
    return Refusal("DIRECTORY_NOT_PUBLISHED", "目录未发布", "the directory is not published")


def _items_still_there(regrade: Regrade, work: Work) -> Refusal | None:
    current = _standing(work.session, regrade.directory_id)
    codes = {item.code for item in directories.items(work.session, current.id)} if current else ()
    gone = sorted({change["item_code"] for change in regrade.changes} - set(codes))
    if current is None or not gone:
        return None
    return Refusal(
        "ITEM_GONE", f"目录已无信息项 {'、'.join(gone)}", f"the directory has no {', '.join(gone)}"
    )


def _apply(regrade: Regrade, work: Work, _data: dict[str, Any]) -> None:
    regrade.made_version_id = _reissued(work, regrade).id


# fmt: off
LIFE: Workflow[State, Regrade] = Workflow(
    "regrade", State, State.PROPOSED,
    step("apply_at_once", {State.PROPOSED}, State.APPLIED,
         tuple(map(at_first, proposers)), own_door=True,
         when=(_still_standing,), then=(_apply,),
         says="regrade.applied_at_once", label=Words("即时升级", "Raise at once")),
    step("put_forward", {State.PROPOSED}, State.PROPOSED, tuple(map(at_first, proposers)),
         own_door=True, within="clocks.regrade_approval",
         says="regrade.put_forward", label=Words("提请降级", "Put forward")),
    step("approve",  {State.PROPOSED}, State.APPLIED, approvers,
         when=(_another_person, _still_standing, _items_still_there), then=(_apply,),
         says="regrade.approved", label=Words("批准降级", "Approve")),
    step("decline",  {State.PROPOSED}, State.DECLINED, approvers,
         when=(_another_person,), asks=(REASON,),
         says="regrade.declined", label=Words("不予降级", "Decline")),
    step("withdraw", {State.PROPOSED}, State.WITHDRAWN, proposers,
         asks=(REASON,), says="regrade.withdrawn", label=Words("撤回", "Withdraw")),
)
# fmt: on


def propose(
    work: Work, *, directory_id: str, changes: Sequence[Mapping[str, Any]], reason: str
) -> list[Regrade]:
    """Grade items anew: what rises is in force when this returns, what falls is proposed.

    changes: see Change; an item that both rises and falls (grade, class of personal
    information) does the one now and the other later. Returns the one or two regradings.
    Raises NotFound, StepNotAllowed, Invalid. Ten SELECTs on indexes.
    """
    directory = directories.seen_directory(work, directory_id)
    if not any(who.matches(work.actor, directory) for who in proposers):
        raise StepNotAllowed(
            "由目录所属部门或数据管理部门重新定级",
            "the directory's department or the data authority grades it anew",
        )
    if not reason.strip():
        raise Invalid("请填写理由", "a reason must be given", pointer="/reason")
    seen = preview(work, directory_id=directory_id, changes=changes)
    made = []
    if seen.rises:
        raised = _proposed(work, directory, seen.rises, raises=True, reason=reason)
        LIFE.take("apply_at_once", raised, work)
        made.append(raised)
    if seen.falls:
        lowered = _proposed(work, directory, seen.falls, raises=False, reason=reason)
        LIFE.take("put_forward", lowered, work)
        made.append(lowered)
    return made


def preview(work: Work, *, directory_id: str, changes: Sequence[Mapping[str, Any]]) -> Preview:
    """Return what a regrading would do, and touch nothing.

    Raises NotFound, and Invalid for an unknown item or grade, a repetition, a directory
    that is not published, or nothing that changes. Four SELECTs on indexes.
    """
    directory = directories.seen_directory(work, directory_id)
    current = _standing(work.session, directory.id)
    if current is None:
        zh, en = "目录未发布", "the directory is not published"
        raise Invalid(zh, en, (Refusal("DIRECTORY_NOT_PUBLISHED", zh, en),))
    items = directories.items(work.session, current.id)
    wanted = _wanted({item.code: item for item in items}, changes)
    risen = {code: _risen(old, new) for code, (old, new) in wanted.items()}
    rises = [new for code, new in risen.items() if _differs(wanted[code][0], new)]
    falls = [new for code, (_, new) in wanted.items() if new != risen[code]]
    if not rises and not falls:
        raise Invalid("没有变化", "nothing changes", pointer="/changes")
    content = contents.of(work.session, current.id)
    return Preview(
        rises,
        falls,
        gradings.graded(items, content, work.rules),
        gradings.graded(_copied(items, rises, work), content, work.rules),
        gradings.graded(_copied(items, [*rises, *falls], work), content, work.rules),
    )


def take(work: Work, regrade_id: str, name: str, **data: Any) -> Regrade:
    """Take a step of a regrading that the caller may see. Raises what seen and LIFE raise."""
    regrade = seen(work, regrade_id)
    LIFE.take(name, regrade, work, **data)
    return regrade


def find(session: Session, regrade_id: str) -> Regrade:
    """Return a regrading. Raises NotFound. One SELECT by key."""
    found = session.get(Regrade, regrade_id)
    if found is None:
        raise NotFound("没有这次定级", f"no regrading {regrade_id}")
    return found


def seen(work: Work, regrade_id: str) -> Regrade:
    """Return a regrading to its department and the authority. Raises NotFound to others."""
    found = work.session.get(Regrade, regrade_id)
    if found is None or not _is_party(work.actor, found):
        raise NotFound("没有这次定级", f"no regrading {regrade_id}")
    return found


def listed(
    work: Work,
    *,
    directory_id: str | None = None,
    state: State | None = None,
    after: str | None,
    limit: int,
) -> Page[Regrade]:
    """Return one page of the regradings that the caller may see, newest first. One SELECT."""
    statement = select(Regrade)
    if not any(who.matches(work.actor, None) for who in overseers):
        statement = statement.where(Regrade.department_id == work.actor.organisation)
    if directory_id is not None:
        statement = statement.where(Regrade.directory_id == directory_id)
    if state is not None:
        statement = statement.where(Regrade.state == state)
    return keyset(work.session, statement, by=((Regrade.id, "desc"),), after=after, limit=limit)


def _proposed(
    work: Work, directory: Directory, changes: list[Change], *, raises: bool, reason: str
) -> Regrade:
    made = Regrade(
        id=ids.new("rgr_", work.now),
        state=State.PROPOSED,
        directory_id=directory.id,
        department_id=directory.department_id,
        changes=[dict(change) for change in changes],
        raises=raises,
        reason=reason.strip(),
        proposed_by=work.actor.person,
        proposed_at=work.now,
    )
    work.session.add(made)
    work.record(
        "regrade.proposed",
        made.id,
        directory_code=directory.code,
        raises=raises,
        changes=made.changes,
        reason=made.reason,
    )
    return made


def _standing(session: Session, directory_id: str) -> DirectoryVersion | None:
    current = directories.find_directory(session, directory_id).current_version_id
    found = directories.find(session, current) if current else None
    return found if found is not None and found.state in STANDING else None


def _reissued(work: Work, regrade: Regrade) -> DirectoryVersion:
    """Put a version with the new grades in the place of the one in force; suspended stays so."""
    session = work.session
    directory = directories.find_directory(session, regrade.directory_id)
    earlier = directories.find(session, str(directory.current_version_id))
    content = contents.of(session, earlier.id)
    latest = select(func.max(DirectoryVersion.number)).where(
        DirectoryVersion.directory_id == directory.id
    )
    made = DirectoryVersion(
        id=ids.new("dvn_", work.now),
        state=earlier.state,
        directory_id=directory.id,
        department_id=directory.department_id,
        number=session.scalars(latest).one() + 1,
        published_at=work.now,
        suspended_by=earlier.suspended_by,
    )
    made.content = _content_of(content)
    made.items = _copied(directories.items(session, earlier.id), regrade.changes, work)
    session.add(made)
    # Its items must be there before it is the directory's current version: none may join later.
    session.flush()
    gradings.write(work, made.id)
    gradings.tell(work, directory, earlier_id=earlier.id, later=made.id)
    directories.LIFE.take("supersede", earlier, work.as_system())
    directory.current_version_id = made.id
    return made


def _content_of(content: DirectoryContent) -> DirectoryContent:
    columns = DirectoryContent.__table__.columns.keys()
    said = {name: getattr(content, name) for name in columns if name != "version_id"}
    return DirectoryContent(**said)


def _copied(
    items: Iterable[DataItem], changes: Iterable[Mapping[str, Any]], work: Work
) -> list[DataItem]:
    anew = {change["item_code"]: change for change in changes}
    kept = [name for name in DataItem.__table__.columns.keys() if name not in _OWN]  # noqa: SIM118 - a collection of columns, no dict
    return [
        DataItem(
            id=ids.new("itm_", work.now),
            **{name: getattr(item, name) for name in kept},
            **(_marks(anew[item.code]) if item.code in anew else _marks_of(item)),
        )
        for item in items
    ]


_OWN: Final = frozenset({"id", "version_id", "grade", "pi_class"})


def _marks(change: Mapping[str, Any]) -> dict[str, str]:
    return {"grade": change["grade"], "pi_class": change["pi_class"]}


def _marks_of(item: DataItem) -> dict[str, str]:
    return {"grade": item.grade, "pi_class": item.pi_class}


def _wanted(
    items: Mapping[str, DataItem], changes: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[DataItem, Change]]:
    wanted: dict[str, tuple[DataItem, Change]] = {}
    for place, change in enumerate(changes):
        code, at = change["item_code"], f"/changes/{place}"
        item = items.get(code)
        if item is None or code in wanted:
            raise Invalid(
                f"信息项 {code} 不存在或重复",
                f"{code!r} is no item, or stands twice",
                pointer=f"{at}/item_code",
            )
        grade, pi_class = change.get("grade", item.grade), change.get("pi_class", item.pi_class)
        if grade not in list(Grade) or pi_class not in list(PiClass):
            raise Invalid("没有这个级别", "there is no such grade", pointer=f"{at}/grade")
        wanted[code] = (item, Change(item_code=code, grade=grade, pi_class=pi_class))
    return wanted


def _risen(old: DataItem, new: Change) -> Change:
    return Change(
        item_code=new["item_code"],
        grade=max(Grade(old.grade), Grade(new["grade"])).value,
        pi_class=max(PiClass(old.pi_class), PiClass(new["pi_class"])).value,
    )


def _differs(old: DataItem, new: Change) -> bool:
    return (old.grade, old.pi_class) != (new["grade"], new["pi_class"])


def _is_party(actor: Actor, regrade: Regrade) -> bool:
    own = actor.organisation == regrade.department_id
    return own or any(who.matches(actor, regrade) for who in overseers)
