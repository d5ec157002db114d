"""A buyer's query, run outside any transaction; and files that are handed over, likewise."""

from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar

from app import unit
from delivery import gate, tasks
from delivery.egress import queries
from delivery.gate import BeyondOrder
from delivery.handing import handed
from delivery.handing.handed import Handing
from delivery.ways import Way
from kernel.actor import Actor
from kernel.work import Work

T = TypeVar("T")


def ask(actor: Actor, task_id: str, sql: str) -> str:
    """Run a query, write it down, hold its result; returns the id of the query.

    Raises what `queries.prepare` and `queries.keep` raise, and StatementRefused when the
    result was not held; that the query was asked is written down all the same.
    """
    house = unit.house()
    prepared = looked_at(
        actor,
        (task_id, Way.QUERY),
        lambda work: queries.prepare(work, task_id, sql, shelves=house.shelves),
    )
    found = queries.run(prepared, house.rules)
    query_id, refused = unit.writing(actor, lambda work: _kept(work, prepared, found))
    if refused is not None:
        raise queries.refusal(refused)
    return str(query_id)


def looked_at(actor: Actor, asked: tuple[str, Way], look: Callable[[Work], T]) -> T:
    """Return what is found by looking, before a use, at a delivery and the way that is asked of it.

    What its order bars may be barred by its authorisation as well: that is asked then, and told
    first, as of a use that is not looked at before, and the answer is kept.
    """
    try:
        found: T = unit.reading(actor, look)
    except BeyondOrder as error:
        barred = error
    else:
        return found
    task_id, way = asked

    def told(work: Work) -> None:
        task = tasks.find(work.session, task_id)
        if task.authorisation_id is not None:
            gate.admit(work, task, way)
        raise barred

    unit.writing(actor, told)
    raise barred


def hand_over(actor: Actor, handing: Handing, stream: IO[bytes]) -> str:
    """Take a file as it comes, and note it; returns its id. Nothing is left of what is refused."""
    data_dir: Path = unit.house().data_dir
    most = unit.house().rules.number("delivery.hand_file_bytes_max")

    def look(work: Work) -> str:
        handed.require(work, handing)
        return handed.new_id(work)

    received = handed.receive(data_dir, unit.reading(actor, look), stream, most=most)
    try:
        made = unit.writing(actor, lambda work: handed.keep(work, handing, received).id)
    except BaseException:
        handed.drop(data_dir, received.file_id)
        raise
    return str(made)


def _kept(
    work: Work, prepared: queries.Prepared, found: dict[str, object]
) -> tuple[str, str | None]:
    made = queries.keep(work, prepared, found)
    return made.id, made.refused
