import io
import json
from typing import Any

import pytest
import xlsxwriter

from kernel.errors import Invalid
from marketplace.shelving import cells, graphs, sheets
from marketplace.shelving.problems import Row
from tests.marketplace.shelving import sheet

TURTLE = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix own: <urn:databourse:listing:> .
<urn:x:1> a dcat:Dataset ; dct:identifier "MET0001" ; dct:title "逐日降雨"@zh, "Daily rain"@en ;
  dct:description "每日各站降雨汇总指数，用于农业气象保险的理赔参考与定价。"@zh ;
  dcat:theme <http://example.org/industry/M> ; dct:spatial <http://example.org/region/430000> ;
  dct:accrualPeriodicity <http://publications.europa.eu/resource/authority/frequency/DAILY> ;
  dct:temporal [ dcat:startDate "2013-03-01" ; dcat:endDate "2017-02-28" ] ;
  own:application_field "meteorological_services" ; own:price "12800.00" ;
  own:dictionary "rain:decimal:降雨量 mm" ; own:sample '[{"rain": 3.5}]' .
<urn:x:2> a dcat:DataService ; dct:title "核验"@zh .
"""
LINKED = {
    "@context": {
        "dcat": "http://www.w3.org/ns/dcat#",
        "dct": "http://purl.org/dc/terms/",
        "own": "urn:databourse:listing:",
    },
    "@type": "dcat:Dataset",
    "dct:identifier": "MET0001",
    "dct:title": {"@value": "逐日降雨", "@language": "zh"},
    "own:price": "12800.00",
}


def read(name: str, content: bytes, rows_max: int = 1000) -> list[Row]:
    return sheets.read(name, content, rows_max=rows_max)


def problems(**changes: Any) -> list[tuple[str, str]]:
    _, found = cells.read(Row(2, sheet.row(**changes)))
    return [(each.column, each.code) for each in found]


def workbook(rows: list[list[Any]]) -> bytes:
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held)
    page = book.add_worksheet()
    for line, row in enumerate(rows):
        page.write_row(line, 0, row)
    book.close()
    return held.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030"])
def test_a_sheet_is_read_in_the_encodings_of_the_country(encoding: str) -> None:
    rows = read("a.csv", sheet.written([sheet.row(1), sheet.row(2)], encoding))

    assert [(row.number, row.cells["code"]) for row in rows] == [(2, "MET0001"), (3, "MET0002")]
    assert rows[0].cells["title_zh"] == "站点 1 逐日降雨"


def test_headings_may_be_chinese() -> None:
    rows = read("a.csv", "产品编号,中文名称,价格（元）\r\nA1,降雨,100\r\n\r\n".encode())

    assert [dict(row.cells) for row in rows] == [{"code": "A1", "title_zh": "降雨", "price": "100"}]


def test_a_workbook_is_read_like_a_sheet() -> None:
    content = workbook([["code", "accept_days"], ["A1", 7], ["", ""]])

    assert [dict(row.cells) for row in read("a.xlsx", content)] == [
        {"code": "A1", "accept_days": "7"}
    ]


def test_yaml_is_a_list_or_has_one() -> None:
    plain = read("a.yaml", "- code: A1\n  价格（元）: 5\n".encode())
    named = read("a.yml", b"products:\n- code: A1\n")

    assert [dict(row.cells) for row in plain] == [{"code": "A1", "price": 5}]
    assert [row.cells["code"] for row in named] == ["A1"]


def test_dcat_is_read_as_turtle() -> None:
    first, second = read("a.ttl", TURTLE.encode())
    said, found = cells.read(first)

    assert found == []
    assert (said["title_zh"], said["title_en"]) == ("逐日降雨", "Daily rain")
    assert (said["industry"], said["region_coverage"]) == ("M", ["430000"])
    assert (said["update_frequency"], said["product_type"]) == ("daily", "dataset")
    assert str(said["temporal_to"]) == "2017-02-28"
    assert said["price_plan"]["price"]["minor"] == 1_280_000
    assert (second.cells["code"], second.cells["product_type"]) == ("urn:x:2", "api")


def test_dcat_is_read_as_json_ld_with_its_own_context() -> None:
    (row,) = read("a.jsonld", json.dumps(LINKED).encode())

    assert (row.cells["code"], row.cells["title_zh"]) == ("MET0001", "逐日降雨")
    assert row.cells["price"] == "12800.00"


@pytest.mark.parametrize(
    "context",
    ["https://example.org/c.jsonld", [{}, "https://example.org/c.jsonld"],
     {"@import": "https://example.org/c.jsonld"}],
)  # fmt: skip
def test_no_context_is_fetched_from_elsewhere(context: Any) -> None:
    with pytest.raises(Invalid, match="not fetched"):
        read("a.jsonld", json.dumps({**LINKED, "@context": context}).encode())


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.txt", b"x", "is one of"),
        ("a.csv", b"", "names the columns"),
        ("a.csv", b"code\n", "no product"),
        ("a.csv", b"title\n1\n", "names the columns"),
        ("a.csv", b"code,code\n1,1\n", "twice"),
        ("a.csv", b"code\n\"1", "no CSV"),
        ("a.csv", b"code\n\x00\n", "neither UTF-8"),
        ("a.csv", b"\xff\xff\xff", "neither UTF-8"),
        ("a.csv", b"code\n1\n2\n3\n4\n", "at most 3 rows"),
        ("a.xlsx", b"PK", "damaged"),
        ("a.xlsx", b"x", "damaged"),
        ("a.yaml", b"a: [", "no YAML"),
        ("a.yaml", b"products: 1", "no list"),
        ("a.yaml", b"- 1", "no list"),
        ("a.yaml", b"a: &a [1]\nb: *a", "aliases"),
        ("a.ttl", b"<a", "cannot be read"),
        ("a.json", b"{", "no valid JSON"),
        ("a.ttl", b"", "no product"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(name: str, content: bytes, match: str) -> None:
    with pytest.raises(Invalid, match=match) as error:
        read(name, content, rows_max=3)

    assert error.value.pointer == "/file"


def test_a_file_has_a_greatest_size() -> None:
    with pytest.raises(Invalid, match="at most"):
        read("a.csv", b"x" * (sheets.SHEET_BYTES_MAX + 1))


def test_an_archive_that_unpacks_to_too_much_is_no_workbook() -> None:
    with pytest.raises(ValueError, match="unpacks"):
        graphs.check_unpacked(workbook([["code"], ["x" * 9000]]), 100)


def test_a_complete_row_has_no_problem() -> None:
    said, found = cells.read(Row(2, sheet.row()))

    assert found == []
    assert said["product_type"] == "dataset"
    assert said["price_plan"] == {
        "kind": "one_off", "price": {"minor": 1_280_000, "currency": "CNY"}
    }  # fmt: skip
    assert said["dictionary"][1] == {"name": "rain", "type": "decimal", "meaning": "降雨量 mm"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"title_en": ""}, ("title_en", "REQUIRED")),
        ({"product_type": "鱼"}, ("product_type", "UNKNOWN_CODE")),
        ({"temporal_from": "春天"}, ("temporal_from", "NOT_A_DATE")),
        ({"temporal_from": "0001-01-01"}, ("temporal_from", "NOT_A_DATE")),
        ({"accept_days": "seven"}, ("accept_days", "NOT_A_NUMBER")),
        ({"price": "便宜"}, ("price", "NOT_AN_AMOUNT")),
        ({"price": "1.001"}, ("price", "NOT_AN_AMOUNT")),
        ({"price": "-1"}, ("price", "NOT_AN_AMOUNT")),
        ({"price_kind": "gift"}, ("price_kind", "UNKNOWN_CODE")),
        ({"price_plan": "[]"}, ("price_kind", "UNREADABLE")),
        ({"items": "TEMP"}, ("items", "UNREADABLE")),
        ({"dictionary": "rain"}, ("dictionary", "UNREADABLE")),
        ({"dictionary": "[1]"}, ("dictionary", "UNREADABLE")),
        ({"sample": "[[1]]"}, ("sample", "UNREADABLE")),
        ({"sample": "not json"}, ("sample", "UNREADABLE")),
        ({"quality": '{"completeness": 101}'}, ("quality", "UNREADABLE")),
        ({"title_zh": "x" * 111}, ("title_zh", "TOO_LONG")),
        ({"intro": "a\x01b"}, ("intro", "UNREADABLE")),
        ({"colour": "red"}, ("colour", "UNKNOWN_COLUMN")),
    ],
)
def test_a_cell_that_cannot_be_read_is_told_with_its_column(
    changes: dict[str, Any], problem: tuple[str, str]
) -> None:
    found = problems(**changes)

    assert [code for _, code in found] == [problem[1]]
    assert found[0][0] == problem[0] or changes.keys() == {"price_plan"}


def test_prices_of_other_kinds_are_written_in_columns() -> None:
    def plan(**told: Any) -> Any:
        return cells.read(Row(1, sheet.row(price="", **told)))[0]["price_plan"]

    assert plan(price_kind="per_row", price_unit="0.5", price_per="1000") == {
        "kind": "per_row", "unit": {"e6": 50_000_000, "currency": "CNY"}, "per": 1000,
    }  # fmt: skip
    assert plan(price_kind="free", free_reason="welfare") == {"kind": "free", "reason": "welfare"}
    assert plan(price_plan={"kind": "negotiated"}) == {"kind": "negotiated"}
    assert plan() == {"kind": "one_off"}


def test_cells_of_yaml_keep_their_shape() -> None:
    said, found = cells.read(
        Row(
            1,
            sheet.row(
                items=[{"directory": "D", "item": "TEMP"}, "D/RAIN"],
                dictionary=[{"name": "rain", "type": "decimal", "meaning": "雨"}],
                sample=[{"rain": 1.5}],
                quality={"completeness": 99},
                region_coverage=["430000"],
            ),
        )
    )

    assert found == []
    assert said["items"] == [
        {"directory": "D", "item": "TEMP"}, {"directory": "D", "item": "RAIN"}
    ]  # fmt: skip
    assert said["quality"] == {"completeness": 99}


def test_a_cell_beyond_the_header_is_a_problem() -> None:
    (row,) = read("a.csv", b"code\nA1,stray\n")

    assert [each.code for each in cells.read(row)[1] if each.column == "#2"] == ["UNKNOWN_COLUMN"]
