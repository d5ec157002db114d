"""A complaint (投诉): taken up, answered by whom it is about, looked into, and told how it ends.

Source: trading rules of the exchange: taken up or refused in 5 working days, what cannot wait
within a day; answered in 5, handled in 15 with one extension of 10; whoever complains is always
answered, and says how satisfied it is. What concerns the exchange itself, or what it passes on,
is the supervisor's. Nobody handles what its own organisation is near to.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from kernel import watch
from kernel.actor import Actor, Duty, Role, Who, its, system_only
from kernel.clock import local_date
from kernel.errors import Invalid, Refusal
from kernel.pages import Page, keyset
from kernel.parties import relations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from marketplace import access
from marketplace.aftercare import complaint_rows as rows
from marketplace.aftercare.complaint_rows import OVER, About, Complaint, Finding, State

_DUTY: Final = {
    Role.EXCHANGE_OPERATOR.value: Duty.COMPLIANCE_OFFICER,
    Role.DATA_AUTHORITY.value: Duty.SUPERVISOR,
}


def _officiates(actor: Actor, it: Any) -> bool:
    return it.office in actor.roles and _DUTY[it.office] in actor.duties


complainant = its("complainant", "complainant_id", *sorted(set(Duty) - {Duty.PLATFORM_ADMIN}))
respondent = its("respondent", "respondent_id", Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER,
                 Duty.COMPLIANCE_OFFICER, Duty.APPROVER)  # fmt: skip
officer = Who("officer in charge", _officiates, "desk")


def impartial(it: Complaint, work: Work) -> Refusal | None:
    """Guard: an officer's organisation is neither side, and near to none (I-6)."""
    near = relations.related(work.session, work.actor.organisation, on=local_date(work.now))
    if {work.actor.organisation, *near} & {it.complainant_id, it.respondent_id}:
        zh, en = (
            "贵机构与一方有关联，应当回避或移交",
            "your organisation is near a side: pass it on",
        )
        return Refusal("NOT_IMPARTIAL", zh, en)
    return None


def _is_mine(it: Complaint, work: Work) -> Refusal | None:
    if it.handler == work.actor.person:
        return None
    zh, en = (
        "该投诉由另一名经办人办理，请先接办",
        "it is another officer's case: take it over first",
    )
    return Refusal("NOT_YOUR_CASE", zh, en)


def _is_not_extended(it: Complaint, _work: Work) -> Refusal | None:
    return (
        Refusal("EXTENDED_ALREADY", "已延期一次", "it was extended once") if it.extended else None
    )


def _is_the_exchanges(it: Complaint, _work: Work) -> Refusal | None:
    if it.office == Role.EXCHANGE_OPERATOR:
        return None
    zh, en = "已由监管部门办理，不再移交", "the supervisor handles it already"
    return Refusal("PASSED_ON_ALREADY", zh, en)


def _is_about_an_order(it: Complaint, _work: Work) -> Refusal | None:
    if it.about == About.ORDER:
        return None
    return Refusal("NO_ORDER", "只有订单投诉可转为争议", "only what is about an order is disputed")


def _accept(it: Complaint, work: Work, _data: dict[str, Any]) -> None:
    it.handler, it.accepted_at = work.actor.person, it.accepted_at or work.now


def _answer(it: Complaint, work: Work, data: dict[str, Any]) -> None:
    it.answer, it.answered_at = data["answer"], work.now


def _extend(it: Complaint, work: Work, data: dict[str, Any]) -> None:
    data["days"] = days = work.rules.number("aftercare.complaint_extension_wd")
    running = watch.running(work.session, it.id)
    if running is not None:
        watch.extend(running, days, work.calendar)
    it.extended = True


def _demand(it: Complaint, _work: Work, data: dict[str, Any]) -> None:
    it.demanded, it.put_right = data["demanded"], None


def _put_right(it: Complaint, _work: Work, data: dict[str, Any]) -> None:
    it.put_right = data["put_right"]


def _resolve(it: Complaint, work: Work, data: dict[str, Any]) -> None:
    if data["finding"] not in set(Finding):
        raise Invalid("调查结论不正确", f"one of {', '.join(Finding)}", pointer="/finding")
    it.finding, it.outcome, it.resolved_at = data["finding"], data["outcome"], work.now


def _pass_on(it: Complaint, _work: Work, _data: dict[str, Any]) -> None:
    it.office, it.handler = Role.DATA_AUTHORITY.value, None


def _rate(it: Complaint, _work: Work, data: dict[str, Any]) -> None:
    it.level, it.level_said = int(data["level"]), data.get("said")


def _turn(it: Complaint, _work: Work, data: dict[str, Any]) -> None:
    it.dispute_id = data["dispute_id"]


_CLOSING: Final = (
    ask("level", "choice", Words("满意度（1–5）", "How satisfied you are (1–5)"),
        choices=("1", "2", "3", "4", "5")),
    ask("said", label=Words("意见", "What you say"), optional=True, max=1000),
)  # fmt: skip
_FINDING: Final = (
    ask("finding", "choice", Words("调查结论", "Finding"),
        choices=tuple(sorted(each.value for each in Finding))),
    ask("outcome", label=Words("处理结果（答复投诉人）", "Outcome, as it is told"), max=2000),
)  # fmt: skip

# fmt: off
LIFE: Workflow[State, Complaint] = Workflow(
    "complaint", State, State.FILED,
    step("file",    {State.FILED}, State.FILED, complainant, own_door=True,
         within="clocks.complaint_acceptance", owner="desk",
         says="complaint.filed", label=Words("提出投诉", "Complain")),
    step("file_urgent", {State.FILED}, State.FILED, complainant, own_door=True,
         within="clocks.complaint_urgent", owner="desk",
         says="complaint.filed_urgent", label=Words("提出紧急投诉", "Complain urgently")),
    step("accept",  {State.FILED, State.ESCALATED}, State.ANSWERING, officer,
         when=(impartial,), then=(_accept,),
         within="clocks.complaint_answer", overdue="pass_over", owner="respondent_id",
         says="complaint.accepted", label=Words("受理并要求答复", "Take it up, ask for an answer")),
    step("take_on", {State.ESCALATED}, State.HANDLING, officer,
         when=(impartial,), then=(_accept,),
         within="clocks.complaint_handling", owner="desk",
         says="complaint.taken_on", label=Words("直接办理", "Go on with it")),
    step("refuse",  {State.FILED}, State.REFUSED, officer, when=(impartial,), asks=(REASON,),
         says="complaint.refused", label=Words("不予受理", "Refuse it")),
    step("answer",  {State.ANSWERING}, State.HANDLING, respondent, then=(_answer,),
         asks=(ask("answer", label=Words("答复", "Answer"), max=2000),),
         within="clocks.complaint_handling", owner="desk",
         says="complaint.answered", label=Words("提交答复", "Answer")),
    step("pass_over", {State.ANSWERING}, State.HANDLING, system_only, own_door=True,
         within="clocks.complaint_handling", owner="desk",
         says="complaint.not_answered", label=Words("逾期未答复", "Not answered in time")),
    step("extend",  {State.HANDLING}, State.HANDLING, officer, asks=(REASON,),
         when=(impartial, _is_mine, _is_not_extended), then=(_extend,),
         says="complaint.extended", label=Words("延长办理期限", "Extend the time")),
    step("demand",  {State.HANDLING}, State.RECTIFYING, officer, then=(_demand,),
         when=(impartial, _is_mine),
         asks=(ask("demanded", label=Words("整改要求", "What is to be put right"), max=1000),),
         within="clocks.complaint_rectification", overdue="miss_rectification",
         owner="respondent_id",
         says="complaint.rectification_ordered", label=Words("责令整改", "Order it put right")),
    step("put_right", {State.RECTIFYING}, State.HANDLING, respondent, then=(_put_right,),
         asks=(ask("put_right", label=Words("整改措施与结果", "What was done"), max=1000),),
         within="clocks.complaint_handling", owner="desk",
         says="complaint.put_right", label=Words("完成整改", "Put it right")),
    step("miss_rectification", {State.RECTIFYING}, State.HANDLING, system_only, own_door=True,
         within="clocks.complaint_handling", owner="desk",
         says="complaint.not_put_right", label=Words("逾期未整改", "Not put right in time")),
    step("resolve", {State.HANDLING}, State.RESOLVED, officer, asks=_FINDING,
         when=(impartial, _is_mine), then=(_resolve,),
         within="clocks.complaint_satisfaction", overdue="close_silent", owner="complainant_id",
         says="complaint.resolved", label=Words("答复处理结果", "Tell the outcome")),
    step("pass_on", {State.FILED, State.HANDLING}, State.ESCALATED, officer, asks=(REASON,),
         when=(_is_the_exchanges,), then=(_pass_on,),
         within="clocks.complaint_acceptance", owner="desk",
         says="complaint.passed_on", label=Words("移交监管部门", "Pass it to the supervisor")),
    step("contest", {State.RESOLVED}, State.ESCALATED, complainant, asks=(REASON,),
         when=(_is_the_exchanges,), then=(_pass_on,),
         within="clocks.complaint_acceptance", owner="desk",
         says="complaint.contested", label=Words("不服，请监管部门复核", "Ask the supervisor")),
    step("rate",    {State.RESOLVED}, State.CLOSED, complainant, asks=_CLOSING, then=(_rate,),
         says="complaint.rated", label=Words("评价并办结", "Rate it and close")),
    step("close_silent", {State.RESOLVED}, State.CLOSED, system_only, own_door=True,
         says="complaint.closed", label=Words("逾期未评价，办结", "Closed without a rating")),
    step("turn",    {State.FILED, State.ANSWERING, State.HANDLING, State.RESOLVED}, State.CLOSED,
         complainant, own_door=True, when=(_is_about_an_order,), then=(_turn,),
         says="complaint.turned", label=Words("转为交易争议", "Make it a dispute")),
    step("withdraw", {State.FILED, State.ANSWERING, State.HANDLING, State.RECTIFYING,
                      State.ESCALATED}, State.WITHDRAWN, complainant, asks=(REASON,),
         says="complaint.withdrawn", label=Words("撤回投诉", "Withdraw it")),
)
# fmt: on


def take(work: Work, complaint_id: str, name: str, **data: Any) -> Complaint:
    """Take one step of a complaint's life, for those who may see it."""
    found = seen(work, complaint_id)
    LIFE.take(name, found, work, **data)
    return found


def find(session: Session, complaint_id: str) -> Complaint:
    """Return the complaint. Raises NotFound. One SELECT by key."""
    return rows.find(session, complaint_id)


def seen(work: Work, complaint_id: str) -> Complaint:
    """Return the complaint to both sides and to overseers; else the same NotFound.

    Whom it is about sees it once it was taken up, and never by overseeing.
    """
    found = find(work.session, complaint_id)
    ours = work.actor.organisation
    if ours == found.complainant_id:
        return found
    answers = ours == found.respondent_id
    if found.accepted_at is not None if answers else access.oversees(work.actor):
        return found
    raise rows.missing(complaint_id)


def is_withheld(work: Work, complaint: Complaint) -> bool:
    """Tell whether the caller is not to learn who complains."""
    return complaint.hidden and work.actor.organisation == complaint.respondent_id


def oversees(work: Work) -> bool:
    """Tell whether the caller sees the complaints of others, and what they add up to."""
    return access.oversees(work.actor)


def listed(
    work: Work,
    *,
    state: str | None = None,
    category: str | None = None,
    open_only: bool = False,
    after: str | None = None,
    limit: int,
) -> Page[Complaint]:
    """Return one page of the complaints that the caller may see, newest first. One SELECT."""
    statement = select(Complaint).where(_seen_by(work))
    if state is not None:
        statement = statement.where(Complaint.state == state)
    if category is not None:
        statement = statement.where(Complaint.category == category)
    if open_only:
        statement = statement.where(Complaint.state.not_in(OVER))
    return keyset(work.session, statement, by=((Complaint.id, "desc"),), after=after, limit=limit)


def _seen_by(work: Work) -> ColumnElement[bool]:
    ours = work.actor.organisation
    if access.oversees(work.actor):
        return or_(Complaint.respondent_id != ours, Complaint.accepted_at.is_not(None))
    answers = and_(Complaint.respondent_id == ours, Complaint.accepted_at.is_not(None))
    return or_(Complaint.complainant_id == ours, answers)
