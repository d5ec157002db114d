"""What happens to each scenario: the acts that its path in the table names, as beats.

An act is one word of a path; "sheets:2" and "opinion:land" say how many, or whose.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from app.story.sixteen import ground, table
from app.story.sixteen.beats import Beat, Scene
from licensing import assessments, authorisations, consents, scenarios
from licensing.assessments import Assessment

SEATS: Final = 5
SEATS_FAST: Final = 3
ACROSS: Final = (0, 200, -200, 100, -100, 0)
"""By how much the criteria of one sheet differ, in hundredths of a point."""

COMMENT: Final = "材料齐备，用途单一，处理方式与输出形式相称，建议按期抽查。"
QUOTAS: Final = {"rows": 200_000}
DIGESTS: Final = {"team_proof": "1a" * 32, "mlps_certificate": "2b" * 32}


@dataclass(frozen=True, slots=True)
class Case:
    """One scenario of the table."""

    key: str
    told: Mapping[str, Any]

    @property
    def company(self) -> str:
        """Who applies; also the login of its person."""
        return str(self.told["company"])

    @property
    def seats(self) -> int:
        """How many experts assess it."""
        return SEATS_FAST if self.told.get("lane") == "fast" else SEATS

    def named(self, act: str) -> str:
        """Return the key of a beat."""
        return f"{self.key}/{act}"


def beats() -> Iterator[Beat]:
    """Yield the beats of all scenarios, each in its own order."""
    for key, told in table.whole()["scenarios"].items():
        case = Case(key, told)
        for line in told["path"]:
            day, *acts = line.split()
            for act in acts:
                yield from _acted(case, int(day), act)


def scenario(scene: Scene, case: Case) -> scenarios.Scenario:
    """Return the scenario of a case. One SELECT by key."""
    return scenarios.find(scene.work.session, scene.made[case.named("draft")])


def _acted(case: Case, day: int, act: str) -> Iterator[Beat]:
    name, _, which = act.partition(":")
    if name == "panel":
        yield from _panel(case, day)
    elif name == "sheets":
        yield from _sheets(case, day, int(which or case.seats))
    elif name in ("opinion", "opinions"):
        for department in [which] if which else table.supplied_by(case.told):
            do = _opinion(case, department)
            yield Beat(case.named(f"opinion/{department}"), day, f"{department}.head", do)
    elif name == "conclude":
        for step in ("tally", "conclude"):
            yield Beat(case.named(step), day, "secretary", _assessment_step(case, step))
    else:
        who, act_of = _ACTS[name]
        yield Beat(case.named(name), day, who or case.company, lambda scene: act_of(scene, case))


def _panel(case: Case, day: int) -> Iterator[Beat]:
    def plan(scene: Scene) -> str:
        made = assessments.plan(scene.work, scenario(scene, case).id, seed=f"演示·{case.key}")
        return made.id

    def declare(scene: Scene) -> None:
        assessments.declare(scene.work, scene.made[case.named("plan")], conflicted=False)

    yield Beat(case.named("plan"), day, "secretary", plan)
    yield Beat(case.named("draw"), day, "secretary", _assessment_step(case, "draw"))
    for seat in range(case.seats):
        yield Beat(case.named(f"declare/{seat}"), day, case.named("plan"), declare, seat)
    for step in ("clear", "open_documents"):
        yield Beat(case.named(step), day, "secretary", _assessment_step(case, step))


def _sheets(case: Case, day: int, count: int) -> Iterator[Beat]:
    for seat in range(count):
        yield Beat(case.named(f"sheet/{seat}"), day, case.named("plan"), _sheet(case, seat), seat)


def _assessment_step(case: Case, step: str) -> Callable[[Scene], None]:
    def do(scene: Scene) -> None:
        assessments.take(scene.work, scene.made[case.named("plan")], step)

    return do


def _sheet(case: Case, seat: int) -> Callable[[Scene], None]:
    def do(scene: Scene) -> None:
        found = assessments.find(scene.work.session, scene.made[case.named("plan")])
        assessments.submit_sheet(scene.work, found.id, **_filled(scene, case, found, seat))

    return do


def _filled(scene: Scene, case: Case, found: Assessment, seat: int) -> Any:
    told, criteria = case.told, list(found.standard["weights"])
    verdict = told.get("verdict", "agree")
    struck = [ground.item(scene, name) for name in told.get("struck", ())]
    return {
        "scores": {
            criterion: told["scores"][seat] + ACROSS[place]
            for place, criterion in enumerate(criteria)
        },
        "comments": dict.fromkeys(criteria, told.get("comment", COMMENT)),
        "verdict": verdict,
        "struck": [(one["directory_code"], one["item_code"]) for one in struck],
        "conditions": list(told.get("conditions", ())),
        "vetoed": [],
    }


def _opinion(case: Case, department: str) -> Callable[[Scene], None]:
    def do(scene: Scene) -> None:
        found, firm = scenario(scene, case), scene.firm(department)
        asked = consents.of(scene.work.session, found.id, found.round)
        (ours,) = [one for one in asked if one.department_id == firm]
        condition = case.told.get("opinions", {}).get(department)
        if condition is None:
            consents.take(scene.work, ours.id, "agree")
        else:
            consents.take(scene.work, ours.id, "agree_with_condition", condition=condition)

    return do


def _draft(scene: Scene, case: Case) -> str:
    given: Any = {**_asked(scene, case), **_told(scene, case)}
    return scenarios.apply(scene.work, **given).id


def _asked(scene: Scene, case: Case) -> dict[str, Any]:
    told = case.told
    last = scene.ends + timedelta(days=told["ends_in"]) if "ends_in" in told else None
    return {
        "operator_id": scene.firm_of("operator"),
        "implementing_agency_id": scene.firm_of("officer"),
        "application_field": table.whole()["companies"][case.company]["field"],
        **{name: told[name] for name in ("title", "purpose_code", "purpose_text",
                                         "purpose_class", "use_mode")},
        "items": [_item(scene, case, name) for name in told["items"]],
        "users": [scene.firm(case.company)],
        "users_count": 20,
        "regions": [ground.CITY],
        "period_from": scene.today,
        "period_to": last or scene.today + timedelta(days=364),
        "output_forms": told.get("outputs", ["aggregate_report"]),
        "environments": [told.get("environment", "trusted_domain_sandbox")],
        "quotas": QUOTAS,
    }  # fmt: skip


def _item(scene: Scene, case: Case, name: str) -> dict[str, str]:
    department, _, code = name.partition(".")
    (told,) = [one for one in table.items(department) if one["code"] == code]
    named = f"“{told['name_zh']}”{told['description']}"
    return {
        **ground.item(scene, name),
        "transform": case.told.get("transform", "aggregated"),
        "necessity_reason": f"{named}，{case.told['why']}；缺少此项，{case.told['without']}",
    }


def _told(scene: Scene, case: Case) -> dict[str, Any]:
    told, company = case.told, table.whole()["companies"][case.company]
    promised = told.get("promises", [])
    free = told["purpose_class"] != "industry_development"
    return {
        "contact_name": company["person"],
        "contact_phone": "0731-00000000",
        "legal_basis": ["省公共数据授权运营管理规定（演示）", "与使用方签订的服务合同"],
        "beneficiaries": "长沙市居民、基层机构与小微企业",
        "min_group_size": 30,
        "security_plan": "只在可信域内计算，逐次记录访问，结果经两人审核后出域，原始数据不落地",
        "mlps_level": 3,
        "pipia_digest": "3c" * 32,
        "incident_contacts": [{"name": company["person"], "phone": "0731-00000000"}],
        "destruction_plan": "到期十日内覆写中间结果与备份，并出具销毁证明",
        "benefit_social": told["purpose_text"],
        "pricing_intent": "free" if free else "government_guided",
        "schedule": "两个月开发，十个月服务",
        "acceptance_indicators": "上线后每季度抽查，结果可用率不低于百分之九十五",
        "declaration": True,
        **{name: digest for name, digest in DIGESTS.items() if name not in promised},
        "commitments": [
            {"material": name, "due_on": _due(scene, told["promised_wd"])} for name in promised
        ],
    }


def _due(scene: Scene, days: int) -> str:
    return scene.work.calendar.add(scene.today, days, provisional=True).isoformat()


def _step(name: str) -> Callable[[Scene, Case], None]:
    """Take a step of the scenario that asks nothing."""

    def do(scene: Scene, case: Case) -> None:
        scenarios.take(scene.work, scenario(scene, case).id, name)

    return do


def _supplement(scene: Scene, case: Case) -> None:
    told = {"missing": case.told["missing"], "reason": case.told["notice"]}
    scenarios.take(scene.work, scenario(scene, case).id, "supplement", **told)


def _refuse(scene: Scene, case: Case) -> None:
    scenarios.take(scene.work, scenario(scene, case).id, "refuse", **case.told["refusal"])


def _grade(scene: Scene, case: Case) -> None:
    scenarios.grade_risk(scene.work, scenario(scene, case).id, **_lane(case))


def _lane(case: Case) -> dict[str, str]:
    if "lane" in case.told:
        return {"lane": case.told["lane"]}
    return {"lane": "ordinary", "reason": "由五名专家评估 five experts look at it"}


def _right(name: str, told: str | None = None) -> Callable[[Scene, Case], None]:
    """Take a step of the authorisation that came of the scenario; told: its answers' key."""

    def do(scene: Scene, case: Case) -> None:
        issued = str(scenario(scene, case).authorisation_id)
        authorisations.take(scene.work, issued, name, **(case.told[told] if told else {}))

    return do


_ACTS: Final[Mapping[str, tuple[str | None, Callable[[Scene, Case], str | None]]]] = {
    "draft": (None, _draft),
    "submit": (None, _step("submit")),
    "withdraw": (None, _step("withdraw")),
    "supplement": ("officer", _supplement),
    "accept": ("officer", _step("accept")),
    "refuse": ("officer", _refuse),
    "ask": ("officer", _step("request_opinions")),
    "grade": ("officer", _grade),
    "authorise": ("approver", _step("authorise")),
    "activate": ("operator", _right("activate")),
    "activate_conditionally": ("operator", _right("activate_conditionally")),
    "suspend": ("regulator", _right("suspend", "suspension")),
    "revoke": ("regulator", _right("revoke", "revocation")),
}
"""Act → who takes it, None for the applicant, and what is done."""
