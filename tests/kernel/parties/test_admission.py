from datetime import date, timedelta
from typing import Any

import pytest

from kernel import journal
from kernel.actor import Role
from kernel.errors import Invalid, NotFound, StepRefused
from kernel.parties import admission, documents, organisations
from tests.conftest import NOON, WorkAs
from tests.kernel.parties import entry


def test_the_number_of_a_human_being_is_never_stored(work_as: WorkAs) -> None:
    made = entry.entered(work_as)
    entry.filed(work_as, made)
    work = entry.admin(work_as, made)

    found = admission.needed(work, made.id)
    events = journal.history(work.session, made.id, limit=20)
    told = str([event.data for event in events]) + str(vars(found))

    assert found.legal_rep_id_masked == "110105********002X"
    assert found.legal_rep_id_hash == work.crypto.mask("identity:11010519491231002X")
    assert "11010519491231002X" not in told
    assert "演示·法定代表人" not in str([event.data for event in events])


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"org_kind": "club"}, "/org_kind"),
        ({"established_on": date(2026, 7, 2)}, "/established_on"),
        ({"credit_declared": {}}, "/credit_declared"),
        ({"committed_until": date(2026, 6, 30)}, "/committed_until"),
        ({"committed_until": date(2026, 8, 31)}, "/committed_until"),
        ({"mlps_level": 3}, "/mlps_cert_no"),
        ({"legal_rep_id_number": "110105194912310021"}, "/legal_rep_id_number"),
        ({"legal_rep_id_number": "short"}, "/legal_rep_id_number"),
    ],
)
def test_a_file_says_what_can_be(work_as: WorkAs, facts: dict[str, Any], pointer: str) -> None:
    made = entry.entered(work_as)

    with pytest.raises(Invalid) as caught:
        entry.filed(work_as, made, **facts)

    assert caught.value.pointer == pointer
    assert "110105194912310021" not in str(caught.value.args)


def test_a_file_that_looks_odd_is_a_warning_and_a_human_decides(work_as: WorkAs) -> None:
    made = entry.entered(work_as)
    entry.filed(work_as, made, org_kind="institution", business_scope="餐饮服务")
    work = entry.admin(work_as, made)
    found = admission.needed(work, made.id)

    codes = [each.code for each in admission.warnings(made, found)]
    organisations.take(work, made.id, "submit")

    assert codes == ["ORG_KIND_MISMATCH", "SCOPE_WITHOUT_DATA"]
    assert made.state == organisations.State.UNDER_REVIEW


def test_a_buyer_needs_no_merchants_scope(work_as: WorkAs) -> None:
    made = entry.entered(work_as, roles=(Role.BUYER,))
    entry.filed(work_as, made, business_scope="保险", merchant_type=None)
    work = entry.admin(work_as, made)

    assert admission.warnings(made, admission.needed(work, made.id)) == ()
    organisations.take(work, made.id, "submit")


def test_there_is_no_file_before_it_is_written(work_as: WorkAs) -> None:
    with pytest.raises(NotFound):
        admission.needed(work_as("per_exchange_compliance"), "org_buyer")


def test_the_newest_document_of_a_type_is_in_force(work_as: WorkAs) -> None:
    made = entry.entered(work_as)
    work, later = (entry.admin(work_as, made, at=at) for at in (NOON, NOON + timedelta(seconds=1)))
    file = {"doc_type": "business_licence", "name": "执照.pdf"}

    documents.file(work, made.id, **file, content=entry.PAPER, valid_to=date(2026, 7, 1))
    second = documents.file(later, made.id, **file, content=entry.PAPER + b"2")  # type: ignore[arg-type]  # as written

    assert documents.shown(work, made.id) == {"business_licence": second}
    assert documents.wanting(work, made.id, {"merchant"}).role == ("security_plan",)


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"doc_type": "poem"}, "/doc_type"),
        ({"content": b"MZ a program"}, "/file"),
        ({"content": b"%PDF-" + b"0" * 1_400_000}, "/file"),
        ({"valid_to": date(2026, 6, 30)}, "/valid_to"),
    ],
)
def test_a_document_is_of_a_known_type_and_valid(
    work_as: WorkAs, given: dict[str, Any], pointer: str
) -> None:
    made = entry.entered(work_as)
    known: dict[str, Any] = {"doc_type": "credit_report", "name": "x", "content": entry.PAPER}

    with pytest.raises(Invalid) as caught:
        documents.file(entry.admin(work_as, made), made.id, **{**known, **given})

    assert caught.value.pointer == pointer


def test_a_document_that_is_over_is_wanting_again(work_as: WorkAs) -> None:
    made = entry.entered(work_as)
    entry.filed(work_as, made)
    work = entry.admin(work_as, made, at=NOON + timedelta(seconds=1))
    documents.file(
        work, made.id, doc_type="business_licence", name="x", content=entry.PAPER,
        valid_to=date(2026, 7, 1),
    )  # fmt: skip
    later = entry.admin(work_as, made, at=work.now.replace(day=2))

    with pytest.raises(StepRefused, match="business licence"):
        organisations.take(later, made.id, "submit")
    organisations.take(work, made.id, "submit")
