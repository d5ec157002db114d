"""Two to four products stand side by side, and what differs is said."""

import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound
from marketplace import products
from marketplace.finding import comparing
from tests.conftest import WorkAs
from tests.marketplace import make


def test_rows_that_differ_are_marked(session: Session, work_as: WorkAs) -> None:
    one, other = make.listed(session), make.listed(session, update_frequency="weekly")
    pairs = comparing.beside(work_as("per_buyer_editor"), [one.id, other.id])

    rows = {row.name: row for row in comparing.rows([version for _, version in pairs])}

    assert rows["update_frequency"].values == ("daily", "weekly")
    assert rows["update_frequency"].differs
    assert not rows["price_plan"].differs
    assert rows["columns"].values[0] == ["station", "rain"]


@pytest.mark.parametrize("count", [0, 1, 5])
def test_fewer_than_two_or_more_than_four_are_refused(work_as: WorkAs, count: int) -> None:
    with pytest.raises(Invalid):
        comparing.beside(work_as("per_buyer_editor"), [f"prd_{n}" for n in range(count)])


def test_one_product_beside_itself_is_refused(work_as: WorkAs) -> None:
    with pytest.raises(Invalid):
        comparing.beside(work_as("per_buyer_editor"), ["prd_1", "prd_1"])


def test_what_is_in_publicity_is_compared_by_insiders_alone(
    session: Session, work_as: WorkAs
) -> None:
    listed, announced = make.listed(session), make.listed(session)
    announced.state = products.State.PUBLICITY
    session.flush()

    with pytest.raises(NotFound):
        comparing.beside(work_as("per_buyer_editor"), [listed.id, announced.id])
    assert comparing.beside(work_as("per_developer_editor"), [listed.id, announced.id])
