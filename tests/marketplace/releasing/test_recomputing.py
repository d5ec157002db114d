"""Anybody makes a release again from its files, the exchange from its ledger (I-66)."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from databourse_client import inclusion
from databourse_client import releases as outside
from kernel.errors import NotFound
from marketplace.releasing import documents, proofs, recomputing, shelves, sumtree
from marketplace.releasing.releases import VolumeRelease
from marketplace.releasing.shelves import Shelf
from marketplace.releasing.sumtree import Line, Tree
from tests.conftest import CRYPTO
from tests.marketplace import make as trade
from tests.marketplace.releasing import make
from tests.marketplace.releasing.make import by


def files(session: Session, found: VolumeRelease, folder: Path) -> tuple[Path, Path]:
    """Write both published files of a release."""
    release, lines = folder / "release.json", folder / "input.txt"
    release.write_text(found.document)
    lines.write_bytes(b"".join(documents.input_file(found.id, shelves.leaves(session, found.id))))
    return release, lines


def test_the_exchange_makes_it_again_after_more_was_traded(session: Session) -> None:
    trade.accepted(session)
    found = make.published(session)
    trade.accepted(session)
    make.tallied(session)

    again = recomputing.again(session, CRYPTO, found)

    assert (again.hash, again.input_hash, again.root) == (found.hash, found.input_hash, found.root)
    assert (again.total_fen, again.differs) == (1_000_000, ())


def test_an_outsider_makes_it_again_from_two_files(
    session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        trade.accepted(session)
    found = make.published(session)
    release, lines = files(session, found, tmp_path)

    assert outside.main([str(release), str(lines), found.hash]) == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["hash"], told["input_hash"], told["root"]) == (
        found.hash, found.input_hash, found.root,
    )  # fmt: skip
    assert told["on_exchange_fen"] == 3_000_000


def tampered(told: dict[str, Any], place: str) -> dict[str, Any]:
    """Return a document in which one thing is another."""
    changed: dict[str, Any] = json.loads(json.dumps(told))
    if place == "league":
        changed["leagues"][0]["others"]["value_fen"] += 1
    elif place == "tree":
        changed["tree"]["total"] += 1
    elif place == "headline":
        changed["figures"]["headline_fen"] += 1
    elif place == "rank":
        changed["leagues"][0]["places"][0]["rank"] = 2
    elif place == "share":
        changed["leagues"][0]["places"][0]["share_bp"] -= 1
    else:
        changed["figures"]["on_exchange_fen"] += 1
    return changed


@pytest.mark.parametrize("place", ["league", "tree", "headline", "rank", "share", "total"])
def test_a_document_that_was_changed_is_found_out(
    session: Session, tmp_path: Path, place: str
) -> None:
    trade.accepted(session)
    found = make.published(session)
    release, lines = files(session, found, tmp_path)
    changed = tampered(found.told, place)
    text = json.dumps(changed, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    release.write_text(text)

    assert outside.main([str(release), str(lines)]) == 4
    assert outside.main([str(release), str(lines), found.hash]) == 4


@pytest.mark.parametrize("change", ["amount", "order", "less", "more", "head", "spelling"])
def test_an_input_that_was_changed_is_found_out(
    session: Session, tmp_path: Path, change: str
) -> None:
    for _ in range(2):
        trade.accepted(session)
    found = make.published(session)
    release, lines = files(session, found, tmp_path)
    head, first, *rest = lines.read_text().splitlines()
    name, up, back = first.split(" ")
    written = {
        "amount": [head, f"{name} {int(up) + 1} {back}", *rest],
        "order": [head, *rest, first],
        "less": [head, *rest],
        "more": [head, first, first, *rest],
        "head": [head + "x", first, *rest],
        "spelling": [head, f"{name} 0{up} {back}", *rest],
    }[change]
    lines.write_text("\n".join(written) + "\n")

    assert outside.main([str(release), str(lines)]) == 4


def test_a_merchant_proves_its_own_lines_and_a_changed_one_fails(
    session: Session, tmp_path: Path
) -> None:
    for _ in range(3):
        trade.accepted(session)
    found = make.published(session)

    proven = proofs.own(by(session, "per_developer_editor"), found.id, after=None, limit=2)
    rest = proofs.own(by(session, "per_developer_editor"), found.id, after=proven.next, limit=2)

    shown = inclusion.check_all(proven.told, found.told)
    assert [one.line for one in shown] == [line.name for line in proven.lines]
    assert sum(one.amount for one in shown) == 2_000_000
    assert (len(rest.lines), rest.next) == (1, None)
    for one in (*proven.told["lines"], *rest.told["lines"]):
        assert sumtree.proof_bytes(one) <= 4_096
    changed = json.loads(json.dumps(proven.told))
    changed["lines"][0]["parts"][0]["up"] += 1
    changed["up"] += 1
    with pytest.raises(inclusion.NotIncluded):
        inclusion.check_all(changed, found.told)
    with pytest.raises(inclusion.NotIncluded):
        inclusion.check_all(proven.told | {"up": proven.told["up"] + 1}, found.told)
    twice = {**proven.told, "lines": [proven.told["lines"][0]] * 2}
    with pytest.raises(inclusion.NotIncluded):
        inclusion.check_all(twice, found.told)


@pytest.mark.parametrize(
    "person",
    ["per_buyer_editor", "per_other_editor", "per_exchange_approver", "per_exchange_admin"],
)
def test_nobody_else_gets_a_merchants_proof(session: Session, person: str) -> None:
    trade.accepted(session)
    found = make.published(session)

    with pytest.raises(NotFound):
        proofs.own(by(session, person), found.id, after=None, limit=9)


def test_before_it_is_published_there_is_no_proof(session: Session) -> None:
    trade.accepted(session)
    found = make.prepared(session)

    with pytest.raises(NotFound):
        proofs.own(by(session, "per_developer_editor"), found.id, after=None, limit=9)


@pytest.mark.parametrize("lines", [1, 2, 85, 86, 171, 700])
def test_a_tree_in_tiles_proves_what_the_tree_in_memory_does(session: Session, lines: int) -> None:
    trade.accepted(session)
    found = make.prepared(session)  # its tiles lie in tiers that the other does not use
    seed = b"s" * sumtree.SEED_BYTES
    all_of = [Line(f"lin_{number:05}", 7 * number, number % 3) for number in range(lines)]
    tree = sumtree.build(found.id, all_of, seed)
    other = Tree(found.id, tree.levels)
    session.connection().exec_driver_sql("DROP TABLE volume_release_tiles")
    shelves.VolumeReleaseTile.__table__.create(session.connection())  # type: ignore[attr-defined]  # a Table
    shelves.keep(session, other)

    for line in (all_of[0], all_of[-1], all_of[lines // 2]):
        secret = sumtree.key(line.name, seed)
        shelf = Shelf(session, found.id, tree.size)
        assert sumtree.proof(shelf, line, secret) == sumtree.proof(tree, line, secret)
    assert b"".join(shelves.leaves(session, found.id)) == tree.levels[0]
    with pytest.raises(KeyError):
        sumtree.proof(Shelf(session, found.id, tree.size), Line("lin_x", 1, 0), b"k" * 32)
