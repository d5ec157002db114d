"""Sending what is due: claimed in one transaction, sent outside any, noted in another."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from app import unit
from app.house import House
from app.telling import posting
from kernel.actor import SYSTEM
from kernel.work import Work
from marketplace.telling import notices
from marketplace.telling.notices import Claimed, Outcome

AT_ONCE: Final = 8
"""Receivers that are spoken to at the same time: a slow one keeps nobody else waiting."""


def send_waiting(house: House) -> int:
    """Send the notices that are due; returns how many were tried."""
    tried = 0
    while claimed := _claimed(house):
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
            tried += sum(pool.map(partial(_sent, house), claimed))
    return tried


def _claimed(house: House) -> list[Claimed]:
    with house.engines.reading() as session:
        if not notices.is_due(session, house.now(session)):
            return []
    found: list[Claimed] = unit.committed(house, SYSTEM, notices.claim, ring=False)
    return found


def _sent(house: House, claimed: Claimed) -> int:
    outcome = posting.post(claimed, private=house.settings.webhook_private)
    unit.committed(house, SYSTEM, partial(_noted, notice=claimed.id, outcome=outcome), ring=False)
    return 1


def _noted(work: Work, *, notice: str, outcome: Outcome) -> None:
    notices.tried(work, notice, outcome)
