"""The delivery matrix in the database: every cell, tried by plain SQL on both."""

import shutil
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from catalogue import grades
from catalogue.grades import Grade, Mode, Origin, PiClass
from delivery import ways
from delivery.ways import Way
from kernel import ids
from kernel.engines import Engines
from tests import postgres
from tests.conftest import warm

CELLS = list(product(Grade, PiClass, Origin, Mode))
INSERT = text(
    "INSERT INTO delivery_tasks (id, state, version, order_id, order_line_id, "
    "product_version_id, buyer_id, seller_id, mode, grade, pi_class, origin, purpose_code, "
    "items, region, rows_delivered, reads, bytes_delivered, rounds_due, rounds_handed, "
    "opened_at) VALUES ('dlv_cell', "
    "'in_progress', 1, 'ord_1', 'orl_cell', 'prv_1', 'org_buyer', 'org_developer', :mode, "
    ":grade, :pi, :origin, 'weather', '[]', '430000', 0, 0, 0, 0, 0, '2026-07-01 04:00:00')"
)
Stored = Callable[..., bool]


@pytest.fixture(
    scope="module",
    params=[pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.postgres)],
)
def connection(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connection]:
    """Open one database for all cells: what a cell writes is rolled back."""
    server = name = ""
    if request.param == "sqlite":
        path: Path = tmp_path_factory.mktemp("matrix") / "test.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        url = f"sqlite:///{path}"
    else:
        server, template = request.getfixturevalue("postgres_template")
        name = f"databourse_{ids.secret(9).lower().replace('-', '_')}"
        url = postgres.create_database(server, name, template=template)
    engines = warm(Engines(url))
    with engines.write.connect() as opened:
        yield opened
    engines.dispose()
    if request.param != "sqlite":
        postgres.drop_database(server, name)


@pytest.fixture
def stored(connection: Connection) -> Stored:
    """Tell whether a row of these terms can be stored, by plain SQL."""

    def tried(**terms: str) -> bool:
        try:
            connection.execute(INSERT, terms)
        except IntegrityError as error:
            return "matrix" not in str(error.orig)
        else:
            return True
        finally:
            connection.rollback()

    return tried


@pytest.mark.parametrize(
    ("grade", "pi", "origin", "mode"), CELLS, ids=["-".join(cell) for cell in CELLS]
)
def test_i_21_a_cell_is_stored_if_the_matrix_permits_it(
    stored: Stored, grade: Grade, pi: PiClass, origin: Origin, mode: Mode
) -> None:
    permitted = mode in grades.permitted(grade, pi, origin=origin)

    assert stored(grade=grade, pi=pi, origin=origin, mode=mode) == permitted


@pytest.mark.parametrize(
    "odd",
    [{"grade": "G9"}, {"pi": "some"}, {"origin": "found"}, {"mode": "courier"}],
    ids=["grade", "pi", "origin", "mode"],
)
def test_a_term_that_nobody_knows_is_not_stored(stored: Stored, odd: dict[str, str]) -> None:
    known = {"grade": "G1", "pi": "none", "origin": "self_produced", "mode": "in_domain"}

    assert stored(**known)
    assert not stored(**{**known, **odd})


def test_a_row_is_not_raised_into_a_forbidden_cell(connection: Connection) -> None:
    connection.execute(
        INSERT, {"grade": "G1", "pi": "none", "origin": "self_produced", "mode": "raw_file"}
    )

    with pytest.raises(IntegrityError, match="matrix_by_grade"):
        connection.execute(text("UPDATE delivery_tasks SET grade = 'G4' WHERE id = 'dlv_cell'"))
    connection.rollback()


def test_i_30_raw_public_data_is_in_no_cell(stored: Stored) -> None:
    for grade, pi in product(Grade, PiClass):
        assert not stored(grade=grade, pi=pi, origin=Origin.PUBLIC_AUTHORISED, mode=Mode.RAW_FILE)


@pytest.mark.parametrize("mode", list(Mode))
def test_every_mode_opens_a_way(mode: Mode) -> None:
    opened = ways.of(mode)

    assert opened
    assert (Way.QUERY in opened) == (mode is Mode.IN_DOMAIN)
    assert (Way.API in opened) == (mode in {Mode.RECORD_API, Mode.VERIFICATION})
    assert (Way.PACKAGE in opened) == (Way.SHARE in opened)
