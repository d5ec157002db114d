"""A rating is given once, by a real buyer; a bad one has its loop, and what stands is counted."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from kernel import watch
from kernel.clock import Instant
from kernel.deadlines import Light
from kernel.engines import Engines
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from marketplace import lines
from marketplace.aftercare import bad_reviews, ratings
from marketplace.aftercare.bad_reviews import BadReview, State
from marketplace.aftercare.ratings import Rating, Said
from marketplace.orders import Order
from tests.conftest import CALENDAR, WorkAs, work_of
from tests.marketplace import make
from tests.marketplace.aftercare.cases import BUYER, NOW, OFFICER, SELLER
from tests.settlement.bookkeeping import on_postgresql

GOOD = Said(5, 5, 4, 5, 5, "数据完整", anonymous=False)
BAD = Said(1, 1, 2, 3, 2, "缺少三个站点", anonymous=True)


def rated(session: Session, order: Order, said: Said = GOOD, *, at: Instant = NOW) -> Rating:
    """Have the buyer rate the first line of an order."""
    line = lines.of(session, order.id)[0]
    made = ratings.rate(work_of(session, BUYER, at=at), line.id, said)
    session.flush()
    return made


def codes(error: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    """Return the codes of the reasons."""
    return [reason.code for reason in error.value.refusals]


def step(session: Session, review: BadReview, name: str, person: str, **data: Any) -> BadReview:
    """Take one step of a loop."""
    return bad_reviews.take(work_of(session, person, at=NOW), review.id, name, **data)


def test_i_75_a_buyer_rates_a_line_once(session: Session) -> None:
    order = make.accepted(session)

    made = rated(session, order)
    with pytest.raises(StepRefused) as twice:
        rated(session, order, BAD)

    assert (made.merchant_id, made.buyer_id) == ("org_developer", "org_buyer")
    assert codes(twice) == ["RATED_ALREADY"]
    assert bad_reviews.of_ratings(session, [made.id]) == {}
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(text("UPDATE ratings SET overall = 1"))


def test_what_is_not_accepted_or_long_ago_is_not_rated(session: Session) -> None:
    with pytest.raises(StepRefused) as early:
        rated(session, make.delivered(session))
    with pytest.raises(StepRefused) as late:
        rated(session, make.accepted(session), at=NOW + timedelta(days=366))

    assert (codes(early), codes(late)) == (["NOT_ACCEPTED"], ["TOO_LATE_TO_RATE"])


def test_i_75_related_parties_do_not_rate_each_other(session: Session) -> None:
    order = make.accepted(session, is_related_party=True)

    with pytest.raises(StepRefused) as error:
        rated(session, order)

    assert codes(error) == ["RELATED_PARTY"]


def test_i_75_only_the_buyer_rates(session: Session, work_as: WorkAs) -> None:
    line = lines.of(session, make.accepted(session).id)[0]

    with pytest.raises(StepNotAllowed):
        ratings.rate(work_as(SELLER, at=NOW), line.id, GOOD)
    for person, line_id in (("per_other_editor", line.id), (BUYER, "orl_none")):
        with pytest.raises(NotFound):
            ratings.rate(work_as(person, at=NOW), line_id, GOOD)
    for said in (GOOD._replace(overall=6), GOOD._replace(service=0),
                 GOOD._replace(said="x" * 1_001), BAD._replace(said=" ")):  # fmt: skip
        with pytest.raises(Invalid):
            ratings.rate(work_as(BUYER, at=NOW), line.id, said)


def test_figures_are_pulled_to_the_mean_of_the_exchange(session: Session, work_as: WorkAs) -> None:
    first, second = make.listed(session), make.listed(session, title_en="Second index")
    rated(session, make.accepted(session, first), GOOD)
    rated(session, make.accepted(session, first), GOOD._replace(overall=4))
    rated(session, make.accepted(session, second), BAD)
    work = work_as(BUYER)

    found = ratings.of_product(work, first.id)
    whole = ratings.of_merchant(work, "org_developer")

    assert found is not None
    assert (found.number, found.levels) == (2, (0, 0, 0, 1, 1))
    # the exchange's mean is 10/3; (10 × 10/3 + 9) ÷ 12 = 3.53
    assert (found.mean_e2, found.score_e2, found.satisfied_bp) == (450, 353, 10_000)
    assert whole is not None
    assert (whole.number, whole.mean_e2, whole.satisfied_bp) == (3, 333, 6_667)
    assert ratings.of_product(work, "prd_none") is None
    assert ratings.scores(work, ["org_developer", "org_other"]) == {"org_developer": whole.score_e2}
    assert ratings.scores(work, ["org_other"]) == {}
    told = ratings.standings(session, [first.id, second.id, "prd_none"])
    assert set(told) == {first.id, second.id}
    assert ratings.levels(*told[first.id]) == [3, 4]
    assert ratings.levels(*told[second.id]) == []
    assert ratings.place(*told[second.id]) < ratings.place(*told[first.id])
    assert ratings.place(5, 1) < ratings.place(480, 100) < ratings.place(500, 100)
    assert len(ratings.listed(session, product_id=first.id, after=None, limit=9).items) == 2
    assert len(ratings.listed(session, merchant_id="org_developer", after=None, limit=2).items) == 2


def test_i_76_a_bad_review_is_answered_put_right_and_revisited(session: Session) -> None:
    made = rated(session, make.accepted(session), BAD)
    review = bad_reviews.of_ratings(session, [made.id])[made.id]
    clock = watch.running(session, review.id)
    assert clock is not None
    assert (clock.key, clock.owner) == ("clocks.bad_review_contact", "org_developer")

    step(session, review, "contact", SELLER, contact="已电话联系，核对站点")
    step(session, review, "verify_difficult", OFFICER, reason="须补采数据")
    step(session, review, "put_right", SELLER, remedy="补齐三个站点")
    step(session, review, "return", OFFICER, reason="仍缺一站")
    step(session, review, "put_right", SELLER, remedy="已全部补齐")
    step(session, review, "follow_up", BUYER, level="4", said="已解决")

    assert (review.state, review.valid, review.level_after) == (State.CLOSED, True, 4)
    assert made.overall == 1
    assert watch.running(session, review.id) is None


def test_i_76_a_review_that_is_not_right_is_revisited_all_the_same(session: Session) -> None:
    made = rated(session, make.accepted(session), BAD)
    review = bad_reviews.of_ratings(session, [made.id])[made.id]
    step(session, review, "contact", SELLER, contact="站点齐全")
    with pytest.raises(StepNotAllowed):
        step(session, review, "reject", SELLER, reason="自己说了不算")

    step(session, review, "reject", OFFICER, reason="站点齐全")
    step(session, review, "revisit", OFFICER, reason="已向买方说明")

    assert (review.state, review.valid) == (State.CLOSED, False)
    assert review.revisited_at == NOW


def test_an_ordinary_one_has_its_own_days(session: Session) -> None:
    made = rated(session, make.accepted(session), BAD)
    review = bad_reviews.of_ratings(session, [made.id])[made.id]
    step(session, review, "contact", SELLER, contact="核对")

    step(session, review, "verify", OFFICER)

    clock = watch.running(session, review.id)
    assert clock is not None
    assert (clock.key, clock.owner) == ("clocks.bad_review", "org_developer")


def test_a_loop_is_for_whom_it_concerns(session: Session, work_as: WorkAs) -> None:
    made = rated(session, make.accepted(session), BAD)
    review = bad_reviews.of_ratings(session, [made.id])[made.id]

    for key in (review.id, "bad_none"):
        with pytest.raises(NotFound):
            bad_reviews.seen(work_as("per_other_editor"), key)

    for person, number in ((BUYER, 1), (SELLER, 1), (OFFICER, 1), ("per_other_editor", 0)):
        assert len(bad_reviews.listed(work_as(person), open_only=True, limit=9).items) == number


def test_words_are_hidden_with_a_reason_and_levels_still_count(
    session: Session, work_as: WorkAs
) -> None:
    made = rated(session, make.accepted(session), GOOD)
    officer = work_as(OFFICER)
    with pytest.raises(StepNotAllowed):
        ratings.hide(work_as(SELLER), made.id, reason="不好看")
    with pytest.raises(Invalid):
        ratings.hide(officer, made.id, reason=" ")

    ratings.hide(officer, made.id, reason="含他人电话")
    session.flush()
    with pytest.raises(StepRefused) as twice:
        ratings.hide(officer, made.id, reason="再次")

    assert ratings.hidden(session, [made.id]) == {made.id: "含他人电话"}
    assert ratings.find(session, made.id).said == "数据完整"
    assert codes(twice) == ["HIDDEN_ALREADY"]
    with pytest.raises(NotFound):
        ratings.hide(officer, "rat_none", reason="x")


def _reached(session: Session) -> dict[str, BadReview]:
    """Return state → a review that stands there, led by the shortest way."""
    answers = {
        "contact": (SELLER, {"contact": "核对"}),
        "verify": (OFFICER, {}),
        "reject": (OFFICER, {"reason": "站点齐全"}),
        "put_right": (SELLER, {"remedy": "补齐"}),
        "revisit": (OFFICER, {"reason": "已说明"}),
        "follow_up": (BUYER, {"level": "4"}),
    }
    found = {}
    for state in State:
        made = rated(session, make.accepted(session), BAD)
        review = bad_reviews.of_ratings(session, [made.id])[made.id]
        for name in bad_reviews.LIFE.path_to(state):
            person, told = answers[name]
            step(session, review, name, person, **told)
        session.flush()
        found[state.value] = review
    return found


def test_i_76_a_bad_review_is_revisited_or_its_light_is_red(session: Session) -> None:
    """I-76: wherever the loop stands, a clock runs and turns red; closed means revisited."""
    for state, review in _reached(session).items():
        clock = watch.running(session, review.id)
        if state == State.CLOSED:
            assert (clock, review.revisited_at) == (None, NOW)
        else:
            assert clock is not None
            assert clock.overdue_step is None, "silence closes nothing"
            after = clock.due_on + timedelta(days=1)
            assert watch.light(clock, CALENDAR, after) == Light.RED, state


@on_postgresql
def test_i_75_of_two_who_rate_a_line_at_once_one_is_heard(
    engines: Engines, session: Session
) -> None:
    order = make.accepted(session)
    (line,) = lines.of(session, order.id)
    session.commit()
    start = Barrier(2)

    def rate(person: str) -> str:
        with engines.writing() as own:
            start.wait()
            try:
                ratings.rate(work_of(own, person, at=NOW), line.id, BAD)
                own.commit()
            except (IntegrityError, StepRefused) as error:
                return type(error).__name__
        return "rated"

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(rate, ("per_buyer_editor", "per_buyer_signer")))

    assert told[1] == "rated"
    assert told[0] in {"IntegrityError", "StepRefused"}
    assert len(ratings.listed(session, product_id=line.product_id, after=None, limit=9).items) == 1
    assert len(bad_reviews.listed(work_of(session, SELLER), limit=9).items) == 1
