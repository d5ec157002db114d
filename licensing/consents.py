"""A department's opinion (供数部门意见) on one scenario: asked of each that supplies data.

Source: the supplying department gives its opinion on every scenario, with reasons.
Silence is never consent (I-43). When the last opinion is in, the scenario moves on in
the same transaction.
"""

from collections.abc import Sequence
from typing import Any

from kernel.errors import Refusal, StepRefused
from kernel.work import Work
from licensing import scenarios
from licensing.applications import opinions

# The row of an opinion is spoken of as consents.Opinion, consents.find, …
from licensing.applications.opinions import DISAGREEMENT_CAUSES as DISAGREEMENT_CAUSES
from licensing.applications.opinions import LIFE as LIFE
from licensing.applications.opinions import VERDICTS as VERDICTS
from licensing.applications.opinions import ItemAnswer as ItemAnswer
from licensing.applications.opinions import Opinion as Opinion
from licensing.applications.opinions import State as State
from licensing.applications.opinions import conditions as conditions
from licensing.applications.opinions import find as find
from licensing.applications.opinions import listed as listed
from licensing.applications.opinions import of as of
from licensing.applications.opinions import oversees as oversees
from licensing.applications.opinions import said as said
from licensing.applications.opinions import seen as seen


def take(work: Work, opinion_id: str, name: str, **data: Any) -> Opinion:
    """Take a step of an opinion the caller may see; its scenario moves on when all are in.

    Raises what LIFE raises, and StepRefused when the scenario waits for it no more.
    """
    asked, scenario = _awaited(work, opinion_id)
    LIFE.take(name, asked, work, **data)
    scenarios.advance(work, scenario)
    return asked


def answer(work: Work, opinion_id: str, *, items: Sequence[ItemAnswer]) -> Opinion:
    """Answer item by item: agree, agree with a condition, or disagree, each for itself.

    What is disagreed is struck from the scenario before the panel, and what is agreed on in
    a coarser form is narrowed to it. Raises what `take`
    raises, and Invalid with a pointer.
    """
    asked, scenario = _awaited(work, opinion_id)
    rows = opinions.answers(asked, items, scenario.asked.items)
    LIFE.take("answer_by_item", asked, work, rows=rows)
    scenarios.advance(work, scenario)
    return asked


def _awaited(work: Work, opinion_id: str) -> tuple[Opinion, scenarios.Scenario]:
    asked = seen(work, opinion_id)
    scenario = scenarios.find(work.session, asked.scenario_id)
    if (scenario.state, scenario.round) != (scenarios.State.DEPT_OPINION, asked.round):
        zh, en = "该场景已不在征求意见阶段", "the scenario no longer waits for opinions"
        raise StepRefused(zh, en, (Refusal("SCENARIO_MOVED_ON", zh, en),))
    return asked, scenario
