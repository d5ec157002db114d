"""The till: what the bank tells, what goes out, what is given back, and the papers of it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from app.story import money
from app.story.sixteen.beats import Beat, Scene
from app.story.sixteen.trades.goods import BUYER, MERCHANT
from kernel.money import Money
from settlement import accounts, batches, payments, payouts
from settlement.accounts import NoVerifiedAccount
from settlement.bank import intake, outgoing, virtual_accounts
from settlement.bank import statements as bank
from settlement.bank.escrow_bank import AgreedNumbers
from settlement.dividing.terms import Payable
from settlement.papers import invoices
from settlement.papers.invoice_rooms import About
from settlement.papers.invoices import Kind, Wanted
from settlement.refunding import refunds

FINANCE, CHECKER = "finance", "finance2"
STRANGER: Final = ("演示·未署名付款人", "6222020000000099", "往来款", 88_800)

Paid = Callable[[Scene], Sequence[money.Line]]
"""Makes lines of the bank; the statement gives them their references."""

INSURER: Final = ("演示·稻禾保险", money.BUYERS_ACCOUNT)
LOTUS: Final = ("演示·湘莲银行", "6222020000000002")


def statement(key: str, day: int, *paid: Paid) -> Beat:
    """Return the import of a day's statement, with the lines that `paid` make."""

    def do(scene: Scene) -> str:
        work = scene.work
        custody = work.rules.text("settlement.custody_account")
        newest = bank.last(work.session, custody)
        opening = newest.closing.minor if newest else 0
        number = f"{scene.today}-{key}"
        told = [line for each in paid for line in each(scene)]
        lines = [(f"{number}-{place}", *line[1:]) for place, line in enumerate(told, start=1)]
        text = money.statement(custody, number, scene.today, opening, lines)
        return intake.import_statement(work, account=custody, text=text).id

    return Beat(f"bank/{key}", day, FINANCE, do)


def came(purpose: str, key: str, payer: str, account: str) -> Paid:
    """Return the line of a payment that is asked for `purpose` of what the beat `key` made."""

    def line(scene: Scene) -> Sequence[money.Line]:
        asked = payments.live_for(scene.work.session, purpose, scene.made[key])
        if asked is None:
            raise LookupError(f"nothing is asked for {purpose} {key}")
        return [("", asked.due.minor, payer, account, f"货款 {asked.reference}")]

    return line


def came_unnamed(_scene: Scene) -> Sequence[money.Line]:
    """Return a line that says nothing of what it pays."""
    name, account, words, fen = STRANGER
    return [("", fen, name, account, words)]


def went(key: str) -> Paid:
    """Return the line of the payout or refund that the beat `key` made."""

    def line(scene: Scene) -> Sequence[money.Line]:
        made = scene.made[key]
        of = payouts if made.startswith("pot_") else refunds
        found = of.find(scene.work.session, made)
        return [("", -found.amount.minor, "演示·收款方", "", found.reference)]

    return line


def virtual_account(day: int) -> Beat:
    """Return the opening of the buyer's virtual account."""

    def do(scene: Scene) -> str:
        numbers = AgreedNumbers.of(scene.work.rules)
        return virtual_accounts.open_for(scene.work, numbers, payer_id=scene.firm_of(BUYER)).id

    return Beat("virtual-account", day, FINANCE, do)


def settled(day: int) -> Iterator[Beat]:
    """Yield a batch of what is due, checked by another, and its payout on the way to the bank."""

    def approve(scene: Scene) -> str:
        return payouts.take(scene.work, scene.made["payout"], "approve").id

    def confirm(scene: Scene) -> str:
        return batches.take(scene.work, scene.made["batch"], "confirm").id

    yield Beat("batch", day, FINANCE, lambda scene: batches.compute(scene.work).id)
    yield Beat("batch/confirm", day, CHECKER, confirm)
    yield Beat("account", day - 1, FINANCE, _account)
    yield Beat("account/verify", day - 1, CHECKER, _verify)
    yield Beat("payout", day - 1, FINANCE, _payout)
    yield Beat("payout/approve", day - 1, CHECKER, approve)


def refunded(key: str, order: str, day: int, fen: int, reason: str) -> Beat:
    """Return the request of a refund; a small one needs no second person."""

    def do(scene: Scene) -> str:
        made = refunds.request(
            scene.work, order_id=scene.made[f"order/{order}"], amount=Money(fen), reason=reason
        )
        return made.id

    return Beat(f"refund/{key}", day, FINANCE, do)


def approved(key: str) -> Callable[[Scene], str]:
    """Approve the refund that the beat `key` made."""
    return lambda scene: refunds.take(scene.work, scene.made[key], "approve").id


def sent(key: str, day: int) -> Beat:
    """Return the file of all that is approved, handed to the bank."""
    return Beat(f"file/{key}", day, FINANCE, lambda scene: outgoing.send(scene.work).id)


def invoiced(day: int) -> Iterator[Beat]:
    """Yield an invoice of the price, issued; and one of the fee, that waits to be issued."""

    def price(scene: Scene) -> str:
        wanted = Wanted(scene.made["order/daily"], About.PRICE, Kind.VAT_SPECIAL_E)
        return invoices.request(scene.work, wanted).id

    def fee(scene: Scene) -> str:
        wanted = Wanted(scene.made["order/daily"], About.COMMISSION, Kind.VAT_GENERAL_E)
        return invoices.request(scene.work, wanted).id

    def issue(scene: Scene) -> str:
        return invoices.take(scene.work, scene.made["invoice/price"], "issue").id

    yield Beat("invoice/price", day, BUYER, price)
    yield Beat("invoice/price/issue", day - 1, MERCHANT, issue)
    yield Beat("invoice/fee", day - 1, MERCHANT, fee)


def _account(scene: Scene) -> str:
    party = scene.firm_of(MERCHANT)
    try:
        return accounts.require_verified(scene.work.session, party).id
    except NoVerifiedAccount:
        _, _, holder, bank_name, number = money.PARTIES[0]
        made = accounts.register(
            scene.work, party_id=party, account_name=holder, bank_name=bank_name, number=number
        )
        return made.id


def _verify(scene: Scene) -> str:
    found = accounts.find(scene.work.session, scene.made["account"])
    if found.state != accounts.State.VERIFIED:
        accounts.take(scene.work, found.id, "verify", evidence="小额打款核验回单 0.37 元")
    return found.id


def _payout(scene: Scene) -> str:
    party = scene.firm_of(MERCHANT)
    return payouts.request(scene.work, payable=Payable.MERCHANT, party_id=party).id
