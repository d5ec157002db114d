"""The panels of a delivery's page for packages and for sharing, and what their forms do."""

import json
from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template

from app import doors, idempotency, languages, unit
from app.api.delivery import packages as door
from app.pages import forms, shown
from app.sharing import profiles
from delivery.packages import links, packages
from delivery.packages.links import PackageLink
from delivery.packages.packages import Format, Package, State
from delivery.recipients import credentials, keys
from delivery.recipients.credentials import Credential, CredentialKind
from delivery.sharing import shares
from delivery.tasks import DeliveryTask
from kernel.words import Words
from kernel.work import Work

blueprint = Blueprint("handing", __name__)

DAYS: Final = 90
"""How long a token lives when its form says nothing else."""

STAGES: Final = {
    "waiting": Words("等待开始", "waits to begin"),
    "selecting": Words("正在选取数据", "selecting the rows"),
    "hashing": Words("正在计算散列", "hashing"),
    "sealing": Words("正在加密", "encrypting"),
}


def package_panel(work: Work, task: DeliveryTask) -> dict[str, Any]:
    """Return what `delivery/_package.html` shows of a delivery. Some six SELECTs."""
    bought = work.actor.organisation == task.buyer_id
    made = packages.listed(work, task.id, after=None, limit=shown.SHORT).items
    linked = links.newest(work, [each.id for each in made])
    return {
        "task": task.id,
        "bought": bought,
        "sealable": [{"row": key, "fingerprint": keys.fingerprint(key)} for key in keys.live(work)]
        if bought
        else [],
        "packages": [_package(work, each, linked[each.id]) for each in made],
        "busy": any(each.state in (State.WAITING, State.MAKING) for each in made),
        "formats": [each.value for each in Format],
        "hours": work.rules.number("packages.link_hours_max"),
        "uses": work.rules.number("packages.uses_max"),
    }


def share_panel(work: Work, task: DeliveryTask) -> dict[str, Any]:
    """Return what `delivery/_share.html` shows of a delivery. Two SELECTs."""
    found = credentials.listed(
        work, task.id, kind=CredentialKind.SHARE, after=None, limit=shown.PAGE
    )
    return {
        "task": task.id,
        "bought": work.actor.organisation == task.buyer_id,
        "tokens": [{"row": each, "live": each.live(work.now)} for each in found.items],
        "table": f"{shares.name_of(task)}.{shares.SCHEMA}.{shares.TABLE}",
        "days": DAYS,
        "days_max": work.rules.number("recipients.days_max"),
        "overlap_h": work.rules.number("recipients.overlap_s") // 3600,
        "minutes": work.rules.number("sharing.url_s") // 60,
    }


@blueprint.post("/deliveries/<task_id>/keys")
@doors.members("write")
def register(task_id: str) -> Any:
    """Register a public key."""
    label = forms.text("label", max=keys.LABEL_MAX)
    keys.register(unit.current(), label=label, public_key=forms.text("public_key", max=200))
    return _back(task_id)


@blueprint.post("/deliveries/<task_id>/keys/<key_id>/retire")
@doors.members("write")
def retire(task_id: str, key_id: str) -> Any:
    """Retire a public key."""
    keys.retire(unit.current(), key_id)
    return _back(task_id)


@blueprint.post("/deliveries/<task_id>/packages")
@doors.members("write")
def request_package(task_id: str) -> Any:
    """Have a package made."""
    file_format = forms.choice("format", [each.value for each in Format])
    key_id = forms.text("key_id", max=40)
    packages.request(unit.current(), task_id, key_id=key_id, file_format=file_format)
    return _back(task_id)


@blueprint.post("/deliveries/<task_id>/packages/<package_id>/links")
@doors.members("write")
def link(task_id: str, package_id: str) -> Any:
    """Make a link to a package; its address is shown this once."""
    work = unit.current()
    made, address = door.linked(work, package_id)
    found = packages.find(work.session, package_id)
    return render_template(
        "delivery/link.html", task=task_id, package=found, link=made, address=address
    )


@blueprint.post("/deliveries/<task_id>/links/<link_id>/revoke")
@doors.members("write")
def revoke_link(task_id: str, link_id: str) -> Any:
    """Revoke a link at once."""
    links.revoke(unit.current(), link_id)
    return _back(task_id)


@blueprint.post("/deliveries/<task_id>/tokens")
@doors.members("write")
def issue(task_id: str) -> Any:
    """Issue a sharing token: the answer is its profile, this once."""
    work = unit.current()
    expires_at = work.now + timedelta(days=min(max(forms.number("days"), 0), 10_000))
    label = forms.text("label", max=credentials.LABEL_MAX)
    return _profile(credentials.issue(work, task_id, CredentialKind.SHARE, label, expires_at))


@blueprint.post("/deliveries/<task_id>/tokens/<credential_id>/rotate")
@doors.members("write")
def rotate(task_id: str, credential_id: str) -> Any:
    """Replace a sharing token: the answer is the new profile, this once."""
    work = unit.current()
    _of(work, task_id, credential_id)
    return _profile(credentials.rotate(work, credential_id))


@blueprint.post("/deliveries/<task_id>/tokens/<credential_id>/revoke")
@doors.members("write")
def revoke(task_id: str, credential_id: str) -> Any:
    """Revoke a token at once."""
    work = unit.current()
    _of(work, task_id, credential_id)
    credentials.revoke(work, credential_id)
    return _back(task_id)


def _of(work: Work, task_id: str, credential_id: str) -> None:
    credentials.bought(work, task_id)
    credentials.own(work, credential_id)


def _package(work: Work, package: Package, found: list[PackageLink]) -> dict[str, Any]:
    return {
        "row": package,
        "record": shown.record(package, work, packages.LIFE),
        "stage": languages.said(STAGES[package.stage]) if package.stage in STAGES else "",
        "links": [{"row": each, "live": each.live(work.now)} for each in found],
    }


def _profile(made: tuple[Credential, str]) -> Response:
    credential, secret = made
    body = json.dumps(profiles.of(credential, idempotency.shown_once(secret)), indent=1)
    response = Response(body, content_type="application/json; charset=utf-8")
    name = f"{credential.task_id}-{credential.id[-6:]}.share"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _back(task_id: str) -> Any:
    return redirect(f"/deliveries/{task_id}", 303)
