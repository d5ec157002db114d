"""Packages (加密文件包): what was bought as one file, sealed to the buyer's public key.

The exchange keeps no key that opens a package it has made. What opens it is its header,
sealed to the buyer and kept apart until the first release; when the header is destroyed
(密钥销毁), the file is noise, in every copy of it. After a release encryption calls nothing
back: that is for the contract, and for the mark that names the order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from delivery import gate, tasks
from delivery.recipients import credentials, keys
from delivery.tasks import DeliveryTask
from delivery.ways import Way
from kernel import ids
from kernel.actor import its, system_only
from kernel.clock import SHANGHAI, Instant
from kernel.crypto import CryptoProvider, canonical
from kernel.db import Base, Big, Living
from kernel.errors import NotFound, Refusal, StepRefused
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step


class State(StrEnum):
    """Where a package stands."""

    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"
    ERASED = "erased"


class Format(StrEnum):
    """What lies in a package."""

    PARQUET = "parquet"
    CSV = "csv"


OPEN: Final = frozenset({State.WAITING, State.MAKING, State.READY})
AT_ONCE: Final = 50
"""Packages that are erased or tidied in one run."""


class Package(Living, Base):
    """A package. public_key: it is sealed to; mark_column: see delivery.packages.marks.

    size_bytes, sha256: of the file as it is downloaded. stage, progress_bp: what the making
    is at. manifest, signature: what it says of its contents, and our signature over that.
    bytes_sent: counted by the database. released_at: when its header was first given out.
    """

    __tablename__ = "packages"
    __table_args__ = (
        CheckConstraint("size_bytes IS NULL OR size_bytes > 0", name="size_positive"),
        CheckConstraint("bytes_sent >= 0", name="bytes_not_negative"),
        CheckConstraint("format IN ('parquet', 'csv')", name="format_known"),
        Index(None, "task_id", "id"),
        Index(None, "buyer_id", "id"),
        Index(None, "state", "id"),
    )

    task_id: Mapped[str] = mapped_column(ForeignKey("delivery_tasks.id"))
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    key_id: Mapped[str] = mapped_column(ForeignKey("recipient_keys.id"))
    public_key: Mapped[str]
    format: Mapped[str]
    requested_by: Mapped[str]
    requested_at: Mapped[Instant]
    kept_until: Mapped[Instant]
    claimed_at: Mapped[Instant | None]
    stage: Mapped[str | None]
    progress_bp: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None]
    row_count: Mapped[int | None] = mapped_column(Big)
    size_bytes: Mapped[int | None] = mapped_column(Big)
    sha256: Mapped[str | None]
    mark_column: Mapped[str | None]
    manifest: Mapped[dict[str, Any] | None]
    signature: Mapped[dict[str, Any] | None]
    released_at: Mapped[Instant | None]
    erased_at: Mapped[Instant | None]
    bytes_sent: Mapped[int] = mapped_column(Big, default=0)
    tidied: Mapped[bool] = mapped_column(default=False)


class PackageHeader(Base):
    """What opens a package: its header, sealed by the house. Gone when the package is erased."""

    __tablename__ = "package_headers"

    package_id: Mapped[str] = mapped_column(ForeignKey("packages.id"), primary_key=True)
    sealed: Mapped[str]


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a maker needs to know of its package, outside any transaction."""

    id: str
    task_id: str
    format: Format
    public_key: str


@dataclass(frozen=True, slots=True)
class Made:
    """What has been made. header: still to be sealed by the house."""

    header: bytes
    row_count: int
    size_bytes: int
    sha256: str
    mark_column: str
    manifest: Mapping[str, Any]


buyer = its("buyer", "buyer_id")


def _claimed(package: Package, work: Work, _data: Mapping[str, Any]) -> None:
    package.claimed_at, package.stage, package.progress_bp = work.now, "waiting", 0


def _finished(package: Package, _work: Work, _data: Mapping[str, Any]) -> None:
    package.stage, package.progress_bp = None, 10_000


def _failed(package: Package, _work: Work, data: Mapping[str, Any]) -> None:
    package.stage, package.problem = None, data["problem"]


def _erased(package: Package, work: Work, data: dict[str, Any]) -> None:
    header = work.session.get(PackageHeader, package.id)
    # The proof: which sealed header was there, and that it is gone since this event.
    data["header_digest"] = ids.digest(header.sealed) if header is not None else None
    data["file_sha256"] = package.sha256
    data["released"] = package.released_at is not None
    package.erased_at, package.stage = work.now, None
    work.session.execute(delete(PackageHeader).where(PackageHeader.package_id == package.id))


# fmt: off
LIFE: Workflow[State, Package] = Workflow(
    "package", State, State.WAITING,
    step("begin",  {State.WAITING, State.MAKING}, State.MAKING, system_only, then=(_claimed,),
         own_door=True, says="package.begun", label=Words("开始制作", "Begin making")),
    step("finish", {State.MAKING}, State.READY, system_only, then=(_finished,), own_door=True,
         says="package.made", label=Words("制作完成", "Finish")),
    step("fail",   {State.MAKING}, State.FAILED, system_only, then=(_failed,), own_door=True,
         says="package.failed", label=Words("制作失败", "Fail")),
    step("erase",  OPEN, State.ERASED, (buyer, system_only), asks=(REASON,), then=(_erased,),
         says="package.key_destroyed", label=Words("销毁密钥", "Destroy its key")),
)
# fmt: on


def request(work: Work, task_id: str, *, key_id: str, file_format: str) -> Package:
    """Have a package made of what was bought, sealed to a registered key; the buyer may.

    The gate is asked now, and again at every download. Raises NotFound, StepRefused
    (PACKAGE_UNDER_WAY, KEY_RETIRED) and what the gate raises. Some ten SELECTs by key.
    """
    task = credentials.bought(work, task_id)
    gate.admit(work, task, Way.PACKAGE)
    key = keys.own(work, key_id)
    refusals = []
    if key.retired_at is not None:
        refusals.append(Refusal("KEY_RETIRED", "该公钥已停用", "this key was retired"))
    if _under_way(work.session, task_id):
        refusals.append(
            Refusal("PACKAGE_UNDER_WAY", "已有文件包在制作中", "a package is being made already")
        )
    if refusals:
        raise StepRefused.of(refusals)
    made = Package(
        id=ids.new("pkg_", work.now),
        state=State.WAITING,
        task_id=task.id,
        buyer_id=task.buyer_id,
        key_id=key.id,
        public_key=key.public_key,
        format=Format(file_format).value,
        requested_by=work.actor.person,
        requested_at=work.now,
        kept_until=_until(work, task),
    )
    work.session.add(made)
    work.record(
        "package.requested", made.id, task_id=task.id, public_key=key.public_key,
        format=made.format,
    )  # fmt: skip
    return made


def claim(work: Work) -> Claimed | None:
    """Return the oldest package that waits to be made, now begun; None when none does.

    One whose maker has died is begun again after packages.build_wall_s. Two SELECTs.
    """
    given_up = work.now - timedelta(seconds=work.rules.number("packages.build_wall_s"))
    waiting = select(Package).where(Package.state == State.WAITING)
    stale = select(Package).where(Package.state == State.MAKING, Package.claimed_at < given_up)
    for statement in (waiting, stale):
        found = work.session.scalars(
            statement.order_by(Package.id).limit(1).with_for_update(skip_locked=True)
        ).first()
        if found is not None:
            LIFE.take("begin", found, work)
            return Claimed(found.id, found.task_id, Format(found.format), found.public_key)
    return None


def waits(session: Session) -> bool:
    """Tell whether anything may wait to be made. One SELECT on an index."""
    statement = select(Package.id).where(Package.state.in_((State.WAITING, State.MAKING)))
    return session.scalars(statement.limit(1)).first() is not None


def tell(work: Work, package_id: str, stage: str, progress_bp: int) -> None:
    """Note what the making is at, for whoever looks on."""
    found = find(work.session, package_id)
    found.stage, found.progress_bp = stage, progress_bp


def finish(work: Work, package_id: str, made: Made) -> None:
    """Note that a package is made; its header is sealed by the house, and its key forgotten.

    Raises StepRefused when it was erased meanwhile.
    """
    found = find(work.session, package_id)
    LIFE.take("finish", found, work, sha256=made.sha256, rows=made.row_count)
    found.row_count, found.size_bytes = made.row_count, made.size_bytes
    found.sha256, found.mark_column = made.sha256, made.mark_column
    found.manifest, found.signature = dict(made.manifest), signed(work.crypto, made.manifest)
    sealed = work.crypto.seal(made.header, _belongs(found))
    work.session.add(PackageHeader(package_id=found.id, sealed=sealed.hex()))


def fail_if_making(work: Work, package_id: str, problem: str) -> None:
    """End a package that cannot be made, unless it was ended meanwhile. problem: a code."""
    found = find(work.session, package_id)
    if found.state == State.MAKING:
        LIFE.take("fail", found, work, problem=problem)


def header(work: Work, package: Package) -> bytes:
    """Return what opens a package, to be given out. Raises StepRefused (KEY_DESTROYED)."""
    kept = work.session.get(PackageHeader, package.id)
    if kept is None:
        raise StepRefused.of(
            [
                Refusal(
                    "KEY_DESTROYED",
                    "文件包密钥已销毁或尚未制作完成",
                    "it has no key any more, or yet",
                )
            ]
        )
    return work.crypto.open(bytes.fromhex(kept.sealed), _belongs(package))


def erase_for(work: Work, task_id: str, *, reason: str) -> int:
    """Destroy the keys of a task's packages; return how many. One SELECT on an index."""
    statement = select(Package).where(Package.task_id == task_id, Package.state.in_(sorted(OPEN)))
    return _all_erased(work, list(work.session.scalars(statement.limit(AT_ONCE))), reason)


def lapse(work: Work) -> int:
    """Destroy the keys of packages that were kept long enough; return how many."""
    statement = (
        select(Package)
        .where(Package.state.in_(sorted(OPEN)), Package.kept_until < work.now)
        .order_by(Package.id)
        .limit(AT_ONCE)
    )
    return _all_erased(work, list(work.session.scalars(statement)), "kept long enough")


def untidied(session: Session) -> list[str]:
    """Return packages that have ended and whose files may still be there, oldest first."""
    statement = (
        select(Package.id)
        .where(Package.state.in_((State.ERASED, State.FAILED)), Package.tidied.is_(False))
        .order_by(Package.id)
        .limit(AT_ONCE)
    )
    return list(session.scalars(statement))


def tidied(work: Work, package_id: str) -> None:
    """Note that the file of a package is removed."""
    find(work.session, package_id).tidied = True


def take(work: Work, package_id: str, name: str, **data: Any) -> Package:
    """Take a step of a package that the caller may see. Raises NotFound and what LIFE raises."""
    found = seen(work, package_id)
    LIFE.take(name, found, work, **data)
    return found


def find(session: Session, package_id: str) -> Package:
    """Return a package. Raises NotFound. One SELECT by key."""
    found = session.get(Package, package_id)
    if found is None:
        raise _missing(package_id)
    return found


def seen(work: Work, package_id: str) -> Package:
    """Return a package to those who see its delivery. Raises NotFound. Two SELECTs by key."""
    found = work.session.get(Package, package_id)
    if found is None:
        raise _missing(package_id)
    tasks.seen(work, found.task_id)
    return found


def listed(
    work: Work, task_id: str | None = None, *, after: str | None, limit: int
) -> Page[Package]:
    """Return one page of a delivery's packages, newest first, to those who see it.

    Without a delivery: of all that the organisation has bought.
    """
    statement = select(Package)
    if task_id is None:
        statement = statement.where(Package.buyer_id == work.actor.organisation)
    else:
        statement = statement.where(Package.task_id == tasks.seen(work, task_id).id)
    return keyset(work.session, statement, by=((Package.id, "desc"),), after=after, limit=limit)


def carriers(session: Session, *, limit: int) -> list[tuple[Package, DeliveryTask]]:
    """Return the newest packages that carry a mark, with their deliveries. One SELECT."""
    statement = (
        select(Package, DeliveryTask)
        .join(DeliveryTask, DeliveryTask.id == Package.task_id)
        .where(Package.mark_column.is_not(None))
        .order_by(Package.id.desc())
        .limit(limit)
    )
    return [(package, task) for package, task in session.execute(statement)]


def signed(crypto: CryptoProvider, manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the house's signature over the canonical JSON of a manifest."""
    made = crypto.sign(canonical(manifest))
    return {"alg": made.alg, "key_id": made.key_id, "value": made.value}


def _all_erased(work: Work, found: list[Package], reason: str) -> int:
    for package in found:
        LIFE.take("erase", package, work.as_system(), reason=reason)
    return len(found)


def _under_way(session: Session, task_id: str) -> bool:
    statement = select(Package.id).where(
        Package.task_id == task_id, Package.state.in_((State.WAITING, State.MAKING))
    )
    return session.scalars(statement.limit(1)).first() is not None


def _until(work: Work, task: DeliveryTask) -> Instant:
    """Return how long a package is kept: some days, and never beyond the agreed use."""
    until = work.now + timedelta(days=work.rules.number("packages.kept_days"))
    if task.use_until is None:
        return until
    after = task.use_until + timedelta(days=1)
    return min(until, datetime.combine(after, time(), SHANGHAI))


def _belongs(package: Package) -> bytes:
    return f"package|{package.id}|{package.public_key}".encode()


def _missing(package_id: str) -> NotFound:
    return NotFound("没有这个文件包", f"no package {package_id}")
