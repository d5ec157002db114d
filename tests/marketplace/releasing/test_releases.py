"""Two people make a release known, and nobody changes it afterwards (I-65, I-66)."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from kernel import journal
from kernel.errors import NotFound, StepNotAllowed, StepRefused
from kernel.work import Work
from marketplace import volume
from marketplace.counting.moves import VolumeMove
from marketplace.releasing import inputs, preparing, releases
from marketplace.releasing.releases import VolumeRelease
from tests.conftest import WorkAs, work_of
from tests.marketplace import make as trade
from tests.marketplace.counting import watched
from tests.marketplace.releasing import make
from tests.marketplace.releasing.make import APPROVER, LATER, MONTH, STATISTICIAN, by
from tests.settlement import money


def test_a_release_tells_what_counted_with_its_hashes_and_ties_to_the_books(
    session: Session,
) -> None:
    aside = trade.accepted(session)
    trade.accepted(session)
    watched.registered(session)
    volume.exclude(watched.by(session), aside.id, source_id="flg_1", reason="circular")

    made = make.published(session)

    told = made.told["figures"]
    assert (told["on_exchange_fen"], told["registered_fen"], told["headline_fen"]) == (
        1_000_000, 250_000, 1_250_000,
    )  # fmt: skip
    assert (told["excluded_fen"], told["trades"], told["registered_deals"]) == (1_000_000, 1, 1)
    assert (made.total_fen, made.tb_total_fen) == (1_250_000, 1_250_000)
    assert made.told["tree"]["total"] == 1_000_000
    assert made.told["tree"]["root"] == made.root
    for league in made.told["leagues"]:
        shown = sum(place.get("value_fen", 0) for place in league["places"])
        assert shown + league["others"]["value_fen"] == 1_000_000
    (event,) = journal.history(session, made.id, limit=1)
    assert event.kind == "volume_release.published"
    assert (event.data["hash"], event.data["root"]) == (made.hash, made.root)


def test_one_person_prepares_and_another_checks_and_publishes(session: Session) -> None:
    trade.accepted(session)
    make.tallied(session)
    # The approver is a statistician too, and may prepare: but not check what is her own.
    made = preparing.prepare(by(session, APPROVER), MONTH.code)
    session.flush()

    with pytest.raises(StepRefused) as refused:
        releases.take(by(session, APPROVER), made.id, "check")
    assert [one.code for one in refused.value.refusals] == ["FOUR_EYES"]
    with pytest.raises(StepNotAllowed):
        releases.take(by(session, STATISTICIAN), made.id, "check")
    with pytest.raises(StepRefused):
        releases.take(by(session, STATISTICIAN), made.id, "withdraw", reason="不是我编的")


@pytest.mark.parametrize(
    "person", ["per_exchange_admin", "per_developer_editor", "per_exchange_auditor"]
)
def test_nobody_else_has_a_hand_in_it(session: Session, person: str) -> None:
    trade.accepted(session)
    make.tallied(session)
    with pytest.raises(StepNotAllowed):
        preparing.prepare(by(session, person), MONTH.code)
    made = make.prepared(session)
    for step in ("check", "publish", "reject", "withdraw"):
        with pytest.raises((StepNotAllowed, NotFound)):
            releases.take(by(session, person), made.id, step, reason="不行")


def test_nobody_but_overseers_sees_it_before_it_is_published(session: Session) -> None:
    trade.accepted(session)
    made = make.prepared(session)
    stranger = by(session, "per_buyer_editor")

    with pytest.raises(NotFound):
        releases.seen(stranger, made.id)
    assert releases.listed(stranger, after=None, limit=9).items == []
    assert releases.seen(by(session, "per_exchange_auditor"), made.id) is made
    for step in ("check", "publish"):
        releases.take(by(session, APPROVER), made.id, step)
    session.flush()
    assert releases.listed(stranger, after=None, limit=9).items == [made]
    assert releases.seen(stranger, made.id) is made


def reasons(work: Work, period: str = MONTH.code, **more: object) -> list[str]:
    """Return the codes of all reasons why a release cannot be prepared now."""
    with pytest.raises(StepRefused) as refused:
        preparing.prepare(work, period, **more)  # type: ignore[arg-type]  # what a test gives
    return [one.code for one in refused.value.refusals]


def test_every_reason_against_a_release_is_told_at_once(session: Session) -> None:
    trade.accepted(session)
    session.flush()
    early = by(session, STATISTICIAN, at=trade.AFTER_PUBLICITY)

    assert reasons(early) == ["PERIOD_NOT_OVER", "MOVES_WAIT"]
    make.tallied(session)
    assert reasons(early) == ["PERIOD_NOT_OVER"]
    assert reasons(early, "M2027-01", provisional=True) == ["PERIOD_NOT_BEGUN"]
    assert reasons(work_of(session, STATISTICIAN, at=LATER)) == ["TOO_FEW_TRADERS"]
    make.prepared(session)
    assert reasons(by(session, STATISTICIAN)) == ["RELEASE_OPEN"]


def test_a_period_that_is_not_over_is_told_provisionally_and_then_for_good(
    session: Session,
) -> None:
    trade.accepted(session)
    make.tallied(session)
    early = trade.AFTER_PUBLICITY
    first = preparing.prepare(by(session, STATISTICIAN, at=early), MONTH.code, provisional=True)
    session.flush()
    for step in ("check", "publish"):
        releases.take(by(session, APPROVER, at=early), first.id, step)
        session.flush()
    assert first.provisional

    final = make.published(session)

    assert not final.provisional
    assert (first.state, final.state) == ("restated", "published")
    assert final.restates_id == first.id


def test_books_that_do_not_tie_are_not_published(session: Session) -> None:
    order = trade.accepted(session)
    (move,) = session.scalars(select(VolumeMove).where(VolumeMove.order_id == order.id))
    told = {each.key: getattr(move, each.key) for each in VolumeMove.__table__.columns}
    session.execute(insert(VolumeMove), told | {"number": move.number + 1, "source_id": "none"})
    make.tallied(session)

    assert reasons(by(session, STATISTICIAN)) == ["BOOKS_DIFFER"]


def test_a_restatement_has_its_reason_and_keeps_what_was_first_published(session: Session) -> None:
    order = trade.accepted(session)
    trade.accepted(session)
    first = make.published(session)
    before = first.document, first.hash
    # Found out later, of a day in the period: only what is moved on that day counts in it.
    volume.exclude(watched.by(session), order.id, source_id="flg_1", reason="circular")
    make.tallied(session)

    assert reasons(by(session, STATISTICIAN)) == ["REASON_NEEDED"]
    second = make.published(session, reason="循环交易查实", at=LATER + timedelta(days=1))

    assert (first.state, second.state) == ("restated", "published")
    assert (first.document, first.hash) == before
    assert second.told["restates"] == first.id
    assert (second.told["figures"]["on_exchange_fen"], second.reason) == (1_000_000, "循环交易查实")
    assert releases.known(session, MONTH.code, limit=9) == [first, second]
    assert releases.in_force(session, MONTH.code) is second


def test_a_refund_in_the_next_period_leaves_the_closed_release_as_it_was(
    session: Session, work_as: WorkAs
) -> None:
    order = trade.accepted(session)
    money.verified(work_as, "org_buyer", "演示·保险公司")
    made = make.published(session)
    watched.arrived(session, watched.asked(session, order, 300_000, at=LATER), at=LATER)
    make.tallied(session)

    again = preparing.prepare(by(session, STATISTICIAN), MONTH.code, reason="看看是否变动")
    session.flush()
    assert again.told["digest"] == made.told["digest"] == told_again(session, made)
    assert again.total_fen == made.total_fen
    after = make.MONTH.until + timedelta(days=1)
    code = f"M{after:%Y-%m}"
    later = preparing.prepare(by(session, STATISTICIAN), code, provisional=True)
    assert later.total_fen == -300_000


def told_again(session: Session, made: VolumeRelease) -> str:
    """Recompute the digest of a release at its watermark."""
    return inputs.made(session, made.span, made.watermark).digest


def test_a_checker_finds_figures_that_are_not_what_was_traded(session: Session) -> None:
    trade.accepted(session)
    made = make.prepared(session)
    told = json.loads(made.document)
    told["figures"]["on_exchange_fen"] += 1
    made.document = json.dumps(told)

    with session.no_autoflush, pytest.raises(StepRefused) as refused:
        releases._check(made, by(session, APPROVER), {})
    assert [one.code for one in refused.value.refusals] == ["RECOMPUTED_OTHERWISE"]
    session.expunge_all()


@pytest.mark.parametrize(
    "change",
    ["document = '{}'", "total_fen = total_fen + 1, tb_total_fen = tb_total_fen + 1",
     "hash = 'x'", "reason = 'x'", "seed = input_hash", "checked_by = 'per_x'",
     "published_at = NULL, state = 'checked'", "watermark = 0"],
)  # fmt: skip
def test_the_database_itself_changes_nothing_of_a_release(session: Session, change: str) -> None:
    trade.accepted(session)
    make.published(session)
    session.flush()
    if change.startswith("seed"):
        change = "seed = (SELECT first FROM volume_release_tiles LIMIT 1)"

    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(text(f"UPDATE volume_releases SET {change}"))


@pytest.mark.parametrize("table", ["volume_releases", "volume_release_tiles"])
def test_the_database_itself_deletes_nothing_of_a_release(session: Session, table: str) -> None:
    trade.accepted(session)
    make.published(session)
    session.flush()

    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(text(f"DELETE FROM {table}"))


def test_the_database_itself_refuses_a_second_one_in_force(session: Session) -> None:
    trade.accepted(session)
    first = make.published(session)
    second = make.prepared(session, reason="再编一次")
    assert second.restates_id == first.id
    releases.take(by(session, APPROVER), second.id, "check")
    session.flush()

    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(
            text("UPDATE volume_releases SET state = 'published', published_at = prepared_at,"
                 f" published_by = '{APPROVER}' WHERE id = '{second.id}'")
        )  # fmt: skip


def test_what_was_rejected_or_withdrawn_makes_room_for_another(session: Session) -> None:
    trade.accepted(session)
    first = make.prepared(session)
    releases.take(by(session, APPROVER), first.id, "reject", reason="口径说明有误")
    second = make.prepared(session)
    releases.take(by(session, STATISTICIAN), second.id, "withdraw", reason="重编")
    third = make.published(session)

    assert (first.state, second.state, third.state) == ("rejected", "withdrawn", "published")
    assert third.restates_id is None


def test_a_period_without_trade_is_released_with_nothing_in_it(session: Session) -> None:
    made = make.published(session)

    assert (made.root, made.leaves, made.total_fen) == (None, 0, 0)
    assert made.told["tree"] is None
