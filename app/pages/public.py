"""Pages for everybody: home, what a problem means."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, redirect, render_template
from werkzeug.exceptions import NotFound

from app import doors, languages, unit
from app.pages import figures
from catalogue import resources
from kernel.actor import Role
from kernel.clock import local_date
from kernel.errors import DomainError
from kernel.money import Money
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from licensing.applications import cases
from licensing.applications.cases import State
from marketplace import admissions, boards, products, volume
from marketplace.volume import VolumeFact

blueprint = Blueprint("public", __name__)

MONTHS = 18
TRADES = 7
BOARDS = 12

# fmt: off
STAGES = (
    # the stage, what happens in it, the states of a scenario that belong to it
    (Words("申请受理", "Application"),
     Words("形式审查，可一次性补正", "formal check, one notice to supplement"),
     (State.FORMAL_CHECK, State.SUPPLEMENTING, State.ACCEPTED)),
    (Words("意见与评估", "Opinions, assessment"),
     Words("部门意见，专家组盲评", "departments speak, a panel scores blind"),
     (State.DEPT_OPINION, State.PANEL_FORMING, State.ASSESSING, State.AWAITING_CONDITIONS,
      State.REVISING, State.DECIDING)),
    (Words("授权公示", "Publicity"),
     Words("公开听取异议", "objections are heard"),
     (State.PUBLICITY,)),
    (Words("授权运营", "In operation"),
     Words("按字段、用途、期限放行", "by item, purpose and period"),
     (State.AUTHORISED,)),
    (Words("办结退出", "Closed"),
     Words("到期销毁并留证", "destroyed at the end, with evidence"),
     (State.CLOSED, State.REFUSED, State.REJECTED, State.WITHDRAWN, State.LAPSED)),
)
# fmt: on


@blueprint.get("/")
@doors.public
def home() -> Any:
    """Show what is traded and authorised, live from the books."""
    work = unit.current()
    today = local_date(work.now)
    began = volume.began_on(work.session)
    return render_template(
        "public/home.html",
        began=began,
        total=volume.totals(work.session, since=began or today, until=today),
        chart=figures.months(volume.months(work.session, last=MONTHS, today=today)),
        counts=_counts(work),
        stages=_stages(work),
        boards=_boards(work),
        trades=_trades(work),
    )


@blueprint.get("/latest-trades")
@doors.public
def latest_trades() -> Any:
    """Show the latest trades alone, for the home page to renew them."""
    return render_template("public/latest_trades.html", trades=_trades(unit.current()))


@blueprint.get("/problems/<code>")
@doors.public
def problem(code: str) -> Any:
    """Explain an error by the name under which every answer reports it."""
    named = {error.code: error for error in _errors() if hasattr(error, "code")}
    if code not in named:
        raise NotFound
    return render_template("public/problem_code.html", code=code, error=named[code])


@blueprint.get("/problems/")
@doors.public
def problems() -> Any:
    """Lead from the bare address to the front page."""
    return redirect("/", 303)


def _counts(work: Work) -> list[dict[str, Any]]:
    stages = cases.counts(work.session)
    running = sum(count for state, count in stages.items() if state in cases.ANNOUNCED)
    # fmt: off
    told = (
        (Words("入驻数商", "Merchants"),
         organisations.count_with_role(work.session, Role.MERCHANT)),
        (Words("在架产品", "Products listed"), products.count_listed(work.session)),
        (Words("授权场景", "Scenarios"), running),
        (Words("已发布目录", "Directories"), resources.attach_rate(work.session).published),
    )
    # fmt: on
    return [{"label": languages.said(label), "count": count} for label, count in told]


def _stages(work: Work) -> list[dict[str, Any]]:
    counted = cases.counts(work.session)
    return [
        {
            "label": languages.said(label),
            "note": languages.said(note),
            "count": sum(counted.get(state.value, 0) for state in states),
        }
        for label, note, states in STAGES
    ]


def _boards(work: Work) -> list[dict[str, Any]]:
    page = boards.listed(work.session, after=None, limit=BOARDS)
    sizes = admissions.sizes(work.session, [board.id for board in page.items])
    traded = volume.by_board(work.session)
    return [
        {
            "code": board.code,
            "name": languages.said(Words(board.name_zh, board.name_en)),
            "rules": languages.said(Words(board.rules_zh, board.rules_en)),
            "products": sizes.get(board.id, 0),
            "traded": traded.get(board.id, Money(0)),
        }
        for board in page.items
    ]


def _trades(work: Work) -> list[dict[str, Any]]:
    found = volume.latest(work.session, limit=TRADES)
    titles = products.titles(work.session, [fact.product_id for fact in found])
    return [_trade(fact, titles) for fact in found]


def _trade(fact: VolumeFact, titles: dict[str, Words]) -> dict[str, Any]:
    return {
        "at": fact.accepted_at,
        "product_id": fact.product_id,
        "title": languages.said(titles[fact.product_id]),
        "industry": fact.industry,
        "field": fact.application_field,
        "amount": Money(fact.amount),
    }


def _errors(root: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for error in root.__subclasses__():
        yield error
        yield from _errors(error)
