import pytest
from sqlalchemy.orm import Session

from kernel.errors import NotFound, StepNotAllowed
from settlement import access
from settlement.entries import AccountRef
from tests.conftest import RULES, WorkAs, actor_of

OWN = AccountRef("2202.merchant", "org_developer")


@pytest.mark.parametrize(
    ("person", "may"),
    [
        ("per_exchange_settler", True),
        ("per_exchange_auditor", True),
        ("per_exchange_compliance", True),
        ("per_hub_supervisor", True),
        ("system", True),
        ("per_exchange_admin", False),
        ("per_exchange_listing", False),
        ("per_hub_officer", False),
        ("per_buyer_editor", False),
    ],
)
def test_who_oversees_is_known_by_role_and_duty(person: str, may: bool) -> None:
    assert access.oversees(actor_of(person)) is may


def test_an_account_is_read_by_whose_money_it_is(session: Session, work_as: WorkAs) -> None:
    access.require_account(work_as("per_developer_editor"), OWN)
    access.require_account(work_as("per_exchange_auditor"), OWN)
    access.require_account(work_as("per_exchange_auditor"), AccountRef("2221.vat"))


@pytest.mark.parametrize(
    ("person", "ref"),
    [
        ("per_buyer_editor", OWN),
        ("per_developer_editor", AccountRef("2241.escrow", "org_developer")),
        ("per_developer_editor", AccountRef("2202.nothing", "org_developer")),
        ("per_exchange_auditor", AccountRef("none")),
    ],
)
def test_other_accounts_are_hidden_as_if_they_were_not(
    work_as: WorkAs, person: str, ref: AccountRef
) -> None:
    with pytest.raises(NotFound):
        access.require_account(work_as(person), ref)


def test_who_is_not_named_is_told_whom_it_is_for(work_as: WorkAs) -> None:
    access.require(work_as("per_exchange_settler"), access.settler, "x")

    with pytest.raises(StepNotAllowed) as told:
        access.require(work_as("per_exchange_auditor"), access.settler, "x")

    assert "settlement_officer" in str(told.value)


def test_the_treasury_is_that_of_the_jurisdiction() -> None:
    assert access.treasury(RULES) == "treasury:430000"
