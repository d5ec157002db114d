"""`databourse webhooks`: endpoints, what they were told, and telling it again."""

import json
from datetime import timedelta

import pytest

from app import demonstration
from kernel.engines import Engines
from marketplace.telling import notices
from tests.app.commands import consoles
from tests.marketplace.telling.test_notices import AT, BROKEN, added, paid, told, work

BUYER, STRANGER = ("--as", "per_buyer_editor@test"), ("--as", "per_other_editor@test")
Told = tuple[str, str]


@pytest.fixture
def missed(engines: Engines) -> Told:
    """Have an endpoint told of an order, in vain; return it and the notice."""
    with engines.writing() as session:
        demonstration.begin_at(session, AT + timedelta(days=9))
        endpoint, _ = added(session)
        notices.tell(work(session, "system"), paid(session))
        (notice,) = told(session, endpoint)
        notice.attempts = 10**6
        notices.tried(work(session), notice.id, BROKEN)
        session.commit()
        return endpoint.id, notice.id


def test_what_did_not_arrive_is_listed_and_sent_again(engines: Engines, missed: Told) -> None:
    console, (endpoint_id, notice_id) = consoles.at(engines), missed

    kept = console("webhooks", "list", *BUYER)
    listed = console("webhooks", "notices", endpoint_id, "--missed", *BUYER)
    one = console("webhooks", "replay", notice_id, *BUYER)
    waiting = json.loads(console("webhooks", "notices", "--json", *BUYER).stdout)
    none = console("webhooks", "notices", "--missed", *BUYER)

    assert kept.stdout.split()[0] == endpoint_id
    assert "whsec" not in kept.stdout
    assert listed.stdout.split()[:2] == [notice_id, "order.paid"]
    assert "NOT_TAKEN" in listed.stdout
    assert one.stdout == "1 notices\n"
    assert (waiting["id"], waiting["given_up_at"]) == (notice_id, None)
    assert waiting["words"]["zh"]
    assert none.stdout == ""


def test_a_stretch_of_time_is_sent_again(engines: Engines, missed: Told) -> None:
    console, (endpoint_id, _) = consoles.at(engines), missed

    before = console("webhooks", "replay", endpoint_id, "--since", "2026-01-01",
                     "--until", "2026-01-02", *BUYER)  # fmt: skip
    since = console("webhooks", "replay", endpoint_id, "--since", "2026-01-01", *BUYER)

    assert (before.stdout, since.stdout) == ("0 notices\n", "1 notices\n")


def test_the_endpoints_of_others_are_nobody_elses(engines: Engines, missed: Told) -> None:
    console, (endpoint_id, notice_id) = consoles.at(engines), missed

    assert console("webhooks", "list", *STRANGER).stdout == ""
    assert console("webhooks", "notices", endpoint_id, *STRANGER).exit_code == 3
    assert console("webhooks", "replay", notice_id, *STRANGER).exit_code == 3
    assert console("webhooks", "list", "--as", "per_buyer_signer@test").exit_code == 3
