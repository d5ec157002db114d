"""One database for each test, one noon for all of them, one person for each duty.

`engines` gives every test that asks for it twice: on SQLite and on PostgreSQL.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from copy import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.util import LRUCache

import migrations
from app import create_app, demonstration, house
from app.reactions import SUBSCRIBERS, WITNESSES
from app.unit import Exchange
from config import rules as rule_files
from config.settings import Settings
from kernel import ids
from kernel.actor import SYSTEM, Actor, Duty, Role
from kernel.calendar import Calendar
from kernel.clock import Instant
from kernel.crypto import StandardProvider
from kernel.db import Base
from kernel.engines import Engines
from kernel.parties import credentials
from kernel.parties.organisations import Organisation, OrganisationRole, State
from kernel.parties.people import Membership, Passwords, Person
from kernel.work import Rules, Work
from tests import cast, postgres

pytest_plugins = ["tests.completeness"]

NOON = datetime(2026, 7, 1, 4, tzinfo=UTC)  # noon in Shanghai, a Wednesday
CALENDAR = Calendar.parse(rule_files.holidays())
RULES = Rules(*rule_files.load("hunan"))
CRYPTO = StandardProvider(bytes(range(32)))
PASSWORDS = Passwords(memory_kib=8, rounds=1)
HASHED = PASSWORDS.hash(cast.PASSWORD)

MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made by tempfile
MEMORY_BYTES_MIN = 2 * 2**30
"""A worker's PostgreSQL takes up to 300 MB of it."""

DIALECTS: dict[str, Dialect] = {}
COMPILED = LRUCache[Any, Any](2000)
"""What `warm` keeps from test to test."""

WorkAs = Callable[..., Work]
Client = Any
"""A FlaskClient; what its answers hold is not for a type checker to know."""

As = Callable[[str], Client]
Serving = Callable[[Settings], Exchange]

hypothesis_settings.register_profile("house", deadline=None)  # a busy machine is no bug
hypothesis_settings.load_profile("house")


def pytest_configure() -> None:
    """Keep what is thrown away in a minute in memory, where there is enough of it.

    A database that is copied there for a test costs a tenth of one on a disk.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN:
        tempfile.tempdir = str(MEMORY)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the tables and the cast once; each test copies the file."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    furnish(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start one PostgreSQL for this process, or take the one that is given."""
    with postgres.server() as base:
        if base is None:
            pytest.skip("no PostgreSQL: install it or set TEST_DATABASE_URL")
        yield base


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[tuple[str, str]]:
    """Make the tables and the cast once; each test's database is a copy."""
    name = f"databourse_template_{ids.secret(6).lower().replace('-', '_')}"
    url = postgres.create_database(postgres_server, name)
    furnish(url)
    yield postgres_server, name
    postgres.drop_database(postgres_server, name)


@pytest.fixture(
    params=[
        pytest.param("sqlite"),
        pytest.param("postgresql", marks=pytest.mark.postgres),
    ]
)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the test a database of its own, furnished with the cast: SQLite, then PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "test.db")
        yield f"sqlite:///{tmp_path}/test.db"
        return
    server, template = request.getfixturevalue("postgres_template")
    name = f"databourse_{ids.secret(9).lower().replace('-', '_')}"
    yield postgres.create_database(server, name, template=template)
    postgres.drop_database(server, name)


@pytest.fixture
def engines(database_url: str) -> Iterator[Engines]:
    """Open the test's database."""
    opened = warm(Engines(database_url))
    yield opened
    opened.dispose()


@pytest.fixture
def session(engines: Engines) -> Iterator[Session]:
    """Open one writing session."""
    with engines.writing() as opened:
        yield opened


@pytest.fixture
def work_as(session: Session) -> WorkAs:
    """Give a factory of works in the test's session: `work_as("per_buyer_editor")`."""
    return lambda person, at=NOON, rules=RULES: work_of(session, person, at=at, rules=rules)


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Serving:
    """Give the application in a house of its own, as settings want it.

    Its routes, templates and document take a second to make, and are all tests'.
    """
    unused = tmp_path_factory.mktemp("unused") / "unused.db"
    assembled = create_app(
        Settings(database_url=f"sqlite:///{unused}", key="00" * 32, clock="adjustable")
    )

    def housed(settings: Settings) -> Exchange:
        made = copy(assembled)
        made.house = house.build(settings, SUBSCRIBERS, WITNESSES)
        warm(made.house.engines)
        return made

    return housed


@pytest.fixture
def application(database_url: str, tmp_path: Path, serving: Serving) -> Iterator[Exchange]:
    """Serve the test's database; its clock begins at NOON and runs."""
    made = serving(
        Settings(
            database_url=database_url,
            environment="test",
            clock="adjustable",
            key=bytes(range(32)).hex(),
            password_memory_kib=8,
            password_rounds=1,
            threads=4,
            state_dir=str(tmp_path / "state"),
            data_dir=str(tmp_path / "domain"),
        )
    )
    with made.house.engines.writing() as session:
        demonstration.begin_at(session, NOON)
        session.commit()
    yield made
    made.house.engines.dispose()


@pytest.fixture
def client(application: Exchange) -> Client:
    """Give a client that has not said who it is."""
    return application.test_client()


@pytest.fixture
def as_(application: Exchange) -> As:
    """Give a client for one of the cast, with a token of every scope: `as_("per_buyer_editor")`."""

    def signed(person: str) -> Client:
        with application.house.engines.writing() as session:
            work = work_of(session, person)
            _, secret = credentials.issue(
                work, label="test", scopes=list(credentials.SCOPES), days=366
            )
            session.commit()
        client = application.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return client

    return signed


def warm(engines: Engines) -> Engines:
    """Return `engines`, which will compile no statement that a test before has compiled.

    SQLAlchemy keeps what it compiles by dialect object: each kind of database has one here.
    """
    for engine in (engines.write, engines.read):
        engine.dialect = DIALECTS.setdefault(engine.dialect.name, engine.dialect)
        engine.update_execution_options(compiled_cache=COMPILED)
    return engines


def work_of(session: Session, person: str, *, at: Instant = NOON, rules: Rules = RULES) -> Work:
    """Return a unit of work by one of the cast, or by the house itself ("system")."""
    return Work(
        session=session,
        actor=actor_of(person),
        now=at,
        rules=rules,
        calendar=CALENDAR,
        crypto=CRYPTO,
    )


def actor_of(person: str) -> Actor:
    """Return one of the cast as an Actor."""
    if person == "system":
        return SYSTEM
    organisation, duties = cast.PEOPLE[person]
    roles = cast.ORGANISATIONS[organisation][4]
    return Actor(person, organisation, frozenset(roles), frozenset(duties))


def furnish(url: str) -> None:
    opened = warm(Engines(url))
    migrations.upgrade(opened.write)
    Base.metadata.create_all(opened.write)  # the tables that only tests have
    with opened.writing() as session:
        for key, (uscc, zh, en, region, roles) in cast.ORGANISATIONS.items():
            session.add(_organisation(key, uscc, zh, en, region, roles))
        for key, (organisation, duties) in cast.PEOPLE.items():
            session.add(
                Person(id=key, login=f"{key}@test", name=key, password_hash=HASHED, entered_at=NOON)
            )
            session.flush()  # the membership refers to the person by id alone
            listed: list[Duty] = sorted(duties)
            session.add(
                Membership(person_id=key, organisation_id=organisation, duties=list(listed))
            )
        session.flush()  # what they show refers to them by id alone
        session.add_all(cast.documents(NOON, CRYPTO))
        session.commit()
    opened.dispose()


def _organisation(
    key: str, uscc: str, zh: str, en: str, region: str, roles: tuple[Role, ...]
) -> Organisation:
    return Organisation(
        id=key,
        state=State.ACTIVE,
        uscc=uscc,
        name_zh=zh,
        name_en=en,
        region=region,
        entered_at=NOON,
        roles=[
            OrganisationRole(id=f"rol_{key}_{role}", role=role, state="granted", granted_at=NOON)
            for role in roles
        ],
    )
