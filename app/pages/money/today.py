"""What a settlement officer has to do today: the four steps of the day, and all that waits."""

from datetime import timedelta
from typing import Any, Final

from app import languages
from app.pages import chrome
from app.pages.money.shapes import said
from kernel.clock import local_date
from kernel.work import Work
from settlement.bank import statements as bank
from settlement.bank import worklist
from settlement.desks import waiting
from settlement.desks.waiting import Matter, Waiting
from settlement.reconciling import closings, rows

PLACES: Final = {
    Matter.BREAK: "/reconciliation?state=open",
    Matter.CLEARING: "/settlement/bank",
    Matter.DUE: "#ba-title",
    Matter.BATCH: "#ba-title",
    Matter.PAYOUT: "/settlement/payouts?state=requested",
    Matter.REFUND: "/settlement/refunds?state=requested",
    Matter.TO_SEND: "/settlement/bank#out-title",
    Matter.CAME_BACK: "/settlement/payouts?state=returned",
    Matter.CHARGEBACK: "/settlement/disputes?state=needs_response",
    Matter.HELD: "/disputes?open=1",
    Matter.ADJUSTMENT: "/settlement/adjustments",
    Matter.RULE: "/settlement/rules",
    Matter.DEAL: "/deals?state=verifying",
    Matter.VOUCHER_BATCH: "/voucher-batches",
    Matter.VOUCHER: "/vouchers?state=locked",
    Matter.INVOICE: "/invoices?state=requested",
    Matter.ACCOUNT: "#ac-title",
}
"""Where each matter is dealt with."""


def shown(work: Work, custody: str) -> dict[str, Any]:
    """Return the steps of the day and what waits, as the console draws them."""
    found = waiting.of_desk(work)
    return {
        "steps": [_bank(work, custody), _compared(work, found), _paid(found), _closed(work)],
        "matters": [_matter(one) for one in found],
    }


def place(matter: Matter) -> str:
    """Return where a matter is dealt with, from any page."""
    where = PLACES[matter]
    return f"/settlement{where}" if where.startswith("#") else where


def note(one: Waiting) -> str:
    """Say how many the reader may take, and for how much."""
    count = said(f"{one.mine} 件待您办理", f"{one.mine} for you")
    if not one.mine:
        count = said(f"{one.own} 件须另一人复核", f"{one.own} for another person")
    return f"{count} · {chrome.money(one.total)}" if one.total.minor else count


def _matter(one: Waiting) -> dict[str, Any]:
    return {
        "title": languages.said(one.matter.label),
        "href": PLACES[one.matter],
        "count": one.number,
        "mine": one.mine,
        "own": one.own,
        "total": one.total if one.total.minor else None,
    }


def _step(title: str, text: str, href: str, *, done: bool) -> dict[str, Any]:
    return {"title": title, "text": text, "href": href, "done": done}


def _bank(work: Work, custody: str) -> dict[str, Any]:
    """Tell of the statement: taken in today, and every receipt explained."""
    newest = bank.last(work.session, custody)
    waits = sum(age.receipts for age in worklist.ages(work))
    fresh = newest is not None and local_date(newest.imported_at) == local_date(work.now)
    if newest is None:
        text = said("还没有对账单", "No statement yet")
    else:
        on = local_date(newest.imported_at)
        text = said(f"最近导入 {on}，待核销 {waits} 笔", f"Last one on {on}; {waits} in suspense")
    title = said("导入对账单", "Import the statement")
    return _step(title, text, "/settlement/bank", done=fresh and not waits)


def _compared(work: Work, found: list[Waiting]) -> dict[str, Any]:
    """Tell of reconciling: run over yesterday, and no break open."""
    breaks = sum(one.number for one in found if one.matter is Matter.BREAK)
    run = rows.latest(work.session, local_date(work.now) - timedelta(days=1))
    text = said(f"待查差异 {breaks} 条", f"{breaks} breaks to explain")
    if run is None:
        text = said("昨日尚未对账", "Yesterday has not been reconciled")
    title = said("各方核对", "Reconcile")
    return _step(title, text, "/reconciliation", done=run is not None and not breaks)


def _paid(found: list[Waiting]) -> dict[str, Any]:
    """Tell of settling and paying out."""
    kinds = (Matter.DUE, Matter.BATCH, Matter.PAYOUT, Matter.REFUND, Matter.TO_SEND)
    count = sum(one.number for one in found if one.matter in kinds)
    text = (
        said(f"{count} 笔", f"{count} to deal with") if count else said("没有待办", "Nothing to do")
    )
    return _step(said("结算与出款", "Settle and pay out"), text, "#ba-title", done=not count)


def _closed(work: Work) -> dict[str, Any]:
    """Tell of the day to be closed next."""
    closed, yesterday = rows.last(work.session), local_date(work.now) - timedelta(days=1)
    upcoming = closed.day + timedelta(days=1) if closed else yesterday
    title = said("复核关账", "Close the day")
    if upcoming > yesterday:
        return _step(title, said(f"已关至 {yesterday}", f"Closed until {yesterday}"),
                     "/reconciliation", done=True)  # fmt: skip
    barred = closings.barred(work, upcoming)
    open_, waits = said("可以关账", "can be closed"), said("尚不能关账", "cannot be closed yet")
    text = f"{upcoming} {waits if barred else open_}"
    return _step(title, text, "/reconciliation", done=False)
