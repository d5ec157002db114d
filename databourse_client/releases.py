"""A published release of volume, computed again from its two published files.

    python releases.py RELEASE.json INPUT.txt [HASH]

Needs Python and this one file, no exchange and no package. INPUT.txt holds the blinded counted
lines; out of it come the hash of the input, the root of the tree and the total, which must be
what RELEASE.json says, and so must every league's sum, rank and share. HASH: that of the release
as it was made known elsewhere, such as in the journal. Ends with 0 when all is the same, 4 when
anything is not, 2 when it is not called so.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from struct import Struct
from typing import Any

FORMAT = 1
WHOLE_BP = 10_000
SUM_MAX = 2**63 - 1
DOCUMENT_MAX = 16 << 20

_NODE = Struct(">32sQQ")
_PAIR = Struct(">32xQQ32xQQ")
_HASH = 64
_LINE_MAX = 256


class NotTheSame(Exception):
    """The files do not come to what was published, and why."""


def recompute(release: Path, lines: Path, expected: str | None = None) -> dict[str, Any]:
    """Return hash, input hash, root and total of a release, computed from its files.

    Raises NotTheSame at the first thing that is not as it was published. A million lines take
    some twenty seconds, and 300 MB.
    """
    content = _document(release)
    told = _parsed(content)
    found = hashlib.sha256(content).hexdigest()
    if expected is not None and found != expected:
        raise NotTheSame(f"the document has the hash {found}")
    input_hash, leaves = _input(lines, str(told.get("release")))
    if input_hash != told.get("input_hash"):
        raise NotTheSame(f"the input has the hash {input_hash}")
    tree = grown(leaves, str(told.get("release")))
    if tree != told.get("tree"):
        raise NotTheSame(f"the lines come to another tree: {json.dumps(tree)}")
    total = tree["total"] if tree else 0
    _figures(told, total)
    for league in _list(told, "leagues"):
        _league(league, total)
    return {
        "release": told["release"],
        "hash": found,
        "input_hash": input_hash,
        "root": tree["root"] if tree else None,
        "on_exchange_fen": total,
        "leaves": tree["size"] if tree else 0,
    }


def grown(leaves: bytes, release: str) -> dict[str, Any] | None:
    """Return what is published of the tree over these leaves; None of none."""
    level = leaves
    if not level:
        return None
    while len(level) > _NODE.size:
        level = _above(level)
    _, up, back = _NODE.unpack(level)
    size = len(leaves) // _NODE.size
    named = hashlib.sha256(release.encode()).digest()
    root = hashlib.sha256(b"\x02" + named + size.to_bytes(8, "big") + level).hexdigest()
    return {
        "format": FORMAT,
        "release": release,
        "root": root,
        "size": size,
        "up": up,
        "back": back,
        "total": up - back,
    }


def _above(below: bytes) -> bytes:
    step, sha256, made = 2 * _NODE.size, hashlib.sha256, bytearray()
    whole = len(below) // step * step
    for start in range(0, whole, step):
        left_up, left_back, right_up, right_back = _PAIR.unpack_from(below, start)
        up, back = left_up + right_up, left_back + right_back
        if max(up, back) > SUM_MAX:
            raise NotTheSame("a sum overflows")
        made += _NODE.pack(sha256(b"\x01" + below[start : start + step]).digest(), up, back)
    made += below[whole:]
    return bytes(made)


def _document(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(DOCUMENT_MAX + 1)
    if len(content) > DOCUMENT_MAX:
        raise NotTheSame("larger than a release can be")
    return content


def _parsed(content: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NotTheSame("the release is no JSON") from error
    if not isinstance(told, Mapping):
        raise NotTheSame("the release is no object")
    spelled = json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    if spelled.encode("utf-8", "surrogatepass") != content:
        raise NotTheSame("the release is not spelled in the one way")
    if told.get("format") != FORMAT:
        raise NotTheSame("written in another format")
    return told


def _input(path: Path, release: str) -> tuple[str, bytes]:
    """Return the hash of an input file, and its leaves."""
    told, leaves, last = hashlib.sha256(), bytearray(), b""
    with path.open("rb") as file:
        head = file.readline(_LINE_MAX)
        if head != f"databourse-volume-input {FORMAT} {release}\n".encode():
            raise NotTheSame("the input is that of another release")
        told.update(head)
        for line in iter(lambda: file.readline(_LINE_MAX), b""):
            told.update(line)
            leaf = _leaf(line)
            if leaf <= last:
                raise NotTheSame("the leaves are not in the order of their hashes")
            leaves += leaf
            last = leaf
    return told.hexdigest(), bytes(leaves)


def _leaf(line: bytes) -> bytes:
    try:
        name, up, back = line.decode("ascii").removesuffix("\n").split(" ")
        leaf = _NODE.pack(bytes.fromhex(name), int(up), int(back))
    except Exception as error:
        raise NotTheSame("a line of the input that cannot be read") from error
    if len(name) != _HASH or f"{name} {int(up)} {int(back)}\n".encode() != line:
        raise NotTheSame("a line of the input that is spelled in another way")
    if max(int(up), int(back)) > SUM_MAX:
        raise NotTheSame("a sum is more than a column holds")
    return leaf


def _figures(told: Mapping[str, Any], total: int) -> None:
    figures = _map(told, "figures")
    if figures.get("on_exchange_fen") != total:
        raise NotTheSame("what was traded on the exchange is not the sum of its lines")
    registered = figures.get("registered_fen")
    headline = None if registered is None else total + int(registered)
    if figures.get("headline_fen") != headline:
        raise NotTheSame("the headline is not both parts together")


def _league(league: Any, total: int) -> None:
    kind, places, others = league.get("kind"), _list(league, "places"), _map(league, "others")
    shown = [place for place in places if "masked" not in place]
    if sum(_number(place, "value_fen") for place in shown) + _number(others, "value_fen") != total:
        raise NotTheSame(f"the league of {kind} does not add up to the total")
    for place in shown:
        value = _number(place, "value_fen")
        share = _half_up(max(0, value) * WHOLE_BP, total) if total > 0 else 0
        if _number(place, "share_bp") != share:
            raise NotTheSame(f"a share in the league of {kind} is another")
    for position, rank in enumerate(_ranks(places)):
        if rank != _number(places[position], "rank"):
            raise NotTheSame(f"a rank in the league of {kind} is another")
    values = [_number(place, "value_fen") for place in shown]
    if values != sorted(values, reverse=True):
        raise NotTheSame(f"the league of {kind} is not in order")


def _ranks(places: list[Any]) -> Iterator[int]:
    """Yield the ranks that places can have: 1, 2, 2, 4; of what is hidden, what it says."""
    before: Mapping[str, Any] | None = None
    for position, place in enumerate(places, start=1):
        rank = _number(place, "rank")
        hidden = "masked" in place or before is None or "masked" in before
        if hidden:
            tied = before is not None and rank == _number(before, "rank")
            yield rank if tied else position
        elif before is not None and place.get("value_fen") == before.get("value_fen"):
            yield _number(before, "rank")
        else:
            yield position
        before = place


def _half_up(part: int, whole: int) -> int:
    return (2 * part + whole) // (2 * whole)


def _number(told: Any, name: str) -> int:
    found = told.get(name) if isinstance(told, Mapping) else None
    if not isinstance(found, int) or isinstance(found, bool):
        raise NotTheSame(f"{name} is no number")
    return found


def _list(told: Any, name: str) -> list[Any]:
    found = told.get(name) if isinstance(told, Mapping) else None
    if not isinstance(found, list):
        raise NotTheSame(f"{name} is no list")
    return found


def _map(told: Any, name: str) -> Mapping[str, Any]:
    found = told.get(name) if isinstance(told, Mapping) else None
    if not isinstance(found, Mapping):
        raise NotTheSame(f"{name} is no object")
    return found


def main(given: list[str]) -> int:
    """Compute a release again from two files, tell what it comes to; return the exit status."""
    if len(given) not in {2, 3}:
        sys.stderr.write("usage: releases.py RELEASE.json INPUT.txt [HASH]\n")
        return 2
    try:
        found = recompute(Path(given[0]), Path(given[1]), *given[2:])
    except (NotTheSame, OSError) as error:
        sys.stderr.write(f"not the same: {error}\n")
        return 4
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
