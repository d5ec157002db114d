"""Credentials: one for each recipient, shown once, over at once when revoked."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from delivery.recipients import credentials
from delivery.recipients.credentials import Credential, NotPresented
from delivery.tasks import DeliveryTask
from kernel import ids
from kernel.errors import Invalid, NotFound, StepRefused
from tests.conftest import NOON, work_of
from tests.delivery import stores

LATER = NOON + timedelta(days=30)


@pytest.fixture
def task(session: Session) -> DeliveryTask:
    """Open a delivery of nothing in particular."""
    return stores.delivered(session, None, open_=False)


def issued(
    session: Session, task: DeliveryTask, label: str = "笔记本", **more: object
) -> tuple[Credential, str]:
    work = work_of(session, "per_buyer_editor")
    made = credentials.issue(work, task.id, "share", label, LATER)
    session.flush()
    return made


def code(error: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


def test_a_credential_is_kept_by_its_digest_alone(session: Session, task: DeliveryTask) -> None:
    made, secret = issued(session, task)

    assert made.secret_digest == ids.digest(secret)
    assert credentials.presented(session, secret, "share", NOON) is made


@pytest.mark.parametrize("kind", ["api"])
def test_a_credential_of_one_kind_is_none_of_another(
    session: Session, task: DeliveryTask, kind: str
) -> None:
    _, secret = issued(session, task)

    with pytest.raises(NotPresented):
        credentials.presented(session, secret, kind, NOON)
    with pytest.raises(NotPresented):
        credentials.presented(session, "dbx_share_unknown", "share", NOON)


def test_a_credential_ends_by_its_time_and_by_revocation(
    session: Session, task: DeliveryTask
) -> None:
    made, secret = issued(session, task)

    with pytest.raises(NotPresented):
        credentials.presented(session, secret, "share", LATER)
    credentials.revoke(work_of(session, "per_buyer_editor"), made.id)
    credentials.revoke(work_of(session, "per_buyer_editor"), made.id)
    with pytest.raises(NotPresented):
        credentials.presented(session, secret, "share", NOON)


def test_a_recipient_has_one_live_credential_for_a_line(
    session: Session, task: DeliveryTask
) -> None:
    issued(session, task)

    with pytest.raises(StepRefused) as error:
        issued(session, task)
    issued(session, task, "报表系统")

    assert code(error) == ["RECIPIENT_HAS_CREDENTIAL"]


def test_an_expired_credential_gives_up_its_place(session: Session, task: DeliveryTask) -> None:
    old, _ = issued(session, task)
    after = LATER + timedelta(days=1)
    work = work_of(session, "per_buyer_editor", at=after)

    made, _ = credentials.issue(work, task.id, "share", old.label, after + timedelta(days=1))

    assert old.revoked_at == after
    assert made.live(after)


def test_a_line_has_no_more_credentials_than_the_rules_let_it(
    session: Session, task: DeliveryTask
) -> None:
    work = work_of(session, "per_buyer_editor")
    most = work.rules.number("recipients.credentials_max")
    for number in range(most):
        issued(session, task, f"系统{number}")

    with pytest.raises(StepRefused) as error:
        issued(session, task, "再一个")

    assert code(error) == ["TOO_MANY_CREDENTIALS"]


def test_rotation_leaves_the_old_one_for_the_overlap(session: Session, task: DeliveryTask) -> None:
    old, before = issued(session, task)

    made, secret = credentials.rotate(work_of(session, "per_buyer_editor"), old.id, overlap_s=60)
    session.flush()

    assert credentials.presented(session, before, "share", NOON) is old
    assert credentials.presented(session, secret, "share", NOON) is made
    assert (old.rotated_to, made.expires_at) == (made.id, LATER)
    with pytest.raises(NotPresented):
        credentials.presented(session, before, "share", NOON + timedelta(seconds=60))


def test_rotation_without_overlap_ends_the_old_one_at_once(
    session: Session, task: DeliveryTask
) -> None:
    old, before = issued(session, task)

    credentials.rotate(work_of(session, "per_buyer_editor"), old.id, overlap_s=0)

    with pytest.raises(NotPresented):
        credentials.presented(session, before, "share", NOON)


def test_what_is_over_or_replaced_is_not_rotated(session: Session, task: DeliveryTask) -> None:
    work = work_of(session, "per_buyer_editor")
    old, _ = issued(session, task)
    with pytest.raises(Invalid):
        credentials.rotate(work, old.id, overlap_s=10**9)
    credentials.rotate(work, old.id)

    with pytest.raises(StepRefused) as error:
        credentials.rotate(work, old.id)

    assert code(error) == ["NOT_LIVE"]


def test_nobody_but_the_buyer_issues_or_sees_to_it(session: Session, task: DeliveryTask) -> None:
    made, _ = issued(session, task)
    seller = work_of(session, "per_developer_signer")

    with pytest.raises(NotFound):
        credentials.issue(seller, task.id, "share", "自用", LATER)
    with pytest.raises(NotFound):
        credentials.revoke(seller, made.id)
    assert [each.id for each in _listed(session, "per_developer_signer", task)] == [made.id]
    assert _listed(session, "per_buyer_editor", task, kind="api") == []


def _listed(
    session: Session, person: str, task: DeliveryTask, kind: str | None = None
) -> list[Credential]:
    work = work_of(session, person)
    return credentials.listed(work, task.id, kind=kind, after=None, limit=20).items


@pytest.mark.parametrize(
    ("label", "expires_at"),
    [("", LATER), ("x" * 101, LATER), ("笔记本", NOON), ("笔记本", NOON + timedelta(days=9_999))],
)
def test_a_name_or_term_that_cannot_be_is_refused(
    session: Session, task: DeliveryTask, label: str, expires_at: object
) -> None:
    with pytest.raises(Invalid):
        credentials.issue(
            work_of(session, "per_buyer_editor"),
            task.id,
            "share",
            label,
            expires_at,  # type: ignore[arg-type]  # it is an instant
        )


def test_who_acts_by_a_credential_is_the_credential_itself(
    session: Session, task: DeliveryTask
) -> None:
    made, _ = issued(session, task)

    actor = credentials.actor(session, made)

    assert (actor.person, actor.organisation, actor.scopes) == (
        made.id,
        "org_buyer",
        frozenset({"deliver"}),
    )
