"""An invoice (发票): asked for by who paid, issued by who sold, written off in red, never deleted.

Two of an order: the seller's to the buyer for the price, the exchange's to the seller for its
fee; and the exchange's for each fee note. What the treasury gets of public data is on none of
them, but on a non-tax receipt (`non_tax`).
Source: national rules of invoices: a refund after issue needs a red-letter invoice (红字发票).
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kernel.actor import Actor, Duty, Who, its, system_only
from kernel.errors import DomainError, Invalid, NotFound
from kernel.errors import Kind as ErrorKind
from kernel.journal import Event
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from settlement import access
from settlement.papers import (
    invoice_drafts,
    invoice_lines,
    invoice_rooms,
    issuing,
    papers,
    red_letters,
    red_lines,
)
from settlement.papers.invoice_drafts import Buyer, Wanted
from settlement.papers.invoice_lines import Asked, in_capitals
from settlement.papers.invoice_rooms import About, Figures, InvoiceRoom
from settlement.papers.invoice_rows import Invoice, Kind, State
from settlement.papers.issuing import Issued
from settlement.papers.papers import Paper

__all__ = ["About", "Asked", "Buyer", "Invoice", "Kind", "State", "Wanted", "in_capitals"]


_TREASURERS: Final = (Duty.FINANCE, Duty.SIGNER, Duty.ORG_ADMIN)


class NothingToInvoice(DomainError):
    """Invoices of an order never stand for more than was paid for it and not refunded (I-56)."""

    kind = ErrorKind.CONFLICT
    code = "nothing-to-invoice"
    title = Words("超出可开票金额", "There is not so much to invoice")


class RedOfRed(DomainError):
    """A red letter is no invoice: nothing is issued on it, and nothing written off."""

    kind = ErrorKind.CONFLICT
    code = "red-letter-of-a-red-letter"
    title = Words("红字发票不能再冲红", "A red letter cannot be written off")


def _issues(actor: Actor, invoice: Any) -> bool:
    own = _sellers.matches(actor, invoice)
    return own or (invoice.mandated and access.settler.matches(actor, invoice))


_sellers: Final = its("seller", "seller_id", *_TREASURERS, Duty.SETTLEMENT_OFFICER)
its_issuer: Final = Who("its seller, or the exchange under its mandate", _issues)
"""Who issues it."""

its_buyer: Final = its("buyer", "buyer_id", *_TREASURERS)
"""Who asked for it."""

_NUMBER: Final = ask(
    "number", optional=True, max=issuing.NUMBER_LENGTH,
    label=Words("数电票号码（20 位；未在税务平台开具则不填）",
                "Number of the tax platform, 20 digits; leave empty if there is none"),
)  # fmt: skip


_LINES: Final = ask(
    "lines", "list", optional=True, max=invoice_lines.LINES_MAX,
    label=Words("冲红明细（每项“行号:分”；不填则按各行余额比例）",
                "By line, each as line:fen; left empty, all lines in proportion"),
)  # fmt: skip


def _room(invoice: Invoice, work: Work) -> InvoiceRoom:
    return invoice_rooms.locked(work.session, invoice.order_id, About(invoice.about))


def _issue(invoice: Invoice, work: Work, data: dict[str, Any]) -> None:
    with work.session.no_autoflush:  # it is issued only with its paper, both at once
        lines = invoice_lines.of(work.session, invoice.id)
        document = invoice_drafts.document(invoice, lines, issuer=work.actor.person)
        issued = issuing.issuer(data.get("number")).issue(work, document)
        invoice.paper = _signed(work, invoice, document, issued)
    invoice.number, invoice.tax_document = issued
    invoice.issuer, invoice.issued_at = work.actor.person, work.now


def _give_up(invoice: Invoice, work: Work, _data: dict[str, Any]) -> None:
    _room(invoice, work).asked_minor -= invoice.total.minor


def _ask_red(invoice: Invoice, work: Work, data: dict[str, Any]) -> None:
    amount = int(data["amount_fen"])
    if not 0 < amount <= invoice.left.minor:
        raise Invalid(
            f"至多可冲红 {invoice.left}", f"at most {invoice.left} is left of it",
            pointer="/amount_fen",
        )  # fmt: skip
    invoice.red_asked_minor += amount
    invoice.red_reason = data["reason"]
    _room(invoice, work).red_minor += amount
    lines = red_lines.rooms(work.session, invoice_lines.of(work.session, invoice.id))
    wanted = red_lines.read(data.get("lines") or ())
    red_lines.ask(lines, Money(amount, invoice.total.currency), wanted)


def _issue_red(invoice: Invoice, work: Work, data: dict[str, Any]) -> None:
    with work.session.no_autoflush:  # as above
        lines = invoice_lines.of(work.session, invoice.id)
        parts = red_lines.take(red_lines.rooms(work.session, lines))
        confirm_no = data.get("confirm_no") or ""
        made, red = red_letters.draft(work, invoice, parts, confirm_no=confirm_no)
        document = {
            **invoice_drafts.document(invoice, [], issuer=work.actor.person),
            **red_letters.said(made, invoice),
            "lines": red_letters.lined(lines, red),
        }
        issued = issuing.issuer(data.get("number")).issue(work, document)
        made.paper = _signed(work, invoice, document, issued)
    made.number, made.tax_document = issued
    invoice.red_minor += invoice.red_asked_minor
    invoice.red_asked_minor = 0
    work.session.add(made)
    work.session.flush()  # its lines refer to it by id alone
    work.session.add_all(red)


# fmt: off
LIFE: Workflow[State, Invoice] = Workflow(
    "invoice", State, State.REQUESTED,
    step("issue",    {State.REQUESTED}, State.ISSUED, its_issuer, asks=(_NUMBER,),
         then=(_issue,), says="invoice.issued", label=Words("开具", "Issue")),
    step("reject",   {State.REQUESTED}, State.REJECTED, (its_issuer, system_only),
         asks=(REASON,), then=(_give_up,),
         says="invoice.rejected", label=Words("不予开具", "Refuse")),
    step("withdraw", {State.REQUESTED}, State.REJECTED, its_buyer, then=(_give_up,),
         says="invoice.withdrawn", label=Words("撤回申请", "Withdraw the request")),
    step("ask_red",  {State.ISSUED, State.RED_ISSUED}, State.RED_REQUESTED,
         (its_issuer, system_only), then=(_ask_red,),
         asks=(ask("amount_fen", "number", max=10**15,
                   label=Words("冲红金额（分，含税）", "To write off, in fen, tax included")),
               _LINES, REASON),
         says="invoice.red_requested", label=Words("申请冲红", "Ask for a red-letter invoice")),
    step("ask_more", {State.RED_REQUESTED}, State.RED_REQUESTED, system_only, own_door=True,
         then=(_ask_red,), asks=(ask("amount_fen", "number", max=10**15), REASON),
         says="invoice.red_raised", label=Words("追加冲红", "Raise what is written off")),
    step("issue_red", {State.RED_REQUESTED}, State.RED_ISSUED, its_issuer,
         asks=(_NUMBER, ask("confirm_no", optional=True, max=40,
                            label=Words("红字确认单编号", "Number of the red-letter slip"))),
         then=(_issue_red,),
         says="invoice.red_issued", label=Words("开具红字发票", "Issue the red letter")),
)
# fmt: on


def request(work: Work, wanted: Wanted) -> Invoice:
    """Ask for an invoice of what was paid for an order and is on none; of all of it by default.

    For the finance of who gets it: the buyer for the price, the merchant for the fee. Raises
    NotFound to others and before anything is accepted, NothingToInvoice beyond what is left,
    Invalid for lines that do not add up or a wrong code. Some SELECTs.
    """
    order_id, about = wanted.order_id, wanted.about
    room, told = _looked(work, order_id, about)
    if told is None or work.actor.organisation != told.buyer_id:
        raise NotFound("没有可开票的订单", f"nothing to invoice of order {order_id}")
    access.require(work, its_buyer, "invoice.request", told)
    rest = left(told, room)
    total = rest if wanted.amount is None else wanted.amount
    if not 0 < total.minor <= rest.minor:
        raise NothingToInvoice(f"可开票金额为 {rest}", f"{rest} is left to invoice")
    made = invoice_drafts.made(work, told, wanted, total)
    asked = invoice_lines.checked(total, invoice_drafts.by_default(work, wanted, total))
    rows = invoice_lines.written(work, made.id, about, asked, rate_bp=made.rate_bp)
    made.net_minor = sum(line.net_minor for line in rows)
    made.tax_minor = total.minor - made.net_minor
    room.asked_minor += total.minor
    work.session.add(made)
    work.session.flush()  # the lines refer to it by id alone
    work.session.add_all(rows)
    work.record("invoice.requested", made.id, order_id=order_id, about=about, amount=total)
    return made


def follow(work: Work, order_id: str) -> None:
    """After money of an order went back: write off what invoices stand for and is not paid.

    Requests are refused, issued invoices are asked to be written off in red, the newest
    first. A repeat finds nothing to do.
    """
    for about in About:
        if invoice_rooms.known(work.session, [order_id], about):
            _looked(work, order_id, about)


def refunded(work: Work, event: Event) -> None:
    """After an event by which money of an order went back: `follow` it."""
    if order_id := event.data.get("order_id"):
        follow(work, order_id)


def credited(work: Work, event: Event) -> None:
    """After "fee.credited": write off what the invoices of its note stand for and is not paid."""
    if note_id := event.data.get("note_id"):
        follow(work, note_id)


class Invoiceable(NamedTuple):
    """What of an order can still be invoiced. fiscal: what the treasury gets of its price."""

    order_id: str
    seller_id: str
    paid: Money
    refunded: Money
    invoiced: Money
    left: Money
    fiscal: Money


def open_for(work: Work, about: About, *, after: str | None, limit: int) -> Page[Invoiceable]:
    """Return what the caller's organisation paid for orders, newest first. Six SELECTs."""
    session, own = work.session, work.actor.organisation
    found = invoice_rooms.orders_of(session, own, about, after=after, limit=limit)
    order_ids = found.items
    told = invoice_rooms.figures(session, order_ids, about)
    counted = invoice_rooms.known(session, order_ids, about)
    return Page(
        [_open(told[one], counted.get(one)) for one in order_ids if one in told], found.next
    )


def _open(told: Figures, room: InvoiceRoom | None) -> Invoiceable:
    invoiced = Money(room.invoiced_minor if room else 0)
    sums = (Money(told.paid), Money(told.refunded), invoiced, left(told, room), Money(told.fiscal))
    return Invoiceable(told.order_id, told.seller_id, *sums)


def left(told: Figures, room: InvoiceRoom | None) -> Money:
    """Return what of an order can still be invoiced."""
    return Money(max(0, told.within - (room.invoiced_minor if room else 0)))


def lines_of(session: Session, invoice: Invoice) -> list[invoice_lines.InvoiceLine]:
    """Return the lines of an invoice. One SELECT by key."""
    return invoice_lines.of(session, invoice.id)


def find(session: Session, invoice_id: str) -> Invoice:
    """Return the invoice. Raises NotFound, RedOfRed for a red letter. One SELECT by key."""
    found = session.get(Invoice, invoice_id)
    if found is None and red_letters.is_one(session, invoice_id):
        raise RedOfRed("红字发票不能再冲红", "a red letter is not written off in red")
    if found is None:
        raise _missing(invoice_id)
    return found


def seen(work: Work, invoice_id: str) -> Invoice:
    """Return the invoice to its buyer, its seller and overseers; to others it does not exist."""
    found = find(work.session, invoice_id)
    if work.actor.organisation != found.seller_id:
        access.hide_from_strangers(work, found.buyer_id, _missing(invoice_id))
    return found


def listed(
    work: Work,
    *,
    state: State | None = None,
    order_id: str | None = None,
    after: str | None,
    limit: int,
) -> Page[Invoice]:
    """Return the invoices that the caller may see, newest first. One SELECT on an index."""
    statement = select(Invoice)
    if not access.oversees(work.actor):
        own = work.actor.organisation
        statement = statement.where(or_(Invoice.buyer_id == own, Invoice.seller_id == own))
    if state is not None:
        statement = statement.where(Invoice.state == state)
    if order_id is not None:
        statement = statement.where(Invoice.order_id == order_id)
    return keyset(work.session, statement, by=((Invoice.id, "desc"),), after=after, limit=limit)


def take(work: Work, invoice_id: str, name: str, **data: Any) -> Invoice:
    """Take one step in an invoice's life. Raises what `Workflow.take` raises.

    What was refunded meanwhile is looked at first: it may have ended the request.
    """
    found = seen(work, invoice_id)
    _looked(work, found.order_id, About(found.about))
    work.session.refresh(found, with_for_update=True)
    LIFE.take(name, found, work, **data)
    return found


def _looked(work: Work, order_id: str, about: About) -> tuple[InvoiceRoom, Figures | None]:
    """Lock the row of an order and bring it to what is so now; None before acceptance."""
    room = invoice_rooms.locked(work.session, order_id, about)
    told = invoice_rooms.figures(work.session, [order_id], about).get(order_id)
    if told is not None:
        _follow(work, room, told)
    return room, told


def _follow(work: Work, room: InvoiceRoom, told: Figures) -> None:
    excess = room.invoiced_minor - told.room
    if excess > 0:
        house = work.as_system()
        for invoice in _standing(work.session, room):
            excess -= _write_off(house, invoice, excess)
    room.paid_minor, room.refunded_minor = told.paid, told.refunded
    room.room_minor = told.room
    room.fiscal_minor = max(told.fiscal, room.noted_minor)


def _write_off(house: Work, invoice: Invoice, most: int) -> int:
    """Write off up to `most` fen of an invoice, a request whole; return how many that are."""
    why = "该订单已退款"
    if most <= 0:
        return 0
    if invoice.state == State.REQUESTED:
        LIFE.take("reject", invoice, house, reason=why)
        return invoice.total.minor
    part = min(most, invoice.left.minor)
    name = "ask_more" if invoice.state == State.RED_REQUESTED else "ask_red"
    LIFE.take(name, invoice, house, amount_fen=part, reason=why)
    return part


def _standing(session: Session, room: InvoiceRoom) -> list[Invoice]:
    """Return what stands for something: requests first, then what is issued, newest first."""
    statement = (
        select(Invoice)
        .where(
            Invoice.order_id == room.order_id,
            Invoice.about == room.about,
            Invoice.state != State.REJECTED,
        )
        .order_by(Invoice.state == State.REQUESTED, Invoice.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [one for one in session.scalars(statement).all()[::-1] if one.left.minor]


def _signed(work: Work, invoice: Invoice, document: Mapping[str, Any], issued: Issued) -> Paper:
    body = {**document, "invoice_number": issued.number, **issuing.marks(issued)}
    return papers.issue(
        work, papers.Kind.INVOICE, subject=invoice.id, party_id=invoice.buyer_id, body=body
    )


def _missing(invoice_id: str) -> NotFound:
    return NotFound("没有这张发票", f"no invoice {invoice_id}")
