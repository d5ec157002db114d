"""The statement as ISO 20022 writes it: camt.053.001.02 and camt.053.001.08.

Only booked entries move money; pending and informative ones are passed over. An entry
with several transactions in it is as many lines, when they add up to it.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from kernel.money import Money
from settlement import bank_files
from settlement.bank.reading import neutral
from settlement.bank.reading.neutral import FileLine, Problems, StatementFile

VERSIONS: Final = ("02", "08")
"""The versions of the message that are read."""

_ROOT: Final = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(\d\d)\}Document")
_FEES: Final = frozenset({"CHRG", "FEES", "COMM", "COMT", "SBSC"})
_RETURNS: Final = frozenset({"RRTN", "RPCR", "ARET"})
_NO_REFERENCE: Final = frozenset({"NOTPROVIDED", "NONREF"})


def tree(content: bytes) -> Element:
    """Return a message's root. Raises StatementRefused for what is no safe XML.

    Declarations of types and entities are refused, so that no bomb can grow.
    """
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise neutral.refused("XML", "不是安全的 XML", f"no safe XML: {error}") from error
    return root


def local(root: Element) -> Element:
    """Return the element with all names stripped of their namespace, in place."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def read(content: bytes) -> StatementFile:
    """Read a statement, or raise StatementRefused with what is wrong in every entry."""
    root = tree(content)
    found = _ROOT.fullmatch(root.tag)
    if found is None or found[1] not in VERSIONS:
        told = f"须为 camt.053 第 {'、'.join(VERSIONS)} 版", f"not camt.053 {' or '.join(VERSIONS)}"
        raise neutral.refused("FORMAT", *told)
    statements = local(root).findall("BkToCstmrStmt/Stmt")
    if len(statements) != 1:
        told = "须恰有一份对账单", f"one statement is wanted, not {len(statements)}"
        raise neutral.refused("FORMAT", *told)
    return _Reader(statements[0]).statement()


class _Reader:
    """Reads one statement, and remembers all that is wrong."""

    def __init__(self, statement: Element) -> None:
        self.element = statement
        self.problems = Problems()

    def statement(self) -> StatementFile:
        """Return what it says."""
        account = account_of(self.element.find("Acct/Id"))
        number = text(self.element, "Id")
        for name, given in (("account", account), ("number", number)):
            if not given:
                self.problems.say(0, "HEADS", "缺失", "is missing", of=name)
        currency = text(self.element, "Acct/Ccy")
        if currency:
            self.problems.currency(0, currency)
        lines = [line for row, entry in self._booked() for line in self._lines(row, entry)]
        return neutral.finished(
            self.problems,
            StatementFile(
                account,
                number,
                self._balance("opening", "OPBD", "PRCD"),
                self._balance("closing", "CLBD"),
                tuple(lines),
                self._sequence(),
                "camt.053",
            ),
        )

    def _sequence(self) -> int | None:
        given = text(self.element, "ElctrncSeqNb") or text(self.element, "LglSeqNb")
        return int(given) if given.isascii() and given.isdigit() else None

    def _balance(self, name: str, *codes: str) -> Money:
        for balance in self.element.findall("Bal"):
            if text(balance, "Tp/CdOrPrtry/Cd") in codes:
                return Money(self._minor(0, balance, of=name) or 0)
        self.problems.say(0, "HEADS", "缺失", "is missing", of=name)
        return Money(0)

    def _booked(self) -> Iterator[tuple[int, Element]]:
        for row, entry in enumerate(self.element.findall("Ntry"), 1):
            if (text(entry, "Sts/Cd") or text(entry, "Sts")) == "BOOK":
                yield row, entry

    def _lines(self, row: int, entry: Element) -> Iterator[FileLine]:
        minor, booked_on = self._minor(row, entry, of="amount"), self._day(row, entry)
        if minor == 0:
            self.problems.say(row, "AMOUNT", "金额为零", "the amount is zero", of="amount")
        if not minor or booked_on is None:
            return
        details = entry.findall("NtryDtls/TxDtls")
        parts = self._parts(row, details, minor)
        for place, (detail, amount) in enumerate(parts, 1):
            yield _line(row, entry, detail, (booked_on, amount), place if len(parts) > 1 else 0)

    def _parts(
        self, row: int, details: list[Element], minor: int
    ) -> list[tuple[Element | None, int]]:
        """Return the entry's transactions with their amounts: all of it, when it has one."""
        if len(details) < 2:
            return [(details[0] if details else None, minor)]
        sign = -1 if minor < 0 else 1
        parts = []
        for detail in details:
            inner = detail if detail.find("Amt") is not None else detail.find("AmtDtls/TxAmt")
            found = None if inner is None else self._unsigned(row, inner, of="amount")
            parts.append((detail, sign * (found or 0)))
        if sum(amount for _, amount in parts) != minor or not all(amount for _, amount in parts):
            told = "明细之和不等于该笔金额", "its transactions do not add up to it"
            self.problems.say(row, "DETAILS", *told, of="amount")
        return list(parts)

    def _minor(self, row: int, element: Element, *, of: str) -> int | None:
        mark, minor = text(element, "CdtDbtInd"), self._unsigned(row, element, of=of)
        if mark not in {"CRDT", "DBIT"}:
            told = f"借贷标志无效：{mark}", f"neither CRDT nor DBIT: {mark}"
            self.problems.say(row, "DIRECTION", *told, of="direction")
            return None
        if minor is None:
            return None
        return minor if mark == "CRDT" else -minor

    def _unsigned(self, row: int, element: Element, *, of: str) -> int | None:
        amount = element.find("Amt")
        if amount is None:
            self.problems.say(row, "AMOUNT", "缺失", "is missing", of=of)
            return None
        self.problems.currency(row, amount.get("Ccy", ""))
        given = (amount.text or "").strip()
        minor = decimal_fen(given)
        if minor is None:
            self.problems.say(row, "AMOUNT", f"金额无效：{given}", f"no amount: {given}", of=of)
        return minor

    def _day(self, row: int, entry: Element) -> date | None:
        return self.problems.day(row, text(entry, "BookgDt/Dt") or text(entry, "BookgDt/DtTm")[:10])


def _line(
    row: int, entry: Element, detail: Element | None, moved: tuple[date, int], place: int
) -> FileLine:
    booked_on, minor = moved
    inner = entry if detail is None else detail
    other, own = ("Dbtr", "Cdtr") if minor > 0 else ("Cdtr", "Dbtr")
    reference = text(entry, "AcctSvcrRef") or text(inner, "Refs/AcctSvcrRef")
    end_to_end = text(inner, "Refs/EndToEndId")
    if place and reference:
        reference = text(inner, "Refs/AcctSvcrRef") or f"{reference}/{place}"
    return FileLine(
        row,
        reference[: neutral.CELL_MAX],
        booked_on,
        Money(minor),
        text(inner, f"RltdPties/{other}/Pty/Nm") or text(inner, f"RltdPties/{other}/Nm"),
        account_of(inner.find(f"RltdPties/{other}Acct/Id")),
        _told(entry, inner),
        account_of(inner.find(f"RltdPties/{own}Acct/Id")),
        "" if end_to_end in _NO_REFERENCE else end_to_end,
        _sort(entry, inner),
    )


def _told(entry: Element, inner: Element) -> str:
    """Return what payer and bank wrote about it."""
    parts = [element.text or "" for element in inner.findall("RmtInf/Ustrd")]
    parts += [text(inner, "RmtInf/Strd/CdtrRefInf/Ref"), text(inner, "AddtlTxInf")]
    parts += [text(inner, "RtrInf/Rsn/Cd"), text(inner, "RtrInf/AddtlInf")]
    parts.append(text(entry, "AddtlNtryInf"))
    whole = " ".join(neutral.clean(part) for part in parts if part.strip())
    return " ".join(whole.split())[: neutral.CELL_MAX]


def _sort(entry: Element, inner: Element) -> str:
    codes = {
        text(each, f"BkTxCd/Domn/Fmly/{name}")
        for each in (entry, inner)
        for name in ("Cd", "SubFmlyCd")
    }
    if inner.find("RtrInf") is not None or codes & _RETURNS:
        return "return"
    return "fee" if codes & _FEES else ""


def account_of(identification: Element | None) -> str:
    """Return the number of an account: its IBAN, or another identification."""
    if identification is None:
        return ""
    found = text(identification, "IBAN") or text(identification, "Othr/Id")
    return bank_files.account_number(found)


def text(element: Element, path: str) -> str:
    """Return the cleaned text at a path, or nothing."""
    return neutral.clean(element.findtext(path) or "")


def decimal_fen(given: str) -> int | None:
    """Return a decimal amount, zero or more, in fen; None with more than two decimals."""
    try:
        minor = Decimal(given) * 100
    except InvalidOperation:
        return None
    if not minor.is_finite() or minor < 0 or minor != minor.to_integral_value():
        return None
    return int(minor)
