"""A flag sets an order aside at once; it counts again when nothing speaks against it."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from kernel import journal, watch
from kernel.errors import NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from kernel.parties.people import Membership
from marketplace import orders, volume
from marketplace.integrity import flags
from marketplace.integrity.flags import IntegrityFlag, State, Wanted
from marketplace.integrity.rules import Finding, Rule
from marketplace.orders import Order
from settlement import fsck, turnover
from tests.marketplace import make
from tests.marketplace.counting import watched

JULY = {"since": date(2026, 7, 1), "until": date(2026, 7, 31)}
WHOLE = Money(1_000_000)
NONE = Money(0)
REVIEWER, APPROVER = "per_exchange_compliance", "per_exchange_approver"


def finding(rule: Rule, **evidence: Any) -> Finding:
    return Finding(rule, 9_000, evidence, ())


def flagged(session: Session, order: Order, rule: Rule = Rule.CIRCULAR) -> IntegrityFlag:
    made = flags.raise_for(watched.by(session), order.id, finding(rule, spread_bp=1_000))
    session.flush()
    assert made is not None
    return made


def traded(session: Session) -> Order:
    return watched.accepted(session, make.paid(session))


def decide(session: Session, flag: IntegrityFlag, name: str, by: str = REVIEWER) -> None:
    flags.take(watched.by(session, by), flag.id, name, reason="已核对合同与交付记录")
    session.flush()


def sides(session: Session) -> tuple[Money, Money]:
    session.flush()
    told = volume.totals(session, **JULY)
    assert (told.counted, told.excluded) == turnover.sides(session)
    assert volume.ties_out(session)
    return told.counted, told.excluded


def codes(error: pytest.ExceptionInfo[StepRefused]) -> set[str]:
    return {refusal.code for refusal in error.value.refusals}


def test_a_soft_finding_sets_the_order_aside_and_waits_for_a_person(session: Session) -> None:
    order = traded(session)

    flag = flagged(session, order)

    clock = watch.running(session, flag.id)
    assert clock is not None
    assert (clock.key, clock.owner) == ("clocks.integrity_review", "role:exchange_operator")
    assert (clock.limit_days, clock.natural) == (5, False)
    assert (flag.state, flag.decided_by, flag.reason) == (State.OPEN, None, None)
    assert (flag.merchant_id, flag.buyer_id) == ("org_developer", "org_buyer")
    assert flag.evidence == {"spread_bp": 1_000}
    assert sides(session) == (NONE, WHOLE)


def test_what_is_confirmed_stays_out(session: Session) -> None:
    flag = flagged(session, traded(session))

    decide(session, flag, "confirm")

    assert (flag.state, flag.decided_by) == (State.CONFIRMED, REVIEWER)
    assert flag.reason == "已核对合同与交付记录"
    assert watch.running(session, flag.id) is None
    assert sides(session) == (NONE, WHOLE)


def test_what_is_cleared_counts_again(session: Session) -> None:
    flag = flagged(session, traded(session))

    decide(session, flag, "clear")

    assert flag.state == State.CLEARED
    assert sides(session) == (WHOLE, NONE)
    assert fsck.check(session) == ()


def test_a_hard_finding_is_confirmed_by_the_house_at_once(session: Session) -> None:
    flag = flagged(session, traded(session), Rule.COMMON_CONTROL)

    assert (flag.state, flag.decided_by, flag.reason) == (
        State.CONFIRMED, "system", "common_control",
    )  # fmt: skip
    assert watch.running(session, flag.id) is None
    assert sides(session) == (NONE, WHOLE)
    with pytest.raises(StepRefused) as ended:
        decide(session, flag, "clear")
    assert codes(ended) == {"ILLEGAL_TRANSITION"}


def test_i_67_an_order_counts_again_when_every_flag_of_it_is_cleared(session: Session) -> None:
    order = traded(session)
    ring = flagged(session, order)
    price = flagged(session, order, Rule.ABNORMAL_PRICE)

    decide(session, ring, "clear")
    assert sides(session) == (NONE, WHOLE)
    decide(session, price, "clear")
    assert sides(session) == (WHOLE, NONE)

    # What was cleared is no reason; what is found later by another rule is.
    assert flags.raise_for(watched.by(session), order.id, finding(Rule.CIRCULAR)) is None
    assert sides(session) == (WHOLE, NONE)
    flagged(session, order, Rule.MUTUAL_DEPENDENCE)
    assert sides(session) == (NONE, WHOLE)


def test_a_confirmed_flag_keeps_the_order_out_whatever_else_is_cleared(session: Session) -> None:
    order = traded(session)
    ring = flagged(session, order)
    price = flagged(session, order, Rule.ABNORMAL_PRICE)
    decide(session, ring, "confirm")

    decide(session, price, "clear")

    assert sides(session) == (NONE, WHOLE)


def test_a_finding_is_overturned_by_another_person_and_for_a_reason(session: Session) -> None:
    flag = flagged(session, traded(session), Rule.COMMON_CONTROL)

    with pytest.raises(StepNotAllowed):
        decide(session, flag, "overturn", REVIEWER)
    with pytest.raises(StepRefused) as silent:
        flags.take(watched.by(session, APPROVER), flag.id, "overturn")
    decide(session, flag, "overturn", APPROVER)

    assert codes(silent) == {"ANSWER_NEEDED"}
    assert sides(session) == (WHOLE, NONE)
    told = [event.kind for event in journal.history(session, flag.id, limit=9)]
    assert set(told) == {"integrity_flag.established", "integrity_flag.overturned"}


def test_one_rule_flags_an_order_once(session: Session) -> None:
    order = traded(session)
    flag = flagged(session, order)

    assert flags.raise_for(watched.by(session), order.id, finding(Rule.CIRCULAR)) is None
    assert flags.of_order(session, order.id) == [flag]
    with pytest.raises(IntegrityError):
        session.execute(
            text(
                "INSERT INTO integrity_flags (id, order_id, merchant_id, buyer_id, rule, score_bp,"
                " evidence, raised_at, state, version) SELECT 'flg_x', order_id, merchant_id,"
                " buyer_id, rule, score_bp, evidence, raised_at, state, version"
                " FROM integrity_flags"
            )
        )


@pytest.mark.parametrize(
    "change",
    ["score_bp = 10001", "rule = 'H2'", "rule = 'S99'", "state = 'confirmed'", "state = 'lost'",
     "decided_by = 'per_x'", "buyer_id = merchant_id"],
)  # fmt: skip
def test_the_database_holds_what_a_flag_may_be(session: Session, change: str) -> None:
    flagged(session, traded(session))

    with pytest.raises(DBAPIError):
        session.execute(text(f"UPDATE integrity_flags SET {change}"))


@pytest.mark.parametrize("person", ["per_exchange_settler", "per_exchange_admin",
                                    "per_exchange_listing"])  # fmt: skip
def test_nobody_but_the_reviewer_decides(session: Session, person: str) -> None:
    flag = flagged(session, traded(session))

    with pytest.raises((StepNotAllowed, NotFound)):
        decide(session, flag, "clear", person)

    assert sides(session) == (NONE, WHOLE)


@pytest.mark.parametrize("person", ["per_buyer_editor", "per_developer_editor", "per_other_editor"])
def test_to_traders_a_flag_does_not_exist(session: Session, person: str) -> None:
    order = traded(session)
    flag = flagged(session, order)
    work = watched.by(session, person)

    with pytest.raises(NotFound):
        flags.seen(work, flag.id)
    with pytest.raises(NotFound):
        flags.take(work, flag.id, "clear", reason="没有问题")
    with pytest.raises(StepNotAllowed):
        flags.listed(work, Wanted(), limit=9)


def test_who_belongs_to_a_party_does_not_decide(session: Session) -> None:
    flag = flagged(session, traded(session))
    session.add(Membership(person_id=REVIEWER, organisation_id="org_buyer", duties=["signer"]))
    session.flush()

    for name in ("confirm", "clear"):
        with pytest.raises(StepRefused) as theirs:
            decide(session, flag, name)
        assert codes(theirs) == {"NOT_IMPARTIAL"}

    assert sides(session) == (NONE, WHOLE)


def test_flags_are_listed_by_what_is_asked(session: Session) -> None:
    order = traded(session)
    ring, price = flagged(session, order), flagged(session, order, Rule.ABNORMAL_PRICE)
    decide(session, price, "clear")
    work = watched.by(session, REVIEWER)

    def ids(**asked: Any) -> set[str]:
        return {one.id for one in flags.listed(work, Wanted(**asked), limit=9).items}

    assert ids() == {ring.id, price.id} == ids(order_id=order.id)
    assert ids(state="open") == {ring.id} == ids(rule="S1")
    assert ids(state="confirmed") == set() == ids(order_id="ord_other")


def test_money_does_not_move_with_a_flag(session: Session) -> None:
    order = traded(session)
    flagged(session, order)

    watched.settled(session)

    assert orders.find(session, order.id).state == orders.State.ACCEPTED
    assert fsck.check(session) == ()
    assert sides(session) == (NONE, WHOLE)
