"""A release made again from the ledger, at its watermark: is it, to the letter, the same?"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from kernel.crypto import CryptoProvider
from marketplace.releasing import documents
from marketplace.releasing.releases import VolumeRelease

_COMPUTED = ("format", "digest", "moves", "disclosure", "figures", "leagues", "input_hash", "tree")


@dataclass(frozen=True, slots=True)
class Again:
    """What a release came to when it was made again. differs: the parts that are another."""

    hash: str
    input_hash: str
    root: str | None
    total_fen: int
    differs: tuple[str, ...]


def again(session: Session, crypto: CryptoProvider, found: VolumeRelease) -> Again:
    """Make a release again from the moves up to its watermark, with its own seed.

    Reads every move of the period, and grows the tree once more: half a minute for a million
    lines. Raises SealBroken when its seed cannot be opened.
    """
    told = found.told
    drawn = documents.draw(session, found.span, found.watermark, found.disclosure)
    seed = crypto.open(found.seed, found.id.encode())
    tree = documents.grow(session, found.id, found.span, found.watermark, seed)
    head = {name: value for name, value in told.items() if name not in (*_COMPUTED, "names")}
    document, made, input_hash = documents.written(
        head, drawn, found.disclosure, tree, told["names"]
    )
    now = documents.read(document)
    differs = [name for name in _COMPUTED if now[name] != told[name]]
    root = tree.root if tree else None
    differs += [
        name
        for name, kept, fresh in (
            ("hash", found.hash, made),
            ("kept input_hash", found.input_hash, input_hash),
            ("root", found.root, root),
            ("kept input", found.input_hash, documents.kept_input_hash(session, found.id)),
        )
        if kept != fresh
    ]
    total = drawn.made.counted + drawn.made.registered
    if total != found.total_fen:
        differs.append("total_fen")
    return Again(made, input_hash, root, total, tuple(differs))
