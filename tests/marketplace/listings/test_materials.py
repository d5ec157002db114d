from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.story.entry import paper
from kernel.clock import local_date
from kernel.errors import Invalid, NotFound, StepNotAllowed
from kernel.parties import relations
from kernel.parties.contents import ContentBroken
from kernel.parties.relations import Kind, Other
from marketplace import listing, products, versions
from marketplace.listings import judging, materials, months
from marketplace.listings.materials import Filed, Material, Paper
from marketplace.products import State
from marketplace.shelving import endings
from tests.conftest import NOON, WorkAs, work_of
from tests.marketplace import make

TODAY = local_date(NOON)
MERCHANT = "per_developer_editor"
SAID = "数据由本公司自有业务产生，取得方式合法，未混入其他来源。"


def handed(**changes: Any) -> Paper:
    said: dict[str, Any] = {"name": "a.pdf", "content": paper("proof"), "issued_on": TODAY}
    return Paper(**{**said, **changes})


def lacking(session: Session, product: products.Product, at: Any = NOON) -> list[str]:
    """Return what is missing but for what the cast's merchants show of all that they list."""
    work = work_of(session, MERCHANT, at=at)
    version = versions.find(session, product.current_version_id)
    case = listing.offered(version, product.owner_id, work)
    own = tuple(each for each in case.papers if each.product_id is not None)
    return [kind.value for kind in judging.lacking(replace(case, papers=own), work)]


def broken(session: Session, product: products.Product, at: Any = NOON) -> list[str]:
    work = work_of(session, MERCHANT, at=at)
    version = versions.find(session, product.current_version_id)
    found = listing.refusals(version, product.owner_id, work)
    return [f"{each.rule} {each.code}" for each in found]


def test_a_file_is_kept_sealed_and_read_on_record(session: Session, work_as: WorkAs) -> None:
    made = materials.file(work_as(MERCHANT), Material.SOURCE_PROOF, handed())
    session.flush()

    found, content = materials.opened(work_as("per_exchange_compliance"), made.id)

    assert (found.id, content) == (made.id, paper("proof"))
    assert paper("proof") not in (made.sealed or b"")


def test_bytes_that_are_not_those_that_were_filed_are_not_handed_out(
    session: Session, work_as: WorkAs
) -> None:
    made = materials.file(work_as(MERCHANT), Material.SOURCE_PROOF, handed())
    made.sealed = work_as(MERCHANT).crypto.seal(paper("another"), b"elsewhere")
    session.flush()

    with pytest.raises(ContentBroken):
        materials.opened(work_as("per_exchange_compliance"), made.id)


def test_a_strangers_document_is_answered_like_none(session: Session, work_as: WorkAs) -> None:
    made = materials.state(work_as(MERCHANT), Material.SOURCE_STATEMENT, SAID)
    session.flush()

    with pytest.raises(NotFound):
        materials.seen(work_as("per_other_editor"), made.id)
    with pytest.raises(NotFound, match="no file"):
        materials.opened(work_as(MERCHANT), made.id)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"content": b"<html>"}, "/file"),
        ({"issued_on": TODAY + timedelta(days=1)}, "/issued_on"),
        ({"valid_to": TODAY - timedelta(days=1)}, "/valid_to"),
    ],
)
def test_what_is_no_good_document_is_refused(
    work_as: WorkAs, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as error:
        materials.file(work_as(MERCHANT), Material.PIPIA, handed(**changes))

    assert error.value.pointer == pointer


def test_a_legal_opinion_is_good_for_a_year(work_as: WorkAs) -> None:
    plain = materials.file(work_as(MERCHANT), Material.LEGAL_OPINION, handed())
    shorter = handed(valid_to=TODAY + timedelta(days=9))
    short = materials.file(work_as(MERCHANT), Material.LEGAL_OPINION, shorter)
    old = handed(issued_on=date(2025, 6, 30))

    assert plain.valid_to == months.later(TODAY, 12)
    assert short.valid_to == TODAY + timedelta(days=9)
    with pytest.raises(Invalid, match="no longer"):
        materials.file(work_as(MERCHANT), Material.LEGAL_OPINION, old)


def test_a_month_that_is_shorter_ends_on_its_last_day() -> None:
    assert months.later(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert months.later(date(2026, 12, 1), 24) == date(2028, 12, 1)


def test_a_statement_says_something(work_as: WorkAs) -> None:
    with pytest.raises(Invalid, match="at least"):
        materials.state(work_as(MERCHANT), Material.SOURCE_STATEMENT, "合法")
    with pytest.raises(Invalid, match="a file"):
        materials.state(work_as(MERCHANT), Material.PIPIA, SAID)


def test_only_its_merchant_files_for_a_product(session: Session, work_as: WorkAs) -> None:
    made = make.draft(session)

    with pytest.raises(NotFound):
        materials.state(
            work_as("per_other_editor"), Material.SOURCE_STATEMENT, SAID, product_id=made.id
        )
    with pytest.raises(StepNotAllowed):
        materials.state(work_as("per_exchange_admin"), Material.SOURCE_STATEMENT, SAID)


def test_a_promise_has_its_day_and_is_made_once(session: Session, work_as: WorkAs) -> None:
    made, work = make.draft(session), work_as(MERCHANT)
    last = work.calendar.due(TODAY, 20).date

    def promise(kind: Material, due_on: date) -> Filed:
        return materials.promise(work, kind, due_on, SAID, product_id=made.id)

    for kind, due_on, pointer in (
        (Material.PIPIA, last, "/kind"),
        (Material.QUALITY_REPORT, TODAY, "/due_on"),
        (Material.QUALITY_REPORT, last + timedelta(days=1), "/due_on"),
    ):
        with pytest.raises(Invalid) as error:
            promise(kind, due_on)
        assert error.value.pointer == pointer
    assert promise(Material.QUALITY_REPORT, last).due_on == last
    with pytest.raises(Invalid, match="promised before"):
        promise(Material.QUALITY_REPORT, last)


def test_a_product_needs_what_its_data_asks_for(session: Session) -> None:
    harmless = make.draft(session)
    personal = make.draft(session, grade="G3", pi_class="ordinary", delivery_mode="in_domain")
    public = products.create(work_of(session, MERCHANT), **make.public_content(session))

    three = ["source_statement", "source_proof", "compliance_statement"]
    assert lacking(session, harmless) == three
    assert lacking(session, personal) == [
        *three, "legal_opinion", "security_assessment", "pipia"
    ]  # fmt: skip
    assert lacking(session, public) == [three[0], three[2]]


def test_an_opinion_may_come_later_for_harmless_data_of_ones_own_alone(
    session: Session, work_as: WorkAs
) -> None:
    def promised(**changes: Any) -> list[str]:
        made = make.draft(session, **changes)
        due_on = TODAY + timedelta(days=5)
        materials.promise(
            work_as(MERCHANT), Material.LEGAL_OPINION, due_on, SAID, product_id=made.id
        )
        return broken(session, made)

    assert promised() == []
    assert promised(grade="G2") == ["L-19 MATERIAL_MISSING"]


def test_a_report_of_quality_may_be_promised(session: Session, work_as: WorkAs) -> None:
    made = make.draft(session, quality={"completeness": 99})
    for kind in materials.STATED:
        materials.state(work_as(MERCHANT), kind, SAID, product_id=made.id)
    materials.file(work_as(MERCHANT), Material.SOURCE_PROOF, handed(), product_id=made.id)
    before = lacking(session, made)

    due_on = TODAY + timedelta(days=5)
    materials.promise(work_as(MERCHANT), Material.QUALITY_REPORT, due_on, SAID, product_id=made.id)

    assert (before, lacking(session, made)) == (["quality_report"], [])
    later = make.days_later(6)
    assert lacking(session, made, at=later) == ["quality_report"]


def test_i_15_a_listed_product_whose_document_runs_out_is_suspended(
    session: Session, work_as: WorkAs
) -> None:
    made = make.listed(session)
    beside = make.listed(session)
    short = handed(valid_to=date(2026, 7, 20))
    materials.file(work_as(MERCHANT), Material.SOURCE_PROOF, short, product_id=made.id)
    session.flush()

    on_time = endings.suspend_unbacked(work_as("system", at=make.days_later(19)), limit=9)
    too_late = endings.suspend_unbacked(work_as("system", at=make.days_later(20)), limit=9)

    assert (on_time, too_late) == (0, 1)
    assert (made.state, beside.state) == (State.SUSPENDED, State.LISTED)


def test_i_17_what_a_relative_drew_up_bars_the_listing(session: Session, work_as: WorkAs) -> None:
    made = make.draft(session)
    for day, issuer in enumerate(("org_operator", "org_other")):
        work = work_as(MERCHANT, at=make.days_later(day))
        materials.file(work, Material.PIPIA, handed(issuer_id=issuer), product_id=made.id)
        assert broken(session, made) == []
    other = Other(name="演示·旁人公司", uscc="91330100799655058B")
    relations.declare(work_as("per_exchange_compliance"), "org_developer", Kind.DECLARED, other)
    session.flush()

    assert broken(session, made) == ["L-21 ISSUER_RELATED"]


def test_a_document_never_changes(session: Session, work_as: WorkAs) -> None:
    materials.state(work_as(MERCHANT), Material.SOURCE_STATEMENT, SAID)
    session.commit()

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text("UPDATE product_materials SET said = 'x'"))
