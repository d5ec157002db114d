"""Submitting a file of products: each row once, and only what differs.

A row is known by its merchant's own code, so that the same file can be pushed again: what
came through the first time is the same now, and nothing is done.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from kernel.errors import DomainError
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from marketplace import products
from marketplace.shelving import amendments
from marketplace.shelving.problems import Plan, Problem
from marketplace.shelving.verdicts import Verdict
from marketplace.versions import Content

BATCH = 25
"""Rows that are written in one unit of work: others wait no longer than for these."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row. product_id: None where nothing was done."""

    number: int
    code: str
    plan: Plan
    product_id: str | None
    problems: tuple[Problem, ...] = ()


def push(work: Work, verdicts: Iterable[Verdict]) -> list[Outcome]:
    """Do what was planned for each row; a row that is refused is told, the others are done.

    Rows that are barred or the same are passed over. Call with at most BATCH in one unit.
    """
    held = organisations.find(work.session, work.actor.organisation)  # read once while it is held
    done = [_pushed(work, verdict) for verdict in verdicts]
    del held
    return done


def passed_over(verdicts: Iterable[Verdict]) -> list[Outcome]:
    """Return rows with which nothing is done."""
    return [
        Outcome(each.number, each.code, each.plan, each.product_id, each.problems)
        for each in verdicts
    ]


def _pushed(work: Work, verdict: Verdict) -> Outcome:
    if verdict.plan in (Plan.BARRED, Plan.SAME) or verdict.content is None:
        return passed_over([verdict])[0]
    try:
        with work.session.begin_nested():
            product_id = _done(work, verdict, verdict.content)
    except DomainError as error:
        problem = Problem("", "", error.code.upper().replace("-", "_"), error.words, _LOOK)
        return Outcome(verdict.number, verdict.code, Plan.BARRED, verdict.product_id, (problem,))
    return Outcome(verdict.number, verdict.code, verdict.plan, product_id)


def _done(work: Work, verdict: Verdict, content: Content) -> str:
    if verdict.plan in (Plan.MINOR, Plan.MAJOR):
        return amendments.propose(work, str(verdict.product_id), **content).product_id
    if verdict.plan is Plan.NEW:
        product = products.create(work, verdict.code, **content)
        # Its steps look it up by its id.
        work.session.flush()
    elif verdict.plan is Plan.REVISED:
        product = products.revise(work, str(verdict.product_id), **content)
    else:
        product = products.find(work.session, str(verdict.product_id))
    products.take(work, product.id, "submit")
    return product.id


_LOOK = Words("再试运行一次，按提示修改", "try it again without writing, and mend what is told")
