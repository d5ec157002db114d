"""A paper (凭据): whatever the exchange hands out about money, with number, digest and seal.

What it says is the body; the same body as a page, a table or a file is the same paper.
Anybody who holds one can ask whether it is ours and unchanged, by its number and digest,
and is told no more than that.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids, numbers
from kernel.clock import Instant, local_date
from kernel.crypto import Signature, canonical
from kernel.db import Base, append_only
from kernel.errors import NotFound
from kernel.words import Words
from kernel.work import Work
from settlement import access


class Kind(StrEnum):
    """What the paper is."""

    STATEMENT = "statement"
    INVOICE = "invoice"
    RECEIPT = "receipt"
    EVIDENCE_PACK = "evidence_pack"
    DISCLOSURE = "disclosure"

    @property
    def label(self) -> Words:
        """The kind in words."""
        return _LABELS[self]


_LABELS: Final = {
    Kind.STATEMENT: Words("结算单", "settlement statement"),
    Kind.INVOICE: Words("发票数据", "invoice data"),
    Kind.RECEIPT: Words("收款回单", "receipt"),
    Kind.EVIDENCE_PACK: Words("证据包", "evidence pack"),
    Kind.DISCLOSURE: Words("数据资源披露表", "disclosure of data resources"),
}
_SERIES: Final = {
    Kind.STATEMENT: "ST", Kind.INVOICE: "IV", Kind.RECEIPT: "RC", Kind.EVIDENCE_PACK: "EP",
    Kind.DISCLOSURE: "DS",
}  # fmt: skip


class Paper(Base):
    """One paper. subject: id of what it is about. body: all that it says."""

    __tablename__ = "papers"
    __table_args__ = (
        UniqueConstraint("number"),
        Index(None, "subject", "id"),
        Index(None, "party_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str]
    kind: Mapped[str]
    subject: Mapped[str]
    party_id: Mapped[str]
    body: Mapped[dict[str, Any]]
    digest: Mapped[str]
    alg: Mapped[str]
    key_id: Mapped[str]
    value: Mapped[str]
    issued_by: Mapped[str]
    issued_at: Mapped[Instant]


append_only(Paper.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def issue(work: Work, kind: Kind, *, subject: str, party_id: str, body: Mapping[str, Any]) -> Paper:
    """Give a paper its number, digest and seal. Two statements and a journal record."""
    series = f"{_SERIES[kind]}-{local_date(work.now).year}"
    number = f"{series}-{numbers.following(work.session, series):06}"
    said = {**body, "number": number, "kind": kind.value}
    content = canonical(said)
    seal = work.crypto.sign(content)
    made = Paper(
        id=ids.new("ppr_", work.now),
        number=number,
        kind=kind,
        subject=subject,
        party_id=party_id,
        body=said,
        digest=work.crypto.digest(content),
        alg=seal.alg,
        key_id=seal.key_id,
        value=seal.value,
        issued_by=work.actor.person,
        issued_at=work.now,
    )
    work.session.add(made)
    work.record(
        "paper.issued",
        made.id,
        number=number,
        paper=kind.value,
        about=subject,
        digest=made.digest,
    )
    return made


def holds(work: Work, paper: Paper) -> bool:
    """Tell whether a paper is what was signed."""
    content = canonical(paper.body)
    seal = Signature(paper.alg, paper.key_id, paper.value)
    return work.crypto.digest(content) == paper.digest and work.crypto.verify(content, seal)


def known(work: Work, number: str, digest: str) -> Paper | None:
    """Return the paper of this number if it has this digest and holds. One SELECT on an index."""
    found = work.session.scalars(select(Paper).where(Paper.number == number)).one_or_none()
    if found is None or found.digest != digest or not holds(work, found):
        return None
    return found


def of(session: Session, subject: str) -> list[Paper]:
    """Return the papers about something, oldest first, at most 100. One SELECT on an index."""
    statement = select(Paper).where(Paper.subject == subject).order_by(Paper.id).limit(100)
    return list(session.scalars(statement))


def seen(work: Work, paper_id: str) -> Paper:
    """Return the paper to its party and to overseers; to others it does not exist."""
    missing = NotFound("没有这份凭据", f"no paper {paper_id}")
    found = work.session.get(Paper, paper_id)
    if found is None:
        raise missing
    access.hide_from_strangers(work, found.party_id, missing)
    return found
