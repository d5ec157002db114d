"""How well people are found, on values that the finder's author did not make.

The identifiers are Faker's, in the forms of its Chinese provider; what is innocent is
Faker's too (codes, numbers, names of firms), and the real weather.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]  # it has no types
import pytest
from faker import Faker

from catalogue.grades import Grade, PiClass
from delivery.profiling import personal
from delivery.profiling.personal import Finding, Kind
from tests.delivery import parcels

ROWS = 300
ROUNDS = 6

HEADED: dict[Kind, tuple[str, ...]] = {
    Kind.RESIDENT_ID: ("身份证号", "id_card", "c1"),
    Kind.BANK_CARD: ("银行卡号", "card_no", "c1"),
    Kind.MOBILE: ("手机号码", "mobile", "联系电话", "c1"),
    Kind.PLATE: ("车牌号", "plate", "c1"),
    Kind.EMAIL: ("电子邮箱", "email", "c1"),
    Kind.NAME: ("姓名", "联系人", "c1"),
    Kind.BIRTH: ("出生日期", "birth_date"),
    Kind.HEALTH: ("诊断", "过敏史"),
}


@dataclass(frozen=True)
class Column:
    """A column of a corpus. kind: what is in it, None for nobody."""

    name: str
    kind: Kind | None
    values: list[str]


def made(kind: Kind, fake: Faker) -> str:
    by: dict[Kind, Callable[[], str]] = {
        Kind.RESIDENT_ID: fake.ssn,
        Kind.BANK_CARD: lambda: fake.credit_card_number(card_type="mastercard"),
        Kind.MOBILE: fake.phone_number,
        Kind.PLATE: fake.license_plate,
        Kind.EMAIL: fake.ascii_email,
        Kind.NAME: fake.name,
        Kind.BIRTH: lambda: fake.date_of_birth().isoformat(),
        Kind.HEALTH: fake.sentence,
    }
    return by[kind]()


INNOCENT: dict[str, Callable[[Faker], str]] = {
    "统一社会信用代码以外的编号": lambda fake: fake.bothify("??-########"),
    "serial": lambda fake: str(fake.random_int(10**14, 10**15 - 1)),
    "long serial": lambda fake: str(fake.random_int(10**17, 10**18 - 1)),
    "条码": lambda fake: fake.ean13(),
    "isbn": lambda fake: fake.isbn13(separator=""),
    "金额": lambda fake: f"{fake.random_int(1, 10**7) / 100:.2f}",
    "uuid": lambda fake: fake.uuid4(),
    "企业名称": lambda fake: fake.company(),
    "简介": lambda fake: fake.sentence(),
    "毫秒": lambda fake: str(fake.random_int(1_600_000_000_000, 1_800_000_000_000)),
    "秒": lambda fake: str(fake.random_int(1_600_000_000, 1_800_000_000)),
    "日期": lambda fake: fake.date(),
    "省份": lambda fake: fake.province(),
    "邮政编码": lambda fake: fake.postcode(),
    "颜色": lambda fake: fake.color_name(),
    "网址": lambda fake: fake.url(),
    "ip": lambda fake: fake.ipv4(),
    "哈希": lambda fake: fake.sha1(),
    "职位": lambda fake: fake.job(),
    "词": lambda fake: fake.word(),
}


def corpus() -> Iterator[Column]:
    for seed in range(ROUNDS):
        fake = Faker("zh_CN")
        fake.seed_instance(seed)
        for kind, names in HEADED.items():
            for name in names:
                yield Column(name, kind, [made(kind, fake) for _ in range(ROWS)])
        for name, maker in INNOCENT.items():
            yield Column(name, None, [maker(fake) for _ in range(ROWS)])
        yield Column("流水号", None, [str(13_800_000_000 + seed * ROWS + n) for n in range(ROWS)])


@pytest.fixture(scope="module")
def judged() -> list[tuple[Column, Kind | None]]:
    told = []
    with duckdb.connect() as connection:
        for column in corpus():
            connection.register("given", pa.table({column.name: column.values}))
            found = personal.found(connection, "given", [column.name])
            told.append((column, found[0].kind if found else None))
    return told


def test_the_corpus_is_large_enough_to_say_something(
    judged: list[tuple[Column, Kind | None]],
) -> None:
    people = [column for column, _ in judged if column.kind is not None]

    assert len(people) >= 120
    assert len(judged) - len(people) >= 120


@pytest.mark.parametrize("kind", list(HEADED))
def test_columns_of_people_are_found(judged: list[tuple[Column, Kind | None]], kind: Kind) -> None:
    """Recall by column: 98 in 100 of each identifier, 95 of names."""
    told = [found for column, found in judged if column.kind == kind]

    right = sum(found == kind for found in told)

    assert right * 100 >= len(told) * (95 if kind == Kind.NAME else 98)


def test_columns_without_people_are_left_alone(
    judged: list[tuple[Column, Kind | None]],
) -> None:
    """Precision by column: 95 in 100 of what is found."""
    found = [(column, kind) for column, kind in judged if kind is not None]

    wrong = [(column.name, kind) for column, kind in found if column.kind is None]

    assert len(wrong) * 100 <= len(found) * 5, wrong


def test_the_real_weather_holds_nobody() -> None:
    with duckdb.connect() as connection:
        table = f"read_parquet('{parcels.DATA / parcels.WEATHER}')"
        names = [row[0] for row in connection.execute(f"DESCRIBE FROM {table}").fetchall()]

        assert personal.found(connection, table, names) == []


def test_a_finding_raises_and_never_lowers() -> None:
    mild, grave = (Finding("a", kind, 10_000, True) for kind in (Kind.NAME, Kind.RESIDENT_ID))

    assert personal.raised(Grade.G1, PiClass.NONE, []) == (Grade.G1, PiClass.NONE)
    assert personal.raised(Grade.G1, PiClass.NONE, [mild]) == (Grade.G2, PiClass.ORDINARY)
    assert personal.raised(Grade.G1, PiClass.ORDINARY, [mild, grave]) == (
        Grade.G3, PiClass.SENSITIVE,
    )  # fmt: skip
    assert personal.raised(Grade.G4, PiClass.MINOR_UNDER_14, [grave]) == (
        Grade.G4, PiClass.MINOR_UNDER_14,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind", "ends", "looked_at"),
    [
        ("TEMP", "FLOAT", ("-19.9", "41.6"), False),
        ("time", "TIMESTAMP", ("2013-03-01 00:00:00", "2017-02-28 23:00:00"), False),
        ("empty", "DOUBLE", (None, None), False),
        ("number", "BIGINT", ("1", "13800000000"), True),
        ("negative", "DECIMAL(18,0)", ("-13800000000", "1"), True),
        ("odd", "DOUBLE", ("nan", "nan"), True),
        ("mobile", "BIGINT", ("1", "2"), True),
        ("出生日期", "DATE", ("1980-01-01", "1990-01-01"), True),
        ("anything", "VARCHAR", ("a", "b"), True),
    ],
)
def test_a_column_that_can_hold_nobody_is_passed_over(
    name: str, kind: str, ends: tuple[str | None, str | None], looked_at: bool
) -> None:
    assert personal.may_hold(name, kind, ends) is looked_at
