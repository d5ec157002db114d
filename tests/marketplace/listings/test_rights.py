from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.story.entry import paper
from kernel.clock import local_date
from kernel.errors import Invalid, NotFound
from marketplace import listing, products, versions
from marketplace.listings import materials, months, rights
from marketplace.listings.materials import Material, Paper
from marketplace.listings.rights import Granted, Right
from marketplace.products import Product, State
from marketplace.shelving import endings
from tests.conftest import NOON, WorkAs, work_of
from tests.marketplace import make

TODAY = local_date(NOON)
MERCHANT = "per_developer_editor"


def bought(session: Session, person: str = MERCHANT, **changes: Any) -> Product:
    said = make.content(source_kind="purchased", **changes)
    made = products.create(work_of(session, person), **said)
    session.flush()
    return made


def basis(work: Any, product: Product) -> str:
    handed = Paper("合同.pdf", paper("contract"), TODAY)
    return materials.file(work, Material.RIGHTS_BASIS, handed, product_id=product.id).id


def granted(work: Any, product: Product, **changes: Any) -> Granted:
    said: dict[str, Any] = {
        "source": "气象观测",
        "right": Right.OPERATE,
        "grantor_name": "演示·观测站",
        "basis_id": changes.pop("basis_id", None) or basis(work, product),
        "regions": ("430000",),
        "valid_from": date(2026, 1, 1),
    }
    return Granted(**{**said, **changes})


def codes(session: Session, product: Product, at: Any = NOON) -> list[str]:
    work = work_of(session, MERCHANT, at=at)
    version = versions.find(session, product.current_version_id)
    return [each.code for each in listing.refusals(version, product.owner_id, work)]


def test_what_one_produced_one_may_operate(session: Session, work_as: WorkAs) -> None:
    made = make.draft(session)
    version = versions.find(session, made.current_version_id)

    (found,) = rights.effective(work_as(MERCHANT), version, made.owner_id)

    assert (found.there, found.until) == (True, None)


def test_i_18_every_input_needs_an_effective_right_to_operate(
    session: Session, work_as: WorkAs
) -> None:
    made, work = bought(session), work_as(MERCHANT)
    assert codes(session, made) == ["RIGHT_TO_OPERATE_MISSING"]

    rights.record(work, made.id, granted(work, made))
    assert codes(session, made) == []

    rights.record(work, made.id, granted(work, made, source="地形", right=Right.USE))
    assert codes(session, made) == ["RIGHT_TO_OPERATE_MISSING"]


@pytest.mark.parametrize(
    "changes",
    [
        {"right": Right.HOLD},
        {"regions": ("110000",)},
        {"valid_from": TODAY + timedelta(days=1)},
        {"valid_to": TODAY - timedelta(days=1)},
    ],
)
def test_a_right_that_does_not_reach_is_none(
    session: Session, work_as: WorkAs, changes: dict[str, Any]
) -> None:
    made, work = bought(session), work_as(MERCHANT)

    rights.record(work, made.id, granted(work, made, **changes))

    assert codes(session, made) == ["RIGHT_TO_OPERATE_MISSING"]


def test_i_18_a_listing_ends_with_the_right_behind_it(session: Session, work_as: WorkAs) -> None:
    made, work = bought(session), work_as(MERCHANT)
    rights.record(work, made.id, granted(work, made, valid_to=date(2026, 12, 31)))
    make.reviewed(session, made)
    products.take(work_as("system", at=make.AFTER_PUBLICITY), made.id, "list")
    own = make.listed(session)

    until = local_date(make.AFTER_PUBLICITY)
    assert made.valid_until == date(2026, 12, 31)
    assert own.valid_until == months.later(until, 24)
    assert endings.expire_due(work_as("system", at=make.days_later(182)), limit=9) == 0
    assert endings.expire_due(work_as("system", at=make.days_later(185)), limit=9) == 1
    assert (made.state, made.ended_as) == (State.DELISTED, "expired")


def test_a_right_that_is_ended_takes_its_product_down(session: Session, work_as: WorkAs) -> None:
    made, work = bought(session), work_as(MERCHANT)
    found = rights.record(work, made.id, granted(work, made))
    make.reviewed(session, made)
    later = make.AFTER_PUBLICITY
    products.take(work_as("system", at=later), made.id, "list")

    rights.end(work_as(MERCHANT, at=later), found.id, reason="合同解除")
    session.flush()
    suspended = endings.suspend_unbacked(work_as("system", at=later), limit=9)

    assert (suspended, made.state) == (1, State.SUSPENDED)
    with pytest.raises(Invalid, match="ended already"):
        rights.end(work_as(MERCHANT), found.id, reason="再次")


def test_only_holder_and_grantor_end_a_right(session: Session, work_as: WorkAs) -> None:
    made, work = bought(session), work_as(MERCHANT)
    found = rights.record(work, made.id, granted(work, made, grantor_id="org_other"))
    session.flush()

    with pytest.raises(NotFound):
        rights.end(work_as("per_buyer_editor"), found.id, reason="无关")
    rights.end(work_as("per_other_editor"), found.id, reason="收回")
    session.flush()

    assert codes(session, made) == ["RIGHT_TO_OPERATE_MISSING"]


def test_what_is_passed_on_stays_within_what_the_grantor_has(
    session: Session, work_as: WorkAs
) -> None:
    theirs, other = bought(session, "per_other_editor"), work_as("per_other_editor")
    own = rights.record(
        other, theirs.id,
        granted(other, theirs, sublicensable=True, valid_to=date(2026, 12, 31)),
    )  # fmt: skip
    session.flush()
    made, work = bought(session), work_as(MERCHANT)
    paper_id = basis(work, made)

    def pass_on(**changes: Any) -> rights.RightRecord:
        told: dict[str, Any] = {"valid_to": date(2026, 12, 31), "grantor_id": "org_other",
                                "parent_id": own.id, "basis_id": paper_id, **changes}  # fmt: skip
        return rights.record(work, made.id, granted(work, made, **told))

    for wider in (
        {"valid_to": None}, {"valid_to": date(2027, 1, 1)}, {"regions": ("110000",)},
        {"right": Right.USE}, {"valid_from": date(2025, 1, 1)}, {"grantor_id": "org_buyer"},
        {"parent_id": "rgt_none"},
    ):  # fmt: skip
        with pytest.raises(Invalid) as error:
            pass_on(**wider)
        assert error.value.pointer == "/parent_id"
    pass_on(regions=("430100",))
    pass_on()
    session.flush()
    assert codes(session, made) == []

    rights.end(other, own.id, reason="上家收回")
    session.flush()
    assert codes(session, made) == ["RIGHT_TO_OPERATE_MISSING"]


def test_a_right_rests_on_a_document_of_ones_own(session: Session, work_as: WorkAs) -> None:
    made, work = bought(session), work_as(MERCHANT)
    promised = materials.promise(
        work, Material.QUALITY_REPORT, TODAY + timedelta(days=5), "补交", product_id=made.id
    )
    session.flush()

    with pytest.raises(Invalid) as error:
        rights.record(work, made.id, granted(work, made, basis_id=promised.id))
    assert error.value.pointer == "/basis_id"
    with pytest.raises(NotFound):
        rights.record(work, made.id, granted(work, made, basis_id="mat_none"))
    with pytest.raises(Invalid) as ends:
        rights.record(work, made.id, granted(work, made, valid_to=date(2025, 1, 1)))
    assert ends.value.pointer == "/valid_to"
    with pytest.raises(NotFound):
        rights.record(work_as("per_other_editor"), made.id, granted(work, made))
