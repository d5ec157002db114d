"""Commands to providers and their notices: seen, and tried again by settlement officers."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from app import cli
from app.unit import Exchange
from kernel.engines import Engines
from kernel.money import Money
from settlement.rails import commands, inbox
from settlement.rails.gateway import LEASE
from settlement.rails.inbox import Came
from settlement.rails.port import Event
from tests.app.api.till import keyed
from tests.conftest import NOON, As, work_of

EVENT = Event(provider="fake", id="evt_1", type="payment.odd", at=NOON, object=None)
ONE, OTHER = "per_exchange_settler", "per_exchange_checker"


def stuck(engines: Engines, kind: str = commands.REFUND) -> str:
    """Leave a command to a person, and a notice; return the command's id."""
    with engines.writing() as session:
        work = work_of(session, "system")
        found = commands.give(
            work, provider="fake", kind=kind, subject="rfd_1", amount=Money(500), body={}
        )
        session.flush()
        commands.claim(work, LEASE, ports=["fake"], command_id=found.id)
        commands.stick(work, found, "cannot-tell")
        inbox.keep(work, EVENT, b"{}", Came.NOTICE)
        for _ in range(inbox.TRIES_MAX):
            inbox.put_off(work, "fake", "evt_1", "Unclaimed: nobody's")
        said = found.id
        session.commit()
    return said


@pytest.fixture
def command_id(application: Exchange) -> str:
    return stuck(application.house.engines)


def test_what_pays_out_is_sent_again_by_two_officers(as_: As, command_id: str) -> None:
    door = f"/api/provider-commands/{command_id}/retry"

    first = as_(ONE).post(door, json={}, headers=keyed())
    alone = as_(ONE).post(door, json={}, headers=keyed())
    second = as_(OTHER).post(door, json={}, headers=keyed())
    again = as_(OTHER).post(door, json={}, headers=keyed())

    assert [each.status_code for each in (first, alone, second, again)] == [200, 409, 200, 200]
    assert (first.json["state"], first.json["vouched_by"]) == ("stuck", ONE)
    assert [refusal["code"] for refusal in alone.json["refusals"]] == ["FOUR_EYES"]
    assert (second.json["state"], second.json["confirmed_by"]) == ("unknown", OTHER)
    assert as_("per_buyer_editor").post(door, json={}, headers=keyed()).status_code == 403


def test_commands_are_listed_by_state_to_overseers(as_: As, command_id: str) -> None:
    auditor = as_("per_exchange_auditor")

    def listed(query: str) -> list[str]:
        found = auditor.get(f"/api/provider-commands{query}").json["items"]
        return [each["id"] for each in found]

    assert listed("") == listed("?state=open") == listed("?state=stuck") == [command_id]
    assert listed("?state=done") == []
    shown = auditor.get(f"/api/provider-commands/{command_id}").json
    assert (shown["last_error"], shown["amount"]["minor"]) == ("cannot-tell", 500)
    assert auditor.get("/api/provider-commands?state=x").status_code == 422
    stranger = as_("per_buyer_editor")
    assert stranger.get("/api/provider-commands").status_code == 403
    assert stranger.get(f"/api/provider-commands/{command_id}").status_code == 404


@pytest.mark.usefixtures("command_id")
def test_a_stuck_notice_is_tried_again_alone_or_with_all(as_: As) -> None:
    settler, door = as_(ONE), "/api/provider-notices"
    (before,) = settler.get(f"{door}?state=open").json["items"]

    one = settler.post(f"{door}/retry", json={"provider": "fake", "event_id": "evt_1"})
    (after,) = settler.get(door).json["items"]
    all_ = settler.post(f"{door}/retry", json={})

    assert (before["stuck"], after["stuck"], before["tries"]) == (True, False, inbox.TRIES_MAX)
    assert (one.json, all_.json) == ({"retried": 1}, {"retried": 0})
    unknown = settler.post(f"{door}/retry", json={"provider": "fake", "event_id": "evt_2"})
    assert unknown.status_code == 404
    assert as_("per_exchange_auditor").post(f"{door}/retry", json={}).status_code == 403


@pytest.fixture
def console(engines: Engines) -> Any:
    url = engines.url.render_as_string(hide_password=False)

    def run(*words: str) -> Any:
        return CliRunner().invoke(cli.main, words, env={"DATABASE_URL": url})

    return run


def test_the_console_lists_and_tries_again_in_the_name_of_an_officer(
    engines: Engines, console: Any
) -> None:
    command_id = stuck(engines)
    one, other = f"{ONE}@test", f"{OTHER}@test"

    listed = console("rails", "commands", "--open")
    notices = console("rails", "inbox", "--open")
    first = console("rails", "retry", command_id, "--as", one)
    alone = console("rails", "retry", command_id, "--as", one)
    second = console("rails", "retry", command_id, "--as", other)
    notice = console("rails", "retry", "fake/evt_1", "--as", one)
    rest = console("rails", "retry", "inbox", "--as", one)
    nobody = console("rails", "retry", command_id, "--as", "nobody@test")

    assert json.loads(listed.output)["state"] == "stuck"
    assert json.loads(notices.output)["waits_for_a_person"]
    assert first.output == f"{command_id}: stuck (another officer must say so too)\n"
    assert (alone.exit_code, "FOUR_EYES" in alone.output) == (3, True)
    assert second.output == f"{command_id}: unknown\n"
    assert (notice.output, rest.output) == ("evt_1: waiting\n", "0 notices\n")
    assert (nobody.exit_code, "nobody signs in" in nobody.output) == (3, True)


def test_the_console_looks_at_every_provider(console: Any) -> None:
    assert console("rails", "poll").output == "0 new, 0 notices worked out, 0 commands run\n"
