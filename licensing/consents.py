"""A department's opinion (供数部门意见) on one scenario: asked of each that supplies data.

Source: the supplying department gives its opinion on every scenario, with reasons.
Silence is never consent (I-43). When the last opinion is in, the scenario moves on in
the same transaction.
"""

from typing import Any

from kernel.errors import Refusal, StepRefused
from kernel.work import Work
from licensing import scenarios

# The row of an opinion is spoken of as consents.Opinion, consents.find, …
from licensing.applications.opinions import LIFE as LIFE
from licensing.applications.opinions import Opinion as Opinion
from licensing.applications.opinions import State as State
from licensing.applications.opinions import conditions as conditions
from licensing.applications.opinions import find as find
from licensing.applications.opinions import listed as listed
from licensing.applications.opinions import of as of
from licensing.applications.opinions import oversees as oversees
from licensing.applications.opinions import seen as seen


def take(work: Work, opinion_id: str, name: str, **data: Any) -> Opinion:
    """Take a step of an opinion the caller may see; its scenario moves on when all are in.

    Raises what LIFE raises, and StepRefused when the scenario waits for it no more.
    """
    asked = seen(work, opinion_id)
    scenario = scenarios.find(work.session, asked.scenario_id)
    if (scenario.state, scenario.round) != (scenarios.State.DEPT_OPINION, asked.round):
        zh, en = "该场景已不在征求意见阶段", "the scenario no longer waits for opinions"
        raise StepRefused(zh, en, (Refusal("SCENARIO_MOVED_ON", zh, en),))
    LIFE.take(name, asked, work, **data)
    scenarios.advance(work, scenario)
    return asked
