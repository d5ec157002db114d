"""What is refused, offline: by the functions, and by the command line without a database."""

import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session

from app import cli
from kernel.crypto import StandardProvider, canonical
from licensing.papers import checks, keys, tokens
from licensing.papers.checks import Check
from tests.conftest import CRYPTO, work_of
from tests.licensing import grants
from tests.licensing.papers import office
from tests.licensing.papers.office import AT, KEYS


@pytest.fixture
def papers(session: Session) -> tuple[str, list[str]]:
    """Hand out a credential and both lists."""
    token = office.credential(session, grants.active(session))
    return token, office.lists(session)


def codes(told: list[Check]) -> list[str]:
    return [one.code for one in told if not one.ok]


def refused(token: str, key_set: Any = KEYS) -> str:
    """Return why a token is not read."""
    with pytest.raises(tokens.Untrusted) as told:
        tokens.read(token, key_set)
    return told.value.why.code


def test_all_checks_of_a_genuine_credential_hold(papers: tuple[str, list[str]]) -> None:
    token, lists = papers

    told = checks.offline(token, KEYS, lists, AT)

    assert [one.name for one in told] == ["signature", "kind", "validity", "status", "status"]
    assert codes(told) == []


def test_a_credential_is_valid_on_its_days_only(papers: tuple[str, list[str]]) -> None:
    token, _ = papers

    early = checks.opened(token, KEYS, AT - timedelta(days=30))[0]
    late = checks.opened(token, KEYS, grants.AFTER_THE_END)[0]

    assert codes(early) == ["NOT_YET_VALID"]
    assert codes(late) == ["EXPIRED"]


def test_a_stale_list_is_refused(papers: tuple[str, list[str]]) -> None:
    token, lists = papers

    fresh = checks.offline(token, KEYS, lists, AT + timedelta(hours=23))
    stale = checks.offline(token, KEYS, lists, AT + timedelta(hours=24))

    assert codes(fresh) == []
    assert set(codes(stale)) == {"LIST_STALE", "STATUS_UNKNOWN"}


def test_without_a_list_nothing_is_known(papers: tuple[str, list[str]]) -> None:
    token, lists = papers

    assert codes(checks.offline(token, KEYS, [], AT)) == ["STATUS_UNKNOWN"] * 2
    assert codes(checks.offline(token, KEYS, lists[:1], AT)) == ["STATUS_UNKNOWN"]


def test_a_suspension_and_a_revocation_are_told(session: Session) -> None:
    right = grants.active(session)
    token = office.credential(session, right)

    grants.suspend(work_of(session, "per_hub_supervisor"), right)

    assert codes(checks.offline(token, KEYS, office.lists(session), AT)) == ["SUSPENDED"]


def test_a_status_list_is_no_credential_and_a_credential_no_list(
    papers: tuple[str, list[str]],
) -> None:
    token, lists = papers

    as_credential = checks.offline(lists[0], KEYS, lists, AT)
    as_list = checks.offline(token, KEYS, [token], AT)

    assert codes(as_credential) == ["KIND_REFUSED"]
    assert "NO_STATUS_LIST" in codes(as_list)


def test_no_signature_is_refused(papers: tuple[str, list[str]]) -> None:
    payload = papers[0].split(".")[1]
    header = tokens.base64url(canonical({"alg": "none", "kid": CRYPTO.key_id, "typ": "vc+jwt"}))

    assert refused(f"{header.decode()}.{payload}.") == "ALG_REFUSED"


def test_the_public_key_is_no_shared_secret(papers: tuple[str, list[str]]) -> None:
    payload = papers[0].split(".")[1]
    header = tokens.base64url(canonical({"alg": "HS256", "kid": CRYPTO.key_id, "typ": "vc+jwt"}))
    signing_input = f"{header.decode()}.{payload}"
    value = hmac.digest(CRYPTO.public_key, signing_input.encode(), "sha256")

    token = f"{signing_input}.{tokens.base64url(value).decode()}"

    assert refused(token) == "ALG_REFUSED"


def test_the_old_name_of_the_algorithm_is_refused() -> None:
    assert refused(office.token(office.header(alg="EdDSA"), b"{}")) == "ALG_REFUSED"


def test_another_key_and_a_wrong_name_of_a_key_are_refused() -> None:
    other = StandardProvider(bytes(32))
    theirs = tokens.sign(other, {"type": []})
    mine = keys.jwks(CRYPTO)["keys"][0]
    swapped = {"keys": [{**keys.jwks(other)["keys"][0], "kid": CRYPTO.key_id}]}
    twice = {"keys": [mine, mine]}
    honest = office.token(office.header(), b"{}")

    assert refused(theirs) == "KEY_UNKNOWN"
    assert refused(office.token(office.header(kid=other.key_id), b"{}")) == "KEY_UNKNOWN"
    assert refused(honest, swapped) == "SIGNATURE_INVALID"
    assert refused(honest, twice) == "KEY_UNKNOWN"
    assert refused(honest, {"keys": [{**mine, "kty": "oct"}]}) == "KEY_UNKNOWN"
    assert refused(honest, {"keys": [{**mine, "x": "short"}]}) in {
        "KEY_UNKNOWN",
        "SIGNATURE_INVALID",
    }
    assert refused(honest, {"keys": "none"}) == "KEY_UNKNOWN"


def test_a_critical_header_that_nobody_knows_is_refused() -> None:
    assert refused(office.token(office.header(crit=["exp"], exp=1), b"{}")) == "CRIT_REFUSED"


def test_a_header_with_more_or_less_is_refused() -> None:
    assert refused(office.token(office.header(jwk={}), b"{}")) == "HEADER_REFUSED"
    assert refused(office.token(office.header(typ="JWT"), b"{}")) == "TYP_REFUSED"
    assert refused(office.token({"alg": "Ed25519", "typ": "vc+jwt"}, b"{}")) == "HEADER_REFUSED"


def test_a_name_that_stands_twice_is_refused() -> None:
    twice = b'{"validUntil": "2020-01-01", "validUntil": "2099-01-01"}'

    assert refused(office.token(office.header(), twice)) == "DUPLICATE_KEYS"


@pytest.mark.parametrize(
    "token", ["", "a.b", "a.b.c.d", "!.e30.e30", "e30=.e30.", "bm8.e30.e30", "W10.e30.e30",
              "a" * (tokens.SIZE_MAX + 1)],
)  # fmt: skip
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refused(token) == "TOKEN_MALFORMED"


def test_an_edited_payload_is_refused(papers: tuple[str, list[str]]) -> None:
    header, _, signature = papers[0].split(".")
    said = office.said(papers[0])
    said["validUntil"] = "2099-01-01T00:00:00+00:00"
    edited = tokens.base64url(canonical(said)).decode()

    assert refused(f"{header}.{edited}.{signature}") == "SIGNATURE_INVALID"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"validFrom": None}, "VALIDITY_UNKNOWN"),
        ({"validUntil": "soon"}, "VALIDITY_UNKNOWN"),
        ({"validUntil": "2027-01-01T00:00:00"}, "VALIDITY_UNKNOWN"),
        ({"credentialStatus": []}, "STATUS_UNKNOWN"),
        ({"credentialStatus": ["here"]}, "STATUS_UNKNOWN"),
        ({"credentialStatus": [{"statusPurpose": "fun"}]}, "STATUS_UNKNOWN"),
        ({"type": "VerifiableCredential"}, "KIND_REFUSED"),
    ],
)
def test_what_a_credential_must_say_is_asked_for(
    papers: tuple[str, list[str]], change: dict[str, Any], code: str
) -> None:
    token, lists = papers

    signed = tokens.sign(CRYPTO, {**office.said(token), **change})

    assert code in codes(checks.offline(signed, KEYS, lists, AT))


def test_a_list_of_another_purpose_tells_nothing(papers: tuple[str, list[str]]) -> None:
    token, lists = papers
    said = office.said(lists[0])
    said["credentialSubject"]["statusPurpose"] = "suspension"

    told = checks.offline(token, KEYS, [tokens.sign(CRYPTO, said), lists[1], "no list"], AT)

    assert codes(told) == ["TOKEN_MALFORMED", "STATUS_UNKNOWN"]


def verify(*arguments: str) -> tuple[int, str]:
    answer = CliRunner().invoke(cli.main, ["certificate", "verify", *arguments])
    return answer.exit_code, answer.output


def files(papers: tuple[str, list[str]], folder: Path, **more: str) -> list[str]:
    token, lists = papers
    named = {"credential": token, "keys": json.dumps(KEYS), "first": lists[0], "second": lists[1]}
    return office.written(folder, **{**named, **more})


def test_the_command_line_verifies_without_a_database(
    papers: tuple[str, list[str]], tmp_path: Path
) -> None:
    credential, key_set, first, second = files(papers, tmp_path)
    told = ["--keys", key_set, "--status", first, "--status", second]

    status, said = verify(credential, *told, "--at", AT.isoformat())
    later, in_json = verify(credential, *told, "--at", "2030-01-01T00:00:00Z", "--json")

    assert (status, said.count("ok ")) == (0, 5)
    assert later == 4
    assert {one["code"] for one in json.loads(in_json)["checks"]} >= {"EXPIRED", "LIST_STALE"}


def test_the_command_line_needs_a_time_with_a_zone_and_a_key_set(
    papers: tuple[str, list[str]], tmp_path: Path
) -> None:
    credential, key_set, first, _ = files(papers, tmp_path)
    twice, other = office.written(tmp_path, twice='{"keys": [], "keys": []}', other="[]")

    assert verify(credential, "--keys", key_set, "--at", "2026-07-01T12:00:00")[0] == 2
    assert verify(credential, "--keys", twice, "--at", AT.isoformat())[0] == 2
    assert verify(credential, "--keys", other, "--at", AT.isoformat())[0] == 2
    assert verify(first, "--keys", key_set, "--at", AT.isoformat())[0] == 4
