from datetime import date
from typing import Any

import pytest

from kernel.errors import Invalid
from marketplace import uses
from tests.marketplace import make


def test_a_use_that_can_be_meant_passes() -> None:
    uses.check(make.use())


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"field": "weather"}, "field"),
        ({"purpose_code": "Weather Insurance"}, "purpose_code"),
        ({"purpose_text": "  "}, "purpose_text"),
        ({"purpose_text": "赔" * 501}, "purpose_text"),
        ({"region": "4301"}, "region"),
        ({"period_to": date(2026, 7, 19)}, "period_to"),
    ],
)
def test_a_use_that_cannot_be_meant_is_refused(changes: dict[str, Any], name: str) -> None:
    with pytest.raises(Invalid) as error:
        uses.check(make.use(**changes))

    assert error.value.pointer == f"/use_scenario/{name}"


def test_a_use_is_read_as_it_was_written() -> None:
    use = make.use()

    assert uses.from_json(uses.to_json(use)) == use
    assert uses.to_json(use)["period_from"] == "2026-07-20"
