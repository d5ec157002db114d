"""A bank statement as every reader gives it, and what is told when a file is not one.

A reader never stops at the first thing that is wrong: it remembers all of them, each with
the line and the field, and then none of the file is taken.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from kernel.crypto import canonical
from kernel.errors import DomainError, Kind, Refusal
from kernel.ids import digest
from kernel.money import Money
from kernel.words import Words
from settlement import bank_files

LINES_MAX: Final = 5_000
"""The most movements in one statement."""

CELL_MAX: Final = 300
"""The most characters in one cell."""

CURRENCY: Final = "CNY"
"""The only currency in which the supervised account is kept."""

_AMOUNT: Final = re.compile(r"(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(?:\.(\d{1,2}))?", re.ASCII)
_PLAIN_DAY: Final = re.compile(r"(\d{4})([-/.]?)(\d{2})\2(\d{2})", re.ASCII)

FIELDS: Final = {
    "bank_ref": "交易流水号",
    "booked_on": "记账日期",
    "credit": "收入金额",
    "debit": "支出金额",
    "amount": "金额",
    "direction": "借贷标志",
    "balance": "余额",
    "currency": "币种",
    "opening": "期初余额",
    "closing": "期末余额",
    "account": "账号",
    "number": "账单编号",
}
"""The fields that problems name: English → Chinese."""


class StatementRefused(DomainError):
    """Something in the file is wrong, so none of it was taken; the refusals say what."""

    kind = Kind.INVALID
    code = "statement-refused"
    title = Words("对账单未导入", "The bank statement was not imported")


class FileLine(NamedTuple):
    """One movement of the statement. amount: positive when money came in.

    sub_account: the virtual account to which it was paid. end_to_end: the reference that
    the payer's (or our own) order carried. sort: "fee" or "return" when the bank says so.
    """

    row: int
    bank_ref: str
    booked_on: date
    amount: Money
    counterparty_name: str = ""
    counterparty_account: str = ""
    text: str = ""
    sub_account: str = ""
    end_to_end: str = ""
    sort: str = ""

    @property
    def said(self) -> str:
        """Everything in which a reference code may stand."""
        return f"{self.text} {self.end_to_end}"


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A statement as it was read: opening + all movements = closing.

    sequence: the bank's own count of its statements, where it keeps one. form: the format.
    """

    account: str
    number: str
    opening: Money
    closing: Money
    lines: tuple[FileLine, ...]
    sequence: int | None = None
    form: str = "csv"


@dataclass(slots=True)
class Problems:
    """What is wrong with a file, in the order in which it was found."""

    found: list[Refusal] = field(default_factory=list)

    def say(self, row: int, code: str, zh: str, en: str, *, of: str = "") -> None:
        """Remember a problem. row: 0 for the whole file. of: the field."""
        self.found.append(problem_at(row, code, zh, en, of=of))

    def day(self, row: int, text: str) -> date | None:
        """Return the day on which the bank booked it."""
        found = _PLAIN_DAY.fullmatch(text)
        year, month, of_month = map(int, found.group(1, 3, 4)) if found else (0, 0, 0)
        try:
            return date(year, month, of_month)
        except ValueError:
            self.say(row, "DATE", f"日期无效：{text}", f"not a date: {text}", of="booked_on")
            return None

    def minor(self, row: int, text: str, of: str) -> int | None:
        """Return an amount, zero or more, in fen."""
        minor = fen(text)
        if minor is None:
            self.say(row, "AMOUNT", f"金额无效：{text}", f"not an amount: {text}", of=of)
        return minor

    def currency(self, row: int, text: str) -> None:
        """Refuse a currency in which the account is not kept."""
        if text.upper() != CURRENCY:
            told = f"币种须为 {CURRENCY}：{text}", f"the currency must be {CURRENCY}: {text}"
            self.say(row, "CURRENCY", *told, of="currency")

    def raise_any(self) -> None:
        """Raise StatementRefused when there is any problem."""
        refuse(self.found)


def finished(problems: Problems, read: StatementFile) -> StatementFile:
    """Return the statement with a reference for each line. Raises StatementRefused.

    Lines to which the bank gave no reference get one from what they say and how often it
    has been said in this statement, so that two equal lines are both kept.
    """
    if len(read.lines) > LINES_MAX:
        problems.say(0, "TOO_LONG", f"至多 {LINES_MAX} 行", f"at most {LINES_MAX} lines")
    _distinct(problems, read.lines)
    moved = sum((line.amount for line in read.lines), read.opening)
    if not problems.found and moved != read.closing:
        problems.say(
            0,
            "BALANCE",
            f"期初余额加发生额为 {moved}，期末余额为 {read.closing}",
            f"opening + movements = {moved}, and the closing balance is {read.closing}",
        )
    problems.raise_any()
    return StatementFile(
        bank_files.account_number(read.account),
        read.number,
        read.opening,
        read.closing,
        tuple(_named(read.number, read.lines)),
        read.sequence,
        read.form,
    )


def refuse(problems: Iterable[Refusal]) -> None:
    """Raise StatementRefused when there is any problem."""
    found = tuple(problems)
    if found:
        raise refused_for(found)


def refused(code: str, zh: str, en: str) -> StatementRefused:
    """Return the refusal of a file for one thing, about all of it."""
    return refused_for((problem_at(0, code, zh, en),))


def refused_for(found: tuple[Refusal, ...]) -> StatementRefused:
    """Return the refusal of a file for all that was found in it, one thing or more."""
    wrong = "1 thing is wrong" if len(found) == 1 else f"{len(found)} things are wrong"
    return StatementRefused(f"文件有 {len(found)} 处问题", f"{wrong} with the file", found)


def problem(line: FileLine, code: str, zh: str, en: str, *, of: str = "") -> Refusal:
    """Return what is wrong with one line of the file."""
    return problem_at(line.row, code, zh, en, of=of)


def problem_at(row: int, code: str, zh: str, en: str, *, of: str = "") -> Refusal:
    """Return what is wrong in one row of the file; row 0: in the file."""
    where_zh = (f"第 {row} 行" if row else "") + (f"“{FIELDS[of]}”" if of else "")
    where_en = ", ".join(part for part in (f"line {row}" if row else "", of) if part)
    return Refusal(
        code, f"{where_zh}：{zh}" if where_zh else zh, f"{where_en}: {en}" if where_en else en
    )


def fen(text: str) -> int | None:
    """Return an amount of yuan in fen: "1,234.5" → 123450; None when it is none.

    Zero or more, at most two decimals; thousands separators stand in their places or nowhere.
    """
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return None
    return int(found[1].replace(",", "")) * 100 + int((found[2] or "").ljust(2, "0"))


def signed_fen(text: str) -> int | None:
    """Return an amount that may be negative: "-5.00", "+5.00"; None when it is none."""
    minor = fen(text.lstrip("+-")) if text[:1] in {"+", "-"} else fen(text)
    if minor is None or text[:2] in {"+-", "-+", "--", "++"}:
        return None
    return -minor if text.startswith("-") else minor


def clean(cell: str) -> str:
    """Return a text with full width made half, and no spaces around it."""
    return unicodedata.normalize("NFKC", cell).strip()


def is_unprintable(cell: str) -> bool:
    """Tell whether a text has control characters in it, or is too long."""
    return len(cell) > CELL_MAX or any(unicodedata.category(c) in {"Cc", "Cs"} for c in cell)


def _distinct(problems: Problems, lines: Sequence[FileLine]) -> None:
    seen: set[str] = set()
    for line in lines:
        if line.bank_ref and line.bank_ref in seen:
            problems.say(
                line.row,
                "DUPLICATE_BANK_REF",
                "交易流水号重复",
                "the reference stands twice",
                of="bank_ref",
            )
        seen.add(line.bank_ref)


def _named(number: str, lines: Iterable[FileLine]) -> Iterable[FileLine]:
    said: Counter[str] = Counter()
    for line in lines:
        if line.bank_ref:
            yield line
            continue
        content = [number, line.booked_on.isoformat(), line.amount.minor, *line[4:]]
        key = digest(canonical(content).decode())[:20]
        said[key] += 1
        yield line._replace(bank_ref=f"~{key}-{said[key]}")
