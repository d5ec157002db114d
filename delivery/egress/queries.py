"""An in-domain query (域内查询): the buyer's SQL goes to the data, and its result waits.

The statement is checked and written anew, run in a process of its own, compared with what
the buyer has asked before, and its result is held for an egress review. Nothing of it is
counted or charged before the buyer has it. What is not safe yet is refused.

Guards there are: aggregates of plain columns alone; groups of fewer rows than the rules
ask for, with few values, or with one value that makes up the sum, are not told, nor is the
group that would tell them by subtraction; what is told is rounded before any arithmetic;
a query whose groups differ by few rows from those of an earlier one is refused; so many
queries of one organisation on the same data, and no more; a person looks at every result.
Noise is not added, and sums over several earlier groups are not compared: that is later.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.resources import Resource
from delivery import domain, gate, matrix, tasks
from delivery.domain import NotMounted
from delivery.egress import statements
from delivery.egress.statements import Statement, StatementRefused
from delivery.intake import fence
from delivery.locations import feeding
from delivery.passing import reviews
from delivery.passing.reviews import EgressReview, State, Subject
from delivery.tables import datasets, mounts, sources
from delivery.tables.sources import Shelves, Source
from delivery.tasks import DeliveryTask
from delivery.ways import Way
from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, append_only
from kernel.errors import NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Rules, Work

AXES: Final = ("station", "time")
"""Columns of a public resource that every item comes with: where and when."""

_WHY: Final = {
    "DIFFERENCING": Words(
        "与此前查询的分组仅差少量记录，相减可推知个体",
        "its groups differ by few rows from those of an earlier query, which that would tell",
    ),
    "TOO_MANY_GROUPS": Words("分组过多，不构成汇总", "so many groups are no aggregate"),
    "TOO_DEMANDING": Words("超出计算限额", "it takes more time or memory than a query may"),
    "NOT_COMPUTABLE": Words("语句无法计算，请检查类型", "it cannot be computed: look at the types"),
}  # fmt: skip


class QueryRun(Base):
    """One query that was run, as it will be compared with those that follow.

    data_id: the version or the resource that it looked at. number: of the organisation's
    queries on these data, from 1; two at once cannot both have it. refused: why its result
    was not even held; review_id: of the result, if it was.
    """

    __tablename__ = "query_runs"
    __table_args__ = (
        ForeignKeyConstraint(["task_id", "mode"], ["delivery_tasks.id", "delivery_tasks.mode"]),
        matrix.by(Way.QUERY),
        CheckConstraint("(refused IS NULL) = (review_id IS NOT NULL)", name="held_or_refused"),
        UniqueConstraint("organisation_id", "data_id", "number"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str]
    mode: Mapped[str]
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[str]
    data_id: Mapped[str]
    number: Mapped[int]
    statement: Mapped[str]
    parts: Mapped[dict[str, Any]]
    review_id: Mapped[str | None] = mapped_column(ForeignKey("egress_reviews.id"))
    refused: Mapped[str | None]
    decision_id: Mapped[str | None]
    at: Mapped[Instant]


append_only(QueryRun.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


@dataclass(frozen=True, slots=True)
class Prepared:
    """A query that may run. request: what its process is told. number: see QueryRun."""

    task_id: str
    sql: str
    statement: Statement
    data_id: str
    number: int
    items: tuple[str, ...]
    request: Mapping[str, Any]
    source: Source | None = None


def prepare(work: Work, task_id: str, sql: str, *, shelves: Shelves) -> Prepared:
    """Check a query before it is run; the buyer alone may. Writes nothing.

    Raises NotFound, StepNotAllowed, BeyondOrder, StatementRefused, NotMounted.
    """
    task = tasks.seen(work, task_id)
    if not tasks.buyer.matches(work.actor, task):
        raise StepNotAllowed("仅买方可以查询", "only the buyer may ask")
    gate.require(work, task, Way.QUERY)
    source = _source(work, task, shelves)
    paths = mounts.files(source) if source is not None else _paths(work, task, shelves)
    types, hidden = _columns(work, task)
    statement = statements.checked(sql, types, hidden=hidden)
    data_id = str(task.dataset_version_id or task.resource_id)
    earlier = _of(work.session, task.buyer_id, data_id)
    most = work.rules.number("delivery.query_log_max")
    if len(earlier) >= most:
        raise StatementRefused.of(
            (
                Refusal(
                    "QUERY_BUDGET_SPENT", f"同一数据至多查询 {most} 次", f"at most {most} queries"
                ),
            )
        )
    return Prepared(
        task_id=task.id,
        sql=sql,
        statement=statement,
        data_id=data_id,
        number=len(earlier) + 1,
        items=tuple(sorted(statement.columns - set(AXES))) if task.resource_id else (),
        request={
            "paths": paths,
            "columns": [*types],
            "statement": statement.written,
            "earlier": [run.parts for run in earlier if run.refused is None],
            **_limits(work.rules),
        },
        source=source if source is not None and source.outside is not None else None,
    )


def run(prepared: Prepared, rules: Rules) -> dict[str, Any]:
    """Run a query in a process of its own: {"columns", "rows", "suppressed"} or {"refused"}.

    Holds no transaction. Ends within the rules' seconds, whatever was asked.
    """
    seconds, source = rules.number("delivery.query_s"), prepared.source
    if source is None:
        with fence.process("delivery.egress.child", seconds) as child:
            told = next(fence.answers(child, dict(prepared.request)), None)
        return told if told is not None else {"refused": "TOO_DEMANDING"}
    with (
        feeding.fed(source.fetch) as feed,
        fence.process("delivery.egress.child", seconds, pass_fds=(feed.handed,)) as child,
    ):
        request = {**prepared.request, "feed": feed.handed, "sizes": source.sizes()}
        told = next(fence.answers(child, request), None)
    if feed.trouble:
        raise feed.trouble[0]
    return told if told is not None else {"refused": "TOO_DEMANDING"}


def keep(work: Work, prepared: Prepared, found: Mapping[str, Any]) -> QueryRun:
    """Write a query down, and hold its result for review; its refusal is written down as well.

    Raises what `gate.admit` raises, and StepRefused when another query was faster, with
    which this one was not compared.
    """
    task = tasks.find(work.session, prepared.task_id)
    passage = gate.admit(work, task, Way.QUERY, items=prepared.items)
    if len(_of(work.session, task.buyer_id, prepared.data_id)) + 1 != prepared.number:
        raise StepRefused.of(
            (
                Refusal(
                    "QUERY_OVERTAKEN", "另有查询刚刚完成，请重新提交", "another query was faster"
                ),
            )
        )
    review = None if "refused" in found else _held(work, task, prepared, found)
    made = QueryRun(
        id=ids.new("qry_", work.now),
        task_id=task.id,
        mode=task.mode,
        organisation_id=task.buyer_id,
        person_id=work.actor.person,
        data_id=prepared.data_id,
        number=prepared.number,
        statement=prepared.sql,
        parts=prepared.statement.written,
        review_id=review.id if review else None,
        refused=found.get("refused"),
        decision_id=passage.decision_id,
        at=work.now,
    )
    # The review is there before what refers to it by id alone.
    work.session.flush()
    work.session.add(made)
    work.record("query.run", task.id, query=made.id, refused=made.refused)
    return made


def refusal(code: str) -> StatementRefused:
    """Return the error that tells why a result was not held."""
    why = _WHY[code]
    return StatementRefused.of((Refusal(code, why.zh, why.en),))


def fetch(work: Work, review_id: str) -> dict[str, Any]:
    """Return a released result with its manifest to its buyer; the first time it is counted.

    Raises NotFound, StepRefused (NOT_RELEASED, NOT_WHAT_WAS_RELEASED), and what `gate.admit`
    raises: a right that has ended stops what was released as well.
    """
    review = reviews.seen(work, review_id)
    if review.subject != Subject.QUERY:
        raise NotFound("没有这个查询结果", f"no result {review_id}")
    task = tasks.find(work.session, review.task_id)
    if review.state != State.RELEASED or review.held is None:
        raise StepRefused.of(
            (Refusal("NOT_RELEASED", "结果尚未通过出域审查", "the result was not released"),)
        )
    manifest = review.manifest
    if work.crypto.digest(review.held.encode()) != manifest["sha256"]:
        zh, en = "结果与放行清单不一致，不予提供", "it is not what its manifest released"
        raise StepRefused.of((Refusal("NOT_WHAT_WAS_RELEASED", zh, en),))
    first = review.fetched_at is None
    quantity = {gate.CALLS: 1, gate.ROWS: manifest["rows"]} if first else {}
    passage = gate.admit(work, task, Way.QUERY, items=manifest["items"], quantity=quantity)
    if first:
        gate.count(
            work, passage, rows=manifest["rows"], bytes=manifest["bytes"],
            digest=manifest["sha256"], review=review.id,
        )  # fmt: skip
        review.fetched_at = work.now
    told: dict[str, Any] = {"manifest": manifest, **json.loads(review.held)}
    return told


def looked_at(work: Work, review_id: str) -> dict[str, Any] | None:
    """Return a held result to who reviews it; None when there is none. Raises NotFound."""
    review = reviews.seen(work, review_id)
    if review.held is None or not any(who.matches(work.actor, review) for who in reviews.reviewer):
        return None
    told: dict[str, Any] = json.loads(review.held)
    return told


def columns(work: Work, task: DeliveryTask) -> dict[str, str]:
    """Return the columns that a query may name, with their types. Two SELECTs by key."""
    return _columns(work, task)[0]


def listed(work: Work, task_id: str, *, after: str | None, limit: int) -> Page[QueryRun]:
    """Return one page of a delivery's queries, newest first, to those who see it."""
    task = tasks.seen(work, task_id)
    statement = select(QueryRun).where(QueryRun.task_id == task.id)
    return keyset(work.session, statement, by=((QueryRun.id, "desc"),), after=after, limit=limit)


def _held(
    work: Work, task: DeliveryTask, prepared: Prepared, found: Mapping[str, Any]
) -> EgressReview:
    held = json.dumps({"columns": found["columns"], "rows": found["rows"]}, ensure_ascii=False)
    manifest = {
        "statement": prepared.sql,
        "items": [*prepared.items],
        "rows": len(found["rows"]),
        "columns": found["columns"],
        "suppressed": found["suppressed"],
        "bytes": len(held.encode()),
        "sha256": work.crypto.digest(held.encode()),
        "guards": {name: prepared.request[name] for name in ("size_min", "digits", "dominance_bp")},
        "compared_with": len(prepared.request["earlier"]),
    }
    return reviews.ask_for(work, task, Subject.QUERY, manifest, held=held)


def _of(session: Session, organisation_id: str, data_id: str) -> list[QueryRun]:
    statement = (
        select(QueryRun)
        .where(QueryRun.organisation_id == organisation_id, QueryRun.data_id == data_id)
        .order_by(QueryRun.number)
    )
    return list(session.scalars(statement))


def _source(work: Work, task: DeliveryTask, shelves: Shelves) -> Source | None:
    if task.dataset_version_id is None:
        return None
    return sources.of(work, shelves, datasets.by_id(work.session, task.dataset_version_id))


def _paths(work: Work, task: DeliveryTask, shelves: Shelves) -> list[str]:
    return [str((shelves.data_dir / _resource(work, task).location).absolute())]


def _resource(work: Work, task: DeliveryTask) -> Resource:
    found = gate.resource_of(work, task)
    if found is None:
        raise NotMounted("该交付没有数据表", "this delivery has no table")
    return found


def _columns(work: Work, task: DeliveryTask) -> tuple[dict[str, str], frozenset[str]]:
    """Return the open columns of a delivery with their types, and those that hold people."""
    bought = {entry["item"] for entry in task.items}
    if task.dataset_version_id is not None:
        version = datasets.by_id(work.session, task.dataset_version_id)
        people = frozenset(each.column for each in datasets.findings(version.profile))
        return _types(version.columns, bought), people
    opened = bought | set(AXES) if bought else bought
    return _types(_resource(work, task).columns, opened), frozenset()


def _types(found: list[Any], opened: set[str]) -> dict[str, str]:
    return {
        each["name"]: domain.type_of(each["type"])
        for each in found
        if not opened or each["name"] in opened
    }


def _limits(rules: Rules) -> dict[str, int]:
    return {
        "size_min": rules.number("delivery.group_size_min"),
        "digits": rules.number("delivery.query_digits"),
        "dominance_bp": rules.number("delivery.query_dominance_bp"),
        "rows_max": rules.number("delivery.query_rows_max"),
        "cpu_s": rules.number("delivery.query_s"),
        "address_mb": rules.number("delivery.query_address_mb"),
        "memory_mb": rules.number("delivery.query_memory_mb"),
    }
