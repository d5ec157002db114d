"""The stage: a fresh database, a served app in a process of its own, and the people at its door."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from time import monotonic, sleep
from typing import Any

import migrations
from app import demonstration, house, unit
from app.house import House
from app.story import cast
from app.story.callers import Caller, Refused
from app.story.telling import Telling
from config.settings import HOUSE, Settings
from kernel import clock
from kernel.actor import SYSTEM
from kernel.clock import local_date

BEGINS_BEFORE = timedelta(days=75)
"""How long ago the story begins; every day that passes in it is behind us when it ends."""

DATA = HOUSE / "data"
INHERITED = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONUNBUFFERED": "1"}
"""All that the served process is given besides the settings."""

READY_S = 180
PATIENCE_S = 15


@dataclass(slots=True)
class Stage:
    """Where the story is played. firms and people: key → id."""

    host: str
    port: int
    telling: Telling
    ids: dict[str, str]
    callers: dict[str, Caller] = field(default_factory=dict)

    def as_(self, player: str) -> Caller:
        """Return the caller of one of the cast, signed in at the first use."""
        if player not in self.callers:
            caller = Caller(self.host, self.port)
            caller.sign_in(f"{player}@demo", cast.PASSWORD)
            self.callers[player] = caller
        return self.callers[player]

    def firm(self, key: str) -> str:
        """Return the id of one of the seven organisations."""
        return self.ids[f"firm:{key}"]

    def pass_working_days(self, days: int) -> None:
        """Let working days pass; the house does what falls due meanwhile."""
        self.as_("auditor").post("/api/demonstration/clock", {"working_days": days})

    def today(self) -> date:
        """Return the day it is in the story."""
        answer = self.as_("auditor").ask("GET", "/api/demonstration/clock")
        return local_date(datetime.fromisoformat(answer.body["now"]))

    def until(self, player: str, path: str, state: str) -> Any:
        """Return the record at `path` once a reaction has brought it to `state`."""
        deadline = monotonic() + PATIENCE_S
        while True:
            found = self.as_(player).get(path)
            if found["state"] == state:
                return found
            if monotonic() > deadline:
                raise Refused(f"{path} is {found['state']}, not {state}")
            sleep(0.02)

    def leave(self) -> None:
        """Hang up every line."""
        for caller in self.callers.values():
            caller.close()


def furnish(settings: Settings, *, begins_before: timedelta = BEGINS_BEFORE) -> dict[str, str]:
    """Migrate a new database, enter the cast, mount the real data; returns the cast's ids."""
    built = house.build(settings, {})
    migrations.upgrade(built.engines.write)
    mount(built)
    begins = clock.now() - begins_before
    unit.committed(built, SYSTEM, lambda work: demonstration.begin_at(work.session, begins))
    players = cast.found(built)
    built.engines.dispose()
    return players


def mount(built: House) -> None:
    """Put the data files that the project carries into the secure domain."""
    built.data_dir.mkdir(parents=True, exist_ok=True)
    for source in DATA.glob("*.parquet"):
        target = built.data_dir / source.name
        if not target.exists():
            target.write_bytes(source.read_bytes())


@contextmanager
def served(
    settings: Settings, *, host: str, port: int
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Serve in a process of its own until the block ends; yields it and its port."""
    command = [sys.executable, "-m", "app.cli", "serve", "--host", host, "--port", str(port)]
    process = subprocess.Popen(command, cwd=HOUSE, env=_environment(settings))  # noqa: S603 - our own command
    try:
        _wait(process, host, port)
        yield process, port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(READY_S)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(process: subprocess.Popen[bytes], host: str, port: int) -> None:
    deadline = monotonic() + READY_S
    while monotonic() < deadline:
        if process.poll() is not None:
            raise Refused(f"the server ended with status {process.returncode}")
        try:
            with closing(Caller(host, port)) as caller:
                caller.get("/readyz")
        except OSError:
            sleep(0.05)
        else:
            return
    raise Refused(f"the server was not ready within {READY_S} s")


def _environment(settings: Settings) -> dict[str, str]:
    told = {}
    for declared in fields(Settings):
        value = getattr(settings, declared.name)
        told[f"DATABOURSE_{declared.name.upper()}"] = (
            str(int(value)) if isinstance(value, bool) else str(value)
        )
    told["DATABASE_URL"] = settings.database_url
    return {**INHERITED, **told}
