import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from kernel.crypto import StandardProvider
from kernel.errors import NotFound
from kernel.work import Work
from licensing import certificates
from licensing.papers import credentials, keys, odrl, registered, tokens
from tests.conftest import CRYPTO
from tests.licensing import grants
from tests.licensing.papers import office
from tests.licensing.test_certificates import forge

WorkAs = Callable[..., Work]
READER = Path(__file__).with_name("reader.py")


def read_elsewhere(*paths: str) -> dict[str, object]:
    """Read papers in a process of its own, with a library that did not sign them."""
    done = subprocess.run(
        [sys.executable, str(READER), *paths], capture_output=True, check=True, text=True
    )
    return dict(json.loads(done.stdout))


def test_a_credential_says_what_the_certificate_says(session: Session) -> None:
    right = grants.active(session)

    said = office.said(office.credential(session, right))

    certificate = office.certificate(session, right)
    subject, policy = said["credentialSubject"], said["credentialSubject"]["policy"]
    assert said["type"] == ["VerifiableCredential", "DataAuthorisationCredential"]
    assert said["issuer"] == "https://exchange.example/.well-known/issuer.json"
    assert (said["validFrom"], said["validUntil"]) == (
        "2026-06-30T16:00:00+00:00",
        "2027-06-30T16:00:00+00:00",
    )
    assert subject["certificate"]["digest"] == certificate.digest
    assert subject["assessment"]["id"] == right.assessment_id
    assert policy["permission"][0]["action"] == "use"
    assert said["evidence"]["index"] > 0


def test_a_policy_limits_purpose_days_counts_places_and_recipients(session: Session) -> None:
    right = grants.issued(session, given=grants.scope(quotas={"calls/day": 5, "rows": 1000}))

    written = odrl.document(office.certificate(session, right).body, office.ADDRESS)

    (permission,) = written["permission"]
    limits = [(one["leftOperand"], one["operator"]) for one in permission["constraint"]]
    assert limits[:3] == [("purpose", "eq"), ("dateTime", "gteq"), ("dateTime", "lteq")]
    assert limits[3:7] == [
        ("count", "lteq"), ("count", "lteq"), ("spatial", "isAnyOf"), ("recipient", "isAnyOf"),
    ]  # fmt: skip
    counts = {one["unit"]: one["rightOperand"] for one in permission["constraint"] if "unit" in one}
    assert {unit.rpartition("#")[2]: limit for unit, limit in counts.items()} == {
        "calls-day": 5,
        "rows": 1000,
    }
    assert permission["constraint"][0]["rightOperand"] == right.scenario_id
    assert [one["action"] for one in permission["duty"]] == ["delete", "inform"]
    assert [one["action"] for one in written["prohibition"]] == ["distribute", "grantUse"]
    assert written["profile"] == "https://exchange.example/.well-known/odrl-profile"


def test_a_credential_is_the_same_token_each_time(session: Session) -> None:
    right = grants.active(session)

    assert office.credential(session, right) == office.credential(session, right)


def test_another_library_verifies_the_credential_and_reads_its_status(
    session: Session, work_as: WorkAs, tmp_path: Path
) -> None:
    right = grants.active(session)
    credential, key_set = office.credential(session, right), json.dumps(office.KEYS)
    before, held = office.lists(session)
    grants.suspend(work_as("per_hub_supervisor"), right)
    after, suspended = office.lists(session)
    paths = office.written(
        tmp_path, credential=credential, keys=key_set, before=before, held=held, after=after,
        suspended=suspended, edited=credential[:-8] + ("AAAA" + credential[-4:]),
    )  # fmt: skip

    first = read_elsewhere(*paths[:4])
    second = read_elsewhere(*paths[:2], *paths[4:6])
    edited = read_elsewhere(paths[6], paths[1])

    assert first["verified"] is True
    assert first["bits"] == {"revocation": False, "suspension": False}
    assert second["bits"] == {"revocation": False, "suspension": True}
    assert edited == {"verified": False, "why": "InvalidSignatureError"}


def test_an_edited_certificate_is_never_signed_again(session: Session) -> None:
    right = grants.issued(session)
    certificate = office.certificate(session, right)

    forge(session, body={**certificate.body, "valid_to": "2099-12-31"})

    with pytest.raises(credentials.CertificateBroken):
        office.credential(session, right)


def test_a_certificate_without_a_place_has_no_credential(session: Session) -> None:
    right = grants.issued(session)
    certificate = office.certificate(session, right)
    other = certificates.Certificate(
        **{name: getattr(certificate, name)
           for name in ("body", "cert_no", "alg", "key_id", "signature", "version")},
        id="cer_of_the_first_release",
    )  # fmt: skip

    with pytest.raises(NotFound):
        credentials.signed(office.house(session), other, office.ADDRESS)


def test_retired_keys_stand_in_the_key_set_and_still_verify(session: Session) -> None:
    token = office.credential(session, grants.active(session))
    successor = StandardProvider(bytes(32), retired=[bytes(range(32))])

    listed = keys.jwks(successor)

    assert [one["kid"] for one in listed["keys"]] == [successor.key_id, CRYPTO.key_id]
    assert tokens.read(token, listed).key_id == CRYPTO.key_id
    methods = keys.controller(successor, office.ADDRESS)["assertionMethod"]
    assert methods[0].endswith(f"issuer.json#{successor.key_id}")


def test_every_check_of_a_genuine_credential_holds(session: Session) -> None:
    right = grants.active(session)
    token = office.credential(session, right)

    told, found = certificates.examined(office.house(session), token)

    assert [one.name for one in told] == [
        "signature", "kind", "validity", "digest", "standing", "evidence",
    ]  # fmt: skip
    assert all(one.ok for one in told)
    assert found is not None
    assert found.cert_no == right.cert_no


def test_a_suspension_is_told_by_the_standing_alone(session: Session, work_as: WorkAs) -> None:
    right = grants.active(session)
    token = office.credential(session, right)

    grants.suspend(work_as("per_hub_supervisor"), right)
    told, _ = certificates.examined(office.house(session), token)

    assert [one.code for one in told if not one.ok] == ["SUSPENDED"]


def test_an_earlier_version_is_told_as_replaced(session: Session, work_as: WorkAs) -> None:
    from licensing import authorisations

    right = grants.active(session)
    token = office.credential(session, right)

    narrower = grants.scope(items=grants.ITEMS[:1])
    authorisations.amend(work_as("per_agency_approver"), right.id, scope=narrower)
    session.flush()
    told, found = certificates.examined(office.house(session), token)

    assert [one.code for one in told if not one.ok] == ["REPLACED"]
    assert found is not None
    assert found.version == 1


def test_a_credential_of_no_certificate_of_ours_is_told(session: Session) -> None:
    right = grants.active(session)
    said = office.said(office.credential(session, right))
    said["credentialSubject"]["certificate"]["digest"] = "0" * 64
    elsewhere = tokens.sign(CRYPTO, said)
    del said["credentialSubject"]["certificate"]["version"]
    unnamed = tokens.sign(CRYPTO, said)
    said["credentialSubject"] = "nobody"
    bare = tokens.sign(CRYPTO, said)

    told, found = certificates.examined(office.house(session), elsewhere)

    assert found is None
    assert told[-1].code == "NOT_REGISTERED"
    assert certificates.examined(office.house(session), unnamed)[1] is None
    assert certificates.examined(office.house(session), bare)[1] is None


def test_what_differs_from_the_register_is_named(session: Session) -> None:
    right = grants.active(session)
    certificate = office.certificate(session, right)
    body = {**certificate.body, "valid_to": "2099-12-31", "items": [], "scope_hash": "0",
            "quotas": {"rows": 1}}  # fmt: skip

    forge(session, body=body)
    told = certificates.checked(office.house(session), certificates.current(session, right.cert_no))

    failed = {one.name: one for one in told if not one.ok}
    assert failed["signature"].code == "SIGNATURE_INVALID"
    assert failed["digest"].code == "ROW_DIFFERS"
    assert "items, valid_to, quotas, scope_hash, digest" in failed["digest"].words.en


def test_evidence_that_is_another_or_none_is_told(session: Session) -> None:
    right = grants.active(session)
    office.certificate(session, right)

    forge(session, digest="0" * 64)
    other = certificates.checked(
        office.house(session), certificates.current(session, right.cert_no)
    )
    found = certificates.current(session, right.cert_no)
    found.id = "cer_without_a_record"
    with session.no_autoflush:
        none = registered.checks(office.house(session), found)

    assert other[-1].code == "EVIDENCE_DIFFERS"
    assert none[-1].code == "NO_EVIDENCE"


def test_sealed_evidence_names_its_seal(session: Session) -> None:
    from kernel import evidence

    right = grants.active(session)
    session.flush()

    evidence.seal(office.house(session))
    told = certificates.checked(office.house(session), certificates.current(session, right.cert_no))

    assert told[-1].ok
    assert "in seal 1" in told[-1].words.en
