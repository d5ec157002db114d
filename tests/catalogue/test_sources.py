"""One source per number: one authoritative item a level, and a second claim is a conflict."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalogue import conflicts, directories, sources
from catalogue.conflicts import SourceConflict
from catalogue.sources import AlreadyClaimed, Claim, State
from kernel import watch
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from tests.catalogue import shelf
from tests.conftest import NOON, WorkAs, work_of


def _master(session: Session, code: str = "rainfall") -> str:
    made = sources.enter(
        work_of(session, "per_hub_reviewer"),
        code=code,
        name_zh="小时降水量",
        name_en="Hourly rainfall",
        definition="一小时内的降水量，毫米",
    )
    session.flush()
    return made.code


def _roads(session: Session) -> str:
    made = directories.create(
        work_of(session, "per_roads_editor"), items=shelf.ITEMS, **shelf.FIELDS
    )
    session.flush()
    for person, name in (
        ("per_roads_editor", "submit"),
        ("per_roads_approver", "pass"),
        ("per_hub_reviewer", "accept"),
    ):
        directories.take(work_of(session, person), made.id, name)
    session.flush()
    return made.directory_id


def _claimed(
    session: Session, directory_id: str, person: str = "per_dept_editor", item: str = "RAIN"
) -> tuple[Claim, SourceConflict | None]:
    made = conflicts.claim(
        work_of(session, person),
        master_item_code="rainfall",
        directory_id=directory_id,
        item_code=item,
        grounds="法定观测机构",
    )
    session.flush()
    return made


def _confirmed(session: Session) -> Claim:
    made, _ = _claimed(session, shelf.published(session).directory_id)
    sources.take(work_of(session, "per_hub_reviewer"), made.id, "confirm")
    session.flush()
    return made


def test_a_claim_that_the_hub_confirms_is_the_source(session: Session) -> None:
    _master(session)

    made = _confirmed(session)

    assert (made.level, made.region) == ("province", "430000")
    assert sources.authoritative(session, made.master_item_id, "province", "430000") is made
    assert sources.of_directory(session, made.directory_id) == {"RAIN": made}


@pytest.mark.parametrize("winner", ["standing", "rival"])
def test_i_10_a_second_claim_opens_a_conflict_and_one_source_is_left(
    session: Session, work_as: WorkAs, winner: str
) -> None:
    _master(session)
    standing = _confirmed(session)

    rival, conflict = _claimed(session, _roads(session), "per_roads_editor")
    assert conflict is not None
    opened = watch.running(session, conflict.id)
    assert opened is not None
    due = opened.due_on
    with pytest.raises(StepRefused):
        sources.take(work_as("per_hub_reviewer"), rival.id, "confirm")
    conflicts.take(work_as("per_hub_officer"), conflict.id, "mediate")
    conflicts.take(
        work_as("per_hub_reviewer"), conflict.id, "decide", winner=winner, reason="职责法定"
    )
    session.flush()

    assert due == date(2026, 7, 6)
    assert conflict.winner == winner
    left = sources.authoritative(session, standing.master_item_id, "province", "430000")
    assert left is (standing if winner == "standing" else rival)
    lost = rival if winner == "standing" else standing
    assert lost.state == (State.DECLINED if winner == "standing" else State.ENDED)
    assert watch.running(session, conflict.id) is None


def test_i_10_the_database_knows_one_source_a_level(session: Session) -> None:
    _master(session)
    standing = _confirmed(session)

    session.add(_copy(standing, "clm_city", level="city", region="430100"))
    session.flush()
    session.add(_copy(standing, "clm_second"))

    with pytest.raises(IntegrityError):
        session.flush()


def test_of_two_open_claims_the_second_is_not_confirmed_over_the_first(
    session: Session, work_as: WorkAs
) -> None:
    _master(session)
    first, none = _claimed(session, shelf.published(session).directory_id)
    second, still_none = _claimed(session, _roads(session), "per_roads_editor")
    sources.take(work_as("per_hub_reviewer"), first.id, "confirm")
    session.flush()

    with pytest.raises(StepRefused) as refused:
        sources.take(work_as("per_hub_reviewer"), second.id, "confirm")
    sources.take(work_as("per_hub_reviewer"), second.id, "decline", reason="已有数源")

    assert (none, still_none) == (None, None)
    assert [refusal.code for refusal in refused.value.refusals] == ["SOURCE_TAKEN"]


def test_a_rival_wins_also_when_the_source_has_ended_meanwhile(
    session: Session, work_as: WorkAs
) -> None:
    _master(session)
    standing = _confirmed(session)
    rival, conflict = _claimed(session, _roads(session), "per_roads_editor")
    assert conflict is not None
    sources.take(work_as("per_dept_editor"), standing.id, "end", reason="机构调整")
    conflicts.take(work_as("per_hub_officer"), conflict.id, "mediate")

    conflicts.take(
        work_as("per_hub_reviewer"), conflict.id, "decide", winner="rival", reason="唯一"
    )

    assert rival.state == State.CONFIRMED


def test_an_item_claims_once_and_only_its_own_department_does(
    session: Session, work_as: WorkAs
) -> None:
    _master(session)
    directory_id = shelf.published(session).directory_id
    _claimed(session, directory_id)

    with pytest.raises(AlreadyClaimed):
        _claimed(session, directory_id)
    with pytest.raises(StepNotAllowed):
        _claimed(session, directory_id, "per_roads_editor")
    with pytest.raises(Invalid) as wrong:
        _claimed(session, directory_id, item="SNOW")
    with pytest.raises(Invalid) as draft:
        _claimed(session, shelf.drafted(session).directory_id)

    assert (wrong.value.pointer, draft.value.pointer) == ("/item_code", "/directory_id")


@pytest.mark.parametrize("code", ["Rain", "rainfall"])
def test_a_master_item_has_a_code_of_its_own(session: Session, code: str) -> None:
    _master(session)

    with pytest.raises(Invalid) as wrong:
        _master(session, code)

    assert wrong.value.pointer == "/code"


def test_only_the_authority_enters_master_items(session: Session, work_as: WorkAs) -> None:
    with pytest.raises(StepNotAllowed):
        sources.enter(
            work_as("per_dept_editor"), code="x_y", name_zh="x", name_en="x", definition="x"
        )
    with pytest.raises(NotFound):
        sources.by_code(session, "x_y")


def test_each_sees_the_claims_and_conflicts_that_concern_them(
    session: Session, work_as: WorkAs
) -> None:
    _master(session)
    standing = _confirmed(session)
    rival, conflict = _claimed(session, _roads(session), "per_roads_editor")
    assert conflict is not None

    def seen(person: str, **more: Any) -> set[str]:
        found = sources.listed(work_as(person), **more, after=None, limit=5).items
        return {one.id for one in found}

    def disputed(person: str) -> list[SourceConflict]:
        return conflicts.listed(work_as(person), after=None, limit=5).items

    both = {standing.id, rival.id}
    assert seen("per_roads_editor") == seen("per_hub_officer") == both
    assert seen("per_buyer_editor") == seen("per_hub_officer", state=State.CONFIRMED)
    assert seen("per_hub_officer", directory_id=rival.directory_id) == {rival.id}
    parties = ("per_dept_editor", "per_roads_editor", "per_hub_officer")
    assert [disputed(person) for person in parties] == [[conflict]] * 3
    assert disputed("per_buyer_editor") == []
    assert sources.seen(work_as("per_buyer_editor"), standing.id) is standing
    for module, key in ((sources, rival.id), (sources, "clm_none"), (conflicts, conflict.id)):
        with pytest.raises(NotFound):
            module.seen(work_as("per_buyer_editor"), key)
    with pytest.raises(NotFound):
        sources.find(session, "clm_none")
    with pytest.raises(NotFound):
        conflicts.find(session, "scf_none")
    assert conflicts.find(session, conflict.id) is conflict
    page = sources.master_items(session, after=None, limit=5)
    assert [one.code for one in page.items] == ["rainfall"]


@pytest.mark.parametrize(
    ("region", "level"), [("430000", "province"), ("430100", "city"), ("430104", "county")]
)
def test_a_region_stands_at_a_level(region: str, level: str) -> None:
    assert sources.level_of(region) == level


def _copy(claim: Claim, key: str, **changes: str) -> Claim:
    facts: dict[str, Any] = {
        "master_item_id": claim.master_item_id,
        "directory_id": claim.directory_id,
        "item_code": key,
        "department_id": claim.department_id,
        "level": claim.level,
        "region": claim.region,
        "grounds": claim.grounds,
        "claimed_at": NOON,
    }
    return Claim(id=key, state=State.CONFIRMED, **{**facts, **changes})
