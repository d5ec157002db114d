"""A department's opinion item by item: the form, filled in for many items at once.

What is chosen is filled in and shown again; nothing is answered before the whole is handed
in. So the bulk buttons work in a browser without JavaScript, too.
"""

from typing import Any, Final

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.pages import forms, shown
from kernel.errors import NotFound
from kernel.words import Words
from kernel.work import Work
from licensing import consents, scenarios
from licensing.applications import items
from licensing.applications.items import ScenarioItem
from licensing.consents import ItemAnswer, Opinion
from licensing.scope import Transform

blueprint = Blueprint("opinion", __name__)

FILLS: Final = ("agree", "disagree", "coarsen")
"""What the bulk buttons do: agree to all, disagree with or coarsen what is chosen."""

_NOTHING: Final = Words("请先勾选数据项", "Choose items first")
_FILLED: Final = Words("已填入下表，请核对后提交", "Filled in below: look it over, then hand it in")
_AGREED: Final = {"verdict": "agree", "cause": "", "text": "", "transform": ""}


@blueprint.get("/cases/<scenario_id>/opinions/<opinion_id>")
@doors.members("read")
def form(scenario_id: str, opinion_id: str) -> Any:
    """Show the form of an opinion, to the officers who may answer."""
    work = unit.current()
    asked = _asked(work, scenario_id, opinion_id)
    return _page(work, asked, [dict(_AGREED) for _ in asked.items], set(), None)


@blueprint.post("/cases/<scenario_id>/opinions/<opinion_id>")
@doors.members("write")
def answer(scenario_id: str, opinion_id: str) -> Any:
    """Answer item by item; or fill in what is chosen and show the form again."""
    work = unit.current()
    asked = _asked(work, scenario_id, opinion_id)
    if request.form.get("fill") in FILLS:
        return _filled(work, asked)
    given = [_answer(place, item) for place, item in enumerate(asked.items)]
    consents.answer(work, asked.id, items=given)
    return redirect(f"/cases/{scenario_id}", 303)


def _answer(place: int, item: dict[str, str]) -> ItemAnswer:
    said = _written(place)
    return {
        "directory_code": item["directory_code"],
        "item_code": item["item_code"],
        "verdict": said["verdict"],
        "cause": said["cause"],
        "text": said["text"],
        "transform": said["transform"],
    }


def _filled(work: Work, asked: Opinion) -> Any:
    fill, chosen = request.form["fill"], set(forms.many("chosen"))
    rows = [_written(place) for place in range(len(asked.items))]
    if fill == "agree":
        return _page(work, asked, [dict(_AGREED) for _ in rows], set(), _FILLED)
    if not chosen:
        return _page(work, asked, rows, chosen, _NOTHING)
    disagrees = fill == "disagree"
    given = {
        "verdict": "disagree" if disagrees else "agree_with_condition",
        "cause": forms.text("bulk_cause", max=40) if disagrees else "",
        "transform": "" if disagrees else forms.text("bulk_transform", max=40),
        "text": forms.text("bulk_text", max=500),
    }
    meant = chosen if disagrees else _stricter(work, asked, chosen, given["transform"])
    told = [given if str(place) in meant else row for place, row in enumerate(rows)]
    return _page(work, asked, told, chosen, _FILLED)


def _stricter(work: Work, asked: Opinion, chosen: set[str], how: str) -> set[str]:
    """Return those of the chosen items of which the named treatment is coarser than asked."""
    treated = scenarios.find(work.session, asked.scenario_id).asked.items
    return {
        str(place)
        for place, one in enumerate(asked.items)
        if str(place) in chosen
        and how in list(Transform)
        and Transform(how) > treated[one["directory_code"], one["item_code"]]
    }


def _written(place: int) -> dict[str, str]:
    return {
        "verdict": forms.text(f"verdict_{place}", max=40) or "agree",
        "cause": forms.text(f"cause_{place}", max=40),
        "text": forms.text(f"text_{place}", max=500),
        "transform": forms.text(f"transform_{place}", max=40),
    }


def _asked(work: Work, scenario_id: str, opinion_id: str) -> Opinion:
    found = consents.seen(work, opinion_id)
    if found.scenario_id != scenario_id:
        raise NotFound("没有这条意见", f"no opinion {opinion_id} in this case")
    return found


def _coarser(row: ScenarioItem) -> list[str]:
    return [each.value for each in Transform if each > Transform(row.transform)]


def _page(
    work: Work,
    asked: Opinion,
    rows: list[dict[str, str]],
    chosen: set[str],
    note: Words | None,
) -> Any:
    scenario = scenarios.seen(work, asked.scenario_id)
    record = shown.record(asked, work, consents.LIFE)
    treated = {row.item: row for row in items.of(work.session, scenario.id)}
    return render_template(
        "cases/opinion.html",
        scenario=scenario,
        opinion=asked,
        record=record,
        answers="answer_by_item" in record["own"],
        clock=shown.clock(work, scenario.id),
        rows=[
            {**one, **row, "place": place, "chosen": str(place) in chosen,
             "asked": treated[one["directory_code"], one["item_code"]],
             "coarser": _coarser(treated[one["directory_code"], one["item_code"]])}
            for place, (one, row) in enumerate(zip(asked.items, rows, strict=True))
        ],
        causes=consents.DISAGREEMENT_CAUSES,
        coarser=[each.value for each in Transform][1:],
        note=languages.said(note) if note else None,
        names=shown.names(work, [asked.department_id]),
    )  # fmt: skip
