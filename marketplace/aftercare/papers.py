"""Evidence (证据): what is said and shown in a dispute, a complaint or a proof of destruction.

A piece is a statement, with or without a file. The bytes of a file are sealed and bound to
their piece; each reading is recorded. Nothing is changed or taken away afterwards.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, append_only
from kernel.errors import Invalid, NotFound, Refusal, StepRefused
from kernel.parties import contents
from kernel.work import Work

PIECES_MAX: Final = 40
"""Pieces that may be kept of one subject."""

SAID_MAX: Final = 4_000


class Piece(Base):
    """One piece. subject_id: what it belongs to. digest: SHA-256 of the file, or of the words."""

    __tablename__ = "aftercare_papers"
    __table_args__ = (
        CheckConstraint("length(digest) = 64", name="digest_has_64_digits"),
        CheckConstraint("(media_type IS NULL) = (sealed IS NULL)", name="files_have_bytes"),
        Index(None, "subject_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[str]
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    said: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str | None]
    digest: Mapped[str]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    filed_by: Mapped[str]
    filed_at: Mapped[Instant]


class Opened(NamedTuple):
    """A file of evidence, its digest checked."""

    name: str
    media_type: str
    digest: str
    content: bytes


append_only(Piece.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def keep(
    work: Work, subject_id: str, *, said: str, name: str = "", content: bytes | None = None
) -> Piece:
    """Keep what the caller says, and the file that it shows: a PDF, PNG or JPEG.

    Whether the caller may, its subject has asked. Raises Invalid with a pointer, and
    StepRefused when there are PIECES_MAX already. One SELECT.
    """
    words = said.strip()
    if not 1 <= len(words) <= SAID_MAX:
        zh, en = f"说明为 1–{SAID_MAX} 字", f"1 to {SAID_MAX} characters are needed"
        raise Invalid(zh, en, pointer="/said")
    if counts(work.session, [subject_id]).get(subject_id, 0) >= PIECES_MAX:
        zh, en = f"证据至多 {PIECES_MAX} 份", f"at most {PIECES_MAX} pieces are kept"
        raise StepRefused(zh, en, (Refusal("TOO_MUCH_EVIDENCE", zh, en),))
    piece_id = ids.new("evp_", work.now)
    kind = contents.media_type(work, content, pointer="/file") if content is not None else None
    digest = contents.digest(content if content is not None else words.encode())
    made = Piece(
        id=piece_id,
        subject_id=subject_id,
        organisation_id=work.actor.organisation,
        said=words,
        name=name.strip()[-200:] if content is not None else "",
        media_type=kind,
        digest=digest,
        sealed=None if content is None else work.crypto.seal(content, _bound(piece_id, digest)),
        filed_by=work.actor.person,
        filed_at=work.now,
    )
    work.session.add(made)
    work.record("evidence.filed", subject_id, piece_id=piece_id, digest=digest, name=made.name)
    return made


def of(session: Session, subject_id: str) -> list[Piece]:
    """Return the pieces of a subject, oldest first, without their bytes. One SELECT."""
    statement = (
        select(Piece).where(Piece.subject_id == subject_id).order_by(Piece.id).limit(PIECES_MAX)
    )
    return list(session.scalars(statement))


def counts(session: Session, subject_ids: Iterable[str]) -> dict[str, int]:
    """Return subject → how many pieces there are. One SELECT on an index."""
    statement = (
        select(Piece.subject_id, func.count())
        .where(Piece.subject_id.in_(sorted(subject_ids)))
        .group_by(Piece.subject_id)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def opened(work: Work, subject_id: str, piece_id: str) -> Opened:
    """Return a file of a subject that the caller may see; the reading is recorded.

    Raises NotFound for a piece of another subject, or one without a file; ContentBroken.
    """
    found = work.session.get(Piece, piece_id)
    if found is None or found.subject_id != subject_id or not found.media_type:
        raise NotFound("没有这份证据文件", f"no file {piece_id} of {subject_id}")
    content = contents.unsealed(work, found.sealed or b"", _bound(found.id, found.digest))
    work.record("evidence.read", subject_id, piece_id=found.id, digest=found.digest)
    return Opened(found.name, found.media_type, found.digest, content)


def _bound(piece_id: str, digest: str) -> bytes:
    return f"{piece_id}:{digest}".encode()
