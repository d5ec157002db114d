"""A trial offer (试用方案): what a seller lets anybody try of a product, free: calls, rows, days.

What is tried is read through the interface of the delivery, a few rows at a time: so the
product has a table of its seller's own, and may leave as an interface by its grade. Public
data is not tried: each use of it stands under an authorisation for one scenario. An offer is
never changed; a new one takes the place of the last, and trials keep what they began under.
"""

from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue import grades
from catalogue.grades import Condition, Grade, Mode, Origin, PiClass
from delivery.tables import datasets
from kernel import ids
from kernel.actor import Duty, its
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import Invalid, NotFound, Refusal, refuse
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow, ask, step
from marketplace import access, products
from marketplace.products import Product
from marketplace.versions import ProductVersion


class State(StrEnum):
    """Whether it may be taken."""

    OFFERED = "offered"
    WITHDRAWN = "withdrawn"


_OFFERED: Final = text("state = 'offered'")

MODES: Final = {
    Mode.RAW_FILE: Mode.RECORD_API,
    Mode.MASKED_FILE: Mode.RECORD_API,
    Mode.RECORD_API: Mode.RECORD_API,
    Mode.VERIFICATION: Mode.VERIFICATION,
}
"""Mode in which a product is sold → mode in which it is tried."""

_UNMET: Final = frozenset(Condition) - {Condition.MASKED, Condition.IN_SCOPE}
"""What a trial does not fulfil: consents, approvals, reviews, enclaves."""


class TrialOffer(Living, Base):
    """One offer. calls, rows: the most of one trial in all. days: natural days, the first too."""

    __tablename__ = "trial_offers"
    __table_args__ = (
        CheckConstraint("calls > 0", name="calls_positive"),
        CheckConstraint("rows >= 0", name="rows_not_negative"),
        CheckConstraint("days > 0", name="days_positive"),
        CheckConstraint("state IN ('offered', 'withdrawn')", name="state_is_known"),
        Index(
            "uq_trial_offers_one_offered_per_product",
            "product_id",
            unique=True,
            sqlite_where=_OFFERED,
            postgresql_where=_OFFERED,
        ),
        Index(None, "seller_id", "id"),
    )

    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    calls: Mapped[int]
    rows: Mapped[int]
    days: Mapped[int]
    offered_at: Mapped[Instant]


class Quota(NamedTuple):
    """How much of a product one trial gives. rows: 0 for what answers without rows."""

    calls: int
    rows: int
    days: int


seller = its("seller", "seller_id", Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)

# fmt: off
LIFE: Workflow[State, TrialOffer] = Workflow(
    "trial_offer", State, State.OFFERED,
    step("offer",    {State.OFFERED}, State.OFFERED, seller, own_door=True,
         says="trial_offer.offered", label=Words("提供试用", "Offer a trial")),
    step("withdraw", {State.OFFERED}, State.WITHDRAWN, seller,
         asks=(ask("note", label=Words("说明", "Note"), optional=True),),
         says="trial_offer.withdrawn", label=Words("停止试用", "Offer it no more")),
)
# fmt: on


def offer(work: Work, product_id: str, quota: Quota) -> TrialOffer:
    """Offer a trial of one's own listed product, in the place of what was offered before.

    Raises NotFound, StepNotAllowed, Invalid, and StepRefused with every reason. Some SELECTs.
    """
    product, version = products.show(work, product_id)
    _check(work, quota, Mode(version.delivery_mode))
    made = TrialOffer(
        id=ids.new("tro_", work.now),
        state=State.OFFERED,
        product_id=product.id,
        seller_id=product.owner_id,
        offered_at=work.now,
        **quota._asdict(),
    )
    access.require(work, seller, made, "trial_offer.offer")
    refuse(barred(work, product, version))
    before = of_product(work.session, product.id)
    if before is not None:
        LIFE.take("withdraw", before, work)
        # There is one at most: the earlier one goes before the next one comes.
        work.session.flush()
    LIFE.take("offer", made, work, product_id=product.id, **quota._asdict())
    work.session.add(made)
    return made


def barred(work: Work, product: Product, version: ProductVersion) -> tuple[Refusal, ...]:
    """Return every reason why a product cannot be tried now. One SELECT by key."""
    found = []
    if product.state != products.State.LISTED:
        zh, en = f"产品 {product.code} 未在挂牌中", f"product {product.code} is not listed"
        found.append(Refusal("PRODUCT_NOT_LISTED", zh, en))
    if Origin(version.source_kind) in grades.PUBLIC_DATA:
        zh, en = (
            "公共数据须按场景授权使用，不提供试用",
            "public data is used by scenario, not tried",
        )
        found.append(Refusal("PUBLIC_NOT_TRIED", zh, en))
    mode = MODES.get(Mode(version.delivery_mode))
    if version.dataset_version_id is None or mode is None:
        zh, en = "以平台表格交付接口或文件的产品方可试用", "only a table kept here is tried"
        found.append(Refusal("NOTHING_TO_TRY", zh, en))
    elif not _may_leave(work, version, mode):
        zh, en = "按数据级别与个人信息类别不得试用", "as it is graded it may not be tried"
        found.append(Refusal("TRIAL_NOT_ALLOWED", zh, en))
    return tuple(found)


def take(work: Work, offer_id: str, name: str, **data: Any) -> TrialOffer:
    """Take one step. Raises what `Workflow.take` raises."""
    found = seen(work, offer_id)
    LIFE.take(name, found, work, **data)
    return found


def find(session: Session, offer_id: str) -> TrialOffer:
    """Return the offer. Raises NotFound. One SELECT by key."""
    found = session.get(TrialOffer, offer_id)
    if found is None:
        raise NotFound("没有这个试用方案", f"no trial offer {offer_id}")
    return found


def seen(work: Work, offer_id: str) -> TrialOffer:
    """Return an offer, to whoever may see its product. Raises NotFound."""
    found = find(work.session, offer_id)
    products.seen(work, found.product_id)
    return found


def of_product(session: Session, product_id: str) -> TrialOffer | None:
    """Return what is offered of a product now. One SELECT on an index."""
    statement = select(TrialOffer).where(
        TrialOffer.product_id == product_id, TrialOffer.state == State.OFFERED
    )
    return session.scalars(statement).one_or_none()


def own(work: Work, *, after: str | None, limit: int) -> Page[TrialOffer]:
    """Return one page of what the caller's organisation offered, newest first. One SELECT."""
    statement = select(TrialOffer).where(TrialOffer.seller_id == work.actor.organisation)
    by = ((TrialOffer.id, "desc"),)
    return keyset(work.session, statement, by=by, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def _check(work: Work, quota: Quota, mode: Mode) -> None:
    for name, number in quota._asdict().items():
        most = work.rules.number(f"trial.{name}_max")
        least = 0 if name == "rows" and mode is Mode.VERIFICATION else 1
        if not least <= number <= most:
            raise Invalid(
                f"须为 {least} 至 {most}", f"{name} is {least} to {most}", pointer=f"/{name}"
            )


def _may_leave(work: Work, version: ProductVersion, mode: Mode) -> bool:
    measured = datasets.by_id(work.session, version.dataset_version_id or "")
    grade = grades.strictest((Grade(version.grade), Grade(measured.grade)))
    pi = grades.strictest((PiClass(version.pi_class), PiClass(measured.pi_class)))
    conditions = grades.permitted(grade, pi, origin=Origin(version.source_kind)).get(mode)
    return conditions is not None and not conditions & _UNMET
