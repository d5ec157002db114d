import hashlib
import io
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from delivery.intake import parts, uploads
from delivery.intake.formats import Problem
from delivery.intake.uploads import State, Upload
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.work import Rules
from tests.conftest import NOON, RULES, WorkAs

EDITOR, OTHER = "per_developer_editor", "per_other_editor"
_INTAKE = {**RULES.table("intake"), "part_bytes": 10, "size_bytes_max": 1_000, "open_max": 2}
SMALL = Rules(RULES.version, {**RULES.values, "intake": _INTAKE})


def begun(work_as: WorkAs, size: int = 25, **more: Any) -> Upload:
    asked = {"name": "雨量.csv", "title": "雨量", "size_bytes": size, **more}
    return uploads.begin(work_as(EDITOR, rules=SMALL), **asked)


def filled(work_as: WorkAs, upload: Upload) -> None:
    for number in range(1, upload.parts + 1):
        uploads.keep(work_as(EDITOR), upload.id, number, "0" * 64)


def received(work_as: WorkAs) -> Upload:
    upload = begun(work_as)
    filled(work_as, upload)
    return uploads.take(work_as(EDITOR), upload.id, "complete")


def test_an_upload_says_how_large_its_parts_are(work_as: WorkAs) -> None:
    upload = begun(work_as)

    assert upload.parts == 3
    assert [upload.size_of(number) for number in (1, 2, 3)] == [10, 10, 5]


def test_an_upload_is_complete_with_its_last_part_and_not_before(work_as: WorkAs) -> None:
    upload = begun(work_as)
    uploads.keep(work_as(EDITOR), upload.id, 3, "0" * 64)
    uploads.keep(work_as(EDITOR), upload.id, 3, "1" * 64)

    with pytest.raises(StepRefused) as told:
        uploads.take(work_as(EDITOR), upload.id, "complete")
    filled(work_as, upload)
    done = uploads.take(work_as(EDITOR), upload.id, "complete")

    assert [refusal.code for refusal in told.value.refusals] == ["PARTS_MISSING"]
    assert "2" in told.value.en
    assert done.state == State.RECEIVED
    assert uploads.there(work_as(EDITOR).session, upload.id) == [1, 2, 3]


def test_only_a_merchant_may_upload_and_only_its_own_people_may_go_on(work_as: WorkAs) -> None:
    upload = begun(work_as)

    with pytest.raises(StepNotAllowed):
        uploads.begin(work_as("per_buyer_signer"), name="a", title="a", size_bytes=1)
    with pytest.raises(NotFound):
        uploads.expected(work_as(OTHER), upload.id, 1)
    with pytest.raises(NotFound):
        uploads.find(work_as(EDITOR).session, "upl_none")


def test_a_file_that_is_too_large_and_one_upload_too_many_are_refused(work_as: WorkAs) -> None:
    with pytest.raises(Invalid):
        begun(work_as, 1_001)
    begun(work_as)
    begun(work_as)

    with pytest.raises(StepRefused) as told:
        begun(work_as)
    assert [refusal.code for refusal in told.value.refusals] == ["UPLOADS_OPEN"]


def test_a_part_that_is_none_and_one_that_comes_too_late_are_refused(work_as: WorkAs) -> None:
    upload = begun(work_as)
    for number in (0, 4):
        with pytest.raises(Invalid):
            uploads.expected(work_as(EDITOR), upload.id, number)

    filled(work_as, upload)
    uploads.take(work_as(EDITOR), upload.id, "complete")

    with pytest.raises(StepRefused) as told:
        uploads.expected(work_as(EDITOR), upload.id, 1)
    assert [refusal.code for refusal in told.value.refusals] == ["UPLOAD_CLOSED"]


def test_uploads_are_read_oldest_first_and_each_by_one_reader(work_as: WorkAs) -> None:
    first, second = received(work_as), received(work_as)

    claimed = [uploads.claim(work_as("system")) for _ in range(3)]

    assert [one.id if one else None for one in claimed] == [*sorted((first.id, second.id)), None]


def test_what_a_dead_reader_left_is_read_again(work_as: WorkAs) -> None:
    upload = received(work_as)
    uploads.claim(work_as("system"))
    later = NOON + timedelta(hours=3)

    again = uploads.claim(work_as("system", at=later))

    assert again is not None
    assert (again.id, upload.claimed_at) == (upload.id, later)
    assert uploads.claim(work_as("system", at=later)) is None


def test_a_refused_upload_keeps_every_problem(work_as: WorkAs) -> None:
    upload = received(work_as)
    uploads.claim(work_as("system"))
    uploads.tell(work_as("system"), upload.id, "reading")

    uploads.refuse(work_as("system"), upload.id, [Problem("ROW_MISSHAPEN", "甲", "a", line=3)])

    told: Mapping[str, Any] = (upload.problems or [])[0]
    assert (upload.state, upload.stage) == (State.REFUSED, None)
    assert (told["code"], told["line"], told["column"]) == ("ROW_MISSHAPEN", 3, None)


def test_what_is_never_completed_lapses_and_its_parts_are_removed(
    work_as: WorkAs, session: Session
) -> None:
    old, done = begun(work_as), received(work_as)

    none = uploads.lapse(work_as("system"))
    lapsed = uploads.lapse(work_as("system", at=NOON + timedelta(days=8)))

    assert (none, lapsed) == (0, 1)
    assert (old.state, done.state) == (State.ABANDONED, State.RECEIVED)
    assert uploads.untidied(session) == [old.id]
    uploads.tidied(work_as("system"), old.id)
    assert uploads.untidied(session) == []


def test_uploads_are_listed_to_their_organisation_alone(work_as: WorkAs) -> None:
    upload = begun(work_as)

    own = uploads.listed(work_as(EDITOR), after=None, limit=10)
    others = uploads.listed(work_as(OTHER), after=None, limit=10)

    assert ([one.id for one in own.items], others.items) == ([upload.id], [])


def test_parts_are_checked_by_size_and_hash_and_joined_in_their_order(tmp_path: Path) -> None:
    whole = b"0123456789abcde"
    for number, part in ((2, whole[10:]), (1, whole[:10])):
        told = hashlib.sha256(part).hexdigest()
        parts.receive(tmp_path, "upl_1", number, io.BytesIO(part), size=len(part), sha256=told)

    digest = parts.joined(tmp_path, "upl_1", 2, tmp_path / "whole")

    assert (tmp_path / "whole").read_bytes() == whole
    assert digest == hashlib.sha256(whole).hexdigest()
    parts.drop(tmp_path, "upl_1")
    parts.drop(tmp_path, "upl_1")
    assert not parts.folder_of(tmp_path, "upl_1").exists()


@pytest.mark.parametrize("sent", [b"short", b"0123456789x", b"9876543210"])
def test_a_part_of_another_size_or_hash_leaves_nothing_behind(tmp_path: Path, sent: bytes) -> None:
    told = hashlib.sha256(b"0123456789").hexdigest()

    with pytest.raises(Invalid):
        parts.receive(tmp_path, "upl_1", 1, io.BytesIO(sent), size=10, sha256=told)

    assert list(parts.folder_of(tmp_path, "upl_1").iterdir()) == []
