import io
import zipfile

import pytest

from settlement.evidence import archive
from settlement.evidence.archive import Item, NotAPack

ITEMS = [Item("b.json", b"{}"), Item("ledger/a.json", b"[1]")]


def zipped(*files: tuple[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", how) as pack:
        for path, content in files:
            pack.writestr(path, content)
    return held.getvalue()


def test_the_same_files_are_the_same_bytes_in_whatever_order_they_come() -> None:
    written = archive.written(ITEMS)

    assert archive.written(ITEMS[::-1]) == written
    assert archive.read(written) == {item.path: item.content for item in ITEMS}


@pytest.mark.parametrize(
    "path",
    ["../out", "/etc/passwd", "a/../../b", "a\\b", "C:/x", "a//b", ".hidden", "a/", "é.json",
     "a" * 121, "a/b/c/d/e"],
)  # fmt: skip
def test_names_that_lead_anywhere_else_are_refused(path: str) -> None:
    with pytest.raises(NotAPack) as caught:
        archive.read(zipped((path, b"x")))

    assert caught.value.code == "NAME_REFUSED"
    assert not archive.names_well(path)


def test_what_is_no_zip_or_compressed_or_cut_off_is_refused() -> None:
    whole = archive.written(ITEMS)

    for content in (b"", b"PK", whole[:-30], zipped(("a", b"x" * 99), how=zipfile.ZIP_DEFLATED)):
        with pytest.raises(NotAPack) as caught:
            archive.read(content)
        assert caught.value.code == "NOT_A_ZIP"


@pytest.mark.filterwarnings("ignore:Duplicate name")  # as somebody with a tool would write it
def test_two_files_of_one_name_are_refused() -> None:
    with pytest.raises(NotAPack) as caught:
        archive.read(zipped(("a", b"1"), ("a", b"2")))

    assert caught.value.code == "NAMED_TWICE"


def test_a_zip_that_says_more_than_it_may_have_is_never_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive, "SIZE_MAX", 3)
    with pytest.raises(NotAPack) as large:
        archive.read(archive.written(ITEMS))
    monkeypatch.setattr(archive, "SIZE_MAX", 99)
    monkeypatch.setattr(archive, "FILES_MAX", 1)
    with pytest.raises(NotAPack) as many:
        archive.read(archive.written(ITEMS))
    monkeypatch.setattr(archive, "FILE_MAX", 9)
    with pytest.raises(NotAPack) as whole:
        archive.read(archive.written(ITEMS))

    codes = [caught.value.code for caught in (large, many, whole)]
    assert codes == ["TOO_LARGE", "TOO_MANY_FILES", "TOO_LARGE"]
