"""`databourse webhooks`: one's own endpoints, what they were told, and telling it again."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from app.commands import acting
from config.settings import Settings

if TYPE_CHECKING:
    from kernel.work import Work

_ENDPOINT: Final = ("id", "url", "note", "kinds", "added_at", "failing_since", "off_at",
                    "off_because")  # fmt: skip
_NOTICE: Final = ("id", "endpoint_id", "event_id", "kind", "made_at", "due_at", "attempts",
                  "tried_at", "status", "error", "took_ms", "arrived_at",
                  "given_up_at")  # fmt: skip
_LINES: Final = {
    "endpoint": ("id", "url", "failing_since", "off_because", "kinds"),
    "notice": ("id", "kind", "words", "made_at", "attempts", "status", "error", "arrived_at"),
}
_MOMENT: Final = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.group()
def webhooks() -> None:
    """List endpoints of webhooks and what they were told; tell it again."""


@webhooks.command("list")
@acting.AS
@acting.JSON
@click.pass_obj
def list_endpoints(settings: Settings, login: str, *, as_json: bool) -> None:
    """List the endpoints of somebody's organisation, the newest first; never their secrets."""
    from marketplace.telling import endpoints

    found = acting.looked(
        settings,
        login,
        lambda work: [
            acting.told(one, _ENDPOINT)
            for one in endpoints.listed(work, after=None, limit=acting.ROWS_MAX).items
        ],
    )
    acting.tell(found, _LINES["endpoint"], as_json=as_json)


@webhooks.command("notices")
@click.argument("endpoint_id", metavar="[ENDPOINT]", required=False)
@click.option("--missed", is_flag=True, help="Only what was given up.")
@acting.AS
@acting.JSON
@click.pass_obj
def list_notices(
    settings: Settings, endpoint_id: str | None, login: str, *, missed: bool, as_json: bool
) -> None:
    """List what an endpoint was told, or all of them, the newest first; what came of it."""
    from marketplace.telling import notices

    found = acting.looked(
        settings,
        login,
        lambda work: [
            _notice(one)
            for one in notices.listed(
                work, endpoint_id, missed=missed, after=None, limit=acting.ROWS_MAX
            ).items
        ],
    )
    acting.tell(found, _LINES["notice"], as_json=as_json)


@webhooks.command("replay")
@click.argument("what", metavar="NOTICE|ENDPOINT")
@click.option("--since", type=_MOMENT, help="Of an endpoint: what did not arrive, UTC.")
@click.option("--until", type=_MOMENT, help="Of an endpoint; until now if not said, UTC.")
@acting.AS
@click.pass_obj
def replay(
    settings: Settings, what: str, since: datetime | None, until: datetime | None, login: str
) -> None:
    """Send a notice again, or all that did not arrive at an endpoint since a moment."""
    from marketplace.telling import notices

    def command(work: "Work") -> int:
        if since is None:
            notices.replay(work, what)
            return 1
        last = work.now if until is None else until.replace(tzinfo=UTC)
        return notices.replay_since(work, what, since.replace(tzinfo=UTC), last)

    click.echo(f"{acting.done(settings, login, command)} notices")


def _notice(found: Any) -> dict[str, Any]:
    from marketplace.telling.kinds import KINDS

    known = KINDS.get(found.kind)
    words = None if known is None else {"zh": known.words.zh, "en": known.words.en}
    return {**acting.told(found, _NOTICE), "words": words}
