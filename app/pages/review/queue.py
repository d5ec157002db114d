"""The queue of cases: the shortest time left first, by what it is narrowed to, or as a file."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, render_template, request

from app import doors, languages, unit
from app.pages import shown, spreadsheets, vocabulary
from catalogue.grades import Grade
from kernel.clock import local_date
from kernel.deadlines import Light
from kernel.parties import people
from kernel.words import Words
from kernel.work import Work
from licensing.applications.cases import UNDECIDED, State, Waiting
from licensing.applications.vocabulary import ApplicationField
from licensing.reviewing import assignments
from licensing.supervision import queues
from licensing.supervision.queues import Gravity, Wanted

blueprint = Blueprint("queue", __name__)

QUEUE: Final = 50
EXPORTED_MAX: Final = 5_000
"""Rows of one exported file; a narrower choice gives the others."""

SHADES: Final = (Light.RED, Light.YELLOW, Light.GREEN, Light.GREY)
STEPS: Final = tuple(state for state in State if state in UNDECIDED and state != State.DRAFT)
_HEADER: Final = (
    Words("编号", "Number"), Words("场景", "Scenario"), Words("申请方", "Applicant"),
    Words("应用领域", "Field"), Words("最高级别", "Gravest grade"),
    Words("个人信息", "Personal data"), Words("状态", "State"), Words("灯", "Light"),
    Words("剩余日", "Days left"), Words("截止", "Due"), Words("承办人", "In hand of"),
)  # fmt: skip


@blueprint.get("/cases")
@doors.members("read")
def cases() -> Any:
    """Show what waits for a decision, with its four lights; or save just that as a file."""
    work, wanted = unit.current(), _wanted()
    if (kind := request.args.get("file")) in {"csv", "xlsx"}:
        found = _all(work, wanted)
        return spreadsheets.answer(
            kind, f"cases-{local_date(work.now)}",
            [languages.said(words) for words in _HEADER], _lines(work, found),
        )  # fmt: skip
    page = queues.listed(work, wanted, after=shown.after(), limit=QUEUE)
    grave = queues.gravity(work.session, [row.scenario.id for row in page.items])
    held = holders(work, [row.scenario.id for row in page.items])
    return render_template(
        "cases/cases.html",
        queue=[
            {
                **waiting(row),
                "gravity": grave.get(row.scenario.id),
                "holder": held.get(row.scenario.id),
                "claims": row.scenario.id not in held
                and assignments.officer.matches(work.actor, row.scenario),
            }
            for row in page.items
        ],
        lights=lights(work, wanted),
        firms=shown.names(work, [row.scenario.applicant_id for row in page.items]),
        next=page.next,
        steps=STEPS,
        chosen=request.args,
        address=_address(),
    )


def holders(work: Work, scenario_ids: list[str]) -> dict[str, str]:
    """Return case → name of the officer who has it in hand. Two SELECTs."""
    held = assignments.of_all(work.session, scenario_ids)
    named = people.names(work.session, held.values())
    return {case: named[person] for case, person in held.items()}


def pane(work: Work) -> dict[str, Any]:
    """Return the queue as it stands beside a case. Three SELECTs."""
    page = queues.listed(work, limit=QUEUE)
    return {"queue": [waiting(row) for row in page.items], "lights": lights(work)}


def waiting(found: Waiting) -> dict[str, Any]:
    """Return a row of the queue."""
    return {
        "id": found.scenario.id,
        "title": found.scenario.title,
        "code": found.scenario.code,
        "field": found.scenario.application_field,
        "applicant_id": found.scenario.applicant_id,
        "state": str(found.scenario.state),
        "clock": shown.light(found.light, found.days_left),
        "due_on": found.due_on,
    }


def lights(work: Work, wanted: Wanted | None = None) -> list[dict[str, Any]]:
    """Return the four lights with how many there are of each. One SELECT."""
    counted = queues.lights(work, wanted)
    return [{**(shown.light(shade, None) or {}), "count": counted[shade]} for shade in SHADES]


def _wanted() -> Wanted:
    """Return what the address narrows the queue to; a value that is none narrows nothing."""
    personal = shown.asked("pi", max=3)
    state = _one_of("step", [str(step) for step in STEPS])
    return Wanted(
        state=State(state) if state else None,
        field=_one_of("field", [field.value for field in ApplicationField]),
        grade=_one_of("grade", [grade.value for grade in Grade]),
        personal={"yes": True, "no": False}.get(personal or ""),
        text=shown.asked("q", max=queues.TEXT_MAX),
        overdue=shown.asked("red") is not None,
        hands=_one_of("hands", ("mine", "nobody")),
    )


def _one_of(name: str, values: Sequence[str]) -> str | None:
    asked = shown.asked(name, max=40)
    return asked if asked in values else None


def _address() -> str:
    kept = {name: text for name, text in request.args.items() if name not in ("after", "file")}
    return f"/cases?{urlencode({name: text for name, text in kept.items() if text})}"


def _all(work: Work, wanted: Wanted) -> list[Waiting]:
    found: list[Waiting] = []
    after: str | None = None
    while len(found) < EXPORTED_MAX:
        page = queues.listed(work, wanted, after=after, limit=500)
        found, after = [*found, *page.items], page.next
        if after is None:
            break
    return found


def _lines(work: Work, found: Sequence[Waiting]) -> list[list[spreadsheets.Cell]]:
    firms = shown.names(work, {row.scenario.applicant_id for row in found})
    grave = queues.gravity(work.session, [row.scenario.id for row in found])
    held = holders(work, [row.scenario.id for row in found])
    return [[*_line(row, firms, grave), held.get(row.scenario.id)] for row in found]


def _line(
    row: Waiting, firms: dict[str, str], grave: dict[str, Gravity]
) -> list[spreadsheets.Cell]:
    case, gravity = row.scenario, grave.get(row.scenario.id)
    yes, no = Words("涉及", "yes"), Words("不涉及", "no")
    return [
        case.code, case.title, firms.get(case.applicant_id),
        vocabulary.term(case.application_field, "field"),
        gravity.grade if gravity else None,
        languages.said(yes if gravity and gravity.personal else no),
        vocabulary.state(case.state),
        languages.said(row.light.label) if row.light else None, row.days_left, row.due_on,
    ]  # fmt: skip
