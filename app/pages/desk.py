"""The desk after sign-in: what is mine to do now, by the roles of my organisation."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, render_template

from app import doors, languages, unit
from app.pages import chrome, shown
from app.pages.aftercare import waiting as after
from app.pages.catalogue import records
from app.pages.integrity import desk as integrity
from app.pages.money import purse, today
from app.pages.review import duties, waiting
from app.pages.review.duties import Told
from catalogue import directories, registrations, sharing
from kernel.actor import Duty, Role
from kernel.words import Words
from kernel.work import Work
from licensing import agreements, assessments, authorisations, consents, decisions, scenarios
from licensing.applications.cases import Waiting
from licensing.deciding import breakers
from licensing.supervision import queues
from marketplace import access, orders, products
from marketplace.integrity import flags
from marketplace.peers import stats
from settlement import access as money
from settlement.desks import waiting as waiting_money
from settlement.metering import bills

blueprint = Blueprint("desk", __name__)

Row = shown.Row
Section = Callable[[Work], list[Row] | Told]


@blueprint.get("/desk")
@doors.members("read")
def desk() -> Any:
    """Show what waits for this person, a few of each kind, each with its page."""
    work = unit.current()
    sections = [_section(work, *entry) for entry in SECTIONS if entry[0](work)]
    doors_open = [(href, languages.said(words)) for who, words, href in DOORS if who(work)]
    return render_template("desk/desk.html", sections=sections, doors=doors_open)


def _section(
    work: Work, _: Callable[[Work], bool], title: Words, more: str, rows: Section
) -> dict[str, Any]:
    found = rows(work)
    told = found if isinstance(found, Told) else Told(found, "")
    return {"title": languages.said(title), "more": more, "rows": told.rows, "count": told.total}


def _role(*roles: Role) -> Callable[[Work], bool]:
    return lambda work: bool(work.actor.roles & set(roles))


def _officer(work: Work) -> bool:
    """Tell whether the actor handles or oversees cases; an expert as such does not."""
    handles = Role.IMPLEMENTING_AGENCY in work.actor.roles
    return bool(work.actor.duties - {Duty.PANEL_EXPERT}) and (
        handles or consents.oversees(work.actor)
    )


def _expert(work: Work) -> bool:
    return bool(work.actor.duties & {Duty.PANEL_EXPERT, Duty.PANEL_SECRETARY})


def _reviewer(work: Work) -> bool:
    reviews = {Duty.LISTING_OFFICER, Duty.COMPLIANCE_OFFICER}
    return Role.EXCHANGE_OPERATOR in work.actor.roles and bool(reviews & work.actor.duties)


def _settler(work: Work) -> bool:
    return money.settler.matches(work.actor, None)


def _cases(work: Work) -> list[Row]:
    return [_waiting(found) for found in queues.listed(work, limit=shown.SHORT).items]


def _waiting(found: Waiting) -> Row:
    scenario = found.scenario
    row = shown.row(f"/cases/{scenario.id}", scenario.title, scenario.code, scenario.state)
    return {**row, "clock": shown.light(found.light, found.days_left)}


def _panels(work: Work) -> list[Row]:
    return waiting.panels(work, assessments.listed(work, after=None, limit=shown.SHORT).items)


def _opinions(work: Work) -> list[Row]:
    asked = consents.listed(work, state=consents.State.ASKED, limit=shown.SHORT).items
    return waiting.opinions(work, asked)


def _directories(work: Work) -> list[Row]:
    state = directories.State
    wanted = state.HUB_REVIEW if Role.DATA_AUTHORITY in work.actor.roles else None
    found = directories.versions(work, state=wanted, after=None, limit=shown.SHORT).items
    rows = [
        shown.row(f"/directories/{one.id}", languages.said(
            Words(one.directory.title_zh, one.directory.title_en)), one.directory.code, one.state)
        for one in found
    ]  # fmt: skip
    return shown.lit(work, rows, [one.id for one in found])


def _sharing(work: Work) -> list[Row]:
    state = sharing.State.ASKED
    page = sharing.listed(work, state=state, after=None, limit=shown.SHORT)
    return records.rows(work, "sharing-consents", page.items)


def _registrations(work: Work) -> list[Row]:
    found = registrations.listed(work, after=None, limit=shown.SHORT).items
    named = {one.id: directories.find_directory(work.session, one.directory_id) for one in found}
    rows = [
        shown.row(f"/registrations/{one.id}", languages.said(
            Words(named[one.id].title_zh, named[one.id].title_en)), one.code or "", one.state)
        for one in found
    ]  # fmt: skip
    return shown.lit(work, rows, [one.id for one in found])


def _agreements(work: Work) -> list[Row]:
    found = agreements.listed(work, limit=shown.SHORT).items
    firms = shown.names(work, [one.department_id for one in found])
    rows = [
        shown.row(f"/agreements/{one.id}", firms[one.department_id], one.code, one.state)
        for one in found
    ]
    return shown.lit(work, rows, [one.id for one in found])


def _authorisations(work: Work) -> list[Row]:
    found = authorisations.listed(work, after=None, limit=shown.SHORT).items
    firms = shown.names(work, [one.grantee_id for one in found])
    rows = [
        shown.row(f"/authorisations/{one.id}", firms[one.grantee_id], one.cert_no, one.state)
        for one in found
    ]
    return shown.lit(work, rows, [one.id for one in found])


def _alerts(work: Work) -> list[Row]:
    found = breakers.listed(work, state=breakers.State.PROPOSED, after=None, limit=shown.SHORT)
    numbers = decisions.certificates(work.session, [one.authorisation_id for one in found.items])
    return [
        shown.row("/breaker-alerts", f"{one.code} × {one.denials}", numbers[one.authorisation_id],
             f"breaker_alert.{one.state}")
        for one in found.items
    ]  # fmt: skip


def _applications(work: Work) -> list[Row]:
    found = scenarios.listed(work, limit=shown.SHORT).items
    rows = [shown.row(f"/scenarios/{one.id}", one.title, one.code, one.state) for one in found]
    return shown.lit(work, rows, [one.id for one in found])


def _reviews(work: Work) -> list[Row]:
    return _products(work, products.queue(work, after=None, limit=shown.SHORT).items)


def _own_products(work: Work) -> list[Row]:
    return _products(work, products.own(work, after=None, limit=shown.SHORT).items)


def _products(work: Work, found: list[products.Product]) -> list[Row]:
    rows = [
        shown.row(f"/products/{one.id}", languages.said(
            Words(one.current.title_zh, one.current.title_en)), one.code, one.state)
        for one in found
    ]  # fmt: skip
    return shown.lit(work, rows, [one.id for one in found])


def _bought(work: Work) -> list[Row]:
    return _orders(work, orders.bought(work, after=None, limit=shown.SHORT).items)


def _sold(work: Work) -> list[Row]:
    return _orders(work, orders.sold(work, after=None, limit=shown.SHORT).items)


def _all_orders(work: Work) -> list[Row]:
    return _orders(work, orders.overseen(work, after=None, limit=shown.SHORT).items)


def _orders(work: Work, found: list[orders.Order]) -> list[Row]:
    return shown.orders(work, found, lambda one, firm: (firm, one.code))


def _matters(work: Work) -> Told:
    found = waiting_money.of_desk(work)
    rows = [
        shown.row(today.place(one.matter), languages.said(one.matter.label), today.note(one),
                  "matter.waiting")
        for one in found
    ]  # fmt: skip
    return Told(rows, str(sum(one.mine for one in found) or ""))


def _to_pay(work: Work) -> list[Row]:
    found = waiting_money.to_pay(work, limit=shown.SHORT)
    rows = [
        shown.row(f"/payments/{one.id}", purse.purpose(one), f"{chrome.money(one.due)} · "
                  f"{one.reference}", one.state)
        for one in found
    ]  # fmt: skip
    return shown.lit(work, rows, [one.target for one in found])


def _bills(work: Work) -> list[Row]:
    own = work.actor.organisation
    rows: list[Row] = []
    for state, party in ((bills.State.BUYER_CONFIRM, "buyer_id"),
                         (bills.State.SELLER_CONFIRM, "seller_id")):  # fmt: skip
        found = bills.listed(work, state=state, after=None, limit=shown.SHORT).items
        rows += [
            shown.row(f"/bills/{one.id}", one.code, chrome.money(one.amount), f"bill.{one.state}")
            for one in found
            if getattr(one, party) == own
        ]
    return rows


# fmt: off
DOORS: tuple[tuple[Callable[[Work], bool], Words, str], ...] = (
    # for whom, what it is called, where it is
    (_role(Role.MERCHANT), Words("数商中心", "Merchant's centre"), "/selling"),
    (_role(Role.BUYER), Words("买方中心", "Buyer's centre"), "/buying"),
    (_role(Role.DATA_AUTHORITY, Role.IMPLEMENTING_AGENCY, Role.SUPPLY_DEPARTMENT,
           Role.AUTHORISED_OPERATOR), Words("时限监督", "Time limits"), "/supervision"),
    (_role(Role.DATA_AUTHORITY, Role.IMPLEMENTING_AGENCY, Role.AUTHORISED_OPERATOR,
           Role.DEVELOPER), Words("用数决定", "Decisions on use"), "/decisions"),
    (_role(Role.DATA_AUTHORITY, Role.IMPLEMENTING_AGENCY, Role.AUTHORISED_OPERATOR),
     Words("收费周期", "Fee periods"), "/fee-periods"),
    (_role(Role.MERCHANT), Words("数据集", "Data sets"), "/data"),
    (_role(Role.MERCHANT), Words("上架", "Listing"), "/listing"),
    (_role(Role.BUYER, Role.MERCHANT, Role.AUTHORISED_OPERATOR), Words("资金", "Money"),
     "/money"),
    (_role(Role.BUYER, Role.MERCHANT), Words("账单", "Bills"), "/bills"),
    (_role(Role.BUYER, Role.MERCHANT), Words("用量", "Use"), "/usage"),
    (_role(Role.BUYER), Words("预存款", "Wallet"), "/wallet"),
    (_role(Role.BUYER, Role.DEVELOPER), Words("算力券", "Vouchers"), "/vouchers"),
    (_role(Role.BUYER, Role.MERCHANT), Words("服务费", "Fees for services"), "/fee-notes"),
    (_role(Role.BUYER, Role.MERCHANT), Words("发票", "Invoices"), "/invoices"),
    (_role(Role.MERCHANT, Role.AUTHORISED_OPERATOR), Words("结算单", "Statements"),
     "/statements"),
    (_role(Role.BUYER, Role.MERCHANT), Words("询价", "Quotations"), "/quotations"),
    (_role(Role.BUYER, Role.MERCHANT), Words("竞价", "Auctions"), "/auctions"),
    (_role(Role.MERCHANT), Words("场外备案", "Registered deals"), "/deals"),
    (_role(Role.BUYER, Role.MERCHANT, Role.EXCHANGE_OPERATOR), Words("争议", "Disputes"),
     "/disputes"),
    (_role(Role.MERCHANT), Words("委托授权", "Mandates"), "/mandates"),
    (lambda _: True, Words("投诉", "Complaints"), "/complaints"),
    (_role(Role.MERCHANT, Role.EXCHANGE_OPERATOR), Words("差评处理", "Bad reviews"),
     "/bad-reviews"),
    (_role(Role.BUYER, Role.MERCHANT, Role.EXCHANGE_OPERATOR),
     Words("到期销毁", "Destruction of data"), "/data-destructions"),
    (lambda work: access.oversees(work.actor), Words("诚信复核", "Integrity of volume"),
     "/integrity"),
    (lambda work: access.oversees(work.actor), Words("交易额发布", "Releases of volume"),
     "/releases"),
    (_role(Role.MERCHANT), Words("未计入成交额的交易", "Trades that do not count"), "/uncounted"),
    (_role(Role.SUPPLY_DEPARTMENT), Words("供数请求", "Supply requests"), "/supply-requests"),
    (_role(Role.BUYER, Role.MERCHANT, Role.DEVELOPER), Words("事件回调", "Webhooks"),
     "/webhooks"),
    (_role(Role.BUYER, Role.MERCHANT, Role.AUTHORISED_OPERATOR),
     Words("数据资产", "Data assets"), "/assets"),
    (_role(Role.BUYER, Role.MERCHANT, Role.AUTHORISED_OPERATOR),
     Words("证据包", "Evidence packs"), "/evidence"),
    (lambda work: money.oversees(work.actor), Words("结算", "Settlement"), "/settlement"),
    (lambda work: money.oversees(work.actor), Words("对账", "Reconciliation"), "/reconciliation"),
    (lambda work: money.oversees(work.actor), Words("总账", "Ledger"), "/settlement/ledger"),
    (lambda work: stats.checker.matches(work.actor, None),
     Words("交易机构数据", "Figures of exchanges"), "/exchange-stats"),
    (lambda _: True, Words("收费上限", "Fee caps"), "/fees"),
    (lambda _: True, Words("授权公示", "Register"), "/register"),
)

SECTIONS: tuple[tuple[Callable[[Work], bool], Words, str, Section], ...] = (
    # for whom, what it is called, where all of it stands, what stands here
    (_officer, Words("场景办理", "Cases"), "/cases", _cases),
    (_expert, Words("专家评估", "Panels"), "/desk/panels", _panels),
    (_role(Role.SUPPLY_DEPARTMENT), Words("待答复的征求意见", "Opinions due"),
     "/desk/opinions", _opinions),
    (_role(Role.SUPPLY_DEPARTMENT), Words("目录", "Directories"), "/desk", _directories),
    (_role(Role.SUPPLY_DEPARTMENT), Words("提供方同意", "Sharing consents"),
     "/catalogue/sharing-consents", _sharing),
    (_role(Role.DATA_AUTHORITY), Words("待受理目录", "Directories to accept"), "/hub",
     _directories),
    (_role(Role.SUPPLY_DEPARTMENT, Role.DATA_AUTHORITY), Words("登记", "Registrations"), "/desk",
     _registrations),
    (_role(Role.SUPPLY_DEPARTMENT, Role.DATA_AUTHORITY, Role.AUTHORISED_OPERATOR),
     Words("供数协议", "Supply agreements"), "/desk", _agreements),
    (_role(Role.DATA_AUTHORITY, Role.AUTHORISED_OPERATOR, Role.DEVELOPER,
           Role.IMPLEMENTING_AGENCY),
     Words("授权", "Authorisations"), "/authorisations", _authorisations),
    (_role(Role.IMPLEMENTING_AGENCY, Role.AUTHORISED_OPERATOR, Role.DATA_AUTHORITY),
     Words("授权运营协议", "Operation agreements"), "/frame/operations", duties.operations),
    (_role(Role.IMPLEMENTING_AGENCY, Role.DATA_AUTHORITY),
     Words("实施方案", "Implementation plans"), "/frame/plans", duties.plans),
    (_role(Role.DEVELOPER, Role.AUTHORISED_OPERATOR, Role.IMPLEMENTING_AGENCY),
     Words("容缺承诺", "Promised materials"), "/desk/promises", duties.promises),
    (_role(Role.DEVELOPER, Role.AUTHORISED_OPERATOR),
     Words("可申请续期", "Renewals open"), "/authorisations", duties.renewals),
    (_role(Role.DEVELOPER, Role.AUTHORISED_OPERATOR, Role.IMPLEMENTING_AGENCY,
           Role.DATA_AUTHORITY),
     Words("待销毁", "Destructions due"), "/destructions", duties.destructions),
    (_role(Role.DEVELOPER, Role.AUTHORISED_OPERATOR, Role.IMPLEMENTING_AGENCY),
     Words("年度评估", "Annual reviews"), "/reviews", duties.reviews),
    (_role(Role.IMPLEMENTING_AGENCY, Role.SUPPLY_DEPARTMENT, Role.DATA_AUTHORITY),
     Words("时限违规", "Violations"), "/supervision/violations", duties.faults),
    (_role(Role.AUTHORISED_OPERATOR, Role.IMPLEMENTING_AGENCY, Role.DATA_AUTHORITY),
     Words("收费周期", "Fee periods"), "/fee-periods", duties.periods),
    (duties.admits, Words("入驻审核", "Admissions"), "/admissions", duties.admissions),
    (_role(Role.DATA_AUTHORITY), Words("熔断预警", "Breaker alerts"), "/breaker-alerts", _alerts),
    (_role(Role.DEVELOPER, Role.AUTHORISED_OPERATOR), Words("场景申请", "Applications"),
     "/scenarios", _applications),
    (_role(Role.MERCHANT), Words("我的产品", "My products"), "/products", _own_products),
    (_role(Role.MERCHANT), Words("收到的订单", "Orders received"), "/orders?side=sold", _sold),
    (_role(Role.BUYER), Words("我的订单", "My orders"), "/orders", _bought),
    (_role(Role.BUYER, Role.MERCHANT), Words("待付款", "To be paid"), "/money", _to_pay),
    (_role(Role.BUYER, Role.MERCHANT), Words("待确认账单", "Bills to confirm"), "/bills", _bills),
    (_reviewer, Words("产品审核", "Products to review"), "/products", _reviews),
    (_role(Role.EXCHANGE_OPERATOR, Role.DATA_AUTHORITY, Role.BUYER, Role.MERCHANT),
     Words("未结争议", "Open disputes"), "/disputes?open=1", after.disputed),
    (_role(Role.EXCHANGE_OPERATOR, Role.DATA_AUTHORITY, Role.BUYER, Role.MERCHANT),
     Words("未结投诉", "Open complaints"), "/complaints?open=1", after.complained),
    (_role(Role.EXCHANGE_OPERATOR, Role.BUYER, Role.MERCHANT),
     Words("差评整改", "Bad reviews"), "/bad-reviews?open=1", after.reviewed),
    (lambda work: flags.reviewer.matches(work.actor, None),
     Words("待复核的可疑成交", "Suspicious trades to review"), "/integrity?state=open",
     integrity.waiting),
    (_role(Role.MERCHANT), Words("未计入成交额的交易", "Trades that do not count"), "/uncounted",
     integrity.set_aside),
    (_role(Role.BUYER, Role.EXCHANGE_OPERATOR, Role.DATA_AUTHORITY),
     Words("待销毁数据", "Data to destroy"), "/data-destructions?open=1", after.to_destroy),
    (_settler, Words("终止后待人工退款的订单", "Ended orders to be refunded by a person"),
     "/settlement/returns", after.to_return),
    (_role(Role.EXCHANGE_OPERATOR), Words("订单", "Orders"), "/orders", _all_orders),
    (_settler, Words("今日结算待办", "Money to deal with today"), "/settlement", _matters),
)
# fmt: on
