"""The desk of integrity (诚信复核): what was set aside and why, what waits, what was decided."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, render_template

from app import doors, languages, unit
from app.pages import shown, vocabulary
from app.pages.choosing import sieves
from app.pages.integrity import telling
from app.pages.spreadsheets import Cell
from kernel.parties import people
from kernel.words import Words
from kernel.work import Work
from marketplace.integrity import flags, involved, own, saying
from marketplace.integrity.flags import IntegrityFlag, State, Wanted
from marketplace.integrity.own import Told
from marketplace.integrity.rules import Rule
from marketplace.seeking import orders as seeking

blueprint = Blueprint("integrity", __name__)

HEADER: Final = (
    Words("标记", "Flag"), Words("规则", "Rule"), Words("规则名称", "Rule, by name"),
    Words("订单", "Order"), Words("卖方", "Seller"), Words("买方", "Buyer"),
    Words("把握（万分之一）", "Score (bp)"), Words("标记时间", "Raised"),
    Words("状态", "State"), Words("决定时间", "Decided"), Words("理由", "Reason"),
)  # fmt: skip
OWN_HEADER: Final = (
    Words("订单", "Order"), Words("规则", "Rule"), Words("原因", "Why"),
    Words("剔除时间", "Set aside"), Words("状态", "State"), Words("恢复时间", "Back since"),
)  # fmt: skip
_LATE: Final = Words("只看超期", "only what is overdue")


@blueprint.get("/integrity")
@doors.members("read")
def listed() -> Any:
    """Show the flags that are asked for, the oldest first, or save them as a file."""
    work, sieve = unit.current(), sieves.asked("integrity_flag", State, _LATE)
    wanted = _wanted(sieve)
    newest = shown.asked("sort", max=6) == "newest"
    page = flags.listed(work, wanted, newest=newest, after=shown.after(), limit=sieve.limit)
    codes = seeking.codes(work.session, [one.order_id for one in page.items])
    firms = shown.names(work, [side for one in page.items
                               for side in (one.merchant_id, one.buyer_id)])  # fmt: skip
    if sieve.file:
        return sieve.answer(work, "integrity", HEADER, _cells(page.items, codes, firms))
    return render_template(
        "integrity/flags.html",
        rows=_lit(work, page.items),
        codes=codes,
        firms=firms,
        sieve=sieve,
        asked=wanted,
        newest=newest,
        rules=[(rule.value, languages.said(saying.RULES[rule])) for rule in sorted(Rule)],
        next=page.next,
    )


@blueprint.get("/integrity/<flag_id>")
@doors.members("read")
def one(flag_id: str) -> Any:
    """Show a flag: what it rests on, the trades it names, what may be decided, what was."""
    work = unit.current()
    found = flags.seen(work, flag_id)
    trades = involved.trades(work.session, involved.named(found))
    sides = [side for each in trades for side in (each.merchant_id, each.buyer_id)]
    by = {found.decided_by} - {None, "system"}
    return render_template(
        "integrity/flag.html",
        flag=found,
        rule=languages.said(saying.RULES[Rule(found.rule)]),
        why=languages.said(saying.WHY[Rule(found.rule)]),
        told=telling.told(found.rule, found.evidence),
        trades=trades,
        firms=shown.names(work, [found.merchant_id, found.buyer_id, *sides]),
        code=seeking.codes(work.session, [found.order_id])[found.order_id],
        others=[
            (each, languages.said(saying.RULES[Rule(each.rule)]))
            for each in flags.of_order(work.session, found.order_id)
            if each.id != found.id
        ],
        record=shown.record(found, work, flags.LIFE),
        clock=shown.clock(work, found.id),
        decision=_decision(found),
        decider=people.names(work.session, {str(each) for each in by}).get(found.decided_by or ""),
        events=shown.timeline(work, found.id),
    )


@blueprint.get("/uncounted")
@doors.members("read")
def uncounted() -> Any:
    """Show a seller which of its trades were set aside, why, and which came back."""
    work, sieve = unit.current(), sieves.asked("integrity_flag", State)
    page = own.listed(work, state=sieve.state, after=shown.after(), limit=sieve.limit)
    codes = seeking.codes(work.session, [one.order_id for one in page.items])
    if sieve.file:
        cells = [_own_cells(one, codes) for one in page.items]
        return sieve.answer(work, "uncounted", OWN_HEADER, cells)
    return render_template(
        "integrity/uncounted.html",
        rows=[(one, *_named(one)) for one in page.items],
        codes=codes,
        sieve=sieve,
        next=page.next,
    )


def waiting(work: Work) -> list[shown.Row]:
    """Return the flags that wait for a reviewer, with the light of each. Four SELECTs."""
    found = flags.listed(work, Wanted(state=State.OPEN), limit=shown.SHORT).items
    return [row for _, _, row in _lit(work, found)]


def set_aside(work: Work) -> list[shown.Row]:
    """Return what of a seller's own trades does not count now. Two SELECTs."""
    found = own.listed(work, standing=True, limit=shown.SHORT).items
    codes = seeking.codes(work.session, [one.order_id for one in found])
    return [
        shown.row(f"/orders/{one.order_id}", _named(one)[0], codes[one.order_id],
                  f"integrity_flag.{one.state}")
        for one in found
    ]  # fmt: skip


def panel(work: Work, order_id: str) -> dict[str, Any] | None:
    """Return why an order does not count, for its page; None when it does. Two SELECTs."""
    found = involved.asides(work.session, [order_id]).get(order_id)
    if found is None:
        return None
    return {
        "amount": found.amount,
        "since": found.since,
        "under_review": found.under_review,
        "why": [languages.said(saying.why(code)) for code in found.reasons],
    }


def _decision(found: IntegrityFlag) -> str:
    """Say why a flag was decided as it was: the reviewer's words, or the hard rule's."""
    if found.decided_by == "system":
        return languages.said(saying.why(str(found.reason)))
    return str(found.reason)


def _wanted(sieve: sieves.Sieve) -> Wanted:
    rule = shown.asked("rule", max=3)
    return Wanted(
        state=sieve.state,
        rule=rule if rule in set(Rule) else None,
        merchant_id=shown.asked("merchant", max=40),
        order_id=shown.asked("order", max=40),
        overdue=sieve.open,
    )


def _lit(work: Work, found: Sequence[IntegrityFlag]) -> list[tuple[IntegrityFlag, str, shown.Row]]:
    names = [languages.said(saying.RULES[Rule(one.rule)]) for one in found]
    rows = [
        shown.row(f"/integrity/{one.id}", name, one.rule, f"integrity_flag.{one.state}")
        for one, name in zip(found, names, strict=True)
    ]
    return list(zip(found, names, shown.lit(work, rows, [one.id for one in found]), strict=True))


def _named(one: Told) -> tuple[str, str]:
    rule = Rule(one.rule)
    return languages.said(saying.RULES[rule]), languages.said(saying.WHY[rule])


def _cells(
    found: Sequence[IntegrityFlag], codes: dict[str, str], firms: dict[str, str]
) -> list[Sequence[Cell]]:
    return [
        (one.id, one.rule, languages.said(saying.RULES[Rule(one.rule)]), codes[one.order_id],
         firms.get(one.merchant_id), firms.get(one.buyer_id), one.score_bp, one.raised_at,
         vocabulary.state(f"integrity_flag.{one.state}"), one.decided_at, one.reason)
        for one in found
    ]  # fmt: skip


def _own_cells(one: Told, codes: dict[str, str]) -> Sequence[Cell]:
    return (
        codes[one.order_id], one.rule, _named(one)[1], one.raised_at,
        vocabulary.state(f"integrity_flag.{one.state}"), one.back_at,
    )  # fmt: skip
