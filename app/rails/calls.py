"""Commands, notices and looks of every provider, each step in a unit of work of its own."""

from collections.abc import Callable
from typing import Final, TypeVar

import structlog

from app import unit
from app.house import House
from kernel.actor import SYSTEM
from kernel.work import Work
from settlement.rails import attempts, gateway, poller
from settlement.rails.gateway import Gateway
from settlement.rails.outcomes import Outcomes
from settlement.rails.port import BadNotice, Declined, NoAnswer, NotYet
from settlement.refunding import chargebacks, refunds

T = TypeVar("T")

OUTCOMES: Final = Outcomes(refunds, chargebacks)

log = structlog.get_logger()


def gateway_of(house: House) -> Gateway:
    """Return the gateway to the providers of this house."""

    def run(command: Callable[[Work], T], /) -> T:
        found: T = unit.committed(house, SYSTEM, command, ring=False)
        return found

    return Gateway(units=run, ports=house.rails, applier=OUTCOMES)


def run_commands(house: House) -> int:
    """Call providers for what they are to do; returns how many commands were run."""
    return _rung(house, gateway_of(house).run_due() if house.rails else 0)


def run_inbox(house: House) -> int:
    """Work out what providers have notified; returns how many notices were worked out."""
    return _rung(house, gateway_of(house).handle_due() if house.rails else 0)


def poll(house: House) -> int:
    """Look at every provider; one that does not answer is looked at again next time."""
    found = 0
    for provider in house.rails:
        try:
            found += poller.poll(gateway_of(house), provider, chargebacks)
        except (NoAnswer, NotYet, Declined) as error:
            log.warning("provider not reached", provider=provider, error=str(error))
    return _rung(house, found)


def run_now(house: House, attempt_id: str) -> None:
    """Run the command of an attempt that was just begun: its buyer is waiting.

    When it was run already, or the provider does not answer, nothing happens here; the
    worker goes on.
    """
    with house.engines.reading() as session:
        command_id = attempts.find(session, attempt_id).command_id
    if gateway_of(house).run(command_id):
        house.bell.set()


def receive(house: House, provider: str, headers: dict[str, str], body: bytes) -> bool:
    """Keep a notice of a provider; tells whether it is new. Raises BadNotice."""
    port = house.rails.get(provider)
    if port is None:
        raise BadNotice("no such provider here")
    new = gateway.receive(gateway_of(house).units, port, headers, body)
    _rung(house, int(new))
    return new


def _rung(house: House, done: int) -> int:
    if done:
        house.bell.set()
    return done
