"""Public keys: registered by the buyer's people, never secret ones, retired for good."""

import pytest
from sqlalchemy.orm import Session

from delivery.recipients import keys, x25519
from delivery.recipients.keys import NotABuyer
from delivery.recipients.x25519 import NotAKey
from kernel.errors import Invalid, NotFound, StepRefused
from tests.conftest import work_of

KNOWN = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


def registered(session: Session, public_key: str = KNOWN) -> keys.RecipientKey:
    made = keys.register(
        work_of(session, "per_buyer_editor"), label="笔记本", public_key=public_key
    )
    session.flush()
    return made


def test_a_pair_is_written_and_read_again() -> None:
    secret, public = x25519.generate()

    assert x25519.written_public(x25519.secret(secret).public_key()) == public
    assert x25519.written_public(x25519.public(KNOWN)) == KNOWN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age1",
        KNOWN[:-1] + "q",
        KNOWN.replace("ql3", "Ql3"),
        "age1" + "b" * 58,
        KNOWN.replace("age1", "agf1"),
        x25519._encoded("age", bytes(31)),
        x25519._encoded("age", bytes(33)),
    ],
)
def test_what_is_no_key_is_refused(text: str, session: Session) -> None:
    with pytest.raises(NotAKey):
        x25519.public(text)
    with pytest.raises(Invalid):
        keys.register(
            work_of(session, "per_buyer_editor"), label="x", public_key=text.lower() + "!"
        )


def test_bits_that_mean_nothing_are_no_key() -> None:
    values = x25519._regrouped(bytes(32), 8, 5, pad=True)
    values[-1] |= 1
    mixed = x25519._polymod([*x25519._spread("age"), *values, *([0] * 6)]) ^ 1
    check = [mixed >> 5 * (5 - place) & 31 for place in range(6)]
    text = "age1" + "".join(x25519._LETTERS[value] for value in (*values, *check))

    with pytest.raises(NotAKey, match="bits"):
        x25519.public(text)


def test_a_secret_key_is_refused_in_so_many_words(session: Session) -> None:
    secret, _ = x25519.generate()

    with pytest.raises(Invalid, match="secret key"):
        registered(session, secret)


def test_a_key_is_registered_once_and_retired_for_good(session: Session) -> None:
    made = registered(session, f" {KNOWN.upper()} ")
    with pytest.raises(StepRefused):
        registered(session)

    work = work_of(session, "per_buyer_editor")
    keys.retire(work, made.id)
    keys.retire(work, made.id)
    session.flush()

    assert keys.live(work) == []
    again = registered(session)
    assert [each.id for each in keys.live(work)] == [again.id]
    assert len(keys.listed(work, after=None, limit=20).items) == 2
    assert len(keys.fingerprint(again)) == 16


def test_an_organisation_has_no_more_keys_than_the_rules_let_it(session: Session) -> None:
    most = work_of(session, "system").rules.number("recipients.keys_max")
    for _ in range(most):
        registered(session, x25519.generate()[1])

    with pytest.raises(StepRefused) as error:
        registered(session, x25519.generate()[1])

    assert [refusal.code for refusal in error.value.refusals] == ["TOO_MANY_KEYS"]


def test_only_buyers_register_and_only_owners_retire(session: Session) -> None:
    made = registered(session)

    with pytest.raises(NotABuyer):
        keys.register(
            work_of(session, "per_dept_editor"), label="x", public_key=x25519.generate()[1]
        )
    with pytest.raises(NotFound):
        keys.retire(work_of(session, "per_developer_signer"), made.id)
