"""Loading the demonstration at its full size: the cast, the board, the history, the sixteen.

What has been played is not played again, so that a load that was stopped goes on where it
stopped. The machine's clock is held while it lasts: with the same size and the same last day
every record has the same id and the same moment, and all of volume the same digest.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import groupby
from typing import Final

import migrations
from app import demonstration, unit, worker
from app.house import House
from app.story import cast, stage
from app.story.board import building, slices
from app.story.history import hands, plan, script
from app.story.history.hands import Act, Told
from app.story.history.plan import Plan
from app.story.sixteen import beats, cases, ground, plays
from app.story.sixteen.beats import Beat, Made
from kernel import clock
from kernel.actor import SYSTEM, Actor
from kernel.clock import SHANGHAI, Instant, local_date
from kernel.errors import Invalid
from kernel.parties import organisations
from kernel.parties.people import Passwords
from kernel.work import Work
from marketplace import volume

BEGUN: Final = "begun"
_CAST, _BOARD, _SCENARIOS, _OPEN = "cast", "board", "scenarios", "open"
_SLICES: Final = 834
OTHERS: Final = 5
"""Merchants of the cast and of the sixteen scenarios, beside those of the history."""
_OPENS: Final = time(8, tzinfo=SHANGHAI)
_NIGHT: Final = time(22, tzinfo=SHANGHAI)
_MORNING: Final = plays.OPENS_AT.replace(tzinfo=None)
_BEFORE: Final = timedelta(days=14)
"""How long before the first month the cast is there, and the board is built."""

Tell = Callable[[str, int], object]
"""Told of each phase, and of how many more are done in it."""

Days = list[tuple[date, list[Beat]]]
"""The beats of the sixteen scenarios, day by day."""


def _nothing(_: object) -> None:
    """Tell nobody."""


class Same(Passwords):
    """Hashes the demonstration's one password once: it is no secret."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords, self._hashed = passwords, ""

    def hash(self, password: str) -> str:
        """Return the hash that was made first."""
        self._hashed = self._hashed or self._passwords.hash(password)
        return self._hashed

    def matches(self, password: str, hashed: str | None) -> bool:
        """Tell whether `password` is the one."""
        return self._passwords.matches(password, hashed)


@dataclass(slots=True)
class Loading:
    """One load. scale_bp: of the full size. whole: told how much there is to do in each phase."""

    house: House
    scale_bp: int
    tell: Tell
    say: Callable[[str], object]
    whole: Callable[[dict[str, int]], object] = _nothing
    told: Told = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)

    def go_on(self, ends_on: date | None = None) -> Plan:
        """Play what is not played yet. Raises Invalid for what was begun differently."""
        migrations.upgrade(self.house.engines.write)
        self.told = hands.recalled(self.house)
        ends_on, begins = self._begun(ends_on)
        drawn = plan.made(self.scale_bp, ends_on, self.house.calendar)
        with clock.held(begins):
            acts, scenarios = script.acts(drawn, self.house.calendar), self._scenarios(ends_on)
            self.whole(self._sizes(acts, scenarios))
            self._furnish(drawn)
            self._build()
            self._play(acts, scenarios)
        self._open(ends_on)
        return drawn

    def _begun(self, ends_on: date | None) -> tuple[date, Instant]:
        """Return the last day of the history, and when the clock stands meanwhile."""
        asked = (ends_on or local_date(clock.now())).isoformat()
        first = BEGUN not in self.told
        begun = self.told.setdefault(BEGUN, {"scale_bp": self.scale_bp, "ends_on": asked})
        if not first and begun["scale_bp"] != self.scale_bp:
            has, asks = begun["scale_bp"], self.scale_bp
            raise Invalid(f"此库以 {has} 开始，不是 {asks}", f"it was begun at {has}, not {asks}")
        if not first and ends_on is not None and begun["ends_on"] != asked:
            told = begun["ends_on"]
            raise Invalid(f"此库的历史截至 {told}", f"the history here ends on {told}")
        day = date.fromisoformat(begun["ends_on"])
        if first:
            self._begin(begun)
        return day, datetime.combine(day, _NIGHT).astimezone(UTC)

    def _begin(self, told: dict[str, object]) -> None:
        def command(work: Work) -> None:
            if organisations.entered(work.session, after=None, limit=1).items:
                raise Invalid(
                    "请使用一个空的数据库", "it needs a database of its own, an empty one"
                )
            work.record("demonstration.played", hands.SUBJECT, act=BEGUN, told=told)

        unit.committed(self.house, SYSTEM, command)

    def _furnish(self, drawn: Plan) -> None:
        if _CAST in self.told:
            return
        begins = datetime.combine(drawn.months[0] - _BEFORE, _OPENS)
        stage.mount(self.house)
        unit.committed(
            self.house, SYSTEM, lambda work: demonstration.begin_at(work.session, begins)
        )
        cast.found(self.house)
        self._played(_CAST)

    def _build(self) -> None:
        """Build the board of real slices, as `demo board` does."""
        if _BOARD in self.told:
            return
        done = partial(self.tell, _BOARD)
        built = building.Building(self.house, done).go_on(slices.every()[: self._slices])
        for product_id, reason in built.refused:
            self.say(f"{product_id}: {reason}")
        worker.drain(self.house)
        self._played(_BOARD)

    def _play(self, acts: list[Act], scenarios: Days) -> None:
        """Play the acts, and between them the sixteen scenarios, each at its time."""
        same, made = Same(self.house.passwords), beats.recalled(self.house)
        for act in acts:
            while scenarios and (scenarios[0][0], _MORNING) <= (act.day, act.at):
                self._play_scenarios(scenarios.pop(0)[1], made)
            if act.key not in self.told:
                hands.play(self.house, act, self.told, self.actors, same)
            self.tell(act.phase, act.size)
        for _, some in scenarios:
            self._play_scenarios(some, made)

    def _scenarios(self, ends_on: date) -> Days:
        """Return the beats of the sixteen, day by day."""
        every = sorted([*ground.beats(), *cases.beats()], key=lambda beat: -beat.day)
        days = groupby(every, key=lambda beat: beat.day)
        calendar = self.house.calendar
        return [(beats.working_day(calendar, ends_on, day), list(some)) for day, some in days]

    def _play_scenarios(self, some: list[Beat], made: Made) -> None:
        if left := [beat for beat in some if beat.key not in made]:
            plays.play_all(self.house, left, made, say=self.say)
        self.tell(_SCENARIOS, len(some))

    def _open(self, ends_on: date) -> None:
        """Let it be now, or the evening of the last day where that is over."""
        if _OPEN in self.told:
            return
        now = clock.now()
        evening = datetime.combine(ends_on, _NIGHT).astimezone(UTC)
        moment = now if local_date(now) == ends_on else evening
        unit.committed(
            self.house, SYSTEM, lambda work: demonstration.begin_at(work.session, moment)
        )
        self._played(_OPEN)

    @property
    def _slices(self) -> int:
        return max(1, _SLICES * self.scale_bp // 10_000)

    def _sizes(self, acts: list[Act], scenarios: Days) -> dict[str, int]:
        found = {_BOARD: self._slices * building.STEPS}
        for act in acts:
            found[act.phase] = found.get(act.phase, 0) + act.size
        return found | {_SCENARIOS: sum(len(some) for _, some in scenarios)}

    def _played(self, key: str) -> None:
        def command(work: Work) -> None:
            work.record("demonstration.played", hands.SUBJECT, act=key, told={})

        unit.committed(self.house, SYSTEM, command)
        self.told[key] = {}


def counted(house: House) -> int:
    """Return what counts of all trade here, in fen."""
    with house.engines.reading() as session:
        whole = volume.totals(session, since=date(2000, 1, 1), until=date(2200, 1, 1))
    return whole.counted.minor
