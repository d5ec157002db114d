"""The examination counts what it looked at and what does not hold, and names the first."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from kernel.engines import Engines
from settlement import fsck, ledger
from settlement.fsck import Result
from tests.conftest import CRYPTO, WorkAs
from tests.settlement.bookkeeping import received
from tests.settlement.test_fsck import tamper

AUGUST = datetime(2026, 8, 2, 4, tzinfo=UTC)
EDIT = "UPDATE ledger_entries SET person = 'per_other'"


def examined(engines: Engines, *, full: bool = False) -> dict[str, Result]:
    with engines.reading() as session:
        return {one.code: one for one in fsck.examine(session, CRYPTO, full=full)}


def test_all_faults_are_counted_and_ten_are_named(
    engines: Engines, session: Session, work_as: WorkAs
) -> None:
    for number in range(12):
        received(work_as("system"), f"bsl_{number}", 1)
    session.commit()

    tamper(engines, EDIT)

    edited, unsealed = (examined(engines)[code] for code in ("ENTRY_EDITED", "ENTRY_UNSEALED"))
    assert (edited.checked, edited.failed) == (12, 12)
    assert edited.first == tuple(f"entry {number}" for number in range(1, 11))
    assert (unsealed.checked, unsealed.failed, unsealed.first) == (12, 0, ())


def test_what_was_booked_in_closed_months_is_left_to_the_full_look(
    engines: Engines, session: Session, work_as: WorkAs
) -> None:
    received(work_as("system"), "bsl_1", 1)
    ledger.close_period(work_as("system", at=AUGUST), "2026-07")
    session.commit()

    tamper(engines, EDIT)

    quick, full = examined(engines), examined(engines, full=True)
    assert quick["ENTRY_EDITED"].failed == 0
    assert "SNAPSHOT_DIFFERS" not in quick
    assert (full["ENTRY_EDITED"].failed, full["SNAPSHOT_DIFFERS"].failed) == (1, 0)
    assert full["BLOCK_BROKEN"].checked == 1
