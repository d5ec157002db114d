"""What commands share: the house opened, and an anticipated no told in one line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from config.settings import Settings

if TYPE_CHECKING:
    from app.house import House
    from kernel.actor import Actor


@contextmanager
def opened(settings: Settings) -> Iterator["House"]:
    """Open the house. A database that does not answer, or has no tables yet: status 1."""
    from sqlalchemy.exc import DBAPIError

    from app import house
    from app.reactions import SUBSCRIBERS, WITNESSES

    built = house.build(settings, SUBSCRIBERS, WITNESSES)
    try:
        yield built
    except DBAPIError as error:
        url = built.engines.url.render_as_string(hide_password=True)
        first = str(error.orig).strip().splitlines()[0]
        raise click.ClickException(f"{url}: {first}") from error
    finally:
        built.engines.dispose()


@contextmanager
def telling() -> Iterator[None]:
    """Tell the domain's no, after a line for each reason that it does not say itself.

    Exit status 3.
    """
    from kernel.errors import DomainError

    try:
        yield
    except DomainError as error:
        more = [refusal for refusal in error.refusals if refusal.en not in error.en]
        for refusal in more:
            click.echo(f"{refusal.code}: {refusal.en}", err=True)
        for refusal in error.refusals:
            if refusal.fix is not None:
                click.echo(f"{refusal.rule}: {refusal.fix.en}", err=True)
        codes = "".join(f" [{one.code}]" for one in error.refusals if one not in more)
        click.echo(f"{error.title.en}: {error}{codes}", err=True)
        sys.exit(3)


def acting(house: "House", login: str) -> "Actor":
    """Return who signs in as `login`, for the first organisation it acts for. Raises NotFound."""
    from kernel.errors import NotFound
    from kernel.parties import people

    with house.engines.reading() as session:
        person = people.by_login(session, login)
        for membership, _ in people.memberships(session, person.id) if person else ():
            found = people.actor(session, membership.person_id, membership.organisation_id)
            if found is not None:
                return found
    raise NotFound(f"没有用户 {login}", f"nobody signs in as {login}")
