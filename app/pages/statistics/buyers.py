"""The ranking of buyers: masked, but for those who agreed to be named."""

from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.pages import shown
from app.pages.face import leagues
from kernel.clock import local_date
from kernel.money import Money
from marketplace.counting import naming

blueprint = Blueprint("ranked_buyers", __name__)

_PERIODS = ("M", "Q", "Y", "T", "A")


@blueprint.get("/rankings/buyers")
@doors.public
def buyers() -> Any:
    """Show who bought most in a period. Names and figures only of those who agreed."""
    work = unit.current()
    span = leagues.span_of(request.args.get("period", "Y"), local_date(work.now))
    found = naming.ranking(work.session, span)
    names = shown.names(work, [each.place.key for each in found if each.is_named])
    asks = naming.buyer.matches(work.actor, None)
    own = work.actor.organisation
    return render_template(
        "face/buyers.html",
        span=span,
        title=leagues.label(span),
        periods=[(each, languages.said(leagues.PERIODS[each])) for each in _PERIODS],
        places=[
            {
                "rank": each.place.rank,
                "change": each.place.change,
                "name": names.get(each.place.key) if each.is_named else None,
                "own": asks and each.place.key == own,
                "value": Money(each.place.value_fen),
                "count": each.place.count,
            }
            for each in found
        ],
        asks=asks,
        named=asks and bool(naming.agreed(work.session, [own])),
        least=naming.BUYERS_MIN,
        kinds=leagues.tabs(span),
    )


@blueprint.post("/rankings/buyers/named")
@doors.members("write")
def name() -> Any:
    """Let the caller's organisation be named, or masked again."""
    work = unit.current()
    if request.form.get("named") == "yes":
        naming.agree(work)
    else:
        naming.take_back(work)
    return redirect("/rankings/buyers", 303)
