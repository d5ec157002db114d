import os
from pathlib import Path

import pytest

from licensing.deciding import spools
from licensing.deciding.spools import Spool, left, records


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "log")


def test_nothing_is_written_before_there_is_something(spool: Spool, tmp_path: Path) -> None:
    spool.leave()

    assert spool.files() == []
    assert not (tmp_path / "log").exists()


def test_a_file_is_its_process_own_until_it_lets_go(spool: Spool) -> None:
    spool.append(b'{"id":"dec_1"}\n')
    path = spool.files()[0]
    with left(path) as dead:
        before = dead
    spool.leave()
    with left(path) as dead:
        after = dead

    assert (before, after) == (False, True)
    assert list(records(path)) == [{"id": "dec_1"}]


def test_a_line_that_was_not_finished_was_not_answered(spool: Spool) -> None:
    spool.append(b'{"id":"dec_1"}\n{"id":"de')

    assert list(records(spool.files()[0])) == [{"id": "dec_1"}]


def test_a_long_file_is_followed_by_another(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "FILE_BYTES", 3)
    spool.append(b"1\n2\n")
    spool.append(b"3\n")

    found = [record for one in spool.files() for record in records(one)]

    assert sorted(map(str, found)) == ["1", "2", "3"]
    assert len(spool.files()) == 2


def test_a_file_that_is_gone_is_nobodys(tmp_path: Path) -> None:
    with left(tmp_path / "gone.spool") as dead:
        assert dead is False


def test_after_half_a_line_a_new_file_is_begun(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool.append(b"1\n")

    def full(file: int, rest: memoryview) -> int:
        monkeypatch.undo()
        os.write(file, rest[:1])
        raise OSError("no space left")

    monkeypatch.setattr("licensing.deciding.spools.os.write", full)
    with pytest.raises(OSError, match="no space"):
        spool.append(b"22\n")
    spool.append(b"3\n")

    found = [record for one in spool.files() for record in records(one)]
    assert sorted(map(str, found)) == ["1", "3"]
