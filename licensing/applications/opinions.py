"""An opinion (意见) in the life of its scenario, which moves on when the last one is in."""

from typing import Any

from kernel.work import Work
from licensing import scenarios
from licensing.consents import LIFE as LIFE
from licensing.consents import Opinion
from licensing.consents import find as find
from licensing.consents import seen as seen


def take(work: Work, opinion_id: str, name: str, **data: Any) -> Opinion:
    """Take one step of the opinion's life, for those who may see it; see `scenarios.opinion`."""
    return scenarios.opinion(work, opinion_id, name, **data)
