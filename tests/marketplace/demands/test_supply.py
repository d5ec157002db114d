"""A demand that nothing fits is put to departments, and answered within a clock."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalogue import directories
from catalogue.directories import DirectoryVersion
from kernel import watch
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from marketplace.demands import demands, matching, supply
from marketplace.demands.demands import Demand
from marketplace.demands.supply import State, SupplyRequest
from tests.catalogue import shelf
from tests.conftest import NOON, work_of
from tests.marketplace import make
from tests.marketplace.demands.test_demands import drafted, published
from tests.marketplace.make import AFTER_PUBLICITY

BUYER, HEAD = "per_buyer_editor", "per_dept_approver"


def asked(session: Session) -> tuple[Demand, DirectoryVersion, SupplyRequest]:
    version = shelf.published(session)
    demand = published(session)
    work = work_of(session, BUYER, at=AFTER_PUBLICITY)
    (made,) = supply.file(work, demand.id, [version.directory_id], said="逐日降雨")
    session.flush()
    return demand, version, made


def take(session: Session, made: SupplyRequest, step: str, person: str, **data: str) -> None:
    supply.take(work_of(session, person, at=AFTER_PUBLICITY), made.id, step, **data)
    session.flush()


def codes(error: pytest.ExceptionInfo[StepRefused]) -> set[str]:
    return {refusal.code for refusal in error.value.refusals}


def test_a_department_accepts_renews_its_directory_and_is_done(session: Session) -> None:
    _, version, made = asked(session)
    first = watch.running(session, made.id)

    take(session, made, "accept", HEAD, plan="增加逐日降雨，下月发布")
    second = watch.running(session, made.id)
    with pytest.raises(StepRefused) as early:
        take(session, made, "supply", HEAD)
    made.accepted_at = directories.find(session, version.id).published_at  # it was renewed since
    session.flush()
    take(session, made, "supply", HEAD)

    assert first is not None
    assert second is not None
    assert (first.key, second.key) == ("clocks.supply_answer", "clocks.supply_publication")
    assert codes(early) == {"DIRECTORY_NOT_RENEWED"}
    assert (made.state, made.supplied_version_id) == (State.SUPPLIED, version.id)
    assert watch.running(session, made.id) is None


def test_a_department_declines_with_a_reason_and_may_be_asked_again(session: Session) -> None:
    demand, version, made = asked(session)

    with pytest.raises(StepRefused) as silent:
        take(session, made, "decline", HEAD)
    take(session, made, "decline", HEAD, reason="本部门不掌握该数据")
    again = supply.file(
        work_of(session, BUYER, at=AFTER_PUBLICITY), demand.id, [version.directory_id], said="再请"
    )
    session.flush()
    take(session, again[0], "withdraw", BUYER)

    assert codes(silent) == {"ANSWER_NEEDED"}
    assert (made.state, again[0].state) == (State.DECLINED, State.WITHDRAWN)
    assert supply.figures(work_of(session, HEAD))["declined"] == 1
    assert supply.figures(work_of(session, "per_exchange_auditor"))["withdrawn"] == 1


def test_only_the_buyer_asks_and_only_the_department_answers(session: Session) -> None:
    demand, version, made = asked(session)

    with pytest.raises(StepNotAllowed):
        supply.file(work_of(session, "per_developer_editor"), demand.id, [version.directory_id],
                    said="x")  # fmt: skip
    with pytest.raises(StepNotAllowed):
        take(session, made, "accept", BUYER, plan="x")
    with pytest.raises(NotFound):
        take(session, made, "accept", "per_developer_editor", plan="x")
    with pytest.raises(NotFound):
        supply.find(session, "srq_none")
    seen = [
        len(supply.listed(work_of(session, person), after=None, limit=5).items)
        for person in (BUYER, HEAD, "per_developer_editor", "per_exchange_auditor")
    ]
    assert seen == [1, 1, 0, 1]


def test_what_is_matched_asked_already_or_not_open_is_refused(session: Session) -> None:
    demand, version, _ = asked(session)
    work = work_of(session, BUYER, at=AFTER_PUBLICITY)
    fits = make.listed(session)
    session.add(
        matching.DemandMatch(
            demand_id=demand.id, product_id=fits.id, score=90, parts={}, matched_at=NOON
        )
    )
    session.flush()

    with pytest.raises(StepRefused) as twice:
        supply.file(work, demand.id, [version.directory_id], said="再请")
    with pytest.raises(StepRefused) as closed:
        supply.file(work, drafted(session).id, [version.directory_id], said="未发布")

    assert codes(twice) == {"DEMAND_MATCHED", "ASKED_ALREADY"}
    assert codes(closed) == {"DEMAND_NOT_OPEN"}
    assert demands.find(session, demand.id).state in demands.OPEN


def test_directories_are_chosen_and_published(session: Session) -> None:
    demand, version = published(session), shelf.published(session)
    draft = shelf.drafted(session, title_zh="尚未发布的目录")
    work = work_of(session, BUYER, at=AFTER_PUBLICITY)

    for wrong in ([], [version.directory_id] * 2, [draft.directory_id],
                  [f"dir_{number}" for number in range(supply.AT_ONCE + 1)]):  # fmt: skip
        with pytest.raises(Invalid):
            supply.file(work, demand.id, wrong, said="逐日降雨")


def test_the_database_keeps_one_open_request_each(session: Session) -> None:
    demand, version, made = asked(session)
    session.add(
        SupplyRequest(
            id="srq_twin",
            state=State.ACCEPTED,
            demand_id=demand.id,
            directory_id=version.directory_id,
            department_id=made.department_id,
            buyer_id=made.buyer_id,
            said="",
            asked_at=NOON,
        )
    )

    with pytest.raises(IntegrityError):
        session.flush()
