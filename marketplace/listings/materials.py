"""The documents behind a listing (挂牌材料): shown, stated, or promised for a later day.

A document covers one product, or everything that its merchant lists. The newest row of a
kind is the one in force, a product's own before its merchant's. Which kinds may be promised,
and for how long, are rules. Source: listing materials of the exchange; I-15.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.grades import Term
from kernel import ids
from kernel.actor import Duty, its
from kernel.clock import Instant, local_date
from kernel.db import Base, append_only
from kernel.errors import Invalid, NotFound
from kernel.parties import contents, organisations
from kernel.work import Work
from marketplace import access, versions
from marketplace.listings import months
from marketplace.listings.rows import Product

STATEMENT_MIN: Final = 20
"""Characters of a statement: fewer say nothing."""


class Material(Term):
    """What a document is."""

    SOURCE_STATEMENT = "source_statement", "数据来源声明", "statement of source"
    SOURCE_PROOF = "source_proof", "数据来源证明", "proof of source"
    COMPLIANCE_STATEMENT = "compliance_statement", "合法合规声明", "statement of compliance"
    LEGAL_OPINION = "legal_opinion", "合规评估报告或法律意见书", "legal opinion"
    QUALITY_REPORT = "quality_report", "数据质量评估报告", "quality report"
    SECURITY_ASSESSMENT = "security_assessment", "安全评估与分类分级报告", "security assessment"
    PIPIA = "pipia", "个人信息保护影响评估", "personal information impact assessment"
    VALUE_REPORT = "value_report", "价值评估报告", "valuation"
    RIGHTS_BASIS = "rights_basis", "权利来源文件", "basis of a right"


class Form(Term):
    """How a document is there."""

    FILE = "file", "文件", "file"
    STATEMENT = "statement", "声明", "statement"
    PROMISE = "promise", "容缺承诺", "promise"


STATED: Final = frozenset({Material.SOURCE_STATEMENT, Material.COMPLIANCE_STATEMENT})
"""What a merchant states in its own words and answers for."""


class Filed(Base):
    """One document. product_id: None for all that its merchant lists.

    digest: SHA-256 of the file or the statement. issuer_id: who drew it up, where that is an
    organisation of the exchange. valid_to: its last day. due_on: of a promise, the day by
    which the document comes.
    """

    __tablename__ = "product_materials"
    __table_args__ = (
        CheckConstraint("length(digest) = 64", name="digest_has_64_digits"),
        CheckConstraint("(form = 'file') = (sealed IS NOT NULL)", name="only_files_have_bytes"),
        CheckConstraint("(form = 'promise') = (due_on IS NOT NULL)", name="only_promises_fall_due"),
        Index(None, "owner_id", "product_id", "id"),
        Index(None, "product_id", "id"),
        Index(None, "valid_to", "id"),
        Index(None, "due_on", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    product_id: Mapped[str | None] = mapped_column(ForeignKey("products.id"))
    kind: Mapped[str]
    form: Mapped[str]
    name: Mapped[str]
    said: Mapped[str]
    media_type: Mapped[str | None]
    digest: Mapped[str]
    issuer_id: Mapped[str | None] = mapped_column(ForeignKey("organisations.id"))
    issued_on: Mapped[date | None]
    valid_to: Mapped[date | None]
    due_on: Mapped[date | None]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    filed_by: Mapped[str]
    filed_at: Mapped[Instant]


append_only(Filed.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


@dataclass(frozen=True, slots=True)
class Paper:
    """A file as it is handed in. issued_on: by its issuer; valid_to: as it says itself."""

    name: str
    content: bytes
    issued_on: date
    valid_to: date | None = None
    issuer_id: str | None = None


owner = its("owner", "owner_id", Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)


@dataclass(frozen=True, slots=True)
class _Cover:
    owner_id: str
    product_id: str | None


def file(work: Work, kind: Material, paper: Paper, *, product_id: str | None = None) -> Filed:
    """Keep a file. Raises StepNotAllowed, NotFound, or Invalid with a pointer.

    A legal opinion is good for a year, whatever it says of itself.
    """
    cover = _covered(work, product_id)
    today = local_date(work.now)
    if paper.issued_on > today:
        raise Invalid("出具日期不得晚于今天", "it is issued in the future", pointer="/issued_on")
    valid_to = _last_day(work, kind, paper)
    if valid_to is not None and valid_to < today:
        raise Invalid("材料已过期", "it is no longer valid", pointer="/valid_to")
    if paper.issuer_id is not None:
        organisations.find(work.session, paper.issuer_id)
    media_type = contents.media_type(work, paper.content, pointer="/file")
    digest = contents.digest(paper.content)
    material_id = ids.new("mat_", work.now)
    sealed = work.crypto.seal(paper.content, f"{material_id}:{digest}".encode())
    made = _row(work, material_id, cover, kind, Form.FILE)
    made.name, made.digest, made.media_type, made.sealed = paper.name, digest, media_type, sealed
    made.issued_on, made.valid_to, made.issuer_id = paper.issued_on, valid_to, paper.issuer_id
    return _added(work, made)


def state(work: Work, kind: Material, said: str, *, product_id: str | None = None) -> Filed:
    """Keep a statement in the merchant's own words. Raises as `file`."""
    cover = _covered(work, product_id)
    if kind not in STATED:
        raise Invalid("此类材料须提交文件", "a file is needed for this kind", pointer="/kind")
    if len(said.strip()) < STATEMENT_MIN:
        raise Invalid(
            f"声明不得少于 {STATEMENT_MIN} 字",
            f"a statement has at least {STATEMENT_MIN} characters",
            pointer="/said",
        )
    made = _row(work, ids.new("mat_", work.now), cover, kind, Form.STATEMENT)
    made.said, made.digest = said.strip(), contents.digest(said.strip().encode())
    return _added(work, made)


def promise(work: Work, kind: Material, due_on: date, said: str, *, product_id: str) -> Filed:
    """Promise (告知承诺) a document for a later day, for one product. Raises as `file`.

    Only what the rules let be promised, and at most for as many working days as they say;
    a promise that was broken cannot be made again.
    """
    cover = _covered(work, product_id)
    most = work.rules.table("listing.deferrable").get(kind.value)
    if most is None:
        raise Invalid("此类材料不得容缺", "this kind cannot be promised", pointer="/kind")
    today = local_date(work.now)
    last = work.calendar.due(today, int(str(most))).date
    if not today < due_on <= last:
        raise Invalid(f"补交日期须在 {last} 以前", f"it must come by {last}", pointer="/due_on")
    if any(row.kind == kind and row.due_on for row in of(work.session, cover.owner_id, product_id)):
        raise Invalid("同一材料只能承诺一次", "it was promised before", pointer="/kind")
    made = _row(work, ids.new("mat_", work.now), cover, kind, Form.PROMISE)
    made.said, made.due_on = said, due_on
    made.digest = contents.digest(f"{kind}:{due_on}:{said}".encode())
    return _added(work, made)


def of(session: Session, owner_id: str, product_id: str | None) -> list[Filed]:
    """Return up to 500 documents that cover a product, newest first. One SELECT on an index."""
    covers = or_(Filed.product_id.is_(None), Filed.product_id == product_id)
    statement = (
        select(Filed).where(Filed.owner_id == owner_id, covers).order_by(Filed.id.desc()).limit(500)
    )
    return list(session.scalars(statement))


def in_force(rows: Iterable[Filed]) -> Mapping[Material, Filed]:
    """Return the document in force of each kind. rows: newest first, as `of` returns them."""
    found: dict[Material, Filed] = {}
    for row in sorted(rows, key=lambda each: each.product_id is None):
        found.setdefault(Material(row.kind), row)
    return found


def good(row: Filed, today: date) -> bool:
    """Tell whether a document may be relied on today: not expired, and no promise broken."""
    return not any(last is not None and last < today for last in (row.valid_to, row.due_on))


def seen(work: Work, material_id: str) -> Filed:
    """Return a document to its merchant and the exchange's overseers. Raises NotFound."""
    found = work.session.get(Filed, material_id)
    mine = found is not None and found.owner_id == work.actor.organisation
    if found is None or not (mine or access.oversees(work.actor)):
        raise NotFound("没有这份材料", f"no material {material_id}")
    return found


def opened(work: Work, material_id: str) -> tuple[Filed, bytes]:
    """Return a file with its bytes; the reading is recorded. Raises NotFound, ContentBroken."""
    found = seen(work, material_id)
    if found.sealed is None:
        raise NotFound("此材料没有文件", f"material {material_id} is no file")
    content = contents.unsealed(work, found.sealed, f"{found.id}:{found.digest}".encode())
    work.record("material.read", found.id, digest=found.digest)
    return found, content


def _covered(work: Work, product_id: str | None) -> _Cover:
    found = work.session.get(Product, product_id) if product_id else None
    mine = found is not None and found.owner_id == work.actor.organisation
    if product_id is not None and not mine:
        raise NotFound("没有这个数据产品", f"no product {product_id}")
    cover = _Cover(work.actor.organisation, product_id)
    access.require(work, owner, cover, "material.file")
    organisations.require_active(work.session, cover.owner_id)
    return cover


def _last_day(work: Work, kind: Material, paper: Paper) -> date | None:
    if kind is not Material.LEGAL_OPINION:
        return paper.valid_to
    last = months.later(paper.issued_on, work.rules.number("listing.opinion_months_max"))
    return last if paper.valid_to is None else min(last, paper.valid_to)


def _row(work: Work, material_id: str, cover: _Cover, kind: Material, form: Form) -> Filed:
    return Filed(
        id=material_id,
        owner_id=cover.owner_id,
        product_id=cover.product_id,
        kind=kind.value,
        form=form.value,
        name="",
        said="",
        filed_by=work.actor.person,
        filed_at=work.now,
    )


def _added(work: Work, made: Filed) -> Filed:
    work.session.add(made)
    work.record(
        "material.filed", made.id, material=made.kind, form=made.form, digest=made.digest,
        product_id=made.product_id,
    )  # fmt: skip
    return made


def quality_is_measured(version: versions.ProductVersion) -> bool:
    """Tell whether the house has measured the data itself, so that no report is needed."""
    return version.dataset_version_id is not None or version.resource_id is not None
