"""Draws the pages of docs/ that are read off the code: `make docs`; `--check` compares only."""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click

from app import cli, create_app, problems
from app.lives import LIVES
from app.reactions import REACTIONS
from app.timetable import TIMETABLE
from config.settings import HOUSE, Settings
from kernel.errors import DomainError, Invalid
from settlement import chart
from settlement import rules as posting_rules

HERE = Path(__file__).parent
ROOMS = ("app", "marketplace", "delivery", "settlement", "licensing", "catalogue", "kernel")
DRAWN = "<!-- Drawn from the code by `make docs`; edit the code, not this page. -->\n\n"


def pages() -> dict[str, str]:
    """Return path under docs/ → what it should say."""
    drawn = {f"states/{name}.md": _states(name) for name in LIVES}
    drawn["who-may-what.md"] = DRAWN + "# 谁可以做什么 · Who may do what\n" + _matrices()
    drawn["errors.md"] = DRAWN + _errors()
    drawn["events.md"] = DRAWN + _events()
    drawn["settings.md"] = DRAWN + _settings()
    drawn["commands.md"] = DRAWN + _commands()
    drawn["ledger.md"] = DRAWN + _ledger()
    drawn["timetable.md"] = DRAWN + _timetable()
    drawn["invariants.md"] = DRAWN + _invariants()
    drawn["api.json"] = _api()
    return drawn


def _states(name: str) -> str:
    return f"{DRAWN}# {name}\n\n```mermaid\n{LIVES[name].LIFE.diagram()}```\n"


def _matrices() -> str:
    parts = []
    for name, module in LIVES.items():
        parts.append(f"\n## {name}\n\n| 状态 state | 谁 who | 步骤 steps |\n|---|---|---|")
        parts += [
            f"| {state} | {who} | {', '.join(steps)} |"
            for (state, who), steps in module.LIFE.matrix().items()
        ]
    return "\n".join(parts) + "\n"


def _errors() -> str:
    lines = [
        "# 拒绝与错误 · Every no\n",
        "An answer's `type` is `/problems/<code>`; its `refusals` carry the codes below.\n",
        "| code | status | 标题 | title | meaning |\n|---|---|---|---|---|",
    ]
    for error in sorted(_subclasses(DomainError), key=lambda found: found.code):
        meaning = (error.__doc__ or "").split("\n")[0]
        status = problems.STATUS[error.kind]
        title = error.title
        lines.append(f"| {error.code} | {status} | {title.zh} | {title.en} | {meaning} |")
    lines += [
        f"| {code} | {status} | {title.zh} | {title.en} | |"
        for code, (status, title) in problems.OWN.items()
        if code != Invalid.code
    ]
    lines.append("\nWhat HTTP itself refuses bears the name of its status, as in")
    lines.append("`/problems/method-not-allowed`:\n")
    lines.append("| status | 标题 | title |\n|---|---|---|")
    lines += [f"| {status} | {title.zh} | {title.en} |" for status, title in problems.HTTP.items()]
    lines += ["\n## Refusal codes\n", "| code | where |\n|---|---|"]
    found: dict[str, set[str]] = {}
    for room, tree in _modules():
        for call in _calls(tree, "Refusal"):
            found.setdefault(call, set()).add(room)
    lines += [f"| {code} | {', '.join(sorted(rooms))} |" for code, rooms in sorted(found.items())]
    return "\n".join(lines) + "\n"


def _events() -> str:
    found: dict[str, set[str]] = {}
    for room, tree in _modules():
        for kind in _calls(tree, "record"):
            found.setdefault(kind, set()).add(room)
    for module in LIVES.values():
        for row in module.LIFE.steps.values():
            found.setdefault(row.event, set()).add(module.__name__)
    lines = ["# 事件 · Events\n", "| event | written by | then |\n|---|---|---|"]
    for kind, rooms in sorted(found.items()):
        then = "; ".join(REACTIONS.get(kind, {}))
        lines.append(f"| {kind} | {', '.join(sorted(rooms))} | {then} |")
    return "\n".join(lines) + "\n"


def _settings() -> str:
    lines = [
        "# 设置 · Settings\n",
        "Environment variables; `DATABASE_URL` is read as well.\n",
        "| variable | type | default | purpose |\n|---|---|---|---|",
    ]
    for declared in fields(Settings):
        kind = getattr(declared.type, "__name__", str(declared.type))
        default = f"`{declared.default}`" if declared.default != "" else ""
        name = f"DATABOURSE_{declared.name.upper()}"
        lines.append(f"| {name} | {kind} | {default} | {declared.metadata['purpose']} |")
    return "\n".join(lines) + "\n"


def _commands() -> str:
    lines = [
        "# 命令 · Commands\n",
        "Exit status: 0 done, 1 failed, 2 not used so, 3 refused by a rule, 4 does not hold.\n",
        "| command | options | purpose |\n|---|---|---|",
    ]
    for name, command in _named("databourse", cli.main):
        options = " ".join(_option(given) for given in command.params)
        lines.append(f"| `{name}` | {options} | {command.get_short_help_str(limit=200)} |")
    return "\n".join(lines) + "\n"


def _named(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    for inner, found in command.commands.items():
        yield from _named(f"{name} {inner}", found)


def _option(given: click.Parameter) -> str:
    return f"`{given.opts[0]}`" if given.required else f"[`{given.opts[0]}`]"


def _ledger() -> str:
    lines = [
        "# 账簿 · The books\n",
        "## 科目 · Chart of accounts\n",
        "| code | owner | kind | guard | 含义 | meaning |\n|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {account.code} | {account.owner or '–'} | {account.kind} | {account.guard} "
        f"| {account.name.zh} | {account.name.en} |"
        for account in chart.CHART.values()
    ]
    lines += [
        "\n## 记账规则 · Posting rules\n",
        "| event | source | Dr → Cr | 含义 | meaning |\n|---|---|---|---|---|",
    ]
    for rule in posting_rules.RULES.values():
        pairs = "<br>".join(f"{debit} → {credit}" for debit, credit in rule.pairs)
        lines.append(
            f"| {rule.event} | {rule.source} | {pairs} | {rule.says.zh} | {rule.says.en} |"
        )
    return "\n".join(lines) + "\n"


def invariants() -> dict[str, dict[str, tuple[str, str]]]:
    """Return chapter → number ("I-24") → the sentence in Chinese and in English."""
    read = tomllib.loads((HERE / "invariants.toml").read_text("utf-8"))
    return {part: {key: (zh, en) for key, (zh, en) in rows.items()} for part, rows in read.items()}


def proofs() -> dict[str, list[str]]:
    """Return number → the tests that are named after it, as path::name."""
    found: dict[str, list[str]] = {}
    for path in sorted((HOUSE / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            if named := re.match(r"test_i_(\d+)_", node.name):
                where = path.relative_to(HOUSE).as_posix()
                found.setdefault(f"I-{int(named[1])}", []).append(f"{where}::{node.name}")
    return found


def _invariants() -> str:
    lines = ["# 不变量 · What always holds\n"]
    proved = proofs()
    for part, rows in invariants().items():
        lines.append(f"\n## {part}\n\n| | 不变量 | invariant | tests |\n|---|---|---|---|")
        for number, (zh, en) in rows.items():
            tests = "<br>".join(f"`{test}`" for test in proved.get(number, ()))
            lines.append(f"| {number} | {zh} | {en} | {tests} |")
    return "\n".join(lines) + "\n"


def _timetable() -> str:
    lines = ["# 定时任务 · Timetable\n", "| job | every |\n|---|---|"]
    lines += [f"| {name} | {job.every_s} s |" for name, job in TIMETABLE.items()]
    return "\n".join(lines) + "\n"


def _api() -> str:
    app = create_app(Settings(database_url="sqlite:////nowhere/docs.db", key="00" * 32))
    document = app.extensions["openapi_document"]
    text = json.dumps(document, ensure_ascii=False, indent=0, sort_keys=True)
    return f"{text}\n"


def _subclasses(parent: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in parent.__subclasses__():
        if hasattr(child, "code") and child.__module__.split(".")[0] in ROOMS:
            yield child
        yield from _subclasses(child)


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for path in sorted((HOUSE / room).rglob("*.py")):
            name = ".".join(path.relative_to(HOUSE).with_suffix("").parts)
            yield name, ast.parse(path.read_text("utf-8"))


def _calls(tree: ast.Module, name: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = getattr(node.func, "attr", getattr(node.func, "id", None))
        first = node.args[0]
        if called == name and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def main(arguments: list[str]) -> int:
    """Draw the pages, or with --check say which of them are stale; returns the exit status."""
    stale = []
    for path, content in pages().items():
        target = HERE / path
        if target.exists() and target.read_text("utf-8") == content:
            continue
        stale.append(path)
        if "--check" not in arguments:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, "utf-8")
    if stale and "--check" in arguments:
        sys.stderr.write(f"stale, run `make docs`: {', '.join(stale)}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
