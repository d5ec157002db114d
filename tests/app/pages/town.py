"""A town in which every page has something to show: built by the builders of the rooms."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from catalogue import directories
from delivery import domain, tasks
from licensing import assessments, authorisations, scenarios
from licensing.applications.cases import Scenario
from licensing.assessing import members
from licensing.authorisations import Authorisation
from marketplace import admissions, orders, products, progress
from marketplace.finding import sources
from marketplace.orders import Order
from marketplace.products import Product
from tests.catalogue import shelf
from tests.conftest import work_of
from tests.licensing import desk, hall
from tests.licensing.pricing import tolls
from tests.marketplace import make
from tests.settlement import money

DATA = Path(__file__).parents[3] / "data"
WEATHER = "beijing_weather_hourly.parquet"
PUBLICITY_OVER = datetime(2026, 7, 10, 4, tzinfo=UTC)
TODAY = datetime(2026, 7, 20, 4, tzinfo=UTC)
DUE = datetime(2026, 7, 23, 4, tzinfo=UTC)
"""When what was accepted of a new merchant's can be settled."""


@dataclass(slots=True)
class Town:
    """What stands where: name → id."""

    ids: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.ids[name]


def build(session: Session) -> Town:
    """Build everything, each thing by the people whose work it is."""
    town = Town()
    version = shelf.published(session)
    shelf.registered(session, version.directory_id)
    profile = domain.inspect(DATA, WEATHER)
    resource = shelf.attached(session, version.directory_id, location=WEATHER, profile=profile)
    code = directories.find_directory(session, version.directory_id).code
    supplied = desk.effective(session, code)
    hall.pool(session)
    town.ids |= {"directory": version.id, "agreement": supplied.id, "resource": resource.id}
    town.ids["draft_directory"] = shelf.drafted(session, title_zh="自动站分钟观测").id
    granted = _authorised(session, town, code)
    _waiting(session, town, code)
    _market(session, town, granted, resource.id)
    _found(session)
    return town


def _found(session: Session) -> None:
    """Let everything be found, as its events do in the house."""
    for kind in sources.SAYS:
        sources.rebuild(work_of(session, "system"), kind, after="", limit=500)


def _authorised(session: Session, town: Town, code: str) -> Authorisation:
    scenario = desk.applied(session, code, title="北京郊县农业气象保险")
    desk.walk(session, scenario, "submit", *desk.TO_PANEL)
    assessment = hall.plan(session, scenario)
    hall.go(session, assessment, "draw")
    first = members.serving(session, assessment.id)[0]
    assessments.replace(
        work_of(session, "per_agency_secretary"),
        assessment.id,
        expert_id=first.expert_id,
        reason="曾任申请方顾问 former adviser",
    )
    hall.go(session, assessment, "declare", "clear", "open_documents")
    hall.score(session, assessment, *hall.SCORES)
    hall.go(session, assessment, "tally", "conclude")
    desk.walk(session, scenario, "authorise")
    desk.walk(session, scenario, "close_publicity", at=PUBLICITY_OVER)
    granted = authorisations.find(session, str(scenario.authorisation_id))
    authorisations.take(
        work_of(session, "per_operator_signer", at=PUBLICITY_OVER), granted.id, "activate"
    )
    session.flush()
    town.ids |= {
        "scenario": scenario.id,
        "assessment": assessment.id,
        "authorisation": granted.id,
        "certificate": granted.cert_no,
    }
    return granted


def _waiting(session: Session, town: Town, code: str) -> None:
    def applied(title: str, *path: str) -> Scenario:
        made = desk.applied(session, code, title=title)
        desk.walk(session, made, *path)
        return made

    town.ids["written"] = applied("果园霜冻预警").id
    town.ids["submitted"] = applied("设施农业降水指数", "submit").id
    asked = applied("水稻灌溉调度", "submit", *desk.TO_OPINIONS)
    town.ids |= {"asked": asked.id, "opinion": desk.opinion_of(session, asked).id}
    paused = applied("茶园采摘窗口", "submit", "supplement")
    town.ids["paused"] = paused.id
    scored = applied("冷链运输温控风险", "submit", *desk.TO_PANEL)
    scoring = hall.plan(session, scored)
    hall.go(session, scoring, *hall.TO_SCORING)
    hall.score(session, scoring, 8100, 7700)
    town.ids |= {"scored": scored.id, "scoring": scoring.id}
    forming = applied("林火风险等级", "submit", *desk.TO_PANEL)
    town.ids["forming"] = forming.id
    deciding = applied("高速公路团雾提示", "submit", *desk.TO_DECISION)
    town.ids["deciding"] = deciding.id
    assert scenarios.State(deciding.state) == scenarios.State.DECIDING


def _market(session: Session, town: Town, granted: Authorisation, resource_id: str) -> None:
    tolls.everything_capped(session)
    scope = authorisations.scope_of(session, granted)
    items = [{"directory": directory, "item": item} for directory, item in sorted(scope.items)]
    product = make.listed(
        session,
        make.content(
            title_zh="北京十二站逐日气象指数",
            title_en="Daily weather indices of twelve Beijing stations",
            industry="A",
            application_field="modern_agriculture",
            region_coverage=["110000"],
            source_kind="public_authorised",
            authorisation_id=granted.id,
            scenario_id=granted.scenario_id,
            resource_id=resource_id,
            items=items,
            output_form="aggregate_report",
            quality={"completeness_bp": 9931, "uniqueness_bp": 10000},
        ),
    )
    other = make.listed(session, make.content(title_zh="县域降雨概率周报", price_plan=make.FREE))
    board = make.board(session)
    for listed in (product, other):
        admissions.admit(
            work_of(session, "per_exchange_listing", at=make.AFTER_PUBLICITY), board.id, listed.id
        )
    session.flush()
    town.ids |= {"product": product.id, "other": other.id, "board": board.code}
    town.ids["reviewed"] = _reviewed(session).id
    _orders(session, town, product)


def _reviewed(session: Session) -> Product:
    made = make.draft(session, title_zh="风速短时订正")
    session.flush()
    return products.take(work_of(session, "per_developer_editor"), made.id, "submit")


def _orders(session: Session, town: Town, product: Product) -> None:
    for steps, name in enumerate(("placed", "confirmed", "signed", "paid", "accepted")):
        town.ids[name] = _order(session, product, steps).id
    opened = tasks.of_order(session, town["paid"])[0]
    tasks.take(
        work_of(session, "per_developer_signer", at=make.AFTER_PUBLICITY), opened.id, "provision"
    )
    town.ids["task"] = opened.id
    _settlement(session, town)


def _settlement(session: Session, town: Town) -> None:
    def work_as(person: str, at: Any = TODAY) -> Any:
        return work_of(session, person, at=at)

    money.everybodys_accounts(work_as)
    town.ids["batch"] = money.computed(work_as, at=DUE).id


def _order(session: Session, product: Product, steps: int) -> Order:
    order = orders.place(
        work_of(session, "per_buyer_editor", at=make.AFTER_PUBLICITY),
        wanted=[{"product_id": product.id, "quantity": 1}],
        use=make.use(region="110000"),
    )
    for step in (_confirm, _sign, _pay, _accept)[:steps]:
        step(session, order)
        session.flush()
    return order


def _confirm(session: Session, order: Order) -> None:
    make.take(session, order, "confirm", "per_developer_editor")


def _sign(session: Session, order: Order) -> None:
    for person in ("per_buyer_signer", "per_developer_signer"):
        orders.sign(work_of(session, person, at=make.AFTER_PUBLICITY), order.id)


def _pay(session: Session, order: Order) -> None:
    house = work_of(session, "system", at=make.AFTER_PUBLICITY)
    progress.mark_paid(house, make.fund(session, order))


def _accept(session: Session, order: Order) -> None:
    make.deliver(session, order)
    make.take(session, order, "accept", "per_buyer_editor")
