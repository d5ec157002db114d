from collections.abc import Callable

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.crypto import CommercialProvider, Signature, canonical, verified_by
from kernel.errors import NotFound
from kernel.work import Work
from licensing import authorisations, certificates
from licensing.certificates import Certificate
from tests.catalogue import shelf
from tests.conftest import CRYPTO
from tests.licensing import grants

WorkAs = Callable[..., Work]


def forge(session: Session, **changes: object) -> None:
    """Change a certificate behind the back of the house: without the triggers."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("DROP TRIGGER certificates_no_update"))
    else:
        session.execute(text("ALTER TABLE certificates DISABLE TRIGGER USER"))
    session.execute(update(Certificate).values(**changes))
    session.expire_all()


def test_a_certificate_says_what_was_granted(session: Session) -> None:
    made = grants.issued(session)

    (certificate,) = certificates.of(session, made.id)

    body = certificate.body
    assert body["cert_no"] == made.cert_no
    assert body["grantee"]["name_en"] == "Demo Sweetgum Technology"
    assert [department["name_en"] for department in body["departments"]] == [
        "Demo Weather Department"
    ]
    assert body["item_count"] == 2
    assert body["conditions"] == ["aggregate by day"]
    assert body["prohibitions"][0] == "reauthorise"
    assert certificate.digest == CRYPTO.digest(canonical(body))


def test_a_certificate_verifies_and_tells_how_it_stands(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)

    before = certificates.verify(session, CRYPTO, made.cert_no)
    grants.suspend(work_as("per_hub_supervisor"), made)
    after = certificates.verify(session, CRYPTO, made.cert_no)

    assert (before.found, before.intact, before.signature_ok) == (True, True, True)
    assert (before.standing, after.standing) == ("active", "suspended")


def test_no_certificate_is_not_found(session: Session) -> None:
    assert certificates.verify(session, CRYPTO, "AU-nowhere").found is False
    with pytest.raises(NotFound):
        certificates.current(session, "AU-nowhere")


def test_the_newest_version_is_the_one_that_counts(session: Session, work_as: WorkAs) -> None:
    made = grants.active(session)
    narrower = grants.scope(items=grants.ITEMS[:1])

    authorisations.amend(work_as("per_agency_approver"), made.id, scope=narrower)

    assert certificates.current(session, made.cert_no).version == 2


def test_certificates_are_never_changed(session: Session) -> None:
    grants.issued(session)
    session.flush()

    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(update(Certificate).values(digest="0"))


def test_an_edited_body_is_found_out(session: Session) -> None:
    made = grants.issued(session)
    session.flush()
    (certificate,) = certificates.of(session, made.id)

    forge(session, body={**certificate.body, "valid_to": "2099-12-31"})
    found = certificates.verify(session, CRYPTO, made.cert_no)

    assert (found.found, found.intact, found.signature_ok) == (True, False, False)


def test_a_digest_made_to_fit_does_not_help(session: Session) -> None:
    made = grants.issued(session)
    session.flush()
    (certificate,) = certificates.of(session, made.id)
    body = {**certificate.body, "valid_to": "2099-12-31"}

    forge(session, body=body, digest=CRYPTO.digest(canonical(body)))
    found = certificates.verify(session, CRYPTO, made.cert_no)

    assert (found.intact, found.signature_ok) == (True, False)


def test_after_a_change_of_digest_the_signature_decides(session: Session) -> None:
    made = grants.issued(session)
    session.flush()
    successor = CommercialProvider(bytes(32), retired=[bytes(range(32))])

    found = certificates.verify(session, successor, made.cert_no)

    assert (found.intact, found.signature_ok) == (True, True)


def test_the_public_view_hides_grave_and_unknown_items(session: Session) -> None:
    items = [
        *grants.ITEMS,
        {"directory": "CAT-430000-000009", "item": "x", "transform": "masked"},
    ]
    made = grants.issued(session, given=grants.scope(items=items))
    temperature, rain, _wind = shelf.ITEMS
    shelf.published(session, items=[{**temperature, "grade": "G3"}, {**rain, "grade": "G2"}])
    (certificate,) = certificates.of(session, made.id)

    public = certificates.public(session, certificate)

    assert [entry["item"] for entry in public["items"]] == ["RAIN"]
    assert (public["item_count"], public["items_hidden"]) == (3, 2)


def test_everybody_may_list_the_newest_of_each(session: Session, work_as: WorkAs) -> None:
    first = grants.active(session)
    second = grants.issued(session, scenario_id="scn_2", assessment_id="asm_2")
    narrower = grants.scope(items=grants.ITEMS[:1])
    authorisations.amend(work_as("per_agency_approver"), first.id, scope=narrower)

    page = certificates.published(session, after=None, limit=5)

    assert {(one.cert_no, one.version) for one in page.items} == {
        (first.cert_no, 2),
        (second.cert_no, 1),
    }
    assert {one.authorisation.state for one in page.items} == {"active", "issued"}


def test_a_written_certificate_can_be_checked_elsewhere(session: Session) -> None:
    made = grants.issued(session)
    (certificate,) = certificates.of(session, made.id)

    written = certificates.written(certificate)

    content, signature = canonical(written["certificate"]), Signature(**written["signature"])
    assert verified_by(CRYPTO.public_key, content, signature)
    assert CRYPTO.digest(content) == written["digest"]
