"""`make run`: a demonstration that a newcomer can look at two minutes after the clone."""

import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from threading import Event as Signal

import migrations
from app import demonstration, house, serve, unit
from app.reactions import SUBSCRIBERS, WITNESSES
from app.story import cast, player, stage
from app.story.sixteen import plays
from config.settings import Settings
from kernel import clock
from kernel.actor import SYSTEM
from kernel.parties import people

SHOWN = ("dept", "hub", "officer", "approver", "expert1", "operator", "merchant", "buyer",
         "listing", "finance", "regulator", "auditor")  # fmt: skip

FULL_SIZE = "DATABASE_URL=sqlite:///var/full.db .venv/bin/databourse demo load"
"""What loads a demonstration of the size of a real exchange, into a database of its own."""

BEGINS_BEFORE = timedelta(days=150)
"""How long ago the story begins here: what is played after it ends about now."""


def run(settings: Settings, *, host: str, port: int, say: Callable[[str], object]) -> None:
    """Migrate; play the story if the database is new; serve until told to stop.

    The sixteen scenarios are played while it is served already, and where it was stopped
    meanwhile, the next start goes on with them.
    """
    built = house.build(settings, {})
    migrations.upgrade(built.engines.write)
    with built.engines.reading() as session:
        played = people.by_login(session, f"{SHOWN[0]}@demo") is not None
    players = {} if played else stage.furnish(settings, begins_before=BEGINS_BEFORE)
    stage.mount(built)
    free = serve.free_port(host, port)
    if free != port:
        say(f"端口 {port} 已被占用，改用 {free} · port {port} is taken, using {free}")
    stop = _told_to_stop()
    quiet = replace(settings, log_level="WARNING")
    with suppress(KeyboardInterrupt), stage.served(quiet, host=host, port=free) as (process, _):
        if not played:
            say("首次启动：演示主流程正在通过真实接口走一遍 · playing the main job once over HTTP")
            told = player.play(settings, free, players, say=say, reopen=True)
            if not told.ok:
                say("演示主流程未走完，以上为原因 · the story did not end well, see above")
        _welcome(host, free, say)
        _fill(settings, say, stop, fresh=not played)
        while not stop.wait(0.2) and process.poll() is None:
            pass


def _told_to_stop() -> Signal:
    """Return what is set when it is told to stop; the first telling interrupts as well.

    An interruption that falls into the callback of a weak reference is lost there, so whatever
    goes on for long looks at what is set. A later telling leaves the stopping undisturbed.
    """
    stop = Signal()

    def told(*_: object) -> None:
        if not stop.is_set():
            stop.set()
            raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, told)
    return stop


def _fill(settings: Settings, say: Callable[[str], object], stop: Signal, *, fresh: bool) -> None:
    """Play the sixteen as far as they are not there yet; then it is today."""
    built = house.build(settings, SUBSCRIBERS, WITNESSES)
    played = plays.go_on(built, say=say, stopped=stop.is_set)
    if played or fresh:
        now = clock.now()
        unit.committed(built, SYSTEM, lambda work: demonstration.begin_at(work.session, now))
    built.engines.dispose()


def _welcome(host: str, port: int, say: Callable[[str], object]) -> None:
    say("")
    say(f"  数据交易所 Databourse   http://{host}:{port}/")
    say("")
    say(
        "  真实 real:  北京 12 站逐小时气象数据（UCI 501，CC BY 4.0）、账簿、签名、存证、规则、时限"
    )
    say("              the weather data, the ledger, signatures, evidence, rules, deadlines")
    say("  演示 demo:  机构、人员、成交与银行流水均为生成；时钟可拨快；印章无法律效力")
    say("              organisations, people, trades, bank lines; the clock can be advanced")
    say("")
    say(f"  账号 accounts（密码 password: {cast.PASSWORD}）")
    by_key = {player.key: player for player in cast.players()}
    for key in SHOWN:
        say(f"    {by_key[key].login:<18} {by_key[key].name}")
    say("")
    say("  Ctrl-C 停止 · stops it;  rm -r var 重置 · resets it")
    say(f"  满规模 at full size:  {FULL_SIZE}")
