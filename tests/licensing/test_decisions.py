from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.engines import Engines
from kernel.errors import Invalid, NotFound
from kernel.parties import credentials, organisations
from kernel.parties.organisations import Organisation
from kernel.work import Work
from licensing import agreements, authorisations, decisions, quotas
from licensing.decisions import DENIALS, Decision, Outcome, Request, UseDenied
from tests.conftest import work_of
from tests.licensing import grants

WorkAs = Callable[..., Work]


def request(authorisation_id: str, **changes: Any) -> Request:
    """Return a use that the authorisation of the tests allows, with what is changed."""
    given: dict[str, Any] = {
        "authorisation_id": authorisation_id,
        "organisation_id": "org_buyer",
        "purpose_code": "weather_insurance",
        "items": ((grants.DIRECTORY, "RAIN"),),
        "transform": "aggregated",
        "output_form": "record_api",
        "region": "430100",
        "environment": "tee",
        "quantity": {"rows": 10},
        "subject": "dlv_1",
    }
    return Request(**{**given, **changes})


@pytest.fixture
def work(session: Session) -> Work:
    return work_of(session, "per_buyer_editor")


@pytest.fixture
def key(session: Session) -> str:
    grants.agreement(session)
    return grants.active(session).id


def codes(work: Work, asked: Request) -> list[str]:
    decision = decisions.decide(work, asked)
    assert decision.allowed is (decision.codes == [])
    return decision.codes


def test_a_use_within_every_clause_is_allowed_and_spends(work: Work, key: str) -> None:
    decision = decisions.require(work, request(key))

    assert decision.outcome == Outcome.ALLOW
    assert (decision.version, decision.person_id) == (1, "per_buyer_editor")
    assert decision.items == [[grants.DIRECTORY, "RAIN"]]
    assert quotas.remaining(work.session, key) == {"rows": 990}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"purpose_code": "site_selection"}, "PURPOSE_MISMATCH"),
        ({"items": ((grants.DIRECTORY, "WSPM"),)}, "ITEM_OUT_OF_SCOPE"),
        ({"items": ()}, "ITEM_OUT_OF_SCOPE"),
        ({"transform": "masked"}, "TRANSFORM_TOO_WEAK"),
        ({"transform": "sideways"}, "TRANSFORM_TOO_WEAK"),
        ({"output_form": "raw_export"}, "OUTPUT_FORM_NOT_ALLOWED"),
        ({"organisation_id": "org_exchange"}, "USER_OUT_OF_SCOPE"),
        ({"region": "110000"}, "REGION_OUT_OF_SCOPE"),
        ({"environment": "api_gateway"}, "ENV_NOT_ALLOWED"),
        ({"environment": "cellar"}, "ENV_NOT_ALLOWED"),
        ({"quantity": {"rows": 1001}}, "QUOTA_EXCEEDED"),
    ],
)
def test_each_clause_that_does_not_hold_denies(
    work: Work, key: str, change: dict[str, Any], code: str
) -> None:
    assert codes(work, request(key, **change)) == [code]
    assert quotas.remaining(work.session, key) == {"rows": 1000}


def test_every_reason_is_told_at_once(work: Work, key: str) -> None:
    asked = request(
        key, purpose_code="other", region="110000", quantity={"rows": 5000}, output_form="score"
    )

    with pytest.raises(UseDenied) as error:
        decisions.require(work, asked)

    told = [refusal.code for refusal in error.value.refusals]
    assert told == [
        "PURPOSE_MISMATCH", "OUTPUT_FORM_NOT_ALLOWED", "REGION_OUT_OF_SCOPE", "QUOTA_EXCEEDED",
    ]  # fmt: skip
    assert error.value.keeps is True
    for refusal in error.value.refusals:
        assert refusal.zh.startswith(DENIALS[refusal.code].zh)
        assert refusal.en.startswith(DENIALS[refusal.code].en)


def test_a_denial_is_kept_like_an_allowance(work: Work, key: str) -> None:
    decisions.decide(work, request(key))
    with pytest.raises(UseDenied):
        decisions.require(work, request(key, purpose_code="other"))

    page = decisions.listed(work_of(work.session, "per_hub_officer"), key, after=None, limit=5)

    assert {decision.outcome for decision in page.items} == {"allow", "deny"}
    assert decisions.own(work, after=None, limit=5).items == page.items


def test_no_authorisation_is_a_reason_too(work: Work) -> None:
    assert codes(work, request("aut_nowhere")) == ["NO_AUTH"]


def test_an_unknown_organisation_uses_nothing(work: Work, key: str) -> None:
    asked = request(key, organisation_id="org_nowhere")

    assert codes(work, asked) == ["USER_OUT_OF_SCOPE", "ORG_RESTRICTED"]


def test_an_organisation_named_by_its_id_is_admitted(work: Work, key: str) -> None:
    assert codes(work, request(key, organisation_id="org_developer")) == []


@pytest.mark.parametrize("organisation", ["org_buyer", "org_developer"])
@pytest.mark.parametrize(("state", "denied"), [("frozen", True), ("restricted", False)])
def test_a_frozen_user_or_grantee_stops_the_use(
    work: Work, key: str, organisation: str, state: str, denied: bool
) -> None:
    organisations.find(work.session, organisation).state = state

    assert codes(work, request(key)) == (["ORG_RESTRICTED"] if denied else [])


def test_a_use_before_activation_has_not_started(session: Session, work: Work) -> None:
    grants.agreement(session)
    made = grants.issued(session)

    assert codes(work, request(made.id)) == ["AUTH_NOT_STARTED"]


def test_a_suspension_bites_at_the_next_use_and_a_resumption_too(
    session: Session, work: Work, key: str
) -> None:
    made = authorisations.find(session, key)
    regulator = work_of(session, "per_hub_supervisor")

    before = codes(work, request(key))
    grants.suspend(regulator, made)
    during = codes(work, request(key))
    authorisations.take(regulator, key, "resume", reason="mended")
    after = codes(work, request(key))

    assert (before, during, after) == ([], ["AUTH_SUSPENDED"], [])


def test_a_revocation_or_surrender_is_for_good(session: Session, work: Work, key: str) -> None:
    other = grants.active(session, scenario_id="scn_2", assessment_id="asm_2")
    supervisor = work_of(session, "per_hub_supervisor")
    authorisations.take(supervisor, key, "revoke", cause="unlawful_use", reason="sold on")
    authorisations.take(
        work_of(session, "per_developer_signer"), other.id, "surrender", reason="done"
    )

    assert codes(work, request(key)) == ["AUTH_REVOKED"]
    assert codes(work, request(other.id)) == ["AUTH_REVOKED"]


def test_the_last_day_is_the_last(session: Session, key: str) -> None:
    last = work_of(session, "per_buyer_editor", at=grants.later(364))
    over = work_of(session, "per_buyer_editor", at=grants.AFTER_THE_END)

    assert codes(last, request(key)) == []
    assert codes(over, request(key)) == ["AUTH_EXPIRED"]
    authorisations.expire_due(over, limit=5)
    assert codes(over, request(key)) == ["AUTH_EXPIRED"]


def test_a_version_that_starts_later_has_not_started(
    session: Session, work: Work, key: str
) -> None:
    later = grants.scope(period={"from": "2026-07-09", "to": "2027-06-30"})
    authorisations.amend(work_of(session, "per_agency_approver"), key, scope=later)

    assert codes(work, request(key)) == ["AUTH_NOT_STARTED"]


def test_a_suspended_agreement_stops_every_use(session: Session, work: Work, key: str) -> None:
    session.execute(update(agreements.SupplyAgreement).values(state="suspended"))

    assert codes(work, request(key)) == ["AGREEMENT_INACTIVE"]


def test_a_narrowed_scope_counts_at_once(session: Session, work: Work, key: str) -> None:
    narrower = grants.scope(items=grants.ITEMS[1:])
    authorisations.amend(work_of(session, "per_agency_approver"), key, scope=narrower)

    assert codes(work, request(key)) == ["ITEM_OUT_OF_SCOPE"]


@pytest.mark.parametrize("amount", [-1, True, 1.5])
def test_an_amount_is_whole_and_not_negative(amount: Any) -> None:
    with pytest.raises(Invalid) as error:
        request("aut_1", quantity={"rows": amount})

    assert error.value.pointer == "/quantity"


def test_decisions_are_never_changed(session: Session, work: Work, key: str) -> None:
    decisions.decide(work, request(key))
    session.flush()

    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text("DELETE FROM decisions"))


def test_strangers_do_not_read_the_log(session: Session, work: Work, key: str) -> None:
    decisions.decide(work, request(key))
    stranger = work_of(session, "per_other_editor")

    with pytest.raises(NotFound):
        decisions.listed(stranger, key, after=None, limit=5)

    assert decisions.own(stranger, after=None, limit=5).items == []


def test_i_32_fifty_readers_never_get_more_than_the_quota(engines: Engines) -> None:
    with engines.writing() as session:
        grants.agreement(session)
        key = grants.active(session, given=grants.scope(quotas={"rows": 200})).id
        session.commit()

    def use(_turn: int) -> bool:
        with engines.writing() as own:
            allowed = decisions.decide(work_of(own, "per_buyer_editor"), request(key)).allowed
            own.commit()
            return allowed

    with ThreadPoolExecutor(50) as readers:
        allowed = sum(readers.map(use, range(50)))

    with engines.reading() as session:
        assert allowed == 20
        assert quotas.remaining(session, key) == {"rows": 0}
        assert session.query(Decision).count() == 50
        assert session.get(Organisation, "org_buyer") is not None


def test_i_29_the_same_request_denies_when_clock_suspension_or_quota_has_changed(
    session: Session, work: Work, key: str
) -> None:
    asked, half = request(key), request(key, quantity={"rows": 600})
    regulator = work_of(session, "per_hub_supervisor")

    before = codes(work, half)
    spent = codes(work, half)
    over = codes(work_of(session, "per_buyer_editor", at=grants.AFTER_THE_END), asked)
    grants.suspend(regulator, authorisations.find(session, key))
    suspended = codes(work, asked)

    assert before == []
    assert spent == ["QUOTA_EXCEEDED"]
    assert over == ["AUTH_EXPIRED"]
    assert suspended == ["AUTH_SUSPENDED"]


@pytest.mark.parametrize(
    ("state", "code"), [("revoked", "AUTH_REVOKED"), ("expired", "AUTH_EXPIRED")]
)
def test_i_33_nothing_is_allowed_after_the_end(
    session: Session, work: Work, key: str, state: str, code: str
) -> None:
    session.execute(update(authorisations.Authorisation).values(state=state))
    session.expire_all()

    assert codes(work, request(key)) == [code]
    assert codes(work_of(session, "per_buyer_editor", at=grants.NEXT_DAY), request(key)) == [code]


def test_too_many_calls_in_a_minute_are_a_reason_of_their_own(session: Session, work: Work) -> None:
    grants.agreement(session)
    limits = {"calls": 100, "calls/minute": 2}
    key = grants.active(session, given=grants.scope(quotas=limits)).id
    asked = request(key, quantity={"calls": 1})

    said = [codes(work, asked) for _ in range(3)]
    later = codes(work_of(session, "per_buyer_editor", at=grants.NEXT_DAY), asked)

    assert said == [[], [], ["RATE_LIMITED"]]
    assert later == []


def test_until_promises_are_kept_a_tenth_of_the_quota_goes_out_as_reports(
    session: Session, work: Work, key: str
) -> None:
    session.execute(update(authorisations.Authorisation).values(state="active_conditional"))
    session.expire_all()

    def use(rows: int, form: str = "aggregate_report") -> list[str]:
        return codes(work, request(key, quantity={"rows": rows}, output_form=form))

    assert use(1, "record_api") == ["CONDITION_UNMET"]
    assert use(101) == ["CONDITION_UNMET"]
    assert use(100) == []
    assert use(1) == ["CONDITION_UNMET"]
    assert use(901) == ["QUOTA_EXCEEDED"]


def test_a_use_for_an_unpaid_order_is_denied(work: Work, key: str) -> None:
    assert codes(work, request(key, order_paid=False)) == ["ORDER_NOT_PAID"]
    assert codes(work, request(key, order_paid=True)) == []


def test_a_credential_is_looked_at(session: Session, work: Work, key: str) -> None:
    token = credentials.issue(work, label="reader", scopes=["deliver"], days=3)[0]

    before = codes(work, request(key, credential=token.id))
    credentials.revoke(work, token.id)

    assert before == []
    assert codes(work, request(key, credential=token.id)) == ["CREDENTIAL_REVOKED"]
    assert codes(work, request(key, credential="tok_nowhere")) == ["CREDENTIAL_REVOKED"]


def test_old_decisions_tell_their_codes(work: Work, key: str) -> None:
    made = decisions.decide(work, request(key, region="110000"))
    made.reasons = None

    told = decisions.reasons(made)

    assert [reason.code for reason in told] == ["REGION_OUT_OF_SCOPE"]
    assert told[0].words == DENIALS["REGION_OUT_OF_SCOPE"]
