from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import journal
from kernel.actor import NOBODY, SYSTEM, Duty, Role, any_of, its, system_only
from kernel.journal import Errand
from kernel.money import Money
from kernel.work import Rules
from tests.conftest import CRYPTO, NOON, RULES, WorkAs, actor_of, work_of


def test_an_event_carries_who_when_and_under_which_rules(work_as: WorkAs) -> None:
    work = work_as("per_buyer_editor")

    event = work.record("thing.happened", "thg_1", amount=Money(5), on=date(2026, 7, 1), at=NOON)
    work.session.flush()

    assert (event.person, event.organisation) == ("per_buyer_editor", "org_buyer")
    assert (event.at, event.rule_version) == (NOON, RULES.version)
    assert event.data["amount"] == {"minor": 5, "currency": "CNY"}
    assert event.data["on"] == "2026-07-01"
    assert event.digest == journal.digest(event, CRYPTO)


def test_an_event_leaves_an_errand_for_each_reaction(work_as: WorkAs) -> None:
    work = work_as("per_buyer_editor")
    subscribed = work_of(work.session, "per_buyer_editor")
    object.__setattr__(subscribed, "subscribers", {"thing.happened": ("tell", "count")})

    subscribed.record("thing.happened", "thg_1")
    subscribed.record("nothing.follows", "thg_1")
    work.session.flush()

    errands = work.session.scalars(select(Errand).order_by(Errand.id)).all()
    assert [errand.reaction for errand in errands] == ["tell", "count"]
    assert {errand.due_at for errand in errands} == {NOON}


def test_the_house_itself_may_act(work_as: WorkAs) -> None:
    work = work_as("per_buyer_editor").as_system()

    assert work.record("thing.happened", "thg_1").person == "system"


@pytest.mark.parametrize("value", [1.5, {1, 2}, object(), Decimal("1.0"), {"deep": [1.5]}])
def test_what_has_no_single_written_form_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="journal"):
        journal.plain(value)


def test_plain_values_keep_their_meaning() -> None:
    given = {"a": None, "b": True, "c": [1, ("x", date(2026, 1, 2))]}

    assert journal.plain(given) == {"a": None, "b": True, "c": [1, ["x", "2026-01-02"]]}


def test_history_is_the_latest_oldest_first(work_as: WorkAs) -> None:
    work = work_as("per_buyer_editor")
    for number in range(4):
        work.record("thing.happened", "thg_1", number=number)
        work.session.flush()
    work.record("thing.happened", "thg_2")

    found = journal.history(work.session, "thg_1", limit=2)

    assert [event.data["number"] for event in found] == [2, 3]


def test_rules_name_what_is_missing() -> None:
    rules = Rules("1", {"a": {"b": 3, "c": "text"}, "flag": True})

    assert (rules.number("a.b"), rules.text("a.c"), rules.table("a")) == (
        3,
        "text",
        {"b": 3, "c": "text"},
    )
    for key in ("a.x", "a.b.c", "x"):
        with pytest.raises(KeyError, match="no rule"):
            rules.number(key)
    for reader, key in ((rules.number, "a.c"), (rules.number, "flag"), (rules.text, "a.b")):
        with pytest.raises(KeyError, match="is not a"):
            reader(key)
    with pytest.raises(KeyError, match="is not a table"):
        rules.table("a.b")


def test_who_is_named_and_matched() -> None:
    class Thing:
        owner_id = "org_buyer"

    buyer, listing = actor_of("per_buyer_editor"), actor_of("per_exchange_listing")
    owner = its("owner", "owner_id", Duty.EDITOR)
    officer = any_of(Role.EXCHANGE_OPERATOR, Duty.LISTING_OFFICER, Duty.APPROVER)

    assert owner.name == "its owner editor"
    assert owner.matches(buyer, Thing())
    assert not owner.matches(listing, Thing())
    assert not its("owner", "owner_id", Duty.SIGNER).matches(buyer, Thing())
    assert officer.name == "exchange_operator listing_officer/approver"
    assert officer.matches(listing, None)
    assert not officer.matches(buyer, None)
    assert not any_of(Role.EXCHANGE_OPERATOR, Duty.SIGNER).matches(listing, None)
    assert system_only.matches(SYSTEM, None)
    assert not system_only.matches(NOBODY, None)


def test_the_latest_of_some_kinds_are_found_page_by_page(session: Session) -> None:
    work = work_of(session, "system")
    for number in range(3):
        for kind in ("thing.begun", "thing.ended", "other.begun"):
            work.record(kind, f"t{number}")
    session.flush()

    first = journal.latest(session, ["thing.begun", "thing.ended"], after=None, limit=4)
    rest = journal.latest(session, ["thing.begun", "thing.ended"], after=first.next, limit=4)

    told = [(one.kind, one.subject) for one in (*first.items, *rest.items)]
    assert told == [
        (kind, f"t{number}") for number in (2, 1, 0) for kind in ("thing.ended", "thing.begun")
    ]
    assert rest.next is None
