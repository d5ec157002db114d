"""Bank statements at the console: tried, or imported, in the name of a settlement officer."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands import opening
from config.settings import Settings

if TYPE_CHECKING:
    from kernel.work import Work
    from settlement.bank.desk import Verdict


@click.command()
@click.argument("act", type=click.Choice(["preview", "import"]))
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False))
@click.option("--as", "login", required=True, help="The settlement officer's login.")
@click.option("--profile", default="", help="Of the bank, where the columns do not tell.")
@click.pass_obj
def bank(settings: Settings, act: str, path: str, login: str, profile: str) -> None:
    """Try or import a statement: CAMT.053, MT940, CSV, XLSX; exit status 3 when it is refused."""
    from app import unit
    from settlement.bank import intake

    content = Path(path).read_bytes()

    def command(work: "Work") -> list[str]:
        account = work.rules.text("settlement.custody_account")
        if act == "import":
            made = intake.import_statement(work, account=account, text=content, profile=profile)
            return [f"{made.id}: {made.number}, {made.line_count} lines, closes at {made.closing}"]
        told = intake.preview(work, account=account, text=content, profile=profile)
        return [*map(_line, told.verdicts), f"{told.read.number} closes at {told.read.closing}"]

    with opening.telling(), opening.opened(settings) as house:
        for line in unit.committed(house, opening.acting(house, login), command):
            click.echo(line)


def _line(verdict: "Verdict") -> str:
    line = verdict.line
    named = ", ".join(part.payment.reference for part in verdict.parts) or verdict.target
    found = " ".join(part for part in (verdict.kind or "", named, verdict.note or "") if part)
    return f"{line.row}: {line.booked_on} {line.amount} {line.bank_ref}: {found}"
