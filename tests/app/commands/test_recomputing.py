"""`databourse volume recompute` and `prove`: on the exchange, and on published files alone."""

import json
from pathlib import Path

from kernel.engines import Engines
from marketplace.releasing import documents, proofs, shelves
from tests.app.commands import consoles
from tests.marketplace import make as trade
from tests.marketplace.releasing import make
from tests.marketplace.releasing.make import by


def published(engines: Engines, folder: Path) -> tuple[str, str]:
    """Make a release known, and write what is handed out; return its id and its hash."""
    with engines.writing() as session:
        trade.accepted(session)
        found = make.published(session)
        own = proofs.own(by(session, "per_developer_editor"), found.id, after=None, limit=9)
        lines = documents.input_file(found.id, shelves.leaves(session, found.id))
        (folder / "release.json").write_text(found.document)
        (folder / "input.txt").write_bytes(b"".join(lines))
        (folder / "proof.json").write_text(json.dumps(own.told))
        session.commit()
        return found.id, found.hash


def test_a_release_is_made_again_from_the_ledger_or_from_its_files(
    engines: Engines, tmp_path: Path
) -> None:
    release_id, told = published(engines, tmp_path)
    console, files = consoles.at(engines), [str(tmp_path / "release.json"),
                                            str(tmp_path / "input.txt")]  # fmt: skip

    here = console("volume", "recompute", release_id, "--hash", told)
    there = console("volume", "recompute", *files, "--hash", told)

    assert (here.exit_code, there.exit_code) == (0, 0), here.output + there.output
    ours, theirs = json.loads(here.stdout), json.loads(there.stdout)
    assert ours["hash"] == theirs["hash"] == told
    assert (ours["root"], ours["input_hash"]) == (theirs["root"], theirs["input_hash"])
    assert console("volume", "recompute", release_id, "--hash", "0" * 64).exit_code == 4
    assert console("volume", "recompute", *files, "--hash", "0" * 64).exit_code == 4
    assert console("volume", "recompute", "rel_none").exit_code == 3


def test_a_proof_is_verified_on_files_and_a_changed_one_is_not(
    engines: Engines, tmp_path: Path
) -> None:
    published(engines, tmp_path)
    console, release = consoles.at(engines), str(tmp_path / "release.json")
    proof = tmp_path / "proof.json"

    assert console("volume", "prove", str(proof), release).exit_code == 0
    changed = json.loads(proof.read_text())
    changed["lines"][0]["parts"][1]["up"] += 1
    proof.write_text(json.dumps(changed))
    assert console("volume", "prove", str(proof), release).exit_code == 4
