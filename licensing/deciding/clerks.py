"""The clerk: answers from memory what can be answered from memory, and keeps every answer.

One dictionary of first answers, one of compiled rights behind it, one number to
compare at each decision, one log file. What would spend a quota is not answered here: that
counts in the database, in one transaction with its row. Source: I-29, I-32, I-33; a
suspension that was acknowledged in one process is known to the next decision of every other.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, Final, TypeAlias

from sqlalchemy import func, select

from kernel.clock import Instant
from kernel.engines import Engines
from kernel.work import Work
from licensing import quotas
from licensing.deciding import answers, breakers, clauses, compiled, epochs, spools
from licensing.deciding.answers import Answer
from licensing.deciding.clauses import Credential, Grant, Party, concerns
from licensing.deciding.epochs import Epoch, Journal
from licensing.deciding.requests import Request, Shape
from licensing.deciding.spools import Spool

GRANTS_MAX: Final = 200_000
"""Rights that are kept in memory; beyond this they are compiled anew."""

OTHERS_MAX: Final = 50_000
"""Users, and credentials, that are kept in memory."""

LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""An empty day, before the first."""

DRAIN_KEY: Final = 0x6465635F
"""The name under which PostgreSQL lets one transaction write the log at a time."""

DRAINED_MAX: Final = 5_000
"""Lines of a file that become rows in one transaction."""

_Known: TypeAlias = tuple[Shape, tuple[str, ...]]


class Clerk:
    """Decides for one process. state: the folder where processes of a host meet.

    clock: seconds that never go back, by which the journal is looked into.
    """

    def __init__(
        self, engines: Engines, state: Path, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._engines = engines
        self.epoch = Epoch(state / "epoch")
        self.spool = Spool(state / "decisions")
        self._clock = clock
        self._journal = Journal(engines, clock)
        self._lock = Lock()
        self._seen = -1
        self._turn = 0
        self._since = self._until = LONG_AGO
        # Of each right that was asked about one answer, a yes if there was one: nothing else
        # of the right is touched for it. Equal answers are one object and stay at hand.
        self._first: dict[str, _Known] = {}
        self._same: dict[_Known, _Known] = {}
        self._grants: dict[str, Grant] = {}
        self._of: dict[str, set[str]] = {}
        self._parties: dict[str, Party] = {}
        self._credentials: dict[str, Credential] = {}
        epochs.attach(engines, self.epoch)

    def codes(self, request: Request, now: Instant) -> tuple[str, ...] | None:
        """Return why this use is denied, nothing when it is allowed, None to ask the database.

        The database is asked when a quota is to be spent, or nothing is known of the
        authorisation. No SELECT for a right that is in memory: one look-up when it is used
        as it was first, however many rights there are, and a few when it is used otherwise.
        """
        if self.epoch.value != self._seen or self._clock() >= self._journal.due_at:
            self._heed()
        if not self._since <= now < self._until:
            self._begin_day(now)
        known = self._first.get(request.authorisation_id)
        if known is not None and request.plain and known[0] == request.shape:
            return known[1]
        return self._looked_up(request, now)

    def answer(
        self, request: Request, *, person_id: str, organisation_id: str, now: Instant
    ) -> Answer | None:
        """Answer a caller from outside, or return None when the database has to be asked.

        organisation_id: the caller's. The answer is in the log when this returns. One
        SELECT when the right has quotas, which this use does not touch.
        """
        if self.codes(request, now) is None:
            return None
        # Both were in memory a moment ago; when they are not, the database is asked.
        grant = self._grants.get(request.authorisation_id)
        party = self._parties.get(request.organisation_id)
        if grant is None or party is None or not concerns(grant, organisation_id, party):
            return None
        codes = self._judged(grant, request, party, now)
        found = answers.made(request, grant, codes=codes, person_id=person_id, at=now)
        if grant.meters:
            with self._engines.reading() as session:
                left = quotas.remaining(session, grant.id, at=now)
            found = replace(found, remaining=left)
        self.spool.append(answers.line(found))
        return found

    def _looked_up(self, request: Request, now: Instant) -> tuple[str, ...] | None:
        turn = self._turn
        grant = self._grants.get(request.authorisation_id)
        if grant is None:
            grant = self._compiled(request.authorisation_id, now)
            if grant is None:
                return None
        if request.quantity and not grant.meters.isdisjoint(request.quantity):
            return None
        party = self._parties.get(request.organisation_id)
        if party is None:
            party = self._party(request.organisation_id)
        codes = self._judged(grant, request, party, now)
        if request.plain:
            self._remember(grant, request, codes, turn)
        return codes

    def _judged(
        self, grant: Grant, request: Request, party: Party, now: Instant
    ) -> tuple[str, ...]:
        codes = clauses.judged(grant, request, party)
        if request.personal:
            shown = self._credential(request.credential)
            return clauses.ordered(clauses.personal(request, shown, now).union(codes))
        return codes

    def _remember(self, grant: Grant, request: Request, codes: tuple[str, ...], turn: int) -> None:
        kept = self._first.get(grant.id)
        if kept is not None and (codes or not kept[1]):
            return
        with self._lock:
            # Since this was looked up something may have changed: then it is not kept.
            if turn != self._turn or grant.since != self._since:
                return
            if len(self._first) >= GRANTS_MAX or len(self._same) >= OTHERS_MAX:
                self._first.clear()
                self._same.clear()
            known = (request.shape, codes)
            self._first[grant.id] = self._same.setdefault(known, known)

    def drain(self, work: Work) -> int:
        """Write rows for the lines that have none yet; returns how many were written.

        A file is deleted when all its lines were found to be rows already, so that what
        this transaction writes is committed first. Lines of a live process are written too;
        on PostgreSQL one transaction at a time does this.
        """
        self.spool.leave()
        if not self._engines.sqlite:
            work.session.execute(select(func.pg_advisory_xact_lock(DRAIN_KEY)))
        return sum(self._drain(work, path) for path in self.spool.files())

    def forget(self, names: Iterable[str]) -> None:
        """Forget what was compiled under these names: it is read anew when it is asked for."""
        with self._lock:
            self._turn += 1
            for name in names:
                if name == epochs.ALL:
                    self._forget_all()
                    return
                self._grants.pop(name, None)
                self._first.pop(name, None)
                self._credentials.pop(name, None)
                if self._parties.pop(name, None) is not None:
                    self._first.clear()
                for key in self._of.pop(name, ()):
                    self._grants.pop(key, None)
                    self._first.pop(key, None)

    def _forget_all(self) -> None:
        for kept in (
            self._grants, self._of, self._first, self._same, self._parties, self._credentials,
        ):  # fmt: skip
            kept.clear()

    def _heed(self) -> None:
        self._journal.tell(self.forget)
        now, seen = self.epoch.value, self._seen
        if now != seen:
            self.forget([epochs.ALL] if seen < 0 else self.epoch.names(seen, now))
            with self._lock:
                self._seen = now

    def _begin_day(self, now: Instant) -> None:
        # A right is compiled for one day: on the next everything is read anew.
        self.forget([epochs.ALL])
        with self._lock:
            self._since, self._until = compiled.day(now)

    def _compiled(self, authorisation_id: str, now: Instant) -> Grant | None:
        turn = self._turn
        with self._engines.reading() as session:
            grant = compiled.grant(session, authorisation_id, now)
        # A change that was committed after this was read is either known by now, and the
        # right is not kept, or will be known at the next look, and the right is forgotten.
        if grant is None:
            return None
        with self._lock:
            if turn == self._turn and grant.since == self._since:
                if len(self._grants) >= GRANTS_MAX:
                    self._grants.clear()
                    self._of.clear()
                    self._first.clear()
                self._grants[authorisation_id] = grant
                for one in (grant.grantee_id, grant.operator_id):
                    self._of.setdefault(one, set()).add(authorisation_id)
        return grant

    def _party(self, organisation_id: str) -> Party:
        turn = self._turn
        with self._engines.reading() as session:
            found = compiled.party(session, organisation_id)
        with self._lock:
            if turn == self._turn:
                if len(self._parties) >= OTHERS_MAX:
                    self._parties.clear()
                self._parties[organisation_id] = found
        return found

    def _credential(self, token_id: str) -> Credential | None:
        if not token_id:
            return None
        known = self._credentials.get(token_id)
        if known is not None:
            return known
        turn = self._turn
        with self._engines.reading() as session:
            found = compiled.credential(session, token_id)
        with self._lock:
            if found is not None and turn == self._turn:
                if len(self._credentials) >= OTHERS_MAX:
                    self._credentials.clear()
                self._credentials[token_id] = found
        return found

    def _drain(self, work: Work, path: Path) -> int:
        with spools.left(path) as dead:
            try:
                found = list(spools.records(path))
            except FileNotFoundError:
                return 0
            written = 0
            for first in range(0, len(found), DRAINED_MAX):
                written += _written(work, found[first : first + DRAINED_MAX])
            if dead and not written:
                path.unlink(missing_ok=True)
            return written


def _written(work: Work, found: list[Mapping[str, Any]]) -> int:
    rows = answers.keep(work.session, found)
    for row in rows:
        breakers.watch(work, row)
    return len(rows)
