"""Pages of the providers: what is stuck, how old it is, and sending it again."""

from datetime import timedelta

import pytest

from app.unit import Exchange
from kernel.money import Money
from settlement.rails import commands, inbox
from settlement.rails.gateway import LEASE
from settlement.rails.inbox import Came
from settlement.rails.port import Event
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import TODAY
from tests.conftest import work_of

DESK = "/settlement/rails"
NOTICES = f"{DESK}/notices"


def given(application: Exchange, kind: str, **ago: float) -> str:
    """Give a command some time ago, and let it be stuck."""
    with application.house.engines.writing() as session:
        work = work_of(session, "system", at=TODAY - timedelta(**ago))
        amount = Money(50_000 if kind == commands.REFUND else 0)
        found = commands.give(
            work, provider="fake", kind=kind, subject="rfd_1", amount=amount, body={}
        )
        session.flush()
        commands.claim(work, LEASE, ports=["fake"], command_id=found.id)
        commands.stick(work, found, "cannot-tell")
        said = found.id
        session.commit()
    return said


def notified(application: Exchange, event_id: str, *, stuck: bool) -> None:
    """Keep a notice that cannot be worked out."""
    with application.house.engines.writing() as session:
        work = work_of(session, "system", at=TODAY)
        event = Event(provider="fake", id=event_id, type="payment.odd", at=TODAY, object=None)
        inbox.keep(work, event, b"{}", Came.NOTICE)
        for _ in range(inbox.TRIES_MAX if stuck else 1):
            inbox.put_off(work, "fake", event_id, "Unclaimed: nobody's")
        session.commit()


def test_what_pays_out_is_sent_again_by_two_officers(visit: Visit, application: Exchange) -> None:
    command_id = given(application, commands.REFUND, hours=5)
    one, other = visit("per_exchange_settler"), visit("per_exchange_checker")
    page, door = f"{DESK}/commands/{command_id}", f"{DESK}/commands/{command_id}/retry"

    one.shows(DESK, "退款", "500.00", "5 小时", "密钥已过期", "待人工处理")
    one.shows(page, "须两人先后确认", "确认对方未办理", "/settlement/refunds/rfd_1")
    first = one.post(door)
    one.shows(page, "须由另一人确认后发送", "核实人")
    alone = one.post(door)
    other.shows(page, "对方未办理，重新发送")
    second = other.post(door)
    other.shows(page, "结果不明", "立即重试", "下次发送", "确认对方未办理")

    assert [each.status_code for each in (first, alone, second)] == [303, 409, 303]


@ON_SQLITE
@pytest.mark.parametrize(
    ("ago", "said"), [({"minutes": 5}, "5 分钟"), ({"hours": 47}, "47 小时"), ({"days": 3}, "3 天")]
)
def test_the_age_of_a_command_is_told(
    visit: Visit, application: Exchange, ago: dict[str, float], said: str
) -> None:
    given(application, commands.START, **ago)

    visit("per_exchange_auditor").shows(DESK, "发起收款", said)


@ON_SQLITE
def test_commands_are_shown_by_state_and_to_overseers_alone(
    visit: Visit, application: Exchange
) -> None:
    command_id = given(application, commands.START)
    auditor, door = visit("per_exchange_auditor"), f"{DESK}/commands/{command_id}"

    auditor.shows(f"{DESK}?state=stuck", command_id)
    auditor.shows(f"{DESK}?state=all", command_id)
    auditor.shows(f"{DESK}?state=done", "没有未完成的指令")
    auditor.shows(door, "由结算岗办理")
    settler = visit("per_exchange_settler")
    assert settler.post(f"{door}/retry").status_code == 303, "one person is enough here"
    settler.shows("/settlement", DESK)
    stranger = visit("per_buyer_editor")
    assert [stranger.get(path).status_code for path in (DESK, NOTICES, door)] == [403, 403, 404]


@ON_SQLITE
def test_a_command_that_was_refused_asks_nothing_of_anybody(
    visit: Visit, application: Exchange
) -> None:
    command_id = given(application, commands.START)
    with application.house.engines.writing() as session:
        work = work_of(session, "system", at=TODAY)
        commands.refused(work, commands.locked(session, command_id), "card_declined: no")
        session.commit()

    settler = visit("per_exchange_settler")

    settler.shows(f"{DESK}/commands/{command_id}", "card_declined: no", "无需人工处理")
    settler.shows(f"{DESK}?state=refused", "被拒绝")


@ON_SQLITE
def test_stuck_notices_are_tried_again_one_or_all(visit: Visit, application: Exchange) -> None:
    for event_id in ("evt_1", "evt_2", "evt_3"):
        notified(application, event_id, stuck=event_id != "evt_3")
    settler, door = visit("per_exchange_settler"), f"{NOTICES}/retry"
    settler.shows(NOTICES, "payment.odd", "Unclaimed", "待人工处理", "自动重试中", "全部重试")

    one = settler.post(door, provider="fake", event_id="evt_1")
    again = settler.post(door, provider="fake", event_id="evt_1")
    all_ = settler.post(door)

    assert [each.status_code for each in (one, again, all_)] == [303, 409, 303]
    shown = settler.shows(f"{NOTICES}?state=all", "evt_3")
    assert "待人工处理" not in shown
    assert visit("per_exchange_auditor").post(door).status_code == 403
