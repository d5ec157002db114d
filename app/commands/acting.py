"""What commands in somebody's name share: looking and acting as who signs in, and telling rows.

Who asks sees here what its desk shows it, and may do no more than there.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from app.commands import opening
from config.settings import Settings

if TYPE_CHECKING:
    from kernel.work import Work
    from kernel.workflow import Workflow

T = TypeVar("T")
Row = Mapping[str, Any]

ROWS_MAX: Final = 100
"""How many of the newest a list tells."""

AS: Final = click.option("--as", "login", required=True, help="The login of who asks.")
JSON: Final = click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
ANSWERS: Final = click.option(
    "--say", "answers", multiple=True, metavar="NAME=TEXT", help="The answer to a question."
)


def looked(settings: Settings, login: str, look: "Callable[[Work], T]") -> T:
    """Return what somebody sees, or tell the no."""
    with opening.telling(), opening.opened(settings) as house:
        actor = opening.acting(house, login)
        with house.engines.reading() as session:
            return look(house.work(session, actor))
    raise AssertionError("unreachable: telling exits")


def done(settings: Settings, login: str, command: "Callable[[Work], T]") -> T:
    """Do something in somebody's name as one unit of work; return what came of it."""
    from app import unit

    with opening.telling(), opening.opened(settings) as house:
        found: T = unit.committed(house, opening.acting(house, login), command)
        return found
    raise AssertionError("unreachable: telling exits")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks at the console, and how the answer is to be told."""

    settings: Settings
    login: str
    as_json: bool

    def lists(self, look: "Callable[[Work], Iterable[Row]]", names: Iterable[str]) -> None:
        """Tell the rows that are seen, in a line each."""
        tell(looked(self.settings, self.login, look), names, as_json=self.as_json)

    def shows(self, look: "Callable[[Work], Row]") -> None:
        """Tell one row that is seen, with all that is known of it."""
        show(looked(self.settings, self.login, look), as_json=self.as_json)

    def does(self, command: "Callable[[Work], Row]", names: Iterable[str]) -> None:
        """Do something, and tell in a line what came of it."""
        tell([done(self.settings, self.login, command)], names, as_json=self.as_json)


def asking(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, before its other arguments, who asks; innermost of its decorators."""

    def asked(settings: Settings, /, login: str, *, as_json: bool, **more: Any) -> None:
        command(Asking(settings, login, as_json), **more)

    asked.__name__, asked.__doc__ = command.__name__, command.__doc__
    return AS(JSON(click.pass_obj(asked)))


def tell(rows: Iterable[Row], names: Iterable[str], *, as_json: bool) -> None:
    """Say each row in a line: as JSON, or what stands under some names."""
    for row in rows:
        if as_json:
            click.echo(json.dumps(row, ensure_ascii=False))
        else:
            click.echo(" ".join(_word(row[name]) for name in names))


def show(row: Row, *, as_json: bool) -> None:
    """Say one row: as JSON, or a line for each thing that is known of it."""
    if as_json:
        tell([row], (), as_json=True)
        return
    for name, value in row.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                click.echo(f"{name}: {_word(one)}")


def told(found: object, names: Iterable[str]) -> dict[str, Any]:
    """Return what is known of a row under some names, as JSON has it."""
    return {name: plain(getattr(found, name)) for name in names}


def plain(value: object) -> object:
    """Return a date or a moment as text, and everything else as it is."""
    return value.isoformat() if isinstance(value, date) else value


def steps(life: "Workflow[Any, Any]", found: Any, work: "Work") -> list[dict[str, Any]]:
    """Return the steps that who asks can take by name, what each asks, and what bars it."""
    return [
        {
            "step": offer.step,
            "zh": offer.label.zh,
            "en": offer.label.en,
            "asks": [ask.name for ask in offer.asks],
            "barred_by": [refusal.code for refusal in offer.barred_by],
        }
        for offer in life.offers(found, work)
        if not life.steps[offer.step].own_door
    ]


def answered(life: "Workflow[Any, Any]", step: str, answers: Iterable[str]) -> dict[str, Any]:
    """Return the answers to a step's questions, as its door reads them. Exit status 2."""
    from marshmallow import ValidationError

    from app import doors

    row = life.steps.get(step)
    if row is None or row.own_door:
        known = ", ".join(name for name, each in life.steps.items() if not each.own_door)
        raise click.BadParameter(f"one of {known}", param_hint="STEP")
    given = dict(answer.partition("=")[::2] for answer in answers)
    try:
        return doors.answered(row, given)
    except ValidationError as error:
        raise click.BadParameter(json.dumps(error.messages), param_hint="--say") from error


def one_of(value: str | None, known: Iterable[Any], option: str) -> Any:
    """Return the member of an enumeration that was named; None for none."""
    if value is None:
        return None
    found = {str(each.value): each for each in known}
    if value not in found:
        raise click.BadParameter(f"one of {', '.join(found)}", param_hint=option)
    return found[value]


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(_word(each) for each in value.values() if each not in (None, [], ""))
    if isinstance(value, list):
        return ",".join(_word(each) for each in value) or "-"
    return "-" if value is None else str(value)
