import pytest

from kernel.actor import SYSTEM
from kernel.errors import StepNotAllowed
from marketplace import access, products
from tests.conftest import WorkAs, actor_of


@pytest.mark.parametrize(
    ("person", "sees"),
    [
        ("per_hub_supervisor", True),
        ("per_exchange_listing", True),
        ("per_exchange_auditor", True),
        ("per_exchange_admin", False),
        ("per_hub_officer", False),
        ("per_buyer_signer", False),
    ],
)
def test_who_oversees_sees_everything(person: str, sees: bool) -> None:
    assert access.oversees(actor_of(person)) is sees


def test_the_house_itself_sees_everything() -> None:
    assert access.oversees(SYSTEM)


def test_a_command_is_for_those_whom_it_names(work_as: WorkAs) -> None:
    access.require(work_as("per_developer_editor"), products.merchant, None, "product.create")

    with pytest.raises(StepNotAllowed, match=r"product\.create is for merchant"):
        access.require(work_as("per_buyer_editor"), products.merchant, None, "product.create")
