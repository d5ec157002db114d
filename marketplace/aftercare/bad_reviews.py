"""The loop of a bad review (差评整改): contact, verify, put right, and ask the buyer again.

Source: national rules of good and bad reviews: contact within a working day, an ordinary one
is put right in 5, a difficult one in 15 with its reason; every bad review is revisited (I-76),
and what the buyer says then stands beside its first rating, which is kept.
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids, watch
from kernel.actor import Duty, Role, any_of, its
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.pages import Page
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from marketplace import access


class State(StrEnum):
    """Where the loop stands."""

    RECEIVED = "received"
    CONTACTED = "contacted"
    RECTIFYING = "rectifying"
    REVISITING = "revisiting"
    CLOSED = "closed"


class BadReview(Living, Base):
    """The loop of one rating. valid: whether it was found to be right, None until verified.

    remedy: what the merchant did. level_after, said_after: the buyer's follow-up.
    """

    __tablename__ = "bad_reviews"
    __table_args__ = (
        UniqueConstraint("rating_id"),
        CheckConstraint("level_after BETWEEN 1 AND 5", name="level_after_is_a_level"),
        CheckConstraint("state <> 'closed' OR revisited_at IS NOT NULL", name="closed_revisited"),
        Index(None, "merchant_id", "id"),
        Index(None, "buyer_id", "id"),
        Index(None, "state", "id"),
    )

    rating_id: Mapped[str] = mapped_column(ForeignKey("ratings.id"))
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    merchant_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    opened_at: Mapped[Instant]
    contact: Mapped[str | None]
    valid: Mapped[bool | None]
    remedy: Mapped[str | None]
    level_after: Mapped[int | None]
    said_after: Mapped[str | None]
    revisited_at: Mapped[Instant | None]


_DUTIES: Final = (Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)
merchant = its("merchant", "merchant_id", *_DUTIES)
buyer = its("buyer", "buyer_id", *_DUTIES)
officer = any_of(Role.EXCHANGE_OPERATOR, Duty.COMPLIANCE_OFFICER)


def _contact(it: BadReview, _work: Work, data: dict[str, Any]) -> None:
    it.contact = data["contact"]


def _valid(it: BadReview, _work: Work, _data: dict[str, Any]) -> None:
    it.valid = True


def _invalid(it: BadReview, _work: Work, _data: dict[str, Any]) -> None:
    it.valid = False


def _remedy(it: BadReview, _work: Work, data: dict[str, Any]) -> None:
    it.remedy = data["remedy"]


def _follow_up(it: BadReview, work: Work, data: dict[str, Any]) -> None:
    it.level_after, it.said_after = int(data["level"]), data.get("said")
    it.revisited_at = work.now


def _revisit(it: BadReview, work: Work, data: dict[str, Any]) -> None:
    it.said_after, it.revisited_at = data["reason"], work.now


_LEVEL: Final = ask("level", "choice", Words("整改后的评价（1–5）", "Level after it (1–5)"),
                    choices=("1", "2", "3", "4", "5"))  # fmt: skip

# fmt: off
LIFE: Workflow[State, BadReview] = Workflow(
    "bad_review", State, State.RECEIVED,
    step("contact", {State.RECEIVED}, State.CONTACTED, merchant, then=(_contact,),
         asks=(ask("contact", label=Words("联系情况与答复", "What was answered"), max=1000),),
         within="clocks.bad_review", owner="role:exchange_operator",
         says="bad_review.contacted", label=Words("联系买方并答复", "Answer the buyer")),
    step("verify",  {State.CONTACTED}, State.RECTIFYING, officer, then=(_valid,),
         within="clocks.bad_review", owner="merchant_id",
         says="bad_review.verified", label=Words("核实属实，限期整改", "It is right")),
    step("verify_difficult", {State.CONTACTED}, State.RECTIFYING, officer, asks=(REASON,),
         then=(_valid,), within="clocks.bad_review_complex", owner="merchant_id",
         says="bad_review.verified_difficult",
         label=Words("属实且疑难，延长整改", "It is right, and difficult")),
    step("reject",  {State.CONTACTED}, State.REVISITING, officer, asks=(REASON,),
         then=(_invalid,), within="clocks.bad_review_revisit", owner="role:exchange_operator",
         says="bad_review.not_right", label=Words("核实不属实", "It is not right")),
    step("put_right", {State.RECTIFYING}, State.REVISITING, merchant, then=(_remedy,),
         asks=(ask("remedy", label=Words("整改措施与结果", "What was done"), max=1000),),
         within="clocks.bad_review_revisit", owner="role:exchange_operator",
         says="bad_review.put_right", label=Words("完成整改", "Put it right")),
    step("return",  {State.REVISITING}, State.RECTIFYING, officer, asks=(REASON,),
         within="clocks.bad_review", owner="merchant_id",
         says="bad_review.returned", label=Words("回访不满意，退回整改", "Return it")),
    step("follow_up", {State.REVISITING}, State.CLOSED, buyer, then=(_follow_up,),
         asks=(_LEVEL, ask("said", label=Words("追加评价", "What you say now"), optional=True,
                           max=1000)),
         says="bad_review.followed_up", label=Words("追加评价并办结", "Rate it again and close")),
    step("revisit", {State.REVISITING}, State.CLOSED, officer, then=(_revisit,),
         asks=(ask("reason", label=Words("回访记录", "What the buyer said"), max=1000),),
         says="bad_review.revisited", label=Words("回访办结", "Revisited, close")),
)
# fmt: on


def open_for(
    work: Work, rating_id: str, *, merchant_id: str, buyer_id: str, product_id: str
) -> BadReview:
    """Open the loop of a bad review that has just been given."""
    made = BadReview(
        id=ids.new("bad_", work.now),
        state=State.RECEIVED,
        rating_id=rating_id,
        product_id=product_id,
        merchant_id=merchant_id,
        buyer_id=buyer_id,
        opened_at=work.now,
    )
    work.session.add(made)
    watch.start(work, made.id, LIFE.name, "clocks.bad_review_contact", None, owner=merchant_id)
    work.record("bad_review.received", made.id, rating_id=rating_id)
    return made


_OURS: Final = access.overseen(
    BadReview, LIFE, Words("没有这条差评", "no bad review"), "merchant_id", "buyer_id"
)
find, seen, take = _OURS.find, _OURS.seen, _OURS.take


def listed(
    work: Work,
    *,
    state: str | None = None,
    open_only: bool = False,
    after: str | None = None,
    limit: int,
) -> Page[BadReview]:
    """Return one page of the loops that the caller may see, newest first. One SELECT."""
    where = [BadReview.state != State.CLOSED] if open_only else []
    if state is not None:
        where.append(BadReview.state == state)
    return _OURS.listed(work, *where, after=after, limit=limit)


def of_ratings(session: Session, rating_ids: list[str]) -> dict[str, BadReview]:
    """Return rating → its loop. One SELECT on an index."""
    statement = select(BadReview).where(BadReview.rating_id.in_(rating_ids))
    return {each.rating_id: each for each in session.scalars(statement)}
