"""Products as DCAT 3 data sets: JSON-LD or Turtle, read into rows and written from them. Pure.

What DCAT has words for is said in them; the rest in names of our own, one for each column.
A context is never fetched: a file brings its own, or uses prefixes.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCAT, DCTERMS, RDF
from rdflib.term import Node

from marketplace.shelving.cells import COLUMNS
from marketplace.shelving.problems import Row

OWN: Final = "urn:databourse:listing:"
"""Where the names of our own begin; what follows is a column."""

FREQUENCIES: Final[Mapping[str, str]] = {
    "CONT": "realtime", "UPDATE_CONT": "realtime", "HOURLY": "hourly", "DAILY": "daily",
    "WEEKLY": "weekly", "BIMONTHLY": "semi_monthly", "MONTHLY": "monthly",
    "QUARTERLY": "quarterly", "ANNUAL_2": "semi_annual", "ANNUAL": "annual",
    "IRREG": "irregular", "NEVER": "static",
}  # fmt: skip
"""The last part of an address of the European list of frequencies → ours."""

_KINDS: Final = {DCAT.Dataset: "dataset", DCAT.DataService: "api"}


class BadGraph(Exception):
    """A file that is no such graph, or asks for something to be fetched."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def read(text: str, kind: str) -> Iterator[Row]:
    """Yield the data sets and services of a graph, by identifier. kind: "json-ld" or "turtle"."""
    if kind == "json-ld":
        _check_contexts(text)
    graph = Graph()
    try:
        graph.parse(data=text, format=kind)
    except Exception as error:
        first = (str(error).splitlines() or ["?"])[0][:120]
        raise BadGraph(f"无法读取：{first}", f"it cannot be read: {first}") from error
    subjects = {
        subject: product_type
        for rdf_type, product_type in _KINDS.items()
        for subject in graph.subjects(RDF.type, rdf_type)
    }
    for number, subject in enumerate(sorted(subjects, key=str), 1):
        yield Row(number, _cells(graph, subject, subjects[subject]))


def written(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as Turtle, which `read` reads again."""
    graph = Graph()
    graph.bind("dcat", DCAT)
    graph.bind("dct", DCTERMS)
    graph.bind("own", OWN)
    for row in rows:
        subject = URIRef(f"urn:databourse:product:{_quoted(str(row['code']))}")
        graph.add((subject, RDF.type, DCAT.Dataset))
        graph.add((subject, DCTERMS.identifier, Literal(row["code"])))
        for column, language in (("title_zh", "zh"), ("title_en", "en")):
            graph.add((subject, DCTERMS.title, Literal(row.get(column, ""), lang=language)))
        graph.add((subject, DCTERMS.description, Literal(row.get("intro", ""), lang="zh")))
        for column, value in row.items():
            if column not in {"code", "title_zh", "title_en", "intro"} and value not in ("", None):
                graph.add((subject, URIRef(OWN + column), Literal(value)))
    return graph.serialize(format="turtle")


def check_unpacked(content: bytes, most: int) -> None:
    """Raise ValueError for what is no archive, or one that unpacks to more than `most` bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            unpacked = sum(entry.file_size for entry in opened.infolist())
    except zipfile.BadZipFile as error:
        raise ValueError("no archive") from error
    if unpacked > most:
        raise ValueError(f"it unpacks to {unpacked} bytes")


def _cells(graph: Graph, subject: Node, product_type: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "code": _one(graph, subject, DCTERMS.identifier) or str(subject),
        "title_zh": _said(graph, subject, DCTERMS.title, "zh"),
        "title_en": _said(graph, subject, DCTERMS.title, "en"),
        "intro": _said(graph, subject, DCTERMS.description, "zh"),
        "product_type": product_type,
        "industry": _last(_one(graph, subject, DCAT.theme)),
        "region_coverage": [_last(str(each)) for each in graph.objects(subject, DCTERMS.spatial)],
    }
    often = _last(_one(graph, subject, DCTERMS.accrualPeriodicity))
    found["update_frequency"] = FREQUENCIES.get(often, often)
    period = graph.value(subject, DCTERMS.temporal)
    if period is not None:
        found["temporal_from"] = _one(graph, period, DCAT.startDate)
        found["temporal_to"] = _one(graph, period, DCAT.endDate)
    for predicate, value in graph.predicate_objects(subject):
        name = str(predicate).removeprefix(OWN)
        if str(predicate).startswith(OWN):
            found[name if name in COLUMNS else name[:64]] = str(value)
    return {column: value for column, value in found.items() if value not in ("", [])}


def _one(graph: Graph, subject: Node, predicate: Node) -> str:
    found = graph.value(subject, predicate)
    return "" if found is None else str(found)


def _said(graph: Graph, subject: Node, predicate: Node, language: str) -> str:
    literals = [each for each in graph.objects(subject, predicate) if isinstance(each, Literal)]
    for each in sorted(literals, key=str):
        if (each.language or "zh").split("-")[0] == language:
            return str(each)
    return ""


def _last(address: str) -> str:
    return address.rstrip("/").replace("#", "/").rpartition("/")[2]


def _quoted(code: str) -> str:
    return "".join(c if c.isalnum() or c in "-._~" else f"%{ord(c):X}" for c in code)


def _check_contexts(text: str) -> None:
    try:
        queue = [json.loads(text)]
    except (ValueError, RecursionError) as error:
        raise BadGraph("不是有效的 JSON", "this is no valid JSON") from error
    while queue:
        found = queue.pop()
        if isinstance(found, list):
            queue.extend(found)
        elif isinstance(found, dict):
            if _is_remote(found.get("@context")) or "@import" in found:
                raise BadGraph(
                    "不读取外部 @context，请把它写在文件内",
                    "an @context elsewhere is not fetched; write it into the file",
                )
            queue.extend(found.values())


def _is_remote(context: Any) -> bool:
    named = context if isinstance(context, list) else [context]
    return any(isinstance(each, str) for each in named)
