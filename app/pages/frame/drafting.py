"""The forms in which plans and agreements are drafted, rewritten and amended, for their people."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, redirect, render_template
from marshmallow import Schema, ValidationError

from app import doors, languages, problems, unit
from app.api.licensing import agreements as supply_door
from app.api.licensing import operations as operation_door
from app.api.licensing import plans as plan_door
from app.pages import forms
from app.pages.frame import questions, written
from kernel.actor import Role, Who
from kernel.errors import DomainError, Invalid, StepNotAllowed
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from licensing import agreements, operations, plans
from licensing.agreed.rows import IN_FORCE, OPEN, State
from licensing.applications.blocks import Block

blueprint = Blueprint("drafting", __name__)

KINDS = "<any(plans, operations, agreements):kind>"
CHOICES = 100
"""The most plans, or agreements, that a form offers to stand under."""

Act = Callable[[Work, dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Noun:
    """What may be drafted. drafters: role → who, of an organisation with it, drafts one."""

    module: Any
    title: Words
    parties: tuple[Block, ...]
    terms: tuple[Block, ...]
    schema: type[Schema]
    terms_schema: type[Schema]
    drafters: Mapping[Role, Who]


@dataclass(frozen=True, slots=True)
class Task:
    """One form: what it asks, how its answer is checked, and what is then done.

    version: of the record that is rewritten; 0 for a new one. back: where it leads back to.
    """

    noun: Noun
    title: Words
    form: tuple[Block, ...]
    schema: type[Schema]
    act: Act
    back: str
    version: int = 0


NOUNS: Mapping[str, Noun] = {
    "plans": Noun(
        plans, Words("编制实施方案", "Draft a plan"), (), questions.PLAN,
        plan_door.ImplementationPlanIn, plan_door.ImplementationPlanIn,
        {Role.IMPLEMENTING_AGENCY: plans.agency_editor},
    ),
    "operations": Noun(
        operations, Words("起草授权运营协议", "Draft an operation agreement"),
        (questions.OPERATION_PARTIES,), questions.OPERATION,
        operation_door.OperationIn, operation_door.OperationTermsIn,
        dict(zip((Role.IMPLEMENTING_AGENCY, Role.AUTHORISED_OPERATOR), operations.drafters,
                 strict=True)),
    ),
    "agreements": Noun(
        agreements, Words("起草供数协议", "Draft a supply agreement"),
        (questions.SUPPLY_PARTIES,), questions.SUPPLY,
        supply_door.AgreementIn, supply_door.TermsIn,
        dict(zip((Role.SUPPLY_DEPARTMENT, Role.AUTHORISED_OPERATOR), agreements.drafters,
                 strict=True)),
    ),
}  # fmt: skip


@blueprint.get(f"/frame/{KINDS}/new")
@doors.members("read")
def new(kind: str) -> Any:
    """Show the form of a new plan or agreement, to those who may draft one."""
    work = unit.current()
    return _page(work, _fresh(work, kind), _begun(work, kind), [])


@blueprint.post(f"/frame/{KINDS}/new")
@doors.members("write")
def draft(kind: str) -> Any:
    """Draft it, and go to the draft; or show the form again with what is wrong."""
    work = unit.current()
    return _taken(work, kind, _fresh(work, kind))


@blueprint.get(f"/frame/{KINDS}/<subject_id>/edit")
@doors.members("read")
def edit(kind: str, subject_id: str) -> Any:
    """Show the terms as they stand, to be rewritten, revised or amended."""
    work = unit.current()
    found = NOUNS[kind].module.seen(work, subject_id)
    task = _standing(work, kind, found)
    return _page(work, task, written.values(task.form, _body(kind, found)), [])


@blueprint.post(f"/frame/{KINDS}/<subject_id>/edit")
@doors.members("write")
def rewrite(kind: str, subject_id: str) -> Any:
    """Rewrite, revise or propose, as the state has it; or show the form with what is wrong."""
    work = unit.current()
    found = NOUNS[kind].module.seen(work, subject_id)
    task = _standing(work, kind, found)
    if forms.number("version") != task.version:
        raise doors.Stale("请刷新后对照修改", "reload the page and compare")
    return _taken(work, kind, task)


def may_draft(work: Work, kind: str) -> bool:
    """Tell whether the reader may draft a plan, or an agreement of a kind."""
    ours = work.actor.organisation
    ourselves = SimpleNamespace(
        implementing_agency_id=ours, operator_id=ours, department_id=ours
    )  # fmt: skip
    return any(
        role in work.actor.roles and who.matches(work.actor, ourselves)
        for role, who in NOUNS[kind].drafters.items()
    )


def way_in(work: Work, kind: str, found: Any) -> dict[str, str] | None:
    """Return where the terms of a record are rewritten, and what that is called; None for no."""
    task = _way(kind, found)
    if task is None or not _drafts(work, kind, found):
        return None
    return {"href": f"/frame/{kind}/{found.id}/edit", "label": languages.said(task.title)}


# --- what a form is for ---------------------------------------------------------------------


def _fresh(work: Work, kind: str) -> Task:
    if not may_draft(work, kind):
        raise StepNotAllowed("由当事方的编辑或签署人起草", "editors or signers of a party draft it")
    noun = NOUNS[kind]
    return Task(
        noun, noun.title, (*noun.parties, *noun.terms), noun.schema,
        lambda work, body: noun.module.draft(work, **body), f"/frame/{kind}",
    )  # fmt: skip


def _standing(work: Work, kind: str, found: Any) -> Task:
    task = _way(kind, found)
    if task is None or not _drafts(work, kind, found):
        raise StepNotAllowed("现在不能由您修改", "it is not for you to rewrite it now")
    return task


def _drafts(work: Work, kind: str, found: Any) -> bool:
    return any(who.matches(work.actor, found) for who in NOUNS[kind].drafters.values())


def _way(kind: str, found: Any) -> Task | None:
    """Return what may be done with the terms in this state: rewrite, revise, amend or nothing."""
    noun, module = NOUNS[kind], NOUNS[kind].module

    def task(title: Words, form: tuple[Block, ...], act: Act) -> Task:
        return Task(noun, title, form, noun.terms_schema, act, f"/{kind}/{found.id}", found.version)

    if kind == "plans":
        if found.state == plans.State.DRAFT:
            return task(Words("改写方案", "Rewrite the plan"), noun.terms,
                        lambda work, body: plans.change(work, found.id, **body))  # fmt: skip
        if found.state == plans.State.EFFECTIVE:
            return task(Words("编制新版", "Write the next edition"), noun.terms,
                        lambda work, body: plans.revise(work, found.id, **body))  # fmt: skip
        return None
    if found.state in OPEN:
        return task(Words("修改条款", "Rewrite the terms"), noun.terms,
                    lambda work, body: module.change(work, found.id, **body))  # fmt: skip
    if found.state == State.EFFECTIVE:
        return task(Words("提出变更", "Propose a change"), (questions.REASON, *noun.terms),
                    lambda work, body: _amend(work, module, found, body))  # fmt: skip
    return None


def _amend(work: Work, module: Any, found: Any, body: dict[str, Any]) -> Any:
    reason = forms.text("reason", max=500)
    return module.amend(work, found.id, reason=reason, terms_as_they_will_be=body)


# --- the form and its answer ----------------------------------------------------------------


def _taken(work: Work, kind: str, task: Task) -> Any:
    values = written.sent(task.form)
    errors = written.lacking(task.form, values)
    if not errors:
        try:
            made = _done(work, task, values)
        except ValidationError as error:
            found = problems.flattened(error.normalized_messages())  # type: ignore[no-untyped-call]  # marshmallow's
            errors = written.told(found)
        except Invalid as error:
            errors = [(error.pointer, error.words)]
        except DomainError as error:
            errors = [("", each.words) for each in error.refusals] or [("", error.words)]
        else:
            return redirect(f"/{kind}/{made.id}", 303)
    return _page(work, task, values, errors), 422


def _done(work: Work, task: Task, values: written.Values) -> Any:
    """Check the answers as the door would, and act; nothing of it stays when it is refused."""
    body = written.body(work.session, task.form, values)
    body.pop("reason", None)
    with work.session.begin_nested():
        return task.act(work, task.schema().load(body))


def _page(work: Work, task: Task, values: written.Values, errors: written.Errors) -> str:
    choices = _choices(work)
    return render_template(
        "frame/form.html",
        task=task,
        title=languages.said(task.title),
        blocks=[
            {
                "number": block.number,
                "label": languages.said(block.label),
                "fields": [written.drawn(each, values, errors, choices) for each in block.fields],
            }
            for block in task.form
        ],
        wrong=len(errors),
        homeless=written.homeless(task.form, errors),
    )


def _choices(work: Work) -> dict[str, list[tuple[str, str]]]:
    """Return the parties, plans and agreements that may be named. Eight SELECTs at most."""
    in_force = plans.listed(work, state=plans.State.EFFECTIVE, limit=CHOICES).items
    above = [each for each in operations.listed(work, limit=CHOICES).items
             if each.state in IN_FORCE]  # fmt: skip
    return {
        "implementing_agency_id": _firms(work, Role.IMPLEMENTING_AGENCY),
        "operator_id": _firms(work, Role.AUTHORISED_OPERATOR),
        "department_id": _firms(work, Role.SUPPLY_DEPARTMENT),
        "plan_id": [(each.id, f"{each.code} {each.title}") for each in in_force],
        "operation_agreement_id": [(each.id, each.code) for each in above],
    }


def _firms(work: Work, role: Role) -> list[tuple[str, str]]:
    found = organisations.with_role(work.session, role)
    return [(each.id, languages.said(Words(each.name_zh, each.name_en))) for each in found]


def _begun(work: Work, kind: str) -> written.Values:
    """Return what a new form is begun with: ourselves as the party that we are."""
    ours = work.actor.organisation
    party = {
        Role.IMPLEMENTING_AGENCY: "implementing_agency_id",
        Role.AUTHORISED_OPERATOR: "operator_id",
        Role.SUPPLY_DEPARTMENT: "department_id",
    }
    return {party[role]: ours for role in NOUNS[kind].drafters if role in work.actor.roles}


def _body(kind: str, found: Any) -> dict[str, Any]:
    """Return what stands in a record, as its door would take it."""
    days = {"term_from": found.term_from.isoformat(), "term_to": found.term_to.isoformat()}
    if kind == "plans":
        same = {name: getattr(found, name) for name in ("title", "modes", "resource_scope")}
        return {**same, **days, **found.elements}
    common = {**_bounds(found.scope), **days, "revenue": found.revenue}
    if kind == "operations":
        purposes = found.elements.get("purposes", ())
        return {**common, "mode": found.mode, "purposes": purposes, "elements": found.elements}
    limits = found.elements.get("directories", {})
    return {
        **common,
        **found.elements,
        "operation_agreement_id": found.operation_agreement_id,
        "purpose_limits": found.purpose_limits,
        "directories": [{"directory_code": code, **each} for code, each in limits.items()],
    }


def _bounds(scope: Mapping[str, Any]) -> dict[str, Any]:
    entries: Sequence[Mapping[str, str]] = scope["items"]
    same = ("regions", "output_forms", "environments", "users", "quotas", "row_filters")
    return {
        **{name: scope[name] for name in same},
        "items": [
            {
                "directory_code": each["directory"],
                "item_code": each["item"],
                "transform": each["transform"],
            }
            for each in entries
        ],
    }
