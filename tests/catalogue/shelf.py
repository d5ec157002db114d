"""Builders of a catalogue: a directory of weather, its resource, its registration."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from catalogue import directories, registrations, resources
from catalogue.contents import Fields
from catalogue.directories import DirectoryVersion
from catalogue.forms import Form
from catalogue.registrations import Registration
from catalogue.resources import Resource
from kernel import watch
from tests.conftest import NOON, work_of

LONG_AGO = datetime(2026, 3, 2, 4, tzinfo=UTC)  # a Monday, and time enough for a publicity

FIELDS: Fields = {
    "title_zh": "北京12站逐小时气象观测",
    "title_en": "Hourly weather of twelve Beijing stations",
    "abstract": "气温、气压、露点、降水、风",
    "industry": "M74",
    "update_frequency": "hourly",
    "share_type": "conditional",
    "open_type": "conditional_open",
    "operation_type": "eligible",
}

ITEMS: list[dict[str, Any]] = [
    {
        "code": code,
        "name_zh": zh,
        "name_en": en,
        "data_type": "decimal",
        "unit": unit,
    }
    for code, zh, en, unit in (
        ("TEMP", "气温", "Temperature", "°C"),
        ("RAIN", "降水量", "Precipitation", "mm"),
        ("WSPM", "风速", "Wind speed", "m/s"),
    )
]

PROFILE: dict[str, Any] = {
    "rows": 420_768,
    "bytes": 1_982_252,
    "sha256": "09" * 32,
    "columns": [
        {"name": "station", "type": "string", "missing_bp": 0},
        {"name": "TEMP", "type": "decimal", "missing_bp": 9},
    ],
}

FORM: Form = {
    "contact": "目录管理员",
    "phone": "0731-0000000",
    "storage": "省政务云安全域",
    "description": "十二个站点的逐小时观测",
    "commitment": True,
}


def drafted(
    session: Session, *, items: Sequence[dict[str, Any]] = ITEMS, **changes: Any
) -> DirectoryVersion:
    """Write a directory, with what is changed."""
    fields: Any = {**FIELDS, **changes}
    made = directories.create(work_of(session, "per_dept_editor"), items=items, **fields)
    session.flush()  # a living record gets its first version from the database
    return made


def go(session: Session, version: DirectoryVersion, *path: str, at: datetime = NOON) -> None:
    """Take steps of a directory version, each by its own person."""
    people = {
        "submit": "per_dept_editor",
        "pass": "per_dept_approver",
        "accept": "per_hub_reviewer",
        "return": "per_hub_reviewer",
        "suspend": "per_hub_supervisor",
        "resume": "per_hub_supervisor",
        "revoke": "per_dept_approver",
    }
    asked = {name for name, row in directories.LIFE.steps.items() if row.asks}
    for name in path:
        answers = {"reason": "because"} if name in asked else {}
        directories.take(work_of(session, people[name], at=at), version.id, name, **answers)
        session.flush()


def published(session: Session, **changes: Any) -> DirectoryVersion:
    """Write a directory and have it published."""
    made = drafted(session, **changes)
    go(session, made, "submit", "pass", "accept")
    return made


def attached(
    session: Session,
    directory_id: str,
    *,
    location: str = "weather.parquet",
    profile: dict[str, Any] = PROFILE,
) -> Resource:
    """Attach a file to a directory, from a system that is made for it."""
    work = work_of(session, "per_dept_editor")
    system = resources.enter_system(work, name_zh="观测系统", name_en="Observation system")
    session.flush()  # the resource refers to the system by id alone
    made = resources.attach(
        work,
        directory_id=directory_id,
        system_id=system.id,
        name="Hourly observations",
        location=location,
        profile=profile,
    )
    session.flush()  # a living record gets its first version from the database
    return made


def applied(
    session: Session, directory_id: str, *, years: int = 3, at: datetime = LONG_AGO
) -> Registration:
    """Apply for a registration long ago."""
    made = registrations.apply(
        work_of(session, "per_dept_editor", at=at),
        directory_id=directory_id,
        years=years,
        form=FORM,
    )
    session.flush()  # a living record gets its first version from the database
    return made


def in_publicity(session: Session, directory_id: str, *, years: int = 3) -> Registration:
    """Apply for a registration long ago, and have it publicised."""
    made = applied(session, directory_id, years=years)
    registrations.take(work_of(session, "per_hub_officer", at=LONG_AGO), made.id, "accept")
    registrations.take(work_of(session, "per_hub_reviewer", at=LONG_AGO), made.id, "pass")
    session.flush()
    return made


def registered(session: Session, directory_id: str, *, years: int = 3) -> Registration:
    """Register a directory, at the tests' noon."""
    made = in_publicity(session, directory_id, years=years)
    registrations.take(work_of(session, "system"), made.id, "register")
    session.flush()
    assert watch.running(session, made.id) is None
    return made
