"""`databourse assets`: charge the months of data assets, by hand instead of by the timetable."""

import click

from app.commands import opening
from config.settings import Settings

BATCH = 1_000


@click.group()
def assets() -> None:
    """Charge data assets on balance sheets."""


@assets.command("charge")
@click.pass_obj
def charge(settings: Settings) -> None:
    """Charge every month that is over and has not borne its share; a repeat charges nothing."""
    from app import unit
    from kernel.actor import SYSTEM
    from marketplace.proving import wearing

    with opening.opened(settings) as built, opening.telling():
        done = unit.committed(built, SYSTEM, lambda work: wearing.charge_due(work, limit=BATCH))
    click.echo(f"{done} cards")
