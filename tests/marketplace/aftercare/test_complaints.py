"""Anybody with an account complains; it is answered, looked into, told, and counted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from kernel import watch
from kernel.actor import Duty, Role
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.parties import organisations
from kernel.work import Rules
from marketplace.aftercare import (
    complaining,
    complaint_figures,
    complaint_rows,
    complaints,
    disputes,
    papers,
)
from marketplace.aftercare.complaining import Grievance
from marketplace.aftercare.complaint_rows import About, Category, Complaint, State
from marketplace.aftercare.complaints import LIFE
from marketplace.aftercare.dispute_rows import Ground, Remedy
from marketplace.aftercare.filing import Claim
from tests.conftest import RULES, work_of
from tests.marketplace import make
from tests.marketplace.aftercare import grievances
from tests.marketplace.aftercare.grievances import (
    BUYER,
    NOW,
    OFFICER,
    SELLER,
    STRANGER,
    SUPERVISOR,
    made,
    take,
)


def codes(refused: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [each.code for each in refused.value.refusals]


def clock_of(session: Session, it: Complaint) -> watch.Clock:
    found = watch.running(session, it.id)
    assert found is not None
    return found


def test_a_complaint_goes_from_its_filing_to_its_rating(session: Session) -> None:
    it = made(session)
    first = clock_of(session, it)
    take(session, it, "accept", OFFICER)
    second = clock_of(session, it)
    take(session, it, "answer", SELLER, answer="已更正")
    take(session, it, "demand", OFFICER, demanded="三日内更正宣传")
    due = clock_of(session, it)
    take(session, it, "put_right", SELLER, put_right="已更正")
    take(session, it, "extend", OFFICER, reason="尚待核实")
    with pytest.raises(StepRefused) as again:
        take(session, it, "extend", OFFICER, reason="尚待核实")
    extended = clock_of(session, it).extension_days
    take(session, it, "resolve", OFFICER, finding="upheld", outcome="已责令更正")
    last = clock_of(session, it)

    take(session, it, "rate", BUYER, level="4", said="及时")

    assert (it.code, it.state, it.level, it.finding) == ("TS-2026-000001", "closed", 4, "upheld")
    assert (first.key, first.owner) == ("clocks.complaint_acceptance", "role:exchange_operator")
    assert (second.owner, second.overdue_step) == ("org_developer", "pass_over")
    assert (due.owner, due.overdue_step) == ("org_developer", "miss_rectification")
    assert (last.owner, last.overdue_step) == ("org_buyer", "close_silent")
    assert extended == RULES.number("aftercare.complaint_extension_wd")
    assert codes(again) == ["EXTENDED_ALREADY"]
    assert watch.running(session, it.id) is None


def test_what_cannot_wait_is_taken_up_within_a_day(session: Session) -> None:
    it = made(session, category=Category.PI_VIOLATION)

    assert it.urgent
    assert clock_of(session, it).key == "clocks.complaint_urgent"


def test_the_house_goes_on_where_nobody_acts(session: Session) -> None:
    it, house = made(session), work_of(session, "system", at=NOW)
    take(session, it, "accept", OFFICER)

    LIFE.take("pass_over", it, house)
    take(session, it, "demand", OFFICER, demanded="更正")
    LIFE.take("miss_rectification", it, house)
    take(session, it, "resolve", OFFICER, finding="unfounded", outcome="查无实据")
    LIFE.take("close_silent", it, house)

    assert (it.state, it.answer, it.level) == (State.CLOSED, None, None)


def test_of_the_exchange_the_supervisor_hears(session: Session) -> None:
    it = made(session, about=About.PLATFORM, subject_id=None, category=Category.MISCONDUCT)

    with pytest.raises(NotFound):
        take(session, it, "accept", OFFICER)
    take(session, it, "accept", SUPERVISOR)
    with pytest.raises(StepNotAllowed):
        take(session, it, "resolve", OFFICER, finding="unfounded", outcome="无事")
    take(session, it, "answer", OFFICER, answer="已核查")
    take(session, it, "resolve", SUPERVISOR, finding="partly_upheld", outcome="已责令改进")
    with pytest.raises(StepRefused) as contested:
        take(session, it, "contest", BUYER, reason="不服")

    assert (it.respondent_id, it.office) == ("org_exchange", Role.DATA_AUTHORITY)
    assert codes(contested) == ["PASSED_ON_ALREADY"]


def test_what_the_exchange_passes_on_or_who_complains_contests_is_heard_above(
    session: Session,
) -> None:
    passed, contested = made(session), made(session, category=Category.FALSE_LISTING)
    take(session, passed, "pass_on", OFFICER, reason="应当回避")
    grievances.resolved(session, contested, "unfounded")
    take(session, contested, "contest", BUYER, reason="仍未更正")

    for each, step in ((passed, "accept"), (contested, "take_on")):
        with pytest.raises(StepNotAllowed):
            take(session, each, step, OFFICER)
        take(session, each, step, SUPERVISOR)

    assert (passed.state, contested.state) == (State.ANSWERING, State.HANDLING)
    assert clock_of(session, contested).owner == "role:data_authority"
    with pytest.raises(StepRefused):
        take(session, contested, "pass_on", SUPERVISOR, reason="再移交")


def test_only_whose_case_it_is_decides_it(session: Session) -> None:
    it = made(session)
    with pytest.raises(StepRefused) as early:
        complaining.take_over(work_of(session, OFFICER, at=NOW), it.id)
    grievances.answered(session, it)
    first = work_of(session, OFFICER, at=NOW)
    other = replace(first, actor=replace(first.actor, person="per_exchange_approver"))
    with pytest.raises(StepRefused) as refused:
        complaints.take(other, it.id, "resolve", finding="upheld", outcome="属实")

    complaining.take_over(other, it.id)
    complaints.take(other, it.id, "resolve", finding="upheld", outcome="属实")

    assert (codes(early), codes(refused)) == (["NOT_IN_HAND"], ["NOT_YOUR_CASE"])
    assert it.state == State.RESOLVED
    with pytest.raises(StepNotAllowed):
        complaining.take_over(work_of(session, BUYER, at=NOW), it.id)


def test_who_is_hidden_stays_unknown_to_the_respondent(session: Session) -> None:
    it = made(session, hidden=True)
    theirs = complaining.show_evidence(work_of(session, BUYER), it.id, said="合同", name="a.pdf",
                                       content=b"%PDF-1.7 x")  # fmt: skip
    take(session, it, "accept", OFFICER)
    own = complaining.show_evidence(work_of(session, SELLER), it.id, said="说明")
    session.flush()
    seller, officer = work_of(session, SELLER), work_of(session, OFFICER)

    assert complaints.is_withheld(seller, it)
    assert not complaints.is_withheld(officer, it)
    assert [each.id for each in complaining.evidence(seller, it)] == [own.id]
    assert {each.id for each in complaining.evidence(officer, it)} == {theirs.id, own.id}
    with pytest.raises(NotFound):
        complaining.opened(seller, it.id, theirs.id)
    assert complaining.opened(officer, it.id, theirs.id).content == b"%PDF-1.7 x"


def test_nobody_but_both_sides_and_overseers_sees_it(session: Session) -> None:
    it = made(session)
    before = complaints.listed(work_of(session, SELLER), limit=9).items
    with pytest.raises(NotFound):
        complaints.seen(work_of(session, SELLER), it.id)
    take(session, it, "accept", OFFICER)

    for person in (BUYER, SELLER, OFFICER, SUPERVISOR):
        found = complaints.listed(work_of(session, person), state="answering", category="other",
                                  open_only=True, limit=9)  # fmt: skip
        assert [each.id for each in found.items] == [it.id]
    assert before == []
    assert complaints.listed(work_of(session, STRANGER), limit=9).items == []
    with pytest.raises(NotFound):
        complaints.seen(work_of(session, STRANGER), it.id)
    with pytest.raises(NotFound):
        complaint_rows.find(session, "cmp_none")


def test_what_concerns_the_exchange_is_not_seen_there_before_it_is_taken_up(
    session: Session,
) -> None:
    it = made(session, about=About.PLATFORM, subject_id=None)
    before = complaints.listed(work_of(session, OFFICER), limit=9).items

    take(session, it, "accept", SUPERVISOR)

    assert before == []
    assert [each.id for each in complaints.listed(work_of(session, OFFICER), limit=9).items] == [
        it.id
    ]


def test_what_cannot_be_complained_of_is_refused_with_every_reason(session: Session) -> None:
    product, order = make.listed(session), make.accepted(session)
    made(session)
    rules = work_of(session, BUYER, at=NOW)

    with pytest.raises(StepRefused) as again:
        made(session)
    with pytest.raises(StepRefused) as own:
        made(session, person=SELLER, about=About.PRODUCT, subject_id=product.id)
    with pytest.raises(StepRefused) as named:
        made(session, about=About.ORDER, subject_id=order.id, hidden=True)
    for bad in ({"subject_id": "org_buyer"}, {"said": "  ", "category": Category.MISCONDUCT}):
        with pytest.raises(Invalid):
            made(session, **bad)
    with pytest.raises(Invalid):
        made(session, person=OFFICER, about=About.ORDER, subject_id=order.id)
    with pytest.raises(NotFound):
        made(session, person=STRANGER, about=About.ORDER, subject_id=order.id)
    with pytest.raises(NotFound):
        made(session, about=About.PRODUCT, subject_id="prd_none")
    with pytest.raises(StepNotAllowed):
        made(session, person="per_exchange_admin")

    assert codes(again) == ["COMPLAINED_ALREADY"]
    assert codes(own) == ["OF_ONESELF"]
    assert codes(named) == ["CANNOT_BE_HIDDEN"]
    assert rules.rules.number("aftercare.complaints_open_max") > 1


def test_who_complains_too_much_waits(session: Session) -> None:
    few = Rules(RULES.version, {"aftercare": {"complaints_open_max": 1}})
    made(session)

    with pytest.raises(StepRefused) as refused:
        complaining.file(
            work_of(session, BUYER, rules=few),
            Grievance(about=About.PLATFORM, category=Category.OTHER, said="排队过久"),
        )

    assert codes(refused) == ["TOO_MANY_COMPLAINTS"]


def test_each_party_of_an_order_complains_of_the_other(session: Session) -> None:
    order = make.accepted(session)

    of_seller = made(session, about=About.ORDER, subject_id=order.id)
    of_buyer = made(session, person=SELLER, about=About.ORDER, subject_id=order.id)

    assert of_seller.respondent_id == order.seller_id
    assert of_buyer.respondent_id == order.buyer_id


def test_a_complaint_about_an_order_becomes_a_dispute(session: Session) -> None:
    order, plain = make.accepted(session), made(session)
    it = made(session, about=About.ORDER, subject_id=order.id)
    claim = Claim(ground=Ground.QUALITY, said="缺三个站点", wanted=Remedy.REFUND)
    buyer = work_of(session, BUYER, at=NOW)
    with pytest.raises(StepRefused) as refused:
        complaining.dispute(buyer, plain.id, claim)
    take(session, it, "accept", OFFICER)
    with pytest.raises(StepNotAllowed):
        complaining.dispute(work_of(session, SELLER, at=NOW), it.id, claim)

    raised = complaining.dispute(buyer, it.id, claim)
    session.flush()

    assert codes(refused) == ["NO_ORDER"]
    assert (it.state, it.dispute_id) == (State.CLOSED, raised.id)
    assert disputes.find(session, raised.id).order_id == order.id


def test_officers_near_a_side_pass_it_on(session: Session) -> None:
    it = made(session)
    own = work_of(session, OFFICER, at=NOW)
    near = replace(own, actor=replace(own.actor, organisation="org_developer"))

    refused = LIFE.refusals("accept", it, near)

    assert [each.code for each in refused] == ["NOT_IMPARTIAL"]
    assert LIFE.refusals("pass_on", it, near) == ()


def test_an_officer_near_a_side_does_not_take_the_case_over(session: Session) -> None:
    it = grievances.answered(session, made(session))
    own = work_of(session, "per_exchange_approver", at=NOW)
    actor = replace(own.actor, organisation="org_developer", duties=frozenset(Duty))
    near = replace(own, actor=actor)

    with pytest.raises(StepRefused) as refused:
        complaining.take_over(near, it.id)

    assert codes(refused) == ["NOT_IMPARTIAL"]
    assert it.handler == OFFICER


def test_evidence_is_taken_until_the_outcome_is_told(session: Session) -> None:
    it = grievances.resolved(session, made(session))

    with pytest.raises(StepRefused) as refused:
        complaining.show_evidence(work_of(session, BUYER), it.id, said="补充")
    with pytest.raises(StepNotAllowed):
        complaining.show_evidence(work_of(session, OFFICER), it.id, said="补充")

    assert codes(refused) == ["EVIDENCE_CLOSED"]
    assert papers.of(session, it.id) == []


def test_a_finding_is_one_of_the_known(session: Session) -> None:
    it = grievances.answered(session, made(session))

    with pytest.raises(Invalid), session.begin_nested():
        take(session, it, "resolve", OFFICER, finding="maybe", outcome="再议")


def test_where_there_is_no_exchange_nobody_complains_of_it(
    session: Session,
) -> None:
    organisations.find(session, "org_exchange").state = organisations.State.RESTRICTED
    session.flush()

    with pytest.raises(Invalid):
        made(session, about=About.PLATFORM, subject_id=None)


def test_the_figures_count_what_was_upheld_rated_and_late(session: Session) -> None:
    product = make.listed(session)
    rated = grievances.resolved(session, made(session))
    take(session, rated, "rate", BUYER, level="2")
    grievances.resolved(session, made(session, category=Category.FALSE_LISTING), "unfounded")
    made(session, about=About.PRODUCT, subject_id=product.id)
    refused = made(session, person=STRANGER)
    take(session, refused, "refuse", OFFICER, reason="不属受理范围")
    later = work_of(session, SUPERVISOR, at=NOW + timedelta(days=30))

    found = complaint_figures.figures(later)

    total = found.total
    assert (total.filed, total.open, total.refused, total.decided) == (4, 2, 1, 2)
    assert (total.upheld_bp, total.satisfied_bp) == (5_000, 0)
    assert {each.code: each.filed for each in found.categories} == {"other": 3, "false_listing": 1}
    assert {each.code: each.filed for each in found.subjects} == {"merchant": 3, "product": 1}
    assert [each.code for each in found.respondents] == [product.owner_id]
    kept = {each.key: (each.ran, each.late) for each in found.clocks}
    assert kept["clocks.complaint_acceptance"] == (4, 1)
    assert kept["clocks.complaint_urgent"] == (0, 0)


def test_the_figures_are_for_overseers_and_a_period_has_an_end(session: Session) -> None:
    day = NOW.date()
    empty = complaint_figures.figures(work_of(session, SUPERVISOR, at=NOW), since=day, until=day)

    with pytest.raises(StepNotAllowed):
        complaint_figures.figures(work_of(session, BUYER, at=NOW))
    with pytest.raises(Invalid):
        complaint_figures.figures(
            work_of(session, OFFICER, at=NOW), since=day, until=day - timedelta(days=1)
        )

    assert (empty.total.filed, empty.total.upheld_bp, empty.total.satisfied_bp) == (0, None, None)
