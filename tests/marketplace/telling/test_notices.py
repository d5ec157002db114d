"""Who is told what, how often it is tried, and when nobody is told any longer; both databases."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

import databourse_client
from kernel.errors import Invalid, NotFound, StepRefused
from kernel.journal import Event, history
from kernel.parties import organisations
from marketplace import orders
from marketplace.telling import addresses, endpoints, kinds, notices
from marketplace.telling.endpoints import Endpoint, NotAKeeper
from marketplace.telling.notices import Notice, Outcome
from tests.conftest import work_of
from tests.marketplace import make

URL = "https://hooks.buyer.example/in?team=a"
AT = make.AFTER_PUBLICITY
TAKEN = Outcome(204, None, 12)
BROKEN = Outcome(500, "NOT_TAKEN", 12)


def work(session: Session, person: str = "per_buyer_editor", later_s: float = 0.0) -> Any:
    return work_of(session, person, at=AT + timedelta(days=8, seconds=later_s))


def added(session: Session, *wanted: str, person: str = "per_buyer_editor") -> tuple[Endpoint, str]:
    return endpoints.add(work(session, person), URL, wanted or ["order.paid"])


def paid(session: Session) -> Event:
    """Have an order paid; return the event that says so."""
    order = make.paid(session)
    return next(one for one in history(session, order.id, limit=100) if one.kind == "order.paid")


def told(session: Session, endpoint: Endpoint) -> list[Notice]:
    return list(session.scalars(select(Notice).where(Notice.endpoint_id == endpoint.id)))


def test_the_parties_of_an_order_are_told_once_and_nobody_else(session: Session) -> None:
    buyer, _ = added(session)
    seller, _ = added(session, person="per_developer_editor")
    stranger, _ = added(session, person="per_other_editor")
    other, _ = added(session, "order.cancelled")
    event = paid(session)

    for _ in range(2):
        notices.tell(work(session, "system"), event)

    mine, theirs = told(session, buyer), told(session, seller)
    assert len(mine) == len(theirs) == 1
    assert told(session, stranger) == told(session, other) == []
    assert mine[0].event_id != theirs[0].event_id
    assert mine[0].body["data"] == {"order_id": event.subject}
    assert set(mine[0].body) == {"id", "type", "timestamp", "data"}


def test_a_notice_is_signed_so_that_its_receiver_can_tell(session: Session) -> None:
    _, secret = added(session)
    notices.tell(work(session, "system"), paid(session))

    (claimed,) = notices.claim(work(session, "system"))
    now_s = int(claimed.headers["webhook-timestamp"])
    said = databourse_client.verify(claimed.content, claimed.headers, secret, now_s=now_s)

    assert said["type"] == "order.paid"
    assert said["id"] == claimed.headers["webhook-id"]
    changed = claimed.content.replace(b"order.paid", b"order.lost")
    wrong = f"whsec_{base64.b64encode(bytes(32)).decode()}"
    for body, key, at in ((changed, secret, now_s), (claimed.content, wrong, now_s),
                          (claimed.content, secret, now_s + 301),
                          (claimed.content, secret, now_s - 301)):  # fmt: skip
        with pytest.raises(databourse_client.Damaged):
            databourse_client.verify(body, claimed.headers, key, now_s=at)
    with pytest.raises(databourse_client.Damaged, match="time"):
        databourse_client.verify(claimed.content, {}, secret)


def test_a_notice_is_stamped_with_the_time_of_the_world_whatever_ours_says(
    session: Session,
) -> None:
    _, secret = added(session)
    notices.tell(work(session, "system"), paid(session))

    (claimed,) = notices.claim(work(session, "system", 400 * 86_400))

    assert databourse_client.verify(claimed.content, claimed.headers, secret)["id"]


def test_while_a_secret_is_changed_both_sign_and_then_the_new_one_alone(session: Session) -> None:
    endpoint, old = added(session)
    notices.tell(work(session, "system"), paid(session))
    _, new = endpoints.rotate(work(session), endpoint.id)

    (both,) = notices.claim(work(session, "system", 1))
    (alone,) = notices.claim(work(session, "system", 86_401))

    def holds(claimed: Any, secret: str) -> bool:
        now_s = int(claimed.headers["webhook-timestamp"])
        try:
            databourse_client.verify(claimed.content, claimed.headers, secret, now_s=now_s)
        except databourse_client.Damaged:
            return False
        return True

    assert old != new
    assert (holds(both, old), holds(both, new)) == (True, True)
    assert (holds(alone, old), holds(alone, new)) == (False, True)
    assert old.removeprefix("whsec_") not in json.dumps([endpoint.secret, endpoint.former])


def test_what_fails_is_put_off_longer_each_time_and_given_up_at_last(session: Session) -> None:
    endpoint, _ = added(session)
    notices.tell(work(session, "system"), paid(session))
    (notice,) = told(session, endpoint)
    waits, later_s = [], 0.0

    for _ in range(8):
        (claimed,) = notices.claim(work(session, "system", later_s))
        assert notices.claim(work(session, "system", later_s)) == []  # nobody sends it twice
        notices.tried(work(session, "system", later_s), claimed.id, BROKEN)
        if notice.due_at is not None:
            waits.append((notice.due_at - work(session).now).total_seconds() - later_s)
            later_s += waits[-1]

    assert len(waits) == 7
    assert all(8 * 3**place <= wait <= 12 * 3**place for place, wait in enumerate(waits))
    assert (notice.given_up_at is not None, notice.status, notice.attempts) == (True, 500, 8)
    assert notices.claim(work(session, "system", later_s + 10**6)) == []
    missed = notices.listed(work(session), endpoint.id, missed=True, after=None, limit=10)
    assert [one.id for one in missed.items] == [notice.id]


def test_a_sender_that_dies_loses_nothing(session: Session) -> None:
    added(session)
    notices.tell(work(session, "system"), paid(session))

    (first,) = notices.claim(work(session, "system"))
    (again,) = notices.claim(work(session, "system", 61))

    assert first.id == again.id
    assert first.headers["webhook-id"] == again.headers["webhook-id"]


def test_an_endpoint_that_fails_for_days_is_switched_off_and_one_that_is_gone_at_once(
    session: Session,
) -> None:
    failing, _ = added(session)
    gone, _ = added(session, "order.paid")
    notices.tell(work(session, "system"), paid(session))
    notices.claim(work(session, "system"))
    (one,), (two,) = told(session, failing), told(session, gone)

    notices.tried(work(session, "system"), one.id, BROKEN)
    assert failing.off_at is None
    notices.tried(work(session, "system", 5 * 86_400), one.id, BROKEN)
    notices.tried(work(session, "system"), two.id, Outcome(410, "NOT_TAKEN", 3))

    assert (failing.off_because, gone.off_because) == ("FAILING", "GONE")
    with pytest.raises(StepRefused, match="switched off"):
        notices.ping(work(session), gone.id)
    endpoints.switch(work(session), gone.id, on=True)
    session.flush()
    assert notices.ping(work(session), gone.id).kind == kinds.PING


def test_one_that_arrives_again_is_not_failing(session: Session) -> None:
    endpoint, _ = added(session)
    notices.ping(work(session), endpoint.id)
    (claimed,) = notices.claim(work(session, "system"))
    notices.tried(work(session, "system"), claimed.id, BROKEN)

    (again,) = notices.claim(work(session, "system", 3600))
    notices.tried(work(session, "system", 3600), again.id, TAKEN)

    assert endpoint.failing_since is None
    assert told(session, endpoint)[0].arrived_at is not None


def test_what_did_not_arrive_is_replayed_one_or_all_with_the_same_id(session: Session) -> None:
    endpoint, _ = added(session)
    for _ in range(3):
        notices.ping(work(session), endpoint.id)
    ids = {one.id: one.event_id for one in told(session, endpoint)}
    for _ in ids:
        (claimed,) = notices.claim(work(session, "system"))
        notices.tried(work(session, "system"), claimed.id, TAKEN if claimed.id == min(ids)
                      else Outcome(None, "NO_ANSWER", 3))  # fmt: skip
    for one in told(session, endpoint):
        if one.arrived_at is None:
            one.due_at, one.given_up_at = None, work(session).now
    session.flush()

    count = notices.replay_since(work(session), endpoint.id, AT, work(session).now)
    notices.replay(work(session), min(ids))

    assert count == 2
    assert all(one.due_at is not None and one.attempts == 0 for one in told(session, endpoint))
    assert {one.id: one.event_id for one in told(session, endpoint)} == ids


def test_a_suspended_organisation_is_told_nothing(session: Session) -> None:
    endpoint, _ = added(session)
    event = paid(session)
    notices.tell(work(session, "system"), event)
    home = organisations.find(session, "org_buyer")
    session.connection().exec_driver_sql(
        "UPDATE organisations SET state = 'frozen' WHERE id = 'org_buyer'"
    )
    session.expire(home)

    claimed = notices.claim(work(session, "system"))
    notices.ping(work(session), endpoint.id)

    assert claimed == []
    errors = {one.kind: one.error for one in told(session, endpoint)}
    assert errors["order.paid"] == "NOT_ACTIVE"
    assert notices.claim(work(session, "system")) == []


def test_endpoints_are_kept_by_their_own_people(session: Session) -> None:
    endpoint, _ = added(session)

    with pytest.raises(NotAKeeper):
        endpoints.listed(work(session, "per_buyer_signer"), after=None, limit=10)
    for act in (endpoints.rotate, notices.ping):
        with pytest.raises(NotFound):
            act(work(session, "per_other_editor"), endpoint.id)
    notice = notices.ping(work(session), endpoint.id)
    with pytest.raises(NotFound):
        notices.replay(work(session, "per_other_editor"), notice.id)
    with pytest.raises(NotFound):
        notices.replay(work(session), "whn_none")
    with pytest.raises(Invalid):
        endpoints.change(work(session), endpoint.id, URL, ["order.paid", "no.such"])
    changed = endpoints.change(work(session), endpoint.id, URL, ["bill.issued", "bill.issued"])
    assert changed.kinds == ["bill.issued"]
    assert endpoints.switch(work(session), endpoint.id, on=False).off_because == "BY_HAND"
    assert endpoints.switch(work(session), endpoint.id, on=False).off_because == "BY_HAND"


def test_an_organisation_has_ten_endpoints_at_most(session: Session) -> None:
    for _ in range(10):
        added(session)
        session.flush()

    with pytest.raises(StepRefused, match="at most 10"):
        added(session)


@pytest.mark.parametrize("url", [
    "http://hooks.example/", "https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/",
    "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest", "https://localhost/",
    "https://user:secret@hooks.example/", "https://hooks.example/#x", "https://2130706433/",
    "https://0x7f.1/", "https:///x", "https://hooks.example:0/", "https://hooks.example:99999/",
    "ftp://hooks.example/", "https://hooks.example/ x", "https://[2002:7f00:1::]/",
    "https://100.64.0.1/", "https://0.0.0.0/", "https://[fe80::1]/", "https://" + "a" * 500,
])  # fmt: skip
def test_an_address_inside_or_in_the_open_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        addresses.checked(url, private=False)


def test_addresses_of_the_open_internet_are_taken() -> None:
    for url in (URL, "https://8.8.8.8/", "https://hooks.example:8443/a"):
        assert addresses.checked(url, private=False).hostname
    assert addresses.checked("http://127.0.0.1:9/", private=True).port == 9


def test_each_kind_finds_its_parties_and_has_both_its_names(session: Session) -> None:
    order = make.paid(session)

    for kind, row in kinds.KINDS.items():
        assert row.words.zh
        assert row.words.en
        if kind.startswith("order."):
            assert set(row.parties(session, order.id)) == {"org_buyer", "org_developer"}
    assert orders.find(session, order.id).buyer_id == "org_buyer"
