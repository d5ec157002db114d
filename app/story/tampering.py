"""The proof at the end: the evidence verifies, and one edited row is found.

The edit is made as somebody with the run of the database would make it, guards taken
off first, and is rolled back: nothing of it remains.
"""

from sqlalchemy import Connection, text, update
from sqlalchemy.orm import Session

from app import unit
from app.house import House
from app.story.telling import Telling
from kernel import evidence
from kernel.actor import SYSTEM
from kernel.journal import Event

GUARDS = {
    "sqlite": "DROP TRIGGER events_no_update",
    "postgresql": "ALTER TABLE events DISABLE TRIGGER events_append_only",
}


def prove(telling: Telling, house: House) -> None:
    """Seal, verify, edit one event, and verify that it is found."""
    with telling.step("存证核验：封存全部事件并逐条复算 · verify the evidence", "auditor"):
        unit.committed(house, SYSTEM, evidence.seal)
        with house.engines.reading() as session:
            report = evidence.verify(session, house.crypto)
        telling.evidence["ok"] = report.ok and report.unsealed == 0 and report.events > 0
    with telling.step("篡改一行，被查出 · one edited row is found", "auditor"):
        telling.evidence["tampered_row_found"] = _found(house)


def _found(house: House) -> bool:
    with house.engines.writing() as session:
        victim = session.query(Event.sequence).order_by(Event.sequence.desc()).first()
        if victim is None:
            return False
        _edit(session.connection(), victim[0])
        report = evidence.verify(_fresh(session), house.crypto)
        session.rollback()
    return [finding.at.split(" (")[0] for finding in report.findings] == [f"event {victim[0]}"]


def _edit(connection: Connection, sequence: int) -> None:
    connection.execute(text(GUARDS[connection.dialect.name]))
    connection.execute(
        update(Event).where(Event.sequence == sequence).values(organisation="somebody else")
    )


def _fresh(session: Session) -> Session:
    session.expunge_all()
    return session
