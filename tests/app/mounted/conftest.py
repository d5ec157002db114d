"""A house whose operator has opened a folder and a bucket."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.unit import Exchange
from tests.delivery.locations import places


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve buckets on the loopback."""
    with places.store(tmp_path_factory.mktemp("store")) as address:
        yield address


@pytest.fixture
def folder(application: Exchange, tmp_path: Path) -> Iterator[Path]:
    """Open a folder to mount from; gives the part of the merchant."""
    root = tmp_path / "lake"
    mine = root / "org_developer"
    mine.mkdir(parents=True)
    settings = replace(application.house.settings, data_folders=f"lake={root}")
    application.house = replace(application.house, settings=settings)
    yield mine
    shutil.rmtree(root)


@pytest.fixture
def bucket(application: Exchange, store: str, request: pytest.FixtureRequest) -> str:
    """Open a bucket of this test's own; gives its address for a writer."""
    name = f"b{abs(hash(request.node.nodeid)):x}"[:40]
    places.bucket(store, name)
    settings = replace(application.house.settings, data_buckets=f"store={store}/{name}#us-east-1")
    application.house = replace(application.house, settings=settings)
    return f"s3://{name}"
