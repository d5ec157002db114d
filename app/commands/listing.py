"""Listing at the console: a file of products tried, pushed, or one's own products pulled."""

import json
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.commands import opening
from config.settings import Settings

if TYPE_CHECKING:
    from app.house import House
    from kernel.actor import Actor
    from kernel.work import Work
    from marketplace.shelving.pulling import Format
    from marketplace.shelving.pushing import Outcome
    from marketplace.shelving.verdicts import Verdict


@click.group()
def listing() -> None:
    """List products from a file: CSV, XLSX, YAML, JSON-LD or Turtle (DCAT)."""


@listing.command("validate")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False))
@click.option("--as", "login", required=True, help="The merchant's login.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def validate(settings: Settings, path: str, login: str, *, as_json: bool) -> None:
    """Try a file row by row and write nothing; exit status 3 when a row is barred."""
    with opening.telling(), opening.opened(settings) as house:
        told = _tried(house, opening.acting(house, login), path)
    _end(told, as_json=as_json)


@listing.command("push")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False))
@click.option("--as", "login", required=True, help="The merchant's login.")
@click.option("--dry-run", is_flag=True, help="As validate does.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def push(settings: Settings, path: str, login: str, *, dry_run: bool, as_json: bool) -> None:
    """Submit every row that is not barred; the same file again changes what differs only."""
    from app import unit
    from marketplace.shelving import pushing

    with opening.telling(), opening.opened(settings) as house:
        actor = opening.acting(house, login)
        verdicts = _tried(house, actor, path)
        done: list[Outcome] = []
        for start in range(0, 0 if dry_run else len(verdicts), pushing.BATCH):
            some = verdicts[start : start + pushing.BATCH]
            done += unit.committed(house, actor, partial(_pushed, some))
    _end(verdicts if dry_run else done, as_json=as_json)


@listing.command("pull")
@click.option("--as", "login", required=True, help="The merchant's login.")
@click.option("--format", "kind", type=click.Choice(["csv", "yaml", "ttl"]), default="csv")
@click.pass_obj
def pull(settings: Settings, login: str, kind: "Format") -> None:
    """Write one's own products to standard output, as a file that can be pushed again."""
    from marketplace.shelving import pulling

    with opening.telling(), opening.opened(settings) as house:
        actor = opening.acting(house, login)
        with house.engines.reading() as session:
            click.echo(pulling.pulled(house.work(session, actor), kind), nl=False)


def _pushed(some: "Sequence[Verdict]", work: "Work") -> "list[Outcome]":
    from marketplace.shelving import pushing

    return pushing.push(work, some)


def _tried(house: "House", actor: "Actor", path: str) -> "list[Verdict]":
    from marketplace import access, products
    from marketplace.shelving import files, verdicts

    def look(work: "Work") -> "list[Verdict]":
        access.require(work, products.merchant, None, "listing.validate")
        return verdicts.judged(work, files.read(work, path, Path(path).read_bytes()))

    with house.engines.reading() as session:
        return look(house.work(session, actor))


def _end(rows: "Sequence[Verdict | Outcome]", *, as_json: bool) -> None:
    from marketplace.shelving.problems import Plan

    plans = [each.plan for each in rows]
    counts = {plan.value: plans.count(plan) for plan in Plan if plan in plans}
    if as_json:
        told = {"ok": Plan.BARRED not in plans, "counts": counts, "rows": list(_wire(rows))}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        for line in _lines(rows):
            click.echo(line)
        click.echo(", ".join(f"{number} {plan}" for plan, number in counts.items()))
    sys.exit(3 if Plan.BARRED in plans else 0)


def _wire(rows: "Iterable[Verdict | Outcome]") -> Iterable[dict[str, Any]]:
    for each in rows:
        yield {
            "row": each.number,
            "code": each.code,
            "plan": each.plan.value,
            "product_id": each.product_id,
            "problems": [
                {"column": one.column, "rule": one.rule, "code": one.code,
                 "zh": one.words.zh, "en": one.words.en, "fix": one.fix.en}
                for one in each.problems
            ],
        }  # fmt: skip


def _lines(rows: "Iterable[Verdict | Outcome]") -> Iterable[str]:
    for each in rows:
        for one in each.problems:
            where = f"{each.number}: {each.code} {one.column}".rstrip()
            yield f"{where}: {one.rule} {one.words.zh} / {one.words.en} -> {one.fix.en}"
