"""Chapter three: five experts drawn from a seed, one replaced, blind sheets, 78.70."""

from collections.abc import Iterable
from typing import Any

from app.story import cast
from app.story.stage import Stage

TOTALS = (8200, 7850, 7400, 9000, 6900)
"""The five experts' totals, in hundredths of a point: 82, 78.5, 74, 90, 69."""

MEAN = 7870
"""Their mean, 78.70."""

COMMENT = "材料齐备，依据明确，建议通过并按期抽查。"


def assess(stage: Stage, scenario_id: str) -> None:
    """Enrol the pool, draw, replace a conflicted expert, score blind, conclude."""
    where, members = _form(stage, scenario_id)
    tell = stage.telling.step
    with tell("五份背靠背评分 · five blind sheets: 82, 78.5, 74, 90, 69", "expert"):
        stage.pass_working_days(2)
        weights = stage.as_("secretary").get(where)["weights"]
        for (_, player), total in zip(members, TOTALS, strict=True):
            stage.as_(player).post(f"{where}/submit-sheet", _sheet(total, weights))
    with tell("汇总并作出结论：78.70，通过 · tallied and concluded: 78.70", "secretary"):
        stage.as_("secretary").post(f"{where}/tally")
        concluded = stage.as_("secretary").post(f"{where}/conclude")
        if (concluded["mean"], concluded["result"]) != (MEAN, "pass"):
            raise ValueError(f"concluded {concluded['result']} with {concluded['mean']}")
        stage.until("officer", f"/api/scenarios/{scenario_id}", "deciding")


def _form(stage: Stage, scenario_id: str) -> tuple[str, list[tuple[str, str]]]:
    tell = stage.telling.step
    with tell("专家入库：十人，四类专长 · ten experts enrolled", "secretary"):
        enrolled = _enrol(stage)
    with tell("先公布种子承诺，再抽取五人 · a seed is committed, then five are drawn", "secretary"):
        made = stage.as_("secretary").post("/api/assessments", {"scenario_id": scenario_id})
        where = f"/api/assessments/{made['id']}"
        drawn = stage.as_("secretary").post(f"{where}/draw")
    with tell("一名专家申报利害关系，补抽替换 · one declares a conflict, is replaced", "secretary"):
        first = _serving(drawn)[0]
        stage.as_(enrolled[first["expert_id"]]).post(
            f"{where}/declare",
            {"conflicted": True,
             "reason": "曾任申请单位顾问"},
        )  # fmt: skip
        changed = stage.as_("secretary").get(where)
        if first["expert_id"] in [member["expert_id"] for member in _serving(changed)]:
            raise ValueError("the conflicted expert still serves")
    with tell("其余申报无利害关系，开卷 · the others declare none; documents open", "secretary"):
        for member in _serving(changed):
            stage.as_(enrolled[member["expert_id"]]).post(f"{where}/declare", {"conflicted": False})
        stage.as_("secretary").post(f"{where}/clear")
        stage.as_("secretary").post(f"{where}/open-documents")
    return where, [
        (member["expert_id"], enrolled[member["expert_id"]]) for member in _serving(changed)
    ]


def _enrol(stage: Stage) -> dict[str, str]:
    enrolled = {}
    for number, specialities, employer, outside in cast.EXPERTS:
        expert = stage.as_("secretary").post(
            "/api/experts",
            {
                "person_id": stage.ids[f"expert{number}"],
                "specialities": list(specialities),
                "fields": ["modern_agriculture", "meteorological_services"],
                "employer_name": employer,
                "outside": outside,
            },
        )
        enrolled[expert["id"]] = f"expert{number}"
    return enrolled


def _serving(assessment: dict[str, Any]) -> list[dict[str, Any]]:
    return [member for member in assessment["panel"] if member["standing"] == "serving"]


def _sheet(total: int, criteria: Iterable[str]) -> dict[str, Any]:
    return {
        "scores": dict.fromkeys(criteria, total),
        "verdict": "agree",
        "comments": {"legality": COMMENT},
        "struck": [],
        "conditions": [],
    }
