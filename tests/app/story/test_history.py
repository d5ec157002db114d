"""The made-up history: exact sums, no real name, the same again, and not twice after a kill."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app import house as houses
from app.house import House
from app.reactions import SUBSCRIBERS, WITNESSES
from app.story.history import loading, parties, plan
from app.story.history.loading import Loading
from app.story.history.plan import Fate, Plan
from config import rules
from config.settings import HOUSE, Settings
from kernel import ids
from kernel.calendar import Calendar
from kernel.errors import Invalid
from kernel.parties import uscc
from kernel.parties.organisations import Organisation
from marketplace import products, volume
from marketplace.counting import reading, spans
from marketplace.integrity.flags import IntegrityFlag
from marketplace.orders import Order
from marketplace.releasing import inputs
from settlement import turnover
from tests import postgres

BP = 100
ENDS = date(2026, 11, 18)
"""So that a clock lists something the day before the history would: a scenario lets it run."""
CALENDAR = Calendar.parse(rules.holidays())
EVER = {"since": date(2000, 1, 1), "until": date(2100, 1, 1)}


def of(url: str, folder: Path) -> House:
    settings = Settings(
        database_url=url,
        environment="test",
        clock="adjustable",
        rails="fake",
        data_dir=f"{folder}/domain",
        state_dir=f"{folder}/state",
        key=bytes(range(32)).hex(),
        password_memory_kib=8,
        password_rounds=1,
    )
    return houses.build(settings, SUBSCRIBERS, WITNESSES)


def load(house: House, bp: int = BP, ends: date | None = ENDS) -> tuple[Plan, list[str]]:
    said: list[str] = []
    return Loading(house, bp, lambda *_: None, said.append).go_on(ends), said


def digest(house: House) -> str:
    with house.engines.reading() as session:
        return inputs.made(session, spans.parse(spans.EVER), inputs.last_round(session)).digest


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('history')}/history.db"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"databourse_history_{ids.secret(6).lower().replace('-', '_')}"
    yield postgres.create_database(server, name)
    postgres.drop_database(server, name)


@pytest.fixture(scope="module")
def loaded(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Plan]]:
    house = of(database, tmp_path_factory.mktemp("state"))
    drawn, said = load(house)
    assert said == []
    yield house, drawn
    house.engines.dispose()


def test_what_counts_is_exact_to_the_fen_and_every_sum_of_it_is_the_same(
    loaded: tuple[House, Plan],
) -> None:
    house, drawn = loaded
    with house.engines.reading() as session:
        whole = volume.totals(session, **EVER)
        assert whole.counted.minor == drawn.net * plan.UNIT_FEN == 1_203_680_000
        for kind in ("merchants", "products", "industries", "fields", "regions"):
            sums = reading.in_period(session, kind, spans.parse(spans.EVER))
            assert sum(one.counted for one in sums.values()) == whole.counted.minor, kind
        deals = whole.registered.minor
        assert turnover.sides(session)[0].minor == whole.counted.minor + deals
        assert volume.ties_out(session)
        assert list(volume.differences(session)) == []


def test_as_many_orders_products_and_merchants_are_there_as_were_planned(
    loaded: tuple[House, Plan],
) -> None:
    house, drawn = loaded
    with house.engines.reading() as session:
        assert session.scalar(select(func.count()).select_from(Order)) == len(drawn.orders)
        slices = 834 * BP // 10_000
        assert products.count_listed(session) == len(drawn.goods) + slices
        regions = {firm.region for firm in drawn.merchants}
        found = reading.in_period(session, "regions", spans.parse(spans.EVER))
        assert set(found) <= regions


def test_the_rules_find_what_was_planted_and_nothing_else(loaded: tuple[House, Plan]) -> None:
    house, drawn = loaded
    ring = sum(order.fate is Fate.RING for order in drawn.orders)
    back = sum(order.fate is Fate.ALL_BACK for order in drawn.orders)
    with house.engines.reading() as session:
        found: list[Any] = list(session.scalars(select(IntegrityFlag.rule)))
    assert (found.count("S1"), found.count("H4"), len(found)) == (ring, back, ring + back)


def test_everybody_who_trades_is_made_up_and_says_so(loaded: tuple[House, Plan]) -> None:
    house, _ = loaded
    with house.engines.reading() as session:
        names = list(session.scalars(select(Organisation.name_zh)))
    assert [name for name in names if not name.startswith("演示·")] == []


def test_a_load_that_is_over_does_nothing_when_it_is_asked_again(
    loaded: tuple[House, Plan],
) -> None:
    house, _ = loaded
    before = digest(house)
    load(house)
    assert digest(house) == before


def test_a_load_is_not_gone_on_with_at_another_size_or_to_another_day(
    loaded: tuple[House, Plan],
) -> None:
    house, _ = loaded
    with pytest.raises(Invalid):
        load(house, bp=200)
    with pytest.raises(Invalid):
        load(house, ends=date(2026, 11, 17))


def test_a_load_that_was_killed_goes_on_to_the_very_same(
    loaded: tuple[House, Plan], tmp_path: Path
) -> None:
    undisturbed, _ = loaded
    url = f"sqlite:///{tmp_path}/killed.db"
    for seconds in (3, 9):
        _killed_after(url, tmp_path, seconds)
    house = of(url, tmp_path)
    load(house)
    assert digest(house) == digest(undisturbed)
    with house.engines.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM errands WHERE attempts > 0")) == 0
        assert volume.ties_out(session)
    house.engines.dispose()


def _killed_after(url: str, folder: Path, seconds: float) -> None:
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "DATABASE_URL": url,
        "DATABOURSE_ENVIRONMENT": "test",
        "DATABOURSE_KEY": bytes(range(32)).hex(),
        "DATABOURSE_DATA_DIR": f"{folder}/domain",
        "DATABOURSE_STATE_DIR": f"{folder}/state",
        "DATABOURSE_PASSWORD_MEMORY_KIB": "8",
        "DATABOURSE_PASSWORD_ROUNDS": "1",
    }
    command = [sys.executable, "-m", "app.cli", "demo", "load", "--scale", str(BP / 10_000),
               "--ends-on", ENDS.isoformat()]  # fmt: skip
    process = subprocess.Popen(command, cwd=HOUSE, env=environment, stderr=subprocess.DEVNULL)
    until = monotonic() + seconds
    while monotonic() < until and process.poll() is None:
        sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("bp", [100, 1_000, 10_000])
def test_a_plan_comes_to_a_round_figure_at_every_size(bp: int) -> None:
    drawn = plan.made(bp, ENDS, CALENDAR)
    assert sum(order.net for order in drawn.orders) == plan.WHOLE * bp // 10_000
    assert plan.made(bp, ENDS, CALENDAR) == drawn
    assert {firm.region[:4] for firm in drawn.merchants} == {f"43{n:02}" for n in range(1, 14)} | {
        "4331"
    } or bp < 10_000


def test_the_whole_plan_has_the_size_of_the_seeds() -> None:
    drawn = plan.made(10_000, ENDS, CALENDAR)
    assert (len(drawn.orders), len(drawn.goods) + 834) == (9_600, 3_859)
    assert sum(order.net for order in drawn.orders) * plan.UNIT_FEN == 120_368_000_000
    assert len(drawn.merchants) + loading.OTHERS == 433


def test_nobody_buys_what_is_not_on_sale_yet_or_before_it_is_there() -> None:
    drawn = plan.made(1_000, ENDS, CALENDAR)
    for order in drawn.orders:
        assert order.day > plan.listed_on(drawn.months, order.good.month, CALENDAR)
        assert order.day > drawn.months[order.buyer.month]


def test_every_code_is_valid_in_form_and_every_firm_has_its_own() -> None:
    codes = [parties.code(firm) for firm in plan.made(10_000, ENDS, CALENDAR).firms]
    assert len(set(codes)) == len(codes)
    assert [uscc.check(code) for code in codes] == codes
