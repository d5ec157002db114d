"""Files that list products, as they were handed in, to be looked at and then submitted."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, select
from sqlalchemy.orm import Mapped, mapped_column

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, append_only
from kernel.errors import NotFound
from kernel.pages import Page, keyset
from kernel.parties import contents, organisations
from kernel.work import Work
from marketplace import access, products
from marketplace.shelving import sheets, verdicts
from marketplace.shelving.problems import Row
from marketplace.shelving.verdicts import Verdict


class ListingFile(Base):
    """One file. digest: SHA-256 of its bytes; rows: how many products it names."""

    __tablename__ = "listing_files"
    __table_args__ = (
        CheckConstraint("length(digest) = 64", name="digest_has_64_digits"),
        CheckConstraint("rows > 0", name="rows_positive"),
        Index(None, "owner_id", "id"),
        Index(None, "owner_id", "digest"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str]
    digest: Mapped[str]
    rows: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    handed_in_by: Mapped[str]
    handed_in_at: Mapped[Instant]


append_only(ListingFile.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def hand_in(work: Work, name: str, content: bytes) -> ListingFile:
    """Keep a file; the same one again is the one that is there.

    Raises StepNotAllowed (no merchant), NotActive, or Invalid when it cannot be read.
    """
    access.require(work, products.merchant, None, "listing.hand_in")
    organisations.require_active(work.session, work.actor.organisation)
    digest = contents.digest(content)
    statement = select(ListingFile).where(
        ListingFile.owner_id == work.actor.organisation, ListingFile.digest == digest
    )
    for each in work.session.scalars(statement.order_by(ListingFile.id.desc()).limit(10)):
        if each.name == name:
            return each
    rows = read(work, name, content)
    made = ListingFile(
        id=ids.new("lsf_", work.now),
        owner_id=work.actor.organisation,
        name=name,
        digest=digest,
        rows=len(rows),
        content=content,
        handed_in_by=work.actor.person,
        handed_in_at=work.now,
    )
    work.session.add(made)
    work.record("listing_file.handed_in", made.id, name=name, digest=digest, rows=len(rows))
    return made


def own(work: Work, file_id: str) -> ListingFile:
    """Return a file to whose it is. Raises NotFound to everybody else. One SELECT by key."""
    found = work.session.get(ListingFile, file_id)
    if found is None or found.owner_id != work.actor.organisation:
        raise NotFound("没有这个文件", f"no listing file {file_id}")
    return found


def listed(work: Work, *, after: str | None, limit: int) -> Page[ListingFile]:
    """Return one page of the caller's files, newest first. One SELECT on an index."""
    statement = select(ListingFile).where(ListingFile.owner_id == work.actor.organisation)
    return keyset(work.session, statement, by=((ListingFile.id, "desc"),), after=after, limit=limit)


def read(work: Work, name: str, content: bytes) -> list[Row]:
    """Return the rows of a file, at most as many as the rules let one have. Raises Invalid."""
    return sheets.read(name, content, rows_max=work.rules.number("listing.rows_max"))


def tried(work: Work, found: ListingFile) -> list[Verdict]:
    """Return what each row comes to now. Cost as `verdicts.judged`."""
    return verdicts.judged(work, read(work, found.name, found.content))
