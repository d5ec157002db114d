"""Making packages: outside any transaction, so that nobody waits for a large one."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

import structlog

from app import unit
from app.house import House
from delivery import tasks
from delivery.packages import making, marks, packages
from delivery.packages.making import Order
from delivery.packages.packages import Claimed
from delivery.tables import scopes, sources
from delivery.tables.datasets import DatasetVersion
from kernel.actor import SYSTEM
from kernel.errors import DomainError
from kernel.work import Work

T = TypeVar("T")

MADE_MAX: Final = 20
"""Packages that one run makes; the next run makes the next ones."""

log = structlog.get_logger()


def make_waiting(house: House) -> int:
    """Make the packages that wait, oldest first; returns how many were ended."""
    with house.engines.reading() as session:
        waiting = packages.waits(session)
    ended = 0
    while waiting and ended < MADE_MAX and (claimed := _run(house, packages.claim)) is not None:
        _make(house, claimed)
        ended += 1
    return ended


def tidy(house: House) -> None:
    """Remove the files of packages whose keys are destroyed."""
    with house.engines.reading() as session:
        gone = packages.untidied(session)
    for package_id in gone:
        making.drop(house.data_dir, package_id)
        _run(house, partial(packages.tidied, package_id=package_id))


def _make(house: House, claimed: Claimed) -> None:
    def tell(stage: str, progress_bp: int) -> None:
        _run(house, lambda work: packages.tell(work, claimed.id, stage, progress_bp))

    try:
        with house.engines.reading() as session:
            order = _order(house, house.work(session, SYSTEM), claimed)
        made = making.make(house.data_dir, claimed, order, partial(_signature, house), tell)
        _run(house, lambda work: packages.finish(work, claimed.id, made))
    except Exception as error:
        # Whatever it was, nobody must wait for ever: the reason is told by its name.
        log.exception("package not made", package=claimed.id)
        making.drop(house.data_dir, claimed.id)
        code = error.code if isinstance(error, DomainError) else "not-made"
        _run(house, lambda work: packages.fail_if_making(work, claimed.id, code))


def _order(house: House, work: Work, claimed: Claimed) -> Order:
    task = tasks.find(work.session, claimed.task_id)
    version = work.session.get_one(DatasetVersion, task.dataset_version_id)
    terms = {
        "order": task.order_id,
        "order_line": task.order_line_id,
        "product_version": task.product_version_id,
        "seller": task.seller_id,
        "buyer": task.buyer_id,
        "made_at": work.now.isoformat(timespec="seconds"),
        "licence": {
            "purpose_code": task.purpose_code,
            "region": task.region,
            "mode": task.mode,
            "use_until": task.use_until.isoformat() if task.use_until else None,
        },
    }
    return Order(
        version=version,
        source=sources.of(work, house.shelves, version),
        scope=scopes.of(task, version, version),
        secret=marks.secrets(work.crypto, claimed.id)[0],
        terms=terms,
        group_rows=work.rules.number("packages.row_group_rows"),
    )


def _signature(house: House, manifest: Mapping[str, Any]) -> Mapping[str, str]:
    return packages.signed(house.crypto, manifest)


def _run(house: House, command: Callable[[Work], T]) -> T:
    found: T = unit.committed(house, SYSTEM, command, ring=False)
    return found
