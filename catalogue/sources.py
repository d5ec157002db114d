"""One source per number (一数一源): which data item is the authoritative one for a meaning.

A master item is what an item means, whoever holds it; a department claims that an item of
its own is the authoritative source of it, and the hub confirms. Every other item of that
meaning is linked to the master item, and through it to its source. A level of the
administration stands in one place: a province, one city, one county each has its own (I-10).
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, UniqueConstraint, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue import directories
from kernel import ids
from kernel.actor import Actor, Duty, Role, any_of, its, system_only
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal, StepNotAllowed
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step

CODE: Final = re.compile(r"[a-z][a-z0-9_]{1,63}")
"""The code of a master item: "enterprise_name"."""


class State(StrEnum):
    """Where the claim to be the authoritative source stands."""

    CLAIMED = "claimed"
    CONTESTED = "contested"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    ENDED = "ended"


_CONFIRMED: Final = text("state = 'confirmed'")
_RUNNING: Final = text("state IN ('claimed', 'contested', 'confirmed')")


class MasterItem(Base):
    """A meaning (主数据项) that items of several directories share."""

    __tablename__ = "master_items"
    __table_args__ = (UniqueConstraint("code"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    definition: Mapped[str]
    entered_at: Mapped[Instant]


class Claim(Living, Base):
    """One item's claim to be the authoritative source of a master item.

    level: "province", "city" or "county"; region: the place of that level, as GB/T 2260.
    """

    __tablename__ = "source_claims"
    __table_args__ = (
        Index(
            "uq_source_claims_one_authoritative",
            "master_item_id",
            "level",
            "region",
            unique=True,
            sqlite_where=_CONFIRMED,
            postgresql_where=_CONFIRMED,
        ),
        Index(
            "uq_source_claims_one_running_per_item",
            "master_item_id",
            "directory_id",
            "item_code",
            unique=True,
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
        Index(None, "department_id", "id"),
        Index(None, "directory_id", "item_code"),
    )

    master_item_id: Mapped[str] = mapped_column(ForeignKey("master_items.id"))
    directory_id: Mapped[str] = mapped_column(ForeignKey("directories.id"))
    item_code: Mapped[str]
    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    level: Mapped[str]
    region: Mapped[str]
    grounds: Mapped[str]
    claimed_at: Mapped[Instant]


class AlreadyClaimed(DomainError):
    """An item claims a meaning once."""

    kind = Kind.CONFLICT
    code = "source-claimed-already"
    title = Words("该信息项已申报数源", "The item has been claimed already")


editor = its("department", "department_id", Duty.EDITOR, Duty.APPROVER)
hub = any_of(Role.DATA_AUTHORITY, Duty.REVIEWER, Duty.APPROVER)
overseers = (any_of(Role.DATA_AUTHORITY), system_only)


def _nobody_else(claim: Claim, work: Work) -> Refusal | None:
    standing = authoritative(work.session, claim.master_item_id, claim.level, claim.region)
    if standing is None:
        return None
    return Refusal(
        "SOURCE_TAKEN",
        "同一层级已有权威数源，须先裁定争议",
        "there is an authoritative source at this level; the conflict comes first",
    )


# fmt: off
LIFE: Workflow[State, Claim] = Workflow(
    "source_claim", State, State.CLAIMED,
    step("confirm", {State.CLAIMED}, State.CONFIRMED, hub, when=(_nobody_else,),
         says="source_claim.confirmed", label=Words("确认数源", "Confirm the source")),
    step("decline", {State.CLAIMED}, State.DECLINED, hub, asks=(REASON,),
         says="source_claim.declined", label=Words("不予确认", "Decline")),
    step("contest", {State.CLAIMED}, State.CONTESTED, system_only, own_door=True,
         says="source_claim.contested", label=Words("进入争议", "Contest")),
    step("win",     {State.CONTESTED}, State.CONFIRMED, system_only, own_door=True,
         when=(_nobody_else,), says="source_claim.won", label=Words("裁定为数源", "Win")),
    step("lose",    {State.CONTESTED}, State.DECLINED, system_only, own_door=True,
         says="source_claim.lost", label=Words("裁定不作数源", "Lose")),
    step("give_way", {State.CONFIRMED}, State.ENDED, system_only, own_door=True,
         says="source_claim.gave_way", label=Words("让出数源", "Give way")),
    step("end",     {State.CLAIMED, State.CONFIRMED}, State.ENDED, (editor, hub),
         asks=(REASON,), says="source_claim.ended", label=Words("不再作数源", "End")),
)
# fmt: on


def enter(work: Work, *, code: str, name_zh: str, name_en: str, definition: str) -> MasterItem:
    """Enter a meaning. By the authority. Raises StepNotAllowed, Invalid."""
    if not hub.matches(work.actor, None):
        raise StepNotAllowed("主数据项由数据管理部门登录", "the authority enters master items")
    if not CODE.fullmatch(code):
        raise Invalid("代码应为小写字母、数字和下划线", "small letters, digits, _", pointer="/code")
    if _by_code(work.session, code) is not None:
        raise Invalid("代码已被使用", "the code is taken", pointer="/code")
    made = MasterItem(
        id=ids.new("mst_", work.now),
        code=code,
        name_zh=name_zh,
        name_en=name_en,
        definition=definition,
        entered_at=work.now,
    )
    work.session.add(made)
    work.record("master_item.entered", made.id, code=code)
    return made


def claim(
    work: Work, *, master_item_code: str, directory_id: str, item_code: str, grounds: str
) -> Claim:
    """Claim that an item of the caller's published directory is the authoritative source.

    The level is that of the department's region. Raises NotFound, StepNotAllowed, Invalid,
    AlreadyClaimed. Six SELECTs on indexes.
    """
    session = work.session
    directory = directories.seen_directory(work, directory_id)
    if not editor.matches(work.actor, directory):
        raise StepNotAllowed("数源由目录所属部门申报", "its department claims it")
    master = by_code(session, master_item_code)
    check_item(session, directory_id, item_code)
    region = organisations.require_active(session, directory.department_id).region
    if _running(session, master.id, directory_id, item_code):
        raise AlreadyClaimed("该信息项已申报数源", "the item has been claimed already")
    made = Claim(
        id=ids.new("clm_", work.now),
        state=State.CLAIMED,
        master_item_id=master.id,
        directory_id=directory_id,
        item_code=item_code,
        department_id=directory.department_id,
        level=level_of(region),
        region=region,
        grounds=grounds,
        claimed_at=work.now,
    )
    session.add(made)
    work.record(
        "source_claim.made",
        made.id,
        master_item=master.code,
        directory_code=directory.code,
        item_code=item_code,
    )
    return made


def take(work: Work, claim_id: str, name: str, **data: Any) -> Claim:
    """Take a step of a claim that the caller may see. Raises what seen and LIFE raise."""
    found = seen(work, claim_id)
    LIFE.take(name, found, work, **data)
    return found


def find(session: Session, claim_id: str) -> Claim:
    """Return a claim. Raises NotFound. One SELECT by key."""
    found = session.get(Claim, claim_id)
    if found is None:
        raise NotFound("没有这条数源申报", f"no claim {claim_id}")
    return found


def seen(work: Work, claim_id: str) -> Claim:
    """Return a claim: confirmed to everybody, else to its department and the authority."""
    found = work.session.get(Claim, claim_id)
    if found is None or not (found.state == State.CONFIRMED or _is_party(work.actor, found)):
        raise NotFound("没有这条数源申报", f"no claim {claim_id}")
    return found


def by_code(session: Session, code: str) -> MasterItem:
    """Return the master item of a code. Raises NotFound. One SELECT on an index."""
    found = _by_code(session, code)
    if found is None:
        raise NotFound("没有这个主数据项", f"no master item {code}")
    return found


def master(session: Session, master_item_id: str) -> MasterItem:
    """Return a master item that exists. One SELECT by key."""
    return session.get_one(MasterItem, master_item_id)


def several(session: Session, claim_ids: Iterable[str]) -> dict[str, Claim]:
    """Return id → claim, for one page of a list. One SELECT."""
    statement = select(Claim).where(Claim.id.in_(set(claim_ids)))
    return {found.id: found for found in session.scalars(statement)}


def authoritative(session: Session, master_item_id: str, level: str, region: str) -> Claim | None:
    """Return the claim that holds at one level in one place. One SELECT on an index."""
    statement = select(Claim).where(
        Claim.master_item_id == master_item_id,
        Claim.level == level,
        Claim.region == region,
        Claim.state == State.CONFIRMED,
    )
    return session.scalars(statement).one_or_none()


def of_directory(session: Session, directory_id: str) -> dict[str, Claim]:
    """Return item code → the confirmed claim, for the items of a directory. One SELECT."""
    statement = (
        select(Claim)
        .where(Claim.directory_id == directory_id, Claim.state == State.CONFIRMED)
        .order_by(Claim.id)
        .limit(500)
    )
    return {found.item_code: found for found in session.scalars(statement)}


def listed(
    work: Work,
    *,
    state: State | None = None,
    directory_id: str | None = None,
    after: str | None,
    limit: int,
) -> Page[Claim]:
    """Return one page of the claims that the caller may see, newest first. One SELECT."""
    statement = select(Claim)
    if not any(who.matches(work.actor, None) for who in overseers):
        ours = Claim.department_id == work.actor.organisation
        statement = statement.where(or_(ours, Claim.state == State.CONFIRMED))
    if state is not None:
        statement = statement.where(Claim.state == state)
    if directory_id is not None:
        statement = statement.where(Claim.directory_id == directory_id)
    return keyset(work.session, statement, by=((Claim.id, "desc"),), after=after, limit=limit)


def master_items(session: Session, *, after: str | None, limit: int) -> Page[MasterItem]:
    """Return one page of the master items, by code. One SELECT."""
    by = ((MasterItem.code, "asc"),)
    return keyset(session, select(MasterItem), by=by, after=after, limit=limit)  # type: ignore[arg-type]  # a pair of the right kind


def level_of(region: str) -> str:
    """Return the level of the administration at which a region of GB/T 2260 stands."""
    if region.endswith("0000"):
        return "province"
    return "city" if region.endswith("00") else "county"


def check_item(session: Session, directory_id: str, item_code: str) -> None:
    """Raise Invalid unless the version in force of a directory has this item. Three SELECTs."""
    try:
        version = directories.published(session, directory_id)
    except NotFound as error:
        raise Invalid("目录未发布", "it is not published", pointer="/directory_id") from error
    if item_code not in {item.code for item in directories.items(session, version.id)}:
        raise Invalid("目录没有该信息项", "no such item", pointer="/item_code")


def _by_code(session: Session, code: str) -> MasterItem | None:
    return session.scalars(select(MasterItem).where(MasterItem.code == code)).one_or_none()


def _running(session: Session, master_item_id: str, directory_id: str, item_code: str) -> bool:
    statement = select(Claim.id).where(
        Claim.master_item_id == master_item_id,
        Claim.directory_id == directory_id,
        Claim.item_code == item_code,
        Claim.state.in_((State.CLAIMED, State.CONTESTED, State.CONFIRMED)),
    )
    return session.scalars(statement.limit(1)).first() is not None


def _is_party(actor: Actor, found: Claim) -> bool:
    own = actor.organisation == found.department_id
    return own or any(who.matches(actor, found) for who in overseers)
