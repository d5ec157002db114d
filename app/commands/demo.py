"""Filling a demonstration at the console: the meteorological board of real slices."""

import sys
from dataclasses import replace

import click

from app.commands import opening
from config.settings import Settings


@click.group()
def demo() -> None:
    """Fill a demonstration; never an exchange in production."""


@demo.command("board")
@click.option("--only", type=click.IntRange(1, 834), default=834, help="So many slices alone.")
@click.pass_obj
def board(settings: Settings, *, only: int) -> None:
    """Build the meteorological board: 834 products, each of a real slice with its own profile.

    Into the demonstration that is there, or into a new one. It can be stopped, and goes on
    where it stopped. The demonstration's clock moves on by the days of the publicity.
    """
    import migrations
    from app.story import stage
    from app.story.board import building, slices

    if settings.production:
        raise click.UsageError("demo is for demonstrations")
    settings = replace(settings, clock="adjustable", rails=settings.rails or "fake")
    wanted = slices.every()[:only]
    with opening.telling(), opening.opened(settings) as house:
        migrations.upgrade(house.engines.write)
        if not building.is_furnished(house):
            stage.furnish(settings, begins_before=building.BEGINS_BEFORE)
        steps = len(wanted) * building.STEPS
        with click.progressbar(length=steps, label="834" if only == 834 else str(only),
                               file=sys.stderr) as bar:  # fmt: skip
            built = building.Building(house, bar.update).go_on(wanted)
    for product_id, reason in built.refused:
        click.echo(f"{product_id}: {reason}", err=True)
    click.echo(f"{built.listed} listed, {built.admitted} admitted now")
    sys.exit(3 if built.refused else 0)
