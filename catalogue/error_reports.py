"""Error reports (数据校核): a user finds that data are wrong, and their department answers.

Source: 政务数据共享条例 (国令809, in force since 2025-08-01): quality is verified and errors
are corrected by the department that the data come from, within a limit of working days.
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue import directories, sources
from catalogue.beginnings import at_first
from kernel import ids
from kernel.actor import Actor, Duty, Role, any_of, its, system_only
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import NotFound
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow, ask, step

ANSWER: Final = ask("answer", label=Words("答复", "Answer"))


class State(StrEnum):
    """What the department has found."""

    REPORTED = "reported"
    CORRECTED = "corrected"
    UNFOUNDED = "unfounded"


class ErrorReport(Living, Base):
    """What one user says is wrong with one item, and what its department answers."""

    __tablename__ = "error_reports"
    __table_args__ = (
        Index(None, "department_id", "id"),
        Index(None, "reporter_id", "id"),
        Index(None, "directory_id", "id"),
    )

    directory_id: Mapped[str] = mapped_column(ForeignKey("directories.id"))
    item_code: Mapped[str]
    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    reporter_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    finding: Mapped[str]
    answer: Mapped[str | None]
    reported_at: Mapped[Instant]
    answered_at: Mapped[Instant | None]


department = its("department", "department_id", Duty.EDITOR, Duty.APPROVER, Duty.DATA_ENGINEER)
reporter = its("reporter", "reporter_id")
overseers = (any_of(Role.DATA_AUTHORITY), system_only)


def _answered(report: ErrorReport, work: Work, data: dict[str, Any]) -> None:
    report.answer, report.answered_at = data["answer"], work.now


# fmt: off
LIFE: Workflow[State, ErrorReport] = Workflow(
    "error_report", State, State.REPORTED,
    step("report", {State.REPORTED}, State.REPORTED, at_first(reporter), own_door=True,
         within="clocks.error_report",
         says="error_report.made", label=Words("提交校核", "Report")),
    step("correct", {State.REPORTED}, State.CORRECTED, department, then=(_answered,),
         asks=(ANSWER,), says="error_report.corrected", label=Words("已更正", "Corrected")),
    step("find_unfounded", {State.REPORTED}, State.UNFOUNDED, department, then=(_answered,),
         asks=(ANSWER,), says="error_report.unfounded", label=Words("经核无误", "Unfounded")),
)
# fmt: on


def report(work: Work, *, directory_id: str, item_code: str, finding: str) -> ErrorReport:
    """Report an error in an item of a published directory; the clock of the answer starts.

    Raises NotFound, NotActive, Invalid. Five SELECTs on indexes.
    """
    directory = directories.seen_directory(work, directory_id)
    organisations.require_active(work.session, work.actor.organisation)
    sources.check_item(work.session, directory_id, item_code)
    made = ErrorReport(
        id=ids.new("erp_", work.now),
        state=State.REPORTED,
        directory_id=directory_id,
        item_code=item_code,
        department_id=directory.department_id,
        reporter_id=work.actor.organisation,
        finding=finding,
        reported_at=work.now,
    )
    work.session.add(made)
    LIFE.take("report", made, work, directory_code=directory.code, item_code=item_code)
    return made


def take(work: Work, report_id: str, name: str, **data: Any) -> ErrorReport:
    """Take a step of a report that the caller may see. Raises what seen and LIFE raise."""
    found = seen(work, report_id)
    LIFE.take(name, found, work, **data)
    return found


def find(session: Session, report_id: str) -> ErrorReport:
    """Return a report. Raises NotFound. One SELECT by key."""
    found = session.get(ErrorReport, report_id)
    if found is None:
        raise NotFound("没有这条校核", f"no report {report_id}")
    return found


def seen(work: Work, report_id: str) -> ErrorReport:
    """Return a report to who made it, the department and the authority; else NotFound."""
    found = work.session.get(ErrorReport, report_id)
    if found is None or not _is_party(work.actor, found):
        raise NotFound("没有这条校核", f"no report {report_id}")
    return found


def listed(
    work: Work, *, directory_id: str | None = None, after: str | None, limit: int
) -> Page[ErrorReport]:
    """Return one page of the reports that the caller may see, newest first. One SELECT."""
    statement = select(ErrorReport)
    ours = work.actor.organisation
    if not any(who.matches(work.actor, None) for who in overseers):
        visible = or_(ErrorReport.department_id == ours, ErrorReport.reporter_id == ours)
        statement = statement.where(visible)
    if directory_id is not None:
        statement = statement.where(ErrorReport.directory_id == directory_id)
    return keyset(work.session, statement, by=((ErrorReport.id, "desc"),), after=after, limit=limit)


def _is_party(actor: Actor, found: ErrorReport) -> bool:
    own = actor.organisation in {found.department_id, found.reporter_id}
    return own or any(who.matches(actor, found) for who in overseers)
