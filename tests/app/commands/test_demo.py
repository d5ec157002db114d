"""`databourse demo board`: into a new demonstration, and never into production."""

from pathlib import Path

from click.testing import CliRunner, Result

from app import cli


def run(folder: Path, *words: str, **more: str) -> Result:
    told = {
        "DATABASE_URL": f"sqlite:///{folder}/demo.db",
        "DATABOURSE_DATA_DIR": str(folder / "domain"),
        "DATABOURSE_KEY_FILE": str(folder / "key"),
        "DATABOURSE_PASSWORD_MEMORY_KIB": "8",
        "DATABOURSE_PASSWORD_ROUNDS": "1",
        **more,
    }
    return CliRunner().invoke(cli.main, ["demo", "board", *words], env=told)


def test_a_new_demonstration_is_made_and_filled_once(tmp_path: Path) -> None:
    first = run(tmp_path, "--only", "1")
    second = run(tmp_path, "--only", "1")

    assert (first.exit_code, first.stdout) == (0, "1 listed, 1 admitted now\n")
    assert (second.exit_code, second.stdout) == (0, "1 listed, 0 admitted now\n")


def test_an_exchange_in_production_is_left_alone(tmp_path: Path) -> None:
    told = run(
        tmp_path, DATABOURSE_ENVIRONMENT="production", DATABOURSE_KEY="00" * 32,
        DATABASE_URL="postgresql://nobody@localhost/none",
        DATABOURSE_BASE_URL="https://exchange.example",
    )  # fmt: skip

    assert told.exit_code == 2
    assert "demonstrations" in told.stderr
