"""What becomes of products when the right behind them is renewed."""

import dataclasses
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.reactions import AT_ONCE, REACTIONS, WITNESSES
from kernel.journal import Event, history
from kernel.parties import organisations
from kernel.work import Work
from licensing import authorisations
from licensing.authorisations import Authorisation
from marketplace import products, versions
from marketplace.products import Product, State
from marketplace.standing import falls
from tests.conftest import work_of
from tests.licensing import grants
from tests.licensing.standing import lives
from tests.marketplace import make

NEXT = {"period": {"from": "2027-07-01", "to": "2028-06-30"}}
RAIN = {**grants.ITEMS[0]}
TEMP = {name: grants.ITEMS[1][name] for name in ("directory", "item")}
FIRST_DAY = lives.noon("2027-07-01")


def house(session: Session) -> Work:
    """Return work of the house on the first day of what comes after."""
    return dataclasses.replace(work_of(session, "system", at=FIRST_DAY), witnesses=WITNESSES)


def renewed(session: Session, before: Authorisation, **changes: Any) -> Authorisation:
    """Issue what follows on an authorisation, from the day after its last day."""
    grants.scenario(session, "scn_next")
    return authorisations.issue(
        work_of(session, "system"),
        scope=grants.scope(**{**NEXT, **changes}),
        scenario_id="scn_next",
        assessment_id="asm_next",
        grantee_id="org_developer",
        operator_id="org_operator",
        implementing_agency_id="org_agency",
        departments=["org_dept"],
        purpose_text="Farm insurance that pays by measured rain",
        supersedes_id=before.id,
    )


def follow(session: Session, found: Authorisation) -> None:
    """Do twice what follows after the commit of the last event of an authorisation."""
    session.flush()
    last = history(session, found.id, limit=1)[-1]
    for _ in range(2):
        for reaction in REACTIONS.get(last.kind, {}).values():
            reaction(house(session), last)
        session.flush()


def end(session: Session, found: Authorisation) -> None:
    authorisations.LIFE.take("supersede", found, house(session))
    follow(session, found)


def begin(session: Session, found: Authorisation) -> None:
    authorisations.LIFE.take("activate", found, house(session))
    follow(session, found)


def kinds(session: Session, product: Product) -> list[str]:
    session.flush()
    return [event.kind for event in history(session, product.id, limit=4)]


def last(session: Session, product: Product) -> Event:
    session.flush()
    return history(session, product.id, limit=1)[-1]


@pytest.fixture
def product(session: Session) -> Product:
    """A product of rain alone, listed under an authorisation of rain and temperature."""
    return make.listed(session, make.public_content(session))


@pytest.fixture
def before(session: Session, product: Product) -> Authorisation:
    found = authorisations.live_of(session, "scn_weather")
    assert product.state == State.LISTED
    assert found is not None
    return found


@pytest.mark.parametrize("order", [(end, begin), (begin, end)])
def test_a_product_moves_to_the_right_that_follows(
    session: Session, product: Product, before: Authorisation, order: Any
) -> None:
    heir = renewed(session, before)

    for step in order:
        step(session, before if step is end else heir)

    now = versions.find(session, product.current_version_id)
    said, earlier = (versions.content(one) for one in versions.of(session, product.id))
    assert (product.state, product.suspended_with) == (State.LISTED, None)
    assert (now.authorisation_id, now.scenario_id, now.number) == (heir.id, "scn_next", 2)
    assert {key for key in said if said.get(key) != earlier.get(key)} == {
        "authorisation_id", "scenario_id",
    }  # fmt: skip
    assert kinds(session, product) == [
        "product.listed", "product.suspended", "product.inherited", "product.came_back",
    ]  # fmt: skip


def test_what_does_not_fit_stays_down_and_says_why(
    session: Session, product: Product, before: Authorisation
) -> None:
    warm = make.listed(
        session,
        versions.content(versions.find(session, product.current_version_id)) | {"items": [TEMP]},
    )
    heir = renewed(session, before, items=[RAIN])

    end(session, before)
    begin(session, heir)

    told = last(session, warm)
    assert product.state == State.LISTED
    assert (warm.state, warm.suspended_with) == (State.SUSPENDED, None)
    assert told.kind == "product.left_behind"
    assert [one["code"] for one in told.data["misfits"]] == ["ITEM_NOT_AUTHORISED"]
    assert told.data["authorisation_id"] == heir.id
    assert "TEMP" in told.data["reason"]
    assert versions.find(session, warm.current_version_id).number == 1


def test_nothing_moves_before_both_ends_have_met(
    session: Session, product: Product, before: Authorisation
) -> None:
    heir = renewed(session, before)
    falls.take_over(house(session), before.id)  # a first one
    falls.take_over(house(session), heir.id)  # not in force yet
    authorisations.LIFE.take("supersede", before, house(session))
    follow(session, before)

    assert (product.state, product.suspended_with) == (State.SUSPENDED, before.id)
    assert kinds(session, product)[-1] == "product.suspended"


def test_what_expires_without_an_heir_hands_nothing_over(
    session: Session, product: Product, before: Authorisation
) -> None:
    authorisations.LIFE.take("expire", before, house(session))
    falls.hand_over(house(session), before.id)

    assert (product.state, product.suspended_with) == (State.SUSPENDED, before.id)


def test_what_was_suspended_otherwise_is_left_alone(
    session: Session, product: Product, before: Authorisation
) -> None:
    officer = work_of(session, "per_exchange_listing")
    products.take(officer, product.id, "suspend", reason="a complaint")
    heir = renewed(session, before)

    end(session, before)
    begin(session, heir)

    assert (product.state, product.suspended_with) == (State.SUSPENDED, None)
    assert kinds(session, product)[-1] == "product.suspended"


def test_a_merchant_that_may_not_sell_inherits_and_stays_down(
    session: Session, product: Product, before: Authorisation
) -> None:
    heir = renewed(session, before)
    end(session, before)
    organisations.find(session, "org_developer").state = organisations.State.RESTRICTED
    session.flush()

    begin(session, heir)

    assert (product.state, product.suspended_with) == (State.SUSPENDED, heir.id)
    assert kinds(session, product)[-1] == "product.inherited"


def test_the_house_listens_to_both_ends() -> None:
    assert "hand its products over" in REACTIONS["authorisation.superseded"]
    for kind in ("activated", "activated_conditionally", "resumed", "resumed_conditionally"):
        assert "take its forerunner's products over" in REACTIONS[f"authorisation.{kind}"]
    assert "take its products off the market" in AT_ONCE["authorisation.superseded"]
