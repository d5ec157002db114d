"""Roots: what an operator may write, and that no path leads out of one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.locations import roots
from delivery.locations.roots import RootKind
from kernel.errors import Invalid


def test_roots_are_read_by_name() -> None:
    found = roots.read("lake=/data/lake, other=/data/b", "store=https://s3.example.com/bucket#cn-1")

    assert [*found] == ["lake", "other", "store"]
    assert (found["lake"].kind, found["lake"].path) == (RootKind.FOLDER, "/data/lake")
    assert found["store"].endpoint == "https://s3.example.com"
    assert (found["store"].path, found["store"].region) == ("bucket", "cn-1")
    assert not roots.read("", "")


@pytest.mark.parametrize(
    ("folders", "buckets"),
    [
        ("Lake=/a", ""), ("lake=a", ""), ("lake=/", ""), ("lake=/a/../b", ""), ("a=/x,a=/y", ""),
        ("", "s=/a"), ("", "s=ftp://h/bucket"), ("", "s=https://h/"), ("", "s=https://h/a/b"),
        ("", "s=https://u:p@h/bucket"), ("", "s=https:///bucket"), ("", "s=https://h/bucket?x=1"),
        ("a=/x", "a=https://h/bucket"),
    ],
)  # fmt: skip
def test_what_is_no_root_is_told_of(folders: str, buckets: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        roots.read(folders, buckets)


@given(st.text(st.sampled_from("a./\\%~ \0水")))
def test_a_path_that_is_taken_stays_below_its_root(path: str) -> None:
    try:
        taken = roots.checked(path)
    except Invalid:
        return

    assert not taken.startswith("/")
    assert all(part.strip(".") for part in taken.split("/"))
    assert not set(taken) & set("\\%\0")
