"""The gate (使用决策点): the one place that every use of delivered data passes, by any way.

Asked anew at each use: is it the buyer, does the delivery stand open, is the way one of
its mode's, does the delivery matrix still allow that mode for what the data is graded
today, does the authorisation say yes, is there anything left of what was bought. Nothing
is remembered from one use to the next, so what ends a right ends every way at once.
Source: I-29, I-30, I-32, I-33.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, cast

from sqlalchemy import Table, bindparam, update
from sqlalchemy.orm import Session, defer

from catalogue import directories, grades, resources
from catalogue.grades import Condition, Grade, Mode, Origin, PiClass
from catalogue.resources import Resource
from delivery import guards, tasks, ways
from delivery.passing import allowances, reviews
from delivery.tables.datasets import DatasetVersion
from delivery.tasks import DeliveryTask, State
from delivery.ways import Way
from kernel.clock import local_date
from kernel.errors import DomainError, Kind, Refusal, StepNotAllowed
from kernel.words import Words
from kernel.work import Work
from licensing import decisions, quotas, scope
from licensing.exposures import Environment, Transform

READABLE: Final = frozenset({State.IN_PROGRESS, State.DELIVERED, State.ACCEPTED})
"""The states of a task in which its buyer may use what was bought."""

CALLS: Final = "calls"
ROWS: Final = "rows"

_BY_REVIEW: Final = frozenset(
    {Condition.EGRESS_REVIEW, Condition.ANONYMISED, Condition.IRREVERSIBLE, Condition.AGGREGATED}
)
"""What an egress review finds out before a file leaves."""

_CONSENTED: Final = frozenset({Condition.SUBJECT_CONSENT, Condition.SEPARATE_CONSENT})
_OUTSIDE: Final = frozenset({Way.PACKAGE, Way.SHARE, Way.API})


_TASKS: Final = cast("Table", DeliveryTask.__table__)
_COUNTED: Final = (
    update(_TASKS)
    .where(_TASKS.c.id == bindparam("task"))
    .values(
        reads=_TASKS.c.reads + bindparam("more_reads"),
        rows_delivered=_TASKS.c.rows_delivered + bindparam("more_rows"),
        bytes_delivered=_TASKS.c.bytes_delivered + bindparam("more_bytes"),
    )
)
"""Written once: to build it anew at each use takes longer than to run it."""


class BeyondOrder(DomainError):
    """The use goes beyond what was ordered, or the delivery does not stand open."""

    kind: ClassVar[Kind] = Kind.FORBIDDEN
    code: ClassVar[str] = "beyond-order"
    title: ClassVar[Words] = Words("超出订单范围", "Beyond what was ordered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What the buyer says the data is for: purpose code, output form and region.

    transform, environment: how it is treated, and where, on its way out.
    """

    purpose_code: str
    output_form: str
    region: str
    transform: str = Transform.AGGREGATED.value
    environment: str = Environment.TRUSTED_DOMAIN_SANDBOX.value


@dataclass(frozen=True, slots=True)
class Passage:
    """A use that was admitted: of what, by which way, and under which decision.

    conditions: of the delivery matrix, that whoever serves the use fulfils (masked).
    quantity: what was taken of the quotas; `count` gives back what was not used, and counts
    as many uses as calls were taken, one when none were. limited: whether anything limits
    a meter of it, so that there is something left to be told.
    """

    task: DeliveryTask
    way: Way
    dataset_version: DatasetVersion | None
    resource: Resource | None
    decision_id: str | None
    conditions: frozenset[Condition] = frozenset()
    quantity: Mapping[str, int] = field(default_factory=dict)
    limited: bool = True


def admit(
    work: Work,
    task: DeliveryTask,
    way: Way,
    *,
    use: Use | None = None,
    items: Sequence[str] = (),
    quantity: Mapping[str, int] | None = None,
) -> Passage:
    """Admit one use, or say every reason why not.

    use: as ordered, when none is told. items: the data items that are used; none for all
    that were bought. quantity: meter → what the use takes at most, of the authorisation's
    quotas and of the order's allowances. Raises StepNotAllowed to who is not the buyer,
    UseDenied (kept) by the authorisation, BeyondOrder by the order: NOT_OPEN, NO_RESOURCE,
    WAY_NOT_ORDERED, MODE_NOT_ALLOWED, USE_PERIOD_OVER, PURPOSE_NOT_ORDERED,
    REGION_NOT_ORDERED, ITEM_NOT_ORDERED, EGRESS_REVIEW_NEEDED, CONSENT_NEEDED,
    APPROVAL_NEEDED, ENCLAVE_NEEDED, ALLOWANCE_USED_UP. Some fifteen SELECTs by key under an
    authorisation, three to five without.
    """
    if not tasks.buyer.matches(work.actor, task):
        raise StepNotAllowed("仅买方可以使用", "only the buyer may use it")
    meant = use or as_ordered(task, way)
    version = version_of(work, task)
    resource = resource_of(work, task)
    taken = dict(quantity or {})
    decision_id = _decided(work, task, resource, (meant, items, taken))
    conditions = _conditions(task, version)
    found = (
        *_closed(work, task, way, (version, resource)),
        *_not_by_matrix(work, task, way, conditions),
        *_beyond(task, meant, items),
    )
    short = () if found else allowances.spend(work.session, task.id, taken)
    refusals = (*found, *map(_too_little, short))
    if refusals:
        raise BeyondOrder.of(refusals)
    return Passage(task, way, version, resource, decision_id, conditions or frozenset(), taken)


def count(
    work: Work,
    passage: Passage,
    *,
    rows: int = 0,
    bytes: int = 0,  # noqa: A002 - the unit is its name
    digest: str = "",
    **more: Any,
) -> dict[str, int]:
    """Count a use that was admitted, write it down, and return meter → what is left of it.

    Rows that were taken and did not come are given back. more: what else the journal's
    "delivery.used" says of it.
    """
    task = passage.task
    _count(work.session, task.id, passage.quantity.get(CALLS, 1), rows, bytes)
    work.record(
        "delivery.used",
        task.id,
        way=passage.way.value,
        decision_id=passage.decision_id,
        rows=rows,
        bytes=bytes,
        digest=digest,
        **more,
    )
    _give_back(work, passage, rows)
    return remaining(work, task) if passage.limited else {}


def barred(
    work: Work, task: DeliveryTask, way: Way, *, items: Sequence[str] = ()
) -> tuple[Refusal, ...]:
    """Return every reason of the order and the matrix why a way is closed now; writes nothing.

    What the authorisation says is asked at the use alone, for its answer is kept.
    """
    version = version_of(work, task)
    resource = resource_of(work, task)
    return (
        *_closed(work, task, way, (version, resource)),
        *_not_by_matrix(work, task, way, _conditions(task, version)),
        *_beyond(task, as_ordered(task, way), items),
    )


def require(work: Work, task: DeliveryTask, way: Way, *, items: Sequence[str] = ()) -> None:
    """Raise BeyondOrder with every reason that `barred` knows. Writes nothing."""
    if refusals := barred(work, task, way, items=items):
        raise BeyondOrder.of(refusals)


def beyond(code: str, zh: str, en: str) -> BeyondOrder:
    """Return the error that tells one reason."""
    return BeyondOrder.of((Refusal(code, zh, en),))


def used_up(meters: Iterable[str]) -> BeyondOrder:
    """Return the error that tells of which meters too little is left."""
    return BeyondOrder.of(map(_too_little, meters))


def remaining(work: Work, task: DeliveryTask) -> dict[str, int]:
    """Return meter → what is left of it, of the order's allowances and the authorisation's quotas.

    Where both limit a meter, the less of the two. Two SELECTs by key.
    """
    left = {each.meter: each.left for each in allowances.of(work.session, task.id)}
    if task.authorisation_id is None:
        return left
    right = quotas.remaining(work.session, task.authorisation_id, at=work.now)
    return {
        meter: min(each[meter] for each in (left, right) if meter in each)
        for meter in sorted({*left, *right})
    }


def as_ordered(task: DeliveryTask, way: Way) -> Use:
    """Return the use that an order was placed for, by a way. Pure."""
    outside = way in _OUTSIDE
    return Use(
        purpose_code=task.purpose_code,
        output_form=task.output_form or "",
        region=task.region,
        transform=(Transform.MASKED if outside else Transform.AGGREGATED).value,
        environment=(
            Environment.API_GATEWAY if outside else Environment.TRUSTED_DOMAIN_SANDBOX
        ).value,
    )


def offered(task: DeliveryTask) -> frozenset[Way]:
    """Return the ways that a delivery's mode opens and its data can take. Pure.

    Data of a resource never leaves as a file, whatever its mode says.
    """
    found = ways.of(Mode(task.mode))
    if task.dataset_version_id is None:
        kept = {Way.HAND} if task.resource_id is None else {Way.HAND, Way.QUERY}
        found &= frozenset(kept)
    return found


def resource_of(work: Work, task: DeliveryTask) -> Resource | None:
    """Return the resource of public data that is delivered from. One SELECT by key."""
    return resources.find(work.session, task.resource_id) if task.resource_id else None


def version_of(work: Work, task: DeliveryTask) -> DatasetVersion | None:
    """Return the version of a merchant's own table that is delivered. One SELECT by key."""
    if task.dataset_version_id is None:
        return None
    # What was found in its columns is large, and asked of each use: read when it is looked at.
    kept = [defer(DatasetVersion.profile), defer(DatasetVersion.sample)]
    return work.session.get_one(DatasetVersion, task.dataset_version_id, options=kept)


def _decided(
    work: Work,
    task: DeliveryTask,
    resource: Resource | None,
    asked: tuple[Use, Sequence[str], Mapping[str, int]],
) -> str | None:
    if task.authorisation_id is None:
        return None
    use, items, quantity = asked
    bought = {entry["item"]: entry["directory"] for entry in task.items}
    here = "" if resource is None else _directory_code(work, resource)
    request = decisions.Request(
        authorisation_id=task.authorisation_id,
        organisation_id=task.buyer_id,
        purpose_code=use.purpose_code,
        items=tuple((bought.get(item, here), item) for item in items or bought),
        transform=use.transform,
        output_form=use.output_form,
        region=use.region,
        environment=use.environment,
        quantity=quantity,
        subject=task.id,
    )
    return decisions.require(work, request).id


def _conditions(task: DeliveryTask, version: DatasetVersion | None) -> frozenset[Condition] | None:
    """Return what the matrix asks of the task's mode today; None when it forbids it.

    Today's grade is the stricter of the order's and of what was found in the data.
    """
    grade, pi = Grade(task.grade), PiClass(task.pi_class)
    if version is not None:
        grade = grades.strictest((grade, Grade(version.grade)))
        pi = grades.strictest((pi, PiClass(version.pi_class)))
    return grades.permitted(grade, pi, origin=Origin(task.origin)).get(Mode(task.mode))


def _closed(
    work: Work,
    task: DeliveryTask,
    way: Way,
    data: tuple[DatasetVersion | None, Resource | None],
) -> Iterator[Refusal]:
    version, resource = data
    if task.state not in READABLE:
        yield Refusal("NOT_OPEN", f"交付状态为 {task.state}", f"the delivery is {task.state}")
    if task.stopped_for is not None:
        yield guards.stopped(task.stopped_for)
    attached = resource is not None and resource.state == resources.State.ATTACHED
    if way is not Way.HAND and version is None and not attached:
        yield Refusal("NO_RESOURCE", "没有挂接的数据资源", "no resource is attached")
    if task.use_until is not None and local_date(work.now) > task.use_until:
        yield Refusal(
            "USE_PERIOD_OVER",
            f"约定的使用期限已于 {task.use_until} 届满",
            f"the agreed period of use ended on {task.use_until}",
        )


def _not_by_matrix(
    work: Work, task: DeliveryTask, way: Way, conditions: frozenset[Condition] | None
) -> Iterator[Refusal]:
    mode = Mode(task.mode)
    if way not in ways.of(mode):
        yield Refusal(
            "WAY_NOT_ORDERED",
            f"交付方式“{mode.label.zh}”不包括{way.label.zh}",
            f"what was ordered as {mode.label.en} is not delivered by {way.label.en}",
        )
    if conditions is None:
        yield Refusal(
            "MODE_NOT_ALLOWED",
            f"按数据现行级别不得以“{mode.label.zh}”方式提供",
            f"as it is graded now the data may not leave as {mode.label.en}",
        )
    else:
        yield from _unfulfilled(work, task, conditions)


def _unfulfilled(
    work: Work, task: DeliveryTask, conditions: frozenset[Condition]
) -> Iterator[Refusal]:
    if conditions & _BY_REVIEW and not reviews.files_released(work.session, task):
        yield Refusal(
            "EGRESS_REVIEW_NEEDED", "须先通过安全出域审查", "an egress review must release it first"
        )
    if conditions & _CONSENTED:
        yield Refusal(
            "CONSENT_NEEDED",
            "须取得个人逐一或单独同意",
            "each person concerned must consent",
        )
    if Condition.APPROVAL in conditions:
        yield Refusal(
            "APPROVAL_NEEDED", "须经主管部门事先批准", "the authority must have approved it before"
        )
    if Condition.TEE_OR_MPC in conditions:
        yield Refusal(
            "ENCLAVE_NEEDED",
            "须在可信执行环境或多方安全计算中使用",
            "it is used in a trusted execution environment or by multi-party computation only",
        )


def _beyond(task: DeliveryTask, use: Use, items: Iterable[str]) -> Iterator[Refusal]:
    if use.purpose_code != task.purpose_code:
        yield Refusal("PURPOSE_NOT_ORDERED", "用途与订单不符", "the order is for another purpose")
    if use.output_form != (task.output_form or ""):
        yield Refusal("FORM_NOT_ORDERED", "输出形式与订单不符", "the order has another form")
    if not scope.covers(task.region, use.region):
        yield Refusal("REGION_NOT_ORDERED", "区域与订单不符", "the order is for another region")
    ordered = {entry["item"] for entry in task.items}
    if ordered and not ordered >= set(items):
        yield Refusal("ITEM_NOT_ORDERED", "含未订购的信息项", "an item was not ordered")


def _too_little(meter: str) -> Refusal:
    return Refusal(
        "ALLOWANCE_USED_UP", f"约定用量“{meter}”不足", f"too little is left of the ordered {meter}"
    )


def _count(session: Session, task_id: str, reads: int, rows: int, size_bytes: int) -> None:
    told = {"task": task_id, "more_reads": reads, "more_rows": rows, "more_bytes": size_bytes}
    session.connection().execute(_COUNTED, told)


def _give_back(work: Work, passage: Passage, rows: int) -> None:
    unused = passage.quantity.get(ROWS, rows) - rows
    if not unused:
        return
    allowances.spend(work.session, passage.task.id, {ROWS: -unused})
    if passage.task.authorisation_id is not None:
        quotas.spend(work.session, passage.task.authorisation_id, {ROWS: -unused}, at=work.now)


def _directory_code(work: Work, resource: Resource) -> str:
    return directories.find_directory(work.session, resource.directory_id).code
