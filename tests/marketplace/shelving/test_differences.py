from marketplace.shelving import differences
from marketplace.shelving.differences import Column, Field, Kind
from tests.marketplace import make

TIME = {"name": "time", "type": "datetime", "meaning": "时间"}
RAIN = {"name": "rain", "type": "decimal", "meaning": "降水"}
WIND = {"name": "wind", "type": "decimal", "meaning": "风速"}


def test_columns_are_added_removed_retyped_and_reworded() -> None:
    told = differences.columns(
        [TIME, RAIN, WIND], [{**TIME, "type": "date"}, {**RAIN, "meaning": "日降水量"},
                             {"name": "snow", "type": "integer", "meaning": ""}],
    )  # fmt: skip

    assert told == [
        Column("time", Kind.RETYPED, "datetime · 时间", "date · 时间"),
        Column("rain", Kind.REWORDED, "decimal · 降水", "decimal · 日降水量"),
        Column("snow", Kind.ADDED, None, "integer"),
        Column("wind", Kind.REMOVED, "decimal · 风速", None),
    ]


def test_nothing_differs_from_itself() -> None:
    content = make.content()

    told = differences.between(content, content)

    assert (told.fields, told.columns, told.sample) == ([], [], None)


def test_fields_are_told_with_both_values_and_samples_by_their_rows() -> None:
    before = make.content(sample=[{"a": 1}])
    after = make.content(sample=[{"a": 2}, {"a": 3}], accept_days=9)

    told = differences.between(before, after)

    assert told.fields == [Field("accept_days", before["accept_days"], 9)]
    assert told.sample == (1, 2)
