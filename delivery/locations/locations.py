"""Locations (挂载位置): a table that stays where its owner keeps it, and is read there.

It is looked at when it is registered, from time to time, and when its owner asks; what it
holds then becomes a version of its data set, pinned to its files. Data are not copied here:
a version can be delivered as long as its files lie there unchanged.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from delivery import tasks
from delivery.intake.formats import Problem
from delivery.locations import roots
from delivery.locations.roots import Root, RootKind
from delivery.locations.stores import Keys
from delivery.locations.unread import OUTAGES
from delivery.tasks import DeliveryTask
from kernel import ids
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import Instant, local_date
from kernel.crypto import CryptoProvider
from kernel.db import Base, Big, Living, append_only
from kernel.errors import Invalid, NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow, step


class State(StrEnum):
    """Where a location stands."""

    REGISTERED = "registered"
    LIVE = "live"
    GONE = "gone"
    REFUSED = "refused"
    ENDED = "ended"


class Location(Living, Base):
    """Where a table lies. root: of the operator's; path: below it.

    keys: sealed, of a bucket; key_hint: the last four signs of the access key's id.
    dataset_id: of the data set that it becomes. look_at: when it is to be looked at next.
    found: the digest of what was found last. problems: code, zh, en, line, column of each.
    """

    __tablename__ = "data_locations"
    __table_args__ = (
        CheckConstraint("kind IN ('folder', 'bucket')", name="kind_known"),
        CheckConstraint("(kind = 'folder') = (key_hint IS NULL)", name="keys_open_buckets"),
        CheckConstraint("state <> 'ended' OR keys IS NULL", name="keys_end_with_it"),
        Index(None, "organisation_id", "id"),
        Index(None, "look_at", "id"),
    )

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[str]
    title: Mapped[str]
    kind: Mapped[str]
    root: Mapped[str]
    path: Mapped[str]
    keys: Mapped[bytes | None]
    key_hint: Mapped[str | None]
    dataset_id: Mapped[str]
    registered_at: Mapped[Instant]
    looked_at: Mapped[Instant | None]
    look_at: Mapped[Instant | None]
    stage: Mapped[str | None]
    found: Mapped[str | None]
    problems: Mapped[list[Any] | None]


class DatasetMount(Base):
    """What a version of a mounted data set consists of: its files, as they were looked at.

    pieces: name, size_bytes, mark, modified_ms, rows, stats of each; table_schema, features:
    as the Delta protocol writes them. table_id: of the table's own log, where it has one.
    """

    __tablename__ = "dataset_mounts"
    __table_args__ = (Index(None, "location_id", "version_id"),)

    version_id: Mapped[str] = mapped_column(ForeignKey("dataset_versions.id"), primary_key=True)
    location_id: Mapped[str] = mapped_column(ForeignKey("data_locations.id"))
    table_id: Mapped[str]
    table_schema: Mapped[str]
    features: Mapped[list[Any]]
    pieces: Mapped[list[Any]]
    size_bytes: Mapped[int] = mapped_column(Big)


append_only(DatasetMount.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a looker needs to know of its location, outside any transaction."""

    id: str
    root: Root
    path: str
    keys: Keys
    known: str


owner = its("owner", "organisation_id", Duty.EDITOR, Duty.DATA_ENGINEER, Duty.SUBMITTER)
providers = any_of(Role.MERCHANT, Duty.EDITOR, Duty.DATA_ENGINEER, Duty.SUBMITTER)


def _unused(location: Location, work: Work) -> Refusal | None:
    used = (
        select(DeliveryTask.id)
        .join(DatasetMount, DatasetMount.version_id == DeliveryTask.dataset_version_id)
        .where(
            DatasetMount.location_id == location.id,
            DeliveryTask.state != tasks.State.REVOKED,
            DeliveryTask.use_until.is_(None) | (DeliveryTask.use_until >= local_date(work.now)),
        )
    )
    if work.session.scalars(used.limit(1)).first() is None:
        return None
    zh, en = "仍有交付使用此数据", "a delivery uses it still"
    return Refusal("IN_USE", zh, en)


def _mounted(location: Location, work: Work, _data: Mapping[str, Any]) -> None:
    _looked(location, work, ())


def _not_read(location: Location, work: Work, data: Mapping[str, Any]) -> None:
    _looked(location, work, data["problems"])


def _forgotten(location: Location, _work: Work, _data: Mapping[str, Any]) -> None:
    location.keys, location.look_at, location.stage = None, None, None


# fmt: off
LIFE: Workflow[State, Location] = Workflow(
    "location", State, State.REGISTERED,
    step("mount",  {State.REGISTERED, State.GONE, State.REFUSED}, State.LIVE, system_only,
         then=(_mounted,), own_door=True,
         says="location.mounted", label=Words("挂载", "Mount")),
    step("lose",   {State.LIVE}, State.GONE, system_only, then=(_not_read,), own_door=True,
         says="location.lost", label=Words("失联", "Lose")),
    step("refuse", {State.REGISTERED}, State.REFUSED, system_only, then=(_not_read,),
         own_door=True, says="location.refused", label=Words("退回", "Refuse")),
    step("end",    {State.REGISTERED, State.LIVE, State.GONE, State.REFUSED}, State.ENDED, owner,
         when=(_unused,), then=(_forgotten,),
         says="location.ended", label=Words("解除挂载", "Unmount")),
)
# fmt: on


def register(work: Work, root: Root, *, path: str, title: str, keys: Keys) -> Location:
    """Register a table below a root, to be looked at soon.

    keys: of a bucket, and empty for a folder; they are sealed and never shown again. Raises
    StepNotAllowed, Invalid, StepRefused (too many). One SELECT on an index.
    """
    if not providers.matches(work.actor, None):
        raise StepNotAllowed("仅数商可以登记", "data are mounted by data merchants")
    if _count(work) >= work.rules.number("mounting.locations_max"):
        zh, en = "登记的位置过多", "too many locations are registered: end one first"
        raise StepRefused(zh, en, (Refusal("LOCATIONS_FULL", zh, en),))
    made = Location(
        id=ids.new("loc_", work.now),
        state=State.REGISTERED,
        organisation_id=work.actor.organisation,
        person_id=work.actor.person,
        title=title,
        kind=root.kind.value,
        root=root.name,
        path=roots.checked(path),
        dataset_id=ids.new("dst_", work.now),
        registered_at=work.now,
        look_at=work.now,
    )
    _seal(work.crypto, made, keys)
    work.session.add(made)
    work.record("location.registered", made.id, root=root.name, path=made.path)
    return made


def rotate(work: Work, location_id: str, keys: Keys) -> Location:
    """Put other keys in the place of a bucket's; it is looked at with them. Raises as `own`."""
    found = own(work, location_id)
    _seal(work.crypto, found, keys)
    found.look_at = work.now
    work.record("location.keys_rotated", found.id, key_hint=found.key_hint)
    return found


def refresh(work: Work, location_id: str) -> Location:
    """Have a location looked at soon. Raises as `own`."""
    found = own(work, location_id)
    found.look_at = work.now
    work.record("location.refresh_asked", found.id)
    return found


def claim(work: Work, known: Mapping[str, Root]) -> Claimed | None:
    """Return the location whose look is longest due; None when none is. One SELECT on an index.

    It is due again after the time that a look may take: whoever looks now may die. One whose
    root the operator has taken away is lost.
    """
    statement = select(Location).where(
        Location.look_at.is_not(None), Location.look_at <= work.now, Location.state != State.ENDED
    )
    found = work.session.scalars(
        statement.order_by(Location.look_at, Location.id).limit(1).with_for_update(skip_locked=True)
    ).first()
    if found is None:
        return None
    found.look_at = work.now + timedelta(seconds=2 * work.rules.number("mounting.look_wall_s"))
    found.stage = "looking"
    root = known.get(found.root) or Root(found.root, RootKind(found.kind), "/nowhere")
    return Claimed(found.id, root, place(found), opened(work.crypto, found), found.found or "")


def tell(work: Work, location_id: str, stage: str) -> None:
    """Note what a look is at, for whoever looks on."""
    find(work.session, location_id).stage = stage


def same(work: Work, location_id: str) -> None:
    """Note that a location holds what it held."""
    found = find(work.session, location_id)
    if found.state in (State.GONE, State.REFUSED):
        LIFE.take("mount", found, work)
    elif found.state != State.ENDED:
        _looked(found, work, ())


def unread(work: Work, location_id: str, problems: Sequence[Problem]) -> None:
    """Note that a location could not be read, or holds what is not served, and why.

    What was mounted before stays so, unless it is an outage.
    """
    found = find(work.session, location_id)
    told = [asdict(each) for each in problems]
    outage = any(each.code in OUTAGES for each in problems)
    if found.state == State.REGISTERED:
        LIFE.take("refuse", found, work, problems=told)
    elif found.state == State.LIVE and outage:
        LIFE.take("lose", found, work, problems=told)
    elif found.state != State.ENDED:
        _looked(found, work, told)


def mount(work: Work, location_id: str, version_id: str, source: Mapping[str, Any]) -> None:
    """Note what a location was found to hold, under the version that it became."""
    found = find(work.session, location_id)
    work.session.add(
        DatasetMount(
            version_id=version_id,
            location_id=found.id,
            table_id=source["table_id"] or found.id,
            table_schema=source["schema"],
            features=source["features"],
            pieces=source["pieces"],
            size_bytes=sum(piece["size_bytes"] for piece in source["pieces"]),
        )
    )
    found.found = source["digest"]
    same(work, location_id) if found.state != State.REGISTERED else LIFE.take("mount", found, work)


def opened(crypto: CryptoProvider, location: Location) -> Keys:
    """Return the keys of a location, for whoever reads it; empty ones for a folder."""
    if location.keys is None:
        return Keys()
    return Keys(**json.loads(crypto.open(location.keys, _aad(location))))


def place(location: Location) -> str:
    """Return the path below the root: in a folder each organisation has its own part."""
    own_part = location.kind == RootKind.FOLDER.value
    return f"{location.organisation_id}/{location.path}" if own_part else location.path


def take(work: Work, location_id: str, name: str, **data: Any) -> Location:
    """Take a step of a location that the caller may see. Raises NotFound and what LIFE raises."""
    found = seen(work, location_id)
    LIFE.take(name, found, work, **data)
    return found


def find(session: Session, location_id: str) -> Location:
    """Return a location. Raises NotFound. One SELECT by key."""
    found = session.get(Location, location_id)
    if found is None:
        raise _missing(location_id)
    return found


def seen(work: Work, location_id: str) -> Location:
    """Return a location to its organisation. Raises NotFound to everybody else."""
    found = work.session.get(Location, location_id)
    if found is None or found.organisation_id != work.actor.organisation:
        raise _missing(location_id)
    return found


def own(work: Work, location_id: str) -> Location:
    """Return a location that may be changed. Raises NotFound, StepNotAllowed, StepRefused."""
    found = seen(work, location_id)
    if not owner.matches(work.actor, found):
        raise StepNotAllowed("仅登记机构的数据人员可以更改", "its organisation's data people may")
    if found.state == State.ENDED:
        zh, en = "已解除挂载", "it was unmounted"
        raise StepRefused(zh, en, (Refusal("LOCATION_ENDED", zh, en),))
    return found


def listed(work: Work, *, after: str | None, limit: int) -> Page[Location]:
    """Return one page of the organisation's locations, newest first. One SELECT on an index."""
    statement = select(Location).where(Location.organisation_id == work.actor.organisation)
    return keyset(work.session, statement, by=((Location.id, "desc"),), after=after, limit=limit)


def of_dataset(session: Session, dataset_id: str) -> Location | None:
    """Return the location of a mounted data set by its newest version; None of one kept here."""
    statement = select(Location).where(Location.dataset_id == dataset_id)
    return session.scalars(statement.limit(1)).first()


def _seal(crypto: CryptoProvider, location: Location, keys: Keys) -> None:
    needed = location.kind == RootKind.BUCKET.value
    if needed and not (keys.access_key_id and keys.secret_access_key):
        raise Invalid("请提供访问密钥", "a bucket is opened by keys", pointer="/access_key_id")
    if not needed and (keys.access_key_id or keys.secret_access_key or keys.session_token):
        raise Invalid("文件夹不需要密钥", "a folder has no keys", pointer="/access_key_id")
    if needed:
        told = json.dumps(asdict(keys)).encode()
        location.keys = crypto.seal(told, _aad(location))
        location.key_hint = keys.access_key_id[-4:]


def _aad(location: Location) -> bytes:
    return f"data-location:{location.id}".encode()


def _looked(location: Location, work: Work, problems: Sequence[Mapping[str, Any]]) -> None:
    codes = {problem["code"] for problem in problems}
    every = "mounting.retry_s" if codes & OUTAGES else "mounting.look_s"
    never = location.state == State.REFUSED
    location.looked_at, location.stage, location.problems = work.now, None, [*problems]
    location.look_at = None if never else work.now + timedelta(seconds=work.rules.number(every))


def _count(work: Work) -> int:
    statement = select(func.count()).where(
        Location.organisation_id == work.actor.organisation, Location.state != State.ENDED
    )
    return int(work.session.execute(statement).scalar_one())


def _missing(location_id: str) -> NotFound:
    return NotFound("没有这个位置", f"no location {location_id}")
