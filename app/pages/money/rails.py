"""Pages of the providers of payments: what they were told, what they notified, what is stuck."""

from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown
from app.pages.money import shapes
from app.pages.money.shapes import cell, facts, said, table
from kernel.clock import Instant
from kernel.parties import people
from kernel.words import Words
from kernel.work import Work
from settlement import access
from settlement.rails import commands, inbox
from settlement.rails.commands import Command, State
from settlement.rails.inbox import Notice

blueprint = Blueprint("rails_pages", __name__)

_BASE: Final = "/settlement/rails"
_NOTICES: Final = "/settlement/rails/notices"
_SHOWN: Final = (State.STUCK, State.UNKNOWN, State.REFUSED, State.DONE)
_DOES: Final = {
    commands.START: Words("发起收款", "Collect"),
    commands.CAPTURE: Words("扣取预授权", "Take what is reserved"),
    commands.CANCEL: Words("关闭支付", "Close"),
    commands.REFUND: Words("退款", "Refund"),
    commands.PAYOUT: Words("付款", "Pay out"),
}
_ANSWERS: Final = {
    "cannot-tell": Words("密钥已过期，对方无法查询", "the key is old, and nothing can be searched"),
    "no-connection": Words("未连通或无应答", "no connection, or no answer"),
    "withdrawn": Words("发送前撤回", "taken back before it was sent"),
}


@blueprint.get(_BASE)
@doors.members("read")
def listed() -> Any:
    """List what providers are told: what is under way or stuck, or one state alone."""
    work, asked = unit.current(), shown.asked("state")
    state = State(asked) if asked in {each.value for each in State} else None
    found = commands.listed(
        work,
        open_only=state is None and asked != "all",
        state=state,
        after=shown.after(),
        limit=shown.PAGE,
    )
    rows = [
        [cell(languages.said(_DOES[one.kind]), href=f"{_BASE}/commands/{one.id}"), one.provider,
         one.amount if one.amount.minor else "", _age(work, one.given_at), str(one.attempts),
         _answer(one.last_error), cell("", tag=f"provider_command.{one.state}")]
        for one in found.items
    ]  # fmt: skip
    title = said("支付指令", "Commands to providers")
    columns = [said("事项", "Does"), said("支付机构", "Provider"), "#" + said("金额", "Amount"),
               said("已历时", "Age"), "#" + said("次数", "Tries"),
               said("最近应答", "Last answer"), said("状态", "State")]  # fmt: skip
    return render_template(
        "settlement/list.html",
        crumb=("/settlement", said("结算", "Settlement")),
        title=title,
        lead=said(
            "每条指令按同一密钥重试，只办一次；无法查证的由人到支付机构核实后再发。",
            "A command is tried under one key and done once; where nothing can be told, "
            "a person looks at the provider before it is sent again.",
        ),
        filters=_filters(asked if state or asked == "all" else None),
        tables=[table(title, columns, rows, empty=said("没有未完成的指令", "Nothing is open"))],
        next=found.next,
        more=f"{_BASE}?state={asked}" if asked else _BASE,
    )


@blueprint.get(f"{_BASE}/commands/<command_id>")
@doors.members("read")
def one(command_id: str) -> Any:
    """Show a command: what it does, its last answer, who vouched for it, and its retry."""
    work = unit.current()
    found = commands.seen(work, command_id)
    who = people.names(work.session, [found.vouched_by or "", found.confirmed_by or ""])
    return render_template(
        "settlement/provider_command.html",
        title=languages.said(_DOES[found.kind]),
        command=found,
        facts=facts(
            (said("支付机构", "Provider"), found.provider),
            (said("对象", "For"), _subject(found)),
            (said("金额", "Amount"), found.amount if found.amount.minor else None),
            (said("下达", "Given"), found.given_at),
            (said("首次发送", "First sent"), found.first_sent_at),
            (said("已历时", "Age"), _age(work, found.given_at)),
            (said("次数", "Tries"), found.attempts),
            (said("最近应答", "Last answer"), _answer(found.last_error) or None),
            (said("下次发送", "Next try"), _next(found)),
            (said("对方编号", "Object there"), found.object_id),
            (said("核实人", "Vouched for by"), who.get(found.vouched_by or "")),
            (said("复核人", "Confirmed by"), who.get(found.confirmed_by or "")),
        ),
        pays=found.kind in {commands.REFUND, commands.PAYOUT},
        mine=found.vouched_by == work.actor.person,
        settles=access.settler.matches(work.actor, None),
        events=shown.timeline(work, found.id),
    )


@blueprint.post(f"{_BASE}/commands/<command_id>/retry")
@doors.money
def retry(command_id: str) -> Any:
    """Send a command again, or vouch for it."""
    commands.retry(unit.current(), command_id)
    return redirect(f"{_BASE}/commands/{command_id}", 303)


@blueprint.get(_NOTICES)
@doors.members("read")
def notices() -> Any:
    """List what providers notified, and why some of it is not worked out."""
    work, asked = unit.current(), shown.asked("state")
    found = inbox.listed(work, open_only=asked != "all", after=shown.after(), limit=shown.PAGE)
    settles = access.settler.matches(work.actor, None)
    return render_template(
        "settlement/provider_notices.html",
        notices=[_notice(work, each) for each in found.items],
        stuck=settles and any(each.stuck for each in found.items),
        settles=settles,
        filters=[(_NOTICES, said("未处理", "Open"), asked != "all"),
                 (f"{_NOTICES}?state=all", said("全部", "All"), asked == "all")],
        next=found.next,
        more=f"{_NOTICES}?state=all" if asked == "all" else _NOTICES,
    )  # fmt: skip


@blueprint.post(f"{_NOTICES}/retry")
@doors.members("write")
def retry_notices() -> Any:
    """Work one notice out again, or everything that waits for a person."""
    work, event_id = unit.current(), forms.text("event_id", max=200)
    if event_id:
        inbox.retry(work, forms.text("provider", max=20), event_id)
    else:
        inbox.retry_stuck(work)
    return redirect(_NOTICES, 303)


def _filters(now: str | None) -> list[Any]:
    kept = shapes.filters("provider_command", _SHOWN, _BASE, now)[1:]
    return [
        (_BASE, said("未完成", "Open"), now is None),
        *kept,
        (f"{_BASE}?state=all", said("全部", "All"), now == "all"),
        (_NOTICES, said("支付机构通知", "Notices"), False),
    ]


def _notice(work: Work, one: Notice) -> dict[str, Any]:
    state = "handled" if one.handled_at else "stuck" if one.stuck else "waiting"
    return {"one": one, "state": f"provider_notice.{state}", "age": _age(work, one.received_at)}


def _subject(found: Command) -> Any:
    if found.kind == commands.REFUND:
        return cell(found.subject, href=f"/settlement/refunds/{found.subject}")
    return found.subject


def _next(found: Command) -> Instant | None:
    waits = found.state in {State.NEW, State.SENT, State.UNKNOWN}
    return found.not_before if waits else None


def _answer(code: str) -> str:
    return languages.said(_ANSWERS[code]) if code in _ANSWERS else code


def _age(work: Work, since: Instant) -> str:
    """Return how long ago it was: minutes, then hours, then days."""
    ago = work.now - since
    if ago < timedelta(hours=1):
        minutes = ago // timedelta(minutes=1)
        return said(f"{minutes} 分钟", f"{minutes} min")
    if ago < timedelta(days=2):
        hours = ago // timedelta(hours=1)
        return said(f"{hours} 小时", f"{hours} h")
    return said(f"{ago.days} 天", f"{ago.days} d")
