"""What stands in a document that an organisation has shown: sealed, bounded, and read on record.

The bytes are sealed under the exchange's key and bound to their document and its digest, so
that neither another file nor the same one in another place can be put there unnoticed.
Source: an identity document and a licence are kept for the relation and ten years (the
retention of admission records); then the bytes are erased, and the digest remains.
"""

import hashlib
from datetime import timedelta
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, func, select
from sqlalchemy.orm import Mapped, mapped_column

from kernel.crypto import SealBroken
from kernel.db import Base
from kernel.errors import DomainError, Invalid, Kind, NotFound
from kernel.journal import Event
from kernel.parties.rows import OVER, Organisation
from kernel.words import Words
from kernel.work import Work

MAGIC: Final = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
"""What a file begins with → its media type; whatever it is called, nothing else is kept."""

_ENDS: Final = (
    "organisation.rejected", "organisation.checks_failed", "organisation.lapsed",
    "organisation.deregistered",
)  # fmt: skip
_DAYS_A_YEAR: Final = 366


class DocumentContent(Base):
    """The bytes of one document, sealed; the row goes when they are erased."""

    __tablename__ = "organisation_document_contents"
    __table_args__ = (CheckConstraint("size_bytes > 0", name="content_not_empty"),)

    document_id: Mapped[str] = mapped_column(
        ForeignKey("organisation_documents.id"), primary_key=True
    )
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class ContentBroken(DomainError):
    """The bytes that are kept are not those that were shown."""

    kind = Kind.CONFLICT
    code = "document-broken"
    title = Words("材料与登记的摘要不符", "The document is not what was filed")


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits, as anybody can reckon it."""
    return hashlib.sha256(content).hexdigest()


def media_type(work: Work, content: bytes, *, pointer: str) -> str:
    """Return what a file is, by what it begins with. Raises Invalid: too long, or none of these."""
    most = work.rules.number("kyb.document_bytes_max")
    if len(content) > most:
        raise Invalid(
            f"文件至多 {most:,} 字节", f"a file has at most {most:,} bytes", pointer=pointer
        )
    for magic, found in MAGIC.items():
        if content.startswith(magic):
            return found
    raise Invalid("文件须为 PDF、PNG 或 JPEG", "a file is a PDF, PNG or JPEG", pointer=pointer)


def keep(work: Work, document_id: str, organisation_id: str, content: bytes, kind: str) -> None:
    """Keep the bytes of a document that has just been filed. kind: its media type."""
    work.session.add(
        DocumentContent(
            document_id=document_id,
            organisation_id=organisation_id,
            media_type=kind,
            size_bytes=len(content),
            sealed=work.crypto.seal(content, _bound(document_id, digest(content))),
        )
    )


def opened(work: Work, document_id: str, expected: str) -> tuple[str, bytes]:
    """Return media type and bytes, checked against the digest that was filed. One SELECT.

    Raises NotFound when none were kept or they were erased, ContentBroken when they are
    not what was filed.
    """
    found = work.session.get(DocumentContent, document_id)
    if found is None:
        zh, en = "文件未留存或已销毁，仅存摘要", "the file is not kept; its digest alone is"
        raise NotFound(zh, en)
    content = unsealed(work, found.sealed, _bound(document_id, expected))
    if digest(content) != expected:
        raise _broken()
    return found.media_type, content


def unsealed(work: Work, sealed: bytes, bound: bytes) -> bytes:
    """Return the content of what was sealed for `bound`. Raises ContentBroken when it is not."""
    try:
        return work.crypto.open(sealed, bound)
    except SealBroken as error:
        raise _broken() from error


def kept(work: Work, organisation_id: str) -> frozenset[str]:
    """Return the documents of an organisation whose bytes are there. One SELECT on an index."""
    wanted = select(DocumentContent.document_id).where(
        DocumentContent.organisation_id == organisation_id
    )
    return frozenset(work.session.scalars(wanted.limit(500)))


def erase_due(work: Work, *, limit: int) -> int:
    """Erase, as the house, up to `limit` files of organisations that left long ago.

    Long ago: before `kyb.retention_years` years, from the last of the events by which an
    organisation ends here. Returns how many. One SELECT, and an event for each file.
    """
    years = work.rules.number("kyb.retention_years")
    latest = (
        select(func.max(Event.at))
        .where(Event.subject == DocumentContent.organisation_id, Event.kind.in_(_ENDS))
        .scalar_subquery()
    )
    due = (
        select(DocumentContent)
        .join(Organisation, Organisation.id == DocumentContent.organisation_id)
        .where(
            Organisation.state.in_(OVER), latest < work.now - timedelta(days=years * _DAYS_A_YEAR)
        )
        .order_by(DocumentContent.document_id)
        .limit(limit)
    )
    house, found = work.as_system(), list(work.session.scalars(due))
    for each in found:
        work.session.delete(each)
        house.record(
            "organisation.document_erased", each.organisation_id, document=each.document_id
        )
    return len(found)


def _bound(document_id: str, expected: str) -> bytes:
    return f"organisation document {document_id} {expected}".encode()


def _broken() -> ContentBroken:
    return ContentBroken(
        "留存的文件与登记的摘要不符", "the file kept is not the one that was filed"
    )
