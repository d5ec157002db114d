"""Runs errands (the outbox) and the timetable: inside the serving process, or beside it."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from threading import Event as Signal
from threading import Thread
from typing import Final

import structlog
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column

from app.house import House
from app.intake import loading, mounting
from app.reactions import REACTIONS, Reaction
from app.sharing import packing
from app.telling import sending
from app.timetable import TIMETABLE, Job
from kernel.actor import SYSTEM
from kernel.clock import Instant
from kernel.db import Base, Big
from kernel.engines import insist
from kernel.journal import Errand

FIRST_RETRY: Final = timedelta(seconds=10)
LAST_RETRY: Final = timedelta(hours=12)
IDLE_S: Final = 5.0
READ_S: Final = 1.0
KEPT_SLOTS: Final = 1_000
TOGETHER: Final = 500

log = structlog.get_logger()


class Run(Base):
    """A job that has been run in a slot of time; the key lets only one process run it."""

    __tablename__ = "job_runs"

    job: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)


def run_errands(
    house: House,
    reactions: Mapping[str, Mapping[str, Reaction]] = REACTIONS,
    *,
    at_most: int = 100,
) -> int:
    """Run the errands that are due, each in its own transaction; returns how many were tried.

    A failed one is put off, twice as long each time; the others go on. SKIP LOCKED lets
    several workers share a PostgreSQL.
    """
    for tried in range(at_most):
        with house.engines.writing() as session:
            now = house.now(session)
            errand = _next_due(session, now)
            if errand is None:
                return tried
            _run(house, session, errand, reactions)
            session.commit()
    return at_most


def run_jobs(house: House, timetable: Mapping[str, Job] = TIMETABLE) -> int:
    """Run the jobs whose slot has not been run yet; returns how many were.

    A job that fails is logged, and tried again in the next round: its slot is free again. What
    it does outside is tried again in its next slot.
    """
    done = 0
    for name, job in timetable.items():
        try:
            if insist(partial(_job_done, house, name, job)):
                done += 1
                if job.outside is not None:
                    job.outside(house)
        except Exception:
            log.exception("job failed", job=name)
    return done


def file_decisions(house: House) -> int:
    """Write rows for the answers that are in the log alone; returns how many were written."""
    if not house.clerk.spool.files():
        return 0
    with house.engines.writing() as session:
        written = house.clerk.drain(house.work(session, SYSTEM))
        session.commit()
    return written


def drain(house: House, *, at_most: int = 10_000) -> int:
    """Run every due errand, and what comes of them, until nothing is due."""
    tried = 0
    while tried < at_most and (more := run_errands(house)):
        tried += more
    return tried


def run_within(house: House, session: Session) -> int:
    """Run every due errand, and what comes of them, in a transaction that is open; none commits.

    For who does very much at once by itself. A failed one is put off, as ever.
    """
    tried = 0
    while found := _due(session, house.now(session)):
        for errand in found:
            _run(house, session, errand, REACTIONS)
        tried += len(found)
        session.flush()
    return tried


def run_forever(house: House, stop: Signal) -> None:
    """Work until `stop` is set: at once when the bell rings, else every few seconds."""
    while not stop.is_set():
        house.bell.clear()
        try:
            drain(house)
            run_jobs(house)
            file_decisions(house)
        except Exception:
            log.exception("worker stumbled")
        house.bell.wait(IDLE_S)


def run_all(house: House, stop: Signal) -> None:
    """Work until `stop` is set; beside: reading uploads, looking at locations, sending notices."""
    beside = (("reader", read_forever), ("looker", look_forever), ("sender", send_forever))
    for name, run in beside:
        Thread(target=run, args=(house, stop), name=name, daemon=True).start()
    run_forever(house, stop)


def look_forever(house: House, stop: Signal) -> None:
    """Look at locations until `stop` is set: a store that is slow keeps nobody else waiting."""
    while not stop.wait(IDLE_S):
        try:
            mounting.look_due(house)
        except Exception:
            log.exception("looker stumbled")


def read_forever(house: House, stop: Signal) -> None:
    """Read uploads until `stop` is set, beside `run_forever`: a large file takes minutes."""
    while not stop.wait(READ_S):
        try:
            loading.read_waiting(house)
            packing.make_waiting(house)
        except Exception:
            log.exception("reader stumbled")


def send_forever(house: House, stop: Signal) -> None:
    """Send webhooks until `stop` is set, beside `run_forever`: a receiver may be slow."""
    while not stop.wait(READ_S):
        try:
            sending.send_waiting(house)
        except Exception:
            log.exception("sender stumbled")


def _job_done(house: House, name: str, job: Job) -> bool:
    """Run a job in its slot, and commit; False when its slot has been run."""
    with house.engines.writing() as session:
        work = house.work(session, SYSTEM)
        if not _claimed(session, name, int(work.now.timestamp()) // job.every_s):
            return False
        job.run(work)
        session.commit()
    return True


def _run(
    house: House,
    session: Session,
    errand: Errand,
    reactions: Mapping[str, Mapping[str, Reaction]],
) -> None:
    work, event = house.work(session, SYSTEM), errand.event

    def react() -> None:
        try:
            with session.begin_nested():
                reactions[event.kind][errand.reaction](work, event)
        except OperationalError:
            session.expire_all()  # what was read before another was faster is old
            raise

    try:
        insist(react)
        session.delete(errand)
    except Exception as error:
        log.exception("errand failed", reaction=errand.reaction)
        errand.attempts += 1
        errand.last_error = repr(error)[:500]
        errand.due_at = work.now + min(FIRST_RETRY * 2 ** (errand.attempts - 1), LAST_RETRY)


def _next_due(session: Session, now: Instant) -> Errand | None:
    return next(iter(_due(session, now, limit=1)), None)


def _due(session: Session, now: Instant, *, limit: int = TOGETHER) -> list[Errand]:
    statement = (
        select(Errand)
        .where(Errand.due_at <= now)
        .order_by(Errand.due_at, Errand.id)
        .limit(limit)
        .options(joinedload(Errand.event, innerjoin=True))
        .with_for_update(skip_locked=True, of=Errand)
    )
    return list(session.scalars(statement))


def _claimed(session: Session, job: str, slot: int) -> bool:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    claim = insert(Run).values(job=job, slot=slot).on_conflict_do_nothing().returning(Run.job)
    if session.execute(claim).first() is None:
        return False
    session.execute(delete(Run).where(Run.job == job, Run.slot < slot - KEPT_SLOTS))
    return True
