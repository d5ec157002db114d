"""`databourse mandates`: which agents act for whom, and the end of it, at the console."""

from typing import TYPE_CHECKING, Any, Final

import click

from app.commands import acting
from config.settings import Settings

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
@acting.AS
@acting.JSON
@click.pass_obj
def list_mandates(settings: Settings, login: str, *, as_json: bool) -> None:
    """List the latest mandates that somebody gave, holds or oversees, one a line."""
    from marketplace.agency import mandates as desk

    found = acting.looked(
        settings,
        login,
        lambda work: [
            acting.told(one, _ROW)
            for one in desk.listed(work, after=None, limit=acting.ROWS_MAX).items
        ],
    )
    acting.tell(found, _LINE, as_json=as_json)


@mandates.command("show")
@click.argument("mandate_id", metavar="MANDATE")
@acting.AS
@acting.JSON
@click.pass_obj
def show_mandate(settings: Settings, mandate_id: str, login: str, *, as_json: bool) -> None:
    """Show a mandate: whether it is signed whole, and what was done under it."""
    from marketplace.agency import mandates as desk

    found = acting.looked(settings, login, lambda work: _whole(desk.seen(work, mandate_id), work))
    acting.show(found, as_json=as_json)


@mandates.command("revoke")
@click.argument("mandate_id", metavar="MANDATE")
@click.option("--reason", required=True)
@acting.AS
@acting.JSON
@click.pass_obj
def revoke(settings: Settings, mandate_id: str, reason: str, login: str, *, as_json: bool) -> None:
    """End a mandate: its principal revokes it, its agent gives it up, an overseer forbids it."""
    from marketplace.agency import mandates as desk

    def command(work: "Work") -> acting.Row:
        found, ours = desk.seen(work, mandate_id), work.actor.organisation
        step = {found.principal_id: "revoke", found.agent_id: "renounce"}.get(ours, "forbid")
        return acting.told(desk.take(work, mandate_id, step, reason=reason), _ROW)

    acting.tell([acting.done(settings, login, command)], _LINE, as_json=as_json)


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
