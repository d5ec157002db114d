"""Who tells use and who closes hours are killed again and again, until nobody has been told wrong.

    python -m tests.settlement.metering.kill_meter '{"url": …, "seed": 1, "kills": 20, …}'

The parent imports everything once and forks; a fork that dies is forked again. Two tell events,
each its own until they are acknowledged and never after that, and some that both tell over
and over; what is acknowledged they write down once their transaction is committed. The third
closes the hours that are over and draws what they come to from the wallet. All die at named
points, which are statements, or at random. In the end what was never acknowledged is told
once more, every hour is closed, and everything is compared. Prints one JSON object.
"""

import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from config import rules as rule_files
from kernel.actor import SYSTEM
from kernel.calendar import Calendar
from kernel.crypto import StandardProvider
from kernel.engines import Engines, insist
from kernel.work import Rules, Work
from settlement import fsck, ledger
from settlement.ledger import AccountRef
from settlement.metering import buckets, hours, meters, tariffs, usage, wallets
from settlement.metering.buckets import UsageBucket
from settlement.metering.usage import Answer, Outcome, Told, UsageEvent
from tests.rivals import deadlocks

BEGUN: Final = datetime(2026, 7, 1, 5, tzinfo=UTC)
SPEED: Final = 3600  # an hour of the exchange in a second
LONGEST: Final = timedelta(days=25)  # the clock stops before the month ends
SOURCE: Final = "gateway"
POINTS: Final = {
    "INSERT INTO usage_buckets": "bucket_opened",
    "INSERT INTO usage_events": "events_written",
    "UPDATE usage_buckets SET events": "bucket_filled",
    "UPDATE usage_buckets SET state": "hour_closed",
    "INSERT INTO wallet_draws": "wallet_drawn",
}
"""The beginning of a statement → the point after it."""

RULES: Final = Rules(*rule_files.load("hunan"))
"""Read once: a fork begins with what its parent has read."""

COMMON: Final = 50
"""The first events are told by both, over and over."""


class House:
    """One life. told: where it says at which point it dies."""

    def __init__(self, asked: dict[str, Any], begun: float, seed: int) -> None:
        self.asked, self.begun = asked, begun
        self.random = random.Random(seed)
        self.engines = Engines(asked["url"])
        self.calendar, self.crypto = Calendar([]), StandardProvider(bytes(range(32)))
        self.told = -1
        event.listen(self.engines.write, "after_cursor_execute", self._after)
        event.listen(self.engines.write, "commit", lambda _connection: self.at("before_commit"))

    def _after(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        for begins, point in POINTS.items():
            if statement.startswith(begins):
                self.at(point)

    def at(self, point: str) -> None:
        if self.told >= 0 and self.random.random() < self.asked["dies"]:
            os.write(self.told, f"{point}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def die_sometime(self) -> None:
        time.sleep(0.3 + self.random.random() * 2)
        os.write(self.told, b"at random\n")
        os.kill(os.getpid(), signal.SIGKILL)

    def now(self) -> datetime:
        return BEGUN + min(timedelta(seconds=(time.time() - self.begun) * SPEED), LONGEST)

    def work(self, session: Session, now: datetime | None = None) -> Work:
        return Work(session, SYSTEM, now or self.now(), RULES, self.calendar, self.crypto)

    def event(self, number: int) -> Told:
        """Return an event of the list, the same whenever it is told; of the first hours."""
        at = BEGUN + timedelta(seconds=30 + number * 7 % 5_000)
        failure = "upstream 503" if number % 11 == 0 else ""
        return Told(event_id=f"e{number}", order_line_id=f"orl_{number % 3 + 1}",
                    occurred_at=at, units=number % 17, failure=failure)  # fmt: skip

    def tell(self, numbers: list[int], acknowledged: int) -> None:
        """Tell events, and write down that they were counted, or seen before."""
        source = f"{SOURCE}-{self.random.random()}" if self._is("fresh-source") else SOURCE
        told = [self.event(number) for number in numbers]
        told = [one for one in told if one.occurred_at <= self.now()]
        if self._is("early"):
            _write_down(acknowledged, told)

        def report() -> list[Answer]:
            with self.engines.writing() as session:
                answers = usage.report(self.work(session), source=source, told=told)
                session.commit()
            return answers

        try:
            answers = insist(report)
        except buckets.HourClosed:  # it waited too long
            return
        self.at("after_commit")
        assert {one.outcome for one in answers} <= {Outcome.COUNTED, Outcome.SEEN}, answers
        if not self._is("early"):
            _write_down(acknowledged, told)

    def _is(self, mutant: str) -> bool:
        return self.asked.get("mutant") == mutant

    def close(self, now: datetime | None = None) -> int:
        def close() -> int:
            with self.engines.writing() as session:
                closed = hours.close(self.work(session, now), limit=4)
                session.commit()
            return closed

        return insist(close)


def _write_down(where: int, told: list[Told]) -> None:
    os.write(where, "".join(f"{one.event_id}\n" for one in told).encode())


def _teller(share: int) -> "Doing":
    def tell(house: House, kept: Path, acknowledged: int) -> None:
        told = set(kept.read_text().split())
        own = (number for number in count(COMMON + share, 2) if f"e{number}" not in told)
        while True:
            batch = [*islice(own, house.random.randrange(1, 12))]
            house.tell(batch + house.random.sample(range(COMMON), 4), acknowledged)

    return tell


def _closer(house: House, _kept: Path, _acknowledged: int) -> None:
    while True:
        if not house.close():
            time.sleep(0.01)


def _fork(doing: "Doing", house: Callable[[], House], told: int, kept: Path) -> int:
    child = os.fork()
    if child == 0:
        try:
            own = house()
            own.told = told
            if own.random.random() < 0.4:
                threading.Thread(target=own.die_sometime, daemon=True).start()
            doing(own, kept, os.open(kept, os.O_APPEND | os.O_WRONLY))
        except BaseException as error:  # noqa: BLE001 - told by the status, whatever it is
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
        os._exit(3)
    return child


def wrongs(house: House, acknowledged: set[str]) -> list[str]:
    """Compare events, hours, wallet and books; return what does not agree."""
    with house.engines.reading() as session:
        there = list(session.scalars(select(UsageEvent)))
        found = [f"fsck {one}" for one in fsck.check(session)]
        found += [f"{name} was acknowledged and is lost"
                  for name in sorted(acknowledged - {one.event_id for one in there})]  # fmt: skip
        times = Counter(one.event_id for one in there)
        found += [f"{name} counted {count} times" for name, count in times.items() if count > 1]
        within = defaultdict(list)
        for one in there:
            within[one.bucket_id].append(one)
        for bucket in session.scalars(select(UsageBucket)):
            found += _bucket(house, session, bucket, within[bucket.id])
        for number in (1, 2, 3):
            found += _money(session, f"orl_{number}", there)
    return found


def _bucket(
    house: House, session: Session, bucket: UsageBucket, own: list[UsageEvent]
) -> list[str]:
    units = sum(one.units for one in own if one.failure is None)
    failed = sum(one.failure is not None for one in own)
    found = []
    if (bucket.events, bucket.failed, bucket.units) != (len(own), failed, units):
        found.append(f"{bucket.id} says {bucket.events}, {bucket.failed}, {bucket.units}"
                     f" and has {len(own)}, {failed}, {units}")  # fmt: skip
    if bucket.state == buckets.State.CLOSED:
        true = usage.digest(house.work(session), bucket)
        found += [] if bucket.digest == true else [f"{bucket.id} has another hash"]
    return found


def _money(session: Session, line: str, there: list[UsageEvent]) -> list[str]:
    meter = meters.of_line(session, line)
    assert meter is not None
    once = {one.event_id: one for one in there if one.meter_id == meter.id}
    units = sum(one.units for one in once.values() if one.failure is None)
    owed = tariffs.charge(meter.charges, units).amount
    drawn = wallets.drawn(session, meter.id, "2026-07")
    held = ledger.balance(session, AccountRef("2241.escrow", meter.order_id))
    if owed == drawn == held:
        return []
    return [f"{line}: {owed} was used, {drawn} drawn, {held} is in escrow"]


def main(said: str) -> None:
    asked = {"seed": 1, "kills": 20, "dies": 0.08, **json.loads(said)}
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "acknowledged"
        kept.touch()
        result = _ordeal(asked, time.time(), kept)
    sys.stdout.write(json.dumps(result) + "\n")


def _ordeal(asked: dict[str, Any], begun: float, kept: Path) -> dict[str, Any]:
    reading, told = os.pipe()

    def fork(doing: Doing, life: int) -> int:
        return _fork(doing, lambda: House(asked, begun, asked["seed"] * 10_000 + life), told, kept)

    live = {fork(doing, life): doing for life, doing in enumerate(DOING)}
    kills, failures = 0, 0
    while live:
        child, status = os.wait()
        doing = live.pop(child)
        kills += os.WIFSIGNALED(status)
        failures += not os.WIFSIGNALED(status)
        if kills < asked["kills"] and failures < 20:
            live[fork(doing, kills + failures + len(DOING))] = doing
    os.close(told)
    with os.fdopen(reading) as points:
        died = Counter(points.read().split("\n")[:-1])
    said = kept.read_text().split()
    house = House(asked, begun - 4 * 3600 / SPEED, 0)  # all that is listed has happened by now
    _tell_the_rest(house, set(said))
    while house.close(house.now() + timedelta(hours=9)):
        pass
    return {
        "kills": kills, "failures": failures, "points": died, "wrong": wrongs(house, set(said)),
        "acknowledged": len(said), "events": len(set(said)), "deadlocks": deadlocks(house.engines),
        "seconds": round(time.time() - begun),
    }  # fmt: skip


def _tell_the_rest(house: House, acknowledged: set[str]) -> None:
    last = max((int(name[1:]) for name in acknowledged), default=0)
    rest = [number for number in range(last + 50) if f"e{number}" not in acknowledged]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for begin in range(0, len(rest), 500):
        house.tell(rest[begin : begin + 500], nowhere)


Doing = Callable[[House, Path, int], None]
DOING: Final[tuple[Doing, ...]] = (_teller(0), _teller(1), _closer)

if __name__ == "__main__":
    main(sys.argv[1])
