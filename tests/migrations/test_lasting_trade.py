"""What a database of the release before holds when it is brought to lasting trade."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, insert
from sqlalchemy.orm import Session

from delivery.tasks import DeliveryTask
from kernel import journal
from kernel.db import Base
from marketplace.finding import results
from marketplace.finding.results import Question
from marketplace.indexing.index import Kind
from marketplace.renewing import keeping
from marketplace.terms import rows
from tests.conftest import work_of
from tests.migrations.steps import brought_from

BEFORE = "0004_to_accepted_data"
AT = datetime(2026, 8, 1, 4, tzinfo=UTC)
ACCEPTED = datetime(2026, 7, 13, 4, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def brought(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    """Give a database that stood at the step before, with its rows, and was brought here."""
    with brought_from(BEFORE, _fill, request, tmp_path) as session:
        yield session


def _fill(connection: Connection) -> None:
    for table, row in _ROWS:
        connection.execute(insert(_table(table)).values(**row))


def _table(name: str) -> Table:
    return Base.metadata.tables[name]


def _organisation(number: int) -> dict[str, Any]:
    return {
        "id": f"org_{number}", "uscc": f"91430100MAA00001{number}B"[:18], "name_zh": "甲",
        "name_en": "A", "region": "430100", "entered_at": ACCEPTED, "state": "active",
        "version": 1,
    }  # fmt: skip


def _order(name: str, state: str) -> dict[str, Any]:
    return {
        "id": f"ord_{name}", "code": f"OD-{name}", "buyer_id": "org_1", "seller_id": "org_2",
        "use_scenario": {}, "accept_days": 7, "total_minor": 60_000, "total_currency": "CNY",
        "pay_mode": "prepaid", "is_related_party": False, "contract_id": None, "rejections": 0,
        "placed_at": ACCEPTED, "delivered_at": None, "accepted_at": ACCEPTED, "state": state,
        "version": 1,
    }  # fmt: skip


def _slice(order: str, seq: int, first: date, last: date, outcome: str) -> dict[str, Any]:
    return {
        "id": f"sbs_{order}_{seq}", "order_id": f"ord_{order}", "order_line_id": f"lin_{order}",
        "seq": seq, "first_on": first, "last_on": last, "amount_minor": 30_000,
        "amount_currency": "CNY", "sponsored_minor": 0, "sale": {}, "outcome": outcome,
        "earned_at": None,
    }  # fmt: skip


def _entry(number: int) -> dict[str, Any]:
    return {
        "number": number, "kind": "product", "subject_id": f"prd_{number}", "shown": True,
        "code": "", "title_zh": "气象", "title_en": "", "summary": "", "owner_id": "org_1",
    }  # fmt: skip


def _term(number: int) -> dict[str, Any]:
    weight = 1 if number < 41 else 3
    return {
        "shown": True, "term": "气象", "kind": "product", "weight": weight, "entry": number,
    }  # fmt: skip


def _task(order: str, state: str) -> dict[str, Any]:
    return {
        "id": f"dlv_{order}", "order_id": f"ord_{order}", "order_line_id": f"lin_{order}",
        "product_version_id": "ver_1", "buyer_id": "org_1", "seller_id": "org_2",
        "authorisation_id": None, "resource_id": None, "dataset_version_id": None,
        "mode": "in_domain", "grade": "G1", "pi_class": "none", "origin": "self_produced",
        "purpose_code": "weather_insurance", "items": [], "output_form": None, "region": "430100",
        "suspended_with": None, "rows_delivered": 0, "reads": 0, "bytes_delivered": 0,
        "rounds_due": 0, "rounds_handed": 0, "stopped_for": None, "use_until": date(2026, 12, 31),
        "opened_at": ACCEPTED, "state": state, "version": 1,
    }  # fmt: skip


_JULY, _AUGUST = (date(2026, 7, 13), date(2026, 8, 12)), (date(2026, 8, 13), date(2026, 9, 12))
_ROWS = (
    ("organisations", _organisation(1)),
    ("organisations", _organisation(2)),
    ("orders", _order("served", "accepted")),
    ("orders", _order("over", "completed")),
    ("orders", _order("stands", "delivery_suspended")),
    ("orders", _order("runs", "in_delivery")),
    ("subscription_slices", _slice("served", 1, *_JULY, "planned")),
    ("subscription_slices", _slice("served", 3, *_AUGUST, "planned")),
    ("subscription_slices", _slice("over", 1, date(2026, 6, 1), date(2026, 6, 30), "earned")),
    ("delivery_tasks", _task("stands", "in_progress")),
    ("delivery_tasks", _task("runs", "in_progress")),
    *(("search_entries", _entry(number)) for number in (*range(1, 41), 5000)),
    ("search_entries", {**_entry(41), "shown": False}),
    *(("search_terms", _term(number)) for number in (*range(1, 41), 5000)),
    ("search_terms", {**_term(41), "shown": False}),
    ("search_facets", {"entry": 5000, "facet": "grade", "value": "G1"}),
    ("search_facets", {"entry": 5000, "facet": "rated", "value": "4400"}),
)


def test_a_subscription_that_was_accepted_before_has_its_term(brought: Session) -> None:
    house = work_of(brought, "system", at=AT)

    counted = []
    for _ in range(2):
        counted.append(keeping.keep(house, limit=9))
        brought.flush()

    term = rows.of_order(brought, "ord_served")
    assert counted == [1, 0]
    assert term is not None
    assert (term.state, term.renewal, term.arranged_by) == (rows.State.RUNNING, "ask", None)
    assert (term.begun_on, term.ends_on) == (date(2026, 7, 13), date(2026, 9, 12))
    assert term.look_on is not None
    assert term.begun_on < term.look_on < term.ends_on
    assert (term.buyer_id, term.seller_id) == ("org_1", "org_2")
    assert [event.kind for event in journal.history(brought, term.id, limit=9)] == ["term.begun"]


def test_what_was_over_before_is_left_as_it_was_sold(brought: Session) -> None:
    keeping.keep(work_of(brought, "system", at=AT), limit=9)

    assert rows.of_order(brought, "ord_over") is None


def test_what_stood_suspended_stands_still(brought: Session) -> None:
    stands, runs = (brought.get_one(DeliveryTask, f"dlv_{name}") for name in ("stands", "runs"))

    assert stands.stopped_for == "订单已暂停 its order is suspended"
    assert runs.stopped_for is None


def test_what_was_found_before_is_found_in_the_same_order(brought: Session) -> None:
    question = Question(text="气象", kind=Kind.PRODUCT)

    hits = results.found(brought, question, after=None, limit=3).items

    assert [(hit.entry.number, hit.relevance) for hit in hits] == [(5000, 3), (40, 1), (39, 1)]
    assert results.counts(brought, question)[Kind.PRODUCT] == 41
    assert results.counts(brought, Question(kind=Kind.PRODUCT))[Kind.PRODUCT] == 41
    assert results.facets(brought, question) == {"grade": [results.Count("G1", 1)]}
    best = Question(text="气象", kind=Kind.PRODUCT, best_first=True)
    assert len(results.found(brought, best, after=None, limit=50).items) == 41
