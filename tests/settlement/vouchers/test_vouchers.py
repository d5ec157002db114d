from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from kernel.parties import relations
from settlement import fsck, ledger
from settlement.ledger import AccountRef, Overdrawn
from settlement.vouchers import batches, eligibility, vouchers
from settlement.vouchers.batches import VoucherBatch
from settlement.vouchers.vouchers import State, Voucher
from tests.settlement.money import WorkAs, accepted, csv_of, kinds_of, line, paid, took
from tests.settlement.vouchers import gifts

NEXT_YEAR = datetime(2027, 1, 4, 4, tzinfo=UTC)
SUSPENSE = "2241.suspense"


def codes(refused: pytest.ExceptionInfo[StepRefused]) -> set[str]:
    return {refusal.code for refusal in refused.value.refusals}


@pytest.fixture
def batch(work_as: WorkAs) -> VoucherBatch:
    return gifts.opened(work_as)


@pytest.fixture
def voucher(work_as: WorkAs, batch: VoucherBatch) -> Voucher:
    return gifts.claimed(work_as, batch)


def test_a_batch_has_a_budget_only_when_another_officer_opened_it(
    session: Session, work_as: WorkAs
) -> None:
    maker = work_as("per_exchange_settler")
    made = batches.draft(maker, **gifts.terms())
    session.flush()

    with pytest.raises(StepRefused) as refused:
        batches.take(maker, made.id, "open")
    before = batches.standing(session, made)
    batches.take(work_as("per_exchange_checker"), made.id, "open")

    assert codes(refused) == {"FOUR_EYES"}
    assert before.available == Money(0)
    assert batches.standing(session, made).available == Money(3_000_000)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("face", Money(0)),
        ("budget", Money(99_999)),
        ("deduct_bp", 10_000),
        ("order_max", Money(0)),
        ("year_max", Money(79_999)),
        ("valid_to", date(2026, 6, 30)),
        ("roles", ["data_authority"]),
    ],
)
def test_terms_that_make_no_sense_are_named(work_as: WorkAs, field: str, wrong: object) -> None:
    with pytest.raises(Invalid) as refused:
        batches.draft(work_as("per_exchange_settler"), **gifts.terms(**{field: wrong}))

    assert refused.value.pointer == f"/{field}"


def test_only_settlement_officers_prepare_and_issue(work_as: WorkAs, batch: VoucherBatch) -> None:
    with pytest.raises(StepNotAllowed):
        batches.draft(work_as("per_buyer_signer"), **gifts.terms())
    with pytest.raises(StepNotAllowed):
        vouchers.issue(work_as("per_hub_supervisor"), batch.id, holder_id="org_buyer")


def test_no_more_is_issued_than_the_budget_holds(session: Session, work_as: WorkAs) -> None:
    small = gifts.opened(work_as, budget=Money(250_000))
    maker = work_as("per_exchange_settler")
    for _ in range(2):
        vouchers.issue(maker, small.id, holder_id="org_buyer")

    with pytest.raises(Overdrawn):
        vouchers.issue(maker, small.id, holder_id="org_buyer")

    assert batches.standing(session, small).available == Money(50_000)


def test_a_batch_that_is_closed_gives_nothing_more(work_as: WorkAs, batch: VoucherBatch) -> None:
    batches.take(work_as("per_exchange_settler"), batch.id, "close", reason="预算调整")

    with pytest.raises(StepRefused) as refused:
        vouchers.issue(work_as("per_exchange_settler"), batch.id, holder_id="org_buyer")

    assert codes(refused) == {"BATCH_NOT_OPEN"}


def test_a_batch_is_for_the_parties_and_regions_it_names(work_as: WorkAs) -> None:
    narrow = gifts.opened(work_as, roles=["developer"], regions=["430200"])
    maker = work_as("per_exchange_settler")

    with pytest.raises(StepRefused) as refused:
        vouchers.issue(maker, narrow.id, holder_id="org_buyer")
    with pytest.raises(StepRefused) as itself:
        vouchers.issue(maker, narrow.id, holder_id="org_hub")
    given_to = vouchers.issue(maker, narrow.id, holder_id="org_other")

    assert codes(refused) == {"HOLDER_ROLE", "HOLDER_REGION"}
    assert "SPONSOR_ITSELF" in codes(itself)
    assert given_to.state == State.ISSUED


def test_a_voucher_pays_the_least_of_face_limit_and_rate(batch: VoucherBatch) -> None:
    assert eligibility.part(batch, Money(300_000)) == Money(60_000)
    assert eligibility.part(batch, Money(399_999)) == Money(79_999)
    assert eligibility.part(batch, Money(9_000_000)) == Money(80_000)


@given(total=st.integers(1, 10**12), bp=st.integers(1, 9_999), face=st.integers(1, 10**9))
def test_a_voucher_never_pays_more_than_it_may(total: int, bp: int, face: int) -> None:
    made = VoucherBatch(face=Money(face), order_max=Money(face // 2 + 1), deduct_bp=bp)

    pays = eligibility.part(made, Money(total))

    assert Money(0) <= pays <= min(made.face, made.order_max)
    assert pays.minor * 10_000 <= total * bp
    assert pays < Money(total)


def test_an_order_takes_one_voucher_of_its_buyer_in_its_term(
    work_as: WorkAs, batch: VoucherBatch, voucher: Voucher
) -> None:
    second = gifts.claimed(work_as, batch)
    late = work_as("per_buyer_signer", at=NEXT_YEAR)
    gifts.locked(work_as, voucher)

    with pytest.raises(StepRefused) as stacked:
        gifts.locked(work_as, second)
    with pytest.raises(NotFound):
        vouchers.seen(work_as("per_other_editor"), second.id)
    with pytest.raises(StepRefused) as over:
        vouchers.lock(
            late,
            second.id,
            order_id="ord_2",
            seller_id="org_developer",
            total=Money(100),
            product_types=[],
        )

    assert (voucher.state, voucher.used) == (State.LOCKED, Money(60_000))
    assert codes(stacked) == {"NOT_STACKABLE"}
    assert codes(over) == {"VOUCHER_NOT_IN_TERM"}


def test_a_voucher_is_neither_for_relatives_nor_for_other_products(work_as: WorkAs) -> None:
    narrow = gifts.opened(work_as, product_types=["api"])
    voucher = gifts.claimed(work_as, narrow)
    relations.declare(
        work_as("system"),
        "org_buyer",
        relations.Kind.CONTROLS,
        relations.Other(name="演示·枫香科技", uscc="91430104MAA00003XP"),
    )

    with pytest.raises(StepRefused) as refused:
        gifts.locked(work_as, voucher, total=1)

    assert codes(refused) == {"RELATED_PARTY", "PRODUCT_NOT_COVERED", "NOTHING_TO_PAY"}


def test_the_year_has_a_limit(work_as: WorkAs, batch: VoucherBatch, voucher: Voucher) -> None:
    second, third = gifts.claimed(work_as, batch), gifts.claimed(work_as, batch)
    gifts.locked(work_as, voucher, "ord_1", 400_000)

    with pytest.raises(StepRefused) as refused:
        gifts.locked(work_as, second, "ord_2", 400_000)
    gifts.locked(work_as, third, "ord_2", 350_000)

    assert codes(refused) == {"YEAR_LIMIT"}
    assert third.used == Money(70_000)


def test_what_can_be_used_is_offered_with_what_it_pays(
    work_as: WorkAs, batch: VoucherBatch, voucher: Voucher
) -> None:
    gifts.locked(work_as, gifts.claimed(work_as, batch), "ord_9", 400_000)
    buyer = work_as("per_buyer_signer")

    offered = vouchers.usable(
        buyer, seller_id="org_developer", total=Money(300_000), product_types=["dataset"]
    )
    too_much = vouchers.usable(
        buyer, seller_id="org_developer", total=Money(400_000), product_types=["dataset"]
    )

    assert offered == [(voucher, Money(60_000))]
    assert too_much == []


def test_a_voucher_is_given_back_when_its_order_ends(work_as: WorkAs, voucher: Voucher) -> None:
    gifts.locked(work_as, voucher)

    vouchers.release(work_as("system"), "ord_1")
    vouchers.release(work_as("system"), "ord_1")

    assert (voucher.state, voucher.order_id, voucher.used) == (State.CLAIMED, None, Money(0))


def test_a_use_is_audited_by_another_person_once_the_order_is_accepted(
    work_as: WorkAs, voucher: Voucher
) -> None:
    gifts.locked(work_as, voucher)

    with pytest.raises(StepRefused) as refused:
        vouchers.take(work_as("per_exchange_settler"), voucher.id, "redeem", evidence="用量记录")

    assert codes(refused) == {"FOUR_EYES", "ORDER_NOT_ACCEPTED"}


def redeemed(work_as: WorkAs, voucher: Voucher) -> Voucher:
    gifts.locked(work_as, voucher)
    paid(work_as, amount=Money(240_000))
    accepted(work_as, "ord_1", line(amount=Money(240_000)))
    checker = work_as("per_exchange_checker")
    return vouchers.take(checker, voucher.id, "redeem", evidence="7月调用 12,000 次")


def test_a_redeemed_voucher_funds_the_order_and_its_rest_is_budget_again(
    session: Session, work_as: WorkAs, batch: VoucherBatch, voucher: Voucher
) -> None:
    redeemed(work_as, voucher)

    standing = batches.standing(session, batch)
    assert ledger.balance(session, AccountRef("2241.escrow", "ord_1")) == Money(60_000)
    assert standing == (Money(3_000_000), Money(2_940_000), Money(60_000), Money(60_000))
    assert ledger.balance(session, voucher.value) == Money(0)
    assert fsck.check(session) == ()
    with pytest.raises(StepRefused):
        vouchers.take(work_as("per_exchange_checker"), voucher.id, "redeem", evidence="再次")


def test_the_part_is_payable_at_once_only_where_it_is_advanced(
    session: Session, work_as: WorkAs
) -> None:
    batch = gifts.opened(work_as, advanced=True)

    voucher = redeemed(work_as, gifts.claimed(work_as, batch))

    assert "voucher.payable" in kinds_of(session, voucher.id)


def test_the_sponsor_pays_for_what_was_redeemed_out_of_a_receipt(
    session: Session, work_as: WorkAs, batch: VoucherBatch, voucher: Voucher
) -> None:
    redeemed(work_as, voucher)
    before = kinds_of(session, voucher.id)
    receipt = ("T-hub", 60_000, "演示·省数据局", "算力券兑付")
    took(work_as, csv_of([receipt], number="in 2", opening=240_000))
    (ref,) = session.execute(
        text(
            "SELECT a.owner FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id "
            "WHERE a.code = :code AND b.credits > b.debits"
        ),
        {"code": SUSPENSE},
    ).scalars()
    settler = work_as("per_exchange_settler")

    with pytest.raises(NotFound):
        vouchers.reimburse(settler, batch.id, line_id=ref, voucher_ids=["vch_none"])
    total = vouchers.reimburse(settler, batch.id, line_id=ref, voucher_ids=[voucher.id])

    assert total == Money(60_000)
    assert voucher.state == State.REIMBURSED
    assert batches.standing(session, batch).owed == Money(0)
    assert "voucher.payable" not in before
    assert "voucher.payable" in kinds_of(session, voucher.id)
    assert fsck.check(session) == ()


def test_a_declined_part_is_owed_and_the_voucher_is_its_holders_again(
    work_as: WorkAs, voucher: Voucher
) -> None:
    gifts.locked(work_as, voucher)
    paid(work_as, amount=Money(240_000))
    accepted(work_as, "ord_1", line(amount=Money(240_000)))

    found, order_id, owed = vouchers.decline(
        work_as("per_exchange_checker"), voucher.id, "没有使用记录"
    )

    assert (found.state, order_id, owed) == (State.CLAIMED, "ord_1", Money(60_000))


def test_what_nobody_used_expires_and_is_budget_again(
    session: Session, work_as: WorkAs, batch: VoucherBatch, voucher: Voucher
) -> None:
    in_use = gifts.locked(work_as, gifts.claimed(work_as, batch))

    early = vouchers.expire_due(work_as("system"))
    ended = vouchers.expire_due(work_as("system", at=NEXT_YEAR))

    assert (early, ended) == (0, 1)
    assert (voucher.state, in_use.state) == (State.EXPIRED, State.LOCKED)
    assert batches.standing(session, batch).available == Money(2_900_000)


def test_a_voucher_can_be_revoked_until_it_is_used(
    session: Session, work_as: WorkAs, batch: VoucherBatch, voucher: Voucher
) -> None:
    vouchers.take(work_as("per_exchange_settler"), voucher.id, "revoke", reason="资格不符")

    assert voucher.state == State.REVOKED
    assert batches.standing(session, batch).available == Money(3_000_000)


def test_the_database_keeps_the_rules_by_itself(session: Session, voucher: Voucher) -> None:
    forbidden = [
        ("used_within_face", "used_minor = 100001, order_id = 'o', state = 'locked'"),
        ("used_for_an_order", "state = 'locked'"),
        ("used_is_something", "order_id = 'o', state = 'locked'"),
        ("redeemed_by_somebody", "used_minor = 1, order_id = 'o', state = 'redeemed'"),
        ("audited_by_another", "redeemed_by = issued_by"),
    ]
    session.flush()

    for name, change in forbidden:
        with pytest.raises(IntegrityError, match=name), session.begin_nested():
            session.execute(text(f"UPDATE vouchers SET {change} WHERE id = '{voucher.id}'"))


def test_everybody_sees_what_is_theirs(
    work_as: WorkAs, batch: VoucherBatch, voucher: Voucher
) -> None:
    drafted = batches.draft(work_as("per_exchange_settler"), **gifts.terms())
    work_as("system").session.flush()

    def seen(person: str) -> list[str]:
        return [one.id for one in vouchers.listed(work_as(person), after=None, limit=9).items]

    def offered(person: str) -> set[str]:
        return {one.id for one in batches.listed(work_as(person), after=None, limit=9).items}

    assert seen("per_buyer_editor") == seen("per_hub_reviewer") == [voucher.id]
    assert seen("per_other_editor") == []
    assert offered("per_other_editor") == {batch.id}
    assert offered("per_hub_reviewer") == {batch.id, drafted.id}
    with pytest.raises(NotFound):
        batches.seen(work_as("per_other_editor"), drafted.id)
