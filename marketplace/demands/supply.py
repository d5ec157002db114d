"""Asking departments for data (供数请求): what no product answers, put to who holds the nearest.

The buyer of a demand that nothing listed fits well asks the departments whose directories
come nearest. A department accepts within its clock, and then publishes or renews the
directory; or it declines and says why. What comes of it is public data: it is used under an
authorisation, for which the buyer applies with a scenario. Source: supply and demand
matching, directories can answer too.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue import directories
from kernel import ids
from kernel.actor import Duty, its
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import Invalid, Refusal, StepRefused
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from marketplace import access
from marketplace.demands import demands, matching

AT_ONCE: Final = 10
"""Departments that are asked in one go."""


class State(StrEnum):
    """Where a request stands."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    SUPPLIED = "supplied"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


_OPEN: Final = text("state IN ('asked', 'accepted')")


class SupplyRequest(Living, Base):
    """One demand put to one department, by one of its directories.

    supplied_version_id: the version of the directory by which it was answered.
    """

    __tablename__ = "supply_requests"
    __table_args__ = (
        CheckConstraint(
            "(state = 'supplied') = (supplied_version_id IS NOT NULL)",
            name="supplied_names_its_version",
        ),
        Index(
            "uq_supply_requests_one_open_each", "demand_id", "directory_id", unique=True,
            sqlite_where=_OPEN, postgresql_where=_OPEN,
        ),
        Index(None, "department_id", "state", "id"),
        Index(None, "buyer_id", "id"),
        Index(None, "demand_id", "id"),
    )  # fmt: skip

    demand_id: Mapped[str] = mapped_column(ForeignKey("demands.id"))
    directory_id: Mapped[str] = mapped_column(ForeignKey("directories.id"))
    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    said: Mapped[str]
    asked_at: Mapped[Instant]
    accepted_at: Mapped[Instant | None]
    supplied_version_id: Mapped[str | None] = mapped_column(ForeignKey("directory_versions.id"))


asker = its("buyer", "buyer_id", Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)
department = its("department", "department_id", Duty.EDITOR, Duty.CASE_OFFICER, Duty.APPROVER)


def _is_published_since(found: SupplyRequest, work: Work) -> Refusal | None:
    current = directories.find_directory(work.session, found.directory_id).current_version_id
    version = directories.find(work.session, current) if current else None
    at = version.published_at if version else None
    if at is not None and found.accepted_at is not None and at >= found.accepted_at:
        return None
    return Refusal(
        "DIRECTORY_NOT_RENEWED",
        "请先发布该目录的新版本，再办结",
        "publish a new version of the directory first",
    )


def _accepted(found: SupplyRequest, work: Work, _data: dict[str, Any]) -> None:
    found.accepted_at = work.now


def _supplied(found: SupplyRequest, work: Work, _data: dict[str, Any]) -> None:
    directory = directories.find_directory(work.session, found.directory_id)
    found.supplied_version_id = directory.current_version_id


# fmt: off
LIFE: Workflow[State, SupplyRequest] = Workflow(
    "supply_request", State, State.ASKED,
    step("ask", {State.ASKED}, State.ASKED, asker, own_door=True,
         within="clocks.supply_answer",
         says="supply_request.asked", label=Words("提出供数请求", "Ask for data")),
    step("accept", {State.ASKED}, State.ACCEPTED, department, then=(_accepted,),
         asks=(ask("plan", "text", Words("供数安排（目录、数据项与时间）", "What, and by when")),),
         within="clocks.supply_publication",
         says="supply_request.accepted", label=Words("同意供数", "Accept")),
    step("decline", {State.ASKED, State.ACCEPTED}, State.DECLINED, department, asks=(REASON,),
         says="supply_request.declined", label=Words("不予供数", "Decline")),
    step("supply", {State.ACCEPTED}, State.SUPPLIED, department,
         when=(_is_published_since,), then=(_supplied,),
         says="supply_request.supplied", label=Words("已更新目录，办结", "It is published")),
    step("withdraw", {State.ASKED}, State.WITHDRAWN, asker,
         says="supply_request.withdrawn", label=Words("撤回", "Withdraw")),
)
# fmt: on


def file(
    work: Work, demand_id: str, directory_ids: Sequence[str], *, said: str
) -> list[SupplyRequest]:
    """Put a demand of one's own to the departments of these directories.

    Raises NotFound, StepNotAllowed, Invalid (none, too many, one that is not published), or
    StepRefused with all reasons: it is not open, something listed fits it, asked already.
    """
    demand = demands.seen(work, demand_id)
    access.require(work, demands.buyer, demand, "supply_request.file")
    if not 1 <= len(set(directory_ids)) == len(directory_ids) <= AT_ONCE:
        zh, en = f"请选择 1 至 {AT_ONCE} 个不同的目录", f"choose 1 to {AT_ONCE} directories"
        raise Invalid(zh, en, pointer="/directory_ids")
    refusals = _refusals(work, demand, directory_ids)
    if refusals:
        raise StepRefused(
            "；".join(each.zh for each in refusals), "; ".join(each.en for each in refusals),
            refusals,
        )  # fmt: skip
    return [_filed(work, demand, each, said) for each in directory_ids]


_OURS: Final = access.overseen(
    SupplyRequest, LIFE, Words("没有这个供数请求", "no supply request"), "buyer_id", "department_id"
)
find, seen, listed, take = _OURS.find, _OURS.seen, _OURS.listed, _OURS.take


def of_demand(session: Session, demand_id: str) -> list[SupplyRequest]:
    """Return up to 100 requests of a demand, oldest first. One SELECT on an index."""
    statement = select(SupplyRequest).where(SupplyRequest.demand_id == demand_id)
    return list(session.scalars(statement.order_by(SupplyRequest.id).limit(100)))


def figures(work: Work) -> dict[str, int]:
    """Return state → how many, of the requests that the caller may see. One SELECT."""
    statement = select(SupplyRequest.state, func.count()).group_by(SupplyRequest.state)
    if not access.oversees(work.actor):
        mine = work.actor.organisation
        statement = statement.where(
            or_(SupplyRequest.department_id == mine, SupplyRequest.buyer_id == mine)
        )
    counts: dict[str, int] = dict(work.session.execute(statement).all())
    return {str(state): counts.get(state, 0) for state in State}


def _refusals(
    work: Work, demand: demands.Demand, directory_ids: Sequence[str]
) -> tuple[Refusal, ...]:
    told = []
    if demand.state not in demands.OPEN:
        told.append(Refusal("DEMAND_NOT_OPEN", "需求不在征集中", "the demand is not open"))
    good = work.rules.number("demand.unmatched_below")
    best = matching.best(work.session, demand.id)
    if best >= good:
        zh = f"已有匹配度 {best} 的产品（{good} 以下方可请求供数）"
        told.append(Refusal("DEMAND_MATCHED", zh, f"something listed fits it by {best} of a 100"))
    asked = {each.directory_id for each in of_demand(work.session, demand.id)
             if each.state in (State.ASKED, State.ACCEPTED)}  # fmt: skip
    if asked & set(directory_ids):
        told.append(Refusal("ASKED_ALREADY", "已向该部门请求", "the department was asked already"))
    return tuple(told)


def _filed(work: Work, demand: demands.Demand, directory_id: str, said: str) -> SupplyRequest:
    directory = directories.find_directory(work.session, directory_id)
    if directory.current_version_id is None:
        raise Invalid("目录尚未发布", "the directory is not published", pointer="/directory_ids")
    made = SupplyRequest(
        id=ids.new("srq_", work.now),
        state=State.ASKED,
        demand_id=demand.id,
        directory_id=directory.id,
        department_id=directory.department_id,
        buyer_id=demand.buyer_id,
        said=said,
        asked_at=work.now,
    )
    work.session.add(made)
    LIFE.take("ask", made, work, demand_id=demand.id, directory_id=directory.id)
    return made
