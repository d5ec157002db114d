"""Bank statements at the console: tried, or imported, in the name of a settlement officer."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from app import unit
from app.house import House
from kernel.actor import Actor
from kernel.errors import DomainError, NotFound
from kernel.parties import people
from kernel.work import Work
from settlement.bank import intake
from settlement.bank.desk import Verdict

ACTS = ("preview", "import")
"""What can be done with a file."""


def run(house: House, act: str, path: str, *, login: str, profile: str) -> Iterator[str]:
    """Do `act` with the file at `path`; yields what is to be said, line by line.

    login: of the officer in whose name it is done. Raises NotFound, and what `intake`
    raises, after every problem of the file has been said.
    """
    content = Path(path).read_bytes()
    with house.engines.reading() as session:
        actor = _officer(session, login)

    def command(work: Work) -> list[str]:
        account = work.rules.text("settlement.custody_account")
        if act == "import":
            made = intake.import_statement(work, account=account, text=content, profile=profile)
            return [f"{made.id}: {made.number}, {made.line_count} lines, closes at {made.closing}"]
        told = intake.preview(work, account=account, text=content, profile=profile)
        return [*map(_line, told.verdicts), f"{told.read.number} closes at {told.read.closing}"]

    try:
        yield from unit.committed(house, actor, command)
    except DomainError as error:
        yield from (f"{refusal.code}: {refusal.en}" for refusal in error.refusals)
        raise


def _officer(session: Session, login: str) -> Actor:
    person = people.by_login(session, login)
    for membership, _ in people.memberships(session, person.id) if person else ():
        acting = people.actor(session, membership.person_id, membership.organisation_id)
        if acting is not None:
            return acting
    raise NotFound(f"没有用户 {login}", f"nobody signs in as {login}")


def _line(verdict: Verdict) -> str:
    line = verdict.line
    named = ", ".join(part.payment.reference for part in verdict.parts) or verdict.target
    found = " ".join(part for part in (verdict.kind or "", named, verdict.note or "") if part)
    return f"{line.row}: {line.booked_on} {line.amount} {line.bank_ref}: {found}"
