"""Paths in a Merkle tree (RFC 6962): from one leaf to the root, by its neighbours."""

from collections.abc import Sequence

from kernel.crypto import CryptoProvider


def levels(leaves: Sequence[str], crypto: CryptoProvider) -> list[list[str]]:
    """Return every level of the tree over `leaves` (hexadecimal, some), the leaves first.

    A node without a neighbour goes up as it is, so that the last level is the root that
    `kernel.evidence.merkle_root` returns.
    """
    found = [list(leaves)]
    while len(found[-1]) > 1:
        below = found[-1]
        above = [
            _parent(left, right, crypto)
            for left, right in zip(below[::2], below[1::2], strict=False)
        ]
        found.append(above + (below[-1:] if len(below) % 2 else []))
    return found


def path(tree: Sequence[Sequence[str]], position: int) -> tuple[tuple[bool, str], ...]:
    """Return the neighbours on the way up from the leaf at `position`.

    Each says whether it stands on the left; levels without a neighbour are left out.
    """
    found = []
    for level in tree[:-1]:
        neighbour = position ^ 1
        if neighbour < len(level):
            found.append((neighbour < position, level[neighbour]))
        position //= 2
    return tuple(found)


def climb(leaf: str, up: Sequence[tuple[bool, str]], crypto: CryptoProvider) -> str:
    """Return the root to which the path leads from the leaf."""
    node = leaf
    for on_the_left, neighbour in up:
        pair = (neighbour, node) if on_the_left else (node, neighbour)
        node = _parent(*pair, crypto)
    return node


def _parent(left: str, right: str, crypto: CryptoProvider) -> str:
    return crypto.digest(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right))
