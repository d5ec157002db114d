import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel import watch
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from marketplace import admissions, boards, products
from marketplace.boarding import requests
from marketplace.boarding.requests import BoardRequest, State
from tests.conftest import NOON, WorkAs
from tests.marketplace import make

MERCHANT, CURATOR = "per_developer_editor", "per_exchange_listing"


def codes(error: pytest.ExceptionInfo[StepRefused]) -> set[str]:
    return {refusal.code for refusal in error.value.refusals}


def test_a_merchant_asks_and_the_curator_lets_in(session: Session, work_as: WorkAs) -> None:
    board, product = make.board(session), make.listed(session)

    asked = requests.file(work_as(MERCHANT), board.id, product.id, note="气象数据")
    session.flush()
    clock = watch.running(session, asked.id)
    requests.take(work_as(CURATOR), asked.id, "admit")
    session.flush()

    assert clock is not None
    assert (clock.key, asked.state) == ("clocks.board_admission", State.ADMITTED)
    assert boards.of(session, product.id) == [board]
    assert watch.running(session, asked.id) is None


def test_a_declined_product_hears_why_and_may_ask_again(session: Session, work_as: WorkAs) -> None:
    board, product = make.board(session), make.listed(session)
    asked = requests.file(work_as(MERCHANT), board.id, product.id)

    with pytest.raises(StepRefused) as without:
        requests.take(work_as(CURATOR), asked.id, "decline")
    requests.take(work_as(CURATOR), asked.id, "decline", reason="非气象数据")
    session.flush()
    again = requests.file(work_as(MERCHANT), board.id, product.id)
    withdrawn = requests.take(work_as(MERCHANT), again.id, "withdraw")

    assert codes(without) == {"ANSWER_NEEDED"}
    assert (asked.state, withdrawn.state) == (State.DECLINED, State.WITHDRAWN)
    assert boards.of(session, product.id) == []


def test_what_cannot_stand_there_is_refused_with_its_reason(
    session: Session, work_as: WorkAs
) -> None:
    board, product, draft = make.board(session), make.listed(session), make.draft(session)
    requests.file(work_as(MERCHANT), board.id, product.id)
    session.flush()

    with pytest.raises(StepRefused) as twice:
        requests.file(work_as(MERCHANT), board.id, product.id)
    with pytest.raises(StepRefused) as unlisted:
        requests.file(work_as(MERCHANT), board.id, draft.id)
    session.expunge_all()

    assert codes(twice) == {"ASKED_ALREADY"}
    assert codes(unlisted) == {"NOT_LISTED"}


def test_what_stands_there_already_does_not_ask(session: Session, work_as: WorkAs) -> None:
    board, product = make.board(session), make.listed(session)
    admissions.admit(work_as(CURATOR), board.id, product.id)

    with pytest.raises(StepRefused) as there:
        requests.file(work_as(MERCHANT), board.id, product.id)

    assert codes(there) == {"ON_BOARD_ALREADY"}
    assert requests.candidates(work_as(MERCHANT), board.id, limit=5) == []


def test_only_the_owner_asks_and_only_the_curator_answers(
    session: Session, work_as: WorkAs
) -> None:
    board, product = make.board(session), make.listed(session)
    asked = requests.file(work_as(MERCHANT), board.id, product.id)

    with pytest.raises(StepNotAllowed):
        requests.file(work_as("per_buyer_editor"), board.id, product.id)
    with pytest.raises(StepNotAllowed):
        requests.take(work_as(MERCHANT), asked.id, "admit")
    with pytest.raises(NotFound):
        requests.take(work_as("per_buyer_editor"), asked.id, "admit")
    with pytest.raises(NotFound):
        requests.find(session, "brq_none")


def test_a_product_that_was_taken_down_meanwhile_is_not_let_in(
    session: Session, work_as: WorkAs
) -> None:
    board, product = make.board(session), make.listed(session)
    asked = requests.file(work_as(MERCHANT), board.id, product.id)
    products.take(work_as("per_exchange_compliance"), product.id, "suspend", reason="核查")

    barred = requests.answer_all(work_as(CURATOR), [asked.id, "brq_none"], "admit")

    assert [each.subject_id for each in barred] == [asked.id, "brq_none"]
    assert {one.code for one in barred[0].error.refusals} == {"NOT_LISTED"}
    assert asked.state == State.ASKED


def test_many_ask_and_are_answered_together(session: Session, work_as: WorkAs) -> None:
    board, first, last = make.board(session), make.listed(session), make.listed(session)

    candidates = requests.candidates(work_as(MERCHANT), board.id, limit=5)
    barred = requests.file_all(work_as(MERCHANT), board.id, [first.id, "prd_none", last.id])
    page = requests.listed(
        work_as(CURATOR), board_id=board.id, state=State.ASKED, after=None, limit=5
    )
    left = requests.answer_all(work_as(CURATOR), [each.id for each in page.items], "admit")

    assert {each.id for each in candidates} == {first.id, last.id}
    assert [each.subject_id for each in barred] == ["prd_none"]
    assert left == []
    assert admissions.on(session, board.id, [first.id, last.id]) == {first.id, last.id}
    assert requests.waiting(session, board.id, [first.id, last.id]) == set()


def test_a_sitting_has_its_bounds(work_as: WorkAs) -> None:
    many = ["x"] * (requests.TOGETHER_MAX + 1)

    with pytest.raises(Invalid):
        requests.file_all(work_as(MERCHANT), "brd_none", many)
    with pytest.raises(Invalid):
        requests.answer_all(work_as(CURATOR), many, "admit")


def test_strangers_see_no_requests(session: Session, work_as: WorkAs) -> None:
    board, product = make.board(session), make.listed(session)
    requests.file(work_as(MERCHANT), board.id, product.id)

    seen = {
        person: len(requests.listed(work_as(person), after=None, limit=5).items)
        for person in (MERCHANT, CURATOR, "per_buyer_editor")
    }

    assert seen == {MERCHANT: 1, CURATOR: 1, "per_buyer_editor": 0}


def test_the_database_keeps_one_open_request_each(session: Session) -> None:
    board, product = make.board(session), make.listed(session)
    session.flush()
    for number in range(2):
        session.add(
            BoardRequest(
                id=f"brq_{number}",
                state=State.ASKED,
                board_id=board.id,
                product_id=product.id,
                merchant_id="org_developer",
                curator_id="org_exchange",
                note="",
                asked_at=NOON,
            )
        )

    with pytest.raises(IntegrityError):
        session.flush()
