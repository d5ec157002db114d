"""The page of a delivery: what was bought, by which ways it comes, keys, uses, what is left."""

from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request

from app import doors, idempotency, languages, unit
from app.api.delivery import uses as door
from app.delivering import asking, examples
from app.delivering.examples import Example
from app.pages import forms, shown, spreadsheets
from app.pages.delivering import client
from app.pages.handing import panels
from app.problems import refusals
from app.sharing import profiles
from catalogue.grades import Mode
from delivery import gate, tasks
from delivery.egress import queries
from delivery.egress.parsing import SQL_MAX
from delivery.handing import handed
from delivery.handing.handed import NAME_MAX, Handing
from delivery.metered import calls
from delivery.passing import allowances, reviews
from delivery.recipients import credentials
from delivery.recipients.credentials import Credential, CredentialKind
from delivery.tasks import DeliveryTask
from delivery.ways import Way
from kernel.errors import DomainError, Invalid
from kernel.words import Words
from kernel.work import Work
from marketplace import versions

blueprint = Blueprint("delivered", __name__)

EXPORT_MAX: Final = 10_000
"""Calls that one export holds: the newest."""


@blueprint.get("/deliveries")
@doors.members("read")
def listed() -> Any:
    """List the deliveries that the reader's organisation receives, makes or oversees."""
    work = unit.current()
    page = tasks.listed(work, after=shown.after(), limit=shown.PAGE)
    titles = versions.titles(work.session, [task.product_version_id for task in page.items])
    return render_template(
        "delivery/deliveries.html",
        deliveries=[(task, _title(titles.get(task.product_version_id))) for task in page.items],
        modes={mode.value: languages.said(mode.label) for mode in Mode},
        firms=shown.names(work, [party for task in page.items for party in _parties(task)]),
        next=page.next,
    )


@blueprint.get("/deliveries/<task_id>")
@doors.members("read")
def delivery(task_id: str) -> Any:
    """Show a delivery: its ways, with why each is closed if it is, and all uses of it."""
    work = unit.current()
    task = tasks.seen(work, task_id)
    titles = versions.titles(work.session, [task.product_version_id])
    bought = work.actor.organisation == task.buyer_id
    return render_template(
        "delivery/delivery.html",
        task=task,
        title=_title(titles.get(task.product_version_id)) or task.id,
        mode=languages.said(Mode(task.mode).label),
        firms=shown.names(work, _parties(task)),
        record=shown.record(task, work, tasks.LIFE),
        bought=bought,
        tried=tasks.for_trial(task),
        sold=work.actor.organisation == task.seller_id,
        ways=_ways(work, task),
        limits=allowances.of(work.session, task.id),
        remaining=gate.remaining(work, task),
        host=profiles.base(),
        lines=_lines(work, task) if bought else [],
        wheel=client.address(),
        events=shown.timeline(work, task.id),
        **_panels(work, task),
    )


@blueprint.get("/deliveries/<task_id>/calls")
@doors.members("read")
def exported(task_id: str) -> Response:
    """Save the newest calls of a delivery's interface as CSV or XLSX."""
    work = unit.current()
    kind = "xlsx" if shown.asked("format", max=4) == "xlsx" else "csv"
    header = [
        languages.said(Words(zh, en))
        for zh, en in (
            ("时间", "Time"), ("调用", "Call"), ("类别", "Kind"), ("请求号", "Request id"),
            ("密钥", "Key"), ("行数", "Rows"), ("字节", "Bytes"), ("毫秒", "ms"),
            ("失败原因", "Failure"),
        )
    ]  # fmt: skip
    rows = [
        (one.at, one.id, one.kind, one.request_id, one.credential_id, one.rows, one.bytes,
         one.took_ms, one.failure)
        for one in calls.listed(work, task_id, after=None, limit=EXPORT_MAX).items
    ]  # fmt: skip
    return spreadsheets.answer(kind, f"calls-{task_id}", header, rows)


@blueprint.post("/deliveries/<task_id>/api-keys")
@doors.members("write")
def issue(task_id: str) -> Any:
    """Issue a key of the metered interface; it is shown this once."""
    work = unit.current()
    expires_at = work.now + timedelta(days=min(max(forms.number("days"), 0), 10_000))
    label = forms.text("label", max=credentials.LABEL_MAX)
    return _shown(credentials.issue(work, task_id, CredentialKind.API, label, expires_at))


@blueprint.post("/deliveries/<task_id>/api-keys/<credential_id>/rotate")
@doors.members("write")
def rotate(task_id: str, credential_id: str) -> Any:
    """Replace a key; the old one lives on for the overlap."""
    work = unit.current()
    credentials.bought(work, task_id)
    return _shown(credentials.rotate(work, credential_id))


@blueprint.post("/deliveries/<task_id>/queries")
@doors.members("deliver", alone=True)
def ask(task_id: str) -> Any:
    """Run a query; its result waits for its review."""
    actor = unit.admitted("deliver")
    asking.ask(actor, task_id, forms.text("sql", max=SQL_MAX))
    return redirect(f"/deliveries/{task_id}#query", 303)


@blueprint.post("/deliveries/<task_id>/files")
@doors.members("deliver", alone=True)
def hand(task_id: str) -> Any:
    """Hand a file over."""
    most = unit.house().rules.number("delivery.hand_file_bytes_max")
    request.max_content_length = most + (1 << 16)
    actor = unit.admitted("deliver")
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("请选择文件", "choose a file", pointer="/file")
    handing = Handing(
        task_id=task_id,
        name=file.filename[-NAME_MAX:],
        note=request.form.get("note", "")[:500],
        again="again" in request.form,
    )
    asking.hand_over(actor, handing, file.stream)
    return redirect(f"/deliveries/{task_id}#hand", 303)


@blueprint.post("/deliveries/files/<file_id>")
@doors.members("deliver")
def download(file_id: str) -> Response:
    """Download a file by hand; it passes the gate and is counted."""
    return door.sent(file_id)


@blueprint.post("/deliveries/<task_id>/egress")
@doors.members("deliver")
def ask_review(task_id: str) -> Any:
    """Ask that the files be reviewed before they leave."""
    made = reviews.ask_for_files(unit.current(), task_id)
    return redirect(f"/egress/{made.id}", 303)


def _lines(work: Work, task: DeliveryTask) -> list[Example]:
    """Return how this delivery is read; its aggregates from the first day of its data."""
    named = versions.named(work.session, [task.product_version_id]).get(task.product_version_id)
    since = named.temporal_from if named is not None and task.output_form else None
    return examples.of_delivery(profiles.base(), task, gate.offered(task), since=since)


def _ways(work: Work, task: DeliveryTask) -> dict[str, Any]:
    return {
        way.value: {
            "label": languages.said(way.label),
            "barred": refusals(gate.barred(work, task, way)),
        }
        for way in Way
        if way in gate.offered(task)
    }


def _panels(work: Work, task: DeliveryTask) -> dict[str, Any]:
    """Return what the panels of the ways show, those that are offered alone."""
    offered = gate.offered(task)
    found: dict[str, Any] = {}
    if Way.PACKAGE in offered:
        found["sealed"] = panels.package_panel(work, task)
    if Way.SHARE in offered:
        found["share"] = panels.share_panel(work, task)
    if Way.API in offered:
        found["api"] = _api(work, task)
    if Way.QUERY in offered:
        found["query"] = _query(work, task)
    if Way.HAND in offered:
        found["hand"] = _hand(work, task)
    return found


def _api(work: Work, task: DeliveryTask) -> dict[str, Any]:
    keys = credentials.listed(work, task.id, kind=CredentialKind.API, after=None, limit=shown.PAGE)
    made = calls.listed(work, task.id, after=shown.after(), limit=shown.PAGE)
    return {
        "keys": [{"row": one, "live": one.live(work.now)} for one in keys.items],
        "calls": made.items,
        "next": made.next,
        "rows": task.mode == Mode.RECORD_API,
        "days_max": work.rules.number("recipients.days_max"),
    }


def _query(work: Work, task: DeliveryTask) -> dict[str, Any]:
    runs = queries.listed(work, task.id, after=None, limit=shown.PAGE)
    asked = reviews.listed(work, task_id=task.id, after=None, limit=shown.PAGE)
    try:
        columns = queries.columns(work, task)
    except DomainError:
        columns = {}  # the table is not there now: the way says so itself
    return {
        "runs": runs.items,
        "reviews": {one.id: one for one in asked.items},
        "columns": columns,
        "size_min": work.rules.number("delivery.group_size_min"),
        "digits": work.rules.number("delivery.query_digits"),
        "sql_max": SQL_MAX,
    }


def _hand(work: Work, task: DeliveryTask) -> dict[str, Any]:
    return {
        "files": handed.listed(work, task.id, after=None, limit=shown.PAGE).items,
        "round": handed.latest(work.session, task.id),
        "review": reviews.files_of(work.session, task),
        "most": work.rules.number("delivery.hand_file_bytes_max"),
    }


def _shown(made: tuple[Credential, str]) -> str:
    credential, secret = made
    return render_template(
        "delivery/key.html",
        credential=credential,
        secret=idempotency.shown_once(secret),
        host=request.url_root.rstrip("/"),
    )


def _parties(task: DeliveryTask) -> list[str]:
    return [task.buyer_id, task.seller_id]


def _title(found: Words | None) -> str:
    return "" if found is None else languages.said(found)
