import tomllib

import pytest

from config import rules
from config.settings import HOUSE, BadSetting, Settings

PRODUCTION = {
    "DATABOURSE_ENVIRONMENT": "production",
    "DATABOURSE_KEY": "ab" * 32,
    "DATABOURSE_BASE_URL": "https://exchange.example",
}


def test_a_laptop_needs_nothing() -> None:
    settings = Settings.load({})

    assert settings == Settings()
    assert not settings.production


def test_every_kind_of_value_is_read() -> None:
    settings = Settings.load(
        {
            "DATABASE_URL": "postgresql://db/x",
            "DATABOURSE_DATABASE_URL": "sqlite:///other.db",
            "DATABOURSE_THREADS": "4",
            "DATABOURSE_WORKER": "0",
            "DATABOURSE_LANGUAGE": "en",
            "UNRELATED": "x",
        }
    )

    assert settings.database_url == "postgresql://db/x"
    assert (settings.threads, settings.worker, settings.language) == (4, False, "en")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABOURSE_THREADS", "many"),
        ("DATABOURSE_THREADS", "0"),
        ("DATABOURSE_THREADS", "٣"),
        ("DATABOURSE_WORKER", "yes"),
        ("DATABOURSE_ENVIRONMENT", "staging"),
        ("DATABOURSE_CLOCK", "fast"),
        ("DATABOURSE_LANGUAGE", "fr"),
        ("DATABOURSE_LOG_LEVEL", "LOUD"),
        ("DATABOURSE_KEY", "short"),
        ("DATABOURSE_KEY", "zz" * 32),
    ],
)
def test_a_bad_value_stops_the_start_and_names_itself(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        Settings.load({name: value})


def test_production_starts_with_all_it_needs() -> None:
    assert Settings.load(PRODUCTION).production


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABOURSE_KEY", ""),
        ("DATABOURSE_CLOCK", "adjustable"),
        ("DATABOURSE_BASE_URL", "http://exchange.example"),
    ],
)
def test_production_refuses_to_start_unsafely(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        Settings.load({**PRODUCTION, name: value})


def test_every_file_of_rules_has_its_version() -> None:
    for path in (HOUSE / "config" / "rules").glob("*.toml"):
        version, values = rules.load(path.stem)

        assert version == tomllib.loads(path.read_text("utf-8"))["version"]
        assert sum(values["assessment"]["weights"].values()) == 100
        assert sum(values["revenue"]["public"].values()) == 10_000
