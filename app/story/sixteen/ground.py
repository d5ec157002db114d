"""What the sixteen stand on: departments and directories, companies, the frame, a pool."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.story import cast, entry, supply
from app.story.sixteen import table
from app.story.sixteen.beats import THE_HOUSE, Beat, Scene
from catalogue import directories, registrations
from catalogue.directories import Directory
from kernel.actor import Duty, Role
from kernel.parties import bank_checks, organisations, people
from licensing import agreements, operations, plans
from licensing.assessing import experts
from licensing.exposures import OutputForm
from licensing.frame.elements import Permission

ENTERED: Final = 52
FRAMED: Final = 40
REGION: Final = "430000"
CITY: Final = "430100"
FORMS: Final = [form.value for form in OutputForm if form < OutputForm.MASKED_DATASET]
LEAST: Final = {"none": "masked", "ordinary": "pseudonymised", "sensitive": "anonymised"}
"""Class of personal information → the weakest treatment under which it is supplied."""

PRODUCTS: Final = ("停车指数", "选址评分", "企业画像评分", "卫生服务量分布")


def beats() -> Iterator[Beat]:
    """Yield everything that has to be there before the first application."""
    for key, department in table.whole()["departments"].items():
        yield from _department(key, department)
    for key, told in table.whole()["companies"].items():
        yield from company(key, told, roles=(Role.DEVELOPER, Role.MERCHANT))
    yield from _frame()
    for key in table.whole()["departments"]:
        yield from _agreement(key)
    for number, (able, employer) in table.whole()["experts"].items():
        yield from _expert(number, able, employer)


def directory(scene: Scene, department: str) -> Directory:
    """Return the directory of a department. Two SELECTs by key."""
    version = directories.find(scene.work.session, scene.made[f"directory/{department}"])
    return directories.find_directory(scene.work.session, version.directory_id)


def item(scene: Scene, name: str) -> dict[str, str]:
    """Return "department.item" as applications and agreements name it."""
    department, _, code = name.partition(".")
    return {"directory_code": directory(scene, department).code, "item_code": code}


def _department(key: str, told: Mapping[str, Any]) -> Iterator[Beat]:
    editor, head = key, f"{key}.head"
    yield enter(key, told, REGION, (Role.SUPPLY_DEPARTMENT,), founded=True)
    yield join(editor, told["editor"], key, (Duty.EDITOR,))
    yield join(head, told["head"], key, (Duty.APPROVER, Duty.SIGNER, Duty.CASE_OFFICER))
    yield Beat(f"directory/{key}", ENTERED, editor, lambda scene: _draft_directory(scene, key))
    for step, who in (("submit", editor), ("pass", head), ("accept", "hub")):
        yield Beat(f"directory/{key}/{step}", ENTERED, who, _version_step(key, step))
    yield Beat(f"registration/{key}", ENTERED, editor, lambda scene: _register(scene, key))
    for step in ("accept", "pass"):
        yield Beat(f"registration/{key}/{step}", ENTERED, "hub", _registration_step(key, step))


def enter(
    key: str, told: Mapping[str, Any], region: str, roles: tuple[Role, ...], *, founded: bool
) -> Beat:
    """Enter an organisation at the console. founded: it needs no admission."""

    def do(scene: Scene) -> str:
        made = organisations.enter(
            scene.work,
            uscc=told["uscc"],
            name_zh=told["zh"],
            name_en=told["en"],
            region=region,
            roles=roles,
        )
        if founded:
            organisations.LIFE.take("found", made, scene.work)
        return made.id

    return Beat(f"firm/{key}", ENTERED, THE_HOUSE, do)


def join(login: str, name: str, firm: str, duties: tuple[Duty, ...]) -> Beat:
    """Enter a person who acts for an organisation."""

    def do(scene: Scene) -> str:
        work = scene.work
        made = people.enter(
            work,
            login=f"{login}@demo",
            name=name,
            password=cast.PASSWORD,
            passwords=scene.passwords,
        )
        # Who acts for an organisation refers to the person by the id alone.
        work.session.flush()
        agency = scene.firm_of("officer") if firm == "agency" else scene.firm(firm)
        people.join(work, made.id, agency, duties)
        return made.id

    return Beat(f"person/{login}", ENTERED, THE_HOUSE, do)


def _draft_directory(scene: Scene, key: str) -> str:
    told = table.whole()["departments"][key]
    made = directories.create(
        scene.work,
        items=table.items(key),
        title_zh=told["title_zh"],
        title_en=told["title_en"],
        abstract=told["abstract"],
        industry=told["industry"],
        update_frequency=told["update_frequency"],
        share_type="conditional",
        open_type="conditional_open",
        operation_type="eligible",
        spatial=[CITY],
        keywords=told["keywords"],
        format="database",
    )
    return made.id


def _version_step(key: str, step: str) -> Any:
    return lambda scene: directories.take(scene.work, scene.made[f"directory/{key}"], step).id


def _register(scene: Scene, key: str) -> str:
    told = table.whole()["departments"][key]
    form: Any = {**supply.FORM, "description": told["abstract"]}
    found = directory(scene, key)
    return registrations.apply(scene.work, directory_id=found.id, years=3, form=form).id


def _registration_step(key: str, step: str) -> Any:
    return lambda scene: registrations.take(scene.work, scene.made[f"registration/{key}"], step).id


def company(key: str, told: Mapping[str, Any], *, roles: tuple[Role, ...]) -> Iterator[Beat]:
    """Bring a company in, with one person who does everything for it, as anybody comes in."""
    duties = (Duty.ORG_ADMIN, Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER, Duty.DATA_ENGINEER)
    yield enter(key, told, CITY, roles, founded=False)
    yield join(key, told["person"], key, duties)

    def newcomer(scene: Scene) -> entry.Newcomer:
        person = scene.made[f"person/{key}"]
        return entry.Newcomer(scene.firm(key), told["zh"], person, told["number"])

    def paid(scene: Scene) -> str:
        return str(entry.transfer(scene.work, scene.made[f"account/{key}"]))

    def echo(scene: Scene) -> None:
        amount = int(scene.made[f"account/{key}/paid"])
        bank_checks.echo(scene.work, scene.made[f"account/{key}"], amount_fen=amount)

    def approve(scene: Scene) -> None:
        organisations.take(scene.work, scene.firm(key), "approve")

    yield Beat(f"file/{key}", ENTERED, key, lambda scene: entry.apply(scene.work, newcomer(scene)))
    yield Beat(f"account/{key}", ENTERED, key,
               lambda scene: entry.name_account(scene.work, newcomer(scene)))  # fmt: skip
    yield Beat(f"account/{key}/paid", ENTERED, "finance", paid)
    yield Beat(f"account/{key}/echo", ENTERED, key, echo)
    yield Beat(f"file/{key}/review", ENTERED, "compliance",
               lambda scene: entry.review(scene.work, newcomer(scene)))  # fmt: skip
    yield Beat(f"file/{key}/approve", ENTERED, "admission", approve)


def _frame() -> Iterator[Beat]:
    yield Beat("plan", FRAMED, "officer", _draft_plan)
    for step, who in (("decide", "approver"), ("approve", "regulator"),
                      ("put_in_force", "approver")):  # fmt: skip
        yield Beat(f"plan/{step}", FRAMED, who, _plan_step(step))
    yield Beat("operation", FRAMED, "officer", _draft_operation)
    for step, who in (("decide", "approver"), ("negotiate", "officer"), ("finalise", "officer"),
                      ("sign_first", "approver"), ("sign_second", "operator"),
                      ("letter", "operator"), ("file", "hub")):  # fmt: skip
        yield Beat(f"operation/{step}", FRAMED, who, _frame_step(operations, "operation", step))


def _plan_step(step: str) -> Any:
    def do(scene: Scene) -> None:
        plans.take(scene.work, scene.made["plan"], step, **_answers(scene, step))

    return do


def _frame_step(life: Any, key: str, step: str) -> Any:
    def do(scene: Scene) -> None:
        life.take(scene.work, scene.made[key], step, **_answers(scene, step))

    return do


def _answers(scene: Scene, step: str) -> dict[str, Any]:
    if step == "letter":
        return {"digest": supply.digest(supply.LETTER)}
    if step != "decide":
        return {}
    return {
        "meeting_no": "演示〔2026〕第5次党组会",
        "meeting_date": scene.today,
        "resolution_digest": supply.digest("同意"),
        "legal_review_digest": supply.digest("经审查，内容合法。"),
    }


def _draft_plan(scene: Scene) -> str:
    codes = [directory(scene, key).code for key in table.whole()["departments"]]
    given: Any = {
        **supply.PLAN,
        **scene.years(3),
        "title": "卫生、交通、空间与市场主体公共数据授权运营实施方案（演示）",
        "necessity": "医疗服务、停车、选址与普惠金融等场景有持续需求，直接开放不能保障安全。",
        "resource_scope": codes,
    }
    return plans.draft(scene.work, **given).id


def _draft_operation(scene: Scene) -> str:
    given: Any = {
        "implementing_agency_id": scene.firm_of("officer"),
        "operator_id": scene.firm_of("operator"),
        "plan_id": scene.made["plan"],
        "mode": "by_field",
        "items": [one for key in table.whole()["departments"] for one in _named(scene, key)],
        "elements": supply.elements(*PRODUCTS),
        **_bounds(scene),
    }
    return operations.draft(scene.work, **given).id


def _agreement(key: str) -> Iterator[Beat]:
    name, head = f"agreement/{key}", f"{key}.head"
    yield Beat(name, FRAMED, "operator", lambda scene: _draft_agreement(scene, key))
    for step, who in (("decide", head), ("negotiate", "operator"), ("finalise", "operator"),
                      ("sign_first", head), ("sign_second", "operator"), ("letter", "operator"),
                      ("file", "hub")):  # fmt: skip
        yield Beat(f"{name}/{step}", FRAMED, who, _frame_step(agreements, name, step))


def _draft_agreement(scene: Scene, key: str) -> str:
    given: Any = {
        "department_id": scene.firm(key),
        "operator_id": scene.firm_of("operator"),
        "operation_agreement_id": scene.made["operation"],
        "industry": table.whole()["departments"][key]["industry"],
        "items": _named(scene, key),
        "external_permission_checklist": [
            {"permission": each.value, "applies": False} for each in Permission
        ],
        **_bounds(scene),
    }
    return agreements.draft(scene.work, **given).id


def _named(scene: Scene, key: str) -> list[dict[str, str]]:
    code = directory(scene, key).code
    return [
        {
            "directory_code": code,
            "item_code": one["code"],
            "transform": LEAST[one["pi_class"]],
        }
        for one in table.items(key)
    ]


def _bounds(scene: Scene) -> dict[str, Any]:
    return {
        "regions": [REGION],
        "output_forms": FORMS,
        "environments": ["trusted_domain_sandbox"],
        **scene.years(3),
    }


def _expert(number: str, able: list[str], employer: str) -> Iterator[Beat]:
    login = f"expert{number}"
    yield join(login, f"演示·专家{number}", "agency", (Duty.PANEL_EXPERT,))

    def enrol(scene: Scene) -> str:
        fields = [company["field"] for company in table.whole()["companies"].values()]
        made = experts.enrol(
            scene.work,
            person_id=scene.made[f"person/{login}"],
            specialities=able,
            fields=fields,
            employer_name=employer,
            employer_uscc=None,
            outside=True,
        )
        return made.id

    yield Beat(f"expert/{number}", ENTERED, "secretary", enrol)
