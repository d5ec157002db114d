"""What lines of a statement name besides payments: what we sent, and what comes back of it."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import select

from kernel.work import Work
from settlement import bank_files, books, payouts
from settlement.bank.reading.neutral import FileLine
from settlement.bank.statements import CUSTODY, BankLine, BankMatch, Kind, Note
from settlement.ledger import AccountRef
from settlement.payouts import Payout
from settlement.refunding import refunds, ways
from settlement.refunding.rows import PREFIX as REFUND_PREFIX
from settlement.refunding.rows import Refund
from settlement.refunding.rows import State as RefundState

_OBJECT: Final = re.compile(r"[A-Za-z]{2,8}_[A-Za-z0-9]{6,60}", re.ASCII)
_COMES_BACK: Final = "RETURNED"
_ARRIVED: Final = frozenset({payouts.State.PAID, payouts.State.RECONCILED, RefundState.SUCCEEDED})


class Found(NamedTuple):
    """What a line names. kind: None when it is not that after all; note says why."""

    kind: Kind | None
    target: str = ""
    note: Note | None = None


class Known:
    """Everything that the lines of one statement name, loaded and locked together.

    What has been found counts for the lines behind it: a payout is paid by one line, and
    may be returned by a later one of the same statement.
    """

    def __init__(self, work: Work, said: Iterable[str]) -> None:
        self._work, texts = work, list(said)
        session = work.session
        sent, back = _codes(payouts.PREFIX, texts), _codes(REFUND_PREFIX, texts)
        self._payouts: dict[str, Payout] = payouts.locked(session, sent) if sent else {}
        self._refunds: dict[str, Refund] = ways.locked(session, back) if back else {}
        self._by_id = {one.id: one for one in self._payouts.values()}
        self._state = {one.id: str(one.state) for one in self._payouts.values()}
        self._state |= {one.id: str(one.state) for one in self._refunds.values()}
        self._transit = self._under_way(texts)
        self._reasons: dict[str, str] = {}

    def sent(self, line: FileLine) -> Found | None:
        """Return what a debit pays out; None when it names nothing of ours."""
        subject = self._subject(line)
        if not isinstance(subject, Payout | Refund):
            return subject
        if self._state[subject.id] != payouts.State.SENT:
            return Found(None, note=Note.NOT_AWAITED)
        if subject.amount.minor != -line.amount.minor:
            return Found(None, note=Note.AMOUNT_DIFFERS)
        is_payout = isinstance(subject, Payout)
        self._state[subject.id] = payouts.State.PAID if is_payout else RefundState.SUCCEEDED
        return Found(Kind.PAYOUT if is_payout else Kind.REFUND, subject.id)

    def returned(self, line: FileLine) -> Found | None:
        """Return what a credit brings back; None when it is a receipt like any other."""
        for token in _OBJECT.findall(line.said):
            if self._transit.get(token) == line.amount.minor:
                del self._transit[token]
                return Found(Kind.PROVIDER_PAYOUT, token)
        subject = self._subject(line)
        if not isinstance(subject, Payout | Refund):
            return subject
        if self._state[subject.id] not in _ARRIVED:
            return Found(None, note=Note.NOT_AWAITED)
        if subject.amount.minor != line.amount.minor:
            return Found(None, note=Note.AMOUNT_DIFFERS)
        self._state[subject.id] = _COMES_BACK
        self._reasons[subject.id] = line.text
        is_payout = isinstance(subject, Payout)
        return Found(Kind.PAYOUT_RETURN if is_payout else Kind.REFUND_RETURN, subject.id)

    def tell(self, row: BankLine, made: BankMatch) -> None:
        """Let what a line was found to be know that it was."""
        cash = AccountRef(CUSTODY, row.account, row.amount.currency)
        if made.payout_id is not None:
            payouts.pay(
                self._work,
                self._by_id[made.payout_id],
                bank_line_id=row.id,
                account=row.account,
                booked_on=row.booked_on,
            )
        elif made.kind == Kind.PAYOUT_RETURN:
            target = made.target or ""
            payouts.returned(
                self._work,
                self._by_id[target],
                bank_line_id=row.id,
                account=row.account,
                booked_on=row.booked_on,
                reason=self._reasons[target],
            )
        elif made.kind == Kind.REFUND:
            refunds.succeeded(
                self._work, made.target or "", source_id=row.id, cash=cash, on=row.booked_on
            )
        elif made.kind == Kind.REFUND_RETURN:
            target = made.target or ""
            refunds.failed(
                self._work,
                target,
                source_id=row.id,
                cash=cash,
                on=row.booked_on,
                reason=self._reasons[target],
            )

    def _subject(self, line: FileLine) -> Payout | Refund | Found | None:
        """Return the one thing of ours that a line names, or why it cannot be told."""
        named = bank_files.codes(payouts.PREFIX, line.said)
        named += bank_files.codes(REFUND_PREFIX, line.said)
        if len(named) > 1:
            return Found(None, note=Note.SEVERAL_REFERENCES)
        if not named:
            return None
        return self._payouts.get(named[0]) or self._refunds.get(named[0])

    def _under_way(self, texts: Iterable[str]) -> dict[str, int]:
        """Return provider's payout → what of it is on its way to the bank."""
        tokens = sorted({token for text in texts for token in _OBJECT.findall(text)})
        if not tokens:
            return {}
        accounts, balances = books.accounts.c, books.balances.c
        statement = (
            select(accounts.owner, balances.debits - balances.credits)
            .join(books.balances, balances.account_id == accounts.id)
            .where(accounts.code == "1012.psp_transit", accounts.owner.in_(tokens))
        )
        return {owner: int(left) for owner, left in self._work.session.execute(statement)}


def _codes(prefix: str, texts: Iterable[str]) -> set[str]:
    return {code for text in texts for code in bank_files.codes(prefix, text)}
