"""`databourse rails`, `refunds`, `reconcile`: what an operator looks at and does about money."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from app.commands import acting, opening
from config.settings import Settings

if TYPE_CHECKING:
    from kernel.work import Work
    from settlement.reconciling.breaks import Break
    from settlement.refunding.rows import Refund

EXPORTED_MAX: Final = 10_000
_ACTING: Final = click.option(
    "--as", "login", required=True, help="The settlement officer's login."
)
_REFUND: Final = ("id", "reference", "state", "kind", "order_id", "payer_id", "amount_fen",
                  "currency", "rail", "requested_at", "ended_on", "maker", "checker",
                  "reason", "failure")  # fmt: skip


@click.group()
def rails() -> None:
    """Look at providers of payments: what they are told, what they notified, what is stuck."""


@rails.command("poll")
@click.pass_obj
def poll(settings: Settings) -> None:
    """Look at every provider now, and work out what was found."""
    _tell_rails(settings, "poll", open_only=False)


@rails.command("commands")
@click.option("--open", "open_only", is_flag=True, help="Only what is not done yet, or stuck.")
@click.pass_obj
def commands(settings: Settings, *, open_only: bool) -> None:
    """List the latest commands to providers, a JSON object a line."""
    _tell_rails(settings, "commands", open_only=open_only)


@rails.command("inbox")
@click.option("--open", "open_only", is_flag=True, help="Only what is not worked out yet.")
@click.pass_obj
def inbox(settings: Settings, *, open_only: bool) -> None:
    """List the latest notices of providers, a JSON object a line."""
    _tell_rails(settings, "inbox", open_only=open_only)


@rails.command("retry")
@click.argument("what", metavar="COMMAND|PROVIDER/EVENT|inbox")
@_ACTING
@click.pass_obj
def retry(settings: Settings, what: str, login: str) -> None:
    """Send a command again, or work a notice out again; "inbox" for all that is stuck there.

    A stuck command that pays money out is sent once two officers have said so.
    """
    from settlement.rails import commands as given
    from settlement.rails import inbox as notices

    def command(work: "Work") -> str:
        if what == "inbox":
            return f"{notices.retry_stuck(work)} notices"
        provider, slash, event_id = what.partition("/")
        if slash:
            notices.retry(work, provider, event_id)
            return f"{event_id}: waiting"
        found = given.retry(work, what)
        another = " (another officer must say so too)" if found.state == "stuck" else ""
        return f"{found.id}: {found.state}{another}"

    click.echo(acting.done(settings, login, command))


@click.group()
def refunds() -> None:
    """List, show and save refunds; they are asked for and approved at the desk."""


@refunds.command("list")
@click.option("--state", help="Only those in one state, as sent or failed.")
@click.pass_obj
def list_refunds(settings: Settings, state: str | None) -> None:
    """List the latest refunds, one a line."""
    for one in _refunds(settings, state, acting.ROWS_MAX):
        where = one["order_id"] or one["payer_id"] or "-"
        amount = f"{one['currency']} {one['amount_fen'] / 100:.2f}"
        click.echo(f"{one['id']} {one['reference']} {one['state']} {amount} {where}")


@refunds.command("show")
@click.argument("refund_id", metavar="REFUND")
@click.pass_obj
def show_refund(settings: Settings, refund_id: str) -> None:
    """Show one refund as a JSON object."""
    from kernel.actor import SYSTEM
    from settlement.refunding import refunds as desk

    with opening.telling(), opening.opened(settings) as house, house.engines.reading() as session:
        shown = _refund(desk.seen(house.work(session, SYSTEM), refund_id))
    click.echo(json.dumps(shown, ensure_ascii=False))


@refunds.command("export")
@click.option("--state", help="Only those in one state.")
@click.pass_obj
def export_refunds(settings: Settings, state: str | None) -> None:
    """Write the refunds as CSV, the newest first."""
    written = io.StringIO()
    writer = csv.DictWriter(written, _REFUND, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_refunds(settings, state, EXPORTED_MAX))
    click.echo(written.getvalue(), nl=False)


@click.group()
def reconcile() -> None:
    """Reconcile up to a day, list what does not agree, close a day."""


@reconcile.command("run")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@_ACTING
@click.pass_obj
def run(settings: Settings, day: datetime, login: str) -> None:
    """Reconcile everything that is not closed, up to a day."""
    from settlement.reconciling import runs

    def command(work: "Work") -> str:
        made = runs.run(work, day.date())
        days = f"{made.first_on} to {made.day}"
        return f"{made.id}: {days}: {made.found} found, {made.blocking} blocking"

    click.echo(acting.done(settings, login, command))


@reconcile.command("breaks")
@click.option("--state", help="Only those in one state: open, explained, cleared.")
@click.option("--leg", help="Only those of one leg: trade, provider, bank …")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
@click.pass_obj
def list_breaks(settings: Settings, state: str | None, leg: str | None, *, as_json: bool) -> None:
    """List what does not agree, the oldest first."""
    from kernel.actor import SYSTEM
    from kernel.clock import local_date
    from settlement.reconciling import breaks
    from settlement.reconciling.facts import Leg

    asked: dict[str, Any] = {
        "state": acting.one_of(state, breaks.State, "--state"),
        "leg": acting.one_of(leg, Leg, "--leg"),
    }  # fmt: skip
    with opening.opened(settings) as house, house.engines.reading() as session:
        work = house.work(session, SYSTEM)
        today = local_date(work.now)
        found = breaks.listed(work, **asked, after=None, limit=acting.ROWS_MAX).items
        lines = [_break(it, breaks.age(it, work.calendar, today)) for it in found]
    for line in lines:
        told = (f"{line['id']} {line['leg']} {line['type']} {line['key']} {line['difference_fen']}"
                f" {line['currency']} {line['age_wd']} wd {line['state']}")  # fmt: skip
        click.echo(json.dumps(line, ensure_ascii=False) if as_json else told)


@reconcile.command("close")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@_ACTING
@click.pass_obj
def close(settings: Settings, day: datetime, login: str) -> None:
    """Close a day for good; another officer than the one who reconciled it."""
    from settlement.reconciling import closings

    def command(work: "Work") -> str:
        made = closings.close(work, day.date())
        return f"{made.id}: {made.day} closed, {made.entry_count} entries, {made.root}"

    click.echo(acting.done(settings, login, command))


def _tell_rails(settings: Settings, what: str, *, open_only: bool) -> None:
    from app.rails import told

    with opening.opened(settings) as house:
        for line in told.LINES[what](house, open_only=open_only):
            click.echo(line)


def _refunds(settings: Settings, state: str | None, at_most: int) -> Iterator[dict[str, Any]]:
    from kernel.actor import SYSTEM
    from settlement.refunding import refunds as desk

    wanted = acting.one_of(state, desk.State, "--state")
    with opening.opened(settings) as house, house.engines.reading() as session:
        work, after, left = house.work(session, SYSTEM), None, at_most
        while left:
            page = desk.listed(work, state=wanted, after=after, limit=min(left, acting.ROWS_MAX))
            yield from map(_refund, page.items)
            left -= len(page.items)
            if not (after := page.next):
                return


def _refund(one: "Refund") -> dict[str, Any]:
    told = {
        **{name: getattr(one, name, None) for name in _REFUND},
        "amount_fen": one.amount.minor,
        "currency": one.amount.currency,
    }
    return {name: acting.plain(value) for name, value in told.items()}


def _break(it: "Break", age_wd: int) -> dict[str, Any]:
    names = ("id", "state", "leg", "type", "key", "left_minor", "right_minor", "currency", "day",
             "owner", "cause")  # fmt: skip
    told = {**{name: getattr(it, name) for name in names}, "age_wd": age_wd}
    return {key: acting.plain(value) for key, value in told.items()} | {
        "difference_fen": it.difference.minor
    }
