"""Ratings (好差评): what a buyer says of a line that it accepted, once, in five levels.

Source: national rules of good and bad reviews: 非常满意 5 to 非常不满意 1, the last two are bad
reviews; one rating for each matter, by who took part in it, never by who is related to the
rated side; the original is kept, whatever follows (I-75). A product's score is the Bayesian
mean over the exchange's. Words may be hidden, with a reason; levels always count.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from enum import IntEnum
from typing import Final, NamedTuple

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Duty, Role, any_of
from kernel.clock import Instant, local_date
from kernel.db import Base, append_only
from kernel.errors import Invalid, NotFound, Refusal, refuse
from kernel.money import half_up
from kernel.pages import Page, keyset
from kernel.parties import relations
from kernel.words import Words
from kernel.work import Work
from marketplace import access, orders
from marketplace.aftercare import bad_reviews
from marketplace.lines import OrderLine
from marketplace.orders import Order

SAID_MAX: Final = 1_000
NEUTRAL: Final = 5
"""Ratings of the middle level with which a product's are put in order."""
BAD_MAX: Final = 2
"""The best level that is still a bad review."""

ASPECTS: Final = ("quality", "accuracy", "efficiency", "service")
"""What else is rated: the data, its description, the delivery, the merchant's service."""


class Level(IntEnum):
    """How satisfied a buyer is."""

    VERY_DISSATISFIED = 1
    DISSATISFIED = 2
    BASICALLY_SATISFIED = 3
    SATISFIED = 4
    VERY_SATISFIED = 5

    @property
    def label(self) -> Words:
        """What the level is called."""
        return _LABELS[self]


_LABELS: Final = {
    Level.VERY_DISSATISFIED: Words("非常不满意", "very dissatisfied"),
    Level.DISSATISFIED: Words("不满意", "dissatisfied"),
    Level.BASICALLY_SATISFIED: Words("基本满意", "basically satisfied"),
    Level.SATISFIED: Words("满意", "satisfied"),
    Level.VERY_SATISFIED: Words("非常满意", "very satisfied"),
}


class Rating(Base):
    """One rating of one order line; added, never changed. anonymous: to all but overseers."""

    __tablename__ = "ratings"
    __table_args__ = (
        UniqueConstraint("order_line_id"),
        CheckConstraint("buyer_id <> merchant_id", name="nobody_rates_itself"),
        *(
            CheckConstraint(f"{name} BETWEEN 1 AND 5", name=f"{name}_is_a_level")
            for name in ("overall", *ASPECTS)
        ),
        Index(None, "product_id", "id"),
        Index(None, "merchant_id", "id"),
        Index(None, "buyer_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    order_line_id: Mapped[str] = mapped_column(ForeignKey("order_lines.id"))
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    merchant_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    overall: Mapped[int]
    quality: Mapped[int]
    accuracy: Mapped[int]
    efficiency: Mapped[int]
    service: Mapped[int]
    said: Mapped[str]
    anonymous: Mapped[bool]
    rated_by: Mapped[str]
    rated_at: Mapped[Instant]


class HiddenRating(Base):
    """That an officer has hidden the words of a rating, and why; its levels still count."""

    __tablename__ = "hidden_ratings"

    rating_id: Mapped[str] = mapped_column(ForeignKey("ratings.id"), primary_key=True)
    reason: Mapped[str]
    hidden_by: Mapped[str]
    hidden_at: Mapped[Instant]


append_only(Rating.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table
append_only(HiddenRating.__table__)  # type: ignore[arg-type]  # as above


class Said(NamedTuple):
    """What a buyer says: a level for the whole, and one for each aspect."""

    overall: int
    quality: int
    accuracy: int
    efficiency: int
    service: int
    said: str = ""
    anonymous: bool = False


class Figures(NamedTuple):
    """What is published: the number of all, of each level from 1 to 5, and what they come to.

    mean_e2, score_e2: in hundredths of a level; score: the Bayesian mean. satisfied_bp: the
    share of levels 3 to 5.
    """

    number: int
    levels: tuple[int, ...]
    mean_e2: int
    score_e2: int
    satisfied_bp: int


moderator = any_of(Role.EXCHANGE_OPERATOR, Duty.COMPLIANCE_OFFICER)


def rate(work: Work, order_line_id: str, said: Said) -> Rating:
    """Rate a line that the caller's organisation bought and accepted, once.

    A bad review opens its loop with the merchant. Raises NotFound, StepNotAllowed, Invalid,
    and StepRefused with every reason.
    """
    line = work.session.get(OrderLine, order_line_id)
    if line is None:
        raise NotFound("没有这个订单行", f"no order line {order_line_id}")
    order = orders.seen(work, line.order_id)
    access.require(work, orders.buyer, order, "rating.rate")
    refuse(barred(work, order, line.id))
    _check(said)
    made = Rating(
        id=ids.new("rat_", work.now),
        order_line_id=line.id,
        product_id=line.product_id,
        merchant_id=order.seller_id,
        buyer_id=order.buyer_id,
        rated_by=work.actor.person,
        rated_at=work.now,
        **{**said._asdict(), "said": said.said.strip()},
    )
    work.session.add(made)
    work.record("rating.given", made.id, order_line_id=line.id, overall=said.overall)
    if said.overall <= BAD_MAX:
        work.session.flush()  # the review refers to it by id alone
        bad_reviews.open_for(
            work, made.id, merchant_id=made.merchant_id, buyer_id=made.buyer_id,
            product_id=made.product_id,
        )  # fmt: skip
    return made


def barred(work: Work, order: Order, order_line_id: str) -> tuple[Refusal, ...]:
    """Return every reason why a line cannot be rated now. A few SELECTs."""
    found, today = [], local_date(work.now)
    days = work.rules.number("aftercare.rating_days")
    if order.accepted_at is None:
        found.append(Refusal("NOT_ACCEPTED", "验收后才能评价", "rate it once it is accepted"))
    elif today > local_date(order.accepted_at) + timedelta(days=days):
        zh, en = f"验收后 {days} 日内可以评价", f"it is rated within {days} days of acceptance"
        found.append(Refusal("TOO_LATE_TO_RATE", zh, en))
    if order.is_related_party or relations.are_related(
        work.session, order.buyer_id, order.seller_id, on=today
    ):
        found.append(Refusal("RELATED_PARTY", "关联方之间不作评价", "related parties do not rate"))
    if of_lines(work.session, [order_line_id]):
        found.append(Refusal("RATED_ALREADY", "此订单行已评价", "it has been rated"))
    return tuple(found)


def hide(work: Work, rating_id: str, *, reason: str) -> HiddenRating:
    """Hide the words of a rating, with a reason; it is not deleted. Raises StepRefused twice."""
    found = find(work.session, rating_id)
    access.require(work, moderator, found, "rating.hide")
    if not reason.strip():
        raise Invalid("请说明理由", "say why", pointer="/reason")
    if work.session.get(HiddenRating, rating_id) is not None:
        refuse((Refusal("HIDDEN_ALREADY", "评价内容已隐藏", "its words are hidden already"),))
    made = HiddenRating(
        rating_id=rating_id, reason=reason.strip(), hidden_by=work.actor.person, hidden_at=work.now
    )
    work.session.add(made)
    work.record("rating.hidden", rating_id, reason=made.reason)
    return made


def find(session: Session, rating_id: str) -> Rating:
    """Return the rating. Raises NotFound. One SELECT by key."""
    found = session.get(Rating, rating_id)
    if found is None:
        raise NotFound("没有这条评价", f"no rating {rating_id}")
    return found


def listed(
    session: Session,
    *,
    product_id: str | None = None,
    merchant_id: str | None = None,
    after: str | None,
    limit: int,
) -> Page[Rating]:
    """Return one page of the ratings of a product or a merchant, newest first. One SELECT."""
    statement = select(Rating)
    if product_id is not None:
        statement = statement.where(Rating.product_id == product_id)
    if merchant_id is not None:
        statement = statement.where(Rating.merchant_id == merchant_id)
    return keyset(session, statement, by=((Rating.id, "desc"),), after=after, limit=limit)


def hidden(session: Session, rating_ids: Sequence[str]) -> dict[str, str]:
    """Return rating → why its words are hidden. One SELECT by key."""
    statement = select(HiddenRating.rating_id, HiddenRating.reason).where(
        HiddenRating.rating_id.in_(rating_ids)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def of_lines(session: Session, order_line_ids: Sequence[str]) -> dict[str, Rating]:
    """Return line → its rating. One SELECT on an index."""
    statement = select(Rating).where(Rating.order_line_id.in_(order_line_ids))
    return {each.order_line_id: each for each in session.scalars(statement)}


def of_product(work: Work, product_id: str) -> Figures | None:
    """Return the figures of a product, None without a rating. Two SELECTs."""
    return _figures(work, Rating.product_id == product_id)


def of_merchant(work: Work, merchant_id: str) -> Figures | None:
    """Return the figures of a merchant, None without a rating. Two SELECTs."""
    return _figures(work, Rating.merchant_id == merchant_id)


def scores(work: Work, merchant_ids: Collection[str]) -> dict[str, int]:
    """Return merchant → its score in hundredths of a level, of those that are rated.

    Two SELECTs for all of them.
    """
    statement = (
        select(Rating.merchant_id, func.sum(Rating.overall), func.count())
        .where(Rating.merchant_id.in_(merchant_ids))
        .group_by(Rating.merchant_id)
    )
    counted = work.session.execute(statement).all()
    mean = _everywhere(work) if counted else (0, 0)
    return {key: _score(work, int(points), int(number), mean) for key, points, number in counted}


def standings(session: Session, product_ids: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return product → the levels of its ratings added up, and how many ratings they are.

    Of those that are rated. One SELECT on an index.
    """
    statement = (
        select(Rating.product_id, func.sum(Rating.overall), func.count())
        .where(Rating.product_id.in_(product_ids))
        .group_by(Rating.product_id)
    )
    counted = session.execute(statement)
    return {key: (int(points), int(number)) for key, points, number in counted}


def levels(points: int, number: int) -> list[int]:
    """Return the levels from 3 up that the mean of some ratings reaches. Pure."""
    return [level for level in Level if level > BAD_MAX and 0 < level * number <= points]


def place(points: int, number: int) -> str:
    """Return by what a rated product is put in order, the best last. Pure.

    A few ratings say little: each product's are counted with NEUTRAL more of the middle level,
    so that one buyer's five stars stand behind a hundred buyers' good ones.
    """
    return f"{half_up(1_000 * (points + 3 * NEUTRAL), number + NEUTRAL):04}"


def mean_e2(points: int, number: int) -> int:
    """Return the mean of some ratings in hundredths of a level. Pure."""
    return half_up(100 * points, number)


def _everywhere(work: Work) -> tuple[int, int]:
    points, number = work.session.execute(select(func.sum(Rating.overall), func.count())).one()
    return int(points), int(number)


def _score(work: Work, points: int, number: int, everywhere: tuple[int, int]) -> int:
    # (C·m + Σr) / (C + n) with m = all points / all ratings, in one rounding.
    prior, (all_points, all_number) = work.rules.number("aftercare.rating_prior"), everywhere
    return half_up(100 * (prior * all_points + points * all_number), all_number * (prior + number))


def _figures(work: Work, where: ColumnElement[bool]) -> Figures | None:
    statement = select(Rating.overall, func.count()).where(where).group_by(Rating.overall)
    counted = {int(level): int(count) for level, count in work.session.execute(statement)}
    if not counted:
        return None
    total = sum(counted.values())
    points = sum(level * count for level, count in counted.items())
    return Figures(
        number=total,
        levels=tuple(counted.get(level, 0) for level in Level),
        mean_e2=half_up(100 * points, total),
        score_e2=_score(work, points, total, _everywhere(work)),
        satisfied_bp=half_up(
            10_000 * sum(count for level, count in counted.items() if level > BAD_MAX), total
        ),
    )


def _check(said: Said) -> None:
    for name in ("overall", *ASPECTS):
        if getattr(said, name) not in set(Level):
            raise Invalid("请选择 1 至 5 级", "a level from 1 to 5", pointer=f"/{name}")
    words = said.said.strip()
    if len(words) > SAID_MAX:
        raise Invalid(f"至多 {SAID_MAX} 字", f"at most {SAID_MAX} characters", pointer="/said")
    if said.overall <= BAD_MAX and not words:
        raise Invalid("差评请说明原因", "say why it is a bad review", pointer="/said")
