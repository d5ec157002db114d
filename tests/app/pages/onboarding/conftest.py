"""The pages of admission begin with the cast alone: who comes in, comes in here."""

from pathlib import Path

import pytest

from tests import conftest


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the tables and the cast once; each test copies the file."""
    path = tmp_path_factory.mktemp("entry") / "entry.db"
    conftest.furnish(f"sqlite:///{path}")
    return path
