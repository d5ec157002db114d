"""The board is built through every door, stopped, gone on with, and never built twice."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app import house as houses
from app.house import House
from app.intake.bulk import File, Loader
from app.reactions import SUBSCRIBERS, WITNESSES
from app.story import stage
from app.story.board import building, slices
from app.story.board.building import Building
from app.story.sixteen import beats
from app.unit import Exchange
from config.settings import Settings
from delivery.intake import uploads
from delivery.tables import datasets, deltas
from kernel import ids
from kernel.actor import Actor
from marketplace import admissions, boards, products, versions
from marketplace.products import Product
from marketplace.seeking import products as seeking
from tests import postgres

WANTED = [slices.every()[place] for place in (18, 19, 792, 829)]
"""Two months of a station, a month of an airport, and a file of its own."""


class Stopped(Exception):
    """Somebody pressed a key."""


@dataclass
class Bar:
    """A progress bar that stops everything when it has come so far."""

    stop_at: int | None = None
    told: list[int] = field(default_factory=list)

    def __call__(self, count: int) -> None:
        self.told.append(count)
        if self.stop_at is not None and sum(self.told) >= self.stop_at:
            raise Stopped


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/board.db"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"databourse_board_{ids.secret(6).lower().replace('-', '_')}"
    yield postgres.create_database(server, name)
    postgres.drop_database(server, name)


@pytest.fixture
def house(database: str, tmp_path: Path) -> Iterator[House]:
    settings = Settings(
        database_url=database,
        environment="test",
        clock="adjustable",
        data_dir=f"{tmp_path}/domain",
        state_dir=f"{tmp_path}/state",
        key=bytes(range(32)).hex(),
        password_memory_kib=8,
        password_rounds=1,
    )
    stage.furnish(settings, begins_before=building.BEGINS_BEFORE)
    built = houses.build(settings, SUBSCRIBERS, WITNESSES)
    yield built
    built.engines.dispose()


def merchant(house: House) -> Actor:
    with house.engines.reading() as session:
        return beats.signed_in(session, "merchant@demo")


def there(house: House) -> dict[str, Product]:
    with house.engines.reading() as session:
        work = house.work(session, merchant(house))
        return seeking.own_codes(work, [each.code for each in WANTED])


def test_the_board_is_built_stopped_gone_on_with_and_then_there(house: House) -> None:
    with pytest.raises(Stopped):
        Building(house, Bar(stop_at=8)).go_on(WANTED)
    before = there(house)
    bar = Bar()
    built = Building(house, bar).go_on(WANTED)
    again = Building(house, Bar()).go_on(WANTED)

    assert {str(each.state) for each in before.values()} <= {"formal_check", "compliance_review"}
    assert (built.listed, built.admitted, built.refused) == (4, 4, [])
    assert (again.listed, again.admitted, again.refused) == (4, 0, [])
    assert {code: each.id for code, each in before.items()} == {
        code: each.id for code, each in there(house).items()
    }
    with house.engines.reading() as session:
        board = boards.by_code(session, "meteo")
        assert admissions.sizes(session, [board.id]) == {board.id: 4}


def test_what_was_being_read_when_it_was_stopped_is_read_again(
    house: House, tmp_path: Path
) -> None:
    path = tmp_path / building.file_name(WANTED[0])
    path.write_bytes(b"a,b\n1,2\n")
    building.Building(house, Bar()).go_on(WANTED[3:])
    stopped = Loader(house, merchant(house))
    with stopped:
        stopped.begin([File(path.name, "数据", path)])

    built = Building(house, Bar()).go_on(WANTED)

    assert (built.listed, built.refused) == (4, [])
    with house.engines.reading() as session:
        told = uploads.called(house.work(session, merchant(house)), [path.name])
        assert [each.state for each in told] == ["refused", "loaded"]
        assert [each["code"] for each in told[0].problems or ()] == ["READING_BROKEN_OFF"]


def test_each_product_has_the_profile_that_was_computed_of_its_own_rows(house: House) -> None:
    Building(house, Bar()).go_on(WANTED)

    with house.engines.reading() as session:
        for wanted in WANTED:
            product = there(house)[wanted.code]
            version = versions.find(session, product.current_version_id)
            assert version.dataset_version_id is not None
            data = datasets.by_id(session, version.dataset_version_id)
            table = deltas.opened(house.data_dir, data.dataset_id, data.delta_version)
            rows = table.to_pyarrow_table().num_rows
            assert (data.row_count, data.profile["rows"]) == (rows, rows)
            assert [column["name"] for column in version.dictionary] == list(wanted.columns)
            assert version.sample == data.sample
            assert version.quality is not None
            assert product.listing_cert_no is not None


def test_three_officers_review_and_what_is_refused_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, Any] = {"parties": "pass"}
    reviews = tuple(
        (state, step, who, told if step == "pass_compliance" else said)
        for state, step, who, said in building._REVIEWS
    )
    monkeypatch.setattr(building, "_REVIEWS", reviews)

    built = Building(house, Bar()).go_on(WANTED[:1])

    assert (built.listed, built.admitted) == (0, 0)
    assert [reason for _, reason in built.refused] == [
        "product.pass_compliance: source must be given; content must be given; "
        "tradability must be given"
    ]
    (product,) = there(house).values()
    assert product.state == products.State.COMPLIANCE_REVIEW


def test_it_is_known_whether_the_cast_is_there(application: Exchange, house: House) -> None:
    assert building.is_furnished(house)
    assert not building.is_furnished(application.house)
