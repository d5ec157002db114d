"""The statement as a bank exports it, CSV or XLSX, by a profile of the rules."""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from kernel.money import Money
from settlement import bank_files
from settlement.bank.reading import csvs, neutral
from settlement.bank.reading.csvs import Rows
from settlement.bank.reading.neutral import FileLine, Problems, StatementFile
from settlement.bank.reading.profiles import Profile, Sign

UNPACKED_MAX: Final = 60_000_000
"""The most bytes that a workbook may unpack to."""

_COLUMNS_MAX: Final = 60


def sheet(content: bytes) -> Rows:
    """Return the rows of a workbook's first sheet, as text. Raises StatementRefused.

    Formulas are read as the values that were stored with them.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(each.file_size for each in packed.infolist())
        if unpacked > UNPACKED_MAX:
            raise neutral.refused("TOO_LONG", "工作簿过大", "the workbook unpacks to too much")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        first = book.worksheets[0]
        most = neutral.LINES_MAX + _COLUMNS_MAX
        found = [
            (number, [_cell(value) for value in cells])
            for number, cells in enumerate(
                first.iter_rows(max_row=most, max_col=_COLUMNS_MAX, values_only=True), 1
            )
        ]
        book.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ParseError) as error:
        raise neutral.refused("XLSX", "不是有效的工作簿", f"no workbook: {error}") from error
    return csvs.checked(found)


def fits(profile: Profile, found: Rows) -> bool:
    """Tell whether some row carries all the titles of the profile."""
    return _title_row(profile, found) is not None


def read(profile: Profile, found: Rows, *, account: str, form: str) -> StatementFile:
    """Read a statement by a profile, or raise StatementRefused with all that is wrong.

    account: taken where the export does not name its account.
    """
    place = _title_row(profile, found)
    if place is None:
        wanted = "、".join(profile.titles.values())
        raise neutral.refused("COLUMNS", f"缺少列：{wanted}", f"the columns are not {wanted}")
    return _Reader(profile, found, place).statement(account, form)


def _title_row(profile: Profile, found: Rows) -> int | None:
    wanted = {neutral.clean(title) for title in profile.titles.values()}
    for place, (_, cells) in enumerate(found):
        if wanted <= set(cells):
            return place
    return None


class _Reader:
    """Reads row after row by one profile, and remembers all that is wrong."""

    def __init__(self, profile: Profile, found: Rows, place: int) -> None:
        self.profile, self.problems = profile, Problems()
        _, titles = found[place]
        self.columns = {
            field: titles.index(neutral.clean(title)) for field, title in profile.titles.items()
        }
        self.before = [cells for _, cells in found[:place]]
        rows = list(_until(found[place + 1 :], profile.footer))
        self.rows = rows[::-1] if profile.newest_first else rows
        self.balances: list[int] = []

    def statement(self, account: str, form: str) -> StatementFile:
        """Return what the export says."""
        heads = self._heads()
        if currency := heads.get("currency"):
            self.problems.currency(0, currency)
        lines = [line for row, cells in self.rows if (line := self._line(row, cells))]
        opening = self._opening(heads, lines)
        self._run(opening, lines)
        closing = self._head(heads, "closing")
        if closing is None:
            closing = self.balances[-1] if self.balances else opening
        made = StatementFile(
            heads.get("account") or account,
            heads.get("number") or _spelled(lines),
            Money(opening),
            Money(closing),
            tuple(lines),
            form=form,
        )
        return neutral.finished(self.problems, made)

    def _heads(self) -> dict[str, str]:
        """Return what the rows before the titles say: a label, and the next cell or the rest."""
        found: dict[str, str] = {}
        for cells in self.before:
            for place, cell in enumerate(cells):
                for field, label in self.profile.heads.items():
                    value = _behind(cells, place, cell, neutral.clean(label))
                    if value:
                        found.setdefault(field, value)
        for field in self.profile.heads:
            if field not in found:
                self.problems.say(0, "HEADS", "缺失", "is missing", of=field)
        return found

    def _head(self, heads: Mapping[str, str], name: str) -> int | None:
        given = heads.get(name)
        if given is None:
            return None
        minor = neutral.signed_fen(given)
        if minor is None:
            self.problems.say(0, "AMOUNT", f"无效：{given}", f"no balance: {given}", of=name)
        return minor

    def _opening(self, heads: Mapping[str, str], lines: Sequence[FileLine]) -> int:
        said = self._head(heads, "opening")
        if said is not None:
            return said
        if self.balances and lines:
            return self.balances[0] - lines[0].amount.minor
        self.problems.say(0, "HEADS", "缺失", "is missing", of="opening")
        return 0

    def _run(self, opening: int, lines: Sequence[FileLine]) -> None:
        """Check the running balance behind each movement."""
        if self.problems.found or len(self.balances) != len(lines):
            return
        running = opening
        for line, balance in zip(lines, self.balances, strict=True):
            running += line.amount.minor
            if running != balance:
                told = "余额与发生额不符", "the balance does not follow from the movement"
                self.problems.say(line.row, "BALANCE", *told, of="balance")
                return

    def _line(self, row: int, cells: list[str]) -> FileLine | None:
        by_name = {
            field: cells[place] if place < len(cells) else ""
            for field, place in self.columns.items()
        }
        if "currency" in by_name:
            self.problems.currency(row, by_name["currency"])
        if "balance" in by_name:
            self._balance(row, by_name["balance"])
        booked_on, minor = self._day(row, by_name["booked_on"]), self._moved(row, by_name)
        if minor == 0:
            self.problems.say(row, "AMOUNT", "金额为零", "the amount is zero", of="amount")
        if booked_on is None or not minor:
            return None
        return FileLine(
            row,
            by_name.get("bank_ref", ""),
            booked_on,
            Money(minor),
            by_name.get("counterparty_name", ""),
            bank_files.account_number(by_name.get("counterparty_account", "")),
            by_name.get("text", ""),
            bank_files.account_number(by_name.get("sub_account", "")),
        )

    def _balance(self, row: int, given: str) -> None:
        minor = neutral.signed_fen(given)
        if minor is None:
            self.problems.say(row, "AMOUNT", f"无效：{given}", f"no amount: {given}", of="balance")
        self.balances.append(minor or 0)

    def _day(self, row: int, given: str) -> date | None:
        found = self.profile.date_of(given)
        if found is None:
            self.problems.say(
                row, "DATE", f"日期无效：{given}", f"not a date: {given}", of="booked_on"
            )
        return found

    def _moved(self, row: int, cells: Mapping[str, str]) -> int | None:
        """Return what moved: positive when it came in. None when it cannot be read."""
        if self.profile.sign is Sign.TWO_COLUMNS:
            return self._of_two(row, cells)
        signed = neutral.signed_fen(cells["amount"])
        if signed is None or (self.profile.sign is Sign.DIRECTION and signed < 0):
            given = cells["amount"]
            self.problems.say(
                row, "AMOUNT", f"金额无效：{given}", f"no amount: {given}", of="amount"
            )
            return None
        if self.profile.sign is Sign.SIGNED:
            return signed
        mark = cells["direction"]
        if mark in self.profile.incoming:
            return signed
        if mark in self.profile.outgoing:
            return -signed
        told = f"借贷标志无效：{mark}", f"neither in nor out: {mark}"
        self.problems.say(row, "DIRECTION", *told, of="direction")
        return None

    def _of_two(self, row: int, cells: Mapping[str, str]) -> int | None:
        came, went = (
            self.problems.minor(row, cells[name] if cells[name] not in {"", "-"} else "0", name)
            for name in ("credit", "debit")
        )
        if came is None or went is None:
            return None
        if came and went:
            told = "收入与支出只能有一项", "it cannot come in and go out"
            self.problems.say(row, "AMOUNT", *told)
            return None
        return came - went


def _until(found: Rows, footer: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    for row, cells in found:
        first = next(cell for cell in cells if cell)
        if footer and first.startswith(footer):
            return
        yield row, cells


def _behind(cells: Sequence[str], place: int, cell: str, label: str) -> str:
    """Return what stands behind a label: in its own cell after a colon, or in the next one."""
    if cell.rstrip(":") == label:
        return cells[place + 1] if place + 1 < len(cells) else ""
    return cell.removeprefix(f"{label}:").strip() if cell.startswith(f"{label}:") else ""


def _spelled(lines: Sequence[FileLine]) -> str:
    """Return a number for a statement that has none: from its first day to its last."""
    days = sorted(line.booked_on for line in lines)
    return f"{days[0]}/{days[-1]}" if days else ""


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat(" ")[:19] if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, float):
        # A workbook keeps numbers as doubles; their shortest text is what the bank wrote.
        return format(Decimal(repr(value)).normalize(), "f")
    return neutral.clean(str(value))
