"""The statement as the exchange's own CSV: for banks whose export nobody has described yet.

In UTF-8 or GB18030. First one line for each head, in any order, then the titles of the
columns, in any order, then a line for each movement:

    账号,3100 0668 0188 0000 001            account
    账单编号,2026-0701                      number
    币种,CNY                                currency
    期初余额,0.00                           opening
    期末余额,"128,000.01"                   closing
    交易流水号,记账日期,收入金额,支出金额,对方户名,对方账号,附言
    (bank_ref,booked_on,credit,debit,counterparty_name,counterparty_account,text)
    T0001,2026-07-01,"128,000.01",,演示·保险公司,6222 0000 0001,货款 DX…

Amounts are yuan with at most two decimals, in exactly one of the two columns. A column
子账号 (sub_account) may stand beside them.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from kernel.money import Money
from settlement import bank_files
from settlement.bank.reading import neutral
from settlement.bank.reading.neutral import FileLine, Problems, StatementFile

Rows: TypeAlias = list[tuple[int, list[str]]]
"""The lines that are not empty, each with its number and its cleaned cells."""

HEADS: Final = {
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
    "子账号": "sub_account",
}
_OPTIONAL: Final = "sub_account"


def decoded(content: bytes) -> str:
    """Return the text of a file in UTF-8 (with or without a mark) or GB18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise neutral.refused("ENCODING", "须为 UTF-8 或 GB18030", "no encoding fits")


def rows(text: str) -> Rows:
    """Return the rows of a CSV. Raises StatementRefused when it is none."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        found = [(reader.line_num, [neutral.clean(cell) for cell in cells]) for cells in reader]
    except csv.Error as error:
        told = neutral.problem_at(reader.line_num, "CSV", "不是有效的 CSV", "no CSV")
        raise neutral.refused_for((told,)) from error
    return checked(found)


def checked(found: Rows) -> Rows:
    """Return the rows that are not empty. Raises StatementRefused for unprintable cells."""
    kept = [(row, cells) for row, cells in found if any(cells)]
    problems = Problems()
    for row, cells in kept:
        if any(map(neutral.is_unprintable, cells)):
            told = "含控制字符或过长", "control characters, or too long"
            problems.say(row, "CHARACTERS", *told)
    if len(kept) > neutral.LINES_MAX + len(HEADS) + 1:
        most = neutral.LINES_MAX
        problems.say(0, "TOO_LONG", f"至多 {most} 行", f"at most {most} lines")
    problems.raise_any()
    return kept


def is_own(found: Rows) -> bool:
    """Tell whether the rows begin as the exchange's own form does."""
    return bool(found) and bool(_named(HEADS, found[0][1][0]))


def read(found: Rows) -> StatementFile:
    """Read a statement, or raise StatementRefused with what is wrong in every line."""
    reader = _Reader()
    heads = reader.heads(found[: len(HEADS)])
    titles = reader.titles(found[len(HEADS)]) if len(found) > len(HEADS) else []
    if not heads or not titles:
        reader.problems.raise_any()
        raise neutral.refused("HEADS", "文件不完整", "lines are missing")
    lines = [reader.line(row, cells, titles) for row, cells in found[len(HEADS) + 1 :]]
    opening, closing = (
        reader.problems.minor(0, heads[name], name) or 0 for name in ("opening", "closing")
    )
    return neutral.finished(
        reader.problems,
        StatementFile(
            heads["account"],
            heads["number"],
            Money(opening),
            Money(closing),
            tuple(line for line in lines if line),
        ),
    )


class _Reader:
    """Reads line after line, and remembers all that is wrong."""

    def __init__(self) -> None:
        self.problems = Problems()

    def heads(self, found: Rows) -> dict[str, str]:
        """Return the heads by their English names; nothing when they are not those wanted."""
        named = {
            name: cells[1]
            for _, cells in found
            if (name := _named(HEADS, cells[0])) and _is_pair(cells)
        }
        if len(named) < len(HEADS):
            missing = ", ".join(sorted(set(HEADS.values()) - set(named)))
            self.problems.say(0, "HEADS", f"缺少表头：{missing}", f"heads are missing: {missing}")
            return {}
        self.problems.currency(0, named["currency"])
        return named

    def titles(self, row: tuple[int, list[str]]) -> list[str]:
        """Return the columns' English names; nothing when they are not those wanted."""
        number, cells = row
        names = [_named(_COLUMNS, cell) for cell in cells]
        wanted = set(_COLUMNS.values()) - {_OPTIONAL}
        if sorted(names) not in (sorted(wanted), sorted({*wanted, _OPTIONAL})):
            told = "列名不符合格式", "the columns are not those of the format"
            self.problems.say(number, "COLUMNS", *told)
            return []
        return names

    def line(self, row: int, cells: list[str], titles: list[str]) -> FileLine | None:
        """Return one movement, or None when something in it is wrong."""
        if len(cells) != len(titles):
            told = "列数不符", "the line has another number of columns"
            self.problems.say(row, "COLUMNS", *told)
            return None
        by_name = dict(zip(titles, cells, strict=True))
        amount, booked_on = (
            self._movement(row, by_name),
            self.problems.day(row, by_name["booked_on"]),
        )
        if not by_name["bank_ref"]:
            told = "缺少交易流水号", "the bank's reference is missing"
            self.problems.say(row, "BANK_REF", *told, of="bank_ref")
        if amount is None or booked_on is None:
            return None
        return FileLine(
            row,
            by_name["bank_ref"],
            booked_on,
            amount,
            by_name["counterparty_name"],
            bank_files.account_number(by_name["counterparty_account"]),
            by_name["text"],
            bank_files.account_number(by_name.get(_OPTIONAL, "")),
        )

    def _movement(self, row: int, cells: Mapping[str, str]) -> Money | None:
        came, went = (
            self.problems.minor(row, cells[name] or "0", name) for name in ("credit", "debit")
        )
        if came is None or went is None:
            return None
        if bool(came) == bool(went):
            told = "收入与支出须恰有一项为正数", "one of credit and debit must be positive"
            self.problems.say(row, "AMOUNT", *told)
            return None
        return Money(came - went)


def _named(names: Mapping[str, str], cell: str) -> str:
    """Return the English name of a head or a column; empty when it is none."""
    return names.get(cell) or (cell.lower() if cell.lower() in names.values() else "")


def _is_pair(cells: Sequence[str]) -> bool:
    return len(cells) > 1 and bool(cells[1]) and not any(cells[2:])
