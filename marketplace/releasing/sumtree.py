"""A Merkle sum tree over counted lines: each is in the total, and none is shown. Pure.

Every line is cut into three parts at random places, every part is a blinded leaf, and the leaves
lie in the order of their hashes. A node commits to the hashes and the sums of both its children,
in two columns that are never negative: what was counted up, and what was taken back. So no leaf
can make another one vanish, and whoever knows a line's secret finds its three leaves under the
root. The hash is SHA-256 for every exchange: outsiders check with what they have (ADR 50;
`databourse_client/inclusion.py` is the same written for them, and knows nothing of this).
"""

import hashlib
import hmac
from base64 import b85encode
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final, Protocol

from kernel.crypto import canonical

PARTS: Final = 3
FORMAT: Final = 1
SUM_MAX: Final = 2**63 - 1
"""No sum of a column may be more."""

SEED_BYTES: Final = 32

_NODE: Final = Struct(">32sQQ")
NODE_BYTES: Final = _NODE.size
_PAIR: Final = Struct(">32xQQ32xQQ")
_LEAF: Final = Struct(">c32sBQQ")
_CUTS: Final = Struct(">QQQQ")
_LEAF_MARK, _INNER_MARK, _ROOT_MARK, _CUT_MARK = (bytes([mark]) for mark in range(4))


class NotCountable(ValueError):
    """Lines of which no tree can be made: negative, too much, out of order, or none."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one line counts in a release, in fen. name: unique in it."""

    name: str
    up: int
    back: int

    @property
    def amount(self) -> int:
        """What is left of it, maybe less than nothing."""
        return self.up - self.back


class Grown(Protocol):
    """A tree, in memory or kept in tiles (`shelves`), of which proofs can be made."""

    @property
    def release(self) -> str:
        """The name of what it was grown for."""
        ...

    def place(self, leaf: bytes) -> int | None:
        """Return where a leaf lies; None where it doesn't."""
        ...

    def beside(self, at: int) -> Iterator[bytes]:
        """Yield the neighbours of a leaf on its way up, where it has one."""
        ...


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree as it was built. levels: the leaves first, 48 bytes a node, the top last."""

    release: str
    levels: Sequence[bytes]

    @property
    def size(self) -> int:
        """How many leaves."""
        return len(self.levels[0]) // _NODE.size

    def place(self, leaf: bytes) -> int | None:
        """Return where a leaf lies; None where it doesn't."""
        at = bisect_left(range(self.size), leaf, key=lambda place: node(self.levels[0], place))
        return at if at < self.size and node(self.levels[0], at) == leaf else None

    def beside(self, at: int) -> Iterator[bytes]:
        """Yield the neighbours of a leaf on its way up, where it has one."""
        for level in self.levels[:-1]:
            if (at ^ 1) * NODE_BYTES < len(level):
                yield node(level, at ^ 1)
            at //= 2

    @property
    def up(self) -> int:
        """All that was counted up."""
        return int(_NODE.unpack(self.levels[-1])[1])

    @property
    def back(self) -> int:
        """All that was taken back."""
        return int(_NODE.unpack(self.levels[-1])[2])

    @property
    def total(self) -> int:
        """What is left."""
        return self.up - self.back

    @property
    def root(self) -> str:
        """The hash to be published; it commits to the release, the size and both sums too."""
        told = _named(self.release) + self.size.to_bytes(8, "big") + self.levels[-1]
        return hashlib.sha256(_ROOT_MARK + told).hexdigest()

    def published(self) -> dict[str, Any]:
        """Return what a verifier needs besides a proof."""
        return {
            "format": FORMAT,
            "release": self.release,
            "root": self.root,
            "size": self.size,
            "up": self.up,
            "back": self.back,
            "total": self.total,
        }


def build(release: str, lines: Iterable[Line], seed: bytes) -> Tree:
    """Build the tree of a release. Three leaves a line, some 450 bytes while it is built.

    lines: in the order of their names, which are unique. seed: the release's own secret, of
    SEED_BYTES; the same seed and lines give the same tree. Raises NotCountable.
    """
    leaves: list[bytes] = []
    last, up, back = None, 0, 0
    for line in lines:
        if last is not None and line.name <= last:
            raise NotCountable(f"{line.name} does not come after {last}")
        _check(line)
        last, up, back = line.name, up + line.up, back + line.back
        leaves += leaves_of(line, key(line.name, seed))
    if not leaves:
        raise NotCountable("no line")
    if max(up, back) > SUM_MAX:
        raise NotCountable("the sum is more than a column holds")
    leaves.sort()
    return grown(release, b"".join(leaves))


def grown(release: str, leaves: bytes) -> Tree:
    """Return the tree over leaves as they were laid, 48 bytes each: hash, up, back."""
    levels = [leaves]
    while len(levels[-1]) > _NODE.size:
        levels.append(_above(levels[-1]))
    return Tree(release, levels)


def node(level: bytes, place: int) -> bytes:
    """Return one node of a level: hash, up, back."""
    return level[place * NODE_BYTES : (place + 1) * NODE_BYTES]


def opened(leaf: bytes) -> tuple[str, int, int]:
    """Return a node's hash in hexadecimal digits, and both its sums."""
    name, up, back = _NODE.unpack(leaf)
    return name.hex(), up, back


def key(name: str, seed: bytes) -> bytes:
    """Return the secret of one line, for its owner: it opens this line's leaves and no other."""
    return hmac.digest(seed, name.encode(), "sha256")


def proof(tree: Grown, line: Line, secret: bytes) -> dict[str, Any]:
    """Return what shows its owner that a line is in the tree; less than 4 KB as JSON.

    secret: the line's (`key`). Some 25 steps for each part. Raises KeyError when it is not in.
    """
    parts = []
    for leaf in leaves_of(line, secret):
        at = tree.place(leaf)
        if at is None:
            raise KeyError(line.name)
        _, up, back = _NODE.unpack(leaf)
        path = b85encode(_path(tree.beside(at))).decode()
        parts.append({"at": at, "up": up, "back": back, "path": path})
    told = {"format": FORMAT, "release": tree.release, "line": line.name}
    return told | {"key": secret.hex(), "parts": parts}


def proof_bytes(told: dict[str, Any]) -> int:
    """Return how long a proof is as it is handed out."""
    return len(canonical(told))


def _check(line: Line) -> None:
    if not (0 <= line.up <= SUM_MAX and 0 <= line.back <= SUM_MAX):
        raise NotCountable(f"{line.name} is negative, or more than a column holds")


def leaves_of(line: Line, secret: bytes) -> list[bytes]:
    """Return the three leaves of a line, 48 bytes each, as its secret cuts and blinds them."""
    cuts = _CUTS.unpack(hashlib.sha256(_CUT_MARK + secret).digest())
    ups, backs = _cut(line.up, *cuts[:2]), _cut(line.back, *cuts[2:])
    name = line.name.encode()
    return [
        _NODE.pack(
            hashlib.sha256(_LEAF.pack(_LEAF_MARK, secret, part, up, back) + name).digest(), up, back
        )
        for part, (up, back) in enumerate(zip(ups, backs, strict=True))
    ]


def _cut(amount: int, one: int, other: int) -> tuple[int, int, int]:
    low, high = one % (amount + 1), other % (amount + 1)
    if low > high:
        low, high = high, low
    return low, high - low, amount - high


def _above(below: bytes) -> bytes:
    """Return the level above; a node without a neighbour goes up as it is."""
    step, sha256, made = 2 * _NODE.size, hashlib.sha256, bytearray()
    whole = len(below) // step * step
    for start in range(0, whole, step):
        left_up, left_back, right_up, right_back = _PAIR.unpack_from(below, start)
        told = sha256(_INNER_MARK + below[start : start + step]).digest()
        made += _NODE.pack(told, left_up + right_up, left_back + right_back)
    made += below[whole:]
    return bytes(made)


def _path(neighbours: Iterable[bytes]) -> bytes:
    """Return the neighbours on the way up: each its hash and its two sums, seven bits a byte."""
    found = bytearray()
    for neighbour in neighbours:
        told, up, back = _NODE.unpack(neighbour)
        found += told + _short(up) + _short(back)
    return bytes(found)


def _short(number: int) -> bytes:
    """Return a number as LEB128."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


def _named(release: str) -> bytes:
    return hashlib.sha256(release.encode()).digest()
