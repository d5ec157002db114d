"""The document of a release: all that is published of it, in one spelling, and its hash.

Two hashes: that of the input file, which holds the counted lines blinded as ADR 50 has them, and
that of the document, which names the first one. Whoever has both files computes both hashes,
the root and every sum again (`databourse_client/releases.py`), and the exchange does the same
from its ledger.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from kernel.crypto import canonical
from kernel.parties import organisations
from kernel.work import Rules
from marketplace import boards, products
from marketplace.counting.spans import Span
from marketplace.releasing import figures, inputs, masking, shelves, sumtree
from marketplace.releasing.inputs import Made
from marketplace.releasing.masking import Disclosure
from marketplace.releasing.sumtree import Tree

FORMAT: Final = 1
CODE: Final = "databourse-volume/1"
"""The version of what computes a release; another number, when any figure would be another."""

_HIDDEN: Final = ("excluded", "registered", "registered_excluded")
"""Figures that a single trader could stand behind, and that are then not told."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a period comes to. counted and the rest: fen, all of it, for who prepares.

    told: the figures as they may be made known. traders: organisations that trade counts of.
    """

    made: Made
    trades: int
    frees: int
    deals: int
    traders: int
    told: dict[str, Any]
    leagues: list[dict[str, Any]]


def rule(rules: Rules) -> Disclosure:
    """Return the rules of disclosure in force."""
    return Disclosure(
        organisations_min=rules.number("releases.organisations_min"),
        dominant_bp=rules.number("releases.dominant_bp"),
        places_max=rules.number("releases.places_max"),
    )


def draw(session: Session, span: Span, watermark: int, disclosure: Disclosure) -> Drawn:
    """Compute the figures of a period from its moves. Eight SELECTs, each over all of them."""
    made = inputs.made(session, span, watermark)
    trades = frees = deals = 0
    inside: dict[str, set[str]] = {name: set() for name in ("counted", *_HIDDEN)}
    for pair in figures.read_pairs(session, span, watermark):
        apart = "registered" if pair.registered else "counted"
        aside = "registered_excluded" if pair.registered else "excluded"
        for name, fen in ((apart, pair.counted), (aside, pair.excluded)):
            if fen:
                inside[name] |= {pair.merchant_id, pair.buyer_id}
        deals += pair.trades if pair.registered else 0
        trades += 0 if pair.registered else pair.trades
        frees += 0 if pair.registered else pair.frees
    leagues = [
        masking.league(
            kind, figures.read_stands(session, kind, span, watermark), made.counted, disclosure
        )
        for kind in figures.LEAGUES
    ]
    few = {name for name in _HIDDEN if 0 < len(inside[name]) < disclosure.organisations_min}
    told = {
        "on_exchange_fen": made.counted,
        "trades": trades,
        "free_orders": frees,
        "excluded_fen": None if "excluded" in few else made.excluded,
        "registered_fen": None if "registered" in few else made.registered,
        "registered_deals": None if "registered" in few else deals,
        "registered_excluded_fen": (
            None if "registered_excluded" in few else made.registered_excluded
        ),
        "headline_fen": None if "registered" in few else made.counted + made.registered,
        "masked": sorted(few),
    }
    return Drawn(made, trades, frees, deals, len(inside["counted"]), told, leagues)


def grow(session: Session, release_id: str, span: Span, watermark: int, seed: bytes) -> Tree | None:
    """Grow the tree over the counted lines of a period; None where nothing counts."""
    try:
        return sumtree.build(release_id, inputs.lines(session, span, watermark), seed)
    except sumtree.NotCountable as error:
        if str(error) == "no line":
            return None
        raise


def written(
    head: dict[str, Any], drawn: Drawn, disclosure: Disclosure, tree: Tree | None, names: Any
) -> tuple[str, str, str]:
    """Return the document, its hash, and that of the input file. Pure.

    head: id, period, watermark, reason. names: key → both names, as they were when it was
    prepared.
    """
    input_hash = _digest(input_file(str(head["release"]), tree_leaves(tree)))
    document = head | {
        "format": FORMAT,
        "digest": drawn.made.digest,
        "moves": drawn.made.moves,
        "disclosure": asdict(disclosure),
        "figures": drawn.told,
        "leagues": drawn.leagues,
        "names": names,
        "input_hash": input_hash,
        "tree": tree.published() if tree else None,
    }
    text = canonical(document).decode()
    return text, hashlib.sha256(text.encode()).hexdigest(), input_hash


def tree_leaves(tree: Tree | None) -> Iterator[bytes]:
    """Yield the leaves of a tree that is in memory."""
    level = tree.levels[0] if tree else b""
    return (sumtree.node(level, place) for place in range(tree.size if tree else 0))


def input_file(release_id: str, leaves: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the published input of a release: a line of heading, then a line for each leaf.

    A leaf: its hash, what of it was counted up, what was taken back, in fen, one blank apart.
    """
    yield f"databourse-volume-input {FORMAT} {release_id}\n".encode()
    for leaf in leaves:
        told, up, back = sumtree.opened(leaf)
        yield f"{told} {up} {back}\n".encode()


def kept_input_hash(session: Session, release_id: str) -> str:
    """Return the hash of the input file as its tiles give it out. One SELECT, streamed."""
    return _digest(input_file(release_id, shelves.leaves(session, release_id)))


def read(document: str) -> dict[str, Any]:
    """Return what a document says."""
    found: dict[str, Any] = json.loads(document)
    return found


def named(session: Session, leagues: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return kind → key → both names, of what the leagues show. Three SELECTs."""
    shown = {
        each["kind"]: [place["key"] for place in each["places"] if place.get("key")]
        for each in leagues
    }
    words = {
        "merchants": organisations.names(session, shown["merchants"]),
        "products": products.titles(session, shown["products"]),
        "boards": {key: name for key, (_, name) in boards.names(session, shown["boards"]).items()},
    }
    return {
        kind: {key: [name.zh, name.en] for key, name in found.items()}
        for kind, found in words.items()
    }


def _digest(pieces: Iterable[bytes]) -> str:
    told = hashlib.sha256()
    for piece in pieces:
        told.update(piece)
    return told.hexdigest()
