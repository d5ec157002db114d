"""The one life of both kinds of agreement: decided, negotiated, fixed, signed, filed, ended.

Source: no permission before both signatures, the confidentiality letter (保密承诺书) and
the filing (I-38). What is in force holds on while a change is being agreed on, and what
has ended supplies nothing while it is being handed over.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import select

from kernel import journal
from kernel.actor import Duty, Role, Who, any_of, system_only
from kernel.clock import local_date
from kernel.errors import Refusal, together
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Guard, Step, Workflow, ask, reasons, step
from licensing import signatures
from licensing.agreed.rows import IN_FORCE, LIVE, Agreed, State, read, text_digest
from licensing.frame import elements
from licensing.frame.editions import enter_edition, proposal_in, proposed
from licensing.frame.elements import Cause, Ending

Life: TypeAlias = Workflow[State, Any]

registrar = any_of(Role.DATA_AUTHORITY, Duty.CASE_OFFICER)
supervisor = any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR)

UNFILED: Final = frozenset(State) - LIVE - {State.TERMINATING, State.EXPIRED, State.TERMINATED}


@dataclass(frozen=True, slots=True)
class People:
    """Who makes an agreement. levers: those who may suspend it besides the supervisor."""

    drafters: tuple[Who, ...]
    decider: Who
    parties: tuple[Who, ...]
    operator: Who
    grantor: Who


@dataclass(frozen=True, slots=True)
class Checks:
    """What must hold. sound: of any text of it. alone: of taking effect. running: of resuming."""

    sound: tuple[Guard[Any], ...]
    alone: tuple[Guard[Any], ...]
    running: tuple[Guard[Any], ...]
    opened: Callable[[Any, Work], None]


def life(name: str, prefix: str, people: People, checks: Checks) -> Life:
    """Return the table of an agreement's life. prefix: what its events begin with."""
    rows = (*_making(prefix, people, checks), *_amending(prefix, people, checks),
            *_ending(prefix, people, checks))  # fmt: skip
    return Workflow(name, State, State.DRAFT, *rows)


def _making(prefix: str, who: People, checks: Checks) -> list[Step[State, Any]]:
    not_drafter = _not_by_its_drafter(f"{prefix}.drafted")

    def begin(agreement: Agreed, work: Work, _data: dict[str, Any]) -> None:
        agreement.effective_at = work.now
        enter_edition(work, agreement, signed_as=agreement.id, note="")
        checks.opened(agreement, work)

    # fmt: off
    return [
        step("decide",      {State.DRAFT}, State.APPROVED_INTERNALLY, who.decider,
             when=(not_drafter, term_not_over), then=(_decide,), asks=elements.DECISION,
             says=f"{prefix}.decided", label=Words("内部集体决策", "Decide internally")),
        step("negotiate",   {State.APPROVED_INTERNALLY}, State.NEGOTIATING, who.drafters,
             says=f"{prefix}.negotiated", label=Words("进入磋商", "Negotiate")),
        step("finalise",    {State.NEGOTIATING}, State.FINAL, who.drafters,
             when=(*checks.sound, term_not_over, *checks.alone), then=(_fix,),
             says=f"{prefix}.finalised", label=Words("定稿", "Finalise")),
        step("sign_first",  {State.FINAL}, State.HALF_SIGNED, who.parties, then=(_sign,),
             says=f"{prefix}.half_signed", label=Words("签署", "Sign")),
        step("sign_second", {State.HALF_SIGNED}, State.SIGNED, who.parties,
             when=(_not_signed_by_us,), then=(_sign,), not_by=("sign_first",),
             within="clocks.agreement_filing",
             says=f"{prefix}.signed", label=Words("会签", "Countersign")),
        step("letter",      {State.SIGNED}, State.SIGNED, who.operator, then=(_keep_letter,),
             asks=(ask("digest", label=Words("保密承诺书摘要", "Digest of the letter"), max=64),),
             own_door=True, says=f"{prefix}.letter_given",
             label=Words("提交保密承诺书", "Give the confidentiality letter")),
        step("file",        {State.SIGNED}, State.EFFECTIVE, registrar,
             when=(_signed_by_both, _letter_given, *checks.sound, term_not_over, *checks.alone),
             then=(begin,), says=f"{prefix}.filed", label=Words("备案", "File")),
        step("abandon",     UNFILED, State.TERMINATED, who.parties, asks=(REASON,),
             says=f"{prefix}.abandoned", label=Words("放弃", "Abandon")),
    ]
    # fmt: on


def _amending(prefix: str, who: People, checks: Checks) -> list[Step[State, Any]]:
    def proposal_sound(agreement: Agreed, work: Work) -> Refusal | None:
        changed = proposed(agreement)
        found = (guard(changed, work) for guard in (*checks.sound, term_not_over))
        return together(one for each in found for one in reasons(each))

    # fmt: off
    return [
        step("amend",    {State.EFFECTIVE}, State.AMENDING, who.drafters, then=(_propose,),
             asks=(ask("proposal", "object"),), own_door=True,
             says=f"{prefix}.amendment_proposed", label=Words("提出变更", "Propose a change")),
        step("agree",    {State.AMENDING}, State.AMENDING, who.parties,
             when=(_nobody_agreed, proposal_sound), then=(_sign_proposal,),
             says=f"{prefix}.amendment_half_signed", label=Words("签署变更", "Sign the change")),
        step("conclude", {State.AMENDING}, State.EFFECTIVE, who.parties,
             when=(_the_other_agreed, proposal_sound), then=(_sign_proposal, _apply),
             not_by=("agree",),
             says=f"{prefix}.amended", label=Words("会签变更", "Countersign the change")),
        step("drop",     {State.AMENDING}, State.EFFECTIVE, who.parties, then=(_forget,),
             asks=(REASON,),
             says=f"{prefix}.amendment_dropped", label=Words("放弃变更", "Drop the change")),
    ]
    # fmt: on


def _ending(prefix: str, who: People, checks: Checks) -> list[Step[State, Any]]:
    cause = ask("cause", "choice", Words("事由", "Cause"), choices=tuple(Cause))
    ending = ask("cause", "choice", Words("事由", "Cause"), choices=tuple(Ending))
    digests = tuple(
        ask(name, label=label, max=64)
        for name, label in (
            ("destruction", Words("数据销毁证明摘要", "Digest of the destruction certificate")),
            ("keys", Words("密钥交接清单摘要", "Digest of the list of keys")),
            ("records", Words("记录移交清单摘要", "Digest of the list of records")),
        )
    )
    # fmt: off
    return [
        step("suspend",   IN_FORCE, State.SUSPENDED, (supervisor, who.grantor),
             then=(_forget,), asks=(cause, REASON),
             says=f"{prefix}.suspended", label=Words("暂停", "Suspend")),
        step("resume",    {State.SUSPENDED}, State.EFFECTIVE, supervisor,
             when=(*checks.running, term_not_over), asks=(REASON,),
             says=f"{prefix}.resumed", label=Words("恢复", "Resume")),
        step("expire",    LIVE, State.EXPIRED, system_only, when=(_term_over,),
             says=f"{prefix}.expired", label=Words("到期", "Expire")),
        step("terminate", LIVE, State.TERMINATING, (*who.parties, supervisor),
             then=(_forget,), asks=(ending, REASON), within="clocks.exit_handover",
             says=f"{prefix}.terminated", label=Words("终止", "Terminate")),
        step("hand_over", {State.TERMINATING}, State.TERMINATING, who.operator,
             then=(_hand_over,), asks=digests,
             says=f"{prefix}.handed_over", label=Words("退出交接", "Hand over")),
        step("close",     {State.TERMINATING}, State.TERMINATED, who.grantor,
             when=(_handed_over,),
             says=f"{prefix}.closed", label=Words("确认交接完毕", "Confirm the handover")),
    ]
    # fmt: on


# --- what is asked, of either kind ---------------------------------------------------------


def term_not_over(agreement: Agreed, work: Work) -> Refusal | None:
    """Refuse once the last day has passed."""
    over = agreement.term_to < local_date(work.now)
    return Refusal("TERM_OVER", "协议期限已届满", "the term is over") if over else None


def _term_over(agreement: Agreed, work: Work) -> Refusal | None:
    over = agreement.term_to < local_date(work.now)
    return None if over else Refusal("TERM_RUNNING", "协议期限尚未届满", "the term still runs")


def _not_by_its_drafter(kind: str) -> Guard[Any]:
    def guard(agreement: Agreed, work: Work) -> Refusal | None:
        drafter = journal.takers(work.session, agreement.id, [kind]).get(kind)
        if drafter != work.actor.person:
            return None
        zh, en = "由您起草，须由另一人主持决策", "you drafted it; another person decides"
        return Refusal("FOUR_EYES", zh, en)

    return guard


def _not_signed_by_us(agreement: Agreed, work: Work) -> Refusal | None:
    if not signatures.signed_by(work.session, agreement.id, work.actor.organisation):
        return None
    zh, en = "贵方已签署，须由另一方签署", "the other party has to sign now"
    return Refusal("OTHER_PARTY_SIGNS", zh, en)


def _letter_given(agreement: Agreed, _work: Work) -> Refusal | None:
    if agreement.letter_digest is not None:
        return None
    zh, en = "缺少保密承诺书", "the confidentiality letter has not been given"
    return Refusal("LETTER_MISSING", zh, en)


def _signed_by_both(agreement: Agreed, work: Work) -> Refusal | None:
    if agreement.parties <= holding(work, agreement.id, text_digest(agreement, work.crypto)):
        return None
    zh, en = "双方对现有文本的签署不完整", "not both parties have signed this very text"
    return Refusal("SIGNATURE_MISSING", zh, en)


def _nobody_agreed(agreement: Agreed, work: Work) -> Refusal | None:
    if not signatures.of(work.session, proposal_in(agreement)["id"]):
        return None
    return Refusal("OTHER_PARTY_SIGNS", "一方已签署，请会签", "one has signed: countersign it")


def _the_other_agreed(agreement: Agreed, work: Work) -> Refusal | None:
    proposal = proposal_in(agreement)
    others = agreement.parties - {work.actor.organisation}
    if others <= holding(work, proposal["id"], proposal["digest"]):
        return None
    zh, en = "另一方尚未签署变更", "the other party has not signed the change"
    return Refusal("SIGNATURE_MISSING", zh, en)


def _handed_over(agreement: Agreed, _work: Work) -> Refusal | None:
    if agreement.handover is not None:
        return None
    zh, en = "运营机构尚未完成退出交接", "the operator has not handed over yet"
    return Refusal("HANDOVER_MISSING", zh, en)


# --- what follows --------------------------------------------------------------------------


def _decide(agreement: Agreed, work: Work, data: dict[str, Any]) -> None:
    agreement.decision = {
        **elements.decision(data, local_date(work.now)), "terms": agreement.written(),
    }  # fmt: skip


def _fix(agreement: Agreed, work: Work, _data: dict[str, Any]) -> None:
    agreement.final_digest = text_digest(agreement, work.crypto)


def _sign(agreement: Agreed, work: Work, _data: dict[str, Any]) -> None:
    signatures.sign(work, agreement.id, text_digest=text_digest(agreement, work.crypto))


def _keep_letter(agreement: Agreed, _work: Work, data: dict[str, Any]) -> None:
    agreement.letter_digest = elements.digest(data["digest"], "/digest")


def _propose(agreement: Agreed, _work: Work, data: dict[str, Any]) -> None:
    agreement.proposal = data["proposal"]


def _sign_proposal(agreement: Agreed, work: Work, _data: dict[str, Any]) -> None:
    digest = text_digest(proposed(agreement), work.crypto)
    signatures.sign(work, proposal_in(agreement)["id"], text_digest=digest)


def _apply(agreement: Agreed, work: Work, data: dict[str, Any]) -> None:
    proposal = proposal_in(agreement)
    for name, value in read(proposal["terms"]).items():
        setattr(agreement, name, value)
    agreement.edition += 1
    agreement.final_digest = text_digest(agreement, work.crypto)
    agreement.proposal = None
    enter_edition(work, agreement, signed_as=proposal["id"], note=proposal["reason"])
    data["edition"] = agreement.edition


def _forget(agreement: Agreed, _work: Work, _data: dict[str, Any]) -> None:
    agreement.proposal = None


def _hand_over(agreement: Agreed, work: Work, data: dict[str, Any]) -> None:
    given = {name: elements.digest(data[name], f"/{name}")
             for name in ("destruction", "keys", "records")}  # fmt: skip
    agreement.handover = {**given, "at": work.now.isoformat(), "by": work.actor.person}


# --- for both kinds ------------------------------------------------------------------------


def holding(work: Work, subject: str, digest: str) -> set[str]:
    """Return the organisations whose signature under this very text holds. One SELECT."""
    return {
        signature.organisation_id
        for signature in signatures.of(work.session, subject)
        if signatures.holds(work.crypto, signature, text_digest=digest)
    }


def expire_ended(work: Work, kind: type[Agreed], table: Life, *, limit: int) -> int:
    """Expire, as the house, up to `limit` live agreements whose term is over; return how many."""
    statement = (
        select(kind)
        .where(kind.state.in_(LIVE), kind.term_to < local_date(work.now))
        .order_by(kind.term_to, kind.id)
        .limit(limit)
    )
    ended = list(work.session.scalars(statement))
    for agreement in ended:
        table.take("expire", agreement, work.as_system())
    return len(ended)
