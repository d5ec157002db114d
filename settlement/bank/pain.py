"""Payment orders as ISO 20022 writes them: pain.001.001.09 out, pain.002 and pacs.004 in.

Pure: amounts, names and codes in, bytes out, and the other way round. The same orders give
the same bytes, so that a file drawn again has the digest of the first.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element as Element  # the simulator builds with it too
from xml.etree.ElementTree import SubElement, tostring

from kernel.clock import Instant
from kernel.errors import DomainError, Kind
from kernel.money import Money
from kernel.words import Words
from settlement import bank_files
from settlement.bank.reading import camt
from settlement.bank_files import PayoutRow

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_REPORT: Final = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
_REPORTS: Final = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:pain\.002\.001\.\d\d\}Document")
_RETURNS: Final = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:pacs\.004\.001\.\d\d\}Document")
_NAME_MAX: Final = 140
_REJECTED: Final = frozenset({"RJCT", "DUPL"})
_UNWRITABLE: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class AnswerUnreadable(DomainError):
    """What the bank answered cannot be read, so nothing was done about it."""

    kind = Kind.INVALID
    code = "bank-answer-unreadable"
    title = Words("银行回执无法读取", "The bank's answer cannot be read")


class Debtor(NamedTuple):
    """Who pays: the name and number of the supervised account, and its bank."""

    name: str
    account: str
    bank: str
    bic: str


class Orders(NamedTuple):
    """What a pain.001 asks, as far as a bank must understand it."""

    message_id: str
    orders: tuple[PayoutRow, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a pain.002 says of a file.

    group: the status of the whole: ACCP, PART, RJCT …, empty when it says none. reason: of
    the whole. singles: reference → (status, reason code) of single payments.
    """

    message_id: str
    group: str
    reason: str
    singles: Mapping[str, tuple[str, str]]

    @property
    def is_refused(self) -> bool:
        """Whether none of the file will be paid."""
        return self.group in _REJECTED


class Return(NamedTuple):
    """One payment that comes back, as a pacs.004 tells it."""

    reference: str
    amount: Money
    reason: str


def orders(
    message_id: str, rows: Iterable[PayoutRow], debtor: Debtor, *, at: Instant, on: date
) -> bytes:
    """Return the pain.001.001.09 that asks for `rows`, each by its reference.

    message_id: of the file, at most 35 characters. at: when it was made. on: the day on which
    the bank is to pay.
    """
    listed = list(rows)
    total = bank_files.yuan(sum((row.amount for row in listed), Money(0)))
    counts = [element("NbOfTxs", str(len(listed))), element("CtrlSum", total)]
    header = element(
        "GrpHdr",
        element("MsgId", message_id),
        element("CreDtTm", at.isoformat(timespec="seconds")),
        *counts,
        element("InitgPty", element("Nm", _name(debtor.name))),
    )
    agent = element("BICFI", debtor.bic) if debtor.bic else element("Nm", _name(debtor.bank))
    batch = element(
        "PmtInf",
        element("PmtInfId", message_id),
        element("PmtMtd", "TRF"),
        element("NbOfTxs", str(len(listed))),
        element("CtrlSum", total),
        element("ReqdExctnDt", element("Dt", on.isoformat())),
        element("Dbtr", element("Nm", _name(debtor.name))),
        account("DbtrAcct", debtor.account, currency="CNY"),
        element("DbtrAgt", element("FinInstnId", agent)),
        element("ChrgBr", "DEBT"),
        *(_order(row) for row in listed),
    )
    root = element("Document", element("CstmrCdtTrfInitn", header, batch))
    root.set("xmlns", NAMESPACE)
    return written(root)


def read_orders(content: bytes) -> Orders:
    """Return what a pain.001 of ours asks. Raises StatementRefused for unsafe XML."""
    root = camt.local(camt.tree(content))
    found = [
        PayoutRow(
            camt.text(one, "PmtId/EndToEndId"),
            camt.text(one, "Cdtr/Nm"),
            camt.account_of(one.find("CdtrAcct/Id")),
            camt.text(one, "CdtrAgt/FinInstnId/Nm"),
            Money(camt.decimal_fen(camt.text(one, "Amt/InstdAmt")) or 0),
        )
        for one in root.iterfind("CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf")
    ]
    return Orders(camt.text(root, "CstmrCdtTrfInitn/GrpHdr/MsgId"), tuple(found))


def report(message_id: str, report_id: str, *, group: str, rejected: Mapping[str, str]) -> bytes:
    """Return a pain.002 about a file. group: why none of it is taken; rejected: code by payment."""
    of_all = "RJCT" if group else "PART" if rejected else "ACCP"
    status = element(
        "OrgnlGrpInfAndSts",
        element("OrgnlMsgId", message_id),
        element("OrgnlMsgNmId", "pain.001.001.09"),
        element("GrpSts", of_all),
    )
    if group:
        status.append(_reason(group))
    batch = element("OrgnlPmtInfAndSts", element("OrgnlPmtInfId", message_id))
    for reference, code in rejected.items():
        batch.append(
            element(
                "TxInfAndSts",
                element("OrgnlEndToEndId", reference),
                element("TxSts", "RJCT"),
                _reason(code),
            )
        )
    inner = element("CstmrPmtStsRpt", element("GrpHdr", element("MsgId", report_id)), status, batch)
    root = element("Document", inner)
    root.set("xmlns", _REPORT)
    return written(root)


def answer(content: bytes) -> Answer:
    """Read a pain.002. Raises AnswerUnreadable, or StatementRefused for unsafe XML."""
    root = _known(content, _REPORTS, "pain.002")
    whole = root.find("CstmrPmtStsRpt/OrgnlGrpInfAndSts")
    if whole is None or not camt.text(whole, "OrgnlMsgId"):
        raise AnswerUnreadable("未指明原文件", "it names no file")
    singles = {
        camt.text(one, "OrgnlEndToEndId"): (
            camt.text(one, "TxSts"),
            camt.text(one, "StsRsnInf/Rsn/Cd") or camt.text(one, "StsRsnInf/Rsn/Prtry"),
        )
        for one in root.iterfind("CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts")
    }
    return Answer(
        camt.text(whole, "OrgnlMsgId"),
        camt.text(whole, "GrpSts"),
        camt.text(whole, "StsRsnInf/Rsn/Cd") or camt.text(whole, "StsRsnInf/Rsn/Prtry"),
        singles,
    )


def returns(content: bytes) -> tuple[Return, ...]:
    """Read a pacs.004: payments that come back. Raises as `answer` does."""
    root = _known(content, _RETURNS, "pacs.004")
    found = []
    for one in root.iterfind("PmtRtr/TxInf"):
        given = one.find("RtrdIntrBkSttlmAmt")
        minor = None if given is None else camt.decimal_fen((given.text or "").strip())
        if given is None or not minor:
            raise AnswerUnreadable("缺少退回金额", "a returned amount is missing")
        reason = camt.text(one, "RtrRsnInf/Rsn/Cd") or camt.text(one, "RtrRsnInf/Rsn/Prtry")
        amount_back = Money(minor, given.get("Ccy", "CNY"))
        found.append(Return(camt.text(one, "OrgnlEndToEndId"), amount_back, reason))
    return tuple(found)


def element(name: str, *inside: "Element | str") -> Element:
    """Return an element with text or other elements in it."""
    made = Element(name)
    for each in inside:
        if isinstance(each, str):
            made.text = _UNWRITABLE.sub(" ", each)
        else:
            made.append(each)
    return made


def amount(name: str, value: Money) -> Element:
    """Return an amount with its currency."""
    made = element(name, bank_files.yuan(value))
    made.set("Ccy", value.currency)
    return made


def account(name: str, number: str, *, currency: str = "") -> Element:
    """Return an account by its number: as an IBAN when it has the form of one."""
    made = Element(name)
    inside = SubElement(made, "Id")
    if re.fullmatch(r"[A-Z]{2}\d{2}[0-9A-Z]{11,30}", number):
        SubElement(inside, "IBAN").text = number
    else:
        SubElement(SubElement(inside, "Othr"), "Id").text = number
    if currency:
        SubElement(made, "Ccy").text = currency
    return made


def written(root: Element) -> bytes:
    """Return the document as bytes: UTF-8, with its declaration."""
    said: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return said


def _order(row: PayoutRow) -> Element:
    # The schema has no empty name: a bank that is not known is not named.
    bank = [element("FinInstnId", element("Nm", _name(row.bank_name)))] if row.bank_name else []
    return element(
        "CdtTrfTxInf",
        element("PmtId", element("InstrId", row.reference), element("EndToEndId", row.reference)),
        element("Amt", amount("InstdAmt", row.amount)),
        *(element("CdtrAgt", one) for one in bank),
        element("Cdtr", element("Nm", _name(row.account_name))),
        account("CdtrAcct", row.account_number),
        element("RmtInf", element("Ustrd", row.reference)),
    )


def _reason(code: str) -> Element:
    return element("StsRsnInf", element("Rsn", element("Cd", code)))


def _name(text: str) -> str:
    return text[:_NAME_MAX]


def _known(content: bytes, wanted: re.Pattern[str], called: str) -> Element:
    root = camt.tree(content)
    if not wanted.fullmatch(root.tag):
        raise AnswerUnreadable(f"不是 {called}", f"it is no {called}")
    return camt.local(root)
