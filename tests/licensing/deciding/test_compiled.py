from typing import Any

from sqlalchemy.orm import Session

from licensing import decisions
from licensing.deciding import compiled
from tests.conftest import NOON, work_of
from tests.licensing import desk, grants
from tests.licensing.deciding import uses


def granted(session: Session, **changes: Any) -> tuple[str, str]:
    """Return an authorisation to a directory that is in the catalogue, and its code."""
    code = desk.directory(session, **changes)
    items = [{"directory": code, "item": "RAIN", "transform": "aggregated"}]
    grants.agreement(session, items=items)
    return grants.active(session, given=grants.scope(items=items)).id, code


def test_what_the_catalogue_knows_is_graded(session: Session) -> None:
    key, code = granted(session)

    found = compiled.grant(session, key, NOON)

    assert found is not None
    assert found.graded[code, "RAIN"].grade is not None
    assert found.unconsented == frozenset()
    assert compiled.grant(session, "aut_nowhere", NOON) is None


def test_a_use_of_what_the_catalogue_knows_is_allowed(session: Session) -> None:
    key, code = granted(session)
    asked = uses.request(key, items=((code, "RAIN"),))

    assert decisions.decide(work_of(session, "per_buyer_editor"), asked).codes == []


def test_what_needs_the_holders_consent_is_denied_without_it(session: Session) -> None:
    key, code = granted(session, operation_type="eligible_with_consent")
    asked = uses.request(key, items=((code, "RAIN"),))

    decided = decisions.decide(work_of(session, "per_buyer_editor"), asked)

    assert decided.codes == ["CONSENT_MISSING"]


def test_an_item_that_the_directory_holds_no_more_is_blocked(session: Session) -> None:
    code = desk.directory(session)
    items = [{"directory": code, "item": "GONE", "transform": "aggregated"}]
    grants.agreement(session, items=items)
    key = grants.active(session, given=grants.scope(items=items)).id
    asked = uses.request(key, items=((code, "GONE"),))

    decided = decisions.decide(work_of(session, "per_buyer_editor"), asked)

    assert decided.codes == ["GRADE_BLOCKED"]
