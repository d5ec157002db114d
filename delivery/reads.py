"""A read (读取): one use of delivered data, decided, computed in the domain, and counted.

First the authorisation is asked, and a no is kept; then the order; only then is the file
opened, and only aggregates come out. Source: runtime enforcement of authorisations;
I-29: a yes means that every clause held at that instant.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Final

from sqlalchemy import update

from catalogue import directories, resources
from catalogue.resources import Resource
from delivery import domain, tasks
from delivery.domain import Aggregates, By, Cut
from delivery.tasks import DeliveryTask, State
from kernel.errors import DomainError, Invalid, Kind, Refusal, StepNotAllowed
from kernel.words import Words
from kernel.work import Work
from licensing import decisions, quotas, scope
from licensing.exposures import Environment, OutputForm, Transform

READABLE: Final = frozenset({State.IN_PROGRESS, State.DELIVERED, State.ACCEPTED})
"""The states of a task in which its buyer may read."""

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
CALLS: Final = "calls"
ROWS: Final = "rows"


class BeyondOrder(DomainError):
    """The use goes beyond what was ordered, or the delivery does not stand open."""

    kind: ClassVar[Kind] = Kind.FORBIDDEN
    code: ClassVar[str] = "beyond-order"
    title: ClassVar[Words] = Words("超出订单范围", "Beyond what was ordered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What the buyer says the rows are for: purpose code, output form and region."""

    purpose_code: str
    output_form: str
    region: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read.

    rows, suppressed, more: see Aggregates. remaining: meter → what is left of it, for the
    meters that the authorisation limits. digest: of the rows, as the journal keeps it.
    """

    rows: list[dict[str, Any]]
    suppressed: int
    more: bool
    remaining: dict[str, int]
    decision_id: str | None
    digest: str


def read(work: Work, task_id: str, use: Use, cut: Cut, *, data_dir: Path) -> Reading:
    """Read aggregates of what was bought; the buyer alone may.

    Each read spends one call, and as many rows as came. Raises NotFound, StepNotAllowed,
    Invalid, UseDenied (kept), BeyondOrder, NotMounted. About fifteen SELECTs on indexes.
    """
    task = tasks.seen(work, task_id)
    if not tasks.buyer.matches(work.actor, task):
        raise StepNotAllowed("仅买方可以读取", "only the buyer may read")
    _check_cut(work, cut)
    resource = resources.find(work.session, task.resource_id) if task.resource_id else None
    decision_id = _decided(work, task, resource, use, cut)
    resource = _check_order(task, resource, use, cut)
    size = work.rules.number("delivery.group_size_min")
    found = domain.aggregate(data_dir, resource.location, cut, group_size_min=size)
    digest = work.crypto.digest(json.dumps(found.rows, ensure_ascii=False).encode())
    remaining = _counted(work, task, cut, found)
    work.record(
        "delivery.read",
        task.id,
        decision_id=decision_id,
        purpose_code=use.purpose_code,
        items=[*cut.items],
        rows=len(found.rows),
        suppressed=found.suppressed,
        digest=digest,
    )
    return Reading(found.rows, found.suppressed, found.more, remaining, decision_id, digest)


def _check_cut(work: Work, cut: Cut) -> None:
    most = work.rules.number("delivery.rows_per_read_max")
    if not 1 <= cut.limit <= most:
        raise Invalid(f"每次读取 1 至 {most} 行", f"a read is 1 to {most} rows", pointer="/limit")
    if cut.until < cut.since:
        raise Invalid("止日早于起日", "it ends before it begins", pointer="/until")
    if not cut.items or len(set(cut.items)) != len(cut.items):
        raise Invalid("信息项不能为空或重复", "items are one or more, each once", pointer="/items")


def _decided(
    work: Work, task: DeliveryTask, resource: Resource | None, use: Use, cut: Cut
) -> str | None:
    if task.authorisation_id is None:
        return None
    bought = {entry["item"]: entry["directory"] for entry in task.items}
    here = "" if resource is None else _directory_code(work, resource)
    request = decisions.Request(
        authorisation_id=task.authorisation_id,
        organisation_id=task.buyer_id,
        purpose_code=use.purpose_code,
        items=tuple((bought.get(item, here), item) for item in cut.items),
        transform=TRANSFORM.value,
        output_form=use.output_form,
        region=use.region,
        environment=ENVIRONMENT.value,
        quantity={CALLS: 1, ROWS: _rows_max(cut)},
        subject=task.id,
    )
    return decisions.require(work, request).id


def _check_order(task: DeliveryTask, resource: Resource | None, use: Use, cut: Cut) -> Resource:
    refusals = tuple(_beyond(task, resource, use, cut))
    if resource is None or refusals:
        raise BeyondOrder.of(refusals)
    return resource


def _beyond(task: DeliveryTask, resource: Resource | None, use: Use, cut: Cut) -> Iterator[Refusal]:
    if task.state not in READABLE:
        yield Refusal("NOT_OPEN", f"交付状态为 {task.state}", f"the delivery is {task.state}")
    if resource is None or resource.state != resources.State.ATTACHED:
        yield Refusal("NO_RESOURCE", "没有挂接的数据资源", "no resource is attached")
    if use.purpose_code != task.purpose_code:
        yield Refusal("PURPOSE_NOT_ORDERED", "用途与订单不符", "the order is for another purpose")
    if use.output_form != task.output_form or use.output_form not in FORMS:
        yield Refusal("FORM_NOT_ORDERED", "输出形式与订单不符", "the order has another form")
    if not scope.covers(task.region, use.region):
        yield Refusal("REGION_NOT_ORDERED", "区域与订单不符", "the order is for another region")
    if not {entry["item"] for entry in task.items} >= set(cut.items):
        yield Refusal("ITEM_NOT_ORDERED", "含未订购的信息项", "an item was not ordered")


def _counted(work: Work, task: DeliveryTask, cut: Cut, found: Aggregates) -> dict[str, int]:
    counted = (
        update(DeliveryTask)
        .where(DeliveryTask.id == task.id)
        .values(
            reads=DeliveryTask.reads + 1,
            rows_delivered=DeliveryTask.rows_delivered + len(found.rows),
        )
    )
    work.session.execute(counted)
    if task.authorisation_id is None:
        return {}
    # The decision took as many rows as could have come; those that did not are given back.
    unused = _rows_max(cut) - len(found.rows)
    quotas.spend(work.session, task.authorisation_id, {ROWS: -unused}, at=work.now)
    return quotas.remaining(work.session, task.authorisation_id, at=work.now)


def _rows_max(cut: Cut) -> int:
    if not cut.stations:
        return cut.limit
    days = (cut.until - cut.since + timedelta(days=1)).days
    months = 12 * (cut.until.year - cut.since.year) + cut.until.month - cut.since.month + 1
    stretches = days if cut.by == By.DAY else months
    return min(cut.limit, stretches * len(set(cut.stations)) * len(cut.items))


def _directory_code(work: Work, resource: Resource) -> str:
    return directories.find_directory(work.session, resource.directory_id).code
