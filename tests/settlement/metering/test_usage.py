"""Each use is counted once, in exactly one hour; what comes late says so."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.engines import Engines
from kernel.errors import Invalid
from settlement.metering import buckets, meters, usage
from settlement.metering.buckets import HourClosed, Sum, UsageBucket
from settlement.metering.meters import Stop
from settlement.metering.usage import Outcome, Told, UsageEvent, Wanted
from tests.conftest import NOON, work_of
from tests.settlement.bookkeeping import on_postgresql, refusal
from tests.settlement.metering.gauges import AUGUST, CONNECTOR, IN_JULY, closed, meter, told
from tests.settlement.test_races import at_once

HOUR = timedelta(hours=1)


def test_an_event_is_counted_once_whoever_tells_it_how_often(session: Session) -> None:
    it = meter(session)

    first = told(session, ("e1", 2), ("e2", 3), ("e1", 2))
    again = told(session, ("e2", 3), ("e3", 1))

    counted, seen = Outcome.COUNTED, Outcome.SEEN
    assert [answer.outcome for answer in first] == [counted, counted, seen]
    assert [answer.outcome for answer in again] == [seen, counted]
    assert buckets.used(session, it.id, "2026-07", closed=False) == Sum(6, 3, 0)


def test_two_connectors_may_give_their_events_the_same_name(session: Session) -> None:
    it = meter(session)
    told(session, ("e1", 2))

    one = Told(event_id="e1", order_line_id="orl_1", occurred_at=IN_JULY, units=5)
    usage.report(work_of(session, CONNECTOR, at=IN_JULY), source="other", told=[one])

    assert buckets.used(session, it.id, "2026-07", closed=False).units == 7


def test_what_failed_costs_nothing_and_is_listed_with_its_reason(session: Session) -> None:
    it = meter(session)

    told(session, ("good", 4))
    told(session, ("bad", 9), failure="upstream 503")

    work = work_of(session, "per_buyer_editor")
    failed = usage.listed(work, Wanted(meter_id=it.id, failed=True), after=None, limit=9).items
    fine = usage.listed(work, Wanted(failed=False), after=None, limit=9).items
    assert [(event.event_id, event.failure) for event in failed] == [("bad", "upstream 503")]
    assert [event.event_id for event in fine] == ["good"]
    assert buckets.used(session, it.id, "2026-07", closed=False) == Sum(4, 2, 1)


def test_an_hour_is_closed_with_the_hash_of_its_events(session: Session) -> None:
    meter(session)
    told(session, ("e1", 2), ("e2", 3))

    early = closed(session, IN_JULY + HOUR)
    done = closed(session, IN_JULY + HOUR + timedelta(minutes=10))

    (bucket,) = session.scalars(select(UsageBucket).where(UsageBucket.state == "closed"))
    work = work_of(session, "system")
    assert (early, done) == (0, 1)
    assert bucket.digest == usage.digest(work, bucket)
    assert len(bucket.digest or "") == 64
    assert "closed_has_its_hash" in refusal(
        session, f"UPDATE usage_buckets SET digest = NULL WHERE id = '{bucket.id}'"
    )


def test_a_late_event_goes_into_the_present_hour_and_says_of_which_it_is(session: Session) -> None:
    it = meter(session)
    told(session, ("e1", 2))
    closed(session, AUGUST)

    (late,) = told(session, ("e2", 3), at=IN_JULY + timedelta(minutes=5), now=AUGUST)

    assert (late.outcome, late.late_of) == (Outcome.COUNTED, IN_JULY)
    assert buckets.used(session, it.id, "2026-07", closed=False).units == 2
    assert buckets.used(session, it.id, "2026-08", closed=False).units == 3


def test_who_comes_when_the_present_hour_is_closed_must_tell_it_again(session: Session) -> None:
    it = meter(session)
    told(session, ("e1", 2))
    closed(session, IN_JULY + 2 * HOUR)

    with pytest.raises(HourClosed):
        told(session, ("e2", 3), now=IN_JULY + timedelta(minutes=5))
    (again,) = told(session, ("e2", 3), now=IN_JULY + 2 * HOUR)

    assert (again.outcome, again.late_of) == (Outcome.COUNTED, IN_JULY)
    assert buckets.used(session, it.id, "2026-07", closed=False) == Sum(5, 2, 0)


def test_no_old_hour_is_opened_anew(session: Session) -> None:
    it = meter(session)

    (late,) = told(session, ("e1", 3), at=IN_JULY, now=AUGUST)

    assert late.late_of == IN_JULY
    assert buckets.periods(session, it.id) == ["2026-08"]


def test_what_cannot_be_counted_says_why_and_can_be_told_again(session: Session) -> None:
    it = meter(session)
    meter(session, number=2, basis="report", unit="fen")

    def code(**changes: object) -> str:
        (answer,) = told(session, ("e1", 1), **changes)  # type: ignore[arg-type]  # by name
        assert answer.outcome is Outcome.REFUSED
        assert answer.reason is not None
        return answer.reason.code

    assert code(line="orl_9") == "NO_METER"
    assert code(line="orl_2") == "NOT_BY_USE"
    assert code(at=IN_JULY, now=NOON) == "NOT_YET"
    assert code(at=NOON - HOUR, now=IN_JULY) == "TOO_OLD"
    assert code(at=IN_JULY, now=IN_JULY + timedelta(days=46)) == "TOO_OLD"
    meters.stop(work_of(session, "system", at=NOON), it, Stop.WALLET_EMPTY)
    assert code() == "WALLET_EMPTY"
    meters.resume(work_of(session, "system"), it, Stop.WALLET_EMPTY)
    assert told(session, ("e1", 1))[0].outcome is Outcome.COUNTED
    meters.close(work_of(session, "system"), it)
    (closed_by_now,) = told(session, ("e9", 1))
    assert closed_by_now.reason is not None
    assert closed_by_now.reason.code == "METER_CLOSED"


def test_only_the_seller_and_this_house_may_tell(session: Session) -> None:
    meter(session)
    one = Told(event_id="e1", order_line_id="orl_1", occurred_at=NOON, units=1)

    (stranger,) = usage.report(work_of(session, "per_buyer_editor"), source="x", told=[one])
    (house,) = usage.report(work_of(session, "system"), source=usage.OWN, told=[one])

    assert stranger.reason is not None
    assert stranger.reason.code == "NO_METER"
    assert house.outcome is Outcome.COUNTED


def test_a_batch_has_at_most_a_thousand_events(session: Session) -> None:
    meter(session)

    assert {a.outcome for a in told(session, *((f"e{n}", 1) for n in range(1_000)))} == {
        Outcome.COUNTED
    }
    with pytest.raises(Invalid):
        told(session, *((f"f{n}", 1) for n in range(1_001)))


def test_events_are_seen_by_their_parties_alone_and_by_day(session: Session) -> None:
    meter(session)
    told(session, ("e1", 1), ("e2", 1))
    day = IN_JULY.date()

    def names(person: str, wanted: Wanted) -> list[str]:
        page = usage.listed(work_of(session, person), wanted, after=None, limit=9)
        return [event.event_id for event in page.items]

    assert names("per_developer_editor", Wanted(since=day, until=day)) == ["e2", "e1"]
    assert names("per_exchange_settler", Wanted()) == ["e2", "e1"]
    assert names("per_operator_signer", Wanted()) == []
    assert names("per_buyer_editor", Wanted(since=day + timedelta(days=1))) == []


def test_an_event_is_never_changed(session: Session) -> None:
    meter(session)
    told(session, ("e1", 1))
    session.commit()

    assert "append-only" in refusal(session, "UPDATE usage_events SET units = 0")
    assert "append-only" in refusal(session, "DELETE FROM usage_events")


@pytest.mark.slow
@on_postgresql
def test_eight_who_tell_the_same_events_count_each_once(engines: Engines) -> None:
    with engines.writing() as session:
        it = meter(session)
        meter_id = it.id
        session.commit()

    def tell(number: int) -> int:
        counted = 0
        for batch in range(6):
            names = [f"e{n}" for n in range(batch * 20, batch * 20 + 40)]
            names = names[:: 1 if number % 2 else -1]
            with engines.writing() as session:
                answers = told(session, *((name, 1) for name in names))
                session.commit()
            counted += sum(answer.outcome is Outcome.COUNTED for answer in answers)
        return counted

    counted = sum(at_once(tell))

    with engines.reading() as session:
        stored = session.scalar(select(func.count()).select_from(UsageEvent))
        assert counted == stored == 140
        assert buckets.used(session, meter_id, "2026-07", closed=False) == Sum(140, 140, 0)


@pytest.mark.slow
@on_postgresql
def test_what_is_told_while_an_hour_closes_stands_in_exactly_one_hour(engines: Engines) -> None:
    with engines.writing() as session:
        meter_id = meter(session).id
        told(session, ("first", 1))
        session.commit()
    over = IN_JULY + HOUR + timedelta(minutes=11)

    def act(number: int) -> None:
        for n in range(10):
            with engines.writing() as session:
                if number == 0:
                    closed(session, over)
                else:
                    told(session, (f"e{number}.{n}", 1), at=IN_JULY, now=over)
                session.commit()

    at_once(act, 5)

    with engines.reading() as session:
        total = buckets.used(session, meter_id, "2026-07", closed=False)
        stored = session.scalar(select(func.count()).select_from(UsageEvent))
        done = session.scalars(select(UsageBucket).where(UsageBucket.state == "closed")).all()
        work = work_of(session, "system")
        assert total.units == stored == 41
        assert all(bucket.digest == usage.digest(work, bucket) for bucket in done)
