"""What is written to the bank and read from it: reference codes, statements, payout files.

Pure text; nothing here knows an order or a database.

The bank statement (银行对账单) is a CSV in UTF-8 or GB18030. First one line for each head,
in any order, then the titles of the columns, in any order, then a line for each movement:

    账号,3100 0668 0188 0000 001            account
    账单编号,2026-0701                      number
    币种,CNY                                currency
    期初余额,0.00                           opening
    期末余额,"128,000.01"                   closing
    交易流水号,记账日期,收入金额,支出金额,对方户名,对方账号,附言
    (bank_ref,booked_on,credit,debit,counterparty_name,counterparty_account,text)
    T0001,2026-07-01,"128,000.01",,演示·保险公司,6222 0000 0001,货款 DX…

Amounts are yuan with at most two decimals, in exactly one of the two columns. One bad line
and the whole file is refused, with what is wrong in every line.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from kernel.errors import DomainError, Kind, Refusal
from kernel.money import Money
from kernel.words import Words

LINES_MAX: Final = 5_000
"""The most movements in one statement."""

CELL_MAX: Final = 300
"""The most characters in one cell."""

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_BODY: Final = 8
_CURRENCY: Final = "CNY"
_AMOUNT: Final = re.compile(r"(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(?:\.(\d{1,2}))?", re.ASCII)
_DAY: Final = re.compile(r"(\d{4})([-/]?)(\d{2})\2(\d{2})", re.ASCII)
_MISREAD: Final = str.maketrans("OIL", "011")

_HEADS: Final = {
    "账号": "account",
    "账单编号": "number",
    "币种": "currency",
    "期初余额": "opening",
    "期末余额": "closing",
}
_COLUMNS: Final = {
    "交易流水号": "bank_ref",
    "记账日期": "booked_on",
    "收入金额": "credit",
    "支出金额": "debit",
    "对方户名": "counterparty_name",
    "对方账号": "counterparty_account",
    "附言": "text",
}
_PAYOUT_COLUMNS: Final = ("付款编号", "收款户名", "收款账号", "开户行", "金额", "币种", "附言")


class StatementRefused(DomainError):
    """Something in the file is wrong, so none of it was taken; the refusals say what."""

    kind = Kind.INVALID
    code = "statement-refused"
    title = Words("对账单未导入", "The bank statement was not imported")


class FileLine(NamedTuple):
    """One movement of the statement. amount: positive when money came in."""

    row: int
    bank_ref: str
    booked_on: date
    amount: Money
    counterparty_name: str
    counterparty_account: str
    text: str


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A statement as it was read: opening + all movements = closing."""

    account: str
    number: str
    opening: Money
    closing: Money
    lines: tuple[FileLine, ...]


class PayoutRow(NamedTuple):
    """One payment that the bank is asked to make."""

    reference: str
    account_name: str
    account_number: str
    bank_name: str
    amount: Money


# --- reference codes --------------------------------------------------------------------


def code(prefix: str, record_id: str) -> str:
    """Return the code of a record for the text of a transfer (附言): "DX", 8 characters, a check.

    record_id: ends with a ULID, whose last eight characters (40 random bits) are taken.
    """
    body = record_id[-_BODY:]
    return f"{prefix}{body}{_check(body)}"


def codes(prefix: str, text: str) -> list[str]:
    """Return the different codes of `prefix` that stand in `text`, in order.

    Found after stripping spaces, marks, full width and case; O, I and L are read as 0, 1
    and 1. A code whose check character is wrong is not one.
    """
    plain = squeezed(text)
    found = re.findall(f"(?={prefix}([0-9A-Z]{{{_BODY + 1}}}))", plain)
    read = [rest.translate(_MISREAD) for rest in found]
    right = [rest for rest in read if "U" not in rest and _check(rest[:-1]) == rest[-1]]
    return list(dict.fromkeys(prefix + rest for rest in right))


def squeezed(text: str) -> str:
    """Return the letters and digits of `text`, upper case, full width made half."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())


def same_name(one: str, other: str) -> bool:
    """Tell whether two account names are the same but for spaces, marks, width and case."""
    return squeezed(one) == squeezed(other) != ""


def masked(number: str) -> str:
    """Return an account number as it may be shown: its last four characters."""
    return f"****{number[-4:]}"


def _check(body: str) -> str:
    # ISO 7064's hybrid scheme, over 32 characters: every single wrong one is found.
    product = 32
    for character in body:
        product = (product + _ALPHABET.index(character)) % 32 or 32
        product = product * 2 % 33
    return _ALPHABET[(33 - product) % 32]


# --- statements -------------------------------------------------------------------------


def decoded(content: bytes) -> str:
    """Return the text of a file in UTF-8 (with or without a mark) or GB18030."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise _refused(_whole("ENCODING", "须为 UTF-8 或 GB18030", "no encoding fits")) from error


def read_statement(text: str) -> StatementFile:
    """Read a statement, or raise StatementRefused with what is wrong in every line."""
    rows = _rows(text)
    reader = _Reader()
    heads = reader.heads(rows[: len(_HEADS)])
    titles = reader.titles(rows[len(_HEADS)]) if len(rows) > len(_HEADS) else []
    if not heads or not titles:
        raise _refused(reader.problems or _whole("HEADS", "文件不完整", "lines are missing"))
    lines = [reader.line(row, cells, titles) for row, cells in rows[len(_HEADS) + 1 :]]
    read = [line for line in lines if line]
    reader.distinct(read)
    opening, closing = reader.head_amount(heads, "opening"), reader.head_amount(heads, "closing")
    moved = sum((line.amount for line in read), opening)
    if not reader.problems and moved != closing:
        reader.say(0, "BALANCE", "期初余额加发生额不等于期末余额", "opening + movements ≠ closing")
    if reader.problems:
        raise _refused(reader.problems)
    return StatementFile(heads["account"], heads["number"], opening, closing, tuple(read))


def refuse(problems: Iterable[Refusal]) -> None:
    """Raise StatementRefused when there is any problem."""
    found = list(problems)
    if found:
        raise _refused(found)


def problem(line: FileLine, code: str, zh: str, en: str) -> Refusal:
    """Return what is wrong with one line of the file."""
    return _problem(line.row, code, zh, en)


def account_number(text: str) -> str:
    """Return an account number without the spaces and hyphens that people put into it."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()


@dataclass(slots=True)
class _Reader:
    """Reads line after line, and remembers all that is wrong."""

    problems: list[Refusal] = field(default_factory=list)

    def say(self, row: int, code: str, zh: str, en: str) -> None:
        self.problems.append(_problem(row, code, zh, en))

    def heads(self, rows: Sequence[tuple[int, list[str]]]) -> dict[str, str]:
        """Return the heads by their English names; nothing when they are not those wanted."""
        found = {
            name: cells[1]
            for _, cells in rows
            if (name := _named(_HEADS, cells[0])) and _is_pair(cells)
        }
        if len(found) < len(_HEADS):
            missing = ", ".join(sorted(set(_HEADS.values()) - set(found)))
            self.say(0, "HEADS", f"缺少表头：{missing}", f"heads are missing: {missing}")
            return {}
        if found["currency"].upper() != _CURRENCY:
            self.say(0, "CURRENCY", "币种须为 CNY", "the currency must be CNY")
        return {**found, "account": account_number(found["account"])}

    def titles(self, row: tuple[int, list[str]]) -> list[str]:
        """Return the columns' English names; nothing when they are not those wanted."""
        number, cells = row
        names = [_named(_COLUMNS, cell) for cell in cells]
        if sorted(names) != sorted(_COLUMNS.values()):
            self.say(number, "COLUMNS", "列名不符合格式", "the columns are not those of the format")
            return []
        return names

    def head_amount(self, heads: Mapping[str, str], name: str) -> Money:
        """Return an opening or closing balance."""
        minor = _fen(heads[name])
        if minor is None:
            self.say(0, "AMOUNT", f"余额无效：{heads[name]}", f"not a balance: {heads[name]}")
        return Money(minor or 0)

    def line(self, row: int, cells: list[str], titles: list[str]) -> FileLine | None:
        """Return one movement, or None when something in it is wrong."""
        if len(cells) != len(titles):
            self.say(row, "COLUMNS", "列数不符", "the line has another number of columns")
            return None
        by_name = dict(zip(titles, cells, strict=True))
        amount, booked_on = self.movement(row, by_name), self.day(row, by_name["booked_on"])
        if not by_name["bank_ref"]:
            self.say(row, "BANK_REF", "缺少交易流水号", "the bank's reference is missing")
        if amount is None or booked_on is None:
            return None
        return FileLine(
            row,
            by_name["bank_ref"],
            booked_on,
            amount,
            by_name["counterparty_name"],
            masked(account_number(by_name["counterparty_account"])),
            by_name["text"],
        )

    def movement(self, row: int, cells: Mapping[str, str]) -> Money | None:
        """Return what came in (positive) or went out (negative)."""
        came, went = (_fen(cells[name] or "0") for name in ("credit", "debit"))
        if came is None or went is None or bool(came) == bool(went):
            self.say(
                row,
                "AMOUNT",
                "收入与支出须恰有一项为正数",
                "one of credit and debit must be positive",
            )
            return None
        return Money(came - went)

    def day(self, row: int, text: str) -> date | None:
        """Return the day on which the bank booked it."""
        found = _DAY.fullmatch(text)
        year, month, of_month = map(int, found.group(1, 3, 4)) if found else (0, 0, 0)
        try:
            return date(year, month, of_month)
        except ValueError:
            self.say(row, "DATE", f"日期无效：{text}", f"not a date: {text}")
            return None

    def distinct(self, lines: Iterable[FileLine]) -> None:
        """Find references of the bank that stand twice in the file."""
        seen: set[str] = set()
        for line in lines:
            if line.bank_ref in seen:
                self.say(
                    line.row, "DUPLICATE_BANK_REF", "交易流水号重复", "the reference stands twice"
                )
            seen.add(line.bank_ref)


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Return the lines that are not empty, each with its number and its cleaned cells."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        rows = [(reader.line_num, [_clean(cell) for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise _refused([_problem(reader.line_num, "CSV", "不是有效的 CSV", "no CSV")]) from error
    rows = [(row, cells) for row, cells in rows if any(cells)]
    bad = [row for row, cells in rows if any(map(_unprintable, cells))]
    if bad:
        said = ("CHARACTERS", "含控制字符或过长", "control characters, or too long")
        raise _refused([_problem(row, *said) for row in bad])
    if len(rows) > LINES_MAX + len(_HEADS) + 1:
        raise _refused(_whole("TOO_LONG", f"至多 {LINES_MAX} 行", f"at most {LINES_MAX} lines"))
    return rows


def _clean(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell).strip()


def _unprintable(cell: str) -> bool:
    return len(cell) > CELL_MAX or any(unicodedata.category(c) in {"Cc", "Cs"} for c in cell)


def _named(names: Mapping[str, str], cell: str) -> str:
    """Return the English name of a head or a column; empty when it is none."""
    return names.get(cell) or (cell.lower() if cell.lower() in names.values() else "")


def _is_pair(cells: Sequence[str]) -> bool:
    return len(cells) > 1 and bool(cells[1]) and not any(cells[2:])


def _fen(text: str) -> int | None:
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return None
    return int(found[1].replace(",", "")) * 100 + int((found[2] or "").ljust(2, "0"))


def _problem(row: int, code: str, zh: str, en: str) -> Refusal:
    return Refusal(code, f"第 {row} 行：{zh}" if row else zh, f"line {row}: {en}" if row else en)


def _whole(code: str, zh: str, en: str) -> list[Refusal]:
    return [_problem(0, code, zh, en)]


def _refused(problems: Sequence[Refusal]) -> StatementRefused:
    count = len(problems)
    return StatementRefused(f"文件有 {count} 处问题", f"{count} things are wrong", tuple(problems))


# --- payout files -----------------------------------------------------------------------


def yuan(amount: Money) -> str:
    """Return an amount, zero or more, in yuan with two decimals: "62080.01"."""
    return f"{amount.minor // 100}.{amount.minor % 100:02}"


def payout_file(rows: Iterable[PayoutRow]) -> str:
    """Return the CSV that is handed to the bank; each reference stands in its text as well."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_PAYOUT_COLUMNS)
    for reference, name, number, bank, amount in rows:
        writer.writerow([reference, name, number, bank, yuan(amount), amount.currency, reference])
    return out.getvalue()
