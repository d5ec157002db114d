"""The hand that plays an act: one transaction, whoever acts in it, at whatever time it is there.

Everything goes through the steps that anybody takes, with their guards; what follows from them
is done in the same transaction. That an act was played stands in the journal, written with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy.orm import Session

from app import demonstration, unit, worker
from app.house import House
from app.story.sixteen import beats
from kernel import ids, journal
from kernel.actor import SYSTEM, Actor
from kernel.clock import SHANGHAI
from kernel.parties.people import Passwords
from kernel.work import Work

SUBJECT: Final = "history"
ACTS_MAX: Final = 10_000

Told = dict[str, Any]
"""Key of an act that was played → what it told of itself."""


@dataclass(frozen=True, slots=True)
class Act:
    """One transaction of the history. size: of how much it is told when it is done."""

    key: str
    phase: str
    day: date
    at: time
    size: int
    do: "Callable[[Hand], Mapping[str, Any] | None]"


@dataclass(slots=True)
class Hand:
    """What an act plays with. told: what those before it told; held: rows kept in memory."""

    house: House
    session: Session
    act: Act
    told: Told
    actors: dict[str, Actor]
    passwords: Passwords
    held: list[object] = field(default_factory=list)

    def it_is(self, at: time, seconds: int = 0) -> None:
        """Let it be so late on the day of the act, and so many seconds."""
        moment = datetime.combine(self.act.day, at, SHANGHAI).timestamp() + seconds
        demonstration.begin_at(self.session, datetime.fromtimestamp(moment, SHANGHAI))
        if not self.held:
            # Asked for at every step, and forgotten by a session when nobody holds it.
            self.held.append(self.session.get(demonstration.ClockShift, 1))

    def by(self, login: str) -> Work:
        """Return a unit of work of who signs in as `login` (without its "@demo")."""
        actor = self.actors.get(login)
        if actor is None:
            actor = self.actors[login] = beats.signed_in(self.session, f"{login}@demo")
        return self.house.work(self.session, actor)

    def by_house(self) -> Work:
        """Return a unit of work of the house itself."""
        return self.house.work(self.session, SYSTEM)

    def follow(self) -> None:
        """Do what follows from what was done."""
        worker.run_within(self.house, self.session)


def recalled(house: House) -> Told:
    """Return what has been played. One SELECT on an index."""
    with house.engines.reading() as session:
        events = journal.history(session, SUBJECT, limit=ACTS_MAX)
    return {event.data["act"]: event.data["told"] for event in events}


def play(
    house: House, act: Act, told: Told, actors: dict[str, Actor], passwords: Passwords
) -> None:
    """Play an act in one transaction, with ids that are drawn from its name."""

    def command(opened: Work) -> Told:
        hand = Hand(house, opened.session, act, told, actors, passwords)
        with ids.drawn(f"{SUBJECT}/{act.key}"):  # from the start where it is run again
            hand.it_is(act.at)
            made = dict(act.do(hand) or {})
            hand.by_house().record("demonstration.played", SUBJECT, act=act.key, told=made)
        return made

    told[act.key] = unit.committed(house, SYSTEM, command, ring=False)
