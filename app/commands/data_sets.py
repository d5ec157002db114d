"""Data sets at the console: a table mounted where it lies, looked at, and told of."""

import json
from typing import TYPE_CHECKING, Any

import click

from app.commands import opening
from config.settings import Settings

if TYPE_CHECKING:
    from app.house import House


@click.group("data-set")
def data_set() -> None:
    """Mount tables where they lie: a folder or a bucket that the operator has opened."""


@data_set.command("roots")
@click.pass_obj
def roots(settings: Settings) -> None:
    """List the folders and buckets that may be mounted from."""
    with opening.telling(), opening.opened(settings) as house:
        for each in house.roots.values():
            click.echo(f"{each.name}\t{each.kind.value}\t{each.endpoint}{'/' * bool(each.endpoint)}"
                       f"{each.path}")  # fmt: skip


@data_set.command("mount")
@click.argument("root")
@click.argument("path")
@click.option("--title", required=True, help="What the data set is called.")
@click.option("--as", "login", required=True, help="The merchant's login.")
@click.option("--access-key-id", default="", help="Of a bucket; its secret is asked for.")
@click.pass_obj
def mount(
    settings: Settings, root: str, path: str, *, title: str, login: str, access_key_id: str
) -> None:
    """Register the table at PATH below ROOT, look at it, and say what was found.

    Exit status 3 when it cannot be read.
    """
    from app import unit
    from delivery.locations import locations
    from delivery.locations.stores import Keys

    secret = ""
    if access_key_id:
        secret = click.prompt("secret access key", hide_input=True, err=True)
    with opening.telling(), opening.opened(settings) as house:
        if root not in house.roots:
            raise click.UsageError(f"no root {root}; there are: {', '.join(house.roots) or 'none'}")
        location_id = unit.committed(
            house,
            opening.acting(house, login),
            lambda work: (
                locations.register(
                    work,
                    house.roots[root],
                    path=path,
                    title=title,
                    keys=Keys(access_key_id, secret),
                ).id
            ),
        )
        _tell(_looked(house, location_id))


@data_set.command("refresh")
@click.argument("location_id")
@click.option("--as", "login", required=True, help="The merchant's login.")
@click.pass_obj
def refresh(settings: Settings, location_id: str, login: str) -> None:
    """Look at a location now; what it holds becomes a version, if it is another."""
    from app import unit
    from delivery.locations import locations

    with opening.telling(), opening.opened(settings) as house:
        unit.committed(
            house,
            opening.acting(house, login),
            lambda work: locations.refresh(work, location_id).id,
        )
        _tell(_looked(house, location_id))


@data_set.command("prune")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@click.pass_obj
def prune(settings: Settings, *, dry_run: bool) -> None:
    """Remove the rows of versions that nobody may read any more, as the timetable does daily.

    Loaded long ago, named by no product that is reviewed or sold, never ordered, not held.
    """
    from app.intake import pruning

    with opening.telling(), opening.opened(settings) as house:
        if dry_run:
            for each in pruning.due(house):
                click.echo(f"{each.dataset_id}\t{each.number}\t{each.owner_id}\t{each.rows}"
                           f"\t{each.size_bytes}\t{each.title}")  # fmt: skip
            return
        done = pruning.prune(house)
    click.echo(f"{done.versions} versions and {done.strays} strays removed,"
               f" {done.freed_bytes} bytes")  # fmt: skip


@data_set.command("hold")
@click.argument("dataset_id")
@click.option("--reason", required=True, help="The proceeding, audit or inquiry.")
@click.option("--as", "login", required=True, help="The officer's login.")
@click.pass_obj
def hold(settings: Settings, dataset_id: str, *, reason: str, login: str) -> None:
    """Keep the rows of a data set, whatever the rules say, until it is released."""
    from app import unit
    from delivery.tables import removals

    with opening.telling(), opening.opened(settings) as house:
        made = unit.committed(
            house,
            opening.acting(house, login),
            lambda work: removals.hold(work, dataset_id, reason).id,
        )
    click.echo(made)


@data_set.command("release")
@click.argument("dataset_id")
@click.option("--as", "login", required=True, help="The officer's login.")
@click.pass_obj
def release(settings: Settings, dataset_id: str, login: str) -> None:
    """Let the rules hold for a data set again."""
    from app import unit
    from delivery.tables import removals

    with opening.telling(), opening.opened(settings) as house:
        made = unit.committed(
            house, opening.acting(house, login), lambda work: removals.lift(work, dataset_id).id
        )
    click.echo(made)


def _looked(house: "House", location_id: str) -> dict[str, Any]:
    from app.intake import mounting
    from delivery.locations import locations

    mounting.look_due(house)
    with house.engines.reading() as session:
        found = locations.find(session, location_id)
        return {
            "id": found.id,
            "state": str(found.state),
            "dataset": found.dataset_id,
            "problems": [{"code": each["code"], "said": each["en"]}
                         for each in found.problems or ()],
        }  # fmt: skip


def _tell(told: dict[str, Any]) -> None:
    click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    if told["state"] != "live" or told["problems"]:
        click.get_current_context().exit(3)
