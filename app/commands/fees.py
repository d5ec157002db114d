"""`databourse fees`: charge what is due and ask for it, by hand instead of by the timetable."""

import click

from app.commands import opening
from config.settings import Settings

BATCH = 200


@click.group()
def fees() -> None:
    """Fees of the exchange for its own services."""


@fees.command("run")
@click.option("--as", "login", help="A settlement officer's login; the house if not said.")
@click.pass_obj
def run(settings: Settings, login: str | None) -> None:
    """Charge this year's memberships and listings; draw up the notes of what is on none."""
    from app import timetable, unit
    from kernel.actor import SYSTEM
    from settlement.fees import fee_notes

    with opening.opened(settings) as built, opening.telling():
        if login is None:
            unit.committed(built, SYSTEM, timetable.charge_year)
        actor = opening.acting(built, login) if login else SYSTEM
        made = unit.committed(
            built,
            actor,
            lambda work: [
                (note.code, note.payer_id, str(note.amount))
                for note in fee_notes.gather(work, limit=BATCH)
            ],
        )
    for code, payer, amount in made:
        click.echo(f"{code} {payer} {amount}")
    click.echo(f"{len(made)} notes")


@fees.command("late")
@click.option("--days", default=1, show_default=True, help="Late by so many days or more.")
@click.pass_obj
def late(settings: Settings, days: int) -> None:
    """List the notes that are late and not paid."""
    from app import unit
    from kernel.actor import SYSTEM
    from settlement.fees import fee_notes
    from settlement.fees.fee_notes import Wanted

    with opening.opened(settings) as built, opening.telling():
        found = unit.committed(
            built,
            SYSTEM,
            lambda work: [
                (note.code, note.payer_id, str(note.owed), fee_notes.days_late(work, note))
                for note in fee_notes.listed(
                    work, Wanted(late_by=days), after=None, limit=BATCH
                ).items
            ],
        )
    for code, payer, owed, days_late in found:
        click.echo(f"{code} {payer} {owed} {days_late} d")
    click.echo(f"{len(found)} notes")
