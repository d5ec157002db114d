"""The money of an order, walked along by the right people: builders for the tests."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final
from zlib import crc32

from sqlalchemy.orm import Session

from kernel import journal
from kernel.money import Money
from kernel.work import Work
from settlement import accounts, batches, escrow, payments, payouts
from settlement.accounts import BankAccount
from settlement.bank import intake, statements
from settlement.bank.statements import BankStatement
from settlement.bank_files import yuan
from settlement.batches import SettlementBatch
from settlement.escrow import Obligation, Payable
from settlement.payments import Payment
from settlement.payouts import Payout

CUSTODY: Final = "4300000000000001"
BUYER_NAME: Final = "演示·保险公司"
TREASURY: Final = "treasury:430000"
STORY: Final = Money(12_800_001)
DUE: Final = datetime(2026, 7, 10, 4, tzinfo=UTC)  # noon of T + 7: the merchant is new

LATE: Final = datetime(2026, 7, 28, 4, tzinfo=UTC)  # everything accepted on DUE is due

WorkAs = Callable[..., Work]
Movement = tuple[str, int, str, str]
"""Bank reference, fen (negative: went out), counterparty's name, text."""


def csv_of(
    movements: Iterable[Movement],
    *,
    number: str = "2026-001",
    opening: int = 0,
    account: str = CUSTODY,
    on: str = "2026-07-01",
) -> str:
    """Write a statement as the bank would."""
    rows, closing = [], opening
    for ref, fen, name, text in movements:
        came, went = (yuan(Money(fen)), "") if fen > 0 else ("", yuan(Money(-fen)))
        rows.append(f'{ref},{on},"{came}","{went}",{name},6222000000001234,{text}')
        closing += fen
    heads = [
        f"账号,{account}",
        f"账单编号,{number}",
        "币种,CNY",
        f"期初余额,{yuan(Money(opening))}",
        f"期末余额,{yuan(Money(closing))}",
        "交易流水号,记账日期,收入金额,支出金额,对方户名,对方账号,附言",
    ]
    return "\r\n".join([*heads, *rows]) + "\r\n"


def asked(work_as: WorkAs, order_id: str = "ord_1", amount: Money = STORY) -> Payment:
    """Ask the insurer to pay."""
    work = work_as("per_buyer_signer")
    made = payments.instruct(work, order_id=order_id, payer_id="org_buyer", amount=amount)
    work.session.flush()
    return made


def took(work_as: WorkAs, text: str, *, person: str = "per_exchange_settler") -> BankStatement:
    """Import a statement, noon of the day after."""
    return intake.import_statement(work_as(person, at=DUE), account=CUSTODY, text=text)


def paid(work_as: WorkAs, order_id: str = "ord_1", amount: Money = STORY) -> Payment:
    """Ask, and let the whole amount arrive, in a statement of its own."""
    payment = asked(work_as, order_id, amount)
    last = statements.last(work_as("system").session, CUSTODY)
    took(
        work_as,
        csv_of(
            [(f"T-{order_id}", amount.minor, BUYER_NAME, f"货款 {payment.reference}")],
            number=f"in {order_id}",
            opening=last.closing.minor if last else 0,
        ),
    )
    return payment


def line(
    order_line_id: str = "orl_1", amount: Money = STORY, **changed: object
) -> dict[str, object]:
    """Return a line of authorised public data as it is accepted."""
    return {
        "order_line_id": order_line_id,
        "amount": amount,
        "buyer_id": "org_buyer",
        "seller_id": "org_developer",
        "operator_id": "org_operator",
        "kind": "public",
        **changed,
    }


def accepted(
    work_as: WorkAs, order_id: str = "ord_1", *lines: dict[str, object]
) -> list[Obligation]:
    """Let the insurer accept the lines."""
    return escrow.accept(work_as("per_buyer_editor"), order_id, lines or [line()])


def computed(work_as: WorkAs, *, at: datetime = DUE) -> SettlementBatch:
    """Let the maker compute a batch."""
    made = batches.compute(work_as("per_exchange_settler", at=at))
    made_session(work_as).flush()
    return made


def settled(work_as: WorkAs) -> SettlementBatch:
    """Compute a batch, and let the checker post it."""
    made = computed(work_as)
    return batches.take(work_as("per_exchange_checker", at=DUE), made.id, "confirm")


def verified(work_as: WorkAs, party_id: str, name: str) -> BankAccount:
    """Register a bank account of a party, and verify it by another person."""
    made = accounts.register(
        work_as("per_exchange_settler"),
        party_id=party_id,
        account_name=name,
        bank_name="演示银行",
        number=f"6217 0000 {crc32(party_id.encode()) % 10_000:04} 1",
    )
    made_session(work_as).flush()
    checker = work_as("per_exchange_checker")
    return accounts.take(checker, made.id, "verify", evidence="小额打款 0.37 元已回填")


def everybodys_accounts(work_as: WorkAs) -> None:
    """Verify the accounts of all who earn in the story."""
    verified(work_as, "org_developer", "演示·枫香科技")
    verified(work_as, "org_operator", "演示·运营机构")
    verified(work_as, TREASURY, "湖南省财政厅")


def requested(
    work_as: WorkAs,
    payable: Payable = Payable.MERCHANT,
    party_id: str = "org_developer",
    amount: Money | None = None,
) -> Payout:
    """Let the maker request a payout."""
    maker = work_as("per_exchange_settler", at=DUE)
    made = payouts.request(maker, payable=payable, party_id=party_id, amount=amount)
    maker.session.flush()
    return made


def approved(work_as: WorkAs, payout: Payout) -> Payout:
    """Let the checker approve a payout."""
    return payouts.take(work_as("per_exchange_checker", at=DUE), payout.id, "approve")


def made_session(work_as: WorkAs) -> Session:
    """Return the session in which the works are done."""
    return work_as("system").session


def kinds_of(session: Session, subject: str) -> list[str]:
    """Return the kinds of the events of a subject, oldest first."""
    session.flush()
    return [event.kind for event in journal.history(session, subject, limit=99)]
