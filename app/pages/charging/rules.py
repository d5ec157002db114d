"""Pages of how what is due is divided: fee rules and revenue rules, by version."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.pages import chrome, figures, forms, shown
from app.pages.choosing import chosen
from app.pages.money import leads, shapes
from app.pages.money.shapes import cell, chooser, facts, field, said, table
from kernel.money import Money
from kernel.parties import people
from kernel.words import Words
from kernel.work import Work
from settlement import access
from settlement.dividing import fee_kinds, fee_rules, revenue_rules
from settlement.dividing.fee_rules import Every, FeeRule, Kind, Payer, Scale, Waiver
from settlement.dividing.revenue_rules import RevenueRule, Scope, Shared
from settlement.shares import Base, Step

blueprint = Blueprint("money_rules", __name__)

_BASE = "/settlement/rules"
_STEPS = 3
"""Steps on the form; a longer scale goes over the API."""
_PARTIES = {
    "merchant": Words("数商", "merchant"),
    "operator": Words("运营机构", "operator"),
    "fiscal": Words("财政", "treasury"),
    "broker": Words("经纪方", "broker"),
}
_BASES = {
    Base.NET_OF_FEE.value: Words("扣除服务费后", "after the fee"),
    Base.GROSS.value: Words(
        "全部价款（服务费由数商承担）", "whole price; the merchant bears the fee"
    ),
}


@blueprint.get(_BASE)
@doors.members("read")
def rules() -> Any:
    """Show which fees and shares hold: by the rules of the place, and by versions approved."""
    work = unit.current()
    access.require(work, access.overseer, "money_rules.listed")
    standard = work.rules.table("fees")
    by_kind = work.rules.table("revenue")
    public, other = said("公共数据", "Public data"), said("其他数据", "Other data")
    cap = chrome.money(Money(standard["transaction_cap_fen"]))
    fee = f"{figures.bp(standard['transaction_bp'])}, ≤ {cap}"
    return render_template(
        "settlement/list.html",
        title=said("收费与分配规则", "Fees and shares"),
        lead=said(
            "每条规则有版本、生效日与批准人；待结算款指向其所用版本。没有规则时按本地规则。",
            "Each rule has a version, a first day and who approved it; what is settled points at "
            "the version it uses. Where there is none, the rules of the place hold.",
        ),
        facts_title=said("本地规则", "Rules of the place"),
        facts=facts(
            (said("交易服务费", "Transaction fee"), fee),
            (public, _weights(by_kind["public"].items())),
            (other, _weights(by_kind["other"].items())),
        ),
        tables=[_fees(work), _revenues(work)],
        forms=(
            [_fee_form(work), _revenue_form(work)]
            if access.settler.matches(work.actor, None)
            else []
        ),
    )


@blueprint.post("/settlement/fee-rules")
@doors.members("write")
def draft_fee() -> Any:
    """Draft a fee rule, for another person to approve."""
    work = unit.current()
    made = fee_rules.draft(
        work,
        kind=Kind(forms.choice("kind", _words(Kind))),
        payer=Payer(forms.choice("payer", _words(Payer))),
        rate_bp=forms.money("rate").minor,
        min_fen=forms.money("min").minor if forms.text("min") else 0,
        cap_fen=forms.money("cap").minor if forms.text("cap") else None,
        first_on=forms.day("first_on"),
        last_on=forms.day("last_on") if forms.text("last_on") else None,
        board_id=chosen.maybe(work, "board_id", "board"),
        waived_for=tuple(one for one in Waiver if one in request.form.getlist("waived")),
        steps=tuple(_steps()),
        scale=Scale(forms.choice("scale", _words(Scale))) if forms.text("scale") else None,
        every=Every(forms.choice("every", _words(Every)) if forms.text("every") else "product"),
    )
    return redirect(f"/settlement/fee-rules/{made.id}", 303)


@blueprint.get("/settlement/fee-rules/<rule_id>")
@doors.members("read")
def fee(rule_id: str) -> Any:
    """Show a fee rule and its steps."""
    work = unit.current()
    found = fee_rules.seen(work, rule_id)
    waived = "、".join(languages.said(Waiver(one).label) for one in found.waived_for)
    return render_template(
        "settlement/record.html",
        crumb=(_BASE, said("收费与分配规则", "Fees and shares")),
        title=languages.said(Kind(found.kind).label),
        facts=facts(
            (said("付费方", "Payer"), languages.said(Payer(found.payer).label)),
            (said("费率", "Rate"), _rate(found)),
            *(
                (
                    said(f"超过 {Money(one.above_fen)} 的部分", f"Above {Money(one.above_fen)}"),
                    figures.bp(one.rate_bp),
                )
                for one in found.rates
            ),
            (said("分段", "Steps"), found.scale and languages.said(Scale(found.scale).label)),
            (said("频次", "How often"), _often(found)),
            (
                said("每单最低", "Minimum of an order"),
                None if Kind(found.kind).flat else Money(found.min_fen),
            ),
            (said("每单封顶", "Cap of an order"), _cap(found)),
            (said("专板", "Board"), found.board_id or said("全部", "all")),
            (said("免收", "Waived for"), waived),
            *_versions(work, found),
        ),
        **shapes.record(work, found, fee_rules.LIFE),
    )


@blueprint.post("/settlement/revenue-rules")
@doors.members("write")
def draft_revenue() -> Any:
    """Draft a revenue rule, for another person to approve; shares are given in percent."""
    work = unit.current()
    shared = [
        Shared(kind, forms.money(kind).minor, chosen.of(work, "broker_id", "party")
               if kind == "broker" else "")
        for kind in _PARTIES
        if forms.text(kind)
    ]  # fmt: skip
    made = revenue_rules.draft(
        work,
        scope=Scope(forms.choice("scope", _words(Scope))),
        scope_id=chosen.of(work, "scope_id", "share"),
        base=Base(forms.choice("base", _BASES)),
        shared=shared,
        first_on=forms.day("first_on"),
        last_on=forms.day("last_on") if forms.text("last_on") else None,
        document=forms.text("document", max=200),
    )
    return redirect(f"/settlement/revenue-rules/{made.id}", 303)


@blueprint.get("/settlement/revenue-rules/<rule_id>")
@doors.members("read")
def revenue(rule_id: str) -> Any:
    """Show a revenue rule, its parties and its steps."""
    work = unit.current()
    found = revenue_rules.seen(work, rule_id)
    parties = revenue_rules.parties(work.session, {found.id})[found.id]
    names = shown.names(work, [party.owner for party in parties])
    rows = [
        [languages.said(_PARTIES[one.kind]), names.get(one.owner), figures.bp(one.share_bp)]
        for one in parties
    ]
    columns = [said("分配方", "As"), said("主体", "Party"), "#" + said("比例", "Share")]
    return render_template(
        "settlement/record.html",
        crumb=(_BASE, said("收费与分配规则", "Fees and shares")),
        title=f"{said('分配规则', 'Revenue rule')} · {languages.said(Scope(found.scope).label)}",
        tables=[table(said("各方份额", "Shares"), columns, rows, empty="")],
        facts=facts(
            (
                said("适用于", "For"),
                leads.to(found.scope_id, leads.names(work, [], found.scope_id)),
            ),
            (said("基数", "Of what"), languages.said(_BASES[found.base])),
            (said("依据", "Decision"), found.document or None),
            *_versions(work, found),
        ),
        **shapes.record(work, found, revenue_rules.LIFE),
    )


def _fees(work: Work) -> dict[str, Any]:
    rows = [
        [cell(languages.said(Kind(one.kind).label), href=f"/settlement/fee-rules/{one.id}"),
         languages.said(Payer(one.payer).label), _rate(one), _cap(one), one.first_on,
         cell("", tag=f"fee_rule.{one.state}")]
        for one in fee_rules.listed(work, after=None, limit=shown.PAGE).items
    ]  # fmt: skip
    columns = [said("类别", "Kind"), said("付费方", "Payer"), "#" + said("费率", "Rate"),
               "#" + said("封顶", "Cap"), said("生效", "From"), said("状态", "State")]  # fmt: skip
    title, none = (
        said("收费规则", "Fee rules"),
        said("按本地规则收费", "The rules of the place hold"),
    )
    return table(title, columns, rows, empty=none)


def _revenues(work: Work) -> dict[str, Any]:
    found = revenue_rules.listed(work, after=None, limit=shown.PAGE).items
    known = leads.names(work, [], *(one.scope_id for one in found))
    rows = [
        [cell(languages.said(Scope(one.scope).label), href=f"/settlement/revenue-rules/{one.id}"),
         leads.to(one.scope_id, known), languages.said(_BASES[one.base]), one.first_on,
         cell("", tag=f"revenue_rule.{one.state}")]
        for one in found
    ]  # fmt: skip
    columns = [said("适用", "For"), said("对象", "Which"), said("基数", "Of what"),
               said("生效", "From"), said("状态", "State")]  # fmt: skip
    title, none = (
        said("分配规则", "Revenue rules"),
        said("按本地规则分配", "The rules of the place hold"),
    )
    return table(title, columns, rows, empty=none)


def _fee_form(work: Work) -> shapes.Form:
    title, save = (
        said("起草收费规则", "Draft a fee rule"),
        said("保存，待批准", "Save for approval"),
    )
    scales = {"": said("不分段", "one rate"), **_words(Scale)}
    return shapes.form("fee", title, "/settlement/fee-rules", save, [
        field("kind", said("类别", "Kind"), kind="choice", options=_words(Kind)),
        field("payer", said("付费方", "Payer"), kind="choice", options=_words(Payer)),
        field("rate", said("费率（%）", "Rate (%)"), kind="money"),
        field("min", said("每单最低（元；挂牌、凭证、会员、登记、评估费填固定金额，费率填0）",
                          "Minimum (yuan; of listing, certificate, membership, registration and"
                          " assessment the fixed fee, at a rate of 0)"),
              kind="money", needed=False),
        field("cap", said("每单封顶（元）", "Cap (yuan)"), kind="money", needed=False),
        field("scale", said("分段（累进）", "Steps"), kind="choice", options=scales),
        *_step_fields(),
        field("every", said("挂牌、凭证费频次", "How often (listing, certificate)"),
              kind="choice", options=_words(Every)),
        *_days(),
        chooser("board_id", said("专板", "Board"), chosen.offered(work, "board"), needed=False,
                blank=said("全部", "all")),
        field("waived", said("免收", "Waived for"), kind="ticks", options=_words(Waiver)),
    ])  # fmt: skip


def _revenue_form(work: Work) -> shapes.Form:
    title, save = (
        said("起草分配规则", "Draft a revenue rule"),
        said("保存，待批准", "Save for approval"),
    )
    bases = {key: languages.said(words) for key, words in _BASES.items()}
    return shapes.form("revenue", title, "/settlement/revenue-rules", save, [
        field("scope", said("适用", "For"), kind="choice", options=_words(Scope)),
        chooser("scope_id", said("具体对象", "Which"), chosen.offered(work, "share")),
        field("base", said("基数", "Of what"), kind="choice", options=bases),
        *(field(kind, f"{languages.said(words)}（%）", kind="money", needed=False)
          for kind, words in _PARTIES.items()),
        chooser("broker_id", said("经纪方", "Broker"), chosen.offered(work, "party"),
                needed=False, blank=said("没有经纪方", "no broker")),
        *_days(),
        field("document", said("依据文号", "Decision"), needed=False),
    ])  # fmt: skip


def _step_fields() -> Iterator[Any]:
    for number in range(1, _STEPS + 1):
        above = said(f"第{number}段：超过（元）", f"Step {number}: above (yuan)")
        rate = said(f"第{number}段：费率（%）", f"Step {number}: rate (%)")
        yield field(f"above_{number}", above, kind="money", needed=False)
        yield field(f"above_{number}_rate", rate, kind="money", needed=False)


def _days() -> list[Any]:
    return [
        field("first_on", said("生效日", "First day"), kind="date"),
        field("last_on", said("终止日", "Last day"), kind="date", needed=False),
    ]


def _versions(work: Work, found: FeeRule | RevenueRule) -> list[tuple[str, object]]:
    who = people.names(work.session, [found.drafted_by, found.approved_by or ""])
    return [
        (said("生效", "From"), found.first_on),
        (said("终止", "Until"), found.last_on),
        (said("起草", "Drafted by"), who.get(found.drafted_by)),
        (said("批准", "Approved by"), who.get(found.approved_by or "")),
    ]


def _rate(found: FeeRule) -> object:
    """Return the rate; of a flat kind, the fee itself."""
    return Money(found.min_fen) if Kind(found.kind).flat else figures.bp(found.rate_bp)


def _often(found: FeeRule) -> str | None:
    of_a_listing = Kind(found.kind) in fee_kinds.OF_A_LISTING
    return languages.said(Every(found.every).label) if of_a_listing else None


def _steps() -> Iterator[Step]:
    """Yield the steps that the form says, each an amount and a rate."""
    for number in range(1, _STEPS + 1):
        if forms.text(f"above_{number}"):
            above = forms.money(f"above_{number}")
            yield Step(above.minor, forms.money(f"above_{number}_rate").minor)


def _cap(found: FeeRule) -> object:
    return None if found.cap_fen is None else Money(found.cap_fen)


def _weights(weights: Any) -> str:
    return " · ".join(f"{languages.said(_PARTIES[name])} {figures.bp(bp)}" for name, bp in weights)


def _words(codes: Any) -> dict[str, str]:
    return {each.value: languages.said(each.label) for each in codes}
