"""The page on which items of a directory are graded anew, with a look at what would follow."""

from typing import Any

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms
from catalogue import directories, gradings, regrades
from catalogue.directories import DirectoryVersion
from catalogue.gradings import Graded
from catalogue.regrades import Preview
from kernel.errors import NotFound
from kernel.words import Words
from kernel.work import Rules, Work

blueprint = Blueprint("catalogue_grading", __name__)


@blueprint.get("/directories/<version_id>/regrade")
@doors.members("read")
def form(version_id: str) -> Any:
    """Show every item with its grade, to be changed."""
    return _page(unit.current(), _current(unit.current(), version_id), None)


@blueprint.post("/directories/<version_id>/regrade/preview")
@doors.members("write")
def preview(version_id: str) -> Any:
    """Show what would rise now, what would fall later, and the grades of the whole."""
    work = unit.current()
    version = _current(work, version_id)
    changes = _changes(work, version)
    found = regrades.preview(work, directory_id=version.directory_id, changes=changes)
    return _page(work, version, found)


@blueprint.post("/directories/<version_id>/regrade")
@doors.members("write")
def propose(version_id: str) -> Any:
    """Grade anew: at once what rises, put forward what falls."""
    work = unit.current()
    version = _current(work, version_id)
    made = regrades.propose(
        work,
        directory_id=version.directory_id,
        changes=_changes(work, version),
        reason=forms.text("reason", max=500),
    )
    return redirect(f"/catalogue/regrades/{made[-1].id}", 303)


def basis(names: list[str], rules: Rules) -> list[str]:
    """Say why rules have raised the grade of a whole."""
    table = rules.table("grade_rules")
    known = (table[name] for name in names if name in table)
    return [languages.said(Words(rule["basis_zh"], rule["basis_en"])) for rule in known]


def _page(work: Work, version: DirectoryVersion, found: Preview | None) -> Any:
    content = version.content
    chosen = {change["item_code"]: change for change in (found.falls if found else ())}
    chosen = {**{each["item_code"]: each for each in (found.rises if found else ())}, **chosen}
    grading = gradings.of(work.session, version.id)
    return render_template(
        "directories/regrade.html",
        version=version,
        title=languages.said(Words(content.title_zh, content.title_en)),
        items=directories.items(work.session, version.id),
        chosen=chosen,
        grading=grading,
        preview=_drawn(found, work) if found else None,
        reason=forms.text("reason", max=500) if found else "",
        may=any(who.matches(work.actor, version) for who in regrades.proposers),
    )


def _drawn(found: Preview, work: Work) -> dict[str, Any]:
    steps = (
        (Words("现在", "Now"), found.before),
        (Words("提交后即时", "At once"), found.at_once),
        (Words("降级获批后", "After approval"), found.in_the_end),
    )
    return {
        "rises": found.rises,
        "falls": found.falls,
        "steps": [_step(words, each, work) for words, each in steps],
    }


def _step(words: Words, found: Graded, work: Work) -> dict[str, Any]:
    return {
        "label": languages.said(words),
        "grade": found.grade.value,
        "pi_class": found.pi_class.value,
        "basis": basis(list(found.raised_by), work.rules),
    }


def _current(work: Work, version_id: str) -> DirectoryVersion:
    """Return the version, which must be the one in force. Raises NotFound."""
    version = directories.seen(work, version_id)
    if version.directory.current_version_id != version.id:
        raise NotFound("目录没有在用的这个版本", f"{version_id} is not the version in force")
    return version


def _changes(work: Work, version: DirectoryVersion) -> list[dict[str, str]]:
    """Return what the form changes: only the items whose selects were moved."""
    changes = []
    for item in directories.items(work.session, version.id):
        grade = forms.text(f"grade-{item.code}", max=20) or item.grade
        pi_class = forms.text(f"pi-{item.code}", max=20) or item.pi_class
        if (grade, pi_class) != (item.grade, item.pi_class):
            changes.append({"item_code": item.code, "grade": grade, "pi_class": pi_class})
    return changes
