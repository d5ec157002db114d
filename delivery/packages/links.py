"""Links (下载链接) to packages: for a day at most, for a few downloads, and never by themselves.

Whoever has the link may fetch the file, which only the buyer can open. Each request asks
the gate. What a link gives out is counted in bytes, so that a broken download is taken up
again without costing a whole one, and nobody gets more by asking for ranges.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from delivery import gate, tasks
from delivery.packages import packages
from delivery.packages.packages import Package, State
from delivery.recipients import credentials
from delivery.ways import Way
from kernel import ids
from kernel.actor import Actor
from kernel.clock import Instant
from kernel.db import Base, Big
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal, StepRefused
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work

NEWEST: Final = 50


class PackageLink(Base):
    """A link. uses_max: whole downloads that it is good for; bytes_sent: counted by the database.

    made_by: the person who made it.
    """

    __tablename__ = "package_links"
    __table_args__ = (
        CheckConstraint("uses_max > 0", name="uses_positive"),
        CheckConstraint("bytes_sent >= 0", name="bytes_not_negative"),
        CheckConstraint("expires_at > made_at", name="expires_after_it_was_made"),
        Index(None, "package_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    package_id: Mapped[str] = mapped_column(ForeignKey("packages.id"))
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    secret_digest: Mapped[str] = mapped_column(unique=True)
    made_by: Mapped[str]
    made_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    uses_max: Mapped[int]
    bytes_sent: Mapped[int] = mapped_column(Big, default=0)
    revoked_at: Mapped[Instant | None]

    def live(self, now: Instant) -> bool:
        """Tell whether it may still be followed."""
        return self.revoked_at is None and self.expires_at > now


class LinkOver(DomainError):
    """The link is none, has expired, was revoked, or is used up."""

    kind: ClassVar[Kind] = Kind.FORBIDDEN
    code: ClassVar[str] = "link-over"
    title: ClassVar[Words] = Words("下载链接已失效", "The link is over")


@dataclass(frozen=True, slots=True)
class Followed:
    """What a link gives out: a package's file."""

    package_id: str
    name: str
    sha256: str
    size_bytes: int


def make(
    work: Work, package_id: str, *, hours: int | None = None, uses: int | None = None
) -> tuple[PackageLink, str]:
    """Make a link to a package; the buyer may. Its secret is shown this once.

    hours, uses: at most, and when not told, what the rules say. Raises NotFound, Invalid,
    StepRefused (NOT_READY) and what the gate raises.
    """
    package = _own(work, package_id)
    hours_max = work.rules.number("packages.link_hours_max")
    uses_max = work.rules.number("packages.uses_max")
    asked_hours, asked_uses = hours or hours_max, uses or uses_max
    if not 1 <= asked_hours <= hours_max:
        raise Invalid(
            f"有效期为 1 至 {hours_max} 小时", f"1 to {hours_max} hours", pointer="/hours"
        )
    if not 1 <= asked_uses <= uses_max:
        raise Invalid(f"下载次数为 1 至 {uses_max}", f"1 to {uses_max} downloads", pointer="/uses")
    gate.admit(work, tasks.find(work.session, package.task_id), Way.PACKAGE)
    if package.state != State.READY:
        zh, en = f"文件包状态为 {package.state}", f"the package is {package.state}"
        raise StepRefused.of([Refusal("NOT_READY", zh, en)])
    secret = ids.secret()
    made = PackageLink(
        id=ids.new("plk_", work.now),
        package_id=package.id,
        organisation_id=package.buyer_id,
        secret_digest=ids.digest(secret),
        made_by=work.actor.person,
        made_at=work.now,
        expires_at=work.now + timedelta(hours=asked_hours),
        uses_max=asked_uses,
    )
    work.session.add(made)
    work.record("package.link_made", package.id, link=made.id, uses=asked_uses)
    return made, secret


def release(work: Work, package_id: str) -> bytes:
    """Return the header that opens a package, and note its first release. Raises StepRefused."""
    package = packages.find(work.session, package_id)
    if package.released_at is None:
        package.released_at = work.now
        work.record("package.released", package.id, public_key=package.public_key)
    return packages.header(work, package)


def revoke(work: Work, link_id: str) -> PackageLink:
    """Revoke a link at once; the buyer may. Doing it again changes nothing."""
    found = work.session.get(PackageLink, link_id)
    if found is None or found.organisation_id != work.actor.organisation:
        raise NotFound("没有这个下载链接", f"no link {link_id}")
    if found.revoked_at is None:
        found.revoked_at = work.now
        work.record("package.link_revoked", found.package_id, link=found.id)
    return found


def presented(work: Work, link_id: str, secret: str) -> PackageLink:
    """Return a live link whose secret is shown. Raises LinkOver. One SELECT by key."""
    found = work.session.get(PackageLink, link_id)
    if found is None or found.secret_digest != ids.digest(secret) or not found.live(work.now):
        raise LinkOver("链接不存在、已过期或已撤销", "it is unknown, has expired or was revoked")
    return found


def actor(session: Session, link: PackageLink) -> Actor:
    """Return who acts when a link is followed: the link itself, for its organisation."""
    return Actor(
        person=link.id,
        organisation=link.organisation_id,
        roles=organisations.find(session, link.organisation_id).granted,
        scopes=frozenset({credentials.SCOPE}),
    )


def shown(work: Work, link: PackageLink) -> Followed:
    """Return what a link gives out, without giving it out: the gate is asked, nothing counted."""
    package = packages.find(work.session, link.package_id)
    gate.admit(work, tasks.find(work.session, package.task_id), Way.PACKAGE)
    return _followed(package)


def follow(work: Work, link: PackageLink, *, size_bytes: int) -> Followed:
    """Give out so many bytes of a package, as the link's own `actor`, and count them.

    Raises LinkOver when the link or the package has given out all that it may, and what
    the gate raises. Some ten SELECTs by key, two UPDATEs.
    """
    package = packages.find(work.session, link.package_id)
    passage = gate.admit(work, tasks.find(work.session, package.task_id), Way.PACKAGE)
    found = _followed(package)
    _spend(work, package, link, size_bytes)
    whole = size_bytes == found.size_bytes
    gate.count(
        work, passage, rows=(package.row_count or 0) if whole else 0, bytes=size_bytes,
        digest=found.sha256, package=package.id, link=link.id,
    )  # fmt: skip
    return found


def listed(work: Work, package_id: str, *, after: str | None, limit: int) -> Page[PackageLink]:
    """Return one page of a package's links, newest first, to those who see its delivery."""
    package = packages.seen(work, package_id)
    statement = select(PackageLink).where(PackageLink.package_id == package.id)
    return keyset(work.session, statement, by=((PackageLink.id, "desc"),), after=after, limit=limit)


def newest(work: Work, package_ids: Sequence[str]) -> dict[str, list[PackageLink]]:
    """Return the newest links of some packages, newest first, NEWEST at most. One SELECT."""
    statement = (
        select(PackageLink)
        .where(PackageLink.package_id.in_(package_ids))
        .order_by(PackageLink.id.desc())
        .limit(NEWEST)
    )
    found: dict[str, list[PackageLink]] = {each: [] for each in package_ids}
    for link in work.session.scalars(statement):
        found[link.package_id].append(link)
    return found


def _own(work: Work, package_id: str) -> Package:
    package = packages.seen(work, package_id)
    if not packages.buyer.matches(work.actor, package):
        raise NotFound("没有这个文件包", f"no package {package_id}")
    return package


def _followed(package: Package) -> Followed:
    if package.state != State.READY or package.size_bytes is None or package.sha256 is None:
        raise LinkOver("文件包密钥已销毁", "the package's key was destroyed")
    return Followed(package.id, f"{package.id}.tar.age", package.sha256, package.size_bytes)


def _spend(work: Work, package: Package, link: PackageLink, size_bytes: int) -> None:
    """Count bytes of the link and of its package, or refuse; two at once are both counted."""
    whole = package.size_bytes or 0
    most = work.rules.number("packages.downloads_max")
    limits = (
        (PackageLink, link.id, link.uses_max * whole),
        (Package, package.id, most * whole),
    )
    for table, key, limit in limits:
        counted = work.session.execute(
            update(table)
            .where(table.id == key, table.bytes_sent + size_bytes <= limit)
            .values(bytes_sent=table.bytes_sent + size_bytes)
            .returning(table.id)
            .execution_options(synchronize_session=False)
        ).first()
        if counted is None:
            raise LinkOver("下载次数已用完", "its downloads are used up")
