from datetime import date
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalogue import directories
from licensing import scope
from licensing.applications import items
from licensing.applications.items import ScenarioItem
from licensing.scope import ANYONE, Environment, OutputForm, Period, Scope, Transform
from tests.catalogue import shelf
from tests.licensing import desk

TODAY = date(2026, 7, 1)


def row(code: str = "TEMP", *, grade: str = "G1", pi_class: str = "none") -> ScenarioItem:
    return ScenarioItem(
        directory_code="CAT-1", item_code=code, department_id="org_dept", grade=grade,
        pi_class=pi_class, struck=False,
    )  # fmt: skip


def use(**changes: Any) -> Scope:
    whole: dict[str, Any] = {
        "purpose_code": None,
        "purpose_fingerprint": None,
        "items": {("CAT-1", "TEMP"): Transform.MASKED},
        "row_filters": frozenset(),
        "users": frozenset({"org_buyer"}),
        "regions": frozenset({"430000"}),
        "period": Period(TODAY, TODAY),
        "quotas": {},
        "output_forms": frozenset({OutputForm.SCORE}),
        "environments": frozenset({Environment.TRUSTED_DOMAIN_SANDBOX}),
    }
    return Scope(**{**whole, **changes})


RISKS: list[tuple[dict[str, Any], dict[str, Any], tuple[int, int, str]]] = [
    ({}, {}, (1, 2, "low")),
    ({"grade": "G3"}, {}, (3, 2, "medium")),
    ({"pi_class": "sensitive"}, {}, (5, 2, "high")),
    ({"grade": "G4"}, {"users": frozenset({"class:buyer"})}, (4, 3, "high")),
    ({"grade": "G4"}, {"users": frozenset({ANYONE})}, (4, 3, "high")),
    (
        {"grade": "G4"},
        {"output_forms": frozenset({OutputForm.SCORE, OutputForm.RECORD_API})},
        (4, 4, "unacceptable"),
    ),
    ({"grade": "G4"}, {"environments": frozenset({Environment.TEE})}, (4, 1, "low")),
]


@pytest.mark.parametrize(("item", "asked", "risk"), RISKS)
def test_the_risk_is_that_of_the_gravest_item_and_the_most_exposing_use(
    item: dict[str, Any], asked: dict[str, Any], risk: tuple[int, int, str]
) -> None:
    found = items.risk([row(), row(**item)], use(**asked), users_count=20, fusion=False)

    assert (found["impact"], found["likelihood"], found["grade"]) == risk


def test_many_users_and_fusion_make_a_leak_likelier() -> None:
    few = items.risk([row()], use(), users_count=100, fusion=False)
    many = items.risk([row()], use(), users_count=101, fusion=True)

    assert (few["likelihood"], many["likelihood"]) == (2, 4)


def test_a_directory_is_a_source_while_it_is_published(session: Session) -> None:
    version = shelf.published(session)
    code = directories.find_directory(session, version.directory_id).code

    found = items.source(session, code)
    shelf.go(session, version, "suspend")

    assert found is not None
    assert (found.department_id, found.operation_type) == ("org_dept", "eligible")
    assert found.items["RAIN"].unit == "mm"
    assert items.source(session, code) is None
    assert items.source(session, "CAT-000000-999999") is None


def test_every_directory_that_may_not_supply_is_told(session: Session) -> None:
    version = shelf.published(session, operation_type="eligible_with_consent")
    code = directories.find_directory(session, version.directory_id).code

    found = items.unsupplied(session, [code, "CAT-000000-999999", code], TODAY)

    assert [refusal.code for refusal in found] == [
        "DIRECTORY_NOT_PUBLISHED",
        "DIRECTORY_NEEDS_CONSENT",
        "DIRECTORY_NOT_REGISTERED",
    ]


def test_items_are_gathered_by_department() -> None:
    theirs = row("RAIN")
    theirs.department_id = "org_other"

    assert items.by_department([row(), theirs, row("WSPM")]) == {
        "org_dept": [
            {"directory_code": "CAT-1", "item_code": "TEMP"},
            {"directory_code": "CAT-1", "item_code": "WSPM"},
        ],
        "org_other": [{"directory_code": "CAT-1", "item_code": "RAIN"}],
    }


def test_a_strike_narrows_and_stays(session: Session) -> None:
    code = desk.directory(session)
    made = desk.applied(session, code)

    first = items.strike(session, made.id, made.asked, {(code, "RAIN")})
    second = items.strike(session, made.id, first, set())

    assert second == first
    assert scope.fits(first, made.asked) == ()
    assert [one.item for one in items.kept(items.of(session, made.id))] == [(code, "TEMP")]


def test_the_database_wants_a_reason_for_each_item(session: Session) -> None:
    made = desk.applied(session, desk.directory(session))
    items.of(session, made.id)[0].necessity_reason = ""

    with pytest.raises(IntegrityError, match="necessity_is_told"):
        session.flush()
