"""Files by hand: rounds, manifests, who may have them, and the review before they leave."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from delivery import gate, tasks
from delivery.gate import BeyondOrder
from delivery.handing import handed
from delivery.handing.handed import HandedFile, Handing
from delivery.passing import reviews
from delivery.tasks import DeliveryTask
from delivery.ways import Way
from kernel.crypto import Signature, canonical
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from tests.conftest import CRYPTO, RULES, work_of
from tests.delivery import stores


@pytest.fixture
def task(session: Session) -> DeliveryTask:
    """Open the delivery of a report."""
    return stores.delivered(session, None, mode="model")


def hand(
    session: Session, task: DeliveryTask, data_dir: Path, name: str = "报告.pdf", **more: Any
) -> HandedFile:
    """Hand a file over as the seller."""
    work = work_of(session, "per_developer_signer")
    handing = Handing(task_id=task.id, name=name, **more)
    handed.require(work, handing)
    received = handed.receive(data_dir, handed.new_id(work), io.BytesIO(b"a model"), most=100)
    made = handed.keep(work, handing, received)
    session.flush()
    return made


def test_a_buyer_has_what_was_handed_over_with_its_manifest(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    made = hand(session, task, tmp_path)
    buyer = work_of(session, "per_buyer_editor")

    found, path = handed.fetch(buyer, made.id, data_dir=tmp_path)
    told = handed.manifest(buyer, task.id)

    signature = Signature(**told.pop("signature"))
    session.expire(task)
    assert b"".join(handed.blocks(path)) == b"a model"
    assert found.sha256 == hashlib.sha256(b"a model").hexdigest()
    assert told["files"] == [{"name": "报告.pdf", "size_bytes": 7, "sha256": found.sha256}]
    assert CRYPTO.verify(canonical(told), signature)
    assert (task.reads, task.bytes_delivered) == (1, 7)


def test_a_redelivery_takes_the_place_of_what_there_was(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    first = hand(session, task, tmp_path)
    beside = hand(session, task, tmp_path, name="附件.csv", note="details")
    again = hand(session, task, tmp_path, again=True)
    buyer, seller = (work_of(session, who) for who in ("per_buyer_editor", "per_developer_signer"))

    with pytest.raises(NotFound):
        handed.fetch(buyer, first.id, data_dir=tmp_path)
    handed.fetch(buyer, again.id, data_dir=tmp_path)
    handed.fetch(seller, first.id, data_dir=tmp_path)

    assert [first.round, beside.round, again.round] == [1, 1, 2]
    assert len(handed.listed(buyer, task.id, after=None, limit=9).items) == 3


def test_a_seller_hands_over_while_it_is_delivered(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    hand(session, task, tmp_path)
    tasks.take(work_of(session, "per_developer_signer"), task.id, "complete")
    hand(session, task, tmp_path, again=True)
    tasks.accept_for(work_of(session, "per_buyer_editor"), task.order_id)

    with pytest.raises(StepRefused) as late:
        hand(session, task, tmp_path, again=True)

    assert late.value.refusals[0].code == "NOT_BEING_DELIVERED"


def test_what_is_wrong_with_a_file_is_said(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    hand(session, task, tmp_path)
    few = {"delivery": {**RULES.table("delivery"), "hand_files_max": 1}}
    tight = work_of(
        session, "per_developer_signer", rules=type(RULES)(RULES.version, {**RULES.values, **few})
    )

    with pytest.raises(StepRefused) as twice:
        hand(session, task, tmp_path)
    with pytest.raises(StepRefused) as full:
        handed.require(tight, Handing(task_id=task.id, name="b.pdf"))
    for name in ("../x", "", "a/b", ".."):
        with pytest.raises(Invalid):
            handed.require(tight, Handing(task_id=task.id, name=name))
    with pytest.raises(StepNotAllowed):
        handed.require(work_of(session, "per_buyer_editor"), Handing(task_id=task.id, name="c"))

    assert [twice.value.refusals[0].code, full.value.refusals[0].code] == [
        "NAME_TAKEN",
        "TOO_MANY_FILES",
    ]


@pytest.mark.parametrize("content", [b"", b"x" * 101])
def test_nothing_is_left_of_a_file_that_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Invalid):
        handed.receive(tmp_path, "hnd_1", io.BytesIO(content), most=100)

    assert not any((tmp_path / "handed").iterdir())


def test_nobody_else_has_a_file_and_a_right_that_ended_gives_none(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    made = hand(session, task, tmp_path)

    with pytest.raises(NotFound):
        handed.fetch(work_of(session, "per_other_editor"), made.id, data_dir=tmp_path)
    with pytest.raises(StepNotAllowed):
        handed.fetch(work_of(session, "per_hub_supervisor"), made.id, data_dir=tmp_path)
    tasks.take(work_of(session, "system"), task.id, "suspend", reason="authorisation suspended")
    with pytest.raises(BeyondOrder, match="suspended"):
        handed.fetch(work_of(session, "per_buyer_editor"), made.id, data_dir=tmp_path)
    with pytest.raises(NotFound):
        handed.fetch(work_of(session, "per_buyer_editor"), "hnd_none", data_dir=tmp_path)


def test_files_of_grave_data_leave_after_a_review_alone(session: Session, tmp_path: Path) -> None:
    task = stores.delivered(session, None, mode="masked_file", grade="G3")
    seller = work_of(session, "per_developer_signer")

    with pytest.raises(BeyondOrder) as early:
        handed.require(seller, Handing(task_id=task.id, name="a.csv"))
    review = reviews.ask_for_files(seller, task.id)
    session.flush()
    with pytest.raises(StepRefused, match="already"):
        reviews.ask_for_files(seller, task.id)
    with pytest.raises(StepNotAllowed):
        reviews.ask_for_files(work_of(session, "per_buyer_editor"), task.id)
    reviews.take(work_of(session, "per_exchange_compliance"), review.id, "release")
    hand(session, task, tmp_path, name="a.csv")

    assert [each.code for each in early.value.refusals] == ["EGRESS_REVIEW_NEEDED"]
    assert gate.barred(seller, task, Way.HAND) == ()
