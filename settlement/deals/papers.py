"""The papers of a registered deal (备案材料): contract, proof of payment, proof of delivery.

The bytes are sealed under the exchange's key and bound to their paper; the newest paper of
a kind is the one in force.
"""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, append_only
from kernel.errors import NotFound
from kernel.parties import contents
from kernel.words import Words
from kernel.work import Work

PAPERS_MAX = 100
"""The most papers of one deal."""


class PaperKind(StrEnum):
    """What a paper proves. A deal is registered with one of each."""

    CONTRACT = "contract"
    PAYMENT_PROOF = "payment_proof"
    DELIVERY_PROOF = "delivery_proof"

    @property
    def label(self) -> Words:
        """What it is called."""
        return _KINDS[self]


_KINDS = {
    PaperKind.CONTRACT: Words("合同", "contract"),
    PaperKind.PAYMENT_PROOF: Words("付款凭证", "proof of payment"),
    PaperKind.DELIVERY_PROOF: Words("交付凭证", "proof of delivery"),
}


class DealPaper(Base):
    """One paper. digest: the SHA-256 of its bytes, as anybody can reckon it."""

    __tablename__ = "deal_papers"
    __table_args__ = (
        CheckConstraint("size_bytes > 0", name="paper_not_empty"),
        CheckConstraint("length(digest) = 64", name="digest_has_64_digits"),
        Index(None, "deal_id", "id"),
        Index(None, "digest"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    deal_id: Mapped[str] = mapped_column(ForeignKey("direct_deals.id"))
    kind: Mapped[PaperKind] = mapped_column(String)
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    digest: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    filed_by: Mapped[str]
    filed_at: Mapped[Instant]


append_only(DealPaper.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def keep(work: Work, deal_id: str, *, kind: PaperKind, name: str, content: bytes) -> DealPaper:
    """Keep a paper. Raises Invalid for what is no PDF, PNG or JPEG, or too large."""
    media_type = contents.media_type(work, content, pointer="/file")
    paper_id = ids.new("dpa_", work.now)
    made = DealPaper(
        id=paper_id,
        deal_id=deal_id,
        kind=kind,
        name=name,
        media_type=media_type,
        size_bytes=len(content),
        digest=contents.digest(content),
        sealed=work.crypto.seal(content, paper_id.encode()),
        filed_by=work.actor.person,
        filed_at=work.now,
    )
    work.session.add(made)
    work.session.flush()  # which paper is the newest is asked of the database
    return made


def of(session: Session, deal_id: str) -> list[DealPaper]:
    """Return the papers of a deal, the oldest first. One SELECT on an index."""
    statement = (
        select(DealPaper)
        .where(DealPaper.deal_id == deal_id)
        .order_by(DealPaper.filed_at, DealPaper.id)
        .limit(PAPERS_MAX)
    )
    return list(session.scalars(statement))


def in_force(session: Session, deal_id: str) -> dict[PaperKind, DealPaper]:
    """Return kind → the newest paper of it. One SELECT."""
    return {PaperKind(paper.kind): paper for paper in of(session, deal_id)}


def content(work: Work, deal_id: str, paper_id: str) -> tuple[DealPaper, bytes]:
    """Return a paper of the deal with its bytes. Raises NotFound, ContentBroken. Two SELECTs."""
    found = work.session.get(DealPaper, paper_id)
    if found is None or found.deal_id != deal_id:
        raise NotFound("没有这份材料", f"no paper {paper_id}")
    return found, contents.unsealed(work, found.sealed, found.id.encode())


def elsewhere(session: Session, deal_id: str) -> list[str]:
    """Return other deals that show the same contract, byte for byte. One SELECT on an index."""
    mine = select(DealPaper.digest).where(
        DealPaper.deal_id == deal_id, DealPaper.kind == PaperKind.CONTRACT
    )
    statement = (
        select(DealPaper.deal_id)
        .where(DealPaper.digest.in_(mine), DealPaper.deal_id != deal_id)
        .where(DealPaper.kind == PaperKind.CONTRACT)
        .order_by(DealPaper.deal_id)
        .distinct()
        .limit(PAPERS_MAX)
    )
    return list(session.scalars(statement))
