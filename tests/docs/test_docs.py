"""The documents say what is so: everything that there is, and nothing that there is not."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from fnmatch import fnmatch
from pathlib import Path

import click
import pytest

from app import cli, problems
from app.lives import LIVES
from app.reactions import EARLIER, REACTIONS
from app.story import cast
from app.story.stage import INHERITED
from config.settings import HOUSE, Settings
from docs import draw, picture
from kernel.errors import DomainError

README, CONTRIBUTING = HOUSE / "README.md", HOUSE / "CONTRIBUTING.md"
ROOMS = ("app", "marketplace", "delivery", "settlement", "licensing", "catalogue", "kernel")
DECISIONS = sorted((HOUSE / "docs/decisions").glob("*.md"))
FIRST_SCREEN = 24
"""Lines of a file that are seen without scrolling."""

LARGEST_BYTES = 2_500_000
STRANGE = {".db", ".log", ".orig", ".pyc", ".rej", ".sqlite", ".swp"}
OF_THE_TESTS = {"DATABOURSE_TESTS_COMPLETE"}
PATIENCE_S = 120


def _kept() -> Iterator[Path]:
    """Yield every file that is the project's own: all but what .gitignore names."""
    ignored = [".git/", *(HOUSE / ".gitignore").read_text("utf-8").split("\n")]
    folders = tuple(line.removesuffix("/") for line in ignored if line.endswith("/"))
    files = tuple(line for line in ignored if line and line[-1] != "/" and line[0] != "#")
    queue = [HOUSE]
    for folder in queue:
        for path in sorted(folder.iterdir()):
            names = (path.name, str(path.relative_to(HOUSE)))
            patterns = folders if path.is_dir() else files
            if any(fnmatch(name, pattern) for name in names for pattern in patterns):
                continue
            if path.is_dir():
                queue.append(path)
            else:
                yield path


KEPT = list(_kept())
MARKDOWN = [path for path in KEPT if path.suffix == ".md"]


def _name(path: Path) -> str:
    return str(path.relative_to(HOUSE))


def _text(path: str) -> str:
    return (HOUSE / path).read_text("utf-8")


def _commands(group: click.Group, *before: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, *before, name)
        else:
            yield " ".join((*before, name))


# --- what is drawn ----------------------------------------------------------------------


def test_what_is_drawn_from_the_code_is_fresh() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "docs.draw", "--check"],
        cwd=HOUSE, env=INHERITED, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip

    assert told.returncode == 0, told.stderr


def test_every_command_is_described() -> None:
    page = _text("docs/commands.md")

    described = set(re.findall(r"^\| `databourse ([^`]+)`", page, re.MULTILINE))

    assert described == set(_commands(cli.main))


def test_every_setting_is_described() -> None:
    page = _text("docs/settings.md")

    described = set(re.findall(r"^\| DATABOURSE_(\w+) \|.*\| [^|]+ \|$", page, re.MULTILINE))

    assert described == {declared.name.upper() for declared in fields(Settings)}


def test_every_no_is_described() -> None:
    page = _text("docs/errors.md")

    described = set(re.findall(r"^\| ([a-z-]+) \|", page, re.MULTILINE))
    codes = {error.code for error in _errors(DomainError) if hasattr(error, "code")}

    assert described - {"code", "status"} == codes | set(problems.OWN)


def _errors(parent: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in parent.__subclasses__():
        if child.__module__.split(".")[0] in ROOMS:
            yield child
        yield from _errors(child)


def test_every_reason_for_a_no_is_described() -> None:
    page = _text("docs/errors.md")

    described = set(re.findall(r"^\| ([A-Z][A-Z0-9_]+) \|", page, re.MULTILINE))

    assert set(_firsts("Refusal")) <= described


def test_every_event_is_described() -> None:
    page = _text("docs/events.md")

    described = set(re.findall(r"^\| ([a-z_]+\.[a-z_]+) \|", page, re.MULTILINE))
    written = {row.event for module in LIVES.values() for row in module.LIFE.steps.values()}

    assert set(REACTIONS) <= described | EARLIER
    assert written | set(_firsts("record")) <= described


def _firsts(called: str) -> Iterator[str]:
    """Yield the first argument of every call of `called`, where it is a text as it stands."""
    for room in ROOMS:
        for path in (HOUSE / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                first = node.args[0]
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name == called and isinstance(first, ast.Constant):
                    yield str(first.value)


@pytest.mark.parametrize("name", sorted(LIVES))
def test_every_life_cycle_is_drawn_and_says_who_may_what(name: str) -> None:
    life = LIVES[name].LIFE

    assert life.diagram() in _text(f"docs/states/{name}.md")
    assert f"\n## {name}\n" in _text("docs/who-may-what.md")


def test_nothing_is_drawn_of_what_is_no_more() -> None:
    drawn = {path.stem for path in (HOUSE / "docs/states").glob("*.md")}

    assert drawn == set(LIVES)


# --- what is written --------------------------------------------------------------------


def test_the_first_screen_says_how_to_run_and_how_to_test_and_nothing_more() -> None:
    first = README.read_text("utf-8").split("\n")[:FIRST_SCREEN]

    begin = first.index("```")
    block = first[begin + 1 : first.index("```", begin + 1)]

    assert [line.split("#")[0].strip() for line in block] == ["make run", "make test"]


def test_the_first_screen_shows_the_front_page_and_is_quick_to_load() -> None:
    first = "\n".join(README.read_text("utf-8").split("\n")[:FIRST_SCREEN])

    assert "](docs/home.jpg)" in first
    content = picture.PICTURE.read_bytes()
    assert content.startswith(b"\xff\xd8\xff")
    assert len(content) <= picture.BYTES_MAX


def test_the_accounts_that_the_readme_names_are_those_of_the_demonstration() -> None:
    named = set(re.findall(r"`([a-z0-9]+@demo)`", README.read_text("utf-8")))

    assert named <= {player.login for player in cast.players()}
    assert len(named) > 5


def test_the_readme_says_it_in_both_languages() -> None:
    text = README.read_text("utf-8")
    chinese = len(re.findall(r"[\u4e00-\u9fff]", text))
    english = len(re.findall(r"\b[a-zA-Z]{2,}\b", text))

    assert chinese > 500
    assert english > 500


def test_every_command_that_is_named_is_one() -> None:
    known = set(_commands(cli.main))
    parts = {name.partition(" ")[2] for name in known if " " in name}
    named = {
        match
        for path in MARKDOWN
        for match in re.findall(
            rf"`?databourse ([a-z]+(?:-[a-z]+)*(?: (?:{'|'.join(sorted(parts))}))?)\b",
            path.read_text("utf-8"),
        )
    }

    assert named <= known


def test_every_make_target_is_explained_and_every_one_that_is_named_is_one() -> None:
    makefile = _text("Makefile")
    targets = set(re.findall(r"^([a-z]+):(?!=)", makefile, re.MULTILINE))
    explained = set(re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE))
    written = "\n".join(path.read_text("utf-8") for path in MARKDOWN)
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", written, re.MULTILINE))

    assert explained == targets
    assert named <= targets
    assert {"run", "test", "check", "fix", "pins"} <= named


def test_every_variable_that_is_named_is_a_setting() -> None:
    known = {f"DATABOURSE_{declared.name.upper()}" for declared in fields(Settings)} | OF_THE_TESTS
    places = [*MARKDOWN, HOUSE / "Makefile", HOUSE / ".ci/run"]

    named = {
        name
        for path in places
        for name in re.findall(r"\bDATABOURSE_[A-Z_]*[A-Z]\b", path.read_text("utf-8"))
    }

    assert named <= known


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_why_what_and_what_follows(path: Path) -> None:
    text = path.read_text("utf-8")

    number = int(path.name[:4])
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)

    assert text.startswith(f"# {number}. ")
    assert re.search(r"^\d{4}-\d{2}-\d{2} · (accepted|replaced by \d+)", text, re.MULTILINE)
    assert headings[:3] == ["Context", "Decision", "Consequences"]
    parts = re.split(r"^## .+$", text, flags=re.MULTILINE)[1:4]
    assert all(len(part.strip()) > 100 for part in parts)


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("path", MARKDOWN, ids=_name)
def test_no_link_leads_nowhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)

    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    inside = [target for target in targets if not re.match(r"[a-z]+:", target)]

    for target in inside:
        file, _, heading = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), target
        assert not heading or heading in _anchors(found), target


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


# --- what is nowhere --------------------------------------------------------------------

REGISTRIES = re.compile(
    r"\b(?:pypi|npmjs|pythonhosted|npmmirror|yarnpkg|docker|ghcr|crates|golang)\.(?:org|com|io|dev)"
    r"|//(?:registry|mirrors?)\.[a-z]"
)
PLACES = re.compile(r"(?<![\w./}-])/(?:work|root|home|Users|tmp)/\w|\b[A-Z]:\\\\Users")


@pytest.mark.parametrize("what", [REGISTRIES, PLACES], ids=["registries", "places"])
def test_no_file_speaks_of_a_registry_or_of_somebodys_machine(what: re.Pattern[str]) -> None:
    found = {}
    for path in KEPT:
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # data and pictures
        if path != Path(__file__) and (match := what.search(text)):
            found[_name(path)] = match[0]

    assert found == {}


def test_no_file_is_kept_that_should_not_be() -> None:
    large = {_name(path) for path in KEPT if path.stat().st_size > LARGEST_BYTES}
    strange = {_name(path) for path in KEPT if path.suffix in STRANGE}

    assert large == set()
    assert strange == set()


def test_every_invariant_has_a_test_and_every_such_test_its_invariant() -> None:
    known = {number for rows in draw.invariants().values() for number in rows}

    assert set(draw.proofs()) == known
