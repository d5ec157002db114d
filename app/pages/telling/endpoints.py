"""The page of webhooks: endpoints, what they hear, and what came of each notice."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, idempotency, languages, unit
from app.api.marketplace import webhook_endpoints as door
from app.pages import forms, shown
from kernel.words import Words
from marketplace.telling import endpoints, notices
from marketplace.telling.endpoints import Endpoint
from marketplace.telling.kinds import KINDS, PING

blueprint = Blueprint("telling", __name__)

WHY = {
    "BY_HAND": Words("已手动停用", "switched off by hand"),
    "FAILING": Words("连续多日失败，已自动停用", "failed for days, switched off by itself"),
    "GONE": Words("接收方答复已不存在（410），已停用", "its receiver says it is gone (410)"),
}
ERRORS = {
    "REDIRECTED": Words("被重定向，不跟随", "redirected; nobody is followed"),
    "NOT_TAKEN": Words("接收方未接受", "the receiver did not take it"),
    "ADDRESS_REFUSED": Words("地址指向内部网络，已拒绝", "it points into a private network"),
    "NAME_UNKNOWN": Words("域名无法解析", "its name is unknown"),
    "CERTIFICATE": Words("证书无效", "its certificate does not hold"),
    "TOO_SLOW": Words("十秒内未答复", "no answer in ten seconds"),
    "NO_ANSWER": Words("无法连接或答复不完整", "no connection, or a broken answer"),
    "ENDPOINT_OFF": Words("回调地址已停用", "the endpoint is switched off"),
    "NOT_ACTIVE": Words("机构当前未生效", "the organisation is not active"),
}


@blueprint.get("/webhooks")
@doors.members("read")
def listed() -> Any:
    """List the endpoints of the organisation, with a form to add one."""
    page = endpoints.listed(unit.current(), after=shown.after(), limit=shown.PAGE)
    return render_template(
        "telling/endpoints.html",
        endpoints=[{"row": one, "why": _why(one)} for one in page.items],
        kinds=_kinds(),
        next=page.next,
    )


@blueprint.get("/webhooks/<endpoint_id>")
@doors.members("read")
def one(endpoint_id: str) -> Any:
    """Show an endpoint and its notices, newest first."""
    work = unit.current()
    found = endpoints.own(work, endpoint_id)
    missed = request.args.get("missed") == "1"
    page = notices.listed(work, found.id, missed=missed, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "telling/endpoint.html",
        endpoint=found,
        why=_why(found),
        kinds=_kinds(),
        missed=missed,
        notices=[
            {"row": each, "kind": _label(each.kind), "error": _error(each.error)}
            for each in page.items
        ],
        overlaps=found.former_until is not None and found.former_until > work.now,
        next=page.next,
    )


@blueprint.post("/webhooks")
@doors.members("write")
def add() -> Any:
    """Add an endpoint; its secret is shown this once."""
    made = endpoints.add(
        unit.current(),
        forms.text("url", max=500),
        request.form.getlist("kinds"),
        note=request.form.get("note", "")[: endpoints.NOTE_MAX],
        private=door.private(),
    )
    return _once(*made)


@blueprint.post("/webhooks/<endpoint_id>/change")
@doors.members("write")
def change(endpoint_id: str) -> Any:
    """Change where an endpoint is, and what it hears."""
    url, kinds = forms.text("url", max=500), request.form.getlist("kinds")
    endpoints.change(unit.current(), endpoint_id, url, kinds, private=door.private())
    return _back(endpoint_id)


@blueprint.post("/webhooks/<endpoint_id>/rotate")
@doors.members("write")
def rotate(endpoint_id: str) -> Any:
    """Change the secret; it is shown this once."""
    return _once(*endpoints.rotate(unit.current(), endpoint_id))


@blueprint.post("/webhooks/<endpoint_id>/switch")
@doors.members("write")
def switch(endpoint_id: str) -> Any:
    """Switch an endpoint on or off."""
    endpoints.switch(unit.current(), endpoint_id, on=request.form.get("on") == "1")
    return _back(endpoint_id)


@blueprint.post("/webhooks/<endpoint_id>/ping")
@doors.members("write")
def ping(endpoint_id: str) -> Any:
    """Try the way."""
    notices.ping(unit.current(), endpoint_id)
    return _back(endpoint_id)


@blueprint.post("/webhooks/<endpoint_id>/replay")
@doors.members("write")
def replay_since(endpoint_id: str) -> Any:
    """Send again what did not arrive of the last days."""
    work = unit.current()
    days = min(max(forms.number("days"), 1), 365)
    notices.replay_since(work, endpoint_id, work.now - timedelta(days=days), work.now)
    return _back(endpoint_id)


@blueprint.post("/webhooks/notices/<notice_id>/replay")
@doors.members("write")
def replay(notice_id: str) -> Any:
    """Send a notice once more."""
    return _back(notices.replay(unit.current(), notice_id).endpoint_id)


def _once(endpoint: Endpoint, secret: str) -> str:
    return render_template(
        "telling/secret.html", endpoint=endpoint, secret=idempotency.shown_once(secret)
    )


def _kinds() -> list[tuple[str, str]]:
    return [(kind, languages.said(told.words)) for kind, told in KINDS.items()]


def _label(kind: str) -> str:
    if kind == PING:
        return languages.said(Words("测试", "A test"))
    return languages.said(KINDS[kind].words) if kind in KINDS else kind


def _why(endpoint: Endpoint) -> str:
    found = WHY.get(endpoint.off_because or "")
    return languages.said(found) if found else ""


def _error(code: str | None) -> str:
    found = ERRORS.get(code or "")
    return languages.said(found) if found else ""


def _back(endpoint_id: str) -> Any:
    return redirect(f"/webhooks/{endpoint_id}", 303)
