"""How an application is written: section by section, or whole at once.

What has been written is kept as it stands; whenever all of it can be meant, the scenario
takes it over. What cannot be meant yet is the draft's flaw, told with its pointer.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Unpack, cast

from kernel import ids
from kernel.actor import Duty, its
from kernel.clock import local_date
from kernel.errors import DomainError, Invalid, Refusal, StepNotAllowed, StepRefused
from kernel.work import Work
from licensing import scope
from licensing.agreed import numbers
from licensing.applications import blocks, items, sections, terms
from licensing.applications.cases import WRITABLE, Scenario, State, seen
from licensing.applications.sections import Hold, Section
from licensing.applications.terms import Application
from licensing.scope import Period, Scope

applicant = its("applicant", "applicant_id", Duty.SUBMITTER, Duty.EDITOR)

_TEXTS = (
    "operator_id", "implementing_agency_id", "title", "application_field", "purpose_code",
    "purpose_text", "purpose_class", "use_mode",
)  # fmt: skip
_LISTS = ("users", "regions", "output_forms", "environments")
_ITEM = ("directory_code", "item_code", "transform", "necessity_reason")
_ROW = ("title", "application_field", "purpose_code", "purpose_text", "purpose_class", "use_mode")


def open_draft(
    work: Work,
    *,
    title: str,
    operator_id: str,
    implementing_agency_id: str,
    scenario_kind: str = "development",
) -> Scenario:
    """Open a draft of the actor's organisation, to be written section by section.

    Raises Invalid or NotActive for a party, StepNotAllowed to who may not write.
    """
    given: dict[str, Any] = {
        "scenario_kind": scenario_kind,
        "operator_id": operator_id,
        "implementing_agency_id": implementing_agency_id,
        "title": title.strip(),
    }
    terms.check_parties(work, work.actor.organisation, given)
    made = _new(work, given)
    _check_writer(work, made)
    work.session.add(made)
    # The sections refer to the scenario by its id alone.
    work.session.flush()
    sections.begin(work, made.id, blocks.divided(given))
    _settle(work, made)
    work.record("scenario.drafted", made.id, code=made.code, scope_hash=made.scope_hash)
    return made


def apply(work: Work, **given: Unpack[Application]) -> Scenario:
    """Write an application of the actor's organisation whole, as a draft.

    Raises Invalid with a pointer for what cannot be meant, NotActive for a party that
    may begin nothing (I-2), StepNotAllowed to who may not write for the organisation.
    """
    asked, sources = terms.applied(work, work.actor.organisation, given)
    made = _new(work, given)
    _check_writer(work, made)
    _write(work, made, given, asked)
    work.session.add(made)
    # The items and the sections refer to the scenario by its id alone.
    work.session.flush()
    items.replace(work.session, made.id, given["items"], sources)
    kind = {"scenario_kind": made.scenario_kind}
    sections.begin(work, made.id, blocks.divided({**given, **kind}))
    work.record("scenario.drafted", made.id, code=made.code, scope_hash=made.scope_hash)
    return made


def amend_draft(work: Work, scenario_id: str, **given: Unpack[Application]) -> Scenario:
    """Write the application anew while it is a draft, being supplemented, or revised.

    What is not given beyond the scope stays. Raises what `apply` raises, and StepRefused
    in any other state.
    """
    found = _writable(work, scenario_id)
    asked, sources = terms.applied(work, found.applicant_id, given)
    _write(work, found, given, asked)
    items.replace(work.session, found.id, given["items"], sources)
    laid_out(work, found)
    for number, values in blocks.divided(given).items():
        sections.save(work, found.id, number, values)
    work.record("scenario.amended", found.id, scope_hash=found.scope_hash)
    return found


def save(
    work: Work,
    scenario_id: str,
    number: int,
    values: Mapping[str, Any],
    *,
    revision: int | None = None,
) -> Section:
    """Save fields of one section as they are written, and take over what can be meant.

    revision: the one that the writer had before them. Raises what `sections.save` raises,
    StepNotAllowed, and StepRefused when the application can no longer be written.
    """
    found = _writable(work, scenario_id)
    laid_out(work, found)
    before = sections.find(work.session, found.id, number).revision
    saved = sections.save(work, found.id, number, values, seen=revision)
    if saved.revision != before:
        _settle(work, found)
        work.record("scenario.section_saved", found.id, section=number, revision=saved.revision)
    return saved


def restore(work: Work, scenario_id: str, number: int, revision: int) -> Section:
    """Write again what a section held in an earlier revision."""
    found = _writable(work, scenario_id)
    restored = sections.restore(work, found.id, number, revision)
    _settle(work, found)
    work.record("scenario.section_restored", found.id, section=number, revision=revision)
    return restored


def hold(work: Work, scenario_id: str, number: int) -> Hold:
    """Keep a section to oneself for some minutes."""
    return sections.hold(work, _writable(work, scenario_id).id, number)


def let_go(work: Work, scenario_id: str, number: int) -> None:
    """Let others write a section again."""
    sections.let_go(work, _writable(work, scenario_id).id, number)


def laid_out(work: Work, scenario: Scenario) -> list[Section]:
    """Return the seven sections; those of a case that is older than they are made from it."""
    found = sections.of(work.session, scenario.id)
    return found or sections.begin(work, scenario.id, blocks.divided(spoken(work, scenario)))


def writes(work: Work, scenario: Scenario) -> bool:
    """Tell whether the actor may write the application now."""
    return scenario.state in WRITABLE and applicant.matches(work.actor, scenario)


def application(values: Mapping[str, Any]) -> Application:
    """Return what is written as an application. Raises Invalid, with a pointer, if it is none."""
    given: dict[str, Any] = {name: value for name, value in values.items() if blocks.filled(value)}
    for name in _TEXTS:
        given[name] = _text(given.get(name), f"/{name}")
    for name in _LISTS:
        given[name] = _texts(given.get(name), f"/{name}")
    if "row_filters" in given:
        given["row_filters"] = _texts(given["row_filters"], "/row_filters")
    given["items"] = [
        {**row, **{name: _text(row.get(name), f"/items/{place}/{name}") for name in _ITEM}}
        for place, row in enumerate(given.get("items", ()))
    ]
    given["users_count"] = _whole(given.get("users_count"), "/users_count")
    for name in ("period_from", "period_to"):
        given[name] = _day(given.get(name), f"/{name}")
    given["quotas"] = _quotas(given.get("quotas", ()))
    return cast("Application", given)


def _settle(work: Work, scenario: Scenario) -> None:
    values = sections.values(sections.of(work.session, scenario.id))
    try:
        given = application(values)
        asked, sources = terms.applied(work, scenario.applicant_id, given)
    except DomainError as error:
        pointer = error.pointer if isinstance(error, Invalid) else "/operator_id"
        scenario.flaw = {"pointer": pointer, "zh": error.zh, "en": error.en}
        if isinstance(values.get("title"), str) and values["title"].strip():
            scenario.title = values["title"].strip()[:200]
        return
    _write(work, scenario, given, asked)
    items.replace(work.session, scenario.id, given["items"], sources)


def _new(work: Work, given: Mapping[str, Any]) -> Scenario:
    today = local_date(work.now)
    nothing = Scope(
        None, None, {}, frozenset(), frozenset(), frozenset(), Period(today, today), {},
        frozenset(), frozenset(),
    )  # fmt: skip
    return Scenario(
        id=ids.new("scn_", work.now),
        state=State.DRAFT,
        code=numbers.official(work, "SC", given["implementing_agency_id"]),
        applicant_id=work.actor.organisation,
        scenario_kind=given.get("scenario_kind", "development"),
        operator_id=given["operator_id"],
        implementing_agency_id=given["implementing_agency_id"],
        **{name: given.get(name, "") for name in _ROW},
        purpose_fingerprint="",
        scope=scope.to_json(nothing),
        scope_hash=scope.scope_hash(nothing, work.crypto.digest),
        users_count=0,
        fusion=False,
        lane="ordinary",
        round=1,
        supplemented=False,
        conditions=[],
        applied_at=work.now,
    )


def _write(work: Work, scenario: Scenario, given: Application, asked: Scope) -> None:
    scenario.operator_id = given["operator_id"]
    scenario.implementing_agency_id = given["implementing_agency_id"]
    scenario.scenario_kind = given.get("scenario_kind", "development")
    scenario.renews_id = given.get("renews_id")
    scenario.title = given["title"].strip()
    scenario.application_field = given["application_field"]
    scenario.purpose_code = given["purpose_code"]
    scenario.purpose_text = given["purpose_text"].strip()
    scenario.purpose_class = given["purpose_class"]
    scenario.use_mode = given["use_mode"]
    scenario.purpose_fingerprint = str(asked.purpose_fingerprint)
    scenario.users_count = given["users_count"]
    scenario.fusion = bool(given.get("fusion"))
    scenario.scope = scope.to_json(asked)
    scenario.scope_hash = scope.scope_hash(asked, work.crypto.digest)
    scenario.flaw = None


def spoken(work: Work, scenario: Scenario) -> dict[str, Any]:
    """Return what a scenario says that is older than its sections. One SELECT."""
    asked, rows = scenario.scope, items.of(work.session, scenario.id)
    return {
        **{name: getattr(scenario, name) for name in _TEXTS},
        "scenario_kind": scenario.scenario_kind,
        "users_count": scenario.users_count,
        "fusion": scenario.fusion,
        **{name: list(asked[name]) for name in (*_LISTS, "row_filters")},
        "quotas": asked["quotas"],
        "period_from": asked["period"]["from"],
        "period_to": asked["period"]["to"],
        "items": [{name: getattr(row, name) for name in _ITEM} for row in rows],
    }


def _writable(work: Work, scenario_id: str) -> Scenario:
    found = seen(work, scenario_id)
    _check_writer(work, found)
    if found.state not in WRITABLE:
        zh, en = f"当前状态为 {found.state}，不能修改", f"it is {found.state} and cannot be changed"
        raise StepRefused(zh, en, (Refusal("ILLEGAL_TRANSITION", zh, en),))
    return found


def _check_writer(work: Work, scenario: Scenario) -> None:
    if not applicant.matches(work.actor, scenario):
        zh, en = "申请由申请机构的编辑或提交人填写", "an application is written by its applicant"
        raise StepNotAllowed(zh, en)


def _text(value: Any, pointer: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Invalid("未填写", "not answered", pointer=pointer)
    return value


def _texts(value: Any, pointer: str) -> list[str]:
    found = list(value or ())
    if not found:
        raise Invalid("未填写", "not answered", pointer=pointer)
    return [_text(each, f"{pointer}/{place}") for place, each in enumerate(found)]


def _whole(value: Any, pointer: str) -> int:
    if type(value) is int:
        return value
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value)
    raise Invalid("请填写整数", "a whole number is needed", pointer=pointer)


def _day(value: Any, pointer: str) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value or ""))
    except ValueError as error:
        raise Invalid("请填写日期", "a date is needed", pointer=pointer) from error


def _quotas(value: Any) -> dict[str, int]:
    if isinstance(value, Mapping):
        return dict(value)
    rows = [row for row in value if any(map(blocks.filled, row.values()))]
    return {
        _text(row.get("meter"), f"/quotas/{place}/meter"): _whole(
            row.get("limit"), f"/quotas/{place}/limit"
        )
        for place, row in enumerate(rows)
    }
