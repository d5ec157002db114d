"""What an operator may set, with the default that a laptop needs.

`Settings.load` is the only reader of the environment; the two doors call it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

HOUSE = Path(__file__).parents[1]


class BadSetting(ValueError):
    """A variable is missing or is not of its type; the message names it."""


def setting(default: Any, purpose: str) -> Any:
    """Declare one setting with the sentence that docs/settings.md prints."""
    return field(default=default, metadata={"purpose": purpose})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, its type, its default and what it is for."""

    database_url: str = setting(
        "sqlite:///var/databourse.db",
        "Where the rows are: sqlite:///path or postgresql://user@host/name.",
    )
    environment: str = setting(
        "demonstration", "demonstration, test or production; production checks the rest."
    )
    key: str = setting(
        "", "32 bytes in hex: seals secrets and signs the evidence; production needs its own."
    )
    key_file: str = setting(
        "", "Where a demonstration keeps the key it made for itself; beside the database if empty."
    )
    retired_keys: str = setting(
        "", "Former keys, 64 hexadecimal digits each, by commas: they verify and open, no more."
    )
    rules: str = setting("hunan", "Which file of config/rules decides limits and rates.")
    data_dir: str = setting("var/domain", "The secure domain: where mounted resources lie.")
    data_folders: str = setting(
        "",
        "Folders that tables are mounted from: name=/path, by commas; each organisation has its "
        "own part of one, named by its id.",
    )
    data_buckets: str = setting(
        "",
        "Buckets that tables are mounted from, by their owners' keys: "
        "name=https://host/bucket#region, by commas.",
    )
    state_dir: str = setting(
        "",
        "Where the processes of one host share what is no row yet: beside the database if empty.",
    )
    accel_prefix: str = setting(
        "",
        "Internal address under which nginx serves data_dir (X-Accel-Redirect); empty: sent here.",
    )
    base_url: str = setting("", "The address that letters, codes and files name; empty: as asked.")
    open_licence: str = setting(
        "CC-BY-4.0", "The SPDX name of the licence of the lists on /open: the operator's to say."
    )
    clock: str = setting(
        "system", "system, or adjustable: lets days pass by hand; never in production."
    )
    language: str = setting("zh", "zh or en, for callers who prefer neither.")
    page_size_max: int = setting(100, "The longest page of a list, in rows.")
    body_bytes_max: int = setting(2_000_000, "The largest request body, in bytes.")
    kept_pages_bytes: int = setting(
        64_000_000, "What a process keeps of public pages as it drew them, in bytes; 0 for none."
    )
    write_patience_s: int = setting(30, "How long a write may wait for its turn, in seconds.")
    threads: int = setting(16, "Threads that serve requests in one process.")
    password_memory_kib: int = setting(19_456, "Memory that one password check costs, in KiB.")
    password_rounds: int = setting(2, "Rounds of one password check.")
    log_level: str = setting("INFO", "DEBUG, INFO, WARNING or ERROR: what is worth a line.")
    rails: str = setting(
        "", "Providers of payments beside the bank, by commas: stripe, or fake (moves no money)."
    )
    stripe_key: str = setting("", "The secret key of the account at Stripe: sk_… or rk_….")
    stripe_endpoint_secret: str = setting(
        "", "The secret with which Stripe signs its notices to us: whsec_…."
    )
    stripe_base_url: str = setting("", "Where Stripe is called; empty: at Stripe.")
    webhook_private: bool = setting(
        False, "Let webhooks go to http and to private addresses: where receivers are inside."
    )
    worker: bool = setting(True, "Run errands and the timetable inside the serving process.")

    @classmethod
    def load(cls, environment: Mapping[str, str]) -> Self:
        """Build the settings from DATABOURSE_* variables (and DATABASE_URL).

        Raises BadSetting naming the culprit.
        """
        values: dict[str, Any] = {}
        for declared in fields(cls):
            name = f"DATABOURSE_{declared.name.upper()}"
            raw = environment.get(name)
            if declared.name == "database_url":
                raw = environment.get("DATABASE_URL", raw)
            if raw is not None:
                values[declared.name] = _parse(name, raw, declared.type)
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Raise BadSetting when the settings contradict each other or are unsafe."""
        _one_of("DATABOURSE_ENVIRONMENT", self.environment, "demonstration", "test", "production")
        _one_of("DATABOURSE_CLOCK", self.clock, "system", "adjustable")
        _one_of("DATABOURSE_LANGUAGE", self.language, "zh", "en")
        _one_of("DATABOURSE_LOG_LEVEL", self.log_level, "DEBUG", "INFO", "WARNING", "ERROR")
        if self.key and not _is_key(self.key):
            raise BadSetting("DATABOURSE_KEY: 64 hexadecimal digits, please")
        if not all(map(_is_key, self.former_keys)):
            raise BadSetting("DATABOURSE_RETIRED_KEYS: 64 hexadecimal digits each, please")
        self._check_rails()
        if not self.production:
            return
        if not self.key:
            raise BadSetting("DATABOURSE_KEY: production needs its own key")
        if self.clock != "system":
            raise BadSetting("DATABOURSE_CLOCK: production keeps the system's time")
        if not self.base_url.startswith("https://"):
            raise BadSetting("DATABOURSE_BASE_URL: production needs an https:// address")

    def _check_rails(self) -> None:
        for name in self.rail_names:
            _one_of("DATABOURSE_RAILS", name, "stripe", "fake")
        if "stripe" in self.rail_names and not (self.stripe_key and self.stripe_endpoint_secret):
            raise BadSetting(
                "DATABOURSE_RAILS: stripe needs DATABOURSE_STRIPE_KEY and "
                "DATABOURSE_STRIPE_ENDPOINT_SECRET"
            )
        if self.production and "fake" in self.rail_names:
            raise BadSetting("DATABOURSE_RAILS: fake moves no money, and is not for production")

    @property
    def rail_names(self) -> list[str]:
        """The providers of payments beside the bank, one by one."""
        return [name for name in self.rails.split(",") if name]

    @property
    def former_keys(self) -> list[str]:
        """The retired keys, one by one."""
        return [key for key in self.retired_keys.split(",") if key]

    @property
    def production(self) -> bool:
        """Tell whether real people's money and rights are at stake."""
        return self.environment == "production"


def _parse(name: str, raw: str, kind: object) -> Any:
    if kind is bool:
        _one_of(name, raw, "0", "1")
        return raw == "1"
    if kind is int:
        if not raw.isascii() or not raw.isdigit() or int(raw) < 1:
            raise BadSetting(f"{name}: {raw!r} is not a positive whole number")
        return int(raw)
    return raw


def _one_of(name: str, value: str, *choices: str) -> None:
    if value not in choices:
        raise BadSetting(f"{name}: {value!r} is not one of {', '.join(choices)}")


def _is_key(text: str) -> bool:
    return len(text) == 64 and all(c in "0123456789abcdef" for c in text.lower())
