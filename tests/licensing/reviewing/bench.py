"""Builders of cases whose items are asked for in a form that can still be made coarser."""

from typing import Any

from sqlalchemy.orm import Session

from licensing.applications import drafting
from licensing.applications.cases import Scenario
from licensing.scope import Item
from tests.conftest import work_of
from tests.licensing import desk, hall

CODE = "CAT-430000-000001"
RAIN, TEMP = (CODE, "RAIN"), (CODE, "TEMP")


def submitted(session: Session, **changes: Any) -> Scenario:
    """Submit a scenario that asks for both items masked."""
    code = desk.directory(session)
    items = [
        {"directory_code": code, "item_code": item, "transform": "masked"}
        for item in ("TEMP", "RAIN")
    ]
    desk.effective(session, code, items=items)
    made = desk.applied(session, code, items=asked(code), **changes)
    desk.walk(session, made, "submit")
    return made


def asked(code: str = CODE, *items: str) -> list[dict[str, Any]]:
    """Return the items of an application, masked."""
    return [desk.asked(code, item, transform="masked") for item in items or ("TEMP", "RAIN")]


def answer(item: Item, **said: Any) -> Any:
    """Return what a department says to one item; that it agrees, unless told otherwise."""
    return {"directory_code": item[0], "item_code": item[1], "verdict": "agree", **said}


def coarser(item: Item, how: str, text: str = "a coarser form is enough") -> Any:
    """Return the answer of a department that agrees to an item in a coarser form."""
    return answer(item, verdict="agree_with_condition", transform=how, text=text)


def revised(session: Session, **changes: Any) -> Scenario:
    """Bring a scenario into its second round, rewritten as `changes` say."""
    made = submitted(session)
    desk.walk(session, made, *desk.TO_PANEL)
    hall.pool(session)
    panel = hall.plan(session, made)
    hall.go(session, panel, *hall.TO_SCORING)
    hall.score(session, panel, *[7000] * 5)
    hall.go(session, panel, "tally", "conclude")
    rewritten(session, made, **{"items": asked(), **changes})
    return made


def rewritten(session: Session, made: Scenario, **changes: Any) -> None:
    """Rewrite a scenario that was sent back, as `changes` say, and submit it again."""
    again = desk.application(CODE, **changes)
    drafting.amend_draft(work_of(session, "per_developer_editor"), made.id, **again)
    desk.walk(session, made, "resubmit_revised")
