"""Packages at the console: a buyer's key pair and opening, an exchange's tracing of a leak."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from app.commands import opening
from config.settings import Settings

if TYPE_CHECKING:
    from delivery.packages.marks import Match

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def package() -> None:
    """Encrypted packages: make a key pair, open one, tell from which one a file came."""


@package.command("keygen")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True,
              help="Where the secret key is put; it must not be there yet.")  # fmt: skip
def keygen(out: Path) -> None:
    """Make a key pair: the secret key stays in a file here, the public key is printed.

    Register the public key with the exchange. Whoever loses the secret key can open nothing.
    """
    from delivery.recipients import x25519

    secret, public = x25519.generate()
    try:
        out.touch(mode=0o600, exist_ok=False)
    except FileExistsError as error:
        raise click.ClickException(f"{out} is there already; it is not overwritten") from error
    out.write_text(f"# public key: {public}\n{secret}\n", "utf-8")
    click.echo(public)


@package.command("open")
@click.argument("path", metavar="FILE", type=_FILE)
@click.option("--key", "key_file", type=_FILE, required=True, help="The file of the secret key.")
@click.option("--out", type=click.Path(path_type=Path), help="A folder that is made for it.")
@click.option("--keys", "key_set", type=click.File(), help="The exchange's JWK set: its signature "
              "is checked.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True)
def open_(
    path: Path, key_file: Path, out: Path | None, key_set: TextIO | None, *, as_json: bool
) -> None:
    """Open a package offline; exit status 4 when it is not as it was sealed."""
    from delivery.packages import opening as packages
    from delivery.packages.age import NotOpened
    from delivery.recipients import x25519

    folder = out or Path(path.name.removesuffix(".tar.age") + ".opened")
    try:
        identity = x25519.secret(_secret(key_file))
        keys = _keys(key_set) if key_set is not None else None
        with path.open("rb") as source:
            found = packages.unpack(source, identity, folder, keys)
    except x25519.NotAKey as error:
        raise click.UsageError(f"--key: {error}") from error
    except FileExistsError as error:
        raise click.ClickException(f"{folder} is there already") from error
    except NotOpened as error:
        click.echo(f"{path}: {error}", err=True)
        sys.exit(4)
    if as_json:
        click.echo(json.dumps(dict(found.manifest), ensure_ascii=False))
    else:
        signer = f"signed by {found.signed_by}" if found.signed_by else "signature not checked"
        for name in found.files:
            click.echo(found.folder / name)
        click.echo(f"order {found.manifest.get('order')}, {signer}", err=True)


@package.command("trace")
@click.argument("path", metavar="FILE", type=_FILE)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def trace(settings: Settings, path: Path, *, as_json: bool) -> None:
    """Tell for which order a found CSV or Parquet file was made; exit status 4 when unsure.

    It proves which copy the rows come from, not who passed them on; sorted or shuffled rows
    tell nothing.
    """
    from app.sharing import tracing
    from delivery.packages import marks

    with opening.telling(), opening.opened(settings) as house:
        try:
            found = tracing.traced(house, path)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
    named = marks.named(found.matches)
    if as_json:
        told = {"named": named and named.package_id, "matches": found.matches[:20]}
        click.echo(json.dumps(told, default=_plain))
    else:
        for each in found.matches[:5]:
            order = found.orders[each.package_id]
            click.echo(f"{order} {each.package_id} {each.pairs} pairs, z {each.deviation:.1f}")
    if named is None:
        click.echo("no order can be named", err=True)
        sys.exit(4)
    click.echo(f"order {found.orders[named.package_id]}", err=as_json)


def _secret(path: Path) -> str:
    lines = path.read_text("utf-8", errors="replace").splitlines()[:100]
    return next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")


def _keys(key_set: TextIO) -> dict[str, bytes]:
    from licensing.papers import tokens
    from settlement.evidence import checks

    try:
        return checks.public_keys(tokens.strict_json(key_set.read()))
    except (tokens.Untrusted, ValueError) as error:
        raise click.UsageError(f"--keys: {error}") from error


def _plain(match: "Match") -> dict[str, object]:
    return {
        "package": match.package_id,
        "pairs": match.pairs,
        "agreeing": match.agreeing,
        "z_milli": round(1000 * match.deviation),
    }
