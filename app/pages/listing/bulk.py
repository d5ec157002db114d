"""Pages of listing in bulk: hand a file in, see what each row comes to, submit it."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.api.marketplace import listing_files as door
from app.pages import shown, spreadsheets
from kernel.errors import Invalid, NotFound
from marketplace import products
from marketplace.shelving import files
from marketplace.shelving.problems import Plan
from marketplace.shelving.verdicts import Verdict

blueprint = Blueprint("listing_bulk", __name__)

HEADER = ("行 row", "产品编号 code", "列 column", "规则 rule", "问题", "problem", "改正", "fix")


@blueprint.get("/listing/files")
@doors.members("read")
def listed() -> Any:
    """Show the files that were handed in, and where to hand in the next."""
    work = unit.current()
    page = files.listed(work, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "listing/files.html",
        files=[door.head(each) for each in page.items],
        next=page.next,
        hands_in=products.merchant.matches(work.actor, None),
        most=work.rules.number("listing.rows_max"),
    )


@blueprint.post("/listing/files")
@doors.members("write")
def hand_in() -> Any:
    """Take a file."""
    file = request.files.get("file")
    content = file.read() if file else b""
    if not file or not content:
        raise Invalid("请选择文件", "choose a file", pointer="/file")
    made = files.hand_in(unit.current(), (file.filename or "file")[-200:], content)
    return redirect(f"/listing/files/{made.id}", 303)


@blueprint.get("/listing/files/<file_id>")
@doors.members("read")
def one(file_id: str) -> Any:
    """Show what each row comes to: what becomes of it, or what is to be mended, and how."""
    work = unit.current()
    found = files.own(work, file_id)
    rows = files.tried(work, found)
    counts = door.counts(rows)
    return render_template(
        "listing/file.html",
        file=door.head(found),
        counts=counts,
        ready=sum(counts.get(plan, 0) for plan in DONE),
        rows=[_row(each) for each in rows],
    )


@blueprint.post("/listing/files/<file_id>/push")
@doors.members("write", alone=True)
def push(file_id: str) -> Any:
    """Submit every row that is not barred, and show the file as it is then."""
    door.submitted(unit.admitted("write"), file_id)
    return redirect(f"/listing/files/{file_id}", 303)


@blueprint.get("/listing/files/<file_id>/problems.<kind>")
@doors.members("read")
def problems(file_id: str, kind: str) -> Any:
    """Hand out what is to be mended, one problem a line. kind: csv or xlsx."""
    if kind not in {"csv", "xlsx"}:
        raise NotFound("没有这种格式", f"no format {kind}")
    work = unit.current()
    rows = files.tried(work, files.own(work, file_id))
    return spreadsheets.answer(kind, f"{file_id}-problems", HEADER, _lines(rows))


DONE = (Plan.NEW, Plan.REVISED, Plan.SUBMITTED, Plan.MINOR, Plan.MAJOR)
"""What is done with a row when its file is submitted."""


def _row(found: Verdict) -> dict[str, Any]:
    return {**door.told(found), "title": found.title, "problems": [
        {**door.problem(each), "words": languages.said(each.words)} for each in found.problems
    ]}  # fmt: skip


def _lines(rows: list[Verdict]) -> Iterator[tuple[str | int, ...]]:
    for row in rows:
        for each in row.problems:
            yield (row.number, row.code, each.column, each.rule, each.words.zh, each.words.en,
                   each.fix.zh, each.fix.en)  # fmt: skip
