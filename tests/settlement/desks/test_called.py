from kernel.money import Money
from settlement import payments
from settlement.desks import called
from tests.conftest import WorkAs


def test_a_record_is_called_by_its_number_and_what_has_none_by_nothing(work_as: WorkAs) -> None:
    work = work_as("system")
    asked = payments.instruct(work, order_id="ord_1", payer_id="org_buyer", amount=Money(100))
    work.session.flush()

    found = called.called(work.session, [asked.id, "pay_none", "bil_none", "ent_1", "treasury:43"])

    assert found == {asked.id: asked.reference}
