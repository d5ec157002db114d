"""`databourse data`: what a buyer does at a terminal. Data go to files, progress to stderr.

Exit status: 0 done, 2 not used so, 3 refused by a rule, 4 not as it was sent, 5 not there,
6 not signed in, 7 the exchange does not answer.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import click

from databourse_client import clients, profiles
from databourse_client.clients import WAYS, Client, Way
from databourse_client.troubles import Problem, Trouble

if TYPE_CHECKING:
    import pandas as pd

_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
_PREVIEW_ROWS = 10


@click.group()
@click.option("--profile", help="A profile that was kept by login; DATABOURSE_PROFILE.")
@click.option("--url", help="The exchange; else DATABOURSE_URL, else the profile's.")
@click.pass_context
def data(context: click.Context, profile: str | None, url: str | None) -> None:
    """Find, read and download data over HTTP, as a buyer.

    Exit status: 3 refused, 4 damaged, 5 not there, 6 not signed in, 7 no answer.
    """
    context.obj = (profile, url)


@data.command("login")
@click.argument("url")
@click.option("--token", prompt=True, hide_input=True, help="Made at the account's page.")
@click.option("--allow-http", is_flag=True, help="Let the token travel unencrypted.")
@click.pass_obj
def login(asked: tuple[str | None, str | None], url: str, token: str, *, allow_http: bool) -> None:
    """Keep the exchange's address and your token, for your eyes alone; check them first."""
    from dataclasses import replace

    with telling():
        found = profiles.load(asked[0], url=url, token=token)
        me = Client(replace(found, allow_http=allow_http)).wire.get("/api/me")
        path = profiles.save(asked[0], url=url, token=token, allow_http=allow_http)
    click.echo(f"{me['organisation']}: {path}")


@data.command("search")
@click.argument("text")
@click.option("--kind", help="product, directory, demand or organisation.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100))
@_JSON
@click.pass_obj
def search(asked: Any, text: str, kind: str | None, limit: int, *, as_json: bool) -> None:
    """Look something up in the catalogue, in Chinese or English; needs no token."""
    with telling(as_json=as_json):
        found = _client(asked).search(text, kind=kind, limit=limit)
    if as_json:
        click.echo(json.dumps({"items": found}, ensure_ascii=False))
    for one in () if as_json else found:
        click.echo(f"{one['kind']:12} {one['id']}  {one['title_zh']} · {one['title_en']}")


@data.command("list")
@click.option("--order", help="Of this order alone.")
@_JSON
@click.pass_obj
def listed(asked: Any, order: str | None, *, as_json: bool) -> None:
    """List what was bought, newest first."""
    with telling(as_json=as_json):
        found = _client(asked).deliveries(order=order)
    if as_json:
        click.echo(json.dumps({"items": found}, ensure_ascii=False))
        return
    for one in found:
        title = f"{one['title_zh'] or ''} · {one['title_en'] or ''}"
        click.echo(f"{one['id']}  {one['state']:12} {one['mode']:12} {title}")
    if not found:
        click.echo("nothing was bought yet", err=True)


@data.command("sample")
@click.argument("product")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="CSV, Parquet, JSONL.")
@_JSON
@click.pass_obj
def sample(asked: Any, product: str, out: Path | None, *, as_json: bool) -> None:
    """Read the free sample of a product; needs no token."""
    with telling(as_json=as_json):
        frame = _client(asked).sample(product)
        _shown(frame, out, as_json=as_json)


@data.command("read")
@click.argument("what")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="CSV, Parquet, JSONL.")
@click.option("--columns", help="Of these columns alone: a,b,c.")
@click.option("--limit", help="So many rows; a charged interface wants it: a number, or all.")
@click.option("--way", type=click.Choice(WAYS), help="This way alone; else the first one open.")
@click.option("--since", help="Of public aggregates: the first day.")
@click.option("--until", help="Of public aggregates: the last day.")
@_JSON
@click.pass_obj
def read(
    asked: Any, /, what: str, out: Path | None, *, as_json: bool, **wishes: str | None
) -> None:
    """Read WHAT was bought (a delivery, an order, a product, a .share file) as a table."""
    columns, limit = wishes.pop("columns"), _limit(wishes.pop("limit"))
    way = cast("Way | None", wishes.pop("way"))
    period = {name: value for name, value in wishes.items() if value is not None}
    with telling(as_json=as_json), _progress() as progress:
        frame = _client(asked, progress).read(
            what, way=way, columns=columns.split(",") if columns else None, limit=limit, **period
        )
        _shown(frame, out, as_json=as_json)


@data.command("download")
@click.argument("what")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=".",
              show_default=True, help="The folder it is put into.")  # fmt: skip
@click.option("--way", type=click.Choice(["package", "hand"]), help="This way alone.")
@_JSON
@click.pass_obj
def download(asked: Any, what: str, folder: Path, way: str | None, *, as_json: bool) -> None:
    """Download WHAT was bought, opened and checked; a broken download is taken up again."""
    with telling(as_json=as_json), _progress() as progress:
        path = _client(asked, progress).download(what, folder, way=cast("Way | None", way))
    told = {"file": str(path), "size_bytes": path.stat().st_size}
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else str(path))


@data.command("try")
@click.argument("product")
@click.option("--for", "purpose", required=True, help="What the data would be used for.")
@_JSON
@click.pass_obj
def try_out(asked: Any, product: str, purpose: str, *, as_json: bool) -> None:
    """Take the free trial of PRODUCT, once; what is told is read like what was bought."""
    with telling(as_json=as_json):
        made = _client(asked).try_out(product, purpose)
    told = f"{made['task_id']} until {made['until']}"
    click.echo(json.dumps(made, ensure_ascii=False) if as_json else told)


@data.command("pack")
@click.argument("what")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=".",
              show_default=True, help="The folder it is put into.")  # fmt: skip
@_JSON
@click.pass_obj
def pack(asked: Any, what: str, folder: Path, *, as_json: bool) -> None:
    """Save the procurement pack of WHAT (a product, an order) as one zip, checked."""
    with telling(as_json=as_json):
        path = _client(asked).pack(what, folder)
    told = {"file": str(path), "size_bytes": path.stat().st_size}
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else str(path))


@contextmanager
def telling(*, as_json: bool = False) -> Iterator[None]:
    """Tell a trouble in one sentence on stderr, and end with its status; no traceback."""
    try:
        yield
    except Trouble as error:
        if as_json:
            told: dict[str, Any] = {"ok": False, "error": str(error), "status": error.status}
            if isinstance(error, Problem):
                told["refusals"] = [*error.refusals]
                told["request_id"] = error.request_id
            click.echo(json.dumps(told, ensure_ascii=False))
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.status)


@contextmanager
def _progress() -> Iterator[Any]:
    """Give what draws a bar on stderr, when somebody is there to see it."""
    shown = sys.stderr.isatty()
    last = ""

    def told(name: str, done: int, size: int | None) -> None:
        nonlocal last
        share = f"{100 * done // size:3}%" if size else f"{done:,}"
        filled = 30 * done // size if size else 0
        line = f"\r{name[-40:]:40} [{'#' * min(filled, 30):30}] {share}"
        if shown and line != last:
            click.echo(line, err=True, nl=False)
            last = line

    try:
        yield told
    finally:
        if last:
            click.echo("", err=True)


def _client(asked: tuple[str | None, str | None], progress: Any = None) -> Client:
    found = clients.connect(asked[1], profile=asked[0])
    found.progress = progress
    return found


def _limit(text: str | None) -> int | Literal["all"] | None:
    if text is None:
        return None
    if text == "all":
        return "all"
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise click.UsageError("--limit: a whole number from 1, or all")
    return int(text)


def _shown(frame: "pd.DataFrame", out: Path | None, *, as_json: bool) -> None:
    """Write a frame to its file, or show how it begins."""
    if out is not None:
        _written(frame, out)
    told = {"rows": len(frame), "columns": [str(name) for name in frame.columns]}
    if as_json:
        more = {"file": str(out)} if out else {"records": _records(frame)}
        click.echo(json.dumps({**told, **more}, ensure_ascii=False))
    elif out is not None:
        click.echo(f"{out}: {len(frame)} rows, {len(frame.columns)} columns", err=True)
    else:
        click.echo(frame.head(_PREVIEW_ROWS).to_string(index=False))
        click.echo(f"{len(frame)} rows; --out FILE keeps them", err=True)


def _records(frame: "pd.DataFrame") -> Sequence[Any]:
    text = frame.to_json(orient="records", date_format="iso", force_ascii=False)
    found: list[Any] = json.loads(text or "[]")
    return found


def _written(frame: "pd.DataFrame", out: Path) -> None:
    kind = out.suffix.lower()
    if kind == ".parquet":
        frame.to_parquet(out, index=False)
    elif kind in {".jsonl", ".ndjson"}:
        frame.to_json(out, orient="records", lines=True, date_format="iso", force_ascii=False)
    elif kind == ".csv":
        frame.to_csv(out, index=False)
    else:
        raise click.UsageError("--out: a name that ends in .csv, .parquet or .jsonl")
