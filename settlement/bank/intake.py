"""Taking in what the bank says: every line booked, what can be matched is, a file once.

What came in goes to suspense first, always, and from there to where it belongs when it is
clear what it is for; a third party's money waits for a person. What went out must name what
we sent. A file is taken whole or not at all.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite

from kernel import ids
from kernel.clock import local_date
from kernel.crypto import canonical
from kernel.errors import DomainError, Invalid, Kind, Refusal
from kernel.money import Money
from kernel.words import Words
from kernel.work import Work
from settlement import access, bank_files
from settlement.bank import statements
from settlement.bank.desk import Desk, Verdict
from settlement.bank.reading import neutral, reader
from settlement.bank.reading.neutral import StatementFile
from settlement.bank.statements import BankLine, BankStatement


class AlreadyImported(DomainError):
    """The statement, or its number, has been taken before; nothing was booked twice."""

    kind = Kind.CONFLICT
    code = "statement-already-imported"
    title = Words("该对账单已导入", "The statement was imported before")


class Preview(NamedTuple):
    """What would happen if a statement were imported: nothing has."""

    read: StatementFile
    verdicts: tuple[Verdict, ...]

    @property
    def came_in(self) -> Money:
        """The sum of what came in."""
        return sum((one.amount for one in self.read.lines if one.amount.minor > 0), Money(0))

    @property
    def went_out(self) -> Money:
        """The sum of what went out."""
        return Money(-sum(one.amount.minor for one in self.read.lines if one.amount.minor < 0))


def import_statement(
    work: Work, *, account: str, text: str | bytes, profile: str = ""
) -> BankStatement:
    """Take a statement of the supervised account: every line booked, what can be is matched.

    text: the file, in any format of `settlement.bank.reading`. profile: of the bank, for an
    export that fits several. Raises StatementRefused with everything that is wrong in it,
    AlreadyImported. Some twenty SELECTs, and a few more for each line that is matched.
    """
    access.require(work, access.settler, "bank.import_statement")
    read = _read(work, account, text, profile)
    last = statements.last(work.session, read.account)
    digest = _checked(work, read, last)
    statement = _claimed(work, read, digest, position=last.position + 1 if last else 1)
    desk = Desk(work, read.account, read.lines, lock=True)
    for position, line in enumerate(read.lines, 1):
        desk.book(statement.id, position, line)
    matched = desk.finish()
    work.record(
        "bank.statement_imported",
        statement.id,
        account=read.account,
        number=read.number,
        digest=digest,
        lines=len(read.lines),
        matched=matched,
    )
    return statement


def preview(work: Work, *, account: str, text: str | bytes, profile: str = "") -> Preview:
    """Say what `import_statement` would book and match; raises what it would raise."""
    access.require(work, access.settler, "bank.preview")
    read = _read(work, account, text, profile)
    _checked(work, read, statements.last(work.session, read.account))
    desk = Desk(work, read.account, read.lines, lock=False)
    return Preview(read, tuple(desk.judge(line) for line in read.lines))


def _read(work: Work, account: str, text: str | bytes, profile: str) -> StatementFile:
    content = text.encode() if isinstance(text, str) else text
    asked = bank_files.account_number(account)
    if asked != bank_files.account_number(work.rules.text("settlement.custody_account")):
        raise Invalid("不是资金监管账户", "it is not the supervised account", pointer="/account")
    read = reader.read(content, rules=work.rules, account=asked, profile=profile)
    if read.account != asked:
        raise Invalid(
            f"文件是账户 {read.account} 的对账单",
            f"the file is of account {read.account}",
            pointer="/text",
        )
    return read


def _checked(work: Work, read: StatementFile, last: BankStatement | None) -> str:
    """Return the digest of a statement that follows the last one. Raises as `import` does."""
    digest = work.crypto.digest(canonical(_content(read)))
    if _is_taken(work, read, digest):
        raise _already(read)
    neutral.refuse(_problems(work, read, last))
    return digest


def _content(read: StatementFile) -> list[Any]:
    """Return what the statement says, however it was written."""
    lines = [
        [
            line.bank_ref,
            line.booked_on.isoformat(),
            line.amount.minor,
            line.counterparty_name,
            bank_files.masked(line.counterparty_account),
            line.text,
        ]
        for line in read.lines
    ]
    return [read.account, read.number, read.opening.minor, read.closing.minor, lines]


def _problems(work: Work, read: StatementFile, last: BankStatement | None) -> Iterator[Refusal]:
    """Tell what in a well-formed statement does not fit what the books know."""
    if last is not None:
        yield from _gaps(read, last)
    today = local_date(work.now)
    known = select(BankLine.bank_ref).where(
        BankLine.account == read.account,
        BankLine.bank_ref.in_([line.bank_ref for line in read.lines]),
    )
    taken = set(work.session.scalars(known))
    for line in read.lines:
        if line.bank_ref in taken:
            told = "交易流水号已导入", "the reference was imported before"
            yield neutral.problem(line, "DUPLICATE_BANK_REF", *told, of="bank_ref")
        if line.booked_on > today:
            told = "日期尚未到来", "the day has not come yet"
            yield neutral.problem(line, "DATE", *told, of="booked_on")


def _gaps(read: StatementFile, last: BankStatement) -> Iterator[Refusal]:
    """Tell what lies between a statement and the last one before it.

    A bank may begin to count its statements again at 1.
    """
    if last.closing != read.opening:
        yield Refusal(
            "STATEMENT_GAP",
            f"期初余额 {read.opening} 应等于上一期（{last.number}）期末余额 {last.closing}",
            f"it opens at {read.opening}; statement {last.number} closed at {last.closing}",
        )
    if last.sequence is None or read.sequence is None:
        return
    if read.sequence not in {1, last.sequence + 1}:
        yield Refusal(
            "SEQUENCE_GAP",
            f"上一期序号为 {last.sequence}，本期为 {read.sequence}",
            f"statement {last.sequence} is followed by {read.sequence}",
        )


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
            sequence=read.sequence,
            form=read.form,
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
