"""Taking in what the bank says: every line booked, what can be matched is, a file once.

What came in goes to suspense first, always, and from there into escrow when the transfer
names a payment and comes from its payer; a third party's money waits for a person. What
went out must name a payout. A file is taken whole or not at all.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite

from kernel import ids
from kernel.clock import local_date
from kernel.crypto import canonical
from kernel.errors import DomainError, Invalid, Kind, Refusal, StepRefused
from kernel.money import Money
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from settlement import access, bank_files, escrow, ledger, payments, payouts
from settlement.bank import statements
from settlement.bank.statements import CUSTODY, SUSPENSE, BankLine, BankMatch, BankStatement, Note
from settlement.bank_files import FileLine, StatementFile
from settlement.ledger import AccountRef, Row
from settlement.payments import Payment


class AlreadyImported(DomainError):
    """The statement, or its number, has been taken before; nothing was booked twice."""

    kind = Kind.CONFLICT
    code = "statement-already-imported"
    title = Words("该对账单已导入", "The statement was imported before")


def import_statement(work: Work, *, account: str, text: str) -> BankStatement:
    """Take a statement of the supervised account: every line booked, what can be is matched.

    text: the CSV of `bank_files`. Raises StatementRefused with everything that is wrong in
    it, AlreadyImported. A few SELECTs, and one or two entries a line.
    """
    access.require(work, access.settler, "bank.import_statement")
    read = bank_files.read_statement(text)
    _check_account(work, account, read)
    digest = work.crypto.digest(canonical(_content(read)))
    last = statements.last(work.session, read.account)
    if _is_taken(work, read, digest):
        raise _already(read)
    bank_files.refuse(_problems(work, read, last))
    statement = _claimed(work, read, digest, position=last.position + 1 if last else 1)
    desk = _Desk(work, statement, read.lines)
    for position, line in enumerate(read.lines, 1):
        desk.take(position, line)
    work.session.flush()  # the matches refer to the lines by id alone
    work.session.add_all(desk.matches)
    work.record(
        "bank.statement_imported",
        statement.id,
        account=read.account,
        number=read.number,
        digest=digest,
        lines=len(read.lines),
        matched=len(desk.matches),
    )
    return statement


def match(work: Work, line_id: str, *, payment_id: str, reason: str) -> BankMatch:
    """Move what is left of a receipt in suspense to a payment, because a person says so.

    As much as the payment still asks. Another person than the one who imported it. Raises
    NotFound, StepRefused with every reason. Some SELECTs by key and an entry.
    """
    access.require(work, access.settler, "bank.match")
    line, payment = (
        statements.find_line(work.session, line_id),
        payments.locked_by_id(work.session, payment_id),
    )
    left = statements.suspense(work.session, [line_id]).get(line_id, Money(0))
    refusals = tuple(_bars(work, line, payment, left))
    if refusals:
        raise StepRefused(
            "；".join(refusal.zh for refusal in refusals),
            "; ".join(refusal.en for refusal in refusals),
            refusals,
        )
    made = _matched(work, line_id, min(left, payment.due), payment=payment, reason=reason)
    _to_escrow(work, made, payment, line.booked_on)
    work.session.add(made)
    work.record("bank.matched", line_id, payment_id=payment_id, amount=made.amount, reason=reason)
    return made


class _Desk:
    """Books the lines of one statement, one after the other.

    The payments and payouts that the lines name are locked together, before anything is
    booked, so that two who import at the same moment cannot lock each other out.
    """

    def __init__(self, work: Work, statement: BankStatement, lines: Sequence[FileLine]) -> None:
        self.work, self.statement = work, statement
        self.matches: list[BankMatch] = []
        named = [line.text for line in lines]
        session = work.session
        self.payments = payments.locked(session, _codes(payments.PREFIX, named))
        self.payouts = payouts.locked(session, _codes(payouts.PREFIX, named))
        payers = {payment.payer_id for payment in self.payments.values()}
        self.names = organisations.names(session, payers)

    def take(self, position: int, line: FileLine) -> None:
        """Book one line, and match it if its text says clearly what it is."""
        line_id = ids.new("bsl_", self.work.now)
        came_in = line.amount.minor > 0
        note = self._receipt(line_id, line) if came_in else self._debit(line_id, line)
        self.work.session.add(
            BankLine(
                id=line_id,
                statement_id=self.statement.id,
                account=self.statement.account,
                position=position,
                bank_ref=line.bank_ref,
                booked_on=line.booked_on,
                amount=line.amount,
                counterparty_name=line.counterparty_name,
                counterparty_account=line.counterparty_account,
                text=line.text,
                note=note,
            )
        )

    def _receipt(self, line_id: str, line: FileLine) -> Note | None:
        custody = AccountRef(CUSTODY, self.statement.account)
        ledger.post(
            self.work,
            "bank.received",
            line_id,
            [Row(custody, AccountRef(SUSPENSE, line_id), line.amount)],
            effective_on=line.booked_on,
        )
        found = bank_files.codes(payments.PREFIX, line.text)
        payment = self.payments.get(found[0]) if len(found) == 1 else None
        if payment is None:
            return Note.SEVERAL_REFERENCES if len(found) > 1 else Note.NO_REFERENCE
        if payment.state not in _OPEN:
            return Note.NOT_AWAITED
        names = self.names[payment.payer_id]
        if not any(bank_files.same_name(line.counterparty_name, name) for name in names):
            return Note.PAYER_DIFFERS
        made = _matched(self.work, line_id, min(line.amount, payment.due), payment=payment)
        _to_escrow(self.work, made, payment, line.booked_on)
        self.matches.append(made)
        return None if made.amount == line.amount else Note.OVERPAID

    def _debit(self, line_id: str, line: FileLine) -> Note | None:
        found = bank_files.codes(payouts.PREFIX, line.text)
        payout = self.payouts.get(found[0]) if len(found) == 1 else None
        if payout is None:
            return Note.SEVERAL_REFERENCES if len(found) > 1 else Note.NO_REFERENCE
        if payout.state != payouts.State.SENT:
            return Note.NOT_AWAITED
        if payout.amount.minor != -line.amount.minor:
            return Note.AMOUNT_DIFFERS
        payouts.pay(
            self.work,
            payout,
            bank_line_id=line_id,
            account=self.statement.account,
            booked_on=line.booked_on,
        )
        self.matches.append(_matched(self.work, line_id, payout.amount, payout_id=payout.id))
        return None


_OPEN = frozenset({payments.State.AWAITING, payments.State.PART_FUNDED})


def _codes(prefix: str, texts: Iterable[str]) -> set[str]:
    return {code for text in texts for code in bank_files.codes(prefix, text)}


def _matched(
    work: Work,
    line_id: str,
    amount: Money,
    *,
    payment: Payment | None = None,
    payout_id: str | None = None,
    reason: str = "",
) -> BankMatch:
    return BankMatch(
        id=ids.new("mat_", work.now),
        line_id=line_id,
        amount=amount,
        payment_id=payment.id if payment else None,
        payout_id=payout_id,
        by_hand=bool(reason),
        reason=reason,
        matched_by=work.actor.person,
        matched_at=work.now,
    )


def _to_escrow(work: Work, made: BankMatch, payment: Payment, on: date) -> None:
    """Move what was matched out of suspense into the order's escrow."""
    ledger.post(
        work,
        "bank.matched",
        made.id,
        [
            Row(
                AccountRef(SUSPENSE, made.line_id, made.amount.currency),
                AccountRef(escrow.ESCROW, payment.order_id, made.amount.currency),
                made.amount,
            )
        ],
        effective_on=on,
        order_id=payment.order_id,
    )
    payments.receive(work, payment, made.amount)


def _bars(work: Work, line: BankLine, payment: Payment, left: Money) -> Iterator[Refusal]:
    imported = work.session.get_one(BankStatement, line.statement_id)
    if imported.imported_by == work.actor.person:
        yield Refusal(
            "FOUR_EYES", "对账单由您导入，须由另一人核销", "you imported the statement yourself"
        )
    if not left.minor:
        yield Refusal("NOTHING_LEFT", "该来款已全部核销", "nothing of it is left in suspense")
    if payment.state not in _OPEN:
        yield Refusal("NOT_AWAITED", "该付款不在等待状态", "the payment awaits nothing")


def _check_account(work: Work, account: str, read: StatementFile) -> None:
    custody = bank_files.account_number(work.rules.text("settlement.custody_account"))
    asked = bank_files.account_number(account)
    if asked != custody:
        raise Invalid("不是资金监管账户", "it is not the supervised account", pointer="/account")
    if read.account != asked:
        raise Invalid(
            f"文件是账户 {read.account} 的对账单",
            f"the file is of account {read.account}",
            pointer="/text",
        )


def _content(read: StatementFile) -> list[Any]:
    """Return what the statement says, however it was written."""
    lines = [
        [line.bank_ref, line.booked_on.isoformat(), line.amount.minor, *line[4:]]
        for line in read.lines
    ]
    return [read.account, read.number, read.opening.minor, read.closing.minor, lines]


def _problems(work: Work, read: StatementFile, last: BankStatement | None) -> Iterator[Refusal]:
    """Tell what in a well-formed statement does not fit what the books know."""
    if last is not None and last.closing != read.opening:
        yield Refusal(
            "STATEMENT_GAP",
            f"期初余额应等于上一期期末余额 {last.closing}",
            f"it must open where statement {last.number} closed: {last.closing}",
        )
    today = local_date(work.now)
    known = select(BankLine.bank_ref).where(
        BankLine.account == read.account,
        BankLine.bank_ref.in_([line.bank_ref for line in read.lines]),
    )
    taken = set(work.session.scalars(known))
    for line in read.lines:
        if line.bank_ref in taken:
            yield bank_files.problem(
                line, "DUPLICATE_BANK_REF", "交易流水号已导入", "the reference was imported before"
            )
        if line.booked_on > today:
            yield bank_files.problem(line, "DATE", "日期尚未到来", "the day has not come yet")


def _is_taken(work: Work, read: StatementFile, digest: str) -> bool:
    same = or_(
        BankStatement.digest == digest,
        (BankStatement.account == read.account) & (BankStatement.number == read.number),
    )
    return work.session.scalars(select(BankStatement.id).where(same).limit(1)).first() is not None


def _claimed(work: Work, read: StatementFile, digest: str, *, position: int) -> BankStatement:
    """Write the statement's row, which claims it; a twin under way is waited for.

    Raises AlreadyImported when the twin, or another next statement, came first.
    """
    on_sqlite = work.session.get_bind().dialect.name == "sqlite"
    claim = (sqlite if on_sqlite else postgresql).insert(BankStatement)
    statement_id = work.session.scalars(
        claim.values(
            id=ids.new("bst_", work.now),
            account=read.account,
            number=read.number,
            position=position,
            digest=digest,
            opening_minor=read.opening.minor,
            opening_currency=read.opening.currency,
            closing_minor=read.closing.minor,
            closing_currency=read.closing.currency,
            line_count=len(read.lines),
            imported_by=work.actor.person,
            imported_at=work.now,
        )
        .on_conflict_do_nothing()
        .returning(BankStatement.id)
    ).one_or_none()
    if statement_id is None:
        raise _already(read)
    return work.session.get_one(BankStatement, statement_id)


def _already(read: StatementFile) -> AlreadyImported:
    return AlreadyImported(
        f"账户 {read.account} 的对账单 {read.number} 已导入",
        f"statement {read.number} of {read.account}, or the next one, was imported before",
    )
