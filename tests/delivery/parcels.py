"""Builders of deliveries: real weather, authorised, ordered and opened for its buyer."""

from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from catalogue.directories import DirectoryVersion
from delivery import domain, tasks
from delivery.domain import Cut
from delivery.reads import Use
from delivery.tasks import DeliveryTask, Line
from licensing.authorisations import Authorisation
from tests.catalogue import shelf
from tests.conftest import work_of
from tests.licensing import grants

DATA = Path(__file__).parents[2] / "data"
WEATHER = "beijing_weather_hourly.parquet"
USE = Use(purpose_code="weather_insurance", output_form="aggregate_report", region="430000")


def published(session: Session) -> DirectoryVersion:
    """Publish and register the directory that the grants speak of."""
    version = shelf.published(session)
    shelf.registered(session, version.directory_id)
    return version


def scope(**changes: Any) -> dict[str, Any]:
    """Return a scope of the directory's temperature and rain."""
    items = [
        {"directory": grants.DIRECTORY, "item": item, "transform": "aggregated"}
        for item in ("TEMP", "RAIN")
    ]
    return grants.scope(**{"items": items, **changes})


def authorised(session: Session, **changes: Any) -> Authorisation:
    """Authorise the use of temperature and rain, with an agreement behind it."""
    items = scope()["items"]
    grants.agreement(session, items=items)
    return grants.active(session, given=scope(**changes))


def opened(
    session: Session, authorisation_id: str | None, *, resource: bool = True, **changes: Any
) -> DeliveryTask:
    """Open the delivery of a directory's weather for its buyer."""
    version = published(session)
    resource_id = None
    if resource:
        profile = domain.inspect(DATA, WEATHER)
        attached = shelf.attached(session, version.directory_id, location=WEATHER, profile=profile)
        resource_id = attached.id
    return tasks.open_for(
        work_of(session, "system"),
        order_id="ord_1",
        lines=[line(authorisation_id, resource_id, **changes)],
    )[0]


def line(authorisation_id: str | None, resource_id: str | None, **changes: Any) -> Line:
    """Return what an order says of its line, with what is changed."""
    given: Any = {
        "order_line_id": "orl_1",
        "product_version_id": "prv_1",
        "buyer_id": "org_buyer",
        "seller_id": "org_developer",
        "authorisation_id": authorisation_id,
        "resource_id": resource_id,
        "dataset_version_id": None,
        "mode": "in_domain",
        "grade": "G2",
        "pi_class": "none",
        "origin": "self_produced" if authorisation_id is None else "public_authorised",
        "purpose_code": "weather_insurance",
        "items": [
            {"directory": grants.DIRECTORY, "item": "TEMP"},
            {"directory": grants.DIRECTORY, "item": "RAIN"},
        ],
        "output_form": "aggregate_report",
        "region": "430000",
        "use_until": date(2026, 12, 31),
        **changes,
    }
    made: Line = given
    return made


def provisioned(session: Session, task: DeliveryTask) -> DeliveryTask:
    """Have the seller open the way."""
    session.flush()
    return tasks.take(work_of(session, "per_developer_signer"), task.id, "provision")


def july(*items: str, **changes: Any) -> Cut:
    """Return the question of the tests: July 2013 at one station."""
    asked: dict[str, Any] = {
        "items": items or ("TEMP",),
        "since": date(2013, 7, 1),
        "until": date(2013, 7, 31),
        "stations": ("Dongsi",),
        "limit": 100,
        **changes,
    }
    return Cut(**asked)
