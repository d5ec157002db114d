"""What an operator is told of the rails on the terminal: commands, notices, what a look found."""

import json
from collections.abc import Callable, Iterable, Mapping

from app.house import House
from app.rails import calls
from kernel.actor import SYSTEM
from settlement.rails import commands, inbox

LINES_MAX = 100


def _commands(house: House, *, open_only: bool) -> Iterable[str]:
    """Yield the latest commands to providers, a JSON object a line, the newest first."""
    with house.engines.reading() as session:
        found = commands.listed(
            house.work(session, SYSTEM), open_only=open_only, limit=LINES_MAX
        ).items
    for one in found:
        told = {
            "id": one.id, "provider": one.provider, "kind": one.kind, "subject": one.subject,
            "amount": one.amount.minor, "currency": one.amount.currency, "state": one.state,
            "attempts": one.attempts, "object": one.object_id, "error": one.last_error,
            "given_at": one.given_at.isoformat(), "vouched_by": one.vouched_by,
        }  # fmt: skip
        yield json.dumps(told, ensure_ascii=False)


def _notices(house: House, *, open_only: bool) -> Iterable[str]:
    """Yield the latest notices of providers, a JSON object a line, the newest first."""
    with house.engines.reading() as session:
        work = house.work(session, SYSTEM)
        found = inbox.listed(work, open_only=open_only, limit=LINES_MAX).items
    for one in found:
        told = {
            "provider": one.provider, "event": one.event_id, "type": one.type, "came": one.came,
            "received_at": one.received_at.isoformat(), "handled": one.handled_at is not None,
            "waits_for_a_person": one.handled_at is None and one.not_before is None,
            "tries": one.tries, "error": one.error,
        }  # fmt: skip
        yield json.dumps(told, ensure_ascii=False)


def _looked(house: House, *, open_only: bool) -> Iterable[str]:
    """Look at every provider, work out what was found, and yield how much that was."""
    del open_only
    found, handled, ran = calls.poll(house), calls.run_inbox(house), calls.run_commands(house)
    yield f"{found} new, {handled} notices worked out, {ran} commands run"


LINES: Mapping[str, Callable[..., Iterable[str]]] = {
    "poll": _looked,
    "inbox": _notices,
    "commands": _commands,
}
"""What `databourse rails` is asked → the lines that it answers."""
