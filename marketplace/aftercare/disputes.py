"""A dispute (交易争议) between buyer and merchant: raised, answered, mediated, ruled, carried out.

Source: trading rules of the exchange: raised until thirty days after acceptance; taken up in 3
working days, answered in 5, evidence 5, mediation 10, ruling 10, carried out in 5; one appeal
to the supervisor, 10; a court or arbitrators stay it. A ruling has two officers, neither of
whose organisation is near a party. From the filing on the money in dispute is held.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, select

from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import local_date
from kernel.db import hold
from kernel.errors import Invalid, Refusal
from kernel.journal import Event
from kernel.pages import Page
from kernel.parties import relations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from marketplace import access
from marketplace.aftercare import dispute_rows as rows
from marketplace.aftercare import executing, remedies
from marketplace.aftercare.dispute_rows import (
    OVER,
    Remedy,
    State,
    TradeDispute,
)
from settlement.refunding import refunds

_PARTY: Final = (Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER, Duty.FINANCE)

buyer = its("buyer", "buyer_id", *_PARTY)
seller = its("seller", "seller_id", *_PARTY)
officer = any_of(Role.EXCHANGE_OPERATOR, Duty.COMPLIANCE_OFFICER)
confirmer = any_of(Role.EXCHANGE_OPERATOR, Duty.APPROVER, Duty.COMPLIANCE_OFFICER)
settler = any_of(Role.EXCHANGE_OPERATOR, Duty.SETTLEMENT_OFFICER)
supervisor = any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR)


def _impartial(dispute: TradeDispute, work: Work) -> Refusal | None:
    """Guard: an officer's organisation is no party, and near none (I-6)."""
    if Role.SYSTEM in work.actor.roles:
        return None
    near = relations.related(work.session, work.actor.organisation, on=local_date(work.now))
    return _PARTIAL if near & {dispute.buyer_id, dispute.seller_id} else None


_PARTIAL: Final = Refusal(
    "NOT_IMPARTIAL", "贵机构与一方当事人有关联，应当回避", "your organisation is near a party"
)


def _is_party(dispute: TradeDispute, work: Work) -> bool:
    return work.actor.organisation in {dispute.buyer_id, dispute.seller_id}


def _officers_are_impartial(dispute: TradeDispute, work: Work) -> Refusal | None:
    """Guard of what parties and officers may both do."""
    return None if _is_party(dispute, work) else _impartial(dispute, work)


def _is_proposed(dispute: TradeDispute, _work: Work) -> Refusal | None:
    if dispute.remedy is None:
        return Refusal("NOTHING_PROPOSED", "调解方案尚未提出", "nothing is proposed yet")
    return None


def _has_not_agreed(dispute: TradeDispute, work: Work) -> Refusal | None:
    ours = work.actor.organisation
    agreed = dispute.buyer_agreed if ours == dispute.buyer_id else dispute.seller_agreed
    return Refusal("AGREED_ALREADY", "贵机构已同意", "you have agreed") if agreed else None


def _may_appeal(dispute: TradeDispute, work: Work) -> tuple[Refusal, ...] | Refusal | None:
    if dispute.judgment is not None:
        zh, en = "按生效裁判作出，不得申诉", "it follows a judgment: there is no appeal"
        return Refusal("COURT_HAS_RULED", zh, en)
    if _has_not_agreed(dispute, work):
        return Refusal("AGREED_ALREADY", "贵机构已接受裁决", "you have accepted the ruling")
    return None


def _both_agreed(dispute: TradeDispute, _work: Work) -> Refusal | None:
    if dispute.buyer_agreed and dispute.seller_agreed:
        return None
    return Refusal("NOT_AGREED", "双方尚未一致同意", "not both have agreed")


def _executed(dispute: TradeDispute, work: Work) -> Refusal | None:
    if executing.is_awaited(work, dispute):
        return Refusal("NOT_CARRIED_OUT", "裁决尚未执行完毕", "it is not carried out yet")
    return None


def _refund_fell_through(dispute: TradeDispute, work: Work) -> Refusal | None:
    if dispute.refund_id is None:
        return None
    found = refunds.find(work.session, dispute.refund_id)
    together = refunds.together(work.session, found)
    if all(each.state == refunds.State.CANCELLED for each in together):
        return None
    return Refusal("REFUND_STANDS", "退款未被撤回", "its refund was not withdrawn")


def _decide(dispute: TradeDispute, work: Work, data: dict[str, Any]) -> None:
    try:
        remedy = Remedy(data["remedy"])
    except ValueError as error:
        known = ", ".join(Remedy)
        raise Invalid("处理方式不正确", f"one of {known}", pointer="/remedy") from error
    with work.session.no_autoflush:  # the row is whole only once its remedy is set
        remedies.decide(work, dispute, remedy, data)
        awarded = executing.award(work, dispute, remedy, data.get("amount"))
    dispute.awarded_minor = awarded
    data["amount"] = dispute.awarded
    dispute.remedy = remedy.value
    dispute.fee_refund = bool(data.get("fee_refund"))
    dispute.grounds_of_ruling = data["reason"]
    dispute.buyer_agreed = dispute.seller_agreed = False


def _concede(dispute: TradeDispute, work: Work, data: dict[str, Any]) -> None:
    amount = dispute.claimed if dispute.wanted == Remedy.PRICE_REDUCTION else None
    told = {**data, "remedy": dispute.wanted, "amount": amount,
            "reason": "卖方认可 the seller concedes"}  # fmt: skip
    _decide(dispute, work, told)
    data.update(told)


def _agree(dispute: TradeDispute, work: Work, _data: dict[str, Any]) -> None:
    if work.actor.organisation == dispute.buyer_id:
        dispute.buyer_agreed = True
    else:
        dispute.seller_agreed = True


def _is_to_correct(dispute: TradeDispute, _work: Work) -> Refusal | None:
    if dispute.remedy == Remedy.CORRECT and dispute.complied is None:
        return None
    return Refusal("NOTHING_TO_CORRECT", "没有待更正的事项", "nothing is to be corrected now")


def _was_corrected(dispute: TradeDispute, _work: Work) -> Refusal | None:
    if dispute.complied is not None and not dispute.verified:
        return None
    return Refusal("NOT_CORRECTED", "卖方尚未提交更正", "the seller has not said so yet")


def _comply(dispute: TradeDispute, _work: Work, data: dict[str, Any]) -> None:
    dispute.complied = data["complied"]


def _verify(dispute: TradeDispute, _work: Work, _data: dict[str, Any]) -> None:
    dispute.verified = True


def _not_enough(dispute: TradeDispute, _work: Work, _data: dict[str, Any]) -> None:
    dispute.complied = None


def _answer(dispute: TradeDispute, _work: Work, data: dict[str, Any]) -> None:
    dispute.answer = data["answer"]


def _judge(dispute: TradeDispute, work: Work, data: dict[str, Any]) -> None:
    dispute.judgment = data["judgment"]
    _decide(dispute, work, data)


_WHAT: Final = (
    ask("days", "number", Words("延长使用期的天数", "Days, for a longer term"),
        optional=True, max=3_660),
    ask("version_number", "number", Words("更换为第几版", "Number of the other version"),
        optional=True, max=100_000),
    ask("undertaking", label=Words("须更正的内容", "What is to be corrected"), optional=True,
        max=remedies.UNDERTAKING_MAX),
)  # fmt: skip
_DECISION: Final = (
    ask("remedy", "choice", Words("处理方式", "Remedy"),
        choices=tuple(sorted(remedy.value for remedy in Remedy))),
    ask("amount", "money", Words("退款金额（元）", "To refund, yuan"), optional=True),
    ask("reason", label=Words("事实与理由", "Facts and reasons"), max=2000),
    *_WHAT,
)  # fmt: skip
_FEE: Final = ask(
    "fee_refund", "flag", Words("交易所退还服务费", "the exchange gives its fee back"),
    optional=True,
)  # fmt: skip
_HEARD: Final = (State.ANSWERING, State.EVIDENCE, State.MEDIATION)
_PENDING: Final = frozenset({State.FILED, *_HEARD, State.RULING})
OPEN_TO_EVIDENCE: Final = frozenset({State.FILED, *_HEARD})
"""While evidence may be added."""

# fmt: off
LIFE: Workflow[State, TradeDispute] = Workflow(
    "trade_dispute", State, State.FILED,
    step("file",    {State.FILED}, State.FILED, buyer, own_door=True,
         within="clocks.dispute_acceptance", owner="role:exchange_operator",
         says="trade_dispute.filed", label=Words("提出争议", "Raise a dispute")),
    step("accept",  {State.FILED}, State.ANSWERING, officer, when=(_impartial,),
         within="clocks.dispute_answer", overdue="pass_over", owner="seller_id",
         says="trade_dispute.accepted", label=Words("受理", "Take it up")),
    step("refuse",  {State.FILED}, State.REFUSED, officer, when=(_impartial,), asks=(REASON,),
         moves_money=True,
         says="trade_dispute.refused", label=Words("不予受理", "Refuse it")),
    step("answer",  {State.ANSWERING}, State.EVIDENCE, seller, then=(_answer,),
         asks=(ask("answer", label=Words("答辩意见", "Answer"), max=2000),),
         within="clocks.dispute_evidence", overdue="close_evidence",
         owner="role:exchange_operator",
         says="trade_dispute.answered", label=Words("答辩", "Answer")),
    step("pass_over", {State.ANSWERING}, State.EVIDENCE, system_only, own_door=True,
         within="clocks.dispute_evidence", overdue="close_evidence",
         owner="role:exchange_operator",
         says="trade_dispute.not_answered", label=Words("逾期未答辩", "Not answered in time")),
    step("concede", set(_HEARD), State.EXECUTING, seller, then=(_concede,), moves_money=True,
         asks=_WHAT,
         within="clocks.dispute_execution", owner="role:exchange_operator",
         says="trade_dispute.conceded", label=Words("认可买方请求", "Concede the claim")),
    step("close_evidence", {State.EVIDENCE}, State.MEDIATION, (officer, system_only),
         when=(_impartial,), within="clocks.dispute_mediation", overdue="fail_mediation",
         owner="role:exchange_operator",
         says="trade_dispute.evidence_closed", label=Words("进入调解", "Go on to mediation")),
    step("propose", {State.MEDIATION}, State.MEDIATION, officer, when=(_impartial,),
         asks=(*_DECISION, _FEE), then=(_decide,),
         says="trade_dispute.proposed", label=Words("提出调解方案", "Propose a settlement")),
    step("agree",   {State.MEDIATION}, State.MEDIATION, (buyer, seller),
         when=(_is_proposed, _has_not_agreed), then=(_agree,), moves_money=True,
         says="trade_dispute.agreed", label=Words("同意调解方案", "Agree to the proposal")),
    step("settle",  {State.MEDIATION}, State.EXECUTING, system_only, own_door=True,
         when=(_both_agreed,),
         within="clocks.dispute_execution", owner="role:exchange_operator",
         says="trade_dispute.settled", label=Words("调解成功", "Settled")),
    step("fail_mediation", {State.MEDIATION}, State.RULING,
         (buyer, seller, officer, system_only), when=(_officers_are_impartial,),
         within="clocks.dispute_ruling", owner="role:exchange_operator",
         says="trade_dispute.mediation_failed",
         label=Words("调解不成，请求裁决", "Ask for a ruling")),
    step("rule",    {State.RULING}, State.CONFIRMING, officer, when=(_impartial,),
         asks=(*_DECISION, _FEE), then=(_decide,),
         within="clocks.dispute_ruling", owner="role:exchange_operator",
         says="trade_dispute.ruling_drafted", label=Words("拟定裁决", "Draft the ruling")),
    step("return",  {State.CONFIRMING}, State.RULING, confirmer, when=(_impartial,),
         asks=(REASON,), not_by=("rule", "adopt_judgment"),
         within="clocks.dispute_ruling", owner="role:exchange_operator",
         says="trade_dispute.ruling_returned", label=Words("退回重拟", "Return the draft")),
    step("confirm", {State.CONFIRMING}, State.RULED, confirmer, when=(_impartial,),
         not_by=("rule", "adopt_judgment"),
         within="clocks.dispute_appeal_window", overdue="execute",
         owner="role:exchange_operator",
         says="trade_dispute.ruled", label=Words("复核并宣布裁决", "Confirm and announce")),
    step("accept_ruling", {State.RULED}, State.RULED, (buyer, seller),
         when=(_has_not_agreed,), then=(_agree,), moves_money=True,
         says="trade_dispute.ruling_accepted", label=Words("接受裁决", "Accept the ruling")),
    step("execute", {State.RULED}, State.EXECUTING, system_only, own_door=True,
         within="clocks.dispute_execution", owner="role:exchange_operator",
         says="trade_dispute.in_force", label=Words("裁决生效", "The ruling is in force")),
    step("appeal",  {State.RULED}, State.APPEALED, (buyer, seller), when=(_may_appeal,),
         asks=(REASON,), within="clocks.dispute_appeal", owner="role:data_authority",
         says="trade_dispute.appealed", label=Words("申诉", "Appeal")),
    step("decide_appeal", {State.APPEALED}, State.EXECUTING, supervisor, when=(_impartial,),
         asks=(*_DECISION, _FEE), then=(_decide,), moves_money=True,
         within="clocks.dispute_execution", owner="role:exchange_operator",
         says="trade_dispute.appeal_decided", label=Words("申诉决定", "Decide the appeal")),
    step("stay",    {*_PENDING, State.CONFIRMING, State.RULED, State.APPEALED}, State.STAYED,
         (officer, supervisor), when=(_impartial,), asks=(REASON,),
         says="trade_dispute.stayed", label=Words("因诉讼或仲裁中止", "Stay it for a court")),
    step("adopt_judgment", {State.STAYED}, State.CONFIRMING, officer, when=(_impartial,),
         asks=(ask("judgment", label=Words("裁判文书号", "Number of the judgment"), max=120),
               *_DECISION, _FEE),
         then=(_judge,), within="clocks.dispute_ruling", owner="role:exchange_operator",
         says="trade_dispute.judgment_adopted", label=Words("按生效裁判执行", "Follow a judgment")),
    step("refund_again", {State.EXECUTING}, State.EXECUTING, settler,
         when=(_refund_fell_through,), moves_money=True,
         says="trade_dispute.refunded_again", label=Words("重新退款", "Refund again")),
    step("comply",  {State.EXECUTING}, State.EXECUTING, seller, when=(_is_to_correct,),
         then=(_comply,),
         asks=(ask("complied", label=Words("更正与致歉情况", "What was corrected, and how"),
                   max=1000),),
         says="trade_dispute.complied", label=Words("提交更正情况", "Say that it is corrected")),
    step("verify",  {State.EXECUTING}, State.EXECUTING, officer,
         when=(_impartial, _was_corrected), then=(_verify,),
         says="trade_dispute.verified", label=Words("确认已更正", "Confirm the correction")),
    step("send_back", {State.EXECUTING}, State.EXECUTING, officer, asks=(REASON,),
         when=(_impartial, _was_corrected), then=(_not_enough,),
         says="trade_dispute.sent_back", label=Words("更正不到位，退回", "It is not corrected")),
    step("close",   {State.EXECUTING}, State.CLOSED, system_only, own_door=True,
         when=(_executed,),
         says="trade_dispute.closed", label=Words("执行完毕", "Carried out")),
    step("withdraw", {*_PENDING, State.STAYED}, State.WITHDRAWN, buyer, asks=(REASON,),
         moves_money=True,
         says="trade_dispute.withdrawn", label=Words("撤回争议", "Withdraw it")),
)
# fmt: on


def take(work: Work, dispute_id: str, name: str, **data: Any) -> TradeDispute:
    """Take one step of a dispute, and what follows from it. Raises what `Workflow.take` raises."""
    found = seen(work, dispute_id)
    hold(work.session, found)
    LIFE.take(name, found, work, **data)
    if name == "refund_again" and found.refund_id is not None:
        executing.give_back(work, found)
    elif name in _CORRECTING:
        close(work, found)
    else:
        _follow(work, found)
    return found


def _follow(work: Work, found: TradeDispute) -> None:
    house = work.as_system()
    agreed = found.buyer_agreed and found.seller_agreed
    if agreed and found.state in _IN_FORCE:
        LIFE.take(_IN_FORCE[State(found.state)], found, house)
    if found.state == State.EXECUTING:
        executing.carry_out(work, found)
        close(work, found)
    elif found.state in {State.REFUSED, State.WITHDRAWN}:
        executing.drop(work, found)


_CORRECTING: Final = frozenset({"comply", "verify", "send_back"})
_IN_FORCE: Final = {State.MEDIATION: "settle", State.RULED: "execute"}


def close(work: Work, found: TradeDispute) -> None:
    """Close a dispute that is carried out; of any other nothing changes."""
    if found.state == State.EXECUTING and not LIFE.refusals("close", found, work):
        LIFE.take("close", found, work.as_system())


def refund_arrived(work: Work, event: Event) -> None:
    """After a refund has arrived: the dispute that it carries out is closed. Two SELECTs."""
    refund = refunds.find(work.session, event.subject)
    first = refund.first_id or refund.id
    statement = select(TradeDispute).where(TradeDispute.refund_id == first)
    for found in work.session.scalars(statement.limit(1)):
        close(work, found)


def redelivered(work: Work, event: Event) -> None:
    """After "order.redelivered": the dispute that ordered it is closed. One SELECT."""
    found = rows.open_of(work.session, event.subject)
    if found is not None:
        close(work, found)


_OURS: Final = access.overseen(TradeDispute, LIFE, rows.MISSING, "buyer_id", "seller_id")
find, seen = _OURS.find, _OURS.seen


def listed(
    work: Work,
    *,
    state: str | None = None,
    open_only: bool = False,
    after: str | None = None,
    limit: int,
) -> Page[TradeDispute]:
    """Return one page of the disputes that the caller may see, newest first. One SELECT."""
    where: list[ColumnElement[bool]] = []
    if state is not None:
        where.append(TradeDispute.state == state)
    if open_only:
        where.append(TradeDispute.state.not_in(OVER))
    return _OURS.listed(work, *where, after=after, limit=limit)
