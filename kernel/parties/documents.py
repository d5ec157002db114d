"""The documents (材料) of an organisation: which there are, until when, and which are wanting.

Source: onboarding's documents. A row says which file was shown (its SHA-256); the file
itself is sealed beside it (`contents`). The newest row of a type is the one in force. Which
types are key to admission, which may be promised for a later day, and which a role needs
besides, are rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Actor
from kernel.clock import Instant, local_date
from kernel.db import Base, append_only
from kernel.errors import Invalid, NotFound, Refusal
from kernel.parties import contents
from kernel.parties.reach import approver, reads, registrar, runs
from kernel.parties.rows import Organisation
from kernel.words import Words
from kernel.work import Work

TYPES: Final = {
    "business_licence": Words("营业执照或登记证书", "business licence"),
    "authorisation_letter": Words("授权委托书", "letter of authorisation"),
    "admin_id_copy": Words("管理员身份证件", "administrator's identity document"),
    "commitment_letter": Words("入驻承诺书", "letter of commitment"),
    "platform_agreement": Words("入驻协议", "platform agreement"),
    "mlps_certificate": Words("等级保护备案证明", "MLPS filing certificate"),
    "credit_report": Words("信用报告", "credit report"),
    "capability_certificate": Words("数据管理能力成熟度或 ISO 27001", "DCMM or ISO 27001"),
    "qualification_certificate": Words("专业资质证书", "professional qualification"),
    "operation_mandate": Words("授权运营委托文件", "mandate of authorised operation"),
    "security_plan": Words("数据安全保障方案", "data security plan"),
}


class Document(Base):
    """One file that an organisation has shown. digest: its SHA-256, in hexadecimal digits."""

    __tablename__ = "organisation_documents"
    __table_args__ = (
        Index(None, "organisation_id", "id"),
        CheckConstraint("length(digest) = 64", name="digest_has_64_digits"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    doc_type: Mapped[str]
    name: Mapped[str]
    digest: Mapped[str]
    valid_to: Mapped[date | None]
    filed_by: Mapped[str]
    filed_at: Mapped[Instant]


append_only(Document.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


@dataclass(frozen=True, slots=True)
class File:
    """A document with what stands in it. digest: the SHA-256 that was filed, and checked."""

    name: str
    media_type: str
    content: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Wanting:
    """The types that are not there, or no longer valid: of each kind, in order."""

    key: tuple[str, ...]
    deferrable: tuple[str, ...]
    role: tuple[str, ...]


def file(
    work: Work,
    organisation_id: str,
    *,
    doc_type: str,
    name: str,
    content: bytes,
    valid_to: date | None = None,
) -> Document:
    """File a document and keep it, for the organisation's administrator or the registrar.

    Raises NotFound, or Invalid (unknown type, no longer valid; a file that is too long, or
    neither PDF, PNG nor JPEG).
    """
    if work.session.get(Organisation, organisation_id) is None or not (
        runs(work.actor, organisation_id) or registrar.matches(work.actor, None)
    ):
        raise _missing(organisation_id)
    if doc_type not in TYPES:
        raise Invalid("没有这类材料", "there is no such type", pointer="/doc_type")
    kind = contents.media_type(work, content, pointer="/file")
    if valid_to is not None and valid_to < local_date(work.now):
        raise Invalid("材料已过有效期", "it is no longer valid", pointer="/valid_to")
    made = Document(
        id=ids.new("doc_", work.now),
        organisation_id=organisation_id,
        doc_type=doc_type,
        name=name,
        digest=contents.digest(content),
        valid_to=valid_to,
        filed_by=work.actor.person,
        filed_at=work.now,
    )
    work.session.add(made)
    facts = {"doc_type": doc_type, "digest": made.digest}
    work.record("organisation.document_filed", organisation_id, **facts)
    # Which row is the newest is asked of the database before the unit ends.
    work.session.flush()
    contents.keep(work, made.id, organisation_id, content, kind)
    return made


def opens(actor: Actor, organisation_id: str) -> bool:
    """Tell whether the actor may read what stands in an organisation's documents."""
    reviews = any(who.matches(actor, None) for who in (registrar, approver))
    return reviews or runs(actor, organisation_id)


def read(work: Work, organisation_id: str, document_id: str) -> File:
    """Return a document as it was shown; that it was read is recorded.

    To the administrators of its organisation and those who review its application, the
    registrar and the approver, and to nobody else: overseers see that it is there, not what
    is in it. Raises NotFound, or ContentBroken when it is not what was filed. Two SELECTs.
    """
    found = work.session.get(Document, document_id) if opens(work.actor, organisation_id) else None
    if found is None or found.organisation_id != organisation_id:
        raise NotFound("没有这份材料", f"no document {document_id}")
    kind, content = contents.opened(work, found.id, found.digest)
    facts = {"document": found.id, "doc_type": found.doc_type, "digest": found.digest}
    work.record("organisation.document_read", organisation_id, **facts)
    return File(found.name, kind, content, found.digest)


def in_force(session: Session, organisation_id: str) -> dict[str, Document]:
    """Return type → the newest document of it, at most 500 rows read. One SELECT."""
    statement = (
        select(Document)
        .where(Document.organisation_id == organisation_id)
        .order_by(Document.filed_at.desc(), Document.id.desc())
        .limit(500)
    )
    newest: dict[str, Document] = {}
    for row in session.scalars(statement):
        newest.setdefault(row.doc_type, row)
    return newest


def shown(work: Work, organisation_id: str) -> dict[str, Document]:
    """Return `in_force` to those who may read the file. Raises NotFound."""
    if not reads(work.actor, organisation_id):
        raise _missing(organisation_id)
    return in_force(work.session, organisation_id)


def wanting(work: Work, organisation_id: str, roles: Iterable[str]) -> Wanting:
    """Return what an organisation in these roles has yet to show. One SELECT."""
    today = local_date(work.now)
    there = {
        doc_type
        for doc_type, row in in_force(work.session, organisation_id).items()
        if row.valid_to is None or row.valid_to >= today
    }
    kinds = work.rules.table("kyb.documents")
    besides = work.rules.table("kyb.role_documents")
    needed = {doc_type for role in roles for doc_type in besides.get(role, ())}
    return Wanting(
        key=tuple(each for each in kinds if kinds[each] == "key" and each not in there),
        deferrable=tuple(
            each for each in kinds if kinds[each] == "deferrable" and each not in there
        ),
        role=tuple(sorted(needed - there)),
    )


def as_refusal(doc_types: Iterable[str]) -> Refusal:
    """Say which documents are wanting."""
    named = [TYPES.get(each, Words(each, each)) for each in doc_types]
    return Refusal(
        "DOCUMENTS_MISSING",
        "缺少材料：" + "、".join(each.zh for each in named),
        "missing: " + ", ".join(each.en for each in named),
    )


def _missing(organisation_id: str) -> NotFound:
    return NotFound("没有这家机构", f"no organisation {organisation_id}")
