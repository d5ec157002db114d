"""The three rights in data (三权分置): to hold it, to use it, to operate products of it.

Who lists a product needs an effective right to operate (数据产品经营权) over every input of it,
for as long as it is listed. Of what it produced itself a merchant has all three from the
beginning; of public data the authorisation grants it; of anything else a record says by
whom it was granted. A right that is passed on is never wider than the one it comes from.
Source: the three-rights separation of 2022 and the contract templates of 2025; I-18.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.grades import Origin, Term
from kernel import ids
from kernel.actor import Duty, its
from kernel.clock import Instant, local_date
from kernel.db import Base, append_only
from kernel.errors import Invalid, NotFound
from kernel.parties import organisations
from kernel.work import Work
from licensing import authorisations, scope
from marketplace import access
from marketplace.listings import materials
from marketplace.listings.rows import Product
from marketplace.versions import ProductVersion


class Right(Term):
    """Which of the three rights."""

    HOLD = "right_hold", "数据资源持有权", "right to hold"
    USE = "right_use", "数据加工使用权", "right to process and use"
    OPERATE = "right_operate", "数据产品经营权", "right to operate"


_OWN = frozenset({Origin.SELF_PRODUCED, Origin.PUBLIC_AUTHORISED})
"""Origins of which the right to operate follows from elsewhere."""


class RightRecord(Base):
    """One right over one input of a product.

    source: the input, as the merchant calls it. grantor_id, parent_id: who granted it, and
    the right of the grantor's own from which it comes, where both stand in this register.
    basis_id: the document. regions: codes of GB/T 2260. valid_to: None for no end.
    """

    __tablename__ = "right_records"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ends_after_it_begins"),
        CheckConstraint("parent_id IS NULL OR grantor_id IS NOT NULL", name="parent_has_grantor"),
        Index(None, "product_id", "source", "id"),
        Index(None, "holder_id", "id"),
        Index(None, "parent_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    source: Mapped[str]
    right: Mapped[str]
    holder_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    grantor_id: Mapped[str | None] = mapped_column(ForeignKey("organisations.id"))
    grantor_name: Mapped[str]
    basis_id: Mapped[str] = mapped_column(ForeignKey("product_materials.id"))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("right_records.id"))
    regions: Mapped[list[Any]]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    exclusive: Mapped[bool]
    sublicensable: Mapped[bool]
    recorded_by: Mapped[str]
    recorded_at: Mapped[Instant]


class RightEnd(Base):
    """The day from which a recorded right is no more."""

    __tablename__ = "right_ends"

    record_id: Mapped[str] = mapped_column(ForeignKey("right_records.id"), primary_key=True)
    ended_on: Mapped[date]
    reason: Mapped[str]
    ended_by: Mapped[str]


append_only(RightRecord.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table
append_only(RightEnd.__table__)  # type: ignore[arg-type]  # as above


@dataclass(frozen=True, slots=True)
class Granted:
    """A right as it is recorded."""

    source: str
    right: Right
    grantor_name: str
    basis_id: str
    regions: tuple[str, ...]
    valid_from: date
    valid_to: date | None = None
    grantor_id: str | None = None
    parent_id: str | None = None
    exclusive: bool = False
    sublicensable: bool = False


@dataclass(frozen=True, slots=True)
class Effective:
    """The right to operate over one input. until: its last day, None for no end; or missing."""

    source: str
    there: bool
    until: date | None


_AS_SAID = (
    "source", "grantor_id", "grantor_name", "parent_id", "valid_from", "valid_to", "exclusive",
    "sublicensable",
)  # fmt: skip

owner = its("owner", "owner_id", Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)


def record(work: Work, product_id: str, granted: Granted) -> RightRecord:
    """Record a right over an input of one's own product. Raises NotFound or Invalid.

    A right that comes from another is inside it: same right, its regions, its term, and that
    one may be passed on.
    """
    product = work.session.get(Product, product_id)
    if product is None or product.owner_id != work.actor.organisation:
        raise NotFound("没有这个数据产品", f"no product {product_id}")
    access.require(work, owner, product, "right.record")
    basis = materials.seen(work, granted.basis_id)
    if basis.owner_id != product.owner_id or basis.form == materials.Form.PROMISE:
        raise Invalid("权利依据须为已提交的材料", "the basis is no document", pointer="/basis_id")
    if granted.valid_to is not None and granted.valid_to < granted.valid_from:
        raise Invalid("止日早于起日", "it ends before it begins", pointer="/valid_to")
    if granted.grantor_id is not None:
        organisations.find(work.session, granted.grantor_id)
    _check_parent(work, granted)
    made = RightRecord(
        id=ids.new("rgt_", work.now),
        product_id=product.id,
        right=granted.right.value,
        holder_id=product.owner_id,
        basis_id=basis.id,
        regions=list(granted.regions),
        **{name: getattr(granted, name) for name in _AS_SAID},
        recorded_by=work.actor.person,
        recorded_at=work.now,
    )
    work.session.add(made)
    work.record(
        "right.recorded", made.id, product_id=product.id, right=made.right, source=made.source
    )
    return made


def end(work: Work, record_id: str, *, reason: str) -> RightEnd:
    """End a right, by its holder or its grantor. Raises NotFound, or Invalid when it is over."""
    found = work.session.get(RightRecord, record_id)
    parties = {found.holder_id, found.grantor_id} if found else set()
    if found is None or work.actor.organisation not in parties:
        raise NotFound("没有这条权利记录", f"no right {record_id}")
    if work.session.get(RightEnd, record_id) is not None:
        raise Invalid("该权利已终止", "the right has ended already")
    made = RightEnd(
        record_id=record_id,
        ended_on=local_date(work.now),
        reason=reason,
        ended_by=work.actor.person,
    )
    work.session.add(made)
    work.record("right.ended", record_id, product_id=found.product_id, reason=reason)
    return made


def of(session: Session, product_id: str) -> list[RightRecord]:
    """Return up to 200 rights over the inputs of a product. One SELECT on an index."""
    return list(session.scalars(_of(product_id)))


def _of(product_id: str) -> Select[RightRecord]:
    return (
        select(RightRecord)
        .where(RightRecord.product_id == product_id)
        .order_by(RightRecord.source, RightRecord.id)
        .limit(200)
    )


def effective(work: Work, version: ProductVersion, owner_id: str) -> list[Effective]:
    """Return the right to operate over each input of a version, today.

    Two SELECTs on indexes, and two by key for each right that a record comes from.
    """
    origin = Origin(version.source_kind)
    found: list[Effective] = []
    if origin is Origin.PUBLIC_AUTHORISED and version.authorisation_id is not None:
        granted = authorisations.find(work.session, version.authorisation_id)
        mine = granted.grantee_id == owner_id
        found.append(Effective(granted.cert_no, mine, granted.valid_to))
    records = _with_ends(work.session, version.product_id) if version.product_id else []
    for source in sorted({each.source for each, _ in records}):
        mine_of_it = [(each, ended) for each, ended in records if each.source == source]
        found.append(_over(work, source, mine_of_it, version.region_coverage))
    if not found:
        found.append(Effective(origin.label.zh, origin in _OWN, None))
    return found


def operable_until(work: Work, version: ProductVersion, owner_id: str) -> date | None:
    """Return the last day on which every input may be operated; None for no end."""
    ends = [each.until for each in effective(work, version, owner_id) if each.until is not None]
    return min(ends, default=None)


def _with_ends(session: Session, product_id: str) -> list[tuple[RightRecord, bool]]:
    """Return what `of` does, each with whether it was ended. One SELECT on an index."""
    ended = exists().where(RightEnd.record_id == RightRecord.id)
    statement = _of(product_id).add_columns(ended)
    return [(found, bool(over)) for found, over in session.execute(statement)]


def _over(
    work: Work, source: str, records: Sequence[tuple[RightRecord, bool]], regions: Iterable[str]
) -> Effective:
    today = local_date(work.now)
    live = [
        each
        for each, ended in records
        if each.right == Right.OPERATE
        and _holds(work, each, today, ended=ended)
        and _covers(each, regions)
    ]
    ends = [each.valid_to for each in live]
    until = None if None in ends else max((end for end in ends if end), default=None)
    return Effective(source, bool(live), until)


def _holds(work: Work, found: RightRecord, today: date, *, ended: bool) -> bool:
    # A chain is as short as rights are passed on; each parent is older than its child.
    if ended or today < found.valid_from:
        return False
    if found.valid_to is not None and found.valid_to < today:
        return False
    parent = work.session.get(RightRecord, found.parent_id) if found.parent_id else None
    if parent is None:
        return True
    over = work.session.get(RightEnd, parent.id) is not None
    return _holds(work, parent, today, ended=over)


def _covers(found: RightRecord, regions: Iterable[str]) -> bool:
    return all(any(scope.covers(outer, region) for outer in found.regions) for region in regions)


def _check_parent(work: Work, granted: Granted) -> None:
    if granted.parent_id is None:
        return
    parent = work.session.get(RightRecord, granted.parent_id)
    if parent is None or parent.holder_id != granted.grantor_id:
        raise Invalid("授权方没有这项权利", "the grantor has no such right", pointer="/parent_id")
    begins = granted.valid_from >= parent.valid_from
    ends = parent.valid_to is None or (
        granted.valid_to is not None and granted.valid_to <= parent.valid_to
    )
    inside = begins and ends and parent.right == granted.right
    if not (inside and parent.sublicensable and _covers(parent, granted.regions)):
        raise Invalid(
            "再授权不得超出授权方自身的权利、期限与地域",
            "what is passed on stays within the grantor's own right, term and regions",
            pointer="/parent_id",
        )
