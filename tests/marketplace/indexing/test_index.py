import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import products
from marketplace.indexing import index
from marketplace.indexing.index import Kind
from marketplace.products import Product
from tests.conftest import WorkAs
from tests.marketplace import make


@pytest.mark.parametrize(
    ("text", "singles", "terms"),
    [
        ("气象保险", False, ["气象", "象保", "保险"]),
        ("气象", True, ["气象", "气", "象"]),
        ("雨", False, ["雨"]),
        ("Rain 指数 2026", False, ["rain", "指数", "2026"]),
        ("ＲＡＩＮ rain", False, ["rain"]),
        ("——", False, []),
    ],
)
def test_texts_become_terms(text: str, singles: bool, terms: list[str]) -> None:
    assert index.terms(text, singles=singles) == terms


@given(st.text(alphabet="气象保险rain 09，", max_size=30), st.text(alphabet="气象保险rain 09，"))
def test_whatever_stands_in_a_text_is_found_in_it(before: str, after: str) -> None:
    indexed = set(index.terms(f"{before} 气象 {after}", singles=True))

    assert set(index.terms("气象", singles=False)) <= indexed
    assert set(index.terms("象", singles=False)) <= indexed


def test_a_revised_text_is_found_and_the_old_one_is_not(session: Session, work_as: WorkAs) -> None:
    made = make.draft(session, intro="逐时风速风向统计，供风电场选址与运维参考使用。")
    products.revise(work_as("per_developer_editor"), made.id, intro="逐日降雪" * 10)
    session.flush()

    def found(text: str) -> list[str]:
        return list(
            session.scalars(select(Product.id).where(*index.holds(Kind.PRODUCT, Product.id, text)))
        )

    assert found("降雪") == [made.id]
    assert found("风速") == []


def test_codes_that_were_packed_are_told_with_how_often_they_occur() -> None:
    one = index.packed({("region", "430100"), ("grade", "G1")})
    two = index.packed([("region", "430100")])

    assert index.tallied(one + two + two) == [("region", "430100", 3), ("grade", "G1", 1)]
    assert index.tallied(index.packed([])) == []
