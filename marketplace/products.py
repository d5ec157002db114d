"""A data product (数据产品): what a merchant lists, the exchange reviews, a buyer orders.

Source: listing on a data exchange: formal check, compliance review by another person,
publicity, listing certificate; no compliance, no listing (不合规不挂牌).
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final, Unpack

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from kernel import ids, numbers, watch
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Living
from kernel.errors import NotFound, Refusal
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from marketplace import access, listing, search, versions
from marketplace.boards import BoardProduct
from marketplace.versions import Content, ProductVersion

REJECTIONS: Final = (
    "R-SOURCE",
    "R-RIGHTS",
    "R-PI",
    "R-GRADE",
    "R-QUALITY",
    "R-PRICE",
    "R-DUPLICATE",
    "R-SUBJECT",
    "R-OTHER",
)
"""The reasons for which a product may be rejected."""


class State(StrEnum):
    """Where a product stands."""

    DRAFT = "draft"
    FORMAL_CHECK = "formal_check"
    COMPLIANCE_REVIEW = "compliance_review"
    PUBLICITY = "publicity"
    LISTED = "listed"
    SUSPENDED = "suspended"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    DELISTED = "delisted"


class Product(Living, Base):
    """One product of one merchant; what it offers is its current version.

    current_version_id: no foreign key, for the version already refers to the product.
    listed_at: of the last time it was listed. suspended_with: the authorisation that took
    it down with it, and with which it comes back.
    """

    __tablename__ = "products"
    __table_args__ = (
        UniqueConstraint("code"),
        UniqueConstraint("listing_cert_no"),
        CheckConstraint(
            "state <> 'listed' OR (listed_at IS NOT NULL AND listing_cert_no IS NOT NULL)",
            name="listed_is_dated_and_certified",
        ),
        Index(None, "state", "listed_at", "id"),
        Index(None, "state", "id"),
        Index(None, "owner_id", "id"),
        Index(None, "suspended_with", "id"),
        CheckConstraint(
            "suspended_with IS NULL OR state = 'suspended'", name="down_with_its_right"
        ),
    )

    code: Mapped[str]
    owner_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    current_version_id: Mapped[str]
    listing_cert_no: Mapped[str | None]
    listed_at: Mapped[Instant | None]
    created_at: Mapped[Instant]
    suspended_with: Mapped[str | None]

    current: Mapped[ProductVersion] = relationship(
        primaryjoin=lambda: Product.current_version_id == ProductVersion.id,
        foreign_keys=lambda: Product.current_version_id,
        lazy="raise",
        viewonly=True,
    )


owner = its("owner", "owner_id", Duty.EDITOR, Duty.SUBMITTER)
merchant = any_of(Role.MERCHANT, Duty.EDITOR, Duty.SUBMITTER)
listing_officer = any_of(Role.EXCHANGE_OPERATOR, Duty.LISTING_OFFICER)
compliance_officer = any_of(Role.EXCHANGE_OPERATOR, Duty.COMPLIANCE_OFFICER)
officers = (listing_officer, compliance_officer)
regulator = any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR)


def _owner_is_active(product: Product, work: Work) -> Refusal | None:
    found = organisations.find(work.session, product.owner_id)
    if found.state != organisations.State.ACTIVE:
        return Refusal("ORG_RESTRICTED", "产品所有者未处于正常状态", "the owner is not active")
    return None


def _rule(rule: listing.Rule) -> Any:
    def guard(product: Product, work: Work) -> Refusal | None:
        version = versions.find(work.session, product.current_version_id)
        return rule.broken(listing.offered(version, product.owner_id, work), work)

    return guard


def _publicity_is_over(product: Product, work: Work) -> Refusal | None:
    clock = watch.running(work.session, product.id)
    if clock is not None and clock.due_on >= local_date(work.now):
        return Refusal(
            "PUBLICITY_RUNNING", f"公示至 {clock.due_on}", f"in publicity until {clock.due_on}"
        )
    return None


def _went_with_its_authorisation(product: Product, _work: Work) -> Refusal | None:
    if product.suspended_with is not None:
        return None
    return Refusal(
        "SUSPENDED_OTHERWISE", "产品另因他故暂停", "something else has suspended the product"
    )


def _certify(product: Product, work: Work, _data: dict[str, Any]) -> None:
    product.listed_at = work.now
    if product.listing_cert_no is None:
        series = f"LC-{local_date(work.now).year}"
        # The row must not reach the database half certified.
        with work.session.no_autoflush:
            number = numbers.following(work.session, series)
        product.listing_cert_no = f"{series}-{number:06}"


def _down(product: Product, _work: Work, data: dict[str, Any]) -> None:
    product.suspended_with = data.get("authorisation_id")


def _up(product: Product, _work: Work, _data: dict[str, Any]) -> None:
    product.suspended_with = None


_MAY_BE_LISTED: Final = (_owner_is_active, *(_rule(rule) for rule in listing.RULES))
_UNDER_REVIEW: Final = frozenset({State.FORMAL_CHECK, State.COMPLIANCE_REVIEW, State.PUBLICITY})
_SUPPLEMENT: Final = ask(
    "supplement", "list", Words("需补充的材料", "What to supplement"), optional=True, max=20
)
_REJECTION: Final = ask(
    "reason_code", "choice", Words("驳回类别", "Kind of rejection"), choices=REJECTIONS
)

# fmt: off
LIFE: Workflow[State, Product] = Workflow(
    "product", State, State.DRAFT,
    step("revise", {State.DRAFT}, State.DRAFT, owner, own_door=True,
         says="product.revised", label=Words("修改", "Revise")),
    step("submit", {State.DRAFT}, State.FORMAL_CHECK, owner,
         when=_MAY_BE_LISTED, within="clocks.product_formal_check",
         says="product.submitted", label=Words("提交审核", "Submit for review")),
    step("pass_formal", {State.FORMAL_CHECK}, State.COMPLIANCE_REVIEW, listing_officer,
         not_by=("submit",), within="clocks.product_compliance_review",
         says="product.formally_passed", label=Words("形式审查通过", "Pass the formal check")),
    step("pass_compliance", {State.COMPLIANCE_REVIEW}, State.PUBLICITY, compliance_officer,
         when=_MAY_BE_LISTED, not_by=("submit", "pass_formal"),
         within="clocks.product_publicity", overdue="list",
         says="product.compliant", label=Words("合规审查通过", "Pass the compliance review")),
    step("list", {State.PUBLICITY}, State.LISTED, (system_only, listing_officer),
         when=(_publicity_is_over, *_MAY_BE_LISTED), then=(_certify,),
         says="product.listed", label=Words("挂牌", "List")),
    step("return", _UNDER_REVIEW, State.DRAFT, officers, asks=(REASON, _SUPPLEMENT),
         says="product.returned", label=Words("退回补正", "Return")),
    step("reject", _UNDER_REVIEW, State.REJECTED, officers, asks=(_REJECTION, REASON),
         says="product.rejected", label=Words("驳回", "Reject")),
    step("withdraw", {State.DRAFT, *_UNDER_REVIEW}, State.WITHDRAWN, owner, asks=(REASON,),
         says="product.withdrawn", label=Words("撤回", "Withdraw")),
    step("suspend", {State.LISTED}, State.SUSPENDED, (owner, *officers, regulator, system_only),
         asks=(REASON,), then=(_down,),
         says="product.suspended", label=Words("暂停", "Suspend")),
    step("hold", {State.SUSPENDED}, State.SUSPENDED, (*officers, regulator),
         asks=(REASON,), then=(_up,),
         says="product.held", label=Words("另行暂停", "Keep it suspended")),
    step("resume", {State.SUSPENDED}, State.LISTED, compliance_officer,
         when=_MAY_BE_LISTED, then=(_up, _certify), asks=(REASON,),
         says="product.resumed", label=Words("恢复", "Resume")),
    step("come_back", {State.SUSPENDED}, State.LISTED, system_only,
         when=(_went_with_its_authorisation, *_MAY_BE_LISTED), then=(_up, _certify),
         says="product.came_back", label=Words("随授权恢复", "Come back")),
    step("inherit", {State.SUSPENDED}, State.SUSPENDED, system_only,
         when=(_went_with_its_authorisation,), then=(_down,),
         says="product.inherited", label=Words("转入续期授权", "Move to the renewed right")),
    step("leave_behind", {State.SUSPENDED}, State.SUSPENDED, system_only, asks=(REASON,),
         when=(_went_with_its_authorisation,), then=(_up,),
         says="product.left_behind", label=Words("不符合续期授权", "Leave behind")),
    step("delist", {State.LISTED, State.SUSPENDED}, State.DELISTED,
         (owner, *officers, regulator, system_only), asks=(REASON,), then=(_up,),
         says="product.delisted", label=Words("摘牌", "Delist")),
)
# fmt: on


def create(work: Work, **content: Unpack[Content]) -> Product:
    """Write a new product, as a draft. Raises StepNotAllowed, NotActive or Invalid."""
    access.require(work, merchant, None, "product.create")
    organisations.require_active(work.session, work.actor.organisation)
    made = Product(
        id=ids.new("prd_", work.now),
        state=State.DRAFT,
        code=f"DP-{numbers.following(work.session, 'DP'):06}",
        owner_id=work.actor.organisation,
        current_version_id="",
        created_at=work.now,
    )
    work.session.add(made)
    # The version refers to the product by id alone.
    work.session.flush()
    first = versions.write(work, made.id, 1, content)
    offer(work, made, first)
    work.record("product.created", made.id, code=made.code, version=first.digest)
    return made


def revise(work: Work, product_id: str, **content: Unpack[Content]) -> Product:
    """Write a further version of a draft; what is not given stays. Raises Invalid."""
    product = seen(work, product_id)
    before = versions.find(work.session, product.current_version_id)
    said: Content = {**versions.content(before), **content}
    after = versions.write(work, product.id, before.number + 1, said)
    LIFE.take("revise", product, work, version=after.digest, number=after.number)
    offer(work, product, after)
    return product


def find(session: Session, product_id: str) -> Product:
    """Return the product. Raises NotFound. One SELECT by primary key."""
    product = session.get(Product, product_id)
    if product is None:
        raise NotFound("没有这个数据产品", f"no product {product_id}")
    return product


def seen(work: Work, product_id: str) -> Product:
    """Return the product if the caller may see it, else raise the same NotFound.

    Its owner and those who oversee the exchange always may; everybody else from the
    publicity on.
    """
    product = find(work.session, product_id)
    public = product.state in {State.PUBLICITY, State.LISTED, State.SUSPENDED, State.DELISTED}
    if public or is_insider(work, product):
        return product
    raise NotFound("没有这个数据产品", f"no product {product_id}")


def is_insider(work: Work, product: Product) -> bool:
    """Tell whether the caller may see all of the product, whatever its state."""
    return product.owner_id == work.actor.organisation or access.oversees(work.actor)


def take(work: Work, product_id: str, step_name: str, **data: Any) -> Product:
    """Take one step in a product's life. Raises what `Workflow.take` raises."""
    product = seen(work, product_id)
    LIFE.take(step_name, product, work, **data)
    return product


def show(work: Work, product_id: str) -> tuple[Product, ProductVersion]:
    """Return the product and its current version. Raises NotFound. Two SELECTs by key."""
    product = seen(work, product_id)
    return product, versions.find(work.session, product.current_version_id)


def listed(
    session: Session,
    *,
    board: str | None = None,
    text: str | None = None,
    industry: str | None = None,
    after: str | None = None,
    limit: int,
) -> Page[Product]:
    """Return one page of listed products with their versions, last listed first.

    board: id of a board. text: words in Chinese or Latin script, all of which must
    occur. industry: section of GB/T 4754. Two SELECTs.
    """
    statement = select(Product).where(Product.state == State.LISTED)
    if board is not None:
        statement = statement.join(BoardProduct, BoardProduct.product_id == Product.id).where(
            BoardProduct.board_id == board
        )
    if text is not None:
        statement = statement.where(*search.holds(Product.id, text))
    if industry is not None:
        statement = statement.join(
            ProductVersion, ProductVersion.id == Product.current_version_id
        ).where(ProductVersion.industry == industry)
    # Listed products all have the date: the table's own constraint.
    by = ((Product.listed_at, "desc"), (Product.id, "asc"))
    return _page(session, statement, by, after, limit)


def in_publicity(session: Session, *, after: str | None, limit: int) -> Page[Product]:
    """Return one page of the products in publicity (公示), oldest first. Two SELECTs."""
    statement = select(Product).where(Product.state == State.PUBLICITY)
    return _page(session, statement, ((Product.id, "asc"),), after, limit)


def own(work: Work, *, after: str | None, limit: int) -> Page[Product]:
    """Return one page of the caller's own products, newest first. Two SELECTs."""
    statement = select(Product).where(Product.owner_id == work.actor.organisation)
    return _page(work.session, statement, ((Product.id, "desc"),), after, limit)


def queue(work: Work, *, after: str | None, limit: int) -> Page[Product]:
    """Return one page of what is under review, oldest first. Two SELECTs.

    For those who oversee the exchange; anybody else is given an empty page.
    """
    states = _UNDER_REVIEW if access.oversees(work.actor) else frozenset[State]()
    statement = select(Product).where(Product.state.in_(states))
    return _page(work.session, statement, ((Product.id, "asc"),), after, limit)


def count_listed(session: Session) -> int:
    """Return how many products are listed; versions and boards do not multiply (I-23)."""
    statement = select(func.count()).select_from(Product).where(Product.state == State.LISTED)
    return session.execute(statement).scalar_one()


def titles(session: Session, product_ids: Iterable[str]) -> dict[str, Words]:
    """Return id → title of the current version, for one page of a list. One SELECT."""
    statement = (
        select(Product.id, ProductVersion.title_zh, ProductVersion.title_en)
        .join(ProductVersion, ProductVersion.id == Product.current_version_id)
        .where(Product.id.in_(set(product_ids)))
    )
    return {key: Words(zh, en) for key, zh, en in session.execute(statement)}


def offer(work: Work, product: Product, version: ProductVersion) -> None:
    """Let a version that was written be what the product offers, and is found by."""
    product.current_version_id = version.id
    texts = (product.code, version.title_zh, version.title_en, version.intro)
    search.index(work.session, product.id, texts)


def _page(
    session: Session, statement: Select[Product], by: Any, after: str | None, limit: int
) -> Page[Product]:
    with_version = statement.options(selectinload(Product.current))
    return keyset(session, with_version, by=by, after=after, limit=limit)
