"""`databourse mandates`: listed, shown, and ended by whoever may."""

import json

import pytest

from app import demonstration
from kernel.engines import Engines
from tests.app.commands import consoles
from tests.marketplace.agency.test_mandates import NOW, signed

PRINCIPAL, AGENT = "per_developer_signer@test", "per_other_editor@test"
OFFICER, STRANGER = "per_exchange_compliance@test", "per_buyer_editor@test"


@pytest.fixture
def mandate_id(engines: Engines) -> str:
    with engines.writing() as session:
        demonstration.begin_at(session, NOW)
        made = signed(session).id
        session.commit()
    return made


@pytest.mark.parametrize("login", [PRINCIPAL, AGENT, OFFICER])
def test_a_mandate_is_listed_shown_and_ended_once(
    engines: Engines, mandate_id: str, login: str
) -> None:
    console = consoles.at(engines)

    listed = console("mandates", "list", "--as", login)
    shown = json.loads(console("mandates", "show", mandate_id, "--json", "--as", login).stdout)
    ended = console("mandates", "revoke", mandate_id, "--reason", "合作终止", "--as", login)
    again = console("mandates", "revoke", mandate_id, "--reason", "合作终止", "--as", login)
    after = console("mandates", "show", mandate_id, "--as", login)

    assert listed.stdout.split()[:1] == [mandate_id]
    assert (shown["state"], shown["is_whole"]) == ("signed", True)
    assert sorted(shown["signed_by"]) == ["org_developer", "org_other"]
    assert (ended.exit_code, again.exit_code) == (0, 3)
    assert "state: revoked" in after.stdout


def test_a_stranger_sees_none_and_ends_none(engines: Engines, mandate_id: str) -> None:
    console = consoles.at(engines)

    listed = console("mandates", "list", "--as", STRANGER)
    shown = console("mandates", "show", mandate_id, "--as", STRANGER)
    ended = console("mandates", "revoke", mandate_id, "--reason", "x", "--as", STRANGER)

    assert (listed.exit_code, listed.stdout) == (0, "")
    assert (shown.exit_code, ended.exit_code) == (3, 3)
