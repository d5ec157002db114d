import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.crypto import StandardProvider
from licensing import signatures
from licensing.signatures import AlreadySigned
from tests.conftest import CRYPTO, NOON, WorkAs

TEXT = "ab" * 32


def test_a_signature_holds_under_its_text(session: Session, work_as: WorkAs) -> None:
    signed = signatures.sign(work_as("per_buyer_signer"), "con_1", text_digest=TEXT)
    session.flush()
    session.expire(signed)

    assert signatures.holds(CRYPTO, signed, text_digest=TEXT)
    assert (signed.organisation_id, signed.person_id) == ("org_buyer", "per_buyer_signer")
    assert signatures.of(session, "con_1") == [signed]
    assert signatures.signed_by(session, "con_1", "org_buyer")
    assert not signatures.signed_by(session, "con_1", "org_developer")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", "con_2"),
        ("organisation_id", "org_developer"),
        ("person_id", "per_buyer_editor"),
        ("at", NOON + timedelta(seconds=1)),
        ("value", "00" * 64),
        ("key_id", "00" * 8),
        ("alg", "none"),
    ],
)
def test_a_signature_that_was_changed_holds_no_more(
    work_as: WorkAs, field: str, value: object
) -> None:
    signed = signatures.sign(work_as("per_buyer_signer"), "con_1", text_digest=TEXT)

    setattr(signed, field, value)

    assert not signatures.holds(CRYPTO, signed, text_digest=TEXT)


def test_a_signature_holds_under_no_other_text(work_as: WorkAs) -> None:
    signed = signatures.sign(work_as("per_buyer_signer"), "con_1", text_digest=TEXT)
    moved = signatures.Signature(**{
        name: getattr(signed, name)
        for name in ("subject", "organisation_id", "person_id", "at", "alg", "key_id", "value")
    }, text_digest="cd" * 32)  # fmt: skip

    assert not signatures.holds(CRYPTO, signed, text_digest="cd" * 32)
    assert not signatures.holds(CRYPTO, moved, text_digest="cd" * 32)


def test_another_house_cannot_sign_for_this_one(work_as: WorkAs) -> None:
    stranger = StandardProvider(bytes(range(1, 33)))
    work = dataclasses.replace(work_as("per_buyer_signer"), crypto=stranger)

    signed = signatures.sign(work, "con_1", text_digest=TEXT)

    assert not signatures.holds(CRYPTO, signed, text_digest=TEXT)


def test_an_organisation_signs_once(work_as: WorkAs) -> None:
    signatures.sign(work_as("per_buyer_signer"), "con_1", text_digest=TEXT)

    with pytest.raises(AlreadySigned):
        signatures.sign(work_as("per_buyer_editor"), "con_1", text_digest=TEXT)
    signatures.sign(work_as("per_developer_signer"), "con_1", text_digest=TEXT)
    signatures.sign(work_as("per_buyer_signer"), "con_2", text_digest=TEXT)


def test_the_database_lets_an_organisation_sign_once(session: Session, work_as: WorkAs) -> None:
    signed = signatures.sign(work_as("per_buyer_signer"), "con_1", text_digest=TEXT)
    session.flush()
    columns = signatures.Signature.__table__.columns.keys()
    again = {name: getattr(signed, name) for name in columns} | {"id": "sig_2"}
    session.add(signatures.Signature(**again))

    with pytest.raises(IntegrityError):
        session.flush()


def test_signatures_are_never_changed(session: Session, work_as: WorkAs) -> None:
    signed = signatures.sign(work_as("per_buyer_signer"), "con_1", text_digest=TEXT)
    session.flush()

    signed.text_digest = "cd" * 32
    with pytest.raises(IntegrityError, match="append-only"):
        session.flush()
