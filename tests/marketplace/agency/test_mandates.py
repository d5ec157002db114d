"""An agent sells in its principal's name: within its mandate, for its term, until revoked."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import Instant
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from kernel.work import Work
from marketplace import contracts, orders, products, progress, versions
from marketplace.agency import acting, mandates
from marketplace.bargaining import quotations
from marketplace.mandated import mandate_rows
from marketplace.mandated.mandate_rows import Mandate, Power, State
from marketplace.shelving import amendments
from marketplace.shelving.amendments import Amendment
from settlement import shares
from settlement.dividing import obligations, terms
from settlement.dividing.obligations import Obligation
from tests.conftest import RULES, work_of
from tests.marketplace import make

PRINCIPAL, PRINCIPAL_SIGNER = "per_developer_editor", "per_developer_signer"
AGENT = AGENT_SIGNER = "per_other_editor"
OFFICER, NOW = "per_exchange_compliance", make.AFTER_PUBLICITY
ALL = tuple(Power)


def granted(session: Session, **changes: Any) -> Mandate:
    """Have the developer draw a mandate up: of all powers, for what is of industry M."""
    today = NOW.date()
    said: dict[str, Any] = {
        "agent_id": "org_other", "product_ids": [], "industries": ["M"], "powers": ALL,
        "commission_bp": 1_000, "valid_from": today, "valid_to": today + timedelta(days=90),
        **changes,
    }  # fmt: skip
    made = mandates.grant(work_of(session, PRINCIPAL, at=NOW), said)  # type: ignore[arg-type]  # the terms, by name
    session.flush()
    return made


def signed(session: Session, **changes: Any) -> Mandate:
    """Have it signed by both."""
    made = granted(session, **changes)
    take(session, made, "sign_first", PRINCIPAL_SIGNER)
    return take(session, made, "sign_second", AGENT_SIGNER)


def take(session: Session, it: Mandate, step: str, person: str, **data: Any) -> Mandate:
    found = mandates.take(work_of(session, person, at=NOW), it.id, step, **data)
    session.flush()
    return found


def act(
    session: Session, it: Mandate, doing: str, subject_id: str, *,
    person: str = AGENT, at: Instant = NOW, **answers: Any,
) -> None:  # fmt: skip
    life, _, step = doing.partition(".")
    acting.act(work_of(session, person, at=at), it.id, life, subject_id, step, **answers)
    session.flush()


def codes(refused: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [each.code for each in refused.value.refusals]


def test_a_mandate_is_signed_by_both_and_whole(session: Session) -> None:
    it = granted(session)
    take(session, it, "sign_first", AGENT_SIGNER)
    with pytest.raises(StepRefused):
        take(session, it, "sign_second", AGENT_SIGNER)

    take(session, it, "sign_second", PRINCIPAL_SIGNER)

    assert (it.code, it.state) == ("MD-2026-000001", State.SIGNED)
    assert mandates.is_whole(work_of(session, AGENT), it)
    assert "10.00%" in it.text
    assert mandates.is_live(it, it.valid_to)
    assert not mandates.is_live(it, it.valid_to + timedelta(days=1))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 7, 13), date(2031, 7, 12)),
        (date(2026, 8, 1), date(2031, 7, 31)),
        (date(2028, 2, 29), date(2033, 2, 27)),
    ],
)
def test_a_mandate_is_given_for_as_many_years_as_there_may_be(
    session: Session, first: date, last: date
) -> None:
    it = granted(session, valid_from=first, valid_to=last)

    assert (it.valid_from, it.valid_to) == (first, last)


@pytest.mark.parametrize(
    ("bad", "pointer"),
    [
        ({"agent_id": "org_developer"}, "/agent_id"),
        ({"agent_id": "org_buyer"}, "/agent_id"),
        ({"valid_to": NOW.date() - timedelta(days=1)}, "/valid_to"),
        ({"valid_to": NOW.date() + timedelta(days=9_000)}, "/valid_to"),
        ({"valid_to": date(2031, 7, 13)}, "/valid_to"),
        ({"valid_from": date(2026, 8, 1), "valid_to": date(2031, 8, 1)}, "/valid_to"),
        ({"valid_from": date(9999, 12, 31), "valid_to": date(9999, 12, 31)}, "/valid_to"),
        ({"commission_bp": 9_000}, "/commission_bp"),
        ({"powers": []}, "/powers"),
        ({"powers": ["own"]}, "/powers"),
        ({"industries": []}, "/product_ids"),
        ({"industries": ["Z"]}, "/industries"),
        ({"product_ids": [f"prd_{n}" for n in range(201)]}, "/product_ids"),
    ],
)
def test_what_no_mandate_says_is_refused(
    session: Session, bad: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        granted(session, **bad)

    assert refused.value.pointer == pointer


def test_only_own_products_are_entrusted_and_only_by_merchants(session: Session) -> None:
    with pytest.raises(NotFound):
        granted(session, product_ids=["prd_none"])
    with pytest.raises(StepNotAllowed):
        mandates.grant(work_of(session, "per_buyer_editor", at=NOW), {})  # type: ignore[typeddict-item]  # refused before


def test_an_agent_lists_a_product_in_its_principals_name(session: Session) -> None:
    it, work = signed(session), work_of(session, AGENT, at=NOW)

    made = acting.create(work, it.id, **make.content())
    session.flush()
    acting.revise(work, it.id, made.id, intro=make.content()["intro"] + "（修订）")
    session.flush()
    with pytest.raises(StepRefused) as elsewhere:
        acting.create(work, it.id, **make.content(industry="A"))
    with pytest.raises(NotFound):
        act(session, it, "product.pass_formal", made.id)
    with pytest.raises(NotFound):
        act(session, it, "product.create", made.id)

    assert made.owner_id == "org_developer"
    assert codes(elsewhere) == ["BEYOND_SCOPE"]
    kept = {each.act for each in mandate_rows.uses(session, it.id, limit=9)}
    assert kept == {"product.create", "product.revise"}


def test_an_agent_confirms_and_signs_and_earns_its_commission(session: Session) -> None:
    it, order = signed(session), make.placed(session)
    session.flush()

    act(session, it, "order.confirm", order.id)
    orders.sign(work_of(session, "per_buyer_signer", at=NOW), order.id)
    act(session, it, "order.sign", order.id, person=AGENT_SIGNER)
    take(session, it, "revoke", PRINCIPAL, reason="改为自营")
    progress.mark_paid(work_of(session, "system", at=NOW), make.fund(session, order))
    make.deliver(session, order)
    make.take(session, order, "accept", "per_buyer_editor")

    contract = contracts.find(session, order.contract_id or "")
    assert contract.state == contracts.State.SIGNED
    (due,) = session.scalars(select(Obligation)).all()
    assert due.shares == {"merchant": 9_000, "broker:org_other": 1_000}
    rule = terms.rule(due, RULES, terms.NONE, charged=Money(0))
    split = shares.divide(due.amount, rule)
    parts = {part.account_code: part for part in split.parts}
    assert parts["2202.broker"].owner == "org_other"
    assert parts["2202.broker"].amount.minor * 9 == parts["2202.merchant"].amount.minor
    assert sum(part.amount.minor for part in split.lines) == due.amount.minor
    assert [each.order_id for each in mandate_rows.orders_of(session, it.id)] == [order.id]


def test_without_the_power_to_collect_nothing_is_taken_of_the_sale(session: Session) -> None:
    it, order = signed(session, powers=[Power.CONTRACT]), make.placed(session)
    session.flush()

    act(session, it, "order.confirm", order.id)

    assert mandate_rows.earning(session, order.id) is None
    assert mandate_rows.earning(session, "ord_none") is None


def test_a_commission_is_never_more_than_the_merchants_share(session: Session) -> None:
    due = obligations.Obligation(kind="public", shares=None, revenue_rule_id=None)

    found = terms.with_commission(due, RULES, terms.NONE, {"owner": "org_x", "share_bp": 9_999})

    assert found == {"fiscal": 3_000, "operator": 2_000, "merchant": 0, "broker:org_x": 5_000}


def test_what_a_mandate_does_not_allow_is_refused_with_every_reason(session: Session) -> None:
    it, order = signed(session, industries=["A"], powers=[Power.LIST]), make.placed(session)
    session.flush()
    with pytest.raises(StepRefused) as refused:
        act(session, it, "order.confirm", order.id)
    with pytest.raises(StepRefused) as over:
        act(session, it, "order.confirm", order.id, at=NOW + timedelta(days=200))
    take(session, it, "renounce", AGENT, reason="无力承担")
    with pytest.raises(StepRefused) as ended:
        act(session, it, "order.confirm", order.id)
    with pytest.raises(StepNotAllowed):
        act(session, it, "order.confirm", order.id, person=PRINCIPAL)
    with pytest.raises(NotFound):
        act(session, it, "order.confirm", order.id, person="per_buyer_editor")

    assert codes(refused) == ["BEYOND_POWERS", "BEYOND_SCOPE"]
    assert codes(over)[0] == codes(ended)[0] == "MANDATE_NOT_LIVE"
    assert order.state == orders.State.SUBMITTED


def test_an_inactive_party_acts_no_more(session: Session) -> None:
    from kernel.parties import organisations

    it, order = signed(session), make.placed(session)
    organisations.find(session, "org_other").state = organisations.State.RESTRICTED
    session.flush()

    with pytest.raises(StepRefused) as refused:
        act(session, it, "order.confirm", order.id)

    assert codes(refused) == ["PARTY_NOT_ACTIVE"]


def test_an_agent_does_not_trade_with_itself(session: Session) -> None:
    product, it = make.listed(session), signed(session)
    order = orders.place(
        work_of(session, AGENT, at=NOW), wanted=[{"product_id": product.id, "quantity": 1}],
        use=make.use(),
    )  # fmt: skip
    session.flush()

    with pytest.raises(StepRefused) as refused:
        act(session, it, "order.confirm", order.id)

    assert codes(refused) == ["SELF_DEALING"]


def test_an_agent_is_shown_what_it_may_do_and_nobody_else(session: Session) -> None:
    product = make.listed(session, price_plan={"kind": "negotiated"})
    thread = quotations.begin(
        work_of(session, "per_buyer_editor", at=NOW), product.id, quantity=1, amount=Money(900)
    )
    order, it = make.placed(session), signed(session, product_ids=[product.id])
    session.flush()
    other = signed(session, industries=["A"])

    found = acting.matters(work_of(session, AGENT, at=NOW), it, limit=9)

    offered = {(each.life, offer.step) for each in found for offer in each.offers}
    assert {("quotation", "agree"), ("order", "confirm"), ("product", "suspend")} <= offered
    assert ("product", "renew") not in offered
    assert acting.matters(work_of(session, PRINCIPAL, at=NOW), it, limit=9) == []
    assert acting.matters(work_of(session, AGENT, at=NOW), other, limit=9) == []
    act(session, it, "quotation.agree", thread.id)
    act(session, it, "order.decline", order.id, reason="无货")
    assert thread.state == quotations.State.AGREED
    assert products.find(session, product.id).state == products.State.LISTED


def test_orders_beyond_a_mandate_do_not_hide_those_within_it(session: Session) -> None:
    mine, other = make.listed(session), make.listed(session)
    it = signed(session, product_ids=[mine.id], industries=[])
    order = make.placed(session, mine)
    for _ in range(3):
        make.placed(session, other)

    found = acting.matters(work_of(session, AGENT, at=NOW), it, limit=1)

    assert [one.subject.id for one in found if one.life == "order"] == [order.id]


def test_the_exchange_ends_a_mandate_and_nobody_signs_what_is_over(session: Session) -> None:
    it, late = signed(session), granted(session)

    take(session, it, "forbid", OFFICER, reason="资格撤销")
    with pytest.raises(StepRefused) as refused:
        mandates.take(
            work_of(session, PRINCIPAL_SIGNER, at=NOW + timedelta(days=100)), late.id, "sign_first"
        )

    assert it.state == State.REVOKED
    assert codes(refused) == ["TERM_OVER"]


DEARER: dict[str, Any] = {"kind": "one_off", "price": {"minor": 1_200_000, "currency": "CNY"}}


CHEAPER: dict[str, Any] = {"kind": "one_off", "price": {"minor": 900_000, "currency": "CNY"}}


def reprice(session: Session, it: Mandate, product_id: str, *, person: str = AGENT,
            plan: dict[str, Any] = DEARER, at: Instant = NOW) -> Amendment:  # fmt: skip
    made = acting.reprice(work_of(session, person, at=at), it.id, product_id, plan)
    session.flush()
    return made


def test_an_agent_proposes_another_price_and_the_house_publishes_it(session: Session) -> None:
    product = make.listed(session)
    it = signed(session, product_ids=[product.id], industries=[], powers=[Power.PRICE])

    made = reprice(session, it, product.id)
    for step, person, answers in make.REVIEWS:
        amendments.take(work_of(session, person, at=NOW), made.id, step, **answers)

    after = versions.find(session, made.after_id)
    assert (made.owner_id, made.size) == ("org_developer", "major")
    assert after.price_plan["price"]["minor"] == 1_200_000
    assert [one.act for one in mandate_rows.uses(session, it.id, limit=9)] == ["product.reprice"]
    with pytest.raises(StepRefused) as again:
        reprice(session, it, product.id)
    assert codes(again) == ["AMENDMENT_UNDER_WAY"]


def test_an_agent_takes_back_its_own_undecided_price_and_no_other(session: Session) -> None:
    product = make.listed(session)
    it = signed(session, product_ids=[product.id], industries=[], powers=[Power.PRICE])
    other = signed(session, product_ids=[product.id], industries=[], powers=[Power.PRICE])
    lists = signed(session, product_ids=[product.id], industries=[], powers=[Power.LIST])
    agent = work_of(session, AGENT, at=NOW + timedelta(minutes=1))

    def back(mandate: Mandate, work: Work = agent) -> Amendment:
        return acting.withdraw_price(work, mandate.id, product.id, "typed wrong")

    def refused(mandate: Mandate) -> list[str]:
        with pytest.raises(StepRefused) as no:
            back(mandate)
        return codes(no)

    nothing = refused(it)
    made = reprice(session, it, product.id)
    others = (refused(other), refused(lists))
    for person in (PRINCIPAL, "per_buyer_editor"):
        with pytest.raises((StepNotAllowed, NotFound)):
            back(it, work_of(session, person, at=NOW))
    taken = back(it)

    assert (nothing, others) == (["NOT_PROPOSED"], (["NOT_PROPOSED"], ["BEYOND_POWERS"]))
    assert (taken.id, taken.state) == (made.id, "withdrawn")
    assert mandate_rows.uses(session, it.id, limit=1)[0].act == "product.withdraw_price"
    decided = reprice(session, it, product.id, at=NOW + timedelta(minutes=2))
    officer = work_of(session, make.REVIEWS[0][1], at=NOW + timedelta(minutes=2))
    amendments.take(officer, decided.id, "reject", reason="too dear")
    assert refused(it) == ["NOT_PROPOSED"]
    mine = amendments.propose(
        work_of(session, PRINCIPAL, at=NOW + timedelta(minutes=3)), product.id, price_plan=CHEAPER
    )
    assert refused(it) == ["NOT_PROPOSED"]
    assert amendments.find(session, mine.id).state != "withdrawn"


def test_an_agent_changes_no_price_beyond_its_mandate(session: Session) -> None:
    product, other = make.listed(session), make.listed(session)
    it = signed(session, product_ids=[product.id], industries=[], powers=[Power.PRICE])
    lists = signed(session, product_ids=[product.id], industries=[], powers=[Power.LIST])
    unsigned = granted(session, product_ids=[product.id], powers=[Power.PRICE])
    ended = take(session, signed(session, powers=[Power.PRICE]), "revoke", PRINCIPAL, reason="x")
    later = NOW + timedelta(days=91)

    for mandate, wanted, otherwise, code in (
        (it, other, {}, "BEYOND_SCOPE"),
        (it, product, {"at": later}, "MANDATE_NOT_LIVE"),
        (it, product, {"plan": make.FREE}, "BEYOND_KIND"),
        (lists, product, {}, "BEYOND_POWERS"),
        (unsigned, product, {}, "MANDATE_NOT_LIVE"),
        (ended, product, {}, "MANDATE_NOT_LIVE"),
    ):
        with pytest.raises(StepRefused) as refused:
            reprice(session, mandate, wanted.id, **otherwise)
        assert code in codes(refused)
    for person in (PRINCIPAL, "per_buyer_editor"):
        with pytest.raises((StepNotAllowed, NotFound)):
            reprice(session, it, product.id, person=person)
    assert amendments.under_way(session, product.id) is None


def test_who_sells_a_product_is_told_while_its_mandate_is_live(session: Session) -> None:
    product, today = make.listed(session), NOW.date()

    def told(on: date = today, industry: str = "M") -> list[str]:
        sold = (product.id, industry)
        return mandate_rows.agents_of(session, "org_developer", sold, on, limit=9)

    granted(session)
    signed(session, powers=[Power.PRICE])
    before = told()
    it = signed(session)

    assert before == []
    assert told() == ["org_other"]
    assert told(on=today + timedelta(days=91)) == told(industry="A") == []
    take(session, it, "renounce", AGENT, reason="x")
    assert told() == []


def test_an_agent_looks_at_what_it_needs_and_nobody_else(session: Session) -> None:
    it = signed(session, powers=[Power.LIST])
    only = signed(session, powers=[Power.LIST], industries=[], product_ids=[
        make.listed(session).id])  # fmt: skip
    agent = work_of(session, AGENT, at=NOW)

    inside = acting.looking(agent, it, "product.create")

    assert inside.actor.organisation == "org_developer"
    assert (acting.creates(agent, it), acting.creates(agent, only)) == (True, False)
    assert not acting.creates(work_of(session, PRINCIPAL, at=NOW), it)
    with pytest.raises(StepNotAllowed):
        acting.looking(work_of(session, PRINCIPAL, at=NOW), it, "product.create")
    with pytest.raises(StepRefused):
        acting.looking(agent, it, "product.reprice")
    with pytest.raises(NotFound):
        acting.act(agent, it.id, "product", "prd_1", "reprice")
