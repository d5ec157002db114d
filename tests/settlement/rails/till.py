"""A till over one test's session: the gateway, a clock that a test moves, and short words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.money import Money
from kernel.work import Work
from settlement import ledger, payments
from settlement.ledger import AccountRef
from settlement.payments import Payment
from settlement.rails import attempts, collecting, gateway, poller
from settlement.rails.attempts import Attempt
from settlement.rails.collecting import Way
from settlement.rails.commands import Command
from settlement.rails.gateway import Gateway
from settlement.rails.inbox import Notice
from settlement.rails.outcomes import Outcomes
from settlement.rails.port import PaymentPort
from settlement.refunding import chargebacks, refunds
from tests.conftest import NOON, WorkAs
from tests.settlement import money

T = TypeVar("T")
BUYER = "per_buyer_signer"


@dataclass
class Till:
    """Runs each unit of work in the test's session, undone alone when it raises."""

    work_as: WorkAs
    port: PaymentPort
    now: datetime = NOON
    at: Callable[[str], None] = lambda _name: None
    outcomes: Outcomes = field(default_factory=lambda: Outcomes(refunds, chargebacks))

    def __post_init__(self) -> None:
        self.gateway = Gateway(
            units=self.unit,
            ports={self.port.name: self.port},
            applier=self.outcomes,
            at=lambda name: self.at(name),
        )

    @property
    def session(self) -> Session:
        return self.work.session

    @property
    def work(self) -> Work:
        return self.work_as("system", at=self.now)

    def unit(self, command: Callable[[Work], T], /) -> T:
        with self.session.begin_nested():
            return command(self.work)

    def asked(self, order_id: str = "ord_1", amount: Money = money.STORY) -> Payment:
        return money.asked(self.work_as, order_id, amount)

    def begun(self, payment: Payment, method: str = "card", **more: Any) -> Attempt:
        """Let the buyer begin; the provider has not been told yet."""
        token = more.pop("token", "pm_card_visa" if method == "card" else "")
        way = Way(
            provider=self.port.name, method=method, token=token,
            return_url="https://exchange.invalid/back", **more,
        )  # fmt: skip
        made = collecting.begin(self.work_as(BUYER, at=self.now), payment.id, way)
        self.session.flush()
        return made

    def started(self, order_id: str = "ord_1", method: str = "card", **more: Any) -> Attempt:
        """Let the buyer begin, and tell the provider."""
        attempt = self.begun(self.asked(order_id), method, **more)
        self.gateway.run(attempt.command_id)
        return self.again(attempt)

    def again(self, attempt: Attempt) -> Attempt:
        self.session.flush()
        return attempts.locked(self.session, attempt.id)

    def notified(self, headers: Mapping[str, str], body: bytes) -> bool:
        return gateway.receive(self.unit, self.port, headers, body)

    def polled(self) -> int:
        """Look at the provider, and work out what was found."""
        found = poller.poll(self.gateway, self.port.name, self.outcomes.disputes)
        self.gateway.handle_due()
        return found

    def later(self, **ahead: float) -> None:
        self.now += timedelta(**ahead)

    def payment(self, attempt: Attempt) -> Payment:
        return payments.locked_by_id(self.session, attempt.payment_id)

    def on(self, code: str, owner: str = "", currency: str = "CNY") -> int:
        return ledger.balance(self.session, AccountRef(code, owner, currency)).minor

    def held(self) -> int:
        """Return what the books say the provider holds for us."""
        return self.on("1012.psp", self.port.name)

    def command(self, attempt: Attempt, kind: str = "start") -> Command:
        self.session.flush()
        found = select(Command).where(Command.subject == attempt.id, Command.kind == kind)
        return self.session.scalars(found.execution_options(populate_existing=True)).one()

    def notices(self) -> list[Notice]:
        statement = select(Notice).order_by(Notice.received_at, Notice.event_id)
        return list(self.session.scalars(statement.execution_options(populate_existing=True)))
