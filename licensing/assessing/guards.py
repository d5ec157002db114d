"""What must hold before an assessment may move on: the guards of its life."""

from kernel import watch
from kernel.clock import local_date
from kernel.errors import Refusal, together
from kernel.work import Work
from licensing.applications import cases
from licensing.assessing import lanes, members, panel, score_sheets
from licensing.assessing.rows import Assessment


def all_declared(it: Assessment, work: Work) -> Refusal | None:
    """Ask that every member has declared to have no conflict of interest."""
    silent = sum(one.declared_at is None for one in members.serving(work.session, it.id))
    if not silent:
        return None
    zh, en = f"尚有 {silent} 名专家未声明无利益冲突", f"{silent} members have not declared yet"
    return Refusal("DECLARATION_MISSING", zh, en)


def scope_unchanged(it: Assessment, work: Work) -> Refusal | None:
    """Ask that what is assessed is what was planned to be (I-25)."""
    if cases.find(work.session, it.scenario_id).scope_hash == it.scope_hash:
        return None
    return Refusal("SCOPE_CHANGED", "申请范围已有改动", "the scope has changed since the plan")


def not_signed(it: Assessment, work: Work) -> Refusal | None:
    """Ask that the acting member has not signed a sheet."""
    expert = members.seat_of(work, it.id).expert_id
    if score_sheets.by(work.session, it.id, expert) is None:
        return None
    zh, en = "评分表已提交，不可更改", "the sheet is signed and stays as it is"
    return Refusal("SHEET_SIGNED", zh, en)


def signed(it: Assessment, work: Work) -> Refusal | None:
    """Ask that the acting member has signed a sheet that another may supersede."""
    expert = members.seat_of(work, it.id).expert_id
    if score_sheets.by(work.session, it.id, expert) is not None:
        return None
    return Refusal("NO_SHEET", "尚未提交评分表", "there is no sheet to supersede")


def all_in(it: Assessment, work: Work) -> Refusal | None:
    """Ask that every sheet is in, or that the time for them has run out."""
    missing = it.size - len(score_sheets.of(work.session, it.id))
    clock = watch.running(work.session, it.scenario_id)
    if not missing or (clock is not None and clock.due_on < local_date(work.now)):
        return None
    zh, en = f"尚有 {missing} 份评分表未提交", f"{missing} sheets are missing, and there is time"
    return Refusal("SHEETS_MISSING", zh, en)


def quorate(it: Assessment, work: Work) -> Refusal | None:
    """Ask for enough sheets that count, and every mandatory speciality among them (I-39)."""
    return together(quorum_lacks(it, work))


def quorum_lacks(it: Assessment, work: Work) -> tuple[Refusal, ...]:
    """Return everything that is missing for a quorum. One SELECT."""
    return panel.quorum(
        score_sheets.present(score_sheets.of(work.session, it.id), members.candidates(it.pool)),
        size=it.size,
        must_cover=lanes.cover(it.lane),
        share_bp=work.rules.number("assessment.quorum_share_bp"),
        sheets_min=work.rules.number("assessment.sheets_min"),
    )


def not_quorate(it: Assessment, work: Work) -> Refusal | None:
    """Ask that there is no quorum, for then alone the panel is drawn again."""
    if quorate(it, work) is not None:
        return None
    return Refusal("QUORUM_REACHED", "已达法定人数，无须补抽", "there is a quorum")
