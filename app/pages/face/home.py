"""The front page: what is traded and authorised, live from the books."""

from typing import Any, Final

from flask import Blueprint, render_template

from app import doors, languages, unit
from app.pages.face import drawing
from catalogue import resources
from kernel.actor import Role
from kernel.clock import local_date
from kernel.money import Money
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from licensing.applications import cases
from licensing.applications.cases import State
from marketplace import admissions, boards, products, volume
from marketplace.boarding import figures as board_figures
from marketplace.boarding import trends
from marketplace.demands import answers, demands

blueprint = Blueprint("home", __name__)

MONTHS: Final = 18
TRADES: Final = 7
BOARDS: Final = 9
DEMANDS: Final = 4

# fmt: off
STAGES: Final = (
    # the stage, what happens in it, the rule that says how long, the states that belong to it
    (Words("申请受理", "Application"),
     Words("{} 个工作日内受理，可一次性补正",
           "checked in {} working days; one notice to supplement"),
     "clocks.formal_check.limit_wd",
     (State.FORMAL_CHECK, State.SUPPLEMENTING, State.ACCEPTED)),
    (Words("意见与评估", "Opinions, assessment"),
     Words("部门 {} 个工作日内提意见，专家组盲评",
           "departments speak in {} working days, a panel scores blind"),
     "clocks.department_opinion.limit_wd",
     (State.DEPT_OPINION, State.PANEL_FORMING, State.ASSESSING, State.AWAITING_CONDITIONS,
      State.REVISING, State.DECIDING)),
    (Words("授权公示", "Publicity"),
     Words("公示 {} 个工作日，听取异议", "open to objection for {} working days"),
     "clocks.publicity.limit_wd",
     (State.PUBLICITY,)),
    (Words("授权运营", "In operation"),
     Words("按字段、用途、期限放行", "released by item, purpose and period"), None,
     (State.AUTHORISED,)),
    (Words("办结退出", "Closed"),
     Words("到期 {} 个工作日内销毁并留证", "destroyed in {} working days, with evidence"),
     "clocks.destruction.limit_wd",
     (State.CLOSED, State.REFUSED, State.REJECTED, State.WITHDRAWN, State.LAPSED)),
)
# fmt: on


@blueprint.get("/")
@doors.public
def home() -> Any:
    """Show what is traded and authorised. As many SELECTs for much as for little: some twenty."""
    work = unit.current()
    today = local_date(work.now)
    began = volume.began_on(work.session)
    stages = cases.counts(work.session)
    return render_template(
        "face/home.html",
        began=began,
        today=today,
        total=volume.totals(work.session, since=began or today, until=today),
        chart=drawing.months(volume.months(work.session, last=MONTHS, today=today)),
        counts=_counts(work, stages),
        stages=_stages(work, stages),
        boards=_boards(work),
        months=MONTHS,
        trades=_trades(work),
        demands=_demands(work),
    )


@blueprint.get("/latest-trades")
@doors.public
def latest_trades() -> Any:
    """Show the latest trades alone, for the home page to renew them. Two SELECTs."""
    return render_template("face/latest_trades.html", trades=_trades(unit.current()))


def _counts(work: Work, stages: dict[str, int]) -> list[dict[str, Any]]:
    running = sum(count for state, count in stages.items() if state in cases.ANNOUNCED)
    # fmt: off
    told = (
        (Words("入驻数商", "Merchants"), "/catalogue",
         organisations.count_with_role(work.session, Role.MERCHANT)),
        (Words("在架产品", "Products listed"), "/products", products.count_listed(work.session)),
        (Words("授权场景", "Scenarios"), "/register", running),
        (Words("已发布目录", "Directories"), "/open",
         resources.attach_rate(work.session).published),
    )
    # fmt: on
    return [
        {"label": languages.said(label), "href": href, "count": count}
        for label, href, count in told
    ]


def _stages(work: Work, counted: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "label": languages.said(label),
            "note": languages.said(note).format(work.rules.number(rule) if rule else ""),
            "count": sum(counted.get(state.value, 0) for state in states),
        }
        for label, note, rule, states in STAGES
    ]


def _boards(work: Work) -> dict[str, Any]:
    """Return the boards by what was traded on them, the first apart with its figures.

    Six SELECTs, however many there are.
    """
    page = boards.listed(work.session, after=None, limit=BOARDS)
    sizes = admissions.sizes(work.session, [board.id for board in page.items])
    traded = volume.by_board(work.session)
    months = volume.months_until(local_date(work.now), MONTHS)
    moved = trends.of_boards(work.session, months)
    rows: list[dict[str, Any]] = [
        {
            "id": board.id,
            "code": board.code,
            "industry": board.industry,
            "name": languages.said(Words(board.name_zh, board.name_en)),
            "rules": languages.said(Words(board.rules_zh, board.rules_en)),
            "products": sizes.get(board.id, 0),
            "traded": traded.get(board.id, Money(0)),
            "line": drawing.line(moved.get(board.id, [])),
        }
        for board in page.items
    ]
    rows.sort(key=lambda row: (-row["traded"].minor, -row["products"], row["code"]))
    first = rows[0] if rows else None
    return {
        "first": first,
        "counted": board_figures.counted(work.session, first["id"]) if first else None,
        "others": rows[1:],
        "more": page.next is not None,
    }


def _demands(work: Work) -> list[dict[str, Any]]:
    """Return the newest open demands, budgets in bands. Two SELECTs."""
    page = demands.listed(work, after=None, limit=DEMANDS)
    counts = answers.counts(work.session, [each.id for each in page.items])
    return [
        {
            "id": each.id,
            "title": each.title,
            "field": each.field,
            "budget": Money(each.budget_max) if each.budget_max else None,
            "answers": counts.get(each.id, 0),
            "days": (each.deadline - local_date(work.now)).days,
        }
        for each in page.items
    ]


def _trades(work: Work) -> list[dict[str, Any]]:
    found = volume.latest(work.session, limit=TRADES)
    titles = products.titles(work.session, [each.product_id for each in found])
    return [
        {
            "at": each.accepted_at,
            "product_id": each.product_id,
            "title": languages.said(titles[each.product_id]),
            "industry": each.industry,
            "field": each.application_field,
            "amount": Money(each.amount),
        }
        for each in found
    ]
