"""`databourse bills`: draw up the bills of a month, by hand instead of by the timetable."""

import click

from config.settings import Settings

BATCH = 200


@click.group()
def bills() -> None:
    """Bills of metered use."""


@bills.command("run")
@click.option("--period", help="A month that has ended, as 2026-07; the last one if not said.")
@click.pass_obj
def run(settings: Settings, period: str | None) -> None:
    """Draw up the bills of a month; what is billed already stays as it is."""
    from app import house, unit
    from app.reactions import SUBSCRIBERS, WITNESSES
    from kernel.actor import SYSTEM
    from kernel.errors import DomainError
    from settlement.metering import billing

    built = house.build(settings, SUBSCRIBERS, WITNESSES)
    try:
        made = unit.committed(
            built,
            SYSTEM,
            lambda work: [
                (bill.code, bill.order_code, str(bill.amount))
                for bill in billing.run(work, period=period, limit=BATCH)
            ],
        )
    except DomainError as error:
        raise click.ClickException(f"{error.zh} {error.en}") from error
    finally:
        built.engines.dispose()
    for code, order, amount in made:
        click.echo(f"{code} {order} {amount}")
    click.echo(f"{len(made)} bills")
