"""One unit of work: who acts, when, under which rules, in which transaction.

The rules are what a jurisdiction may change: limits, weights, rates. They are read from
data and never written in code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from kernel import journal
from kernel.actor import SYSTEM, Actor
from kernel.calendar import Calendar
from kernel.clock import Instant
from kernel.crypto import CryptoProvider
from kernel.journal import Errand, Event


@dataclass(frozen=True, slots=True)
class Rules:
    """One version of the rules; every journal row stores the version that it was decided under."""

    version: str
    values: Mapping[str, Any]

    def number(self, key: str) -> int:
        """Return the whole number at the dotted `key`. Raises KeyError that names it."""
        value = self._at(key)
        if type(value) is not int:
            raise KeyError(f"rule {key!r} is not a whole number")
        return value

    def text(self, key: str) -> str:
        """Return the text at the dotted `key`. Raises KeyError that names it."""
        value = self._at(key)
        if type(value) is not str:
            raise KeyError(f"rule {key!r} is not a text")
        return value

    def table(self, key: str) -> Mapping[str, Any]:
        """Return the table at the dotted `key`. Raises KeyError that names it."""
        value = self._at(key)
        if not isinstance(value, Mapping):
            raise KeyError(f"rule {key!r} is not a table")
        return value

    def _at(self, key: str) -> Any:
        found: Any = self.values
        for part in key.split("."):
            if not isinstance(found, Mapping) or part not in found:
                raise KeyError(f"no rule {key!r} in rules version {self.version}")
            found = found[part]
        return found


@dataclass(frozen=True, slots=True)
class Work:
    """The few facts that every command needs, in one parameter.

    Opened and committed by `app/unit.py` (a request) or `app/worker.py` (a job);
    a command records and flushes, and never commits.
    """

    session: Session
    actor: Actor
    now: Instant
    rules: Rules
    calendar: Calendar
    crypto: CryptoProvider
    subscribers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    witnesses: "Mapping[str, tuple[Witness, ...]]" = field(default_factory=dict)

    def record(self, kind: str, subject: str, **data: Any) -> Event:
        """Write what happened, and what must follow from it, in this same transaction.

        A subscriber gets an errand, run after the commit; a witness is called at once, as
        the house, and what it refuses undoes the whole.
        """
        event = Event(
            kind=kind,
            subject=subject,
            person=self.actor.person,
            organisation=self.actor.organisation,
            at=self.now,
            rule_version=self.rules.version,
            data=journal.plain(data),
        )
        event.digest = journal.digest(event, self.crypto)
        self.session.add(event)
        for reaction in self.subscribers.get(kind, ()):
            errand = Errand(event=event, reaction=reaction, due_at=self.now, attempts=0)
            self.session.add(errand)
        for witness in self.witnesses.get(kind, ()):
            witness(self.as_system(), event)
        return event

    def as_system(self) -> "Work":
        """Return this work done by the house itself: same transaction, same moment."""
        return replace(self, actor=SYSTEM)


Witness = Callable[[Work, Event], object]
"""What must follow from an event before anybody can see it: same transaction, same moment."""
