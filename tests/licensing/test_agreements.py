import dataclasses
import threading
from datetime import date

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalogue import directories
from kernel import journal
from kernel.actor import Duty
from kernel.engines import Engines
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.parties.organisations import NotActive, Organisation
from kernel.work import Rules
from licensing import agreements, scope, signatures
from licensing.agreements import LIFE, State, SupplyAgreement
from licensing.scope import NothingInCommon
from tests.catalogue import shelf
from tests.conftest import CRYPTO, NOON, RULES, WorkAs, work_of
from tests.licensing import desk

TODAY = date(2026, 7, 1)


def codes(refused: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in refused.value.refusals]


def test_an_agreement_opens_nothing_before_it_is_filed(session: Session) -> None:
    code = desk.directory(session)
    agreement = desk.drafted(session, code)
    item = (code, "TEMP")

    for name in (*desk.TO_SIGNED, "letter"):
        desk.go(session, agreement, name)
        assert agreements.effective_for(session, "org_operator", TODAY) == []
        assert agreements.inactive(session, "org_operator", [item], TODAY)
    desk.go(session, agreement, "file")

    assert agreement.state == State.EFFECTIVE
    assert agreement.effective_at == NOON
    assert agreement.code == "SA-430000-2026-0001"
    assert agreements.effective_for(session, "org_operator", TODAY) == [agreement]
    assert not agreements.inactive(session, "org_operator", [item], TODAY)
    assert [event.kind for event in journal.history(session, agreement.id, limit=10)] == [
        "agreement.drafted",
        "agreement.decided",
        "agreement.negotiated",
        "agreement.finalised",
        "agreement.half_signed",
        "agreement.signed",
        "agreement.letter_given",
        "agreement.filed",
    ]


def test_filing_needs_the_letter(session: Session) -> None:
    agreement = desk.drafted(session, desk.directory(session))
    desk.go(session, agreement, *desk.TO_SIGNED)

    with pytest.raises(StepRefused) as refused:
        desk.go(session, agreement, "file")

    assert codes(refused) == ["LETTER_MISSING"]


def test_the_letter_does_not_stop_the_clock_of_the_filing(session: Session) -> None:
    agreement = desk.drafted(session, desk.directory(session))

    desk.go(session, agreement, *desk.TO_SIGNED, "letter")

    assert desk.clock_key(session, agreement.id) == "clocks.agreement_filing"


def test_filing_needs_both_signatures_under_the_text_as_it_stands(session: Session) -> None:
    agreement = desk.drafted(session, desk.directory(session))
    desk.go(session, agreement, *desk.TO_SIGNED, "letter")
    agreement.term_to = date(2030, 6, 30)

    with pytest.raises(StepRefused) as refused:
        desk.go(session, agreement, "file")

    assert codes(refused) == ["SIGNATURE_MISSING"]


@pytest.mark.parametrize("missing", ["letter_digest", "effective_at"])
def test_the_database_keeps_what_is_not_filed_from_taking_effect(
    session: Session, missing: str
) -> None:
    agreement = desk.drafted(session, desk.directory(session))
    filed = {"letter_digest": desk.LETTER, "effective_at": NOON, missing: None}

    with pytest.raises(IntegrityError, match="effective_only_when_filed"):
        session.execute(update(SupplyAgreement).values(state="effective", **filed))

    assert agreement.state == State.DRAFT


def test_a_party_signs_once_and_the_other_countersigns(session: Session) -> None:
    agreement = desk.drafted(session, desk.directory(session))
    desk.go(session, agreement, *desk.TO_FINAL, "sign_first")
    same_party = work_of(session, "per_dept_approver")
    colleague = dataclasses.replace(
        same_party, actor=dataclasses.replace(same_party.actor, person="per_dept_editor")
    )

    with pytest.raises(StepRefused) as own:
        agreements.take(same_party, agreement.id, "sign_second")
    with pytest.raises(StepRefused) as ours:
        agreements.take(colleague, agreement.id, "sign_second")

    assert codes(own) == ["OTHER_PARTY_SIGNS", "FOUR_EYES"]
    assert codes(ours) == ["OTHER_PARTY_SIGNS"]


def test_one_person_does_not_sign_for_both_parties(session: Session) -> None:
    agreement = desk.drafted(session, desk.directory(session))
    desk.go(session, agreement, *desk.TO_FINAL, "sign_first")
    work = work_of(session, "per_operator_signer")
    same_person = dataclasses.replace(
        work, actor=dataclasses.replace(work.actor, person="per_dept_approver")
    )

    with pytest.raises(StepRefused) as refused:
        agreements.take(same_person, agreement.id, "sign_second")

    assert codes(refused) == ["FOUR_EYES"]


def test_both_signatures_verify(session: Session) -> None:
    agreement = desk.effective(session, desk.directory(session))
    digest = agreements.text_digest(agreement, CRYPTO)

    signed = signatures.of(session, agreement.id)

    assert {one.organisation_id for one in signed} == {"org_dept", "org_operator"}
    assert all(signatures.holds(CRYPTO, one, text_digest=digest) for one in signed)


@pytest.mark.parametrize("digest", ["", "ab", "AB" * 32, "g" * 64, "ab" * 33])
def test_a_letter_is_named_by_a_digest(session: Session, digest: str) -> None:
    agreement = desk.drafted(session, desk.directory(session))
    desk.go(session, agreement, *desk.TO_SIGNED)

    with pytest.raises(Invalid) as invalid:
        agreements.give_letter(work_of(session, "per_operator_signer"), agreement.id, digest=digest)

    assert invalid.value.pointer == "/digest"


def test_the_letter_is_the_operators_to_give(session: Session) -> None:
    agreement = desk.drafted(session, desk.directory(session))
    desk.go(session, agreement, *desk.TO_SIGNED)

    with pytest.raises(StepNotAllowed):
        agreements.give_letter(
            work_of(session, "per_dept_approver"), agreement.id, digest=desk.LETTER
        )
    given = agreements.give_letter(
        work_of(session, "per_operator_signer"), agreement.id, digest=desk.LETTER
    )

    assert given.letter_digest == desk.LETTER


def test_one_department_has_one_live_agreement_in_an_industry(session: Session) -> None:
    code = desk.directory(session)
    early = desk.drafted(session, code)
    desk.go(session, early, *desk.TO_SIGNED, "letter")
    desk.effective(session, code)
    late, elsewhere = desk.drafted(session, code), desk.drafted(session, code, industry="A01")

    with pytest.raises(StepRefused) as filing:
        desk.go(session, early, "file")
    with pytest.raises(StepRefused) as finalising:
        desk.go(session, late, *desk.TO_FINAL)
    desk.go(session, elsewhere, *desk.TO_EFFECT)

    assert codes(filing) == codes(finalising) == ["LIVE_AGREEMENT_EXISTS"]
    assert elsewhere.state == State.EFFECTIVE


def test_a_suspended_agreement_is_live_and_a_terminated_one_is_not(session: Session) -> None:
    code = desk.directory(session)
    second = desk.drafted(session, code)
    desk.go(session, second, *desk.TO_SIGNED, "letter")
    first = desk.effective(session, code)
    desk.go(session, first, "suspend")

    with pytest.raises(StepRefused):
        desk.go(session, second, "file")
    desk.go(session, first, "terminate")
    desk.go(session, second, "file")

    assert (first.state, second.state) == (State.TERMINATING, State.EFFECTIVE)


def test_of_two_filed_in_the_same_moment_one_is_refused(engines: Engines) -> None:
    with engines.writing() as session:
        code = desk.directory(session)
        ids = []
        for _ in range(2):
            agreement = desk.drafted(session, code)
            desk.go(session, agreement, *desk.TO_SIGNED, "letter")
            ids.append(agreement.id)
        session.commit()
    answers: list[object] = []

    def file_second() -> None:
        with engines.writing() as session:
            try:
                agreements.take(work_of(session, "per_hub_officer"), ids[1], "file")
                session.commit()
            except StepRefused as refused:
                answers.extend(refusal.code for refusal in refused.refusals)

    with engines.writing() as session:
        agreements.take(work_of(session, "per_hub_officer"), ids[0], "file")
        racing = threading.Thread(target=file_second)
        racing.start()
        racing.join(timeout=0.5)  # it waits: for the turn on SQLite, for the index on PostgreSQL
        waited = racing.is_alive()
        session.commit()
    racing.join(timeout=20)

    assert waited
    assert answers == ["LIVE_AGREEMENT_EXISTS"]


def test_filing_passes_on_the_faults_of_other_rows(session: Session) -> None:
    agreement = desk.drafted(session, desk.directory(session))
    desk.go(session, agreement, *desk.TO_SIGNED, "letter")
    session.autoflush = False
    session.add(Organisation(id="org_wrong", uscc="1", state="active", version=1))

    with pytest.raises(IntegrityError):
        agreements.take(work_of(session, "per_hub_officer"), agreement.id, "file")


def test_where_several_operators_are_licensed_each_may_have_one(session: Session) -> None:
    supply = {**RULES.table("supply"), "unique_scope": "department_industry_operator"}
    values = {**RULES.values, "supply": supply}
    work = work_of(session, "per_operator_editor", rules=Rules("test", values))

    agreement = agreements.draft(work, **desk.terms(desk.directory(session)))

    assert agreement.unique_key == "org_dept/M74/org_operator"


@pytest.mark.parametrize(
    ("term_to", "refusals"),
    [
        (date(2030, 12, 31), []),
        (date(2031, 1, 1), ["SCOPE_NOT_COVERED", "TERM_TOO_LONG"]),
        (date(2026, 6, 30), ["TERM_OVER"]),
    ],
)
def test_a_term_lasts_five_years_at_most_and_is_not_over(
    session: Session, term_to: date, refusals: list[str]
) -> None:
    agreement = desk.drafted(session, desk.directory(session), term_to=term_to)
    agreement.state = State.NEGOTIATING

    found = LIFE.refusals("finalise", agreement, work_of(session, "per_operator_editor"))

    assert [refusal.code for refusal in found] == refusals


def test_a_directory_that_is_not_registered_supplies_nothing(session: Session) -> None:
    version = shelf.published(session)
    code = directories.find_directory(session, version.directory_id).code
    agreement = desk.drafted(session, code)

    with pytest.raises(StepRefused) as refused:
        desk.go(session, agreement, *desk.TO_FINAL)

    assert codes(refused) == ["DIRECTORY_NOT_REGISTERED"]


@pytest.mark.parametrize(
    ("operation_type", "refusal"),
    [
        ("excluded", "DIRECTORY_NOT_ELIGIBLE"),
        ("eligible_with_consent", "DIRECTORY_NEEDS_CONSENT"),
    ],
)
def test_a_directory_that_is_not_eligible_supplies_nothing(
    session: Session, operation_type: str, refusal: str
) -> None:
    version = shelf.published(session, operation_type=operation_type)
    code = directories.find_directory(session, version.directory_id).code
    agreement = desk.drafted(session, code)

    with pytest.raises(StepRefused) as refused:
        desk.go(session, agreement, *desk.TO_FINAL)

    assert codes(refused)[0] == refusal


def test_a_directory_that_was_revoked_supplies_no_more(session: Session) -> None:
    code = desk.directory(session)
    agreement = desk.drafted(session, code)
    directory = directories.by_code(session, code)
    shelf.go(session, directories.published(session, directory.id), "revoke")

    with pytest.raises(StepRefused) as refused:
        desk.go(session, agreement, *desk.TO_FINAL)

    assert codes(refused) == ["DIRECTORY_NOT_PUBLISHED"]


def test_a_suspended_agreement_supplies_nothing_until_it_is_resumed(session: Session) -> None:
    code = desk.directory(session)
    agreement = desk.effective(session, code)
    wanted = [(code, "TEMP")]

    desk.go(session, agreement, "suspend")
    while_suspended = agreements.inactive(session, "org_operator", wanted, TODAY)
    desk.go(session, agreement, "resume")

    assert while_suspended
    assert not agreements.inactive(session, "org_operator", wanted, TODAY)


def test_an_agreement_ends_with_its_term(session: Session) -> None:
    code = desk.directory(session)
    agreement = desk.effective(session, code, term_to=date(2026, 7, 31))
    last_day, day_after = desk.days_later(30), desk.days_later(31)

    on_last_day = agreements.expire_ended(work_of(session, "system", at=last_day), limit=10)
    with pytest.raises(StepRefused) as running:
        desk.go(session, agreement, "expire", at=last_day)
    after = agreements.expire_ended(work_of(session, "system", at=day_after), limit=10)

    assert (on_last_day, after) == (0, 1)
    assert codes(running) == ["TERM_RUNNING"]
    assert agreement.state == State.EXPIRED
    assert agreements.effective_for(session, "org_operator", date(2026, 7, 31)) == []


def test_what_is_expired_is_not_resumed(session: Session) -> None:
    agreement = desk.effective(session, desk.directory(session), term_to=date(2026, 7, 31))
    desk.go(session, agreement, "suspend")

    with pytest.raises(StepRefused) as refused:
        desk.go(session, agreement, "resume", at=desk.days_later(31))

    assert codes(refused) == ["TERM_OVER"]


def test_agreements_together_cover_what_each_supplies(session: Session) -> None:
    rain, wind = desk.directory(session), desk.directory(session)
    desk.effective(session, rain)
    desk.effective(session, wind, industry="A01", regions=["110000"])
    wanted = [(rain, "RAIN"), (wind, "TEMP")]

    together = agreements.covering(session, "org_operator", wanted, TODAY)

    assert set(wanted) <= together.items.keys()
    assert together.regions == {"110000"}
    assert not agreements.inactive(session, "org_operator", wanted, TODAY)
    assert agreements.inactive(session, "org_operator", [*wanted, ("CAT-X", "Y")], TODAY)


def test_nothing_is_covered_without_an_agreement_or_on_another_day(session: Session) -> None:
    code = desk.directory(session)
    desk.effective(session, code)

    with pytest.raises(NothingInCommon):
        agreements.covering(session, "org_operator", [(code, "TEMP")], date(2031, 1, 1))
    with pytest.raises(NothingInCommon):
        agreements.covering(session, "org_dept", [(code, "TEMP")], TODAY)


def test_an_agreement_serves_the_purposes_that_it_names(session: Session) -> None:
    code = desk.directory(session)
    desk.effective(session, code, purpose_limits=["weather_insurance", "logistics"])
    wanted = [(code, "TEMP")]

    served = agreements.covering(
        session, "org_operator", wanted, TODAY, purpose_code="weather_insurance"
    )

    assert (code, "TEMP") in served.items
    with pytest.raises(NothingInCommon):
        agreements.covering(session, "org_operator", wanted, TODAY, purpose_code="education")


def test_the_scope_is_kept_in_its_canonical_form(session: Session) -> None:
    agreement = desk.drafted(session, desk.directory(session), users=["org_buyer", "class:buyer"])

    assert scope.to_json(agreement.allowed) == agreement.scope
    assert scope.scope_hash(agreement.allowed, CRYPTO.digest) == agreement.scope_hash
    assert agreement.allowed.users == {"org_buyer", "class:buyer"}


def test_only_a_party_drafts(session: Session) -> None:
    code = desk.directory(session)

    for person in ("per_developer_editor", "per_hub_officer", "per_dept_nobody"):
        work = work_of(session, "per_dept_editor")
        if person != "per_dept_nobody":
            work = work_of(session, person)
        else:
            bare = dataclasses.replace(work.actor, duties=frozenset({Duty.FINANCE}))
            work = dataclasses.replace(work, actor=bare)
        with pytest.raises(StepNotAllowed):
            agreements.draft(work, **desk.terms(code))

    drafted = agreements.draft(work_of(session, "per_dept_editor"), **desk.terms(code))
    assert drafted.state == State.DRAFT


def test_an_organisation_that_is_not_active_drafts_nothing(session: Session) -> None:
    code = desk.directory(session)
    session.get_one(Organisation, "org_operator").state = "restricted"

    with pytest.raises(NotActive):
        agreements.draft(work_of(session, "per_operator_editor"), **desk.terms(code))


def test_a_draft_is_seen_by_its_parties_alone_and_the_rest_by_overseers(
    session: Session, work_as: WorkAs
) -> None:
    agreement = desk.drafted(session, desk.directory(session))
    parties = ("per_dept_editor", "per_operator_editor")
    overseers = ("per_hub_officer", "per_agency_officer", "per_exchange_auditor", "system")
    strangers = ("per_buyer_editor", "per_exchange_admin", "per_exchange_listing")

    assert all(agreements.seen(work_as(person), agreement.id) for person in parties)
    for person in (*overseers, *strangers):
        with pytest.raises(NotFound):
            agreements.seen(work_as(person), agreement.id)
    desk.go(session, agreement, *desk.TO_FINAL)

    assert all(agreements.seen(work_as(person), agreement.id) for person in overseers)
    for person in strangers:
        with pytest.raises(NotFound) as foreign:
            agreements.seen(work_as(person), agreement.id)
        with pytest.raises(NotFound) as missing:
            agreements.seen(work_as(person), "sup_none")
        assert foreign.value.zh == missing.value.zh


def test_lists_hold_what_their_reader_may_see(session: Session, work_as: WorkAs) -> None:
    code = desk.directory(session)
    live = desk.effective(session, code)
    later = work_as("per_operator_editor", at=desk.days_later(1))
    draft = agreements.draft(later, **desk.terms(code))

    def listed(person: str, **filters: State) -> list[str]:
        page = agreements.listed(work_as(person), limit=10, **filters)
        return [agreement.id for agreement in page.items]

    assert listed("per_dept_editor") == [draft.id, live.id]
    assert listed("per_operator_editor", state=State.DRAFT) == [draft.id]
    assert listed("per_hub_officer") == [live.id]
    assert listed("per_buyer_editor") == []


def test_both_parties_are_two(session: Session) -> None:
    agreement = desk.drafted(session, desk.directory(session))

    agreement.operator_id = "org_dept"
    with pytest.raises(IntegrityError, match="two_parties"):
        session.flush()
