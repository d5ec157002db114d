"""What may be taken away (开放目录): lists of what there is, each with licence and checksum.

A list is made from the books when it is asked for and held for FRESH, so that what the page
says of it is what is then downloaded. It is written in codes and both languages, the same for
every reader: two processes that see the same books make the same bytes. In a demonstration
the files that its samples come from are here too, under their publishers' licences.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, current_app, render_template, request, send_file
from werkzeug.exceptions import NotFound

from app import doors, languages, unit
from app.pages import spreadsheets
from app.pages.face import samples
from app.sharing import profiles
from catalogue import directories
from catalogue.directories import DirectoryVersion
from kernel.clock import Instant
from kernel.pages import Page
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from licensing.disclosing import register
from marketplace import products

blueprint = Blueprint("open_data", __name__)

ROWS_MAX: Final = 100_000
"""Rows of one list; the newest beyond them are left out, and the page says so."""

BATCH: Final = 500
FRESH: Final = timedelta(minutes=5)
CSV: Final = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A list as it was made. sha256: in hexadecimal, of `content`."""

    at: Instant
    content: bytes
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A list that may be taken: what it is called, its media type, and what makes it."""

    title: Words
    media: str
    make: Callable[[Work], tuple[bytes, int]]


@blueprint.get("/open")
@doors.public
def page() -> Any:
    """Show what may be taken away. At most what all lists cost to make, once in FRESH."""
    work = unit.current()
    house = unit.house().settings
    lists = [
        {"name": name, "title": languages.said(offered.title), "found": _snapshot(work, name)}
        for name, offered in LISTS.items()
    ]
    return render_template(
        "face/open.html",
        lists=lists,
        rows_max=ROWS_MAX,
        licence=house.open_licence,
        samples=[] if house.production else _samples(),
    )


@blueprint.get("/open/SHA256SUMS")
@doors.public
def checksums() -> Response:
    """Give the checksums of all lists, as `sha256sum --check` reads them."""
    work = unit.current()
    lines = [f"{_snapshot(work, name).sha256}  {name}\n" for name in LISTS]
    return doors.answer_text("".join(lines), "text/plain; charset=utf-8")


@blueprint.get("/open/<name>")
@doors.public
def download(name: str) -> Any:
    """Send a list; its checksum stands in Repr-Digest and in its tag."""
    if name not in LISTS:
        raise NotFound
    found = _snapshot(unit.current(), name)
    response: Response = current_app.response_class(found.content, content_type=LISTS[name].media)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return _kept(response, found.sha256)


@blueprint.get("/open/samples/<name>")
@doors.public
def sample(name: str) -> Any:
    """Send a file that the demonstration's samples come from. Never in production."""
    if name not in samples.FILES or unit.house().settings.production:
        raise NotFound
    path = samples.FOLDER / samples.FILES[name].path
    response = send_file(path, as_attachment=True, download_name=name, conditional=True)
    return _kept(response, _sha256(path))


def _kept(response: Response, sha256: str) -> Response:
    digest = base64.b64encode(bytes.fromhex(sha256)).decode()
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    response.headers["Cache-Control"] = f"public, max-age={int(FRESH.total_seconds())}"
    response.set_etag(sha256)
    return response.make_conditional(request)  # type: ignore[return-value]  # the same response


def _snapshot(work: Work, name: str) -> Snapshot:
    held: dict[str, Snapshot] = current_app.extensions.setdefault("open_lists", {})
    found = held.get(name)
    if found is None or not timedelta(0) <= work.now - found.at < FRESH:
        content, rows = LISTS[name].make(work)
        found = held[name] = Snapshot(work.now, content, rows, hashlib.sha256(content).hexdigest())
    return found


@lru_cache(maxsize=32)
def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _samples() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "title": languages.said(one.title),
            "licence": one.licence,
            "source": one.source,
            "rows": one.rows,
            "size": (samples.FOLDER / one.path).stat().st_size,
            "sha256": _sha256(samples.FOLDER / one.path),
        }
        for name, one in samples.FILES.items()
        if (samples.FOLDER / one.path).exists()
    ]


def _all(find: Callable[[str | None, int], Page[Any]]) -> Iterator[Any]:
    after, told = None, 0
    while told < ROWS_MAX:
        page = find(after, min(BATCH, ROWS_MAX - told))
        yield from page.items
        told, after = told + len(page.items), page.next
        if after is None:
            return


def _written(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> tuple[bytes, int]:
    return spreadsheets.answer("csv", "list", header, rows).get_data(), len(rows)


def _named(work: Work, ids: set[str]) -> dict[str, Words]:
    return organisations.names(work.session, ids)


def _in_force(work: Work) -> list[DirectoryVersion]:
    found = _all(lambda after, limit: directories.in_force(work.session, after=after, limit=limit))
    return sorted(found, key=lambda one: one.directory.code)


def _directories(work: Work) -> tuple[bytes, int]:
    found = _in_force(work)
    named = _named(work, {one.department_id for one in found})
    rows: list[tuple[Any, ...]] = [
        (
            one.directory.code, one.number, one.content.title_zh, one.content.title_en,
            named[one.department_id].zh, named[one.department_id].en, one.content.industry,
            one.content.open_type, one.content.share_type, one.content.update_frequency,
            one.content.format, " ".join(one.content.spatial), one.published_at,
        )
        for one in found
    ]  # fmt: skip
    return _written(
        ("code", "version", "title_zh", "title_en", "department_zh", "department_en", "industry",
         "open_type", "share_type", "update_frequency", "format", "regions", "published_at"),
        rows,
    )  # fmt: skip


def _dcat(work: Work) -> tuple[bytes, int]:
    """Return the directories as a catalogue of DCAT 3, in JSON-LD."""
    found, base = _in_force(work), profiles.base()
    named = _named(work, {one.department_id for one in found})
    datasets = [
        {
            "@id": f"{base}/api/directories/{one.directory_id}",
            "@type": "dcat:Dataset",
            "dct:identifier": one.directory.code,
            "dct:title": _both(Words(one.content.title_zh, one.content.title_en)),
            "dct:description": one.content.abstract,
            "dct:publisher": {"@type": "foaf:Agent", "foaf:name": _both(named[one.department_id])},
            "dcat:version": str(one.number),
            "dcat:keyword": list(one.content.keywords),
            "dct:issued": one.published_at.isoformat() if one.published_at else None,
        }
        for one in found
    ]
    told = {
        "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/",
                     "foaf": "http://xmlns.com/foaf/0.1/"},
        "@id": f"{base}/open/directories.jsonld",
        "@type": "dcat:Catalog",
        "dct:license": f"https://spdx.org/licenses/{unit.house().settings.open_licence}",
        "dcat:dataset": datasets,
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, indent=1).encode(), len(datasets)


def _both(words: Words) -> list[dict[str, str]]:
    return [{"@language": "zh", "@value": words.zh}, {"@language": "en", "@value": words.en}]


def _products(work: Work) -> tuple[bytes, int]:
    found = list(_all(
        lambda after, limit: products.listed(work.session, after=after, limit=limit)
    ))  # fmt: skip
    named = _named(work, {one.owner_id for one in found})
    rows = [
        (
            one.code, one.current.title_zh, one.current.title_en, named[one.owner_id].zh,
            named[one.owner_id].en, one.current.product_type, one.current.industry,
            one.current.application_field, one.current.grade, one.current.pi_class,
            one.current.delivery_mode, one.current.update_frequency,
            one.current.price_plan["kind"], one.listed_at,
        )
        for one in sorted(found, key=lambda one: one.code)
    ]  # fmt: skip
    return _written(
        ("code", "title_zh", "title_en", "merchant_zh", "merchant_en", "type", "industry",
         "field", "grade", "personal_information", "delivery", "update_frequency", "price_kind",
         "listed_at"),
        rows,
    )  # fmt: skip


def _authorisations(work: Work) -> tuple[bytes, int]:
    found = list(_all(
        lambda after, limit: register.authorised(work.session, after=after, limit=limit)
    ))  # fmt: skip
    rights = [one.authorisation for one in found]
    named = _named(work, {party for one in rights for party in (one.grantee_id, one.operator_id)})
    rows = [
        (
            right.cert_no, one.scenario_code, one.title, one.kind, named[right.grantee_id].zh,
            named[right.operator_id].zh, right.purpose_code, one.items, right.valid_from,
            right.valid_to, str(right.state),
        )
        for one, right in sorted(zip(found, rights, strict=True), key=lambda each: each[1].cert_no)
    ]  # fmt: skip
    return _written(
        ("certificate", "scenario", "title", "kind", "grantee", "operator", "purpose", "items",
         "valid_from", "valid_to", "state"),
        rows,
    )  # fmt: skip


LISTS: Final = {
    "directories.csv": Offered(
        Words("公共数据目录", "Directories of public data"), CSV, _directories
    ),
    "directories.jsonld": Offered(
        Words("公共数据目录（DCAT 3）", "Directories of public data (DCAT 3)"),
        "application/ld+json",
        _dcat,
    ),
    "products.csv": Offered(Words("在架数据产品", "Products listed"), CSV, _products),
    "authorisations.csv": Offered(
        Words("授权登记", "Register of authorisations"), CSV, _authorisations
    ),
}
