"""Directories (目录) of public data, and the life of each of their versions.

A department describes what it holds; its own approver and then the hub look at it; what
is published never changes, only a new version takes its place. Source: the association
of directory, data and system (目录—数据—系统) in one book of the province (一本账).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Unpack

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from catalogue import contents, gradings
from catalogue.contents import DataItem, DirectoryContent, Fields, OpenType

# The rows are spoken of as directories.Directory, directories.DirectoryVersion, …
from catalogue.versions import OPEN as OPEN
from catalogue.versions import Directory as Directory
from catalogue.versions import DirectoryVersion as DirectoryVersion
from catalogue.versions import State as State
from kernel import ids, numbers
from kernel.actor import Actor, Duty, Role, Who, any_of, its, system_only
from kernel.errors import NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step


def _while(state: State, who: Who) -> Who:
    def matches(actor: Actor, version: Any) -> bool:
        return bool(version.state == state) and who.matches(actor, version)

    return Who(f"{who.name} during {state.value}", matches)


editor = its("department", "department_id", Duty.EDITOR)
approver = its("department", "department_id", Duty.APPROVER)
hub = any_of(Role.DATA_AUTHORITY, Duty.CASE_OFFICER, Duty.REVIEWER)
supervisor = any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR)
suspender = its("suspender", "suspended_by", Duty.APPROVER, Duty.CASE_OFFICER)
CONFIRMED = ask(
    "confirmed", "flag", Words("确认连带停止有关授权", "End what depends on it"), optional=True
)
returning = (_while(State.DEPT_REVIEW, approver), _while(State.HUB_REVIEW, hub))
overseers = (any_of(Role.DATA_AUTHORITY), system_only)


def _has_items(version: DirectoryVersion, work: Work) -> Refusal | None:
    if contents.items(work.session, version.id):
        return None
    return Refusal("NO_ITEMS", "目录没有信息项", "the directory has no data item")


def _not_overtaken(version: DirectoryVersion, work: Work) -> Refusal | None:
    current = find_directory(work.session, version.directory_id).current_version_id
    if current is None or find(work.session, current).number < version.number:
        return None
    return Refusal(
        "OVERTAKEN",
        "目录其间已有更新的版本发布，请据其重新编制",
        "a later version has been published meanwhile; write this one anew",
    )


def _submitted(version: DirectoryVersion, work: Work, _data: dict[str, Any]) -> None:
    version.submitted_at = work.now


def _returned(version: DirectoryVersion, work: Work, _data: dict[str, Any]) -> None:
    version.returned_at = work.now


def _published(version: DirectoryVersion, work: Work, _data: dict[str, Any]) -> None:
    version.published_at = work.now
    directory = find_directory(work.session, version.directory_id)
    if directory.current_version_id is not None:
        earlier = find(work.session, directory.current_version_id)
        if earlier.state != State.REVOKED:
            LIFE.take("supersede", earlier, work.as_system())
    content = contents.of(work.session, version.id)
    gradings.write(work, version.id)
    if directory.current_version_id is not None:
        gradings.tell(work, directory, earlier_id=directory.current_version_id, later=version.id)
    directory.current_version_id = version.id
    directory.title_zh, directory.title_en = content.title_zh, content.title_en


def _suspended(version: DirectoryVersion, work: Work, _data: dict[str, Any]) -> None:
    version.suspended_by = work.actor.organisation


# fmt: off
LIFE: Workflow[State, DirectoryVersion] = Workflow(
    "directory_version", State, State.DRAFT,
    step("submit",    {State.DRAFT}, State.DEPT_REVIEW, editor,
         when=(_has_items, _not_overtaken), then=(_submitted,),
         says="directory.submitted", label=Words("提交部门审核", "Submit")),
    step("pass",      {State.DEPT_REVIEW}, State.HUB_REVIEW, approver, not_by=("submit",),
         within="clocks.directory_review",
         says="directory.passed", label=Words("部门审核通过", "Pass")),
    step("accept",    {State.HUB_REVIEW}, State.PUBLISHED, hub,
         when=(_not_overtaken,), then=(_published,),
         says="directory.published", label=Words("目录中心发布", "Accept and publish")),
    step("return",    {State.DEPT_REVIEW, State.HUB_REVIEW}, State.DRAFT, returning,
         asks=(REASON,), then=(_returned,),
         says="directory.returned", label=Words("退回", "Return")),
    step("suspend",   {State.PUBLISHED}, State.SUSPENDED, (supervisor, approver),
         asks=(REASON,), then=(_suspended,),
         says="directory.suspended", label=Words("暂停", "Suspend")),
    step("resume",    {State.SUSPENDED}, State.PUBLISHED, (supervisor, suspender),
         asks=(REASON,), says="directory.resumed", label=Words("恢复", "Resume")),
    step("revoke",    {State.PUBLISHED, State.SUSPENDED}, State.REVOKED, approver,
         asks=(REASON, CONFIRMED), says="directory.revoked", label=Words("撤销", "Revoke")),
    step("supersede", {State.DRAFT, State.PUBLISHED, State.SUSPENDED}, State.SUPERSEDED,
         system_only, own_door=True,
         says="directory.superseded", label=Words("被新版本取代", "Supersede")),
)
# fmt: on


def create(
    work: Work, *, items: Sequence[Mapping[str, Any]], **fields: Unpack[Fields]
) -> DirectoryVersion:
    """Write version 1 of a new directory of the caller's department, as a draft.

    items, fields: see `contents.data_items` and `contents.metadata`. Raises StepNotAllowed,
    NotActive, Invalid. Three SELECTs by key.
    """
    if Role.SUPPLY_DEPARTMENT not in work.actor.roles or Duty.EDITOR not in work.actor.duties:
        raise _not_an_editor()
    department = organisations.require_active(work.session, work.actor.organisation)
    content = contents.metadata(fields)
    series = f"CAT-{department.region}"
    directory = Directory(
        id=ids.new("dir_", work.now),
        code=f"{series}-{numbers.following(work.session, series):06d}",
        department_id=department.id,
        title_zh=content.title_zh,
        title_en=content.title_en,
        created_at=work.now,
    )
    made = _version(work, directory, 1, content)
    made.items = contents.data_items(items, work.now)
    work.session.add(made)
    work.record("directory.drafted", made.id, directory_id=directory.id, code=directory.code)
    return made


def revise(
    work: Work,
    directory_id: str,
    *,
    items: Sequence[Mapping[str, Any]],
    **fields: Unpack[Fields],
) -> DirectoryVersion:
    """Write the next version of a directory as a draft; an earlier draft gives way to it.

    Raises NotFound, StepNotAllowed, Invalid, and StepRefused while a version is under
    review. Three SELECTs on indexes.
    """
    directory = find_directory(work.session, directory_id)
    if not editor.matches(work.actor, directory):
        raise _not_an_editor()
    content = contents.metadata(fields)
    _clear_the_desk(work, directory)
    latest = select(func.max(DirectoryVersion.number)).where(
        DirectoryVersion.directory_id == directory_id
    )
    made = _version(work, directory, work.session.scalars(latest).one() + 1, content)
    made.items = contents.data_items(items, work.now)
    work.session.add(made)
    work.record("directory.drafted", made.id, directory_id=directory.id, code=directory.code)
    return made


def take(work: Work, version_id: str, name: str, **data: Any) -> DirectoryVersion:
    """Take a step of a version that the caller may see. Raises NotFound and what LIFE raises.

    The event names the directory; that of a revocation also says whether the caller has
    confirmed it although authorisations may end with it (who lives upstairs decides).
    """
    version = seen(work, version_id)
    directory = find_directory(work.session, version.directory_id)
    told: dict[str, Any] = {**data, "directory_id": directory.id, "directory_code": directory.code}
    if name == "revoke":
        told["confirmed"] = bool(data.get("confirmed"))
    LIFE.take(name, version, work, **told)
    return version


def find(session: Session, version_id: str) -> DirectoryVersion:
    """Return a version. Raises NotFound. One SELECT by key."""
    found = session.get(DirectoryVersion, version_id)
    if found is None:
        raise NotFound("没有这个目录版本", f"no directory version {version_id}")
    return found


def seen(work: Work, version_id: str) -> DirectoryVersion:
    """Return a version with directory and content, if the caller may see it.

    What has been published is public; before, only its department and the data
    authority see it. Raises NotFound. One SELECT by key.
    """
    options = [joinedload(DirectoryVersion.directory), joinedload(DirectoryVersion.content)]
    found = work.session.get(DirectoryVersion, version_id, options=options)
    if found is None or not (found.published_at or _is_party(work.actor, found)):
        raise NotFound("没有这个目录版本", f"no directory version {version_id}")
    return found


def find_directory(session: Session, directory_id: str) -> Directory:
    """Return a directory, published or not. Raises NotFound. One SELECT by key."""
    found = session.get(Directory, directory_id)
    if found is None:
        raise NotFound("没有这个目录", f"no directory {directory_id}")
    return found


def seen_directory(work: Work, directory_id: str) -> Directory:
    """Return a directory that is published, or whose department or authority asks."""
    found = work.session.get(Directory, directory_id)
    if found is None or not (found.current_version_id or _is_party(work.actor, found)):
        raise NotFound("没有这个目录", f"no directory {directory_id}")
    return found


def by_code(session: Session, code: str) -> Directory:
    """Return the directory of a code. Raises NotFound. One SELECT on an index."""
    found = session.scalars(select(Directory).where(Directory.code == code)).one_or_none()
    if found is None:
        raise NotFound("没有这个目录", f"no directory {code}")
    return found


def is_open(session: Session, code: str) -> bool:
    """Tell whether everybody may have the directory's data (无条件开放). At most three SELECTs."""
    try:
        version = published(session, by_code(session, code).id)
    except NotFound:
        return False
    return version.content.open_type == OpenType.OPEN


def titles(session: Session, directory_ids: Iterable[str]) -> dict[str, Directory]:
    """Return id → directory, for the names of one page of a list. One SELECT."""
    statement = select(Directory).where(Directory.id.in_(set(directory_ids)))
    return {found.id: found for found in session.scalars(statement)}


def published(session: Session, directory_id: str) -> DirectoryVersion:
    """Return the version in force, with content. Raises NotFound when none is. One SELECT."""
    statement = (
        select(DirectoryVersion)
        .join(Directory, Directory.current_version_id == DirectoryVersion.id)
        .where(Directory.id == directory_id, DirectoryVersion.state == State.PUBLISHED)
        .options(joinedload(DirectoryVersion.content))
    )
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("目录未发布", f"directory {directory_id} is not published")
    return found


def items(session: Session, version_id: str) -> list[DataItem]:
    """Return the data items of a version in their order. One SELECT on an index."""
    return contents.items(session, version_id)


def listed(
    session: Session,
    *,
    department_id: str | None = None,
    text: str | None = None,
    after: str | None,
    limit: int,
) -> Page[Directory]:
    """Return one page of directories that have been published, by code. One SELECT.

    text: part of a title or of a code, in any case of letters.
    """
    statement = select(Directory).where(Directory.current_version_id.is_not(None))
    if department_id is not None:
        statement = statement.where(Directory.department_id == department_id)
    if text:
        fields = (Directory.title_zh, Directory.title_en, Directory.code)
        statement = statement.where(or_(*(f.icontains(text, autoescape=True) for f in fields)))
    return keyset(session, statement, by=((Directory.code, "asc"),), after=after, limit=limit)


def in_force(session: Session, *, after: str | None, limit: int) -> Page[DirectoryVersion]:
    """Return one page of the versions in force, with directory and content, by their ids.

    What is suspended is left out. One SELECT on an index.
    """
    statement = (
        select(DirectoryVersion)
        .where(DirectoryVersion.state == State.PUBLISHED)
        .options(joinedload(DirectoryVersion.directory), joinedload(DirectoryVersion.content))
    )
    return keyset(session, statement, by=((DirectoryVersion.id, "asc"),), after=after, limit=limit)


def versions(
    work: Work,
    *,
    directory_id: str | None = None,
    state: State | None = None,
    after: str | None,
    limit: int,
) -> Page[DirectoryVersion]:
    """Return one page of the versions that the caller may see, newest first. One SELECT."""
    statement = select(DirectoryVersion).options(joinedload(DirectoryVersion.directory))
    if not any(who.matches(work.actor, None) for who in overseers):
        statement = statement.where(
            or_(
                DirectoryVersion.department_id == work.actor.organisation,
                DirectoryVersion.published_at.is_not(None),
            )
        )
    if directory_id is not None:
        statement = statement.where(DirectoryVersion.directory_id == directory_id)
    if state is not None:
        statement = statement.where(DirectoryVersion.state == state)
    return keyset(
        work.session, statement, by=((DirectoryVersion.id, "desc"),), after=after, limit=limit
    )


def _version(
    work: Work, directory: Directory, number: int, content: DirectoryContent
) -> DirectoryVersion:
    return DirectoryVersion(
        id=ids.new("dvn_", work.now),
        state=State.DRAFT,
        department_id=directory.department_id,
        number=number,
        directory=directory,
        content=content,
    )


def _clear_the_desk(work: Work, directory: Directory) -> None:
    statement = select(DirectoryVersion).where(
        DirectoryVersion.directory_id == directory.id, DirectoryVersion.state.in_(OPEN)
    )
    earlier = work.session.scalars(statement).one_or_none()
    if earlier is None:
        return
    if earlier.state != State.DRAFT:
        raise StepRefused(
            "该目录有版本正在审核",
            "a version of the directory is under review",
            (Refusal("UNDER_REVIEW", "该目录有版本正在审核", "a version is under review"),),
        )
    LIFE.take("supersede", earlier, work.as_system())
    # One open version a directory: the old one must leave the index before the new one comes.
    work.session.flush()


def _is_party(actor: Actor, subject: Directory | DirectoryVersion) -> bool:
    own = actor.organisation == subject.department_id
    return own or any(who.matches(actor, subject) for who in overseers)


def _not_an_editor() -> StepNotAllowed:
    return StepNotAllowed(
        "目录由供数部门的编辑人员编制", "directories are written by editors of their department"
    )
