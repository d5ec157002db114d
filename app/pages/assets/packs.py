"""Pages of evidence packs: asked for, saved, and verified by anybody."""

from contextlib import closing
from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.api.assets.evidence_packs import bringing, handed, verdict
from app.api.licensing import credentials
from app.pages import forms, shown
from app.pages.assets.disclosures import sealed
from app.pages.choosing import chosen
from kernel.actor import NOBODY
from kernel.errors import Invalid
from marketplace.proving import making
from marketplace.proving.making import Asked
from settlement.evidence import packs
from settlement.evidence.archive import FILE_MAX
from settlement.evidence.packs import About

blueprint = Blueprint("evidence", __name__)

_AROUND = 10_000
"""The most bytes of a form around the file that it brings."""

_ABOUTS = {"ord": About.ORDER, "dea": About.DEAL, "ast": About.ASSET}
"""Prefix of an id → what a pack of it is about."""


@blueprint.get("/evidence")
@doors.members("read")
def listed() -> Any:
    """List the packs that the caller may see, and offer to make one."""
    work = unit.current()
    found = packs.listed(work, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "assets/packs.html",
        packs=[(one, languages.said(About(one.about).label)) for one in found.items],
        next=found.next,
        matters=chosen.offered(work, "matter", shown.asked("subject", max=40)),
    )


@blueprint.post("/evidence")
@doors.members("write")
def make() -> Any:
    """Make a pack of what the caller may see: of a period, or of the thing that was chosen."""
    work = unit.current()
    if forms.text("about", max=20) == About.PERIOD:
        first, last = forms.day("first_on"), forms.day("last_on")
        asked = Asked(about=About.PERIOD, first_on=first, last_on=last)
    else:
        subject = chosen.of(work, "subject", "matter")
        asked = Asked(about=_ABOUTS[subject[:3]], subject=subject)
    made = making.make(work, asked, credentials.address())
    return redirect(f"/evidence/{made.id}", 303)


@blueprint.get("/evidence/verify")
@doors.public
def bring() -> Any:
    """Ask for a pack that is to be verified."""
    return render_template("assets/verify.html", told=None, most=FILE_MAX)


@blueprint.post("/evidence/verify")
@bringing(FILE_MAX + _AROUND)
def verify() -> Any:
    """Verify a pack that somebody brings; nothing of it is kept."""
    brought = request.files.get("file")
    if brought is None or not brought.filename:
        raise Invalid("请选择文件", "choose a file", pointer="/file")
    with closing(brought):
        content = brought.read()
    told = unit.reading(NOBODY, lambda work: verdict(work, content))
    return render_template("assets/verify.html", told=told, most=FILE_MAX)


@blueprint.get("/evidence/<pack_id>")
@doors.members("read")
def one(pack_id: str) -> Any:
    """Show what is in a pack, and how to verify it."""
    work = unit.current()
    found = packs.seen(work, pack_id)
    paper = packs.manifest(work, found)
    return render_template(
        "assets/pack.html",
        pack=found,
        about=languages.said(About(found.about).label),
        files=paper.body["files"],
        names=shown.names(work, [found.party_id]),
        events=shown.timeline(work, found.id),
        **sealed(work, paper),
    )


@blueprint.get("/evidence/<pack_id>/file")
@doors.members("read")
def file(pack_id: str) -> Any:
    """Hand a pack over for saving."""
    return handed(*packs.content(unit.current(), pack_id))
