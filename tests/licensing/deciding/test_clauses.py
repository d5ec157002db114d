from datetime import timedelta
from typing import Any

import pytest

from catalogue.grades import Grade, PiClass
from kernel.words import Words
from licensing import scope
from licensing.deciding import clauses, explanations
from licensing.deciding.clauses import DENIALS, Credential, Grant, Party, Sensitivity
from licensing.quotas import Shortage
from tests.conftest import NOON
from tests.licensing import grants
from tests.licensing.deciding import uses

BUYER = Party("org_buyer", running=True, classes=frozenset({"class:buyer"}))
RAIN = (grants.DIRECTORY, "RAIN")


def grant(**changes: Any) -> Grant:
    given = scope.from_json(grants.scope(output_forms=[form.value for form in scope.OutputForm]))
    made: dict[str, Any] = {
        "id": "aut_1",
        "version": 1,
        "grantee_id": "org_developer",
        "operator_id": "org_operator",
        "parties": frozenset({"org_developer", "org_operator"}),
        "idle": (),
        "standing": frozenset(),
        "purpose_code": given.purpose_code,
        "items": {RAIN: scope.Transform.RAW},
        "graded": {},
        "unconsented": frozenset(),
        "forms": frozenset(form.value for form in given.output_forms),
        "users": given.users,
        "regions": given.regions,
        "environments": given.environments,
        "meters": frozenset({"rows"}),
        "obligations": (),
        "conditional": False,
        "first": given.period.first,
        "last": given.period.last,
        "since": NOON,
    }
    return Grant(**{**made, **changes})


def graded(grade: str | None, pi: str = "none", assessed: str | None = None) -> Grant:
    found = Sensitivity(
        Grade(grade) if grade else None, PiClass(pi), Grade(assessed) if assessed else None
    )
    return grant(graded={RAIN: found})


def judged(right: Grant, **changes: Any) -> tuple[str, ...]:
    return clauses.judged(right, uses.request("aut_1", **changes), BUYER)


@pytest.mark.parametrize(
    ("right", "changes", "codes"),
    [
        # a grade that was raised, and one that was not
        (graded("G3", assessed="G2"), {"output_form": "aggregate_report"}, ("GRADE_BLOCKED",)),
        (graded("G2", assessed="G3"), {}, ()),
        (graded(None), {}, ("GRADE_BLOCKED",)),
        # what the matrix forbids for the grade, and what it allows
        (graded("G4"), {}, ("GRADE_BLOCKED",)),
        (graded("G4"), {"output_form": "score"}, ()),
        (graded("CORE"), {"output_form": "aggregate_report"}, ("GRADE_BLOCKED",)),
        (graded("G3"), {"transform": "raw"}, ("GRADE_BLOCKED",)),
        (graded("G3"), {"transform": "masked"}, ()),
        (graded("G1"), {"output_form": "raw_export"}, ("GRADE_BLOCKED",)),
        # persons: consent, treatment, enclave
        (graded("G2", "ordinary"), {"transform": "masked"}, ("CONSENT_MISSING",)),
        (graded("G2", "ordinary"), {"transform": "masked", "consent": "con_1"}, ()),
        (graded("G2", "ordinary"), {"transform": "anonymised"}, ()),
        (graded("G2", "sensitive"), {"transform": "masked"}, ("GRADE_BLOCKED",)),
        (
            graded("G2", "sensitive"),
            {"transform": "masked", "output_form": "aggregate_report",
             "environment": "trusted_domain_sandbox"},
            ("GRADE_BLOCKED",),
        ),
        (
            graded("G2", "sensitive"),
            {"transform": "masked", "output_form": "aggregate_report", "environment": "mpc"},
            (),
        ),
        (
            graded("G2", "minor_under_14"),
            {"transform": "anonymised", "output_form": "masked_dataset"},
            ("GRADE_BLOCKED",),
        ),
        (
            graded("G2", "minor_under_14"),
            {"transform": "aggregated", "output_form": "masked_dataset"},
            (),
        ),
        # a form that nobody knows is not asked of the matrix
        (graded("G4"), {"output_form": "song"}, ("OUTPUT_FORM_NOT_ALLOWED",)),
        # the holder's consent
        (grant(unconsented=frozenset({grants.DIRECTORY})), {}, ("CONSENT_MISSING",)),
        # promises outstanding
        (grant(conditional=True), {}, ("CONDITION_UNMET",)),
        (grant(conditional=True), {"output_form": "aggregate_report"}, ()),
    ],
)  # fmt: skip
def test_grades_consents_and_conditions(
    right: Grant, changes: dict[str, Any], codes: tuple[str, ...]
) -> None:
    assert judged(right, **changes) == codes


def test_what_is_remembered_of_one_party_is_not_said_of_another() -> None:
    right, asked = grant(), uses.request("aut_1")
    idle = Party("org_buyer", running=False, classes=BUYER.classes)

    said = [clauses.judged(right, asked, party) for party in (BUYER, idle, BUYER)]

    assert said == [(), ("ORG_RESTRICTED",), ()]


def test_a_grant_remembers_so_many_shapes_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clauses, "SHAPES_MAX", 2)
    right = grant()

    for region in ("430000", "430100", "430200"):
        judged(right, region=region)

    assert len(right.known) == 1


@pytest.mark.parametrize(
    ("credential", "codes"),
    [
        (None, {"CREDENTIAL_REVOKED"}),
        (Credential("tok_1", "org_buyer", live=True, expires_at=NOON), {"CREDENTIAL_REVOKED"}),
        (
            Credential("tok_1", "org_other", live=True, expires_at=NOON + timedelta(1)),
            {"CREDENTIAL_REVOKED"},
        ),
        (
            Credential("tok_1", "org_buyer", live=False, expires_at=NOON + timedelta(1)),
            {"CREDENTIAL_REVOKED"},
        ),
        (Credential("tok_1", "org_buyer", live=True, expires_at=NOON + timedelta(1)), set()),
    ],
)
def test_a_credential_is_live_and_the_users_own(
    credential: Credential | None, codes: set[str]
) -> None:
    asked = uses.request("aut_1", credential="tok_1")

    assert clauses.personal(asked, credential, NOON) == codes
    assert clauses.personal(uses.request("aut_1"), None, NOON) == set()


@pytest.mark.parametrize("code", DENIALS)
@pytest.mark.parametrize("right", [grant(), graded("G4"), None])
def test_every_no_is_explained_in_both_languages(code: str, right: Grant | None) -> None:
    asked = uses.request("aut_1", items=((grants.DIRECTORY, "WSPM"), RAIN), transform="song")
    short = (Shortage("calls/minute", 5, 2, True), Shortage("rows", 30, 20, False))

    told = explanations.explain([code], right, asked, short)[0]

    assert told.code == code
    assert told.zh.startswith(DENIALS[code].zh + "：")
    assert told.en.startswith(DENIALS[code].en + ": ")


@pytest.mark.parametrize(
    ("code", "changes", "words"),
    [
        ("PURPOSE_MISMATCH", {"purpose_code": "site_selection"},
         Words("“site_selection”", "would pass as “weather_insurance”")),
        ("REGION_OUT_OF_SCOPE", {"region": "110000"}, Words("“110000”", "430000")),
        ("OUTPUT_FORM_NOT_ALLOWED", {"output_form": "song"}, Words("“song”", "aggregate report")),
        ("ENV_NOT_ALLOWED", {"environment": "api_gateway"},
         Words("“接口网关”", "trusted-domain sandbox")),
        ("TRANSFORM_TOO_WEAK", {"transform": "masked"}, Words("“脱敏”", "“masked”")),
        ("QUOTA_EXCEEDED", {}, Words("“rows”请求 30，剩余 20", "30 of “rows” asked, 20 left")),
        ("RATE_LIMITED", {}, Words("“calls/minute”请求 5", "try again in the next minute")),
    ],
)  # fmt: skip
def test_a_no_names_what_was_asked_and_what_would_pass(
    code: str, changes: dict[str, Any], words: Words
) -> None:
    short = (Shortage("calls/minute", 5, 2, True), Shortage("rows", 30, 20, True))

    told = explanations.explain([code], grant(), uses.request("aut_1", **changes), short)[0]

    assert words.zh in told.zh
    assert words.en in told.en


def test_of_many_values_a_few_are_named() -> None:
    many = frozenset(f"org_{number}" for number in range(9))

    told = explanations.explain(
        ["USER_OUT_OF_SCOPE"], grant(users=many), uses.request("aut_1"), ()
    )[0]

    assert "等9项" in told.zh
    assert "and 4 more" in told.en
