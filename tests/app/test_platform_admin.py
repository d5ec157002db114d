"""I-5: whoever runs the machines approves, scores, signs, prices and pays nothing."""

from typing import Any

import pytest

from app.lives import LIVES
from kernel.actor import Actor, Duty, Role

HOME = "org_home"
EVERYBODYS = {"registration.correct"}
"""Rights that everybody has who signs in: to say that a public register is wrong."""


class Theirs:
    """A subject all of whose parties are the administrator's own organisation."""

    def __getattr__(self, name: str) -> Any:
        return {HOME} if name in {"parties", "departments"} else HOME


@pytest.mark.parametrize("life", sorted(LIVES))
def test_i_05_a_platform_administrator_takes_no_step(life: str) -> None:
    roles = frozenset(Role) - {Role.SYSTEM}
    administrator = Actor("per_admin", HOME, roles, frozenset({Duty.PLATFORM_ADMIN}))

    takes = [
        f"{life}.{row.name} by {who.name}"
        for row in LIVES[life].LIFE.steps.values()
        for who in row.by
        if f"{life}.{row.name}" not in EVERYBODYS and who.matches(administrator, Theirs())
    ]

    assert takes == []
