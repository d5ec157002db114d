from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.event import listen
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.engines import Engines
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.journal import Event
from kernel.money import Money
from settlement import fsck
from settlement.dividing import charges
from settlement.fees import fee_notes
from settlement.papers import (
    invoice_lines,
    invoice_rooms,
    invoices,
    issuing,
    mandates,
    non_tax,
    papers,
    promises,
    red_letters,
    red_lines,
)
from settlement.papers.invoice_lines import Asked
from settlement.papers.invoice_rooms import About, InvoiceRoom
from settlement.papers.invoices import Invoice, Kind, NothingToInvoice, State, Wanted
from settlement.refunding import refunds
from settlement.refunding.refunds import Refund
from tests.conftest import work_of
from tests.settlement import money
from tests.settlement.fees import billing
from tests.settlement.money import DUE, WorkAs
from tests.settlement.refunding import going_back
from tests.settlement.test_races import at_once

SOLD = Money(1_060_000)
TAX_NUMBER = "26432000000123456789"
BUYER, SELLER, EXCHANGE = "per_buyer_editor", "per_developer_signer", "per_exchange_settler"


def sold(work_as: WorkAs, order_id: str = "ord_1", amount: Money = SOLD) -> None:
    """Let the insurer pay and accept the merchant's own data."""
    money.paid(work_as, order_id, amount)
    own = money.line(f"orl_{order_id}", amount, kind="other", operator_id=None)
    money.accepted(work_as, order_id, own)
    work_as("system").session.flush()


def asked(
    work_as: WorkAs,
    fen: int | None = None,
    *,
    about: About = About.PRICE,
    person: str = BUYER,
    **more: Any,
) -> Invoice:
    amount = None if fen is None else Money(fen)
    wanted = Wanted("ord_1", about, Kind.VAT_SPECIAL_E, amount, **more)
    made = invoices.request(work_as(person, at=DUE), wanted)
    work_as("system").session.flush()
    return made


def go(work_as: WorkAs, invoice: Invoice, name: str, person: str = SELLER, **data: Any) -> Invoice:
    found = invoices.take(work_as(person, at=DUE), invoice.id, name, **data)
    work_as("system").session.flush()
    return found


def issued(work_as: WorkAs, fen: int | None = None) -> Invoice:
    return go(work_as, asked(work_as, fen), "issue")


def back(work_as: WorkAs, fen: int, **more: Any) -> Refund:
    """Let so much of the order arrive at its buyer again."""
    refund = going_back.requested(work_as, fen, **more)
    going_back.sent(work_as, refund)
    return going_back.arrived(work_as, refund)


def followed(work_as: WorkAs) -> None:
    invoices.follow(work_as("system", at=DUE), "ord_1")
    work_as("system").session.flush()


def room(session: Session, about: About = About.PRICE) -> InvoiceRoom:
    session.flush()
    return session.get_one(InvoiceRoom, ("ord_1", about.value), populate_existing=True)


@pytest.mark.parametrize(
    ("fen", "written"),
    [
        (10_005, "壹佰元零伍分"),
        (100_500, "壹仟零伍元整"),
        (1_000, "壹拾元整"),
        (0, "零元整"),
        (5, "伍分"),
        (50, "伍角"),
        (120_000_001, "壹佰贰拾万元零壹分"),
        (1_000_000_01, "壹佰万元零壹分"),
        (10_000_000_100, "壹亿零壹元整"),
    ],
)
def test_amounts_are_written_in_capitals(fen: int, written: str) -> None:
    assert invoice_lines.in_capitals(Money(fen)) == written


@pytest.mark.parametrize(
    ("gross", "rate_bp", "net", "tax"),
    [
        (1_060_000, 600, 1_000_000, 60_000),
        (999_999, 600, 943_395, 56_604),
        (100, 600, 94, 6),
        (1_010_000, 100, 1_000_000, 10_000),
        (777, 0, 777, 0),
    ],
)
def test_net_and_tax_are_those_of_the_vectors(
    work_as: WorkAs, gross: int, rate_bp: int, net: int, tax: int
) -> None:
    work = work_as(BUYER)

    (row,) = invoice_lines.written(work, "inv_x", "price", [Asked(Money(gross))], rate_bp=rate_bp)

    assert (row.net, row.tax) == (Money(net), Money(tax))
    assert abs(row.net_minor * rate_bp - row.tax_minor * 10_000) <= 10_000
    assert (len(row.tax_code), row.unit, row.quantity) == (19, "项", 1)


def test_the_seller_issues_what_the_buyer_asked_for(session: Session, work_as: WorkAs) -> None:
    sold(work_as)

    made = asked(
        work_as,
        lines=(
        Asked(Money(1_000_000), "月度聚合报告", "份", 12), Asked(Money(60_000)),
    ))  # fmt: skip
    found = go(work_as, made, "issue")
    paper = session.get_one(papers.Paper, found.paper_id)

    assert (found.state, found.total) == (State.ISSUED, SOLD)
    assert found.net + found.tax == SOLD
    assert (found.number, found.tax_document) == ("FP-2026-000001", False)
    assert paper.number == "IV-2026-000001"
    assert paper.body["mark_zh"] == "非税务凭证"
    assert paper.body["total_cn"] == "壹万零陆佰元整"
    assert paper.body["seller_uscc"] == "91430104MAA00003XP"
    assert paper.body["buyer_uscc"] == "9144030071526726XG"
    assert [line["quantity"] for line in paper.body["lines"]] == [12, 1]
    assert paper.body["lines"][0]["unit_price_e6"] == 78_616_333_333
    assert papers.known(work_as("per_other_editor"), paper.number, paper.digest) is paper
    assert invoices.lines_of(session, found)[0].spec == "月度聚合报告"


def test_a_number_of_the_tax_platform_makes_it_a_tax_document(
    session: Session, work_as: WorkAs
) -> None:
    sold(work_as)
    made = asked(work_as)

    with pytest.raises(Invalid):
        go(work_as, made, "issue", number="123")
    session.refresh(made)
    found = go(work_as, made, "issue", number=TAX_NUMBER)

    assert (found.number, found.tax_document) == (TAX_NUMBER, True)
    assert session.get_one(papers.Paper, found.paper_id).body["mark_zh"] == ""
    assert issuing.marks(issuing.Issued("1", True))["tax_document"] is True


def test_who_may_ask_and_who_may_issue(work_as: WorkAs) -> None:
    sold(work_as)

    for stranger in ("per_other_editor", SELLER, EXCHANGE):
        with pytest.raises(NotFound):
            asked(work_as, person=stranger)
    made = asked(work_as)
    for name, person in (
        ("issue", BUYER), ("issue", "per_developer_editor"), ("issue", EXCHANGE),
        ("withdraw", SELLER), ("reject", BUYER),
    ):  # fmt: skip
        with pytest.raises(StepNotAllowed):
            go(work_as, made, name, person, reason="x")
    with pytest.raises(NotFound):
        go(work_as, made, "issue", "per_other_editor")
    with pytest.raises(NotFound):
        invoices.find(work_as("system").session, "inv_none")


def test_one_without_a_treasurers_duty_cannot_ask(work_as: WorkAs) -> None:
    sold(work_as)
    money.settled(work_as)

    with pytest.raises(StepNotAllowed):
        asked(work_as, about=About.COMMISSION, person="per_developer_editor")


def test_nothing_is_invoiced_before_acceptance_and_no_more_than_is_left(work_as: WorkAs) -> None:
    money.paid(work_as, amount=SOLD)
    with pytest.raises(NotFound):
        asked(work_as)
    own = money.line("orl_1", SOLD, kind="other", operator_id=None)
    money.accepted(work_as, "ord_1", own)
    work_as("system").session.flush()

    for wrong in (0, SOLD.minor + 1):
        with pytest.raises(NothingToInvoice):
            asked(work_as, wrong)
    asked(work_as, 60_000)
    with pytest.raises(NothingToInvoice):
        asked(work_as, 1_000_001)
    asked(work_as)
    with pytest.raises(NothingToInvoice):
        asked(work_as)


@pytest.mark.parametrize(
    "lines",
    [
        (Asked(Money(1)),),
        (Asked(SOLD), Asked(Money(0))),
        (Asked(SOLD, quantity=0),),
        tuple(Asked(Money(10_600)) for _ in range(101)),
    ],
)
def test_lines_that_do_not_make_the_amount_are_refused(
    work_as: WorkAs, lines: tuple[Asked, ...]
) -> None:
    sold(work_as)

    with pytest.raises(Invalid):
        asked(work_as, lines=lines)


def test_another_title_is_checked_by_its_code(work_as: WorkAs) -> None:
    sold(work_as)

    with pytest.raises(Invalid) as told:
        asked(work_as, buyer={"buyer_uscc": "9144030071526726XA"})
    made = asked(work_as, buyer={"buyer_name": "分公司", "buyer_uscc": "91330100799655058B"})

    assert told.value.pointer == "/buyer_uscc"
    assert (made.buyer_name, made.buyer_uscc) == ("分公司", "91330100799655058B")


def test_a_refused_or_withdrawn_request_gives_its_room_back(
    session: Session, work_as: WorkAs
) -> None:
    sold(work_as)

    go(work_as, asked(work_as), "reject", reason="抬头有误")
    go(work_as, asked(work_as), "withdraw", BUYER)
    made = asked(work_as)

    assert room(session).invoiced_minor == SOLD.minor
    assert made.state == State.REQUESTED
    with pytest.raises(StepRefused):
        go(work_as, made, "issue_red")


def test_i_56_invoiced_less_red_is_never_more_than_paid_less_refunded(
    session: Session, work_as: WorkAs
) -> None:
    sold(work_as)
    issued(work_as)
    spare = room(session)

    for wrong in (
        {"asked_minor": SOLD.minor + 1},
        {"room_minor": SOLD.minor - 1},
        {"paid_minor": SOLD.minor - 1},
        {"refunded_minor": 1},
        {"red_minor": -1},
        {"room_minor": -1},
        {"noted_minor": 1},
    ):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(update(InvoiceRoom).values(**wrong))

    assert spare.invoiced_minor == spare.paid_minor - spare.refunded_minor == SOLD.minor


def test_i_56_a_refund_after_issue_opens_a_red_request_by_itself(
    session: Session, work_as: WorkAs
) -> None:
    sold(work_as)
    made = issued(work_as)

    refund = back(work_as, 106_000)
    before = made.state
    invoices.refunded(work_as("system"), Event(data={"order_id": refund.order_id}))
    invoices.refunded(work_as("system"), Event(data={}))
    followed(work_as)
    session.flush()

    assert before == State.ISSUED
    assert (made.state, made.red_asked, made.left) == (
        State.RED_REQUESTED, Money(106_000), Money(954_000),
    )  # fmt: skip
    assert room(session).invoiced_minor == 954_000
    back(work_as, 106_000)
    followed(work_as)
    assert made.red_asked == Money(212_000)
    go(work_as, made, "issue_red", confirm_no="43012345")
    (letter,) = red_letters.of(session, made.id)
    paper = session.get_one(papers.Paper, letter.paper_id)
    assert (made.state, made.red, made.red_asked) == (State.RED_ISSUED, Money(212_000), Money(0))
    assert (letter.number, letter.net_minor, letter.tax_minor) == (
        "FR-2026-000001",
        200_000,
        12_000,
    )
    assert paper.body["red_of"] == made.number
    assert paper.body["total_cn"] == "负贰仟壹佰贰拾元整"
    assert paper.body["total"] == -212_000
    assert letter.amount == Money(212_000)


def test_i_56_a_refund_ends_requests_before_it_touches_what_is_issued(
    session: Session, work_as: WorkAs
) -> None:
    sold(work_as)
    first = issued(work_as, 600_000)
    second = asked(work_as, 300_000)

    back(work_as, 200_000)
    followed(work_as)

    assert (first.state, second.state) == (State.ISSUED, State.REJECTED)
    back(work_as, 300_000)
    followed(work_as)
    assert (first.state, first.red_asked) == (State.RED_REQUESTED, Money(40_000))
    assert session.get_one(InvoiceRoom, ("ord_1", "price")).room_minor == 560_000


def test_a_refund_under_way_leaves_invoices_and_lets_no_new_one_in(work_as: WorkAs) -> None:
    sold(work_as)
    made = issued(work_as, 600_000)

    refund = going_back.requested(work_as, 460_001)
    followed(work_as)

    assert made.state == State.ISSUED
    with pytest.raises(NothingToInvoice):
        asked(work_as)
    refunds.take(work_as(EXCHANGE, at=DUE), refund.id, "cancel", reason="误操作")
    assert asked(work_as).total == Money(460_000)


def test_the_last_red_letter_ends_at_exact_zeros(session: Session, work_as: WorkAs) -> None:
    sold(work_as, amount=Money(999_999))
    made = issued(work_as)

    for fen in (3, 333_333, 333_333, 333_330):
        go(work_as, made, "ask_red", amount_fen=fen, reason="开票有误")
        go(work_as, made, "issue_red")

    letters = red_letters.of(session, made.id)
    assert sum(one.net_minor for one in letters) == made.net_minor
    assert sum(one.tax_minor for one in letters) == made.tax_minor
    assert made.left == Money(0)
    assert asked(work_as).total == Money(999_999)
    with pytest.raises(Invalid):
        go(work_as, made, "ask_red", amount_fen=1, reason="再冲")
    session.rollback()


def test_the_treasurys_share_is_on_no_vat_invoice(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as, amount=SOLD)
    money.accepted(work_as, "ord_1", money.line("orl_1", SOLD))
    session.flush()
    with pytest.raises(NothingToInvoice):
        asked(work_as)

    money.settled(work_as)
    made = asked(work_as)
    fiscal = SOLD - made.total
    note = {"order_id": "ord_1", "number": "4300-0001"}
    with pytest.raises(StepNotAllowed):
        non_tax.note(work_as(BUYER), **note, amount=fiscal)
    with pytest.raises(Invalid):
        non_tax.note(work_as(EXCHANGE), **note, amount=fiscal + Money(1))
    with pytest.raises(Invalid):
        non_tax.note(work_as(EXCHANGE), order_id="ord_9", number="1", amount=Money(1))
    non_tax.note(work_as(EXCHANGE), **note, amount=Money(1))
    session.flush()
    with pytest.raises(non_tax.AlreadyNoted):
        non_tax.note(work_as(EXCHANGE), **note, amount=Money(1))

    assert fiscal == Money(308_460)
    assert [one.amount for one in non_tax.of(session, "ord_1")] == [Money(1)]
    assert room(session).noted_minor == 1
    followed(work_as)
    assert fsck.check(session) == ()


def fee_invoice(work_as: WorkAs, note_id: str, fen: int | None = None, **more: Any) -> Invoice:
    amount = None if fen is None else Money(fen)
    wanted = Wanted(note_id, About.FEE, Kind.VAT_SPECIAL_E, amount, **more)
    made = invoices.request(work_as(SELLER, at=DUE), wanted)
    work_as("system").session.flush()
    return made


def test_a_fee_note_is_invoiced_by_kind_of_fee_once_it_is_paid(
    session: Session, work_as: WorkAs
) -> None:
    note = billing.noted(work_as, 10_600, 5_300)
    with pytest.raises(NothingToInvoice):
        fee_invoice(work_as, note.id)
    billing.arrived(work_as, note, 15_900)

    page = invoices.open_for(work_as(SELLER), About.FEE, after=None, limit=5)
    part = fee_invoice(work_as, note.id, 900)
    with pytest.raises(NothingToInvoice):
        fee_invoice(work_as, note.id, 15_001)
    go(work_as, part, "withdraw", SELLER)
    made = fee_invoice(work_as, note.id)
    go(work_as, made, "issue", EXCHANGE)

    (left,) = page.items
    assert (left.order_id, left.left, left.seller_id) == (note.id, Money(15_900), "org_exchange")
    assert invoices.lines_of(session, part)[0].spec == ""
    (line,) = invoices.lines_of(session, made)
    assert (line.spec, line.item_name) == ("挂牌服务费", "*信息技术服务*数据交易平台服务费")
    assert (made.total, made.tax, made.remark) == (Money(15_900), Money(900), note.code)
    with pytest.raises(NotFound):
        fee_invoice(work_as, "fno_none")


def test_a_credit_on_a_paid_fee_asks_for_its_red_letter(session: Session, work_as: WorkAs) -> None:
    note = billing.noted(work_as)
    billing.arrived(work_as, note, 10_600)
    made = fee_invoice(work_as, note.id)
    go(work_as, made, "issue", EXCHANGE)
    (charge,) = charges.of_note(session, note.id)

    fee_notes.credit(work_as("system"), charge, Money(2_120), reason="随订单退款退还")
    session.flush()
    invoices.credited(work_as("system", at=DUE), Event(data={"note_id": note.id}))
    invoices.credited(work_as("system", at=DUE), Event(data={"note_id": None}))

    assert (made.state, made.red_asked) == (State.RED_REQUESTED, Money(2_120))
    go(work_as, made, "issue_red", EXCHANGE)
    assert (made.state, made.left) == (State.RED_ISSUED, Money(8_480))


THREE = (
    Asked(Money(1_000_000), "月报"),
    Asked(Money(50_000), "周报"),
    Asked(Money(10_000), "日报"),
)


def test_a_red_letter_takes_lines_off_or_parts_of_them(session: Session, work_as: WorkAs) -> None:
    sold(work_as)
    made = go(work_as, asked(work_as, lines=THREE), "issue")

    go(work_as, made, "ask_red", amount_fen=60_000, lines=["2:50000", " 1:10000"], reason="退货")
    go(work_as, made, "issue_red")
    with pytest.raises(Invalid) as told, session.begin_nested():
        go(work_as, made, "ask_red", amount_fen=1, lines=["2:1"], reason="再退")
    go(work_as, made, "ask_red", amount_fen=1_000_000, reason="全部冲红")
    go(work_as, made, "issue_red")

    first, last = red_letters.of(session, made.id)
    lines = red_lines.of_letters(session, [first.id, last.id])
    taken = {key: [(one.position, one.gross_minor) for one in red] for key, red in lines.items()}
    assert told.value.pointer == "/lines"
    assert taken == {
        first.id: [(1, 10_000), (2, 50_000)],
        last.id: [(1, 990_000), (3, 10_000)],
    }
    assert made.left == Money(0)
    said = session.get_one(papers.Paper, first.paper_id).body["lines"]
    assert [(one["position"], one["spec"]) for one in said] == [(1, "月报"), (2, "周报")]
    assert [one["net_minor"] + one["tax_minor"] for one in said] == [-10_000, -50_000]
    for position, line in enumerate(invoices.lines_of(session, made), 1):
        of_line = [one for red in lines.values() for one in red if one.position == position]
        assert sum(one.tax_minor for one in of_line) == line.tax_minor
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(red_lines.RedRoom).values(asked_minor=1))


@pytest.mark.parametrize(
    "lines", [["4:1"], ["1:2"], ["x:1"], ["1"], ["1:1", "1:0"], ["1:1", "2:1"]]
)
def test_lines_that_do_not_make_the_red_letter_are_refused(
    work_as: WorkAs, lines: list[str]
) -> None:
    sold(work_as)
    made = go(work_as, asked(work_as, lines=THREE), "issue")

    with pytest.raises(Invalid) as told:
        go(work_as, made, "ask_red", amount_fen=1, lines=lines, reason="有误")

    assert told.value.pointer == "/lines"


def test_a_red_letter_is_not_written_off_in_red(session: Session, work_as: WorkAs) -> None:
    sold(work_as)
    made = issued(work_as)
    go(work_as, made, "ask_red", amount_fen=1, reason="有误")
    go(work_as, made, "issue_red")
    (letter,) = red_letters.of(session, made.id)

    for named in (letter.id, letter.number):
        with pytest.raises(invoices.RedOfRed):
            invoices.take(work_as(SELLER), named, "ask_red", amount_fen=1, reason="再冲")


def test_the_merchant_gets_the_exchanges_invoice_for_its_fee(
    session: Session, work_as: WorkAs
) -> None:
    sold(work_as)
    with pytest.raises(NotFound):
        asked(work_as, about=About.COMMISSION, person=SELLER)
    money.settled(work_as)

    made = asked(work_as, about=About.COMMISSION, person=SELLER)
    with pytest.raises(StepNotAllowed):
        go(work_as, made, "issue", SELLER)
    go(work_as, made, "issue", EXCHANGE)

    assert (made.total, made.seller_id, made.buyer_id) == (
        Money(31_800), "org_exchange", "org_developer",
    )  # fmt: skip
    assert made.net + made.tax == made.total
    back(work_as, 530_000, fee_refund=True)
    followed(work_as)
    assert made.red_asked == Money(15_900)


def test_a_fee_that_the_seller_bears_stays_invoiced(work_as: WorkAs) -> None:
    sold(work_as)
    money.settled(work_as)
    made = asked(work_as, about=About.COMMISSION, person=SELLER)

    back(work_as, 530_000)
    followed(work_as)

    assert made.state == State.REQUESTED


def test_under_a_mandate_the_exchange_issues_for_the_seller(work_as: WorkAs) -> None:
    sold(work_as)
    with pytest.raises(StepNotAllowed):
        mandates.give(work_as("per_developer_editor"))
    mandates.end(work_as(SELLER))
    mandates.give(work_as(SELLER))
    mandates.give(work_as(SELLER))

    made = asked(work_as, 1_000)
    mandates.end(work_as(SELLER))
    later = asked(work_as, 1_000)
    mandates.give(work_as(SELLER))

    assert go(work_as, made, "issue", EXCHANGE).issuer == EXCHANGE
    with pytest.raises(StepNotAllowed):
        go(work_as, later, "issue", EXCHANGE)
    assert mandates.holds(work_as("system").session, "org_developer")


def test_lists_show_each_party_its_own(session: Session, work_as: WorkAs) -> None:
    sold(work_as)
    made = asked(work_as)

    def shown(person: str, **more: Any) -> list[Invoice]:
        return invoices.listed(work_as(person), **more, after=None, limit=5).items

    for person in (BUYER, SELLER, EXCHANGE):
        assert shown(person) == [made]
    assert shown("per_other_editor") == []
    assert shown(BUYER, state=State.ISSUED) == shown(BUYER, order_id="ord_2") == []
    bought = invoice_rooms.orders_of(session, "org_buyer", About.PRICE, after=None, limit=5)
    assert bought.items == ["ord_1"]
    merchants = invoice_rooms.orders_of(
        session, "org_developer", About.COMMISSION, after=None, limit=5
    )
    assert merchants.items == ["ord_1"]


def test_what_can_be_invoiced_costs_the_same_for_many_orders(
    session: Session, work_as: WorkAs
) -> None:
    for number in range(3):
        sold(work_as, f"ord_{number}")

    asked_of: list[str] = []
    listen(session.get_bind(), "before_cursor_execute", lambda *say: asked_of.append(say[2]))
    told = invoice_rooms.figures(session, ["ord_0", "ord_1", "ord_2", "ord_9"], About.PRICE)

    assert len(asked_of) == 4
    assert {one: told[one].within for one in told} == dict.fromkeys(
        ("ord_0", "ord_1", "ord_2"), SOLD.minor
    )


def test_the_examination_finds_an_invoice_that_was_edited(
    session: Session, work_as: WorkAs
) -> None:
    sold(work_as)
    made = issued(work_as)
    clean = fsck.check(session)

    session.execute(update(InvoiceRoom).values(asked_minor=InvoiceRoom.asked_minor - 1))
    session.execute(
        update(Invoice).values(
            net_minor=Invoice.net_minor - 1, tax_minor=Invoice.tax_minor + 1, red_minor=5
        )
    )
    found = {finding.code: finding.at for finding in fsck.check(session)}
    session.execute(InvoiceRoom.__table__.delete())  # type: ignore[attr-defined]  # is a Table
    gone = {finding.code for finding in fsck.check(session)}

    assert clean == ()
    assert found == {
        "INVOICED_DIFFERS": "order ord_1 price",
        "INVOICE_LINES_DIFFER": f"invoice {made.id}",
        "RED_LETTERS_DIFFER": f"invoice {made.id}",
    }
    assert "INVOICE_UNCOUNTED" in gone
    assert len(promises.CHECKS) == 4


@pytest.mark.slow
def test_i_56_many_who_ask_at_once_get_no_more_than_was_paid(engines: Engines) -> None:
    at = datetime(2026, 7, 10, 4, tzinfo=UTC)
    with engines.writing() as session:
        sold(lambda person, at=at, **_: work_of(session, person, at=at))
        session.commit()

    def ask(_number: int) -> bool:
        with engines.writing() as session:
            wanted = Wanted("ord_1", About.PRICE, Kind.VAT_GENERAL_E, Money(400_000))
            try:
                invoices.request(work_of(session, BUYER, at=at), wanted)
            except NothingToInvoice:
                return False
            session.commit()
            return True

    told = at_once(ask)

    with engines.reading() as session:
        assert told.count(True) == 2
        assert session.get_one(InvoiceRoom, ("ord_1", "price")).invoiced_minor == 800_000
        assert fsck.check(session) == ()
