"""A revision of a product that is listed: minor after a check, major through all reviews.

The product goes on under the version that it has until the new one is published; orders
stay on the version that they were placed for (I-16). Source: versioning of listings, A4.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Unpack

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.grades import Grade, PiClass
from kernel import ids, watch
from kernel.actor import Duty, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Living
from kernel.errors import Invalid, NotFound, Refusal, StepRefused
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from marketplace import access, listing, products, versions
from marketplace.products import VERDICTS, expert
from marketplace.reviewing import guards
from marketplace.shelving import revising
from marketplace.shelving.revising import Size
from marketplace.versions import Content, ProductVersion


class State(StrEnum):
    """Where a revision stands."""

    DRAFTED = "drafted"
    CHECK = "check"
    FORMAL_CHECK = "formal_check"
    COMPLIANCE_REVIEW = "compliance_review"
    SECURITY_REVIEW = "security_review"
    EXPERT_REVIEW = "expert_review"
    PUBLICITY = "publicity"
    PUBLISHED = "published"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


_OPEN: Final = text("state NOT IN ('published', 'rejected', 'withdrawn')")


class Amendment(Living, Base):
    """One revision. major, minor: the number under which it is published (主版本.次版本)."""

    __tablename__ = "amendments"
    __table_args__ = (
        CheckConstraint("size IN ('minor', 'major')", name="size_is_minor_or_major"),
        CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL)", name="published_is_dated"
        ),
        Index(
            "uq_amendments_one_open_per_product", "product_id", unique=True,
            sqlite_where=_OPEN, postgresql_where=_OPEN,
        ),
        Index(None, "product_id", "id"),
        Index(None, "owner_id", "id"),
        Index(None, "state", "id"),
    )  # fmt: skip

    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    owner_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    size: Mapped[str]
    before_id: Mapped[str] = mapped_column(ForeignKey("product_versions.id"))
    after_id: Mapped[str] = mapped_column(ForeignKey("product_versions.id"), unique=True)
    major: Mapped[int]
    minor: Mapped[int]
    made_at: Mapped[Instant]
    published_at: Mapped[Instant | None]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a revision would change, how much that is, and every rule that it would break."""

    size: Size
    before: Content
    after: Content
    refusals: tuple[Refusal, ...]


Guard = Callable[[Amendment, Work], Refusal | tuple[Refusal, ...] | None]

owner = its("owner", "owner_id", Duty.EDITOR, Duty.SUBMITTER)


def _rules_hold(found: Amendment, work: Work) -> tuple[Refusal, ...]:
    version = versions.find(work.session, found.after_id)
    return listing.refusals(version, found.owner_id, work)


def _is_listed(found: Amendment, work: Work) -> Refusal | None:
    product = products.find(work.session, found.product_id)
    if product.state == products.State.LISTED:
        return None
    return Refusal("NOT_LISTED", "产品当前未挂牌", "the product is not listed now")


def _publicity_is_over(found: Amendment, work: Work) -> Refusal | None:
    clock = watch.running(work.session, found.id)
    if clock is not None and clock.due_on >= local_date(work.now):
        return Refusal(
            "PUBLICITY_RUNNING", f"公示至 {clock.due_on}", f"in publicity until {clock.due_on}"
        )
    return None


def _needs_no_expert(found: Amendment, work: Work) -> Refusal | None:
    version = versions.find(work.session, found.after_id)
    if Grade(version.grade) < guards.EXPERT_FROM and version.pi_class == PiClass.NONE:
        return None
    return Refusal(
        "EXPERT_REVIEW_NEEDED",
        "三级以上或含个人信息的产品须经专家评审",
        "data of grade 3 and above, or of persons, is reviewed by experts",
    )


def _is_impartial(found: Amendment, work: Work) -> Refusal | None:
    return guards.reviewer_is_unrelated(products.find(work.session, found.product_id), work)


def _publish(found: Amendment, work: Work, _data: dict[str, Any]) -> None:
    found.published_at = work.now
    product = products.find(work.session, found.product_id)
    version = versions.find(work.session, found.after_id)
    products.offer(work, product, version)
    work.record(
        "product.amended", product.id, version=version.digest, number=version.number,
        label=f"{found.major}.{found.minor}", size=found.size,
    )  # fmt: skip


_MAY_BE_PUBLISHED: Final[tuple[Guard, ...]] = (_is_listed, _rules_hold)
_REVIEWED: Final = frozenset(
    {
        State.CHECK,
        State.FORMAL_CHECK,
        State.COMPLIANCE_REVIEW,
        State.SECURITY_REVIEW,
        State.EXPERT_REVIEW,
        State.PUBLICITY,
    }
)
_NOTE: Final = ask("note", "text", Words("审查意见与条件", "Note and conditions"), optional=True)
_DIMENSIONS: Final = (
    ask("parties", "choice", Words("主体合规", "The parties"), choices=VERDICTS),
    ask("source", "choice", Words("来源合规", "The source"), choices=VERDICTS),
    ask("content", "choice", Words("内容合规", "The content"), choices=VERDICTS),
    ask("tradability", "choice", Words("流通合规", "The trade"), choices=VERDICTS),
    _NOTE,
)
_SUBMITTED: Final = ("submit_minor", "submit_major")

# fmt: off
LIFE: Workflow[State, Amendment] = Workflow(
    "amendment", State, State.DRAFTED,
    step("submit_minor", {State.DRAFTED}, State.CHECK, owner, own_door=True,
         when=_MAY_BE_PUBLISHED, within="clocks.amendment_check", overdue="publish",
         says="amendment.minor_submitted", label=Words("提交小版本", "Submit a minor version")),
    step("submit_major", {State.DRAFTED}, State.FORMAL_CHECK, owner, own_door=True,
         when=_MAY_BE_PUBLISHED, within="clocks.amendment_formal_check",
         says="amendment.major_submitted", label=Words("提交大版本", "Submit a major version")),
    step("publish", {State.CHECK}, State.PUBLISHED, (products.listing_officer, system_only),
         when=_MAY_BE_PUBLISHED, not_by=_SUBMITTED, then=(_publish,),
         says="amendment.published", label=Words("发布小版本", "Publish")),
    step("pass_formal", {State.FORMAL_CHECK}, State.COMPLIANCE_REVIEW,
         products.listing_officer, when=(_is_impartial,), not_by=_SUBMITTED,
         within="clocks.amendment_compliance_review",
         says="amendment.formally_passed", label=Words("形式审查通过", "Pass the formal check")),
    step("pass_compliance", {State.COMPLIANCE_REVIEW}, State.SECURITY_REVIEW,
         products.compliance_officer, when=(_is_impartial, *_MAY_BE_PUBLISHED), asks=_DIMENSIONS,
         not_by=(*_SUBMITTED, "pass_formal"), within="clocks.amendment_security_review",
         says="amendment.compliant", label=Words("合规审查通过", "Pass the compliance review")),
    step("ask_experts", {State.SECURITY_REVIEW}, State.EXPERT_REVIEW,
         products.security_officer, when=(_is_impartial,), asks=(_NOTE,),
         not_by=(*_SUBMITTED, "pass_formal", "pass_compliance"),
         within="clocks.amendment_expert_review",
         says="amendment.secured", label=Words("安全审查通过并转专家评审", "Pass on to experts")),
    step("pass_security", {State.SECURITY_REVIEW}, State.PUBLICITY, products.security_officer,
         when=(_is_impartial, _needs_no_expert, *_MAY_BE_PUBLISHED), asks=(_NOTE,),
         not_by=(*_SUBMITTED, "pass_formal", "pass_compliance"),
         within="clocks.amendment_publicity", overdue="publish_major",
         says="amendment.security_passed", label=Words("安全与分级审查通过", "Pass security")),
    step("pass_experts", {State.EXPERT_REVIEW}, State.PUBLICITY, expert,
         when=(_is_impartial, *_MAY_BE_PUBLISHED), asks=(REASON,),
         not_by=(*_SUBMITTED, "pass_formal", "pass_compliance", "ask_experts"),
         within="clocks.amendment_publicity", overdue="publish_major",
         says="amendment.expertly_passed", label=Words("专家评审通过", "Pass the expert review")),
    step("publish_major", {State.PUBLICITY}, State.PUBLISHED,
         (system_only, products.listing_officer),
         when=(_publicity_is_over, *_MAY_BE_PUBLISHED), then=(_publish,),
         says="amendment.major_published", label=Words("发布大版本", "Publish")),
    step("reject", _REVIEWED, State.REJECTED, products.officers, asks=(REASON,),
         says="amendment.rejected", label=Words("不予发布", "Reject")),
    step("withdraw", {State.DRAFTED, *_REVIEWED}, State.WITHDRAWN, owner, asks=(REASON,),
         says="amendment.withdrawn", label=Words("撤回", "Withdraw")),
)
# fmt: on


def tried(work: Work, product_id: str, **changes: Unpack[Content]) -> Trial:
    """Return what a revision of one's own product would come to. Writes nothing.

    Raises NotFound, or Invalid with a pointer to the field at fault.
    """
    version = products.own_version(work, product_id)
    before = versions.content(version)
    after: Content = {**before, **changes}
    versions.check(work, after)
    with work.session.no_autoflush:
        draft = ProductVersion(product_id=product_id, **after)
        refusals = listing.refusals(draft, work.actor.organisation, work)
    return Trial(revising.size(work.session, before, after), before, after, refusals)


def propose(work: Work, product_id: str, **changes: Unpack[Content]) -> Amendment:
    """Revise a listed product: write the version, find out how much differs, submit it.

    Raises NotFound, Invalid (nothing differs, a field at fault) or StepRefused with all
    reasons (a rule, or another revision under way).
    """
    product = products.seen(work, product_id)
    if product.owner_id != work.actor.organisation:
        raise NotFound("没有这个数据产品", f"no product {product_id}")
    if (going := under_way(work.session, product.id)) is not None:
        zh, en = "该产品已有修订正在办理", f"revision {going.id} is under way"
        raise StepRefused(zh, en, (Refusal("AMENDMENT_UNDER_WAY", zh, en),))
    before = versions.find(work.session, product.current_version_id)
    said: Content = {**versions.content(before), **changes}
    size = revising.size(work.session, versions.content(before), said)
    if size is Size.NONE:
        raise Invalid("内容与现行版本相同", "nothing differs from the present version")
    number = versions.following(work.session, product.id)
    after = versions.write(work, product.id, number, said)
    made = _made(work, product, before.id, after.id, size)
    # The version is judged by its id alone, and the revision names it.
    work.session.flush()
    work.session.add(made)
    work.record("amendment.drafted", made.id, product_id=product.id, size=size.value)
    LIFE.take(f"submit_{size.value}", made, work, version=after.digest, number=number)
    return made


def label(session: Session, product_id: str) -> tuple[int, int]:
    """Return the number under which a product is offered now: 1.0 before any revision."""
    statement = (
        select(Amendment.major, Amendment.minor)
        .where(Amendment.product_id == product_id, Amendment.state == State.PUBLISHED)
        .order_by(Amendment.id.desc())
        .limit(1)
    )
    found = session.execute(statement).first()
    return (1, 0) if found is None else (found.major, found.minor)


def under_way(session: Session, product_id: str) -> Amendment | None:
    """Return the revision of a product that is not over. One SELECT on an index."""
    statement = select(Amendment).where(Amendment.product_id == product_id, _OPEN)
    return session.scalars(statement).one_or_none()


def find(session: Session, amendment_id: str) -> Amendment:
    """Return a revision. Raises NotFound. One SELECT by primary key."""
    found = session.get(Amendment, amendment_id)
    if found is None:
        raise NotFound("没有这次修订", f"no amendment {amendment_id}")
    return found


def seen(work: Work, amendment_id: str) -> Amendment:
    """Return a revision to its owner and who reviews it. Raises NotFound. One SELECT by key."""
    found = work.session.get(Amendment, amendment_id)
    if found is None or not _may_see(work, found):
        raise NotFound("没有这次修订", f"no amendment {amendment_id}")
    return found


def take(work: Work, amendment_id: str, step_name: str, **data: Any) -> Amendment:
    """Take one step in a revision's life. Raises what `Workflow.take` raises."""
    found = seen(work, amendment_id)
    LIFE.take(step_name, found, work, **data)
    return found


def listed(
    work: Work, *, product_id: str | None = None, after: str | None, limit: int
) -> Page[Amendment]:
    """Return one page of the revisions that the caller may see, newest first. One SELECT."""
    statement = select(Amendment)
    if product_id is not None:
        statement = statement.where(Amendment.product_id == product_id)
    if not (access.oversees(work.actor) or expert.matches(work.actor, None)):
        statement = statement.where(Amendment.owner_id == work.actor.organisation)
    return keyset(work.session, statement, by=((Amendment.id, "desc"),), after=after, limit=limit)


def _may_see(work: Work, found: Amendment) -> bool:
    mine = found.owner_id == work.actor.organisation
    return mine or access.oversees(work.actor) or expert.matches(work.actor, found)


def _made(
    work: Work, product: products.Product, before_id: str, after_id: str, size: Size
) -> Amendment:
    major, minor = label(work.session, product.id)
    wide = size is Size.MAJOR
    return Amendment(
        id=ids.new("amd_", work.now),
        state=State.DRAFTED,
        product_id=product.id,
        owner_id=product.owner_id,
        size=size.value,
        before_id=before_id,
        after_id=after_id,
        major=major + 1 if wide else major,
        minor=0 if wide else minor + 1,
        made_at=work.now,
    )
