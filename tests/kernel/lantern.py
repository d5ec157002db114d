"""A small life cycle that uses every column of the table: a lantern, and who may light it."""

from enum import StrEnum

from sqlalchemy.orm import Mapped

from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.db import Base, Living
from kernel.errors import Refusal
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import ANY_BUT_FINAL, REASON, Workflow, ask, step


class State(StrEnum):
    """Where a lantern stands."""

    DARK = "dark"
    CHECKED = "checked"
    WAITING = "waiting"
    LIT = "lit"
    BROKEN = "broken"


class Lantern(Living, Base):
    """A lantern of the tests."""

    __tablename__ = "test_lanterns"

    owner_id: Mapped[str]
    oil: Mapped[int]
    wishes: Mapped[str | None]


def _has_oil(lantern: Lantern, _work: Work) -> Refusal | None:
    return None if lantern.oil else Refusal("NO_OIL", "没有油", "there is no oil")


def _is_owned(lantern: Lantern, _work: Work) -> Refusal | None:
    return None if lantern.owner_id else Refusal("NO_OWNER", "没有主人", "nobody owns it")


def _wish(lantern: Lantern, _work: Work, data: dict[str, str]) -> None:
    lantern.wishes = data["wish"]


owner = its("owner", "owner_id", Duty.EDITOR)
checker = any_of(Role.EXCHANGE_OPERATOR)
WISH = ask("wish", label=Words("愿望", "Wish"))

# fmt: off
LIFE: Workflow[State, Lantern] = Workflow(
    "lantern", State, State.DARK,
    step("check",  {State.DARK}, State.CHECKED, (owner, checker), when=(_has_oil, _is_owned),
         says="lantern.checked", label=Words("检查", "Check"),
         within="clocks.formal_check", overdue="light_up"),
    step("light",  {State.CHECKED}, State.LIT, (owner, checker), asks=(WISH,), then=(_wish,),
         not_by=("check",), says="lantern.lit", label=Words("点亮", "Light")),
    step("light_up", {State.CHECKED}, State.LIT, system_only,
         says="lantern.lit_itself", label=Words("自动点亮", "Light up by itself")),
    step("wait",   {State.CHECKED}, State.WAITING, checker, asks=(REASON,), pauses=True,
         says="lantern.waited", label=Words("等待", "Wait")),
    step("go_on",  {State.WAITING}, State.CHECKED, checker, resumes=True,
         says="lantern.went_on", label=Words("继续", "Go on")),
    step("break",  ANY_BUT_FINAL, State.BROKEN, checker,
         says="lantern.broken", label=Words("打碎", "Break")),
    step("rest",   {State.LIT}, State.DARK, owner, within="clocks.acceptance",
         says="lantern.rested", label=Words("熄灭", "Rest")),
)
# fmt: on
