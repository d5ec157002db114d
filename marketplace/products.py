"""A data product (数据产品): what a merchant lists, the exchange reviews, a buyer orders.

Source: listing on a data exchange: formal check, compliance review by another person,
publicity, listing certificate; no compliance, no listing (不合规不挂牌).
"""

from collections.abc import Iterable
from typing import Any, Final, Unpack

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from kernel import ids, numbers
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import local_date
from kernel.errors import NotFound
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from marketplace import access, versions
from marketplace.boards import BoardProduct
from marketplace.indexing import index
from marketplace.indexing.index import Kind, Said
from marketplace.listings.rows import FORCED, REJECTIONS, Ending
from marketplace.listings.rows import Product as Product
from marketplace.listings.rows import State as State
from marketplace.reviewing import guards
from marketplace.versions import Content, ProductVersion

VERDICTS: Final = ("pass", "pass_with_condition")
"""How a dimension of compliance is passed; what fails one is returned or rejected."""

owner = its("owner", "owner_id", Duty.EDITOR, Duty.SUBMITTER)
merchant = any_of(Role.MERCHANT, Duty.EDITOR, Duty.SUBMITTER)
listing_officer = any_of(Role.EXCHANGE_OPERATOR, Duty.LISTING_OFFICER)
compliance_officer = any_of(Role.EXCHANGE_OPERATOR, Duty.COMPLIANCE_OFFICER)
security_officer = any_of(Role.EXCHANGE_OPERATOR, Duty.REVIEWER)
expert = any_of(Role.EXCHANGE_OPERATOR, Duty.PANEL_EXPERT)
officers = (listing_officer, compliance_officer)
regulator = any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR)


def _certify(product: Product, work: Work, _data: dict[str, Any]) -> None:
    # The row must not reach the database half certified.
    with work.session.no_autoflush:
        until = guards.valid_until(product, work)
        if product.listing_cert_no is None:
            series = f"LC-{local_date(work.now).year}"
            number = numbers.following(work.session, series)
            product.listing_cert_no = f"{series}-{number:06}"
    product.listed_at, product.valid_until = work.now, until


UNDER_REVIEW: Final = frozenset(
    {
        State.FORMAL_CHECK,
        State.COMPLIANCE_REVIEW,
        State.SECURITY_REVIEW,
        State.EXPERT_REVIEW,
        State.PUBLICITY,
    }
)
"""Where a product waits for the exchange."""

_ON_SALE: Final = frozenset({State.LISTED, State.SUSPENDED, State.DELISTING})
_SUPPLEMENT: Final = ask(
    "supplement", "list", Words("需补充的材料", "What to supplement"), optional=True, max=20
)
_REJECTION: Final = ask(
    "reason_code", "choice", Words("驳回类别", "Kind of rejection"), choices=REJECTIONS
)
_CAUSE: Final = ask("cause", "choice", Words("强制摘牌原因", "Cause"), choices=FORCED)
_NOTE: Final = ask("note", "text", Words("审查意见与条件", "Note and conditions"), optional=True)
_DIMENSIONS: Final = (
    ask("parties", "choice", Words("主体合规", "The parties"), choices=VERDICTS),
    ask("source", "choice", Words("来源合规", "The source"), choices=VERDICTS),
    ask("content", "choice", Words("内容合规", "The content"), choices=VERDICTS),
    ask("tradability", "choice", Words("流通合规", "The trade"), choices=VERDICTS),
    _NOTE,
)

_IMPARTIAL: Final = (guards.reviewer_is_unrelated,)

# fmt: off
LIFE: Workflow[State, Product] = Workflow(
    "product", State, State.DRAFT,
    step("revise", {State.DRAFT}, State.DRAFT, owner, own_door=True,
         says="product.revised", label=Words("修改", "Revise")),
    step("submit", {State.DRAFT}, State.FORMAL_CHECK, owner,
         when=(guards.data_is_there, *guards.MAY_BE_LISTED), within="clocks.product_formal_check",
         says="product.submitted", label=Words("提交审核", "Submit for review")),
    step("pass_formal", {State.FORMAL_CHECK}, State.COMPLIANCE_REVIEW, listing_officer,
         when=_IMPARTIAL, not_by=("submit",), within="clocks.product_compliance_review",
         says="product.formally_passed", label=Words("形式审查通过", "Pass the formal check")),
    step("pass_compliance", {State.COMPLIANCE_REVIEW}, State.SECURITY_REVIEW,
         compliance_officer, when=(*_IMPARTIAL, *guards.MAY_BE_LISTED),
         not_by=("submit", "pass_formal"),
         asks=_DIMENSIONS, within="clocks.product_security_review",
         says="product.compliant", label=Words("合规审查通过", "Pass the compliance review")),
    step("ask_experts", {State.SECURITY_REVIEW}, State.EXPERT_REVIEW, security_officer,
         when=_IMPARTIAL, not_by=("submit", "pass_formal", "pass_compliance"), asks=(_NOTE,),
         within="clocks.product_expert_review",
         says="product.secured", label=Words("安全审查通过并转专家评审", "Pass on to experts")),
    step("pass_security", {State.SECURITY_REVIEW}, State.PUBLICITY, security_officer,
         when=(*_IMPARTIAL, guards.needs_no_expert, *guards.MAY_BE_LISTED), asks=(_NOTE,),
         not_by=("submit", "pass_formal", "pass_compliance"),
         within="clocks.product_publicity", overdue="list",
         says="product.security_passed", label=Words("安全与分级审查通过", "Pass security")),
    step("pass_experts", {State.EXPERT_REVIEW}, State.PUBLICITY, expert,
         when=(*_IMPARTIAL, *guards.MAY_BE_LISTED), asks=(REASON,),
         not_by=("submit", "pass_formal", "pass_compliance", "ask_experts"),
         within="clocks.product_publicity", overdue="list",
         says="product.expertly_passed", label=Words("专家评审通过", "Pass the expert review")),
    step("uphold_objection", {State.PUBLICITY}, State.COMPLIANCE_REVIEW, compliance_officer,
         asks=(REASON,), within="clocks.product_compliance_review",
         says="product.objected", label=Words("异议成立", "Uphold an objection")),
    step("list", {State.PUBLICITY}, State.LISTED, (system_only, listing_officer),
         when=(guards.publicity_is_over, *guards.MAY_BE_LISTED), then=(_certify,),
         says="product.listed", label=Words("挂牌", "List")),
    step("renew", {State.LISTED}, State.LISTED, compliance_officer,
         when=guards.MAY_BE_LISTED, then=(_certify,), asks=(REASON,),
         says="product.renewed", label=Words("续期", "Renew the listing")),
    step("return", UNDER_REVIEW, State.DRAFT, officers, asks=(REASON, _SUPPLEMENT),
         says="product.returned", label=Words("退回补正", "Return")),
    step("reject", UNDER_REVIEW, State.REJECTED, officers, asks=(_REJECTION, REASON),
         says="product.rejected", label=Words("驳回", "Reject")),
    step("withdraw", {State.DRAFT, *UNDER_REVIEW}, State.WITHDRAWN, owner, asks=(REASON,),
         says="product.withdrawn", label=Words("撤回", "Withdraw")),
    step("suspend", {State.LISTED}, State.SUSPENDED, (owner, *officers, regulator, system_only),
         asks=(REASON,), then=(guards.down,),
         says="product.suspended", label=Words("暂停", "Suspend")),
    step("hold", {State.SUSPENDED}, State.SUSPENDED, (*officers, regulator),
         asks=(REASON,), then=(guards.up,),
         says="product.held", label=Words("另行暂停", "Keep it suspended")),
    step("resume", {State.SUSPENDED}, State.LISTED, compliance_officer,
         when=guards.MAY_BE_LISTED, then=(guards.up, _certify), asks=(REASON,),
         says="product.resumed", label=Words("恢复", "Resume")),
    step("come_back", {State.SUSPENDED}, State.LISTED, system_only,
         when=(guards.went_with_its_authorisation, *guards.MAY_BE_LISTED),
         then=(guards.up, _certify),
         says="product.came_back", label=Words("随授权恢复", "Come back")),
    step("inherit", {State.SUSPENDED}, State.SUSPENDED, system_only,
         when=(guards.went_with_its_authorisation,), then=(guards.down,),
         says="product.inherited", label=Words("转入续期授权", "Move to the renewed right")),
    step("leave_behind", {State.SUSPENDED}, State.SUSPENDED, system_only, asks=(REASON,),
         when=(guards.went_with_its_authorisation,), then=(guards.up,),
         says="product.left_behind", label=Words("不符合续期授权", "Leave behind")),
    step("request_delist", {State.LISTED}, State.DELISTING, owner, asks=(REASON,),
         within="clocks.product_delisting", overdue="delist",
         says="product.delisting_asked", label=Words("申请摘牌", "Give notice of delisting")),
    step("keep", {State.DELISTING}, State.LISTED, owner, when=guards.MAY_BE_LISTED,
         says="product.kept", label=Words("撤销摘牌申请", "Keep it listed")),
    step("delist", {State.DELISTING, State.SUSPENDED}, State.DELISTED, (owner, system_only),
         when=(guards.notice_is_over,), then=(guards.ended(Ending.VOLUNTARY),),
         says="product.delisted", label=Words("摘牌", "Delist")),
    step("force_delist", _ON_SALE, State.DELISTED, (*officers, regulator, system_only),
         asks=(_CAUSE, REASON), then=(guards.ended(Ending.FORCED),),
         says="product.force_delisted", label=Words("强制摘牌", "Delist by force")),
    step("expire", _ON_SALE, State.DELISTED, system_only,
         then=(guards.ended(Ending.EXPIRED),),
         says="product.expired", label=Words("挂牌到期", "Expire")),
)
# fmt: on


def create(work: Work, own_code: str | None = None, **content: Unpack[Content]) -> Product:
    """Write a new product, as a draft. Raises StepNotAllowed, NotActive or Invalid.

    own_code: the merchant's own number of the product, by which it is found again.
    """
    access.require(work, merchant, None, "product.create")
    organisations.require_active(work.session, work.actor.organisation)
    made = Product(
        id=ids.new("prd_", work.now),
        state=State.DRAFT,
        code=f"DP-{numbers.following(work.session, 'DP'):06}",
        own_code=own_code,
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
    number = versions.following(work.session, product.id)
    after = versions.write(work, product.id, number, said)
    # Before the event: what hears it looks at what the product says by then.
    offer(work, product, after)
    LIFE.take("revise", product, work, version=after.digest, number=after.number)
    return product


def find(session: Session, product_id: str) -> Product:
    """Return the product. Raises NotFound. One SELECT by primary key."""
    product = session.get(Product, product_id)
    if product is None:
        raise missing(product_id)
    return product


def seen(work: Work, product_id: str) -> Product:
    """Return the product if the caller may see it, else raise the same NotFound.

    Its owner and those who oversee the exchange always may; everybody else from the
    publicity on.
    """
    product = find(work.session, product_id)
    public = product.state in {State.PUBLICITY, *_ON_SALE, State.DELISTED}
    if public or is_insider(work, product):
        return product
    raise missing(product_id)


def own_version(work: Work, product_id: str) -> ProductVersion:
    """Return the present version of one's own product. Raises NotFound. Two SELECTs by key."""
    product = find(work.session, product_id)
    if product.owner_id != work.actor.organisation:
        raise missing(product_id)
    return versions.find(work.session, product.current_version_id)


def missing(product_id: str) -> NotFound:
    """Return what is raised for a product that is not there, or not for the caller."""
    return NotFound("没有这个数据产品", f"no product {product_id}")


def is_insider(work: Work, product: Product) -> bool:
    """Tell whether the caller may see all of the product, whatever its state."""
    reviews = product.state in UNDER_REVIEW and expert.matches(work.actor, product)
    mine = product.owner_id == work.actor.organisation
    return mine or reviews or access.oversees(work.actor)


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
        statement = statement.where(*index.holds(Kind.PRODUCT, Product.id, text))
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

    For those who oversee the exchange, and its experts; anybody else is given an empty page.
    """
    reviews = access.oversees(work.actor) or expert.matches(work.actor, None)
    states = UNDER_REVIEW if reviews else frozenset[State]()
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


def offered(session: Session, product_ids: Iterable[str]) -> dict[str, ProductVersion]:
    """Return id → current version, of those ids that are products'. One SELECT."""
    statement = (
        select(Product.id, ProductVersion)
        .join(ProductVersion, ProductVersion.id == Product.current_version_id)
        .where(Product.id.in_(set(product_ids)))
    )
    return dict(session.execute(statement).all())


def offer(work: Work, product: Product, version: ProductVersion) -> None:
    """Let a version that was written be what the product offers, and is found by."""
    product.current_version_id = version.id
    said = Said(
        kind=Kind.PRODUCT,
        subject_id=product.id,
        owner_id=product.owner_id,
        code=product.code,
        title_zh=version.title_zh,
        title_en=version.title_en,
        summary=version.intro,
    )
    index.put(work.session, said)


def _page(
    session: Session, statement: Select[Product], by: Any, after: str | None, limit: int
) -> Page[Product]:
    with_version = statement.options(selectinload(Product.current))
    return keyset(session, with_version, by=by, after=after, limit=limit)
