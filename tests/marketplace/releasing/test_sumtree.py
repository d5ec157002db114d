"""The sum tree: every line is in the total, nothing can be changed, nobody else is shown."""

import copy
import json
import subprocess
import sys
from base64 import b85decode, b85encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import HOUSE
from databourse_client import inclusion
from marketplace.releasing import sumtree
from marketplace.releasing.sumtree import Line, NotCountable

SEED = b"s" * sumtree.SEED_BYTES
JULY = "rel_july"
FEN = st.integers(0, 10**13)
LINES = st.dictionaries(st.text(max_size=8), st.tuples(FEN, FEN), min_size=1, max_size=40)
SCRIPT = HOUSE / "databourse_client/inclusion.py"
PATIENCE_S = 60


def _lines(told: dict[str, tuple[int, int]]) -> list[Line]:
    return [Line(name, *told[name]) for name in sorted(told)]


def _some(count: int = 40) -> list[Line]:
    return [Line(f"oln_{n:04}", 1_000_000 + 7_919 * n, 100 * (n % 3)) for n in range(count)]


def _proof(lines: list[Line], line: Line) -> tuple[Any, Any]:
    tree = sumtree.build(JULY, lines, SEED)
    told = sumtree.proof(tree, line, sumtree.key(line.name, SEED))
    return json.loads(json.dumps(told)), json.loads(json.dumps(tree.published()))


def _neighbours(proof: Any) -> list[tuple[int, int]]:
    """Return both sums of everything that a proof shows besides its own leaves."""
    found = []
    for part in proof["parts"]:
        path = b85decode(part["path"])
        while path:
            node, path = inclusion._next(path)
            found.append((node.up, node.back))
    return found


@given(LINES)
@settings(max_examples=60, deadline=None)
def test_every_line_is_shown_to_be_in_a_total_that_is_the_sum(
    told: dict[str, tuple[int, int]],
) -> None:
    lines = _lines(told)

    tree = sumtree.build(JULY, lines, SEED)

    assert tree.size == sumtree.PARTS * len(lines)
    assert (tree.up, tree.back) == (sum(x.up for x in lines), sum(x.back for x in lines))
    assert tree.total == sum(line.amount for line in lines)
    for line in lines:
        proof = sumtree.proof(tree, line, sumtree.key(line.name, SEED))
        shown = inclusion.check(proof, tree.published())
        assert (shown.release, shown.line, shown.amount) == (JULY, line.name, line.amount)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_any_change_of_a_proof_or_of_what_was_published_is_found(data: st.DataObject) -> None:
    lines = _some(data.draw(st.integers(1, 30)))
    proof, published = _proof(lines, data.draw(st.sampled_from(lines)))
    held = copy.deepcopy((proof, published))
    part = data.draw(st.sampled_from(proof["parts"]))
    place = data.draw(
        st.sampled_from([(proof, "line"), (proof, "release"), (proof, "key"), (published, "root"),
                         (published, "release"), (published, "size"), (published, "up"),
                         (published, "back"), (published, "total"), (part, "at"), (part, "up"),
                         (part, "back"), (part, "path")])
    )  # fmt: skip

    _change(data, *place)

    assert (proof, published) != held
    with pytest.raises(inclusion.NotIncluded):
        inclusion.check(proof, published)


def _change(data: st.DataObject, told: Any, name: str) -> None:
    value = told[name]
    if isinstance(value, int):
        told[name] = value + data.draw(st.integers(-3, 3).filter(bool))
    elif name == "path" and value:
        path = bytearray(b85decode(value))
        path[data.draw(st.integers(0, len(path) - 1))] ^= data.draw(st.integers(1, 255))
        told[name] = b85encode(bytes(path)).decode()
    elif name in {"key", "root"}:
        told[name] = ("1" if value[0] == "0" else "0") + value[1:]
    else:
        told[name] = value + "0"


def test_sums_moved_from_one_neighbour_to_another_are_found() -> None:
    proof, published = _proof(_some(), _some()[5])
    part = proof["parts"][0]
    path = b85decode(part["path"])
    first, rest = inclusion._next(path)
    told = first.told + sumtree._short(first.up + 1) + sumtree._short(first.back + 1) + rest
    part["path"] = b85encode(told).decode()

    with pytest.raises(inclusion.NotIncluded):
        inclusion.check(proof, published)


def test_a_line_cannot_be_shown_by_another_ones_proof_or_by_a_part_twice() -> None:
    lines = _some()
    proof, published = _proof(lines, lines[0])
    other, _ = _proof(lines, lines[1])

    for changed in (
        proof | {"parts": other["parts"]},
        proof | {"key": other["key"]},
        proof | {"parts": [proof["parts"][0]] * sumtree.PARTS},
        proof | {"parts": proof["parts"][:2]},
        proof | {"parts": [*proof["parts"], proof["parts"][0]]},
    ):
        with pytest.raises(inclusion.NotIncluded):
            inclusion.check(changed, published)


@pytest.mark.parametrize(
    ("field", "value"),
    [("up", -1), ("up", 2**63), ("back", -1), ("up", 1.0), ("up", "1"), ("up", True), ("at", -1),
     ("at", 2**62), ("path", "é"), ("path", 3), ("path", None), ("path", "|" * 50_000)],
)  # fmt: skip
def test_what_is_no_number_negative_or_too_large_is_refused(field: str, value: Any) -> None:
    proof, published = _proof(_some(), _some()[3])
    proof["parts"][0][field] = value

    with pytest.raises(inclusion.NotIncluded):
        inclusion.check(proof, published)


@pytest.mark.parametrize("told", [None, [], "x", {}, {"parts": [1, 2, 3]}])
def test_what_is_no_proof_and_no_release_is_refused(told: Any) -> None:
    proof, published = _proof(_some(), _some()[3])

    with pytest.raises(inclusion.NotIncluded):
        inclusion.check(told, published)
    with pytest.raises(inclusion.NotIncluded):
        inclusion.check(proof, told)


def test_a_neighbour_that_overflows_is_refused_before_it_is_hashed() -> None:
    node = inclusion._Node(b"h" * 32, sumtree.SUM_MAX, 0)

    with pytest.raises(inclusion.NotIncluded, match="overflows"):
        inclusion._parent(node, inclusion._Node(b"h" * 32, 1, 0))


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [Line("a", -1, 0)],
        [Line("a", 0, -1)],
        [Line("a", 2**63, 0)],
        [Line("a", 2**62, 0), Line("b", 2**62, 0)],
        [Line("a", 0, 2**62), Line("b", 0, 2**62)],
        [Line("a", 1, 0), Line("a", 1, 0)],
        [Line("b", 1, 0), Line("a", 1, 0)],
    ],
)
def test_no_tree_is_made_of_lines_that_are_negative_too_much_or_there_twice(
    lines: list[Line],
) -> None:
    with pytest.raises(NotCountable):
        sumtree.build(JULY, lines, SEED)


def test_the_same_lines_and_seed_give_the_same_tree_and_another_release_another_root() -> None:
    lines = _some()
    tree = sumtree.build(JULY, lines, SEED)

    assert sumtree.build(JULY, lines, SEED) == tree
    assert sumtree.grown(JULY, tree.levels[0]).root == tree.root
    assert sumtree.build("rel_august", lines, SEED).root != tree.root
    assert not set(_leaves(tree)) & set(_leaves(sumtree.build(JULY, lines, b"t" * 32)))


def test_no_sum_in_a_proof_is_the_amount_of_another_line_or_moves_with_it() -> None:
    lines = _some()
    proof, _ = _proof(lines, lines[7])
    shown = _neighbours(proof)

    assert not {up for up, _ in shown} & {line.up for line in lines}
    assert not {line.name for line in lines if line is not lines[7]} & set(str(proof).split("'"))
    # Two lines of the same amount have no part in common.
    equal = [Line(f"oln_{n:04}", 5_000_000, 0) for n in range(40)]
    ups = [up for _, up, _ in _leaves(sumtree.build(JULY, equal, SEED))]
    assert len(set(ups)) > len(ups) * 0.95


def test_a_line_that_is_not_in_has_no_proof_and_another_key_opens_nothing() -> None:
    lines = _some()
    tree = sumtree.build(JULY, lines, SEED)

    with pytest.raises(KeyError):
        sumtree.proof(tree, Line("oln_9999", 1, 0), sumtree.key("oln_9999", SEED))
    with pytest.raises(KeyError):
        sumtree.proof(tree, lines[0], sumtree.key(lines[1].name, SEED))


def test_a_proof_stays_below_four_kilobytes_where_there_are_a_million_lines() -> None:
    # 3,000,000 leaves are 22 levels; every neighbour with sums of ten thousand million yuan.
    short = sumtree._short(10**12)
    path = b85encode((b"\xff" * 32 + short + short) * 22).decode()
    part = {"at": 3 * 10**6, "up": 10**12, "back": 10**12, "path": path}
    proof, _ = _proof(_some(), _some()[0])

    assert sumtree.proof_bytes(proof | {"parts": [part] * sumtree.PARTS}) < 4096


def test_an_outsider_checks_with_one_file_and_python_alone(tmp_path: Path) -> None:
    proof, published = _proof(_some(), _some()[3])
    script = tmp_path / "inclusion.py"
    script.write_bytes(SCRIPT.read_bytes())
    (tmp_path / "proof.json").write_text(json.dumps(proof))
    (tmp_path / "release.json").write_text(json.dumps(published | {"more": "said"}))
    (tmp_path / "other.json").write_text(json.dumps(published | {"root": "0" * 64}))

    def ran(*files: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", "-S", script, *files],
            cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip

    held, changed = ran("proof.json", "release.json"), ran("proof.json", "other.json")
    assert (held.returncode, changed.returncode) == (0, 4)
    assert f"{_some()[3].amount} fen are in the total of {JULY}" in held.stdout
    assert "published root" in changed.stderr
    assert ran("proof.json").returncode == 2
    assert ran("none.json", "release.json").returncode == 4
    (tmp_path / "deep.json").write_text("[" * 60_000)
    assert ran("deep.json", "release.json").returncode == 4


def _leaves(tree: sumtree.Tree) -> list[Any]:
    return list(sumtree._NODE.iter_unpack(tree.levels[0]))
