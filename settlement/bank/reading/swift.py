"""The statement as SWIFT's MT940, read by the mt-940 library and checked more strictly.

The library makes 28 February of 31 February and skips what it cannot read, so every
:61: line is looked at here as well, before it is believed.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Any, Final

import mt940
from mt940.models import Transactions

from kernel.money import Money
from settlement import bank_files
from settlement.bank.reading import camt, csvs, neutral
from settlement.bank.reading.neutral import FileLine, Problems, StatementFile

_LINE: Final = re.compile(r"^:61:(.*)$", re.MULTILINE)
_SHAPE: Final = re.compile(
    r"(\d{2})(\d{2})(\d{2})(?:\d{4})?R?[CD][A-Z]?(\d{1,12},\d{0,2})[A-Z]\w{3}.*", re.ASCII
)
_CODES: Final = re.compile(r"/(NAME|ACCT|REMI|EREF|SUBA)/")
_BALANCES: Final = {"opening": "final_opening_balance", "closing": "final_closing_balance"}
_NO_REFERENCE: Final = frozenset({"NONREF", ""})
_CENTURY: Final = 2000


def read(content: bytes) -> StatementFile:
    """Read a statement, or raise StatementRefused with what is wrong in every line."""
    whole, problems = csvs.decoded(content), Problems()
    _check(problems, whole)
    problems.raise_any()
    try:
        statements = mt940.parse_statements(whole)
    except (RuntimeError, ValueError, ArithmeticError, KeyError) as error:
        raise neutral.refused("FORMAT", "不是有效的 MT940", f"no MT940: {error.args[0]}") from error
    if len(statements) != 1:
        told = "须恰有一份对账单", f"one statement is wanted, not {len(statements)}"
        raise neutral.refused("FORMAT", *told)
    return _statement(problems, statements[0])


def _check(problems: Problems, whole: str) -> None:
    for row, found in enumerate(_LINE.finditer(whole.replace("\r", "")), 1):
        shape = _SHAPE.fullmatch(found[1])
        if shape is None:
            told = f"无效的 :61: 行：{found[1][:60]}", f"no :61: line: {found[1][:60]}"
            problems.say(row, "AMOUNT", *told, of="amount")
            continue
        problems.day(row, f"{_CENTURY + int(shape[1])}{shape[2]}{shape[3]}")


def _statement(problems: Problems, found: Transactions) -> StatementFile:
    said: dict[str, Any] = found.data
    number, page = said.get("statement_number"), said.get("sequence_number")
    for name, key in (("account", "account_identification"), ("number", "statement_number")):
        if not said.get(key):
            problems.say(0, "HEADS", "缺失", "is missing", of=name)
    balances = [_balance(problems, said, name) for name in _BALANCES]
    lines = [_line(problems, row, one.data) for row, one in enumerate(found, 1)]
    return neutral.finished(
        problems,
        StatementFile(
            str(said.get("account_identification") or "").rpartition("/")[2],
            f"{said.get('transaction_reference', '')} {number}/{page or 1}".strip(),
            balances[0],
            balances[1],
            tuple(lines),
            int(number) if number else None,
            "mt940",
        ),
    )


def _balance(problems: Problems, said: dict[str, Any], name: str) -> Money:
    balance = said.get(_BALANCES[name])
    if balance is None:
        problems.say(0, "HEADS", "缺失", "is missing", of=name)
        return Money(0)
    return _money(problems, 0, balance.amount, name)


def _money(problems: Problems, row: int, given: Any, name: str) -> Money:
    amount: Decimal = given.amount
    problems.currency(row, str(given.currency))
    minor = camt.decimal_fen(str(abs(amount)))
    if minor is None or (row and not minor):
        problems.say(row, "AMOUNT", f"金额无效：{amount}", f"not an amount: {amount}", of=name)
        minor = 0
    return Money(-minor if amount < 0 else minor)


def _line(problems: Problems, row: int, said: dict[str, Any]) -> FileLine:
    booked: date = said.get("entry_date") or said["date"]
    told = " ".join(str(said.get("transaction_details") or "").split())
    coded = _coded(told)
    named = str(said.get("bank_reference") or "")
    own = str(said.get("customer_reference") or "")
    return FileLine(
        row,
        "" if named in _NO_REFERENCE else named,
        date(booked.year, booked.month, booked.day),
        _money(problems, row, said["amount"], "amount"),
        coded.get("NAME", ""),
        bank_files.account_number(coded.get("ACCT", "")),
        neutral.clean(coded.get("REMI", told))[: neutral.CELL_MAX],
        bank_files.account_number(coded.get("SUBA", "")),
        coded.get("EREF", "" if own in _NO_REFERENCE else own),
        {"NCHG": "fee", "NRTI": "return"}.get(str(said.get("id")), ""),
    )


def _coded(told: str) -> dict[str, str]:
    """Return what stands behind each code word of :86:."""
    parts = _CODES.split(told)
    return {
        name: neutral.clean(value) for name, value in zip(parts[1::2], parts[2::2], strict=True)
    }
