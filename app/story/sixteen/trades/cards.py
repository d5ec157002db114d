"""Orders paid by card, and what the payers' banks dispute of them: won, lost, and still open.

The provider is the one that moves no money. What it would tell is told here in its place: the
payment and its end, each dispute and how it goes on, what is withdrawn for it and given back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.rails.calls import OUTCOMES
from app.story.sixteen.beats import THE_HOUSE, Beat, Scene
from app.story.sixteen.trades import goods
from app.story.sixteen.trades.goods import BUYER
from app.story.sixteen.trades.till import FINANCE
from kernel.money import Money
from settlement import payments
from settlement.payments import Purpose
from settlement.rails import balance_lines, collecting, commands
from settlement.rails.collecting import Way
from settlement.rails.fake_rail import NAME
from settlement.rails.port import BalanceLine, Kind, Object, Phase
from settlement.refunding import chargebacks, disputes

FEE: Final = Money(1_500)
"""What the provider takes for hearing a dispute."""

HEARD: Final = timedelta(days=9)
"""How long it hears evidence."""


AT_ONCE: Final = timedelta(minutes=1)
"""For how long a command is taken: it is answered in the same breath."""


@dataclass(frozen=True, slots=True)
class Case:
    """One dispute. number: as the provider counts it."""

    key: str
    number: int

    @property
    def order(self) -> str:
        """The key of the order that was paid by card."""
        return f"card/{self.key}"

    @property
    def charge(self) -> str:
        """The payment, as the provider calls it."""
        return f"fpi_card_{self.number:04}"

    @property
    def called(self) -> str:
        """The dispute, as the provider calls it."""
        return f"fdp_{self.number:04}"


WON, LOST, OPEN = Case("won", 1), Case("lost", 2), Case("open", 3)


def paid_by_card(case: Case, day: int) -> Iterator[Beat]:
    """Yield an order that is paid by card at once, delivered and accepted."""

    def pay(scene: Scene) -> str:
        work, order_id = scene.work, scene.made[f"order/{case.order}"]
        asked = payments.live_for(work.session, Purpose.ORDER, order_id)
        if asked is None:
            raise LookupError(f"nothing is asked for {case.order}")
        begun = collecting.begin(work, asked.id, Way(provider=NAME, method="card"))
        work.session.flush()
        commands.claim(work, AT_ONCE, ports=(NAME,), command_id=begun.command_id)
        told = Object(
            provider=NAME,
            kind=Kind.PAYMENT,
            id=case.charge,
            command_id=begun.command_id,
            amount=asked.due,
            phase=Phase.SUCCEEDED,
            at=work.now,
        )
        OUTCOMES.apply(work, told)
        nothing = Money(0, told.amount.currency)
        line = _line(scene, case.charge, case.charge, told.amount, nothing)
        balance_lines.book(work, NAME, line, chargebacks)
        return begun.id

    yield from goods.ordered(case.order, "tool", day)
    yield Beat(f"{case.order}/pay", day, BUYER, pay)
    yield from goods.delivered(case.order, day - 1)


def disputed(case: Case, day: int) -> Iterator[Beat]:
    """Yield a dispute: the order's money is held, and the provider withdraws what it paid."""
    yield Beat(f"dispute/{case.key}", day, THE_HOUSE,
               lambda scene: _told(scene, case, Phase.REQUIRES_ACTION))  # fmt: skip
    yield Beat(f"dispute/{case.key}/withdrawn", day, THE_HOUSE,
               lambda scene: _moved(scene, case, "withdrawn", out=True))  # fmt: skip


def answered(case: Case, day: int, evidence: str) -> Beat:
    """Return the answer of a settlement officer."""

    def do(scene: Scene) -> str:
        made = scene.made[f"dispute/{case.key}"]
        return disputes.take(scene.work, made, "answer", evidence=evidence).id

    return Beat(f"dispute/{case.key}/answer", day, FINANCE, do)


def won(case: Case, day: int) -> Iterator[Beat]:
    """Yield the end of a dispute that the exchange wins: what was withdrawn comes back."""
    yield Beat(f"dispute/{case.key}/won", day, THE_HOUSE,
               lambda scene: _told(scene, case, Phase.WON))  # fmt: skip
    yield Beat(f"dispute/{case.key}/reinstated", day, THE_HOUSE,
               lambda scene: _moved(scene, case, "reinstated", out=False))  # fmt: skip


def lost(case: Case, day: int) -> Beat:
    """Return the end of a dispute that is lost: what is held goes first, then the parties."""
    return Beat(f"dispute/{case.key}/lost", day, THE_HOUSE,
                lambda scene: _told(scene, case, Phase.LOST))  # fmt: skip


def _told(scene: Scene, case: Case, phase: Phase) -> str:
    work = scene.work
    told = Object(
        provider=NAME,
        kind=Kind.DISPUTE,
        id=case.called,
        command_id="",
        amount=_amount(scene, case),
        phase=phase,
        at=work.now,
        parent=case.charge,
        due=work.now + HEARD if phase is Phase.REQUIRES_ACTION else None,
    )
    OUTCOMES.apply(work, told)
    work.session.flush()
    found = disputes.listed(work, after=None, limit=len((WON, LOST, OPEN))).items
    return next(one.id for one in found if one.dispute_id == case.called)


def _moved(scene: Scene, case: Case, name: str, *, out: bool) -> None:
    """Let the provider say what it moved of our balance for a dispute."""
    paid = _amount(scene, case)
    fee = FEE if out else Money(0, paid.currency)
    amount = Money(-paid.minor, paid.currency) if out else paid
    line = _line(scene, f"{case.called}_{name}", case.called, amount, fee)
    balance_lines.book(scene.work, NAME, line, chargebacks)


def _line(scene: Scene, name: str, source_id: str, amount: Money, fee: Money) -> BalanceLine:
    return BalanceLine(
        id=f"fbt_{name}",
        type=balance_lines.DISPUTE if source_id.startswith("fdp_") else "charge",
        source_id=source_id,
        amount=amount,
        fee=fee,
        net=amount - fee,
        available_on=scene.work.now,
        at=scene.work.now,
    )


def _amount(scene: Scene, case: Case) -> Money:
    order_id = scene.made[f"order/{case.order}"]
    (paid,) = payments.listed(scene.work, order_id=order_id, after=None, limit=1).items
    return paid.amount
