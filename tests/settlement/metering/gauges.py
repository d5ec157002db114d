"""Builders of metered lines: a meter, use that is told, a wallet with money in it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from kernel.clock import Instant
from kernel.money import Money
from settlement import ledger, payments
from settlement.ledger import AccountRef, Row
from settlement.metering import hours, meters, tariffs, usage, wallets
from settlement.metering.meters import Meter
from settlement.metering.tariffs import Shape, Step, Tariff
from settlement.metering.usage import Answer, Told
from tests.conftest import NOON, work_of

FEN: Final = tariffs.E6
CALLS: Final = Tariff(shape=Shape.FLAT, unit_e6=50 * FEN)
TIERED: Final = Tariff(
    shape=Shape.PROGRESSIVE,
    steps=(Step(10_000, 50 * FEN), Step(100_000, 30 * FEN), Step(None, 10 * FEN)),
)
IN_JULY: Final = NOON + timedelta(hours=1)
AUGUST: Final = datetime(2026, 8, 2, 4, tzinfo=UTC)  # a Sunday
CONNECTOR: Final = "per_developer_editor"


def meter(session: Session, charges: Tariff = CALLS, **changes: Any) -> Meter:
    """Open a meter of the insurer's with the merchant, postpaid by the call."""
    number = changes.pop("number", 1)
    said: dict[str, Any] = {
        "order_id": f"ord_{number}",
        "order_code": f"OD-2026-{number:06}",
        "order_line_id": f"orl_{number}",
        "buyer_id": "org_buyer",
        "seller_id": "org_developer",
        "sale": {
            "order_line_id": f"orl_{number}",
            "buyer_id": "org_buyer",
            "seller_id": "org_developer",
            "operator_id": None,
            "kind": "other",
        },
        "title_zh": "逐日降雨指数",
        "title_en": "Daily rain index",
        "mode": "postpaid",
        "basis": "use",
        "unit": "call",
        "tariff": tariffs.written(charges),
        "milestones": [],
        "cycle": "month",
        "until": date(2026, 12, 31),
        **changes,
    }
    made = meters.open_for(work_of(session, "system"), [said])  # type: ignore[list-item]  # a Terms
    session.flush()
    return made[0]


def told(
    session: Session,
    *events: tuple[str, int],
    at: Instant = IN_JULY,
    now: Instant | None = None,
    failure: str = "",
    line: str = "orl_1",
) -> list[Answer]:
    """Tell events (name, units) of one moment."""
    work = work_of(session, CONNECTOR, at=now or at)
    return usage.report(
        work,
        source="gateway",
        told=[
            Told(event_id=name, order_line_id=line, occurred_at=at, units=units, failure=failure)
            for name, units in events
        ],
    )


def closed(session: Session, at: Instant) -> int:
    """Close the hours that are over by then."""
    return hours.close(work_of(session, "system", at=at), limit=100)


def filled(session: Session, fen: int, *, at: Instant = NOON) -> None:
    """Bring money into the insurer's wallet, as a matched bank line does."""
    asked = wallets.top_up(work_of(session, "per_buyer_signer", at=at), Money(fen))
    session.flush()
    house = work_of(session, "system", at=at)
    line = f"bsl_{asked.id}"
    suspense = AccountRef("2241.suspense", line)
    ledger.post(
        house,
        "bank.received",
        line,
        [Row(AccountRef("1012.custody", "acc_1"), suspense, asked.amount)],
        effective_on=at.date(),
    )
    pay(session, asked, suspense, at=at)


def pay(session: Session, asked: payments.Payment, source: AccountRef, *, at: Instant) -> None:
    """Let what was asked arrive from `source`, and count it."""
    house = work_of(session, "system", at=at)
    rows = payments.rows(asked, source, asked.amount)
    ledger.post(
        house,
        "bank.matched",
        asked.id,
        rows,
        effective_on=at.date(),
        order_id=asked.order_id,
    )
    payments.receive(house, asked, asked.amount)
    session.flush()


def pay_by_bank(session: Session, asked: payments.Payment, *, at: Instant) -> None:
    """Let what was asked arrive by bank transfer."""
    line = f"bsl_{asked.id}"
    suspense = AccountRef("2241.suspense", line)
    row = Row(AccountRef("1012.custody", "acc_1"), suspense, asked.amount)
    house = work_of(session, "system", at=at)
    ledger.post(house, "bank.received", line, [row], effective_on=at.date())
    pay(session, asked, suspense, at=at)
