"""Pages of evidence packs: asked for, saved, and verified by anybody."""

from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.api.assets.evidence_packs import handed, verdict
from app.api.licensing import credentials
from app.pages import forms, shown
from app.pages.assets.disclosures import sealed
from kernel.actor import NOBODY
from kernel.errors import Invalid
from marketplace.proving import making
from marketplace.proving.making import Asked
from settlement.evidence import packs
from settlement.evidence.packs import About

blueprint = Blueprint("evidence", __name__)


@blueprint.get("/evidence")
@doors.members("read")
def listed() -> Any:
    """List the packs that the caller may see, and offer to make one."""
    work = unit.current()
    found = packs.listed(work, after=shown.after(), limit=shown.PAGE)
    about = shown.asked("about")
    return render_template(
        "assets/packs.html",
        packs=[(one, languages.said(About(one.about).label)) for one in found.items],
        next=found.next,
        abouts=[(one.value, languages.said(one.label)) for one in About],
        about=about if about in set(About) else None,
        subject=shown.asked("subject", max=40),
    )


@blueprint.post("/evidence")
@doors.members("write")
def make() -> Any:
    """Make a pack of what the caller may see of a matter."""
    about = About(forms.choice("about", list(About)))
    days = about is About.PERIOD
    asked = Asked(
        about=about,
        subject=forms.text("subject", max=40),
        first_on=forms.day("first_on") if days else None,
        last_on=forms.day("last_on") if days else None,
    )
    made = making.make(unit.current(), asked, credentials.address())
    return redirect(f"/evidence/{made.id}", 303)


@blueprint.get("/evidence/verify")
@doors.public
def bring() -> Any:
    """Ask for a pack that is to be verified."""
    return render_template("assets/verify.html", told=None)


@blueprint.post("/evidence/verify")
@doors.alone
def verify() -> Any:
    """Verify a pack that somebody brings; nothing of it is kept."""
    chosen = request.files.get("file")
    if chosen is None or not chosen.filename:
        raise Invalid("请选择文件", "choose a file", pointer="/file")
    content = chosen.read()
    told = unit.reading(NOBODY, lambda work: verdict(work, content))
    return render_template("assets/verify.html", told=told)


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
