"""The gate: whatever ends a right ends every way at the next use, and every reason is told."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from catalogue.grades import Condition, Mode
from delivery import gate, tasks, ways
from delivery.gate import BeyondOrder
from delivery.passing import allowances
from delivery.tasks import DeliveryTask
from delivery.ways import Way
from kernel import journal
from kernel.errors import StepNotAllowed
from licensing import authorisations
from licensing.decisions import UseDenied
from tests.conftest import work_of
from tests.delivery import parcels, stores
from tests.licensing import grants

EACH = [
    ("raw_file", "G1", Way.PACKAGE),
    ("masked_file", "G2", Way.SHARE),
    ("record_api", "G2", Way.API),
    ("verification", "G4", Way.API),
    ("in_domain", "G4", Way.QUERY),
    ("model", "G4", Way.HAND),
]


def opened(session: Session, data_dir: Path, **changes: Any) -> DeliveryTask:
    """Open a delivery of a table."""
    return stores.delivered(session, stores.stored(session, data_dir, rows=100), **changes)


def codes(session: Session, task: DeliveryTask, way: Way, **more: Any) -> list[str]:
    """Return why a use is refused."""
    with pytest.raises(BeyondOrder) as refused:
        gate.admit(work_of(session, "per_buyer_editor"), task, way, **more)
    return [refusal.code for refusal in refused.value.refusals]


@pytest.mark.parametrize(("mode", "grade", "way"), EACH)
@pytest.mark.parametrize("step", ["suspend", "revoke"])
def test_what_ends_a_right_ends_its_way(
    session: Session, tmp_path: Path, mode: str, grade: str, way: Way, step: str
) -> None:
    task = opened(session, tmp_path, mode=mode, grade=grade)
    admitted = gate.admit(work_of(session, "per_buyer_editor"), task, way)
    tasks.take(work_of(session, "system"), task.id, step, reason="the order is refunded")

    assert admitted.task is task
    assert codes(session, task, way) == ["NOT_OPEN"]


@pytest.mark.parametrize(("mode", "grade", "way"), EACH)
def test_a_period_that_is_over_ends_its_way(
    session: Session, tmp_path: Path, mode: str, grade: str, way: Way
) -> None:
    last_day = opened(session, tmp_path, mode=mode, grade=grade, use_until=date(2026, 7, 1))
    gate.admit(work_of(session, "per_buyer_editor"), last_day, way)
    last_day.use_until = date(2026, 6, 30)

    assert codes(session, last_day, way) == ["USE_PERIOD_OVER"]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("way", list(Way))
def test_a_way_of_another_mode_is_closed(
    session: Session, tmp_path: Path, mode: Mode, way: Way
) -> None:
    task = opened(session, tmp_path, mode=mode.value)

    refused = [each.code for each in gate.barred(work_of(session, "system"), task, way)]

    assert refused == ([] if way in ways.of(mode) else ["WAY_NOT_ORDERED"])


def test_i_21_data_that_is_found_graver_than_it_was_sold_is_withheld(
    session: Session, tmp_path: Path
) -> None:
    version = stores.stored(
        session, tmp_path, rows=50, made_by=stores.PEOPLE, personal=(stores.PHONE,)
    )
    task = stores.delivered(session, version, mode="raw_file", grade="G1")

    assert codes(session, task, Way.PACKAGE) == ["MODE_NOT_ALLOWED"]


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"mode": "masked_file", "grade": "G3"}, "EGRESS_REVIEW_NEEDED"),
        ({"mode": "masked_file", "origin": "mixed"}, "EGRESS_REVIEW_NEEDED"),
        ({"mode": "record_api", "pi_class": "ordinary"}, "CONSENT_NEEDED"),
        ({"mode": "verification", "pi_class": "sensitive"}, "CONSENT_NEEDED"),
        ({"mode": "in_domain", "grade": "IMPORTANT"}, "APPROVAL_NEEDED"),
        ({"mode": "in_domain", "pi_class": "sensitive"}, "ENCLAVE_NEEDED"),
    ],
)
def test_a_condition_that_nobody_has_fulfilled_closes_the_way(
    session: Session, tmp_path: Path, terms: dict[str, str], code: str
) -> None:
    task = opened(session, tmp_path, **terms)
    way = next(iter(ways.of(Mode(terms["mode"])) - {Way.PACKAGE, Way.SHARE} or {Way.HAND}))

    assert codes(session, task, way) == [code]


def test_a_condition_of_the_serving_is_handed_on(session: Session, tmp_path: Path) -> None:
    task = opened(session, tmp_path, mode="record_api", grade="G3")

    passage = gate.admit(work_of(session, "per_buyer_editor"), task, Way.API)

    assert passage.conditions == {Condition.MASKED}


def test_every_reason_is_told_at_once(session: Session, tmp_path: Path) -> None:
    task = opened(session, tmp_path, mode="raw_file", use_until=date(2026, 1, 1), open_=False)
    use = gate.Use(purpose_code="advertising", output_form="score", region="110000")

    assert codes(session, task, Way.QUERY, use=use) == [
        "NOT_OPEN",
        "USE_PERIOD_OVER",
        "WAY_NOT_ORDERED",
        "PURPOSE_NOT_ORDERED",
        "FORM_NOT_ORDERED",
        "REGION_NOT_ORDERED",
    ]


def test_only_the_buyer_is_admitted(session: Session, tmp_path: Path) -> None:
    task = opened(session, tmp_path)

    for person in ("per_developer_signer", "per_hub_supervisor", "per_other_editor"):
        with pytest.raises(StepNotAllowed):
            gate.admit(work_of(session, person), task, Way.PACKAGE)


def test_an_allowance_is_spent_and_what_did_not_come_is_given_back(
    session: Session, tmp_path: Path
) -> None:
    task = opened(session, tmp_path, mode="record_api")
    allowances.grant(session, task.id, "calls", 2)
    allowances.grant(session, task.id, "rows", 10)
    allowances.grant(session, task.id, "rows", 99)
    session.flush()
    work = work_of(session, "per_buyer_editor")

    passage = gate.admit(work, task, Way.API, quantity={"calls": 1, "rows": 8})
    left = gate.count(work, passage, rows=3, bytes=30, digest="d")

    assert left == {"calls": 1, "rows": 7}
    assert codes(session, task, Way.API, quantity={"calls": 1, "rows": 8}) == ["ALLOWANCE_USED_UP"]
    assert gate.remaining(work, task) == {"calls": 1, "rows": 7}
    event = journal.history(session, task.id, limit=9)[-1]
    assert (event.kind, event.data["way"], event.data["bytes"]) == ("delivery.used", "api", 30)


def test_public_data_is_decided_by_its_authorisation(session: Session) -> None:
    task = parcels.provisioned(session, parcels.opened(session, parcels.authorised(session).id))
    work = work_of(session, "per_buyer_editor")

    passage = gate.admit(work, task, Way.QUERY, quantity={"rows": 5})
    left = gate.count(work, passage, rows=2)
    grants.suspend(
        work_of(session, "per_hub_supervisor"),
        authorisations.find(session, str(task.authorisation_id)),
    )
    with pytest.raises(UseDenied) as denied:
        gate.admit(work, task, Way.QUERY)

    assert passage.decision_id is not None
    assert left == {"rows": 998}
    assert [refusal.code for refusal in denied.value.refusals] == ["AUTH_SUSPENDED"]
    assert gate.offered(task) == {Way.QUERY}


def test_public_data_is_offered_as_no_file(session: Session) -> None:
    version = parcels.opened(session, parcels.authorised(session).id, mode="masked_file")

    assert gate.offered(version) == {Way.HAND}
