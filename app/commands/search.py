"""`databourse search`: rebuild the index of what can be found; look something up."""

from functools import partial

import click

from app.commands import opening
from config.settings import Settings

BATCH = 500


@click.group()
def search() -> None:
    """Search the catalogue, and rebuild its index."""


@search.command("rebuild")
@click.pass_obj
def rebuild(settings: Settings) -> None:
    """Index everything anew, by batches of 500 that are committed one by one."""
    from app import unit
    from kernel.actor import SYSTEM
    from marketplace.finding import sources

    with opening.opened(settings) as built, opening.telling():
        for kind in sources.SAYS:
            after: str | None = ""
            done = 0
            while after is not None:
                reached: str = after
                step = partial(sources.rebuild, kind=kind, after=reached, limit=BATCH)
                after, count = unit.committed(built, SYSTEM, step)
                done += count
            click.echo(f"{kind}: {done}")


@search.command("find")
@click.argument("text")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 100))
@click.pass_obj
def find(settings: Settings, text: str, limit: int) -> None:
    """Look something up; most relevant first."""
    from marketplace.finding import results
    from marketplace.finding.results import Question

    with opening.opened(settings) as built, opening.telling(), built.engines.reading() as session:
        asked = Question(text=text)
        for row in results.found(session, asked, after=None, limit=limit).items:
            entry = row.entry
            click.echo(f"{entry.kind} {entry.code} {entry.title_zh} {entry.title_en}")
        counted = results.counts(session, asked)
        click.echo(", ".join(f"{kind}: {count}" for kind, count in counted.items()))
