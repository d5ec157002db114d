"""How a complaint is made, shown to be right, taken over, and made a dispute."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from kernel import ids, numbers
from kernel.actor import Actor, Duty, Role, Who
from kernel.clock import local_date
from kernel.errors import Invalid, Refusal, StepRefused, refuse
from kernel.parties import organisations
from kernel.work import Work
from marketplace import access, orders, products
from marketplace.aftercare import complaint_rows as rows
from marketplace.aftercare import complaints, filing, papers
from marketplace.aftercare.complaint_rows import OVER, URGENT, About, Category, Complaint, State
from marketplace.aftercare.complaints import LIFE
from marketplace.aftercare.dispute_rows import TradeDispute
from marketplace.aftercare.filing import Claim
from marketplace.aftercare.papers import Opened, Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Grievance:
    """What somebody complains of. subject_id: a product, order or organisation; the exchange: None.

    hidden: the respondent is not to learn who complains.
    """

    about: About
    category: Category
    said: str
    subject_id: str | None = None
    hidden: bool = False


def _a_member(actor: Actor, _subject: object) -> bool:
    return Role.SYSTEM not in actor.roles and actor.duties != {Duty.PLATFORM_ADMIN}


member: Final = Who("anybody with an account", _a_member)
"""Who complains."""


def file(work: Work, grievance: Grievance) -> Complaint:
    """Complain. Raises NotFound, StepNotAllowed, Invalid with a pointer, StepRefused.

    Of an order, only its parties complain, each of the other.
    """
    access.require(work, member, None, "complaint.file")
    subject_id, respondent_id = _subject(work, grievance)
    refuse(_barred(work, grievance, subject_id, respondent_id))
    series = f"TS-{local_date(work.now).year}"
    urgent = grievance.category in URGENT
    made = Complaint(
        id=ids.new("cmp_", work.now),
        state=State.FILED,
        code=f"{series}-{numbers.following(work.session, series):06}",
        about=grievance.about.value,
        category=grievance.category.value,
        subject_id=subject_id,
        order_id=subject_id if grievance.about is About.ORDER else None,
        complainant_id=work.actor.organisation,
        respondent_id=respondent_id,
        hidden=grievance.hidden,
        urgent=urgent,
        office=_office(work, respondent_id),
        said=_said(grievance),
        filed_by=work.actor.person,
        filed_at=work.now,
        extended=False,
    )
    work.session.add(made)
    name = "file_urgent" if urgent else "file"
    LIFE.take(name, made, work, about=made.about, category=made.category)
    return made


def take_over(work: Work, complaint_id: str) -> Complaint:
    """Make it one's own case, as an officer in charge, near to neither side.

    Raises StepNotAllowed, StepRefused.
    """
    found = complaints.seen(work, complaint_id)
    access.require(work, complaints.officer, found, "complaint.take_over")
    refuse((complaints.impartial(found, work),))
    if found.state not in {State.ANSWERING, State.HANDLING, State.RECTIFYING}:
        zh, en = "该投诉当前不在办理中", "it is not being handled now"
        raise StepRefused(zh, en, (Refusal("NOT_IN_HAND", zh, en),))
    found.handler = work.actor.person
    work.record("complaint.assigned", found.id, person=work.actor.person)
    return found


def dispute(work: Work, complaint_id: str, claim: Claim) -> TradeDispute:
    """Make a dispute of a complaint about an order, as its complainant; the complaint is closed.

    Raises what `filing.file` raises.
    """
    found = complaints.seen(work, complaint_id)
    access.require(work, complaints.complainant, found, "complaint.dispute")
    refuse(LIFE.refusals("turn", found, work))
    made = filing.file(work, found.subject_id, claim)
    work.session.flush()  # the complaint names the dispute
    LIFE.take("turn", found, work, dispute_id=made.id)
    return made


def show_evidence(
    work: Work, complaint_id: str, *, said: str, name: str = "", content: bytes | None = None
) -> Piece:
    """Add a piece of evidence, as either side, until the outcome is told.

    Raises as `papers.keep`.
    """
    found = complaints.seen(work, complaint_id)
    access.require(work, party, found, "complaint.show_evidence")
    if found.state in {State.RESOLVED, *OVER}:
        zh, en = "投诉已答复，不再收取证据", "no more evidence is taken"
        raise StepRefused(zh, en, (Refusal("EVIDENCE_CLOSED", zh, en),))
    return papers.keep(work, found.id, said=said, name=name, content=content)


def evidence(work: Work, complaint: Complaint) -> list[Piece]:
    """Return the pieces that the caller may see: of who stays unnamed, nothing. One SELECT."""
    found = papers.of(work.session, complaint.id)
    if not complaints.is_withheld(work, complaint):
        return found
    return [each for each in found if each.organisation_id != complaint.complainant_id]


def opened(work: Work, complaint_id: str, piece_id: str) -> Opened:
    """Return a file of the evidence that the caller may see; the reading is recorded."""
    found = complaints.seen(work, complaint_id)
    if piece_id not in {each.id for each in evidence(work, found)}:
        raise rows.missing(piece_id)
    return papers.opened(work, found.id, piece_id)


def _a_party(actor: Actor, subject: object) -> bool:
    return complaints.complainant.matches(actor, subject) or complaints.respondent.matches(
        actor, subject
    )


party: Final = Who("its complainant or its respondent", _a_party)
"""Who shows evidence."""


def _subject(work: Work, grievance: Grievance) -> tuple[str, str]:
    """Return what the complaint is about, and the organisation that answers for it."""
    subject_id = grievance.subject_id or ""
    if grievance.about is About.PRODUCT:
        return subject_id, products.seen(work, subject_id).owner_id
    if grievance.about is About.ORDER:
        order = orders.seen(work, subject_id)
        parties = [order.buyer_id, order.seller_id]
        if work.actor.organisation not in parties:
            raise Invalid(
                "只有订单双方可以投诉订单", "only its parties complain of it", pointer="/subject_id"
            )
        return subject_id, parties[parties[0] == work.actor.organisation]
    if grievance.about is About.MERCHANT:
        found = organisations.find(work.session, subject_id)
        if Role.MERCHANT not in found.granted:
            raise Invalid("该机构不是数商", "it is no merchant", pointer="/subject_id")
        return found.id, found.id
    houses = organisations.with_role(work.session, Role.EXCHANGE_OPERATOR)
    if not houses:
        raise Invalid("没有交易所运营机构", "there is no exchange", pointer="/about")
    return houses[0].id, houses[0].id


def _barred(
    work: Work, grievance: Grievance, subject_id: str, respondent_id: str
) -> tuple[Refusal, ...]:
    ours, found = work.actor.organisation, []
    if respondent_id == ours:
        found.append(Refusal("OF_ONESELF", "不能投诉本机构", "nobody complains of itself"))
    if grievance.hidden and grievance.about is About.ORDER:
        zh, en = "订单对方知道您是谁，无法隐去", "the other party knows who you are"
        found.append(Refusal("CANNOT_BE_HIDDEN", zh, en))
    same = rows.open_of_kind(work.session, ours, subject_id, grievance.category)
    if same is not None:
        zh, en = f"同一投诉 {same.code} 尚未办结", f"{same.code} says the same and is open"
        found.append(Refusal("COMPLAINED_ALREADY", zh, en))
    most = work.rules.number("aftercare.complaints_open_max")
    if _open_of(work, ours) >= most:
        zh, en = f"未办结的投诉至多 {most} 项", f"at most {most} are open at once"
        found.append(Refusal("TOO_MANY_COMPLAINTS", zh, en))
    return tuple(found)


def _open_of(work: Work, organisation_id: str) -> int:
    statement = select(func.count()).where(
        Complaint.complainant_id == organisation_id, Complaint.state.not_in(OVER)
    )
    return work.session.scalars(statement).one()


def _office(work: Work, respondent_id: str) -> str:
    roles = organisations.find(work.session, respondent_id).granted
    own = Role.EXCHANGE_OPERATOR in roles
    return (Role.DATA_AUTHORITY if own else Role.EXCHANGE_OPERATOR).value


def _said(grievance: Grievance) -> str:
    said = grievance.said.strip()
    if not 1 <= len(said) <= papers.SAID_MAX:
        raise Invalid("请说明投诉事实", "say what happened", pointer="/said")
    return said
