"""What is asked of the bank that keeps the supervised account (资金监管银行): a narrow port.

`AgreedNumbers` is a bank to which files are carried by hand: it lets us number virtual
accounts behind the account's own number, as agreed with it, and says the rest by files.
`Simulator` is a bank in memory that answers at once, for demonstrations and tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple, Protocol

from kernel.errors import DomainError, Kind
from kernel.money import Money
from kernel.words import Words
from kernel.work import Rules
from settlement import bank_files
from settlement.bank import pain


class NotConnected(DomainError):
    """The bank takes and gives files by hand: nothing of it can be asked over a line."""

    kind = Kind.UNAVAILABLE
    code = "bank-not-connected"
    title = Words("银行未直连", "The bank is not connected")


class EscrowBank(Protocol):
    """The bank of the supervised account."""

    def create_virtual_account(self, serial: int, name: str) -> str:
        """Open a virtual account for `name`, and return its number."""
        ...

    def notify_in(self, number: str, amount: Money, *, payer: "Payer", text: str) -> str:
        """Tell of money that came to an account; returns the bank's reference."""
        ...

    def pay_out(self, file: bytes) -> bytes:
        """Take a pain.001, and return the pain.002 that answers it."""
        ...

    def query(self, message_id: str) -> bytes | None:
        """Return the pain.002 of a file that was sent; None when the bank never saw it."""
        ...

    def statement(self, on: date) -> bytes:
        """Return the camt.053 of a day."""
        ...


class Payer(NamedTuple):
    """Who pays, and from which account."""

    name: str
    account: str


@dataclass(frozen=True, slots=True)
class AgreedNumbers:
    """A bank to which files are carried: it gave us a range of numbers."""

    account: str
    digits: int

    @classmethod
    def of(cls, rules: Rules) -> "AgreedNumbers":
        """Return the bank that the rules describe."""
        account = bank_files.account_number(rules.text("settlement.custody_account"))
        return cls(account, rules.number("settlement.virtual_digits"))

    def create_virtual_account(self, serial: int, name: str) -> str:  # noqa: ARG002 - the port's
        """Return the account's number with the serial behind it."""
        return f"{self.account}{serial:0{self.digits}d}"

    def notify_in(self, number: str, amount: Money, *, payer: Payer, text: str) -> str:  # noqa: ARG002 - the port's
        """Refuse: receipts are told by statements."""
        raise _by_file()

    def pay_out(self, file: bytes) -> bytes:  # noqa: ARG002 - the port's
        """Refuse: the file is carried to the bank by a person."""
        raise _by_file()

    def query(self, message_id: str) -> bytes | None:  # noqa: ARG002 - the port's
        """Refuse: the answer is carried from the bank by a person."""
        raise _by_file()

    def statement(self, on: date) -> bytes:  # noqa: ARG002 - the port's
        """Refuse: the statement is carried from the bank by a person."""
        raise _by_file()


def _by_file() -> NotConnected:
    return NotConnected("请按文件往来", "it is spoken to by files")


_INCOMING: Final = "CRDT"
_OUTGOING: Final = "DBIT"


class _Moved(NamedTuple):
    on: date
    mark: str
    minor: int
    reference: str
    party: Payer
    own: str
    text: str
    end_to_end: str


@dataclass(slots=True)
class Simulator:
    """A bank in memory. refuses: account number → the reason code with which it rejects it."""

    account: str
    digits: int
    today: date
    refuses: Mapping[str, str] = field(default_factory=dict)
    balance: int = 0
    numbered: int = 0
    _moved: list[_Moved] = field(default_factory=list)
    _answers: dict[str, bytes] = field(default_factory=dict)
    _stated: dict[date, tuple[int, int]] = field(default_factory=dict)

    def create_virtual_account(self, serial: int, name: str) -> str:
        """Open a virtual account behind the account's own number."""
        return AgreedNumbers(self.account, self.digits).create_virtual_account(serial, name)

    def notify_in(self, number: str, amount: Money, *, payer: Payer, text: str) -> str:
        """Let money come in."""
        return self._book(_INCOMING, amount.minor, payer, own=number, text=text, end_to_end="")

    def pay_out(self, file: bytes) -> bytes:
        """Pay what is asked but what it refuses; a file seen before is refused as a whole."""
        asked = pain.read_orders(file)
        if asked.message_id in self._answers:
            return pain.report(asked.message_id, self._named(), group="DUPL", rejected={})
        rejected = {
            one.reference: self.refuses[one.account_number]
            for one in asked.orders
            if one.account_number in self.refuses
        }
        for one in asked.orders:
            if one.reference not in rejected:
                payee = Payer(one.account_name, one.account_number)
                self._book(
                    _OUTGOING,
                    one.amount.minor,
                    payee,
                    own=self.account,
                    text=one.reference,
                    end_to_end=one.reference,
                )
        answer = pain.report(asked.message_id, self._named(), group="", rejected=rejected)
        self._answers[asked.message_id] = answer
        return answer

    def query(self, message_id: str) -> bytes | None:
        """Return what was answered."""
        return self._answers.get(message_id)

    def statement(self, on: date) -> bytes:
        """Return the day's statement as camt.053; asked again, the same one."""
        entries = [one for one in self._moved if one.on == on]
        moved = sum(one.minor if one.mark == _INCOMING else -one.minor for one in entries)
        number, opening = self._stated.setdefault(on, (len(self._stated) + 1, self.balance - moved))
        return _camt(self.account, on, number, opening, entries)

    def _book(
        self, mark: str, minor: int, party: Payer, *, own: str, text: str, end_to_end: str
    ) -> str:
        self.numbered += 1
        reference = f"SIM{self.numbered:08}"
        self._moved.append(_Moved(self.today, mark, minor, reference, party, own, text, end_to_end))
        self.balance += minor if mark == _INCOMING else -minor
        return reference

    def _named(self) -> str:
        self.numbered += 1
        return f"SIMP002-{self.numbered}"


def _camt(account: str, on: date, number: int, opening: int, entries: list[_Moved]) -> bytes:
    moved = sum(one.minor if one.mark == _INCOMING else -one.minor for one in entries)
    balances = (("OPBD", opening), ("CLBD", opening + moved))
    inner = pain.element(
        "Stmt",
        pain.element("Id", f"SIM-{on.isoformat()}"),
        pain.element("ElctrncSeqNb", str(number)),
        pain.element("CreDtTm", f"{on.isoformat()}T23:59:59+08:00"),
        pain.element(
            "Acct",
            pain.element("Id", pain.element("Othr", pain.element("Id", account))),
            pain.element("Ccy", "CNY"),
        ),
        *(_balance(code, minor, on) for code, minor in balances),
        *(_entry(one) for one in entries),
    )
    header = pain.element("GrpHdr", pain.element("MsgId", f"SIM-{on.isoformat()}"))
    root = pain.element("Document", pain.element("BkToCstmrStmt", header, inner))
    root.set("xmlns", "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08")
    return pain.written(root)


def _balance(code: str, minor: int, on: date) -> pain.Element:
    return pain.element(
        "Bal",
        pain.element("Tp", pain.element("CdOrPrtry", pain.element("Cd", code))),
        pain.amount("Amt", Money(abs(minor))),
        pain.element("CdtDbtInd", _INCOMING if minor >= 0 else _OUTGOING),
        pain.element("Dt", pain.element("Dt", on.isoformat())),
    )


def _entry(one: _Moved) -> pain.Element:
    other, own = ("Dbtr", "Cdtr") if one.mark == _INCOMING else ("Cdtr", "Dbtr")
    name = pain.element(other, pain.element("Pty", pain.element("Nm", one.party.name)))
    detail = pain.element(
        "TxDtls",
        pain.element("Refs", pain.element("EndToEndId", one.end_to_end or "NOTPROVIDED")),
        pain.element(
            "RltdPties",
            name,
            pain.account(f"{other}Acct", one.party.account),
            pain.account(f"{own}Acct", one.own),
        ),
        pain.element("RmtInf", pain.element("Ustrd", one.text or "-")),
    )
    return pain.element(
        "Ntry",
        pain.amount("Amt", Money(one.minor)),
        pain.element("CdtDbtInd", one.mark),
        pain.element("Sts", pain.element("Cd", "BOOK")),
        pain.element("BookgDt", pain.element("Dt", one.on.isoformat())),
        pain.element("AcctSvcrRef", one.reference),
        pain.element("NtryDtls", detail),
    )
