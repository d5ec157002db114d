"""Builders of order lines with a metered interface, and of keys to them."""

from datetime import timedelta
from typing import Any

from app.unit import Exchange
from delivery.passing import allowances
from delivery.recipients import credentials
from delivery.recipients.credentials import Credential
from tests.conftest import NOON, work_of
from tests.delivery import stores


def opened(
    application: Exchange,
    *,
    rows: int = 1000,
    allowed: dict[str, int] | None = None,
    **changes: Any,
) -> str:
    """Open an interface on a table of so many readings; return the delivery's id."""
    house = application.house
    with house.engines.writing() as session:
        version = stores.stored(session, house.data_dir, rows=rows)
        task = stores.delivered(session, version, **{"mode": "record_api", **changes})
        for meter, limit in (allowed or {}).items():
            allowances.grant(session, task.id, meter, limit)
        session.commit()
        return task.id


def issued(application: Exchange, task_id: str, label: str = "prod") -> tuple[Credential, str]:
    """Issue a key to its buyer."""
    with application.house.engines.writing() as session:
        work = work_of(session, "per_buyer_editor")
        made = credentials.issue(work, task_id, "api", label, NOON + timedelta(days=30))
        session.commit()
        session.refresh(made[0])
        session.expunge(made[0])
        return made


def bearing(secret: str) -> dict[str, str]:
    """Return the header that shows a key."""
    return {"Authorization": f"Bearer {secret}"}
