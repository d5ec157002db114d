"""Shares (数据共享): an order line as a share with one schema and one table in it.

The table has the versions of the data set up to the one that was ordered, as far as none
is graded more gravely than what was ordered; each is cut to what was bought.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalogue.grades import Grade, PiClass
from delivery import gate, tasks
from delivery.gate import Passage
from delivery.recipients import credentials
from delivery.recipients.credentials import Credential, CredentialKind, NotPresented
from delivery.sharing import links, predicates
from delivery.sharing.links import Link
from delivery.tables import copies, scopes, sources
from delivery.tables.datasets import DatasetVersion
from delivery.tables.scopes import Scope
from delivery.tables.snapshots import Piece, Snapshot
from delivery.tables.sources import Shelves, Source
from delivery.tasks import DeliveryTask
from delivery.ways import Way
from kernel.actor import Actor
from kernel.clock import Instant
from kernel.errors import Invalid, NotFound, Refusal
from kernel.work import Work

SCHEMA: Final = "data"
TABLE: Final = "rows"

VERSIONS_MAX: Final = 1_000
"""Versions of a data set among which one is looked for."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A table at one version, as its recipient may read it now."""

    task: DeliveryTask
    passage: Passage
    version: DatasetVersion
    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a reader asks for; see the protocol's body of a query."""

    version: int | None = None
    timestamp: Instant | None = None
    limit: int | None = None
    predicate: str | None = None


def name_of(task: DeliveryTask) -> str:
    """Return the name of a task's share."""
    return task.id.lower()


def presented(session: Session, secret: str, now: Instant) -> tuple[Credential, DeliveryTask]:
    """Return the live credential of a secret and its task. Raises NotPresented. Two SELECTs."""
    credential = credentials.presented(session, secret, CredentialKind.SHARE, now)
    return credential, tasks.find(session, credential.task_id)


def admitted(work: Work, task: DeliveryTask, *names: str) -> Passage:
    """Ask the gate for a share by its names (share, schema, table).

    Raises NotFound for other names, and what the gate raises.
    """
    meant = (name_of(task), SCHEMA, TABLE)[: len(names)]
    if tuple(each.lower() for each in names) != meant:
        raise NotFound("没有这个共享、模式或表", f"nothing is shared as {'.'.join(names)}")
    return gate.admit(work, task, Way.SHARE)


def ordered(work: Work, task: DeliveryTask, names: Sequence[str]) -> DatasetVersion:
    """Return the version that was ordered. Raises what `admitted` raises."""
    return _ordered(admitted(work, task, *names))


def chosen(
    work: Work, task: DeliveryTask, names: Sequence[str], wish: Wish, *, shelves: Shelves
) -> Shared:
    """Return the version that is asked for, the one that was ordered when none is.

    Raises what `admitted` raises, and Invalid for a version or time that is not offered.
    """
    passage = admitted(work, task, *names)
    version, scope = _meant(work.session, task, _ordered(passage), wish)
    return Shared(task, passage, version, copies.there(sources.of(work, shelves, version), scope))


def needed(
    work: Work, task: DeliveryTask, wish: Wish, *, shelves: Shelves
) -> tuple[Source, Scope] | None:
    """Return of what a copy has to be made before a wish is answered, outside any transaction.

    What the gate says is asked later.
    """
    if task.dataset_version_id is None or task.state not in gate.READABLE:
        return None
    bought = work.session.get_one(DatasetVersion, task.dataset_version_id)
    version, scope = _meant(work.session, task, bought, wish)
    return sources.of(work, shelves, version), scope


def wanted(work: Work, shared: Shared, wish: Wish) -> list[Piece]:
    """Return the files that answer a query, and count them as used."""
    found = predicates.limited(predicates.kept(shared.snapshot.pieces, wish.predicate), wish.limit)
    most = work.rules.number("sharing.files_max")
    if len(found) > most:
        raise Invalid(f"文件数超过 {most}，请加筛选条件", f"more than {most} files: narrow it down")
    gate.count(
        work,
        shared.passage,
        rows=sum(piece.rows for piece in found),
        bytes=sum(piece.size_bytes for piece in found),
        version=shared.version.number,
        files=len(found),
        credential=work.actor.person,
    )
    return found


def linked(work: Work, shared: Shared, piece: Piece) -> Link:
    """Return the address of a file, for minutes and for the credential that acts."""
    return Link.until(work, work.actor.person, shared.version.id, piece.id)


def opened(work: Work, text: str, piece_id: str) -> Link:
    """Return what an address stands for. Raises NotPresented when it is changed, or over."""
    link = links.opened(work.crypto, text, work.now)
    if link is None or link.piece_id != piece_id:
        raise _over()
    return link


def pointed(work: Work, link: Link) -> DeliveryTask:
    """Return the task of an address. Raises NotPresented. Two SELECTs by key."""
    return tasks.find(work.session, _holder(work, link).task_id)


def reader(work: Work, link: Link) -> Actor:
    """Return who acts by an address: its credential, while that is live. Raises NotPresented."""
    return credentials.actor(work.session, _holder(work, link))


def followed(work: Work, link: Link, *, shelves: Shelves) -> tuple[Source, Piece]:
    """Return the file of an address, for its `reader`, whose right must not have ended.

    Raises NotPresented, NotFound and what the gate raises.
    """
    task = tasks.find(work.session, _holder(work, link).task_id)
    bought = _ordered(gate.admit(work, task, Way.SHARE))
    version = work.session.get(DatasetVersion, link.version_id)
    if version is None or version.dataset_id != bought.dataset_id:
        raise _gone()
    scope = scopes.of(task, bought, version)
    source = sources.of(work, shelves, version)
    found = copies.there(source, scope).piece(link.piece_id)
    if found is None:
        raise _gone()
    return source, found


def first_since(session: Session, ordered: DatasetVersion, since: Instant) -> DatasetVersion:
    """Return the first offered version loaded at or after a time. Raises Invalid."""
    for version in reversed(_offered(session, ordered)):
        if version.loaded_at >= since:
            return version
    raise Invalid("此时间之后没有版本", "no version since then", pointer="/startingTimestamp")


def _holder(work: Work, link: Link) -> Credential:
    credential = work.session.get(Credential, link.credential_id)
    if credential is None or not credential.live(work.now):
        raise _over()
    return credential


def _ordered(passage: Passage) -> DatasetVersion:
    if passage.dataset_version is None:
        raise gate.BeyondOrder.of([Refusal("NO_RESOURCE", "没有数据集", "there is no data set")])
    return passage.dataset_version


def _meant(
    session: Session, task: DeliveryTask, bought: DatasetVersion, wish: Wish
) -> tuple[DatasetVersion, Scope]:
    version = _version(session, bought, wish)
    scope = scopes.of(task, bought, version)
    if not scope.columns:
        raise gate.BeyondOrder.of(
            [Refusal("NOTHING_IN_SCOPE", "订购范围内没有列", "no column of it was ordered")]
        )
    return version, scope


def _version(session: Session, ordered: DatasetVersion, wish: Wish) -> DatasetVersion:
    if wish.version is None and wish.timestamp is None:
        return ordered
    for version in _offered(session, ordered):
        if wish.version is not None and version.delta_version == wish.version:
            return version
        if wish.timestamp is not None and version.loaded_at <= wish.timestamp:
            return version
    raise Invalid(
        "没有提供该版本或该时间的版本",
        "this version, or one of this time, is not offered",
        pointer="/version" if wish.timestamp is None else "/timestamp",
    )


def _offered(session: Session, ordered: DatasetVersion) -> list[DatasetVersion]:
    """Return the versions that may be read, newest first: none graded more gravely. One SELECT."""
    statement = (
        select(DatasetVersion)
        .where(
            DatasetVersion.dataset_id == ordered.dataset_id,
            DatasetVersion.number <= ordered.number,
        )
        .order_by(DatasetVersion.number.desc())
        .limit(VERSIONS_MAX)
    )
    return [
        version
        for version in session.scalars(statement)
        if Grade(version.grade) <= Grade(ordered.grade)
        and PiClass(version.pi_class) <= PiClass(ordered.pi_class)
    ]


def _over() -> NotPresented:
    return NotPresented("地址或凭证已失效，请重新查询", "the address is over: query again")


def _gone() -> NotFound:
    return NotFound("没有这个文件", "no such file")
