"""A console at the test's database."""

from collections.abc import Callable

from click.testing import CliRunner, Result

from app import cli
from kernel.engines import Engines

Console = Callable[..., Result]


def at(engines: Engines) -> Console:
    """Give what runs a command: `console("complaints", "list", "--as", "…")`."""
    url = engines.url.render_as_string(hide_password=False)
    told = {
        "DATABASE_URL": url,
        "DATABOURSE_CLOCK": "adjustable",
        "DATABOURSE_KEY": bytes(range(32)).hex(),
        "DATABOURSE_PASSWORD_MEMORY_KIB": "8",
        "DATABOURSE_PASSWORD_ROUNDS": "1",
    }
    return lambda *words: CliRunner().invoke(cli.main, words, env=told)
