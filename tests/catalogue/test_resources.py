"""Resources: a file is attached once, by its own department, and never by a path."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalogue import directories, resources
from catalogue.resources import LocationTaken, State
from kernel import ids
from kernel.actor import Role
from kernel.errors import Invalid, NotFound, StepNotAllowed
from kernel.parties.organisations import Organisation, OrganisationRole
from kernel.work import Work
from tests.catalogue import shelf
from tests.conftest import NOON, WorkAs, work_of


def test_a_resource_keeps_the_profile_it_was_attached_with(session: Session) -> None:
    version = shelf.published(session)

    made = shelf.attached(session, version.directory_id)

    assert made.state == State.ATTACHED
    assert (made.row_count, made.byte_size) == (420_768, 1_982_252)
    assert made.columns == shelf.PROFILE["columns"]
    assert resources.of_directory(session, version.directory_id) == [made]
    assert resources.find(session, made.id) is made


@pytest.mark.parametrize(
    "location",
    [
        "../weather.parquet",
        "a/b.parquet",
        "/etc/passwd",
        "weather.csv",
        "Weather.parquet",
        ".parquet",
        "weather.parquet\n",
        "weather.parquet\0",
        f"{'a' * 81}.parquet",
    ],
)
def test_a_mount_key_leads_nowhere_else(session: Session, location: str) -> None:
    version = shelf.published(session)

    with pytest.raises(Invalid) as wrong:
        shelf.attached(session, version.directory_id, location=location)

    assert wrong.value.pointer == "/location"


def test_a_file_is_attached_once(session: Session) -> None:
    version = shelf.published(session)
    made = shelf.attached(session, version.directory_id)

    with pytest.raises(LocationTaken):
        shelf.attached(session, version.directory_id)
    _detach(session, made.id)
    again = shelf.attached(session, version.directory_id)

    assert made.state == State.DETACHED
    assert resources.of_directory(session, version.directory_id) == [again]


def test_the_database_holds_a_file_attached_once(session: Session) -> None:
    version = shelf.published(session)
    shelf.attached(session, version.directory_id)
    second = shelf.attached(session, version.directory_id, location="other.parquet")

    second.location = "weather.parquet"

    with pytest.raises(IntegrityError):
        session.flush()


def test_a_detached_file_stays_its_department_s(session: Session) -> None:
    version = shelf.published(session)
    _detach(session, shelf.attached(session, version.directory_id).id)
    other = _other_department(session)
    theirs = directories.create(other, items=shelf.ITEMS, **shelf.FIELDS)
    system = resources.enter_system(other, name_zh="别的", name_en="Another")
    session.flush()

    with pytest.raises(LocationTaken):
        _attach(other, theirs.directory_id, system.id)


def test_a_department_attaches_to_its_own_directories_from_its_own_systems(
    session: Session,
) -> None:
    version = shelf.published(session)
    own = resources.enter_system(
        work_of(session, "per_dept_editor"), name_zh="观测", name_en="Observation"
    )
    other = _other_department(session)
    foreign = resources.enter_system(other, name_zh="别的", name_en="Another")
    session.flush()

    for system in (own, foreign):
        with pytest.raises(NotFound):
            _attach(other, version.directory_id, system.id)
    with pytest.raises(NotFound):
        _attach(work_of(session, "per_dept_editor"), version.directory_id, "sys_none")


@pytest.mark.parametrize("person", ["per_dept_approver", "per_operator_editor"])
def test_only_engineers_of_a_department_attach(
    session: Session, work_as: WorkAs, person: str
) -> None:
    version = shelf.published(session)

    with pytest.raises(StepNotAllowed):
        _attach(work_as(person), version.directory_id, "sys_none")
    with pytest.raises(StepNotAllowed):
        resources.enter_system(work_as(person), name_zh="系统", name_en="System")


def test_a_resource_is_not_too_wide(session: Session) -> None:
    version = shelf.published(session)
    column = shelf.PROFILE["columns"][0]
    profile = {**shelf.PROFILE, "columns": [column] * (resources.COLUMNS_MAX + 1)}

    with pytest.raises(Invalid, match="500 columns"):
        shelf.attached(session, version.directory_id, profile=profile)


def test_a_resource_is_hidden_from_those_it_does_not_concern(
    session: Session, work_as: WorkAs
) -> None:
    version = shelf.published(session)
    made = shelf.attached(session, version.directory_id)

    for person in ("per_dept_approver", "per_hub_officer", "per_operator_signer", "system"):
        assert resources.seen(work_as(person), made.id) is made
        page = resources.listed(
            work_as(person), directory_id=version.directory_id, after=None, limit=5
        )
        assert page.items == [made]
    for key in (made.id, "res_none"):
        with pytest.raises(NotFound):
            resources.seen(work_as("per_buyer_editor"), key)
        with pytest.raises(NotFound):
            resources.find(session, "res_none")
    assert resources.listed(work_as("per_buyer_editor"), after=None, limit=5).items == []


def test_a_department_lists_its_systems(session: Session, work_as: WorkAs) -> None:
    version = shelf.published(session)
    made = shelf.attached(session, version.directory_id)

    own = resources.systems(work_as("per_dept_editor"), after=None, limit=5)
    others = resources.systems(work_as("per_buyer_editor"), after=None, limit=5)

    assert [system.id for system in own.items] == [made.system_id]
    assert others.items == []


def test_the_attach_rate_counts_published_directories_with_a_resource(session: Session) -> None:
    nothing = resources.attach_rate(session)
    first, second = shelf.published(session), shelf.published(session)
    shelf.published(session)
    shelf.attached(session, first.directory_id)
    shelf.attached(session, first.directory_id, location="two.parquet")
    detached = shelf.attached(session, second.directory_id, location="three.parquet")
    shelf.attached(session, shelf.drafted(session).directory_id, location="four.parquet")
    _detach(session, detached.id)

    rate = resources.attach_rate(session)

    assert (nothing, nothing.rate_bp) == ((0, 0), 0)
    assert (rate, rate.rate_bp) == ((1, 3), 3_333)


def _attach(work: Work, directory_id: str, system_id: str) -> resources.Resource:
    return resources.attach(
        work,
        directory_id=directory_id,
        system_id=system_id,
        name="Observations",
        location="weather.parquet",
        profile=shelf.PROFILE,
    )


def _detach(session: Session, resource_id: str) -> None:
    resources.take(work_of(session, "per_dept_editor"), resource_id, "detach", reason="moved")
    session.flush()


def _other_department(session: Session) -> Work:
    key = ids.new("org_", NOON)
    session.add(
        Organisation(
            id=key,
            state="active",
            uscc="91110108717743469K",
            name_zh="演示·别的部门",
            name_en="Demo Another Department",
            region="430000",
            entered_at=NOON,
            roles=[
                OrganisationRole(
                    id=ids.new("rol_", NOON),
                    role=Role.SUPPLY_DEPARTMENT,
                    state="granted",
                    granted_at=NOON,
                )
            ],
        )
    )
    session.flush()
    work = work_of(session, "per_dept_editor")
    return replace(work, actor=replace(work.actor, organisation=key))
