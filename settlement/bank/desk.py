"""The desk at which the lines of one statement are booked, one after the other.

What each line is, is decided first; `intake.preview` stops there, and `intake` books it.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from kernel import ids
from kernel.money import Money
from kernel.work import Work
from settlement import bank_files, ledger, payments
from settlement.bank import naming
from settlement.bank.matching import Decision, Ladder, Part, Receipt, Rung
from settlement.bank.reading.neutral import FileLine
from settlement.bank.statements import CUSTODY, SUSPENSE, BankLine, BankMatch, Kind, Note
from settlement.ledger import AccountRef, Row, ToPost

FEE: Final = "6603.psp_fee"
"""Where the fees of banks and providers stand."""


class Verdict(NamedTuple):
    """What one line was found to be. kind: None while nobody knows.

    parts: of a receipt, by payment. target: what else it names. note: why some of it waits.
    """

    line: FileLine
    kind: Kind | None
    parts: tuple[Part, ...] = ()
    target: str = ""
    note: Note | None = None
    rung: Rung | None = None


class Desk:
    """Decides about, and books, the lines of one statement.

    The payments, payouts and refunds that the lines name are locked together, before
    anything is booked.
    """

    def __init__(self, work: Work, account: str, lines: Sequence[FileLine], *, lock: bool) -> None:
        self.work, self.custody = work, AccountRef(CUSTODY, account)
        receipts = [line for line in lines if line.amount.minor > 0]
        self._ladder = Ladder(work, [Receipt.of_file(line) for line in receipts], lock=lock)
        self._known = naming.Known(work, [line.said for line in lines])
        self._words = tuple(work.rules.table("settlement")["bank_fee_words"])
        self._fee_max = work.rules.number("settlement.bank_fee_max_fen")
        self._entries: list[ToPost] = []
        self._booked: list[tuple[BankLine, list[BankMatch]]] = []

    def judge(self, line: FileLine) -> Verdict:
        """Say what a line is, and let it count for the lines behind it."""
        return self._receipt(line) if line.amount.minor > 0 else self._debit(line)

    def book(self, statement_id: str, position: int, line: FileLine) -> None:
        """Book one line as what it is found to be."""
        verdict = self.judge(line)
        line_id = ids.new("bsl_", self.work.now)
        made = self._matched(line_id, verdict)
        number = line.counterparty_account
        seal = self.work.crypto.seal(number.encode(), line_id.encode()) if number else None
        row = BankLine(
            id=line_id,
            statement_id=statement_id,
            account=self.custody.owner,
            position=position,
            bank_ref=line.bank_ref,
            booked_on=line.booked_on,
            amount=line.amount,
            counterparty_name=line.counterparty_name,
            counterparty_account=bank_files.masked(number),
            counterparty_sealed=seal,
            text=line.text,
            end_to_end=line.end_to_end or None,
            sub_account=line.sub_account or None,
            note=verdict.note,
        )
        self._booked.append((row, made))
        self._post(row, verdict, made)

    def finish(self) -> int:
        """Write all that was booked; returns how many matches were made."""
        session, made = self.work.session, [one for _, some in self._booked for one in some]
        session.add_all(row for row, _ in self._booked)
        session.flush()  # the matches refer to the lines by id alone
        session.add_all(made)
        ledger.post_many(self.work, self._entries)
        for row, some in self._booked:
            for one in some:
                self._tell(row, one)
        return len(made)

    # --- what it is

    def _receipt(self, line: FileLine) -> Verdict:
        found = self._known.returned(line)
        if found is not None:
            return Verdict(line, found.kind, target=found.target, note=found.note)
        decided: Decision = self._ladder.decide(Receipt.of_file(line))
        kind = Kind.PAYMENT if decided.parts else None
        return Verdict(line, kind, decided.parts, note=decided.note, rung=decided.rung)

    def _debit(self, line: FileLine) -> Verdict:
        found = self._known.sent(line)
        if found is not None:
            return Verdict(line, found.kind, target=found.target, note=found.note)
        if self._is_fee(line):
            return Verdict(line, Kind.FEE, target=FEE)
        return Verdict(line, None, note=Note.NO_REFERENCE)

    def _is_fee(self, line: FileLine) -> bool:
        said = line.sort == "fee" or line.text.strip().startswith(self._words)
        return said and -line.amount.minor <= self._fee_max

    # --- how it is booked

    def _matched(self, line_id: str, verdict: Verdict) -> list[BankMatch]:
        if verdict.kind is None:
            return []
        if verdict.kind is Kind.PAYMENT:
            return [
                match(self.work, line_id, part.amount, payment_id=part.payment.id)
                for part in verdict.parts
            ]
        amount = Money(abs(verdict.line.amount.minor), verdict.line.amount.currency)
        return [match(self.work, line_id, amount, kind=verdict.kind, target=verdict.target)]

    def _post(self, row: BankLine, verdict: Verdict, made: list[BankMatch]) -> None:
        on, amount = row.booked_on, verdict.line.amount
        if verdict.kind is Kind.FEE:
            paid = Row(AccountRef(FEE), self.custody, Money(-amount.minor))
            self._entries.append(ToPost("bank.fee", row.id, [paid], on))
        if verdict.kind is Kind.PROVIDER_PAYOUT:
            transit = AccountRef("1012.psp_transit", verdict.target)
            self._entries.append(
                ToPost("psp.payout_booked", row.id, [Row(self.custody, transit, amount)], on)
            )
        if amount.minor < 0 or verdict.kind not in {None, Kind.PAYMENT}:
            return
        waiting = AccountRef(SUSPENSE, row.id)
        received = Row(self.custody, waiting, amount)
        self._entries.append(ToPost("bank.received", row.id, [received], on))
        for part, one in zip(verdict.parts, made, strict=True):
            self._entries.append(
                ToPost(
                    "bank.matched",
                    one.id,
                    payments.rows(part.payment, waiting, part.amount),
                    on,
                    order_id=part.payment.order_id,
                )
            )

    def _tell(self, row: BankLine, made: BankMatch) -> None:
        """Let what was matched know it."""
        if made.payment_id is not None:
            payment = self._ladder.by_id[made.payment_id]
            payments.receive(self.work, payment, made.amount)
        else:
            self._known.tell(row, made)


def match(  # noqa: PLR0913 - what a match says
    work: Work,
    line_id: str,
    amount: Money,
    *,
    kind: Kind = Kind.PAYMENT,
    payment_id: str | None = None,
    target: str = "",
    reason: str = "",
) -> BankMatch:
    """Return the row that says what some of a line was found to be. reason: of a person."""
    return BankMatch(
        id=ids.new("mat_", work.now),
        line_id=line_id,
        amount=amount,
        kind=kind,
        payment_id=payment_id,
        payout_id=target if kind is Kind.PAYOUT else None,
        target=None if kind in {Kind.PAYMENT, Kind.PAYOUT} else target,
        by_hand=bool(reason),
        reason=reason,
        matched_by=work.actor.person,
        matched_at=work.now,
    )
