"""The gateway (支付网关): the only place from which a provider is called.

    claim a command, commit  →  call the provider under its key  →  apply the answer, commit

A process may die between any two of these. Then the command is claimed again, the provider
is asked again under the same key, and does it once. What was answered, what was notified
and what was looked up go through one door (`Applier`), which knows an old word from news.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol, TypeVar

from kernel.work import Work
from settlement.rails import commands, inbox
from settlement.rails.commands import Command
from settlement.rails.inbox import Came
from settlement.rails.port import (
    Declined,
    Kind,
    NoAnswer,
    NotYet,
    Object,
    Order,
    PaymentPort,
)

T = TypeVar("T")

KEY_LIFE: Final = timedelta(hours=20)
"""A provider may forget a key after a day; from here on we look before we ask again."""

FAILURES_MAX: Final = 3
"""So many equal failures may be one that is kept with the key; then we look."""

LEASE: Final = timedelta(seconds=90)


class Unclaimed(Exception):
    """The command that made the object cannot be seen (yet): the word waits."""


class Contradiction(Exception):
    """Two words of one rank: only a look at the object tells which one holds."""


class Units(Protocol):
    """Runs a command as one unit of work, and commits it; again when another was faster."""

    def __call__(self, command: Callable[[Work], T], /) -> T:
        """Run the command in a unit of its own; what it raises undoes it."""


class Applier(Protocol):
    """Carries out what a word of a provider means. Raises Unclaimed, Contradiction."""

    def apply(self, work: Work, told: Object, *, fetched: bool = False) -> None:
        """Carry out what follows. fetched: it was looked up just now, so it holds."""

    def refused(self, work: Work, command: Command, reason: str) -> None:
        """Carry out what follows from a command that will never be done."""

    def lost(self, work: Work, command: Command) -> None:
        """Carry out what follows when nobody knows what came of a command."""


def _nowhere(_name: str) -> None:
    """Stand at no point in particular."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Calls providers. at: told of the points where a process may die, for tests."""

    units: Units
    ports: Mapping[str, PaymentPort]
    applier: Applier
    at: Callable[[str], None] = _nowhere
    lease: timedelta = LEASE

    def run_due(self, *, at_most: int = 100) -> int:
        """Run the commands that are due, one after the other; returns how many."""
        for done in range(at_most):
            if not self.run(None):
                return done
        return at_most

    def run(self, command_id: str | None) -> bool:
        """Run one command, or the one that has waited longest; False when none is due."""
        order = self.units(lambda work: self._claim(work, command_id))
        if order is None:
            return False
        self.at("after_claim")
        provider, told = order
        try:
            self._carry_out(provider, told)
        except Declined as declined:
            self._decline(provider, told, f"{declined.code}: {declined.told}")
        except NotYet as later:
            self._put_command_off(told, str(later))
        except NoAnswer as cut:
            self._lose(told, cut.code, stored=cut.stored)
        except Exception as error:  # noqa: BLE001 - one that cannot be done must not stop the others
            self._lose(told, f"{type(error).__name__}: {error}"[:500], stored=False)
        return True

    def handle_due(self, *, at_most: int = 100) -> int:
        """Work out the notices that are due, each in a unit of its own; returns how many."""
        for done in range(at_most):
            if not self._handle_next():
                return done
        return at_most

    def look(self, provider: str, kind: Kind, object_id: str) -> None:
        """Look an object up, and apply what it is now. Raises NoAnswer, NotYet."""
        try:
            found = self.ports[provider].fetch(kind, object_id)
        except Declined as gone:
            raise NoAnswer(gone.code) from gone
        self.units(lambda work: self.applier.apply(work, found, fetched=True))

    # --- commands ---------------------------------------------------------------------

    def _claim(self, work: Work, command_id: str | None) -> "tuple[str, Order] | None":
        found = commands.claim(work, self.lease, ports=self.ports, command_id=command_id)
        return None if found is None else (found.provider, commands.order(found))

    def _carry_out(self, provider: str, told: Order) -> None:
        found = self._ask(self.ports[provider], told)
        self.at("after_call")
        if found is None:
            self._commit(told, lambda work, row: commands.stick(work, row, "cannot-tell"))
            return
        try:
            self._commit(told, lambda work, row: self._done(work, row, found))
        except Contradiction:
            self.look(provider, found.kind, found.id)
            self._commit(told, lambda work, row: commands.done(work, row, found.id))

    def _ask(self, port: PaymentPort, told: Order) -> Object | None:
        """Ask the provider; None when the command waits for a person now."""
        old = self.units(lambda work: work.now - told.since > KEY_LIFE)
        failed = told.failures >= FAILURES_MAX
        if not old and not failed:
            return port.run(told)
        if "search" not in port.can:
            return port.run(told) if told.vouched else None
        made = port.find(told)
        if made is not None:
            return made
        if failed:
            self._commit(told, commands.change_key)
        fresh = self.units(lambda work: commands.order(commands.locked(work.session, told.id)))
        return port.run(fresh)

    def _done(self, work: Work, row: Command, found: Object) -> None:
        commands.done(work, row, found.id)
        self.applier.apply(work, found)

    def _decline(self, provider: str, told: Order, reason: str) -> None:
        if told.kind in {commands.CAPTURE, commands.CANCEL}:
            try:
                self.look(provider, Kind.PAYMENT, str(told.body["object"]))  # it says why
            except (NoAnswer, NotYet) as cut:
                self._put_command_off(told, str(cut))
                return
        self._commit(told, lambda work, row: self._refused(work, row, reason))

    def _refused(self, work: Work, row: Command, reason: str) -> None:
        if commands.refused(work, row, reason):
            self.applier.refused(work, row, reason)

    def _lose(self, told: Order, code: str, *, stored: bool) -> None:
        def change(work: Work, row: Command) -> None:
            commands.unanswered(work, row, code, stored=stored)
            self.applier.lost(work, row)

        self._commit(told, change)

    def _put_command_off(self, told: Order, reason: str) -> None:
        self._commit(told, lambda work, row: commands.put_off(work, row, reason))

    def _commit(self, told: Order, change: Callable[[Work, Command], None]) -> None:
        def command(work: Work) -> None:
            change(work, commands.locked(work.session, told.id))
            self.at("before_commit")

        self.units(command)
        self.at("after_commit")

    # --- notices ----------------------------------------------------------------------

    def _handle_next(self) -> bool:
        taken: list[tuple[str, str]] = []
        words: list[Object] = []

        def command(work: Work) -> None:
            taken.clear()  # it may be run again, and find another notice
            words.clear()
            notice = inbox.waiting(work, self.ports)
            if notice is None:
                return
            taken.append((notice.provider, notice.event_id))
            told = self.ports[notice.provider].read(notice.body.encode()).object
            inbox.handled(work, notice.provider, notice.event_id)
            if told is not None:
                words.append(told)
                self.applier.apply(work, told)
            self.at("inbox_before_commit")

        try:
            try:
                self.units(command)
            except Contradiction:
                self.look(words[0].provider, words[0].kind, words[0].id)
                self.units(lambda work: inbox.handled(work, *taken[0]))
        except Exception as error:
            # One bad notice must not stop the others.
            if not taken:
                raise
            reason = f"{type(error).__name__}: {error}"
            self.units(lambda work: inbox.put_off(work, *taken[0], reason))
        return bool(taken)


def receive(
    units: Units,
    port: PaymentPort,
    headers: Mapping[str, str],
    body: bytes,
    *,
    at: Callable[[str], None] = _nowhere,
) -> bool:
    """Verify a notice, keep it, commit; tells whether it is new. Raises BadNotice.

    Nothing else: the provider is answered at once, and sends it again if we die before.
    """

    def command(work: Work) -> bool:
        event = port.verify(headers, body, work.now)
        new = inbox.keep(work, event, body, Came.NOTICE)
        at("hook_after_insert")
        return new

    return units(command)
