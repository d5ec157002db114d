"""Evidence packs at the console: made in somebody's name, verified without the exchange."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from app.commands import opening
from config.settings import Settings

if TYPE_CHECKING:
    from kernel.work import Work
    from settlement.evidence.checks import Verdict


@click.group()
def evidence() -> None:
    """Evidence packs: signed files about an order, a deal, an asset or a period."""


@evidence.command("pack")
@click.argument("subject", metavar="SUBJECT")
@click.option("--out", type=click.Path(dir_okay=False), required=True, help="Where it is put.")
@click.option("--as", "login", required=True, help="The login of who asks, and sees it.")
@click.pass_obj
def pack(settings: Settings, subject: str, out: str, login: str) -> None:
    """Make the pack of an order, deal, asset ("ord_…") or own period (2026-07-01..2026-07-31)."""
    from app import unit
    from marketplace.proving import making
    from settlement.evidence import packs

    with opening.telling(), opening.opened(settings) as house:
        asked = making.read(subject)

        def command(work: "Work") -> tuple[str, bytes]:
            made = making.make(work, asked, settings.base_url.rstrip("/"))
            work.session.flush()  # it is read back as it is kept
            told = f"{made.number} {made.file_count} files, sha256 {made.digest}"
            return told, packs.content(work, made.id)[1]

        told, content = unit.committed(house, opening.acting(house, login), command)
        Path(out).write_bytes(content)
        click.echo(told)


@evidence.command("verify")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False))
@click.option("--keys", "key_set", type=click.File(), required=True, help="The JWK set, as JSON.")
@click.option("--json", "as_json", is_flag=True)
def verify(path: str, key_set: TextIO, *, as_json: bool) -> None:
    """Verify a pack offline; exit status 4 unless all holds, and every fault with its file."""
    from licensing.papers import tokens
    from settlement.evidence import checks

    try:
        keys = checks.public_keys(tokens.strict_json(key_set.read()))
    except (tokens.Untrusted, ValueError) as error:
        raise click.UsageError(f"--keys: {error}") from error
    told = checks.examine(_bounded(path), keys)
    if as_json:
        click.echo(json.dumps(_plain(told), ensure_ascii=False))
    else:
        for one in told.findings:
            click.echo(f"{one.code} {one.where}: {one.words.en}")
        seen = f"{told.files} files, {told.entries} entries, {told.proofs} proofs"
        click.echo(f"{told.number or path}: {seen}, {told.events} events", err=True)
    sys.exit(0 if told.ok else 4)


def _bounded(path: str) -> bytes:
    """Read no more than a pack can have, and one byte, by which it is too large."""
    from settlement.evidence import archive

    with Path(path).open("rb") as file:
        return file.read(archive.FILE_MAX + 1)


def _plain(told: "Verdict") -> dict[str, object]:
    names = ("ok", "number", "about", "subject", "issued_to", "files", "entries", "proofs",
             "events")  # fmt: skip
    findings = [{"code": one.code, "at": one.where} for one in told.findings]
    return {**{name: getattr(told, name) for name in names}, "findings": findings}
