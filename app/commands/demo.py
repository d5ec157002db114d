"""Filling a demonstration at the console: a board of real slices, or all of it at full size."""

import sys
from dataclasses import replace
from datetime import datetime

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


@demo.command("load")
@click.option("--scale", type=click.FloatRange(0.01, 1), default=1.0, help="A part of the size.")
@click.option("--ends-on", type=click.DateTime(["%Y-%m-%d"]), help="Its last day; today else.")
@click.pass_obj
def load(settings: Settings, *, scale: float, ends_on: datetime | None) -> None:
    """Load the demonstration at its full size, into an empty database of its own.

    433 merchants, 3,859 products, 834 of them real slices, sixteen scenarios in every state, and
    9,600 orders of thirty months, through every step that an order takes; what counts of them is
    CNY 1,203,680,000.00. Every firm is made up. It can be stopped, and goes on where it stopped.
    """
    from app import house as houses
    from app.story.history import loading, plan, showing
    from kernel.money import Money

    if settings.production:
        raise click.UsageError("demo is for demonstrations")
    settings = replace(settings, clock="adjustable", rails=settings.rails or "fake")
    houses.leave_be()
    with opening.telling(), opening.opened(settings) as house:
        shown = showing.Showing()
        load = loading.Loading(house, round(scale * 10_000), shown.tell, click.echo, shown.expect)
        drawn = load.go_on(ends_on.date() if ends_on else None)
        shown.end()
        counted = loading.counted(house)
    planned = drawn.net * plan.UNIT_FEN
    click.echo(f"{Money(counted)} counted, {Money(planned)} planned")
    sys.exit(0 if counted == planned else 4)
