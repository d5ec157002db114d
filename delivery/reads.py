"""A read (读取): one use of delivered data, decided, computed in the domain, and counted.

First the authorisation is asked, and a no is kept; then the order; only then is the file
opened, and only aggregates come out. Source: runtime enforcement of authorisations;
I-29: a yes means that every clause held at that instant.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from catalogue.grades import Mode
from delivery import domain, gate, tasks, ways
from delivery.domain import By, Cut
from delivery.gate import READABLE as READABLE
from delivery.gate import BeyondOrder as BeyondOrder
from delivery.gate import Use as Use
from delivery.tasks import DeliveryTask
from delivery.ways import Way
from kernel.errors import Invalid, Refusal
from kernel.work import Work
from licensing.exposures import Environment, OutputForm, Transform

FORMS: Final = frozenset(
    {
        OutputForm.AGGREGATE_REPORT,
        OutputForm.MASKED_RECORD_API,
        OutputForm.MASKED_DATASET,
        OutputForm.RECORD_API,
    }
)
"""The output forms that are served: as rows, and whatever the form, aggregated ones."""

ENVIRONMENT: Final = Environment.TRUSTED_DOMAIN_SANDBOX
TRANSFORM: Final = Transform.AGGREGATED
CALLS: Final = gate.CALLS
ROWS: Final = gate.ROWS


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read.

    rows, suppressed, more: see Aggregates. remaining: meter → what is left of it, for the
    meters that the authorisation or the order limits. digest: of the rows, as the journal
    keeps it.
    """

    rows: list[dict[str, Any]]
    suppressed: int
    more: bool
    remaining: dict[str, int]
    decision_id: str | None
    digest: str


def read(work: Work, task_id: str, use: Use, cut: Cut, *, data_dir: Path) -> Reading:
    """Read aggregates of what was bought; the buyer alone may.

    Each read spends one call, and as many rows as came. Raises NotFound, Invalid, what
    `gate.admit` raises, NotMounted. About fifteen SELECTs on indexes.
    """
    task = tasks.seen(work, task_id)
    _check_cut(work, cut)
    quantity = {CALLS: 1, ROWS: _rows_max(cut)}
    passage = gate.admit(work, task, _way(task), use=use, items=cut.items, quantity=quantity)
    if passage.resource is None or use.output_form not in FORMS:
        raise BeyondOrder.of(
            (
                Refusal(
                    "FORM_NOT_ORDERED", "此形式不提供汇总读取", "aggregates are not of this form"
                ),
            )
        )
    size = work.rules.number("delivery.group_size_min")
    found = domain.aggregate(data_dir, passage.resource.location, cut, group_size_min=size)
    digest = work.crypto.digest(json.dumps(found.rows, ensure_ascii=False).encode())
    remaining = gate.count(
        work,
        passage,
        rows=len(found.rows),
        digest=digest,
        purpose_code=use.purpose_code,
        items=[*cut.items],
        suppressed=found.suppressed,
    )
    return Reading(found.rows, found.suppressed, found.more, remaining, passage.decision_id, digest)


def _way(task: DeliveryTask) -> Way:
    """Return the way of an aggregate read: in the domain, or by the interface that was bought."""
    return Way.API if Way.API in ways.of(Mode(task.mode)) else Way.QUERY


def _check_cut(work: Work, cut: Cut) -> None:
    most = work.rules.number("delivery.rows_per_read_max")
    if not 1 <= cut.limit <= most:
        raise Invalid(f"每次读取 1 至 {most} 行", f"a read is 1 to {most} rows", pointer="/limit")
    if cut.until < cut.since:
        raise Invalid("止日早于起日", "it ends before it begins", pointer="/until")
    if not cut.items or len(set(cut.items)) != len(cut.items):
        raise Invalid("信息项不能为空或重复", "items are one or more, each once", pointer="/items")


def _rows_max(cut: Cut) -> int:
    if not cut.stations:
        return cut.limit
    days = (cut.until - cut.since + timedelta(days=1)).days
    months = 12 * (cut.until.year - cut.since.year) + cut.until.month - cut.since.month + 1
    stretches = days if cut.by == By.DAY else months
    return min(cut.limit, stretches * len(set(cut.stations)) * len(cut.items))
