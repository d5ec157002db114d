from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel import journal, watch
from kernel.errors import NotFound, StepNotAllowed, StepRefused
from kernel.parties import organisations, relations
from kernel.parties.organisations import NotActive
from kernel.parties.people import Membership
from kernel.words import Words
from licensing import authorisations
from marketplace import admissions, products, versions
from marketplace.products import Product, State
from marketplace.standing import falls
from tests.conftest import WorkAs, work_of
from tests.licensing import grants
from tests.marketplace import make


def codes(error: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


def submitted(session: Session, **changes: Any) -> Product:
    made = make.draft(session, **changes)
    return products.take(work_of(session, "per_developer_editor"), made.id, "submit")


def in_publicity(session: Session) -> Product:
    return make.reviewed(session, make.draft(session))


def test_a_product_goes_from_draft_to_the_listing(session: Session) -> None:
    made = make.listed(session)
    session.flush()

    events = [event.kind for event in journal.history(session, made.id, limit=20)]
    assert made.state == State.LISTED
    assert made.code == "DP-000001"
    assert made.listing_cert_no == "LC-2026-000001"
    assert made.listed_at == make.AFTER_PUBLICITY
    assert events == [
        "product.created",
        "product.submitted",
        "product.formally_passed",
        "product.compliant",
        "product.security_passed",
        "product.listed",
    ]


def test_codes_count_up(session: Session) -> None:
    first, second = make.draft(session), make.draft(session)

    assert (first.code, second.code) == ("DP-000001", "DP-000002")


def test_only_a_merchant_writes_products(work_as: WorkAs) -> None:
    with pytest.raises(StepNotAllowed, match="merchant"):
        products.create(work_as("per_buyer_editor"), **make.content())


def test_a_restricted_merchant_begins_nothing(session: Session, work_as: WorkAs) -> None:
    organisations.find(session, "org_developer").state = organisations.State.RESTRICTED

    with pytest.raises(NotActive):
        products.create(work_as("per_developer_editor"), **make.content())


def test_a_restricted_merchant_submits_nothing(session: Session, work_as: WorkAs) -> None:
    made = make.draft(session)
    organisations.find(session, "org_developer").state = organisations.State.RESTRICTED

    with pytest.raises(StepRefused) as refused:
        products.take(work_as("per_developer_editor"), made.id, "submit")

    assert codes(refused) == ["ORG_RESTRICTED"]


def test_a_revision_is_a_further_version(session: Session, work_as: WorkAs) -> None:
    made = make.draft(session)
    work = work_as("per_developer_editor")

    products.revise(work, made.id, title_zh="逐日降雨指数（新）")

    found = versions.of(session, made.id)
    assert [version.number for version in found] == [2, 1]
    assert [version.title_zh for version in found] == ["逐日降雨指数（新）", "逐日降雨指数"]
    assert products.show(work, made.id) == (made, found[0])
    assert found[0].intro == found[1].intro


def test_what_is_under_review_is_not_revised(session: Session, work_as: WorkAs) -> None:
    made = submitted(session)

    with pytest.raises(StepRefused) as refused:
        products.revise(work_as("per_developer_editor"), made.id, title_zh="别的")

    assert codes(refused) == ["ILLEGAL_TRANSITION"]


def test_i_16_a_version_never_changes(session: Session) -> None:
    made = make.draft(session)
    session.commit()

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(
            text("UPDATE product_versions SET grade = 'G1' WHERE product_id = :id"),
            {"id": made.id},
        )


def test_one_person_does_not_make_both_reviews(session: Session, work_as: WorkAs) -> None:
    made = submitted(session)
    both = work_as("per_exchange_listing")
    products.take(both, made.id, "pass_formal")

    with pytest.raises(StepNotAllowed):
        products.take(both, made.id, "pass_compliance")


def test_i_17_nobody_reviews_what_is_its_own_or_a_relatives(
    session: Session, work_as: WorkAs
) -> None:
    made, own = submitted(session), submitted(session)
    officer = work_as("per_exchange_listing")
    session.add(Membership(person_id=officer.actor.person, organisation_id="org_other", duties=[]))
    session.flush()
    elsewhere = products.LIFE.refusals("pass_formal", made, officer)
    other = relations.Other(name="演示·旁人公司", uscc="91330100799655058B")
    declared = work_as("per_exchange_compliance")
    relations.declare(declared, "org_developer", kind=relations.Kind.DECLARED, other=other)
    session.flush()

    with pytest.raises(StepRefused) as refused:
        products.take(officer, made.id, "pass_formal")

    assert elsewhere == ()
    assert codes(refused) == ["NOT_IMPARTIAL"]
    colleague = replace(declared, actor=replace(officer.actor, person="per_exchange_approver"))
    products.take(colleague, own.id, "pass_formal")


def test_four_eyes_are_persons_not_duties(session: Session, work_as: WorkAs) -> None:
    made = submitted(session)
    listing = work_as("per_exchange_listing")
    products.take(listing, made.id, "pass_formal")
    compliance = work_as("per_exchange_compliance")
    same = type(compliance.actor)(
        listing.actor.person,
        compliance.actor.organisation,
        compliance.actor.roles,
        compliance.actor.duties,
    )

    offers = products.LIFE.refusals(
        "pass_compliance", made, type(compliance)(*(_swapped(compliance, same)))
    )

    assert [refusal.code for refusal in offers] == ["FOUR_EYES"]


def _swapped(work: Any, actor: Any) -> tuple[Any, ...]:
    return (work.session, actor, work.now, work.rules, work.calendar, work.crypto)


def test_an_officer_waits_for_the_end_of_publicity(session: Session, work_as: WorkAs) -> None:
    made = in_publicity(session)

    with pytest.raises(StepRefused) as refused:
        products.take(work_as("per_exchange_listing", at=make.days_later(1)), made.id, "list")

    assert codes(refused) == ["PUBLICITY_RUNNING"]


def test_after_publicity_the_house_lists_by_itself(session: Session) -> None:
    made = in_publicity(session)

    clock = watch.running(session, made.id)

    assert clock is not None
    assert (clock.life, clock.overdue_step) == ("product", "list")


def test_an_officer_lists_after_publicity(session: Session, work_as: WorkAs) -> None:
    made = in_publicity(session)

    products.take(work_as("per_exchange_listing", at=make.AFTER_PUBLICITY), made.id, "list")

    assert made.state == State.LISTED


def test_a_return_keeps_the_product_as_a_draft(session: Session, work_as: WorkAs) -> None:
    made = submitted(session)

    products.take(
        work_as("per_exchange_listing"),
        made.id,
        "return",
        reason="样例不清楚",
        supplement=["sample"],
    )

    assert made.state == State.DRAFT


def test_a_rejection_names_its_kind(session: Session, work_as: WorkAs) -> None:
    made = submitted(session)
    officer = work_as("per_exchange_listing")

    with pytest.raises(StepRefused) as refused:
        products.take(officer, made.id, "reject", reason="来源不明")
    products.take(officer, made.id, "reject", reason="来源不明", reason_code="R-SOURCE")

    assert codes(refused) == ["ANSWER_NEEDED"]
    assert made.state == State.REJECTED


def test_a_resumed_product_keeps_its_certificate(session: Session, work_as: WorkAs) -> None:
    made = make.listed(session)
    products.take(work_as("per_developer_editor"), made.id, "suspend", reason="维护")
    later = work_as("per_exchange_compliance", at=make.days_later(40))

    products.take(later, made.id, "resume", reason="已恢复")

    assert made.listing_cert_no == "LC-2026-000001"
    assert made.listed_at == later.now


def test_a_draft_is_not_there_for_others(session: Session, work_as: WorkAs) -> None:
    made = make.draft(session)

    with pytest.raises(NotFound) as hidden:
        products.seen(work_as("per_other_editor"), made.id)
    with pytest.raises(NotFound) as missing:
        products.seen(work_as("per_other_editor"), "prd_none")

    assert hidden.value.en.replace(made.id, "x") == missing.value.en.replace("prd_none", "x")
    assert products.seen(work_as("per_exchange_auditor"), made.id) is made
    with pytest.raises(NotFound):
        products.seen(work_as("per_exchange_admin"), made.id)


def test_a_listed_product_is_there_for_everybody(session: Session, work_as: WorkAs) -> None:
    made = make.listed(session)

    assert products.seen(work_as("per_other_editor"), made.id) is made


def test_listed_products_are_found_by_words_industry_and_board(
    session: Session, work_as: WorkAs
) -> None:
    rain = make.listed(session)
    roads = make.listed(
        session,
        title_zh="道路流量",
        title_en="Road flow",
        intro="各路段逐时车流量汇总，用于交通调度与道路规划的参考数据。",
        industry="G",
    )
    board = make.board(session)
    admissions.admit(work_as("per_exchange_listing"), board.id, rain.id)
    session.flush()

    def found(**facets: Any) -> list[str]:
        page = products.listed(session, limit=10, **facets)
        return [product.current.title_en for product in page.items]

    assert sorted(found()) == ["Daily rain index", "Road flow"]
    assert found(text="降雨") == found(text="Ｒain INDEX") == ["Daily rain index"]
    assert found(text="雨") == ["Daily rain index"]
    assert found(text="降雪") == []
    assert found(text="。") == found()
    assert found(industry="G") == ["Road flow"]
    assert found(board=board.id) == ["Daily rain index"]
    assert found(text=roads.code) == ["Road flow"]


def test_a_list_goes_on_where_the_page_ended(session: Session) -> None:
    made = {make.listed(session).id for _ in range(3)}
    session.flush()

    first = products.listed(session, limit=2)
    second = products.listed(session, limit=2, after=first.next)

    assert {product.id for product in (*first.items, *second.items)} == made
    assert second.next is None


def test_i_23_versions_and_boards_do_not_multiply_what_is_listed(
    session: Session, work_as: WorkAs
) -> None:
    made = make.draft(session)
    make.draft(session)
    products.revise(work_as("per_developer_editor"), made.id, title_en="Rain index, daily")
    make.reviewed(session, made)
    products.take(work_as("system", at=make.AFTER_PUBLICITY), made.id, "list")
    for code in ("METEO", "FARM"):
        board = make.board(session, code)
        admissions.admit(work_as("per_exchange_listing"), board.id, made.id)
    session.flush()

    assert products.count_listed(session) == 1


def test_the_queue_is_for_those_who_oversee(session: Session, work_as: WorkAs) -> None:
    waiting = submitted(session)
    make.draft(session)
    session.flush()

    queued = products.queue(work_as("per_exchange_listing"), after=None, limit=10)
    nothing = products.queue(work_as("per_other_editor"), after=None, limit=10)

    assert [product.id for product in queued.items] == [waiting.id]
    assert nothing.items == []


def test_each_merchant_lists_its_own(session: Session, work_as: WorkAs) -> None:
    mine = make.draft(session)
    session.flush()

    own = products.own(work_as("per_developer_editor"), after=None, limit=10)
    others = products.own(work_as("per_other_editor"), after=None, limit=10)

    assert [product.id for product in own.items] == [mine.id]
    assert others.items == []


def test_what_is_in_publicity_is_public(session: Session, work_as: WorkAs) -> None:
    made = in_publicity(session)
    session.flush()

    page = products.in_publicity(session, after=None, limit=10)

    assert [product.id for product in page.items] == [made.id]
    assert not products.is_insider(work_as("per_other_editor"), made)


def test_i_33_a_suspended_authorisation_takes_its_products_off_the_shelf(
    session: Session, work_as: WorkAs
) -> None:
    under = make.listed(session, make.public_content(session))
    beside = make.listed(session)
    session.flush()

    falls.suspend_for(work_as("system"), under.current_version_id)  # no such authorisation
    session.flush()
    still = under.state
    granted = authorisations.live_of(session, "scn_weather")
    assert granted is not None
    falls.suspend_for(work_as("system"), granted.id)
    session.flush()
    falls.suspend_for(work_as("system"), granted.id)

    assert (still, under.state, beside.state) == (State.LISTED, State.SUSPENDED, State.LISTED)


def test_i_33_a_product_is_not_listed_when_its_authorisation_fell(
    session: Session, work_as: WorkAs
) -> None:
    said = make.public_content(session)
    made = products.create(work_as("per_developer_editor"), **said)
    make.reviewed(session, made)
    granted = authorisations.find(session, said["authorisation_id"] or "")
    grants.suspend(work_as("per_hub_supervisor"), granted)

    with pytest.raises(StepRefused) as refused:
        products.take(work_as("system", at=make.AFTER_PUBLICITY), made.id, "list")

    assert codes(refused) == ["AUTHORISATION_NOT_LIVE"]


def test_the_shortest_way_to_the_listing() -> None:
    assert products.LIFE.path_to(State.LISTED) == [
        "submit",
        "pass_formal",
        "pass_compliance",
        "pass_security",
        "list",
    ]


def test_a_product_without_a_date_cannot_be_listed_behind_the_back(session: Session) -> None:
    made = make.draft(session)
    session.commit()

    with pytest.raises(DBAPIError, match="listed_is_dated_and_certified"):
        session.execute(
            text("UPDATE products SET state = 'listed' WHERE id = :id"), {"id": made.id}
        )


def test_no_product_is_found_under_an_unknown_id(session: Session) -> None:
    with pytest.raises(NotFound):
        products.find(session, "prd_none")
    with pytest.raises(NotFound):
        versions.find(session, "prv_none")


def test_titles_are_told_in_both_languages(session: Session) -> None:
    made = make.draft(session)

    assert products.titles(session, [made.id, "prd_none"]) == {
        made.id: Words("逐日降雨指数", "Daily rain index")
    }
