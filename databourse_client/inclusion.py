"""Whether a line is in a published volume: a proof, the published root, nothing else.

    python inclusion.py PROOF.json RELEASE.json

PROOF.json holds one proof, or all that a merchant was handed for a release; RELEASE.json what
was published of it. Needs Python and this one file, no exchange and no package. Ends with 0 when
every line is in the total, 4 when a proof does not hold, 2 when it is not called so.

The scheme: a leaf is SHA-256(0 ‖ key ‖ part ‖ up ‖ back ‖ name), a node SHA-256(1 ‖ left ‖ right)
where each child is its hash and both its sums, and the root SHA-256(2 ‖ SHA-256(release) ‖ size ‖
the top). Sums have eight bytes, are never negative, and never overflow.
"""

import hashlib
import json
import sys
from base64 import b85decode, b85encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

FORMAT = 1
PARTS = 3
SUM_MAX = 2**63 - 1
FILE_MAX = 4 << 20
LINES_MAX = 1_000

_HASH = 32
_SEVEN_BITS = 127
_LONGEST = 9
"""So many bytes of seven bits hold every sum."""


class NotIncluded(Exception):
    """The proof does not show that the line is in the published total, and why."""


class Included(NamedTuple):
    """What was shown: this line, in fen, is in the total of the release."""

    release: str
    line: str
    up: int
    back: int

    @property
    def amount(self) -> int:
        """What is left of the line."""
        return self.up - self.back


class _Node(NamedTuple):
    told: bytes
    up: int
    back: int

    def packed(self) -> bytes:
        return self.told + self.up.to_bytes(8, "big") + self.back.to_bytes(8, "big")


def check(proof: Any, published: Any) -> Included:
    """Return what a proof shows of a published release. Raises NotIncluded.

    Both as JSON tells them. published: format, release, root, size, up, back, total; what else
    a release says is not looked at. Costs some eighty hashes.
    """
    total = _Node(b"", _number(published, "up"), _number(published, "back"))
    size = _number(published, "size")
    if _text(proof, "release") != _text(published, "release"):
        raise NotIncluded("the proof is about another release")
    if _field(published, "total", int) != total.up - total.back:
        raise NotIncluded("the published total is not what was counted less what was taken back")
    if not _number(proof, "format") == _number(published, "format") == FORMAT:
        raise NotIncluded("written in another format")
    secret = _hex(_text(proof, "key"))
    parts = _field(proof, "parts", list)
    if len(parts) != PARTS:
        raise NotIncluded(f"not {PARTS} parts")
    up = back = 0
    for number, part in enumerate(parts):
        leaf = _leaf(secret, number, part, _text(proof, "line"))
        top = _climb(leaf, part, size)
        if (top.up, top.back) != (total.up, total.back):
            raise NotIncluded("the sums on the way do not come to the published ones")
        if _root(_text(published, "release"), size, top) != _hex(_text(published, "root")):
            raise NotIncluded("the way does not lead to the published root")
        up, back = up + leaf.up, back + leaf.back
    return Included(_text(proof, "release"), _text(proof, "line"), up, back)


def check_all(proofs: Any, published: Any) -> list[Included]:
    """Return what a merchant's proofs show of a published release, each line. Raises NotIncluded.

    Besides each proof: no line is there twice, and the sums that are told of them all are theirs.
    published: the release as it was made known; its tree, or the whole of it.
    """
    tree = published.get("tree", published) if isinstance(published, Mapping) else published
    if not isinstance(proofs, Mapping) or "lines" not in proofs:
        return [check(proofs, tree)]
    lines = _field(proofs, "lines", list)
    if not 0 < len(lines) <= LINES_MAX:
        raise NotIncluded("no line, or more than can be")
    found = [check(one, tree) for one in lines]
    if len({one.line for one in found}) != len(found):
        raise NotIncluded("a line is there twice")
    sums = (sum(one.up for one in found), sum(one.back for one in found))
    if sums != (_number(proofs, "up"), _number(proofs, "back")):
        raise NotIncluded("the lines do not add up to what is told of them")
    return found


def _leaf(secret: bytes, number: int, part: Any, name: str) -> _Node:
    up, back = _number(part, "up"), _number(part, "back")
    told = b"\x00" + secret + bytes([number]) + _Node(b"", up, back).packed() + name.encode()
    return _Node(hashlib.sha256(told).digest(), up, back)


def _climb(leaf: _Node, part: Any, size: int) -> _Node:
    at, node = _number(part, "at"), leaf
    if at >= size:
        raise NotIncluded("a leaf beyond the last one")
    path = _path(_text(part, "path"))
    while size > 1:
        if at ^ 1 < size:
            neighbour, path = _next(path)
            left, right = (neighbour, node) if at & 1 else (node, neighbour)
            node = _parent(left, right)
        at, size = at // 2, (size + 1) // 2
    if path:
        raise NotIncluded("the way is longer than the tree is high")
    return node


def _parent(left: _Node, right: _Node) -> _Node:
    up, back = left.up + right.up, left.back + right.back
    if max(up, back) > SUM_MAX:
        raise NotIncluded("a sum overflows")
    told = hashlib.sha256(b"\x01" + left.packed() + right.packed()).digest()
    return _Node(told, up, back)


def _root(release: str, size: int, top: _Node) -> bytes:
    named = hashlib.sha256(release.encode()).digest()
    return hashlib.sha256(b"\x02" + named + size.to_bytes(8, "big") + top.packed()).digest()


def _path(text: str) -> bytes:
    try:
        found = b85decode(text)
    except ValueError as error:
        raise NotIncluded("a way that cannot be read") from error
    if b85encode(found).decode() != text:
        raise NotIncluded("a way that is spelled in another way")
    return found


def _next(path: bytes) -> tuple[_Node, bytes]:
    told, rest = path[:_HASH], path[_HASH:]
    if len(told) != _HASH:
        raise NotIncluded("the way ends too early")
    up, rest = _sum(rest)
    back, rest = _sum(rest)
    return _Node(told, up, back), rest


def _sum(path: bytes) -> tuple[int, bytes]:
    """Read one sum, of seven bits a byte, the lowest first; each has one spelling."""
    found = 0
    for place, byte in enumerate(path[:_LONGEST]):
        found |= (byte & _SEVEN_BITS) << 7 * place
        if byte <= _SEVEN_BITS:
            if place and not byte:
                break
            return found, path[place + 1 :]
    raise NotIncluded("a sum that cannot be read")


def _number(told: Any, name: str) -> int:
    found: int = _field(told, name, int)
    if not 0 <= found <= SUM_MAX:
        raise NotIncluded(f"{name} is negative, or too large")
    return found


def _text(told: Any, name: str) -> str:
    found: str = _field(told, name, str)
    try:
        found.encode()
    except UnicodeEncodeError as error:
        raise NotIncluded(f"{name} is no text") from error
    return found


def _field(told: Any, name: str, kind: type) -> Any:
    found = told.get(name) if isinstance(told, Mapping) else None
    if not isinstance(found, kind) or isinstance(found, bool):
        raise NotIncluded(f"{name} is missing, or is no {kind.__name__}")
    return found


def _hex(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != _HASH or found.hex() != text:
        raise NotIncluded("a hash or key that is none")
    return found


def _read(path: str) -> Any:
    with Path(path).open("rb") as file:
        content = file.read(FILE_MAX + 1)
    if len(content) > FILE_MAX:
        raise NotIncluded(f"{path} is larger than a proof or a release can be")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NotIncluded(f"{path} is no JSON") from error


def main(paths: list[str]) -> int:
    """Check the proof in one file against the release in another; return the exit status."""
    if len(paths) != 2:
        sys.stderr.write("usage: inclusion.py PROOF.json RELEASE.json\n")
        return 2
    try:
        found = check_all(*map(_read, paths))
    except (NotIncluded, OSError) as error:
        sys.stderr.write(f"not shown: {error}\n")
        return 4
    for one in found:
        sys.stdout.write(f"{one.line}: {one.amount} fen are in the total of {one.release}\n")
    if len(found) > 1:
        sys.stdout.write(f"{len(found)} lines: {sum(one.amount for one in found)} fen\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
