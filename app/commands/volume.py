"""`databourse volume`: whether the figures are what was traded, and what they are made of."""

import csv
import json
import sys
from dataclasses import asdict
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path

import click

from app.commands import opening
from config.settings import Settings

SHOWN_MAX = 100
LINES = 200


@click.group()
def volume() -> None:
    """Examine the volume of trade: recompute it, and compare it with the books."""


@volume.command("verify")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def verify(settings: Settings, *, as_json: bool) -> None:
    """Recompute every tally from the moves, and tie the moves to the books.

    Exit status 4 unless all is equal; at most 100 tallies that differ are named.
    """
    from marketplace import volume as figures

    with opening.opened(settings) as house, house.engines.reading() as session:
        found = islice(figures.differences(session), SHOWN_MAX)
        differ = [" ".join(part or "-" for part in key) for key in found]
        ties = figures.ties_out(session)
    if as_json:
        told = {"ok": ties and not differ, "ties_with_books": ties, "tallies_that_differ": differ}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        for one in differ:
            click.echo(f"TALLY_DIFFERS {one}")
        if not ties:
            click.echo("BOOKS_DIFFER the moves do not add up to accounts 9002 and 9003")
        click.echo(f"{len(differ)} tallies differ; the books tie: {'yes' if ties else 'no'}")
    sys.exit(0 if ties and not differ else 4)


@volume.command("set-aside")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def set_aside(settings: Settings, *, as_json: bool) -> None:
    """Set aside in the books, by entries of today, what does not count and stands on 9002 there.

    For books that were kept before version 0.1.0 counted by moves. May be run again: what is set
    aside is left alone.
    """
    from app import unit
    from kernel.actor import SYSTEM
    from marketplace.counting import aligning

    after: str | None = ""
    total, lines = 0, 0
    with opening.opened(settings) as house:
        while after is not None:
            page = partial(aligning.set_aside, after=after, limit=LINES)
            done, after = unit.committed(house, SYSTEM, page)
            total, lines = total + sum(one.amount.minor for one in done), lines + len(done)
            for one in done if not as_json else ():
                click.echo(f"SET_ASIDE {one.owner} {one.amount}")
    if as_json:
        click.echo(json.dumps({"lines": lines, "fen": total}))
    else:
        click.echo(f"{lines} lines were set aside in the books, {total} fen")


@volume.command("digest")
@click.argument("period")
@click.option("--round", "number", type=click.IntRange(0), help="Up to this round; else the last.")
@click.pass_obj
def digest(settings: Settings, period: str, number: int | None) -> None:
    """Tell sums and digest of a period's moves (M2026-07, Q2026-3, Y2026, A), as JSON.

    The same period and round give the same digest for ever. Moves that wait for a round are
    told, and are not in it.
    """
    from marketplace.counting import spans
    from marketplace.releasing import inputs

    with (
        opening.telling(),
        opening.opened(settings) as house,
        house.engines.reading() as session,
    ):
        span = spans.parse(period)
        watermark = inputs.last_round(session) if number is None else number
        inputs.check(session, watermark)
        made = inputs.made(session, span, watermark)
        told = {"period": span.code, "round": watermark, "waiting": inputs.waiting(session, span)}
    click.echo(json.dumps(told | asdict(made)))


@volume.command("recompute")
@click.argument("release")
@click.argument("input_file", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option("--hash", "expected", help="The hash as it was made known elsewhere.")
@click.pass_obj
def recompute(
    settings: Settings, release: str, input_file: str | None, expected: str | None
) -> None:
    """Make a published release again, and tell its hashes, root and total as JSON.

    RELEASE is its id: it is made again from the ledger, at its watermark. Or it is the file of
    its document, with that of its input: then nothing but the two files is read.

    Exit status 4 when anything is another than it was published.
    """
    if input_file is not None:
        from databourse_client import releases as outside

        sys.exit(outside.main([release, input_file, *([expected] if expected else [])]))
    from marketplace.releasing import recomputing, releases

    with (
        opening.telling(),
        opening.opened(settings) as house,
        house.engines.reading() as session,
    ):
        found = releases.find(session, release)
        made = recomputing.again(session, house.crypto, found)
    differs = [*made.differs, *(["expected"] if expected not in {None, made.hash} else [])]
    click.echo(json.dumps({"release": release, **asdict(made), "differs": differs}))
    sys.exit(4 if differs else 0)


@volume.command("prove")
@click.argument("proof", type=click.Path(exists=True, dir_okay=False))
@click.argument("release", type=click.Path(exists=True, dir_okay=False))
def prove(proof: str, release: str) -> None:
    """Verify a merchant's proofs against the document of a release; both are files.

    Exit status 4 when a line is not in the published total.
    """
    from databourse_client import inclusion

    sys.exit(inclusion.main([proof, release]))


@volume.command("snapshot")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
def snapshot(settings: Settings, folder: Path) -> None:
    """Write what is new since the last snapshot into a folder, as Parquet by year and month."""
    from marketplace.counting import snapshots

    folder.mkdir(parents=True, exist_ok=True)
    with (
        opening.telling(),
        opening.opened(settings) as house,
        house.engines.reading() as session,
    ):
        made = snapshots.append(session, folder)
    told = {"watermark": made.watermark, "moves": made.moves, "files": len(made.files)}
    click.echo(json.dumps(told))


@volume.command("cut")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--by", default="", help="Dimensions, parted by commas: fields,regions,months …")
@click.option("--measure", "measures", default="counted,trades", help="counted, trades, excluded …")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), required=True)
@click.option("--to", "until", type=click.DateTime(["%Y-%m-%d"]), required=True)
def cut(folder: Path, by: str, measures: str, since: datetime, until: datetime) -> None:
    """Add up a snapshot by any dimensions between two days, both included; tells CSV."""
    from marketplace.counting import snapshots

    dimensions, figures = ([each for each in told.split(",") if each] for told in (by, measures))
    with opening.telling():
        rows = snapshots.cut(
            folder, by=dimensions, measures=figures, since=since.date(), until=until.date()
        )
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([*dimensions, *figures])
    writer.writerows(rows)
