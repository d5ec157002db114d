"""In-domain queries: what is told, what is not, what the log refuses, and the review."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from delivery import tasks
from delivery.egress import queries
from delivery.egress.parsing import StatementRefused
from delivery.gate import BeyondOrder
from delivery.passing import reviews
from delivery.tables.sources import Shelves
from delivery.tasks import DeliveryTask
from kernel.errors import NotFound, StepNotAllowed, StepRefused
from tests.conftest import CRYPTO, RULES, work_of
from tests.delivery import parcels, stores

# 98 rows of seven stations; one row of station 0 makes up nearly all of its sum.
SALES = (
    "SELECT i AS id, '站' || (i % 7) AS station, "
    "CASE WHEN i = 0 THEN 1000000 ELSE i END AS amount, "
    "CASE WHEN i % 7 = 6 AND i > 20 THEN NULL ELSE i END AS rare, i % 2 AS parity "
    "FROM range({rows}) t(i)"
)
BY_STATION = "SELECT station, count(*) n, sum(amount) s FROM data GROUP BY station ORDER BY station"


@pytest.fixture
def task(session: Session, tmp_path: Path) -> DeliveryTask:
    """Open the delivery of 98 sales in the domain."""
    version = stores.stored(session, tmp_path, rows=98, made_by=SALES)
    return stores.delivered(session, version, mode="in_domain", grade="G3")


def ask(session: Session, task: DeliveryTask, data_dir: Path, sql: str) -> dict[str, Any]:
    """Ask as the buyer; return what was found, and the review of it."""
    work = work_of(session, "per_buyer_editor")
    prepared = queries.prepare(work, task.id, sql, shelves=Shelves(data_dir))
    found = queries.run(prepared, RULES)
    made = queries.keep(work, prepared, found)
    session.flush()
    return {**found, "review": made.review_id}


def test_groups_are_told_and_one_that_a_single_row_makes_up_is_not(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    found = ask(session, task, tmp_path, BY_STATION)

    told = {row[0] for row in found["rows"]}
    assert "站0" not in told
    assert len(told) == 5, "beside the one, the smallest goes, or it could be subtracted"
    assert found["suppressed"] == 2
    assert {row[1] for row in found["rows"]} == {14}


def test_figures_are_rounded_before_any_arithmetic(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    found = ask(session, task, tmp_path, "SELECT sum(id) - 4750 AS d, count(*) AS n FROM data")

    assert found["rows"] == [[3.0, 98.0]]


def test_few_values_in_a_column_are_not_told(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    found = ask(session, task, tmp_path, "SELECT station, avg(rare) FROM data GROUP BY station")

    assert "站6" not in {row[0] for row in found["rows"]}


@pytest.mark.parametrize("few", ["id < 9", "station = '站1' AND id < 60", "id IS NULL"])
def test_a_group_of_few_rows_is_not_told(
    session: Session, task: DeliveryTask, tmp_path: Path, few: str
) -> None:
    found = ask(session, task, tmp_path, f"SELECT count(*) FROM data WHERE {few}")

    assert (found["rows"], found["suppressed"]) == ([], 1)


def test_a_query_that_differs_by_few_rows_from_an_earlier_one_is_refused(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    ask(session, task, tmp_path, "SELECT sum(amount) FROM data WHERE id > 0")
    but_one = ask(session, task, tmp_path, "SELECT sum(amount) FROM data WHERE id > 1")
    in_one_cell = ask(
        session, task, tmp_path, "SELECT parity, avg(id) FROM data WHERE id > 4 GROUP BY parity"
    )
    but_two = ask(
        session, task, tmp_path, "SELECT parity, avg(id) FROM data WHERE id > 8 GROUP BY parity"
    )

    assert but_one == {"refused": "DIFFERENCING", "review": None}
    assert "rows" in in_one_cell
    assert but_two == {"refused": "DIFFERENCING", "review": None}


def test_the_same_query_may_be_asked_again_and_another_that_overlaps_widely(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    first = ask(session, task, tmp_path, "SELECT avg(id) FROM data")
    same = ask(session, task, tmp_path, "SELECT avg(id) FROM data")
    other = ask(session, task, tmp_path, "SELECT parity, avg(id) FROM data GROUP BY parity")

    assert first["rows"] == same["rows"]
    assert len(other["rows"]) == 2


def test_another_query_that_was_faster_is_not_passed_by(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    work = work_of(session, "per_buyer_editor")
    prepared = [
        queries.prepare(work, task.id, "SELECT avg(id) FROM data", shelves=Shelves(tmp_path))
        for _ in range(2)
    ]
    found = queries.run(prepared[0], RULES)

    queries.keep(work, prepared[0], found)
    with pytest.raises(StepRefused, match="faster"):
        queries.keep(work, prepared[1], found)


def test_a_query_budget_is_spent(session: Session, task: DeliveryTask, tmp_path: Path) -> None:
    work = work_of(session, "per_buyer_editor")
    few = {"delivery": {**RULES.table("delivery"), "query_log_max": 1}}
    ask(session, task, tmp_path, "SELECT avg(id) FROM data")
    tight = work_of(
        session, "per_buyer_editor", rules=type(RULES)(RULES.version, {**RULES.values, **few})
    )

    with pytest.raises(StatementRefused) as spent:
        queries.prepare(tight, task.id, "SELECT avg(id) FROM data", shelves=Shelves(tmp_path))

    assert spent.value.refusals[0].code == "QUERY_BUDGET_SPENT"
    assert len(queries.listed(work, task.id, after=None, limit=9).items) == 1


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT id, count(*) FROM data GROUP BY id", None),
        ("SELECT count(*) FROM data WHERE station > 5", "NOT_COMPUTABLE"),
    ],
)
def test_what_cannot_be_told_is_not(
    session: Session, task: DeliveryTask, tmp_path: Path, sql: str, code: str | None
) -> None:
    found = ask(session, task, tmp_path, sql)

    assert found.get("refused") == code
    assert found.get("rows", []) == []


def test_a_query_that_takes_too_long_is_ended(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    work = work_of(session, "per_buyer_editor")
    prepared = queries.prepare(work, task.id, "SELECT avg(id) FROM data", shelves=Shelves(tmp_path))
    hasty = {"delivery": {**RULES.table("delivery"), "query_s": 0}}

    found = queries.run(prepared, type(RULES)(RULES.version, {**RULES.values, **hasty}))

    assert found == {"refused": "TOO_DEMANDING"}
    assert queries.refusal("TOO_DEMANDING").refusals[0].code == "TOO_DEMANDING"


def test_i_30_a_result_that_is_not_what_its_manifest_released_does_not_leave(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    review_id = str(ask(session, task, tmp_path, BY_STATION)["review"])
    reviews.take(work_of(session, "per_exchange_compliance"), review_id, "release", note="fine")
    buyer = work_of(session, "per_buyer_editor")
    told = queries.fetch(buyer, review_id)
    left = json.dumps({name: told[name] for name in ("columns", "rows")}, ensure_ascii=False)
    session.flush()

    session.execute(
        update(reviews.EgressReview).values(held=left.replace("[", "[ ", 1))
        .where(reviews.EgressReview.id == review_id)
    )  # fmt: skip
    session.expire_all()
    with pytest.raises(StepRefused) as refused:
        queries.fetch(buyer, review_id)

    assert told["manifest"]["sha256"] == CRYPTO.digest(left.encode())
    assert [each.code for each in refused.value.refusals] == ["NOT_WHAT_WAS_RELEASED"]


def test_i_30_a_result_is_released_by_another_and_counted_once(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    buyer = work_of(session, "per_buyer_editor")
    review_id = str(ask(session, task, tmp_path, BY_STATION)["review"])

    with pytest.raises(StepRefused, match="released"):
        queries.fetch(buyer, review_id)
    with pytest.raises(StepNotAllowed):
        reviews.take(buyer, review_id, "release")
    assert queries.looked_at(buyer, review_id) is None
    officer = work_of(session, "per_exchange_compliance")
    looked_at = queries.looked_at(officer, review_id)
    reviews.take(officer, review_id, "release", note="fine")
    first, second = (queries.fetch(buyer, review_id) for _ in range(2))

    session.expire(task)
    assert first == second
    assert looked_at is not None
    assert first["rows"] == looked_at["rows"]
    assert (task.reads, task.rows_delivered) == (1, 5)


@pytest.mark.parametrize(("step", "person"), [("refuse", "exchange"), ("withdraw", "buyer")])
def test_i_30_what_is_not_released_is_thrown_away(
    session: Session, task: DeliveryTask, tmp_path: Path, step: str, person: str
) -> None:
    review_id = str(ask(session, task, tmp_path, BY_STATION)["review"])
    people = {"exchange": "per_exchange_compliance", "buyer": "per_buyer_editor"}
    told = {"reason": "too fine"} if step == "refuse" else {}

    reviews.take(work_of(session, people[person]), review_id, step, **told)

    assert reviews.find(session, review_id).held is None
    with pytest.raises(StepRefused):
        queries.fetch(work_of(session, "per_buyer_editor"), review_id)


def test_a_right_that_ends_stops_queries_and_released_results(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    review_id = str(ask(session, task, tmp_path, BY_STATION)["review"])
    reviews.take(work_of(session, "per_exchange_compliance"), review_id, "release")
    tasks.take(work_of(session, "system"), task.id, "suspend", reason="authorisation suspended")

    with pytest.raises(BeyondOrder, match="suspended"):
        ask(session, task, tmp_path, "SELECT count(*) FROM data")
    with pytest.raises(BeyondOrder, match="suspended"):
        queries.fetch(work_of(session, "per_buyer_editor"), review_id)


def test_only_the_buyer_asks_and_strangers_see_nothing(
    session: Session, task: DeliveryTask, tmp_path: Path
) -> None:
    review_id = str(ask(session, task, tmp_path, BY_STATION)["review"])

    with pytest.raises(StepNotAllowed):
        queries.prepare(
            work_of(session, "per_developer_signer"), task.id, BY_STATION, shelves=Shelves(tmp_path)
        )
    with pytest.raises(NotFound):
        reviews.seen(work_of(session, "per_other_editor"), review_id)
    assert [
        [one.id for one in reviews.listed(work_of(session, who), after=None, limit=9).items]
        for who in ("per_exchange_compliance", "per_buyer_editor", "per_other_editor")
    ] == [[review_id], [review_id], []]


def test_public_data_is_asked_in_the_domain(session: Session) -> None:
    task = parcels.provisioned(session, parcels.opened(session, parcels.authorised(session).id))
    work = work_of(session, "per_buyer_editor")
    sql = "SELECT station, avg(TEMP) t FROM data GROUP BY station ORDER BY t DESC"

    prepared = queries.prepare(work, task.id, sql, shelves=Shelves(parcels.DATA))
    found = queries.run(prepared, RULES)
    made = queries.keep(work, prepared, found)

    assert len(found["rows"]) == 12
    assert made.decision_id is not None
    with pytest.raises(StatementRefused):
        queries.prepare(work, task.id, "SELECT avg(PRES) FROM data", shelves=Shelves(parcels.DATA))
