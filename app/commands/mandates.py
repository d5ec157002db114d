"""`databourse mandates`: which agents act for whom, and the end of it, at the console."""

from typing import TYPE_CHECKING, Any, Final

import click

from app.commands import acting

if TYPE_CHECKING:
    from kernel.work import Work
    from marketplace.mandated.mandate_rows import Mandate

_ROW: Final = ("id", "code", "state", "principal_id", "agent_id", "powers", "industries",
               "product_ids", "commission_bp", "valid_from", "valid_to")  # fmt: skip
_LINE: Final = ("id", "code", "state", "principal_id", "agent_id", "powers", "valid_to")
_USES_MAX: Final = 100


@click.group()
def mandates() -> None:
    """List, show and end the mandates of agents."""


@mandates.command("list")
@acting.asking
def list_mandates(who: acting.Asking) -> None:
    """List the latest mandates that somebody gave, holds or oversees, one a line."""
    from marketplace.agency import mandates as desk

    def look(work: "Work") -> list[acting.Row]:
        found = desk.listed(work, after=None, limit=acting.ROWS_MAX)
        return [acting.told(one, _ROW) for one in found.items]

    who.lists(look, _LINE)


@mandates.command("show")
@click.argument("mandate_id", metavar="MANDATE")
@acting.asking
def show_mandate(who: acting.Asking, mandate_id: str) -> None:
    """Show a mandate: whether it is signed whole, and what was done under it."""
    from marketplace.agency import mandates as desk

    who.shows(lambda work: _whole(desk.seen(work, mandate_id), work))


@mandates.command("revoke")
@click.argument("mandate_id", metavar="MANDATE")
@click.option("--reason", required=True)
@acting.asking
def revoke(who: acting.Asking, mandate_id: str, reason: str) -> None:
    """End a mandate: its principal revokes it, its agent gives it up, an overseer forbids it."""
    from marketplace.agency import mandates as desk

    def command(work: "Work") -> acting.Row:
        found, ours = desk.seen(work, mandate_id), work.actor.organisation
        step = {found.principal_id: "revoke", found.agent_id: "renounce"}.get(ours, "forbid")
        return acting.told(desk.take(work, mandate_id, step, reason=reason), _ROW)

    who.does(command, _LINE)


def _whole(found: "Mandate", work: "Work") -> dict[str, Any]:
    from licensing import signatures
    from marketplace.agency import mandates as desk
    from marketplace.mandated import mandate_rows

    uses = mandate_rows.uses(work.session, found.id, limit=_USES_MAX)
    return {
        **acting.told(found, (*_ROW, "text_digest")),
        "signed_by": [one.organisation_id for one in signatures.of(work.session, found.id)],
        "is_whole": desk.is_whole(work, found),
        "uses": [acting.told(one, ("act", "subject_id", "at")) for one in uses],
        "steps": acting.steps(desk.LIFE, found, work),
    }
