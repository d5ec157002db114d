"""`databourse complaints`: listed, shown, and decided by an officer, as at the desk."""

import json

import pytest

from app import demonstration
from kernel.engines import Engines
from marketplace.aftercare.complaint_rows import Category
from tests.app.commands import consoles
from tests.app.commands.consoles import Console
from tests.marketplace.aftercare import grievances

OFFICER = ("--as", "per_exchange_compliance@test")
SELLER = ("--as", "per_developer_editor@test")
STRANGER = ("--as", "per_other_editor@test")


@pytest.fixture
def complaint_id(engines: Engines) -> str:
    """Have the developer complained of, by somebody that it is not to learn of."""
    with engines.writing() as session:
        demonstration.begin_at(session, grievances.NOW)
        made = grievances.made(session, category=Category.FALSE_LISTING, hidden=True).id
        session.commit()
    return made


@pytest.fixture
def console(engines: Engines, complaint_id: str) -> Console:
    assert complaint_id
    return consoles.at(engines)


def test_a_complaint_is_listed_shown_and_decided(console: Console, complaint_id: str) -> None:
    def take(step: str, *words: str, who: tuple[str, str] = OFFICER) -> str:
        done = console("complaints", "take", complaint_id, step, *words, *who)
        assert done.exit_code == 0, done.output
        return str(done.stdout.split()[2])

    listed = console("complaints", "list", "--open", *OFFICER)
    shown = json.loads(console("complaints", "show", complaint_id, "--json", *OFFICER).stdout)
    steps = [
        take("accept"),
        take("answer", "--say", "answer=已更正", who=SELLER),
        take("demand", "--say", "demanded=改正宣传"),
        take("put_right", "--say", "put_right=已改正=两处", who=SELLER),
        take("resolve", "--say", "finding=upheld", "--say", "outcome=已责令改正"),
    ]
    after = json.loads(console("complaints", "show", complaint_id, "--json", *OFFICER).stdout)
    plain = console("complaints", "show", complaint_id, *SELLER).stdout

    assert listed.stdout.split()[0] == complaint_id
    assert "虚假挂牌 false listing" in listed.stdout
    assert (shown["said"], shown["complainant_id"]) == ("宣传与实际不符", "org_buyer")
    assert "accept" in [each["step"] for each in shown["steps"]]
    assert steps == ["answering", "handling", "rectifying", "handling", "resolved"]
    assert (after["put_right"], after["finding"]) == ("已改正=两处", "upheld")
    assert "outcome: 已责令改正" in plain
    assert "org_buyer" not in plain


def test_a_case_is_taken_over_while_it_is_handled_and_by_officers_alone(
    console: Console, complaint_id: str
) -> None:
    early = console("complaints", "take-over", complaint_id, *OFFICER)
    console("complaints", "take", complaint_id, "accept", *OFFICER)

    others = console("complaints", "take-over", complaint_id, *SELLER)
    taken = console("complaints", "take-over", complaint_id, *OFFICER)

    assert (early.exit_code, others.exit_code, taken.exit_code) == (3, 3, 0)
    assert "NOT_IN_HAND" in early.output


def test_lists_are_narrowed_and_nobody_sees_the_complaints_of_others(
    console: Console, complaint_id: str
) -> None:
    found = [
        console("complaints", "list", *words).stdout.split()[:1]
        for words in (
            ("--state", "filed", "--category", "false_listing", *OFFICER),
            ("--state", "closed", *OFFICER),
            ("--category", "overpricing", *OFFICER),
            SELLER,  # it was not taken up yet
            STRANGER,
        )
    ]
    hidden = console("complaints", "show", complaint_id, *STRANGER)

    assert found == [[complaint_id], [], [], [], []]
    assert (hidden.exit_code, hidden.stdout) == (3, "")


def test_what_cannot_be_asked_or_done_is_told(console: Console, complaint_id: str) -> None:
    def status(*words: str) -> int:
        return int(console("complaints", *words).exit_code)

    here = ("take", complaint_id)

    assert status("list", "--state", "odd", *OFFICER) == 2
    assert status("list", "--as", "nobody@test") == 3
    assert status("list") == 2
    assert status(*here, "turn", *OFFICER) == 2  # it has a door of its own
    assert status(*here, "refuse", *OFFICER) == 2
    assert status(*here, "refuse", "--say", "cause=x", *OFFICER) == 2
    assert status(*here, "refuse", "--say", "reason=不属受理范围", *SELLER) == 3
    assert status(*here, "resolve", "--say", "finding=odd", "--say", "outcome=x", *OFFICER) == 2
    assert status(*here, "refuse", "--say", "reason=不属受理范围", *OFFICER) == 0
    assert status(*here, "refuse", "--say", "reason=不属受理范围", *OFFICER) == 3
