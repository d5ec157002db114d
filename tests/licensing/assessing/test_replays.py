"""Replays: the same sheets, the same result; other rules, perhaps another."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from kernel.work import Rules, Work
from licensing.assessing import replays
from licensing.assessments import Assessment
from licensing.pleading import recommendations
from tests.conftest import RULES
from tests.licensing import hall

WorkAs = Callable[..., Work]


def changed(**assessment: Any) -> Rules:
    """Return the rules with another [assessment] table."""
    table: Mapping[str, Any] = {**RULES.values["assessment"], **assessment}
    return Rules("changed", {**RULES.values, "assessment": table})


def test_under_its_own_rules_everything_comes_out_as_it_is_stored(session: Session) -> None:
    made = hall.concluded(session)

    (found,) = replays.simulate(session, RULES)

    assert (found.assessment_id, found.before, found.after) == (made.id, "pass", "pass")
    assert (found.mean_before, found.mean_after, found.differs) == (7870, 7870, False)
    assert replays.check(session) == []


@pytest.mark.parametrize(
    ("rules", "after", "mean"),
    [
        ({"mean_pass": 8000}, "revise", 7870),
        ({"mean_pass": 8000, "mean_revise": 7900}, "fail", 7870),
        ({"trim_from": 5}, "pass", 7817),
        ({"quorum_share_bp": 10_000, "sheets_min": 6}, "no_quorum", None),
        ({"weights": {"legality": 60, "novelty": 40}}, "not_comparable", None),
    ],
)
def test_other_rules_may_change_a_result(
    session: Session, rules: dict[str, Any], after: str, mean: int | None
) -> None:
    hall.concluded(session)

    (found,) = replays.simulate(session, changed(**rules))

    assert (found.after, found.mean_after) == (after, mean)
    assert found.differs == (after != "pass")


def test_what_was_tampered_with_is_found(session: Session) -> None:
    made = hall.concluded(session)
    session.execute(update(Assessment).values(mean=9900, seed="another"))
    session.expire_all()

    found = {(one.code, one.at) for one in replays.check(session)}

    assert found == {("RESULT_DIFFERS", made.id), ("DRAW_DIFFERS", made.id)}


def test_a_conclusion_recommends_with_its_reasons(session: Session, work_as: WorkAs) -> None:
    made = hall.scoring(session)
    work = work_as("per_agency_approver")
    early = recommendations.of(work, made.id)
    low = {**hall.sheet(made, 8000)["scores"], "benefit": 5900}
    hall.score(session, made, 8000, scores=low, comments={"benefit": "nobody but one gains by it"})
    for person, points in zip(made.serving[1:], (8000,) * 4, strict=True):
        hall.sign(session, made, person, points)
    hall.go(session, made, "tally", "conclude")

    found = recommendations.of(work, made.id)

    assert early is None
    assert found is not None
    assert (found.step, found.collective, found.result) == ("authorise", False, "pass")
    assert found.doubts == ("nobody but one gains by it",)
    assert "5 sheets count" in found.reasons[0].en
    assert "the weakest criterion is benefit" in found.reasons[2].en


def test_a_failed_assessment_recommends_a_rejection(session: Session, work_as: WorkAs) -> None:
    made = hall.concluded(session, hall.SCORES, vetoed=["legality"])

    found = recommendations.of(work_as("per_agency_approver"), made.id)

    assert found is not None
    assert found.step == "reject"
    assert "vetoed" in found.reasons[-1].en
