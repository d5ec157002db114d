"""`databourse complaints`: what an officer looks at and decides of complaints, at the console."""

from typing import TYPE_CHECKING, Any, Final

import click

from app.commands import acting

if TYPE_CHECKING:
    from kernel.work import Work
    from marketplace.aftercare.complaint_rows import Complaint

_ROW: Final = ("id", "code", "state", "category", "about", "subject_id", "respondent_id",
               "urgent", "office", "filed_at")  # fmt: skip
_MORE: Final = ("said", "answer", "demanded", "put_right", "finding", "outcome", "level",
                "level_said", "dispute_id", "extended")  # fmt: skip
_LINE: Final = ("id", "code", "state", "urgent", "words", "respondent_id", "due_on")


@click.group()
def complaints() -> None:
    """List and show complaints, and take the steps of an officer."""


@complaints.command("list")
@click.option("--state", help="Only those in one state, as filed or handling.")
@click.option("--category", help="Only those of one category, as false_listing.")
@click.option("--open", "open_only", is_flag=True, help="Only those that are not over.")
@acting.asking
def list_complaints(
    who: acting.Asking, state: str | None, category: str | None, *, open_only: bool
) -> None:
    """List the latest complaints that somebody may see, one a line."""
    from marketplace.aftercare import complaints as desk
    from marketplace.aftercare.complaint_rows import Category, State

    wanted: dict[str, Any] = {
        "state": acting.one_of(state, State, "--state"),
        "category": acting.one_of(category, Category, "--category"),
        "open_only": open_only,
    }

    def look(work: "Work") -> list[acting.Row]:
        found = desk.listed(work, **wanted, after=None, limit=acting.ROWS_MAX)
        return [_row(one, work) for one in found.items]

    who.lists(look, _LINE)


@complaints.command("show")
@click.argument("complaint_id", metavar="COMPLAINT")
@acting.asking
def show_complaint(who: acting.Asking, complaint_id: str) -> None:
    """Show a complaint with what was said of it, its evidence, and the steps there are."""
    from marketplace.aftercare import complaints as desk

    who.shows(lambda work: _whole(desk.seen(work, complaint_id), work))


@complaints.command("take-over")
@click.argument("complaint_id", metavar="COMPLAINT")
@acting.asking
def take_over(who: acting.Asking, complaint_id: str) -> None:
    """Make a complaint one's own case, as an officer in charge."""
    from marketplace.aftercare import complaining

    def command(work: "Work") -> acting.Row:
        return _row(complaining.take_over(work, complaint_id), work)

    who.does(command, _LINE)


@complaints.command("take")
@click.argument("complaint_id", metavar="COMPLAINT")
@click.argument("step")
@acting.ANSWERS
@acting.asking
def take(who: acting.Asking, complaint_id: str, step: str, answers: tuple[str, ...]) -> None:
    """Take a step of a complaint, as accept, demand or resolve; `show` tells which there are."""
    from marketplace.aftercare import complaints as desk

    given = acting.answered(desk.LIFE, step, answers)

    def command(work: "Work") -> acting.Row:
        return _row(desk.take(work, complaint_id, step, **given), work)

    who.does(command, _LINE)


def _row(found: "Complaint", work: "Work") -> dict[str, Any]:
    from kernel import watch
    from marketplace.aftercare.complaint_rows import Category

    clock = watch.running(work.session, found.id)
    label = Category(found.category).label
    return {
        **acting.told(found, _ROW),
        "words": {"zh": label.zh, "en": label.en},
        "due_on": clock and clock.due_on.isoformat(),
    }


def _whole(found: "Complaint", work: "Work") -> dict[str, Any]:
    from marketplace.aftercare import complaining
    from marketplace.aftercare import complaints as desk

    withheld = desk.is_withheld(work, found)
    pieces = ("id", "organisation_id", "said", "name", "digest", "filed_at")
    return {
        **_row(found, work),
        "complainant_id": None if withheld else found.complainant_id,
        **acting.told(found, _MORE),
        "evidence": [acting.told(one, pieces) for one in complaining.evidence(work, found)],
        "steps": acting.steps(desk.LIFE, found, work),
    }
