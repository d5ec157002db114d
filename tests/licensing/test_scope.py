import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto import canonical
from kernel.errors import Invalid, Kind
from licensing import scope
from licensing.exposures import Environment, OutputForm, Transform
from licensing.misfits import Part
from licensing.scope import ANYONE, COUNTRY, Item, Period, Scope

STATION = ("307010001/000001", "station")
RAINFALL = ("307010001/000001", "rainfall")
WIND = ("307010002/000003", "wind")

YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def weather(**changes: Any) -> Scope:
    """The agricultural weather insurance of one insurer in one province."""
    fields: dict[str, Any] = {
        "purpose_code": "weather_insurance",
        "purpose_fingerprint": "f1",
        "items": {STATION: Transform.RAW, RAINFALL: Transform.MASKED},
        "row_filters": frozenset({"province = 43"}),
        "users": frozenset({"org_insurer"}),
        "regions": frozenset({"430000"}),
        "period": YEAR,
        "quotas": {"calls": 1000},
        "output_forms": frozenset({OutputForm.AGGREGATE_REPORT, OutputForm.SCORE}),
        "environments": frozenset({Environment.TRUSTED_DOMAIN_SANDBOX}),
    }
    return Scope(**(fields | changes))


# --- small worlds, so that scopes often fit, nearly fit and meet -------------------------

DAY = date(2026, 1, 1)
purposes = st.sampled_from([(None, None), ("a", None), ("a", "f1"), ("a", "f2"), ("b", "f1")])
items: st.SearchStrategy[Item] = st.sampled_from([STATION, RAINFALL, WIND])
treatments = st.sampled_from([Transform.RAW, Transform.MASKED, Transform.AGGREGATED])
regions = st.sampled_from([COUNTRY, "430000", "430100", "430102", "430200", "110000", "429004"])


@st.composite
def periods(draw: st.DrawFn) -> Period:
    first = draw(st.integers(0, 4))
    last = draw(st.integers(first, 4))
    return Period(DAY + timedelta(first), DAY + timedelta(last))


@st.composite
def scopes(draw: st.DrawFn, named: st.SearchStrategy[Item] = items, least: int = 0) -> Scope:
    code, fingerprint = draw(purposes)
    return Scope(
        purpose_code=code,
        purpose_fingerprint=fingerprint,
        items=draw(st.dictionaries(named, treatments, min_size=least, max_size=3)),
        row_filters=draw(st.frozensets(st.sampled_from("pq"), max_size=2)),
        users=draw(st.frozensets(st.sampled_from([ANYONE, "org_a", "org_b"]), max_size=2)),
        regions=draw(st.frozensets(regions, max_size=3)),
        period=draw(periods()),
        quotas=draw(st.dictionaries(st.sampled_from(["calls", "rows"]), st.integers(0, 2))),
        output_forms=draw(
            st.frozensets(st.sampled_from([OutputForm.SCORE, OutputForm.RECORD_API]))
        ),
        environments=draw(st.frozensets(st.sampled_from(list(Environment)), max_size=2)),
    )


@st.composite
def inside(draw: st.DrawFn, outer: Scope) -> Scope:
    """Some scope within `outer`: any scope, mended until it fits."""
    inner = draw(scopes())
    for found in scope.fits(inner, outer):
        inner = scope.mend(inner, found)
    return inner


# --- the order ---------------------------------------------------------------------------


@given(scopes())
def test_every_scope_fits_itself(one: Scope) -> None:
    assert scope.fits(one, one) == ()


@given(st.data())
def test_two_scopes_that_fit_each_other_are_one(data: st.DataObject) -> None:
    one = data.draw(scopes())
    other = data.draw(st.one_of(scopes(), inside(one)))

    both_ways = not scope.fits(one, other) and not scope.fits(other, one)

    assert both_ways == (one == other)


@given(st.data())
def test_what_fits_the_inner_fits_the_outer(data: st.DataObject) -> None:
    outer = data.draw(scopes())
    middle = data.draw(inside(outer))
    inner = data.draw(inside(middle))

    assert scope.fits(inner, outer) == ()


@given(scopes(), scopes())
def test_putting_right_what_is_found_makes_each_part_fit(inner: Scope, outer: Scope) -> None:
    mended = inner

    for found in scope.fits(inner, outer):
        mended = scope.mend(mended, found)
        assert found not in scope.fits(mended, outer)

    assert scope.fits(mended, outer) == ()


@given(scopes(), scopes())
def test_every_misfit_is_said_in_both_languages(inner: Scope, outer: Scope) -> None:
    for found in scope.fits(inner, outer):
        assert found.words.zh
        assert found.words.en
        assert found.refusal.code == found.part
        assert "{" not in found.words.zh + found.words.en


# --- part by part ------------------------------------------------------------------------

# What is changed in a scope that fits, the part that is at fault then, what is wrong there,
# and what would fit.
# fmt: off
WIDENED: Any = [
    ({"purpose_code": "credit_risk_control"}, Part.PURPOSE,
     "credit_risk_control#f1", ("weather_insurance#f1",)),
    ({"purpose_fingerprint": "f2"}, Part.PURPOSE,
     "weather_insurance#f2", ("weather_insurance#f1",)),
    ({"purpose_code": None, "purpose_fingerprint": None}, Part.PURPOSE,
     "*", ("weather_insurance#f1",)),
    ({"items": {WIND: Transform.AGGREGATED}}, Part.ITEM, "aggregated", ()),
    ({"items": {RAINFALL: Transform.RAW}}, Part.TRANSFORM, "raw", ("masked",)),
    ({"row_filters": frozenset()}, Part.FILTER, "", ("province = 43",)),
    ({"users": frozenset({"org_insurer", "org_bank"})}, Part.USER, "org_bank", ()),
    ({"users": frozenset({ANYONE})}, Part.USER, "*", ("org_insurer",)),
    ({"regions": frozenset({"110000"})}, Part.REGION, "110000", ()),
    ({"regions": frozenset({COUNTRY})}, Part.REGION, "000000", ("430000",)),
    ({"period": Period(date(2026, 6, 1), date(2027, 1, 1))}, Part.PERIOD,
     "2026-06-01/2027-01-01", ("2026-06-01/2026-12-31",)),
    ({"period": Period(date(2027, 1, 1), date(2027, 2, 1))}, Part.PERIOD,
     "2027-01-01/2027-02-01", ("2026-01-01/2026-12-31",)),
    ({"quotas": {"calls": 1001}}, Part.QUOTA, "1001", ("1000",)),
    ({"quotas": {}}, Part.QUOTA, "*", ("1000",)),
    ({"output_forms": frozenset({OutputForm.RECORD_API})}, Part.OUTPUT_FORM, "record_api", ()),
    ({"environments": frozenset({Environment.API_GATEWAY})}, Part.ENVIRONMENT,
     "api_gateway", ("trusted_domain_sandbox",)),
]
NARROWED: Any = [
    {"items": {}},
    {"items": {RAINFALL: Transform.AGGREGATED}},
    {"row_filters": frozenset({"province = 43", "year = 2026"})},
    {"users": frozenset()},
    {"regions": frozenset({"430102", "430200"})},
    {"regions": frozenset()},
    {"period": Period(date(2026, 3, 1), date(2026, 3, 1))},
    {"quotas": {"calls": 0, "rows": 5}},
    {"output_forms": frozenset()},
    {"environments": frozenset({Environment.TEE})},
    {"environments": frozenset()},
]
# fmt: on


@pytest.mark.parametrize(("change", "part", "value", "fitting"), WIDENED)
def test_a_wider_part_is_named_with_what_would_fit(
    change: dict[str, Any], part: Part, value: str, fitting: tuple[str, ...]
) -> None:
    (found,) = scope.fits(weather(**change), weather())

    assert (found.part, found.value, found.fitting) == (part, value, fitting)


@pytest.mark.parametrize("change", NARROWED)
def test_a_narrower_part_fits_and_the_wider_does_not(change: dict[str, Any]) -> None:
    assert scope.fits(weather(**change), weather()) == ()
    assert scope.fits(weather(), weather(**change)) != ()


def test_an_open_purpose_takes_any_and_a_code_takes_any_of_its_code() -> None:
    any_purpose = weather(purpose_code=None, purpose_fingerprint=None)
    any_insurance = weather(purpose_fingerprint=None)

    assert scope.fits(weather(), any_purpose) == ()
    assert scope.fits(weather(), any_insurance) == ()
    assert scope.fits(any_insurance, weather()) != ()
    assert scope.fits(any_insurance, any_purpose) == ()


def test_nothing_runs_where_no_environment_is_allowed() -> None:
    nowhere = weather(environments=frozenset())

    (found,) = scope.fits(weather(), nowhere)

    assert (found.part, found.fitting) == (Part.ENVIRONMENT, ())
    assert scope.mend(weather(), found) == nowhere


def test_every_fault_is_reported_at_once() -> None:
    greedy = weather(
        items={WIND: Transform.RAW, RAINFALL: Transform.RAW}, users=frozenset({"org_bank"})
    )

    parts = [found.part for found in scope.fits(greedy, weather())]

    assert parts == [Part.TRANSFORM, Part.ITEM, Part.USER]


def test_a_misfit_says_what_is_wrong_and_what_to_do() -> None:
    raw = weather(items={RAINFALL: Transform.RAW})
    unlimited = weather(quotas={})

    (too_weak,) = scope.fits(raw, weather())
    (endless,) = scope.fits(unlimited, weather())

    assert too_weak.words.zh == (
        "数据项“307010001/000001/rainfall”的处理程度“原始”不足，应改为“脱敏”"
    )
    assert too_weak.words.en == (
        "item “307010001/000001/rainfall” is treated too weakly: raw; change it to “masked”"
    )
    assert endless.words.en == (
        "quota “calls” of any is beyond the scope above; change it to “1000”"
    )


def test_a_missing_filter_is_to_be_added_and_a_stranger_left_out() -> None:
    (filterless,) = scope.fits(weather(row_filters=frozenset()), weather())
    (stranger,) = scope.fits(weather(users=frozenset({"org_bank"})), weather())

    assert filterless.words.zh == "缺少上级范围的行筛选条件，应补上“province = 43”"
    assert filterless.words.en.endswith("add “province = 43”")
    assert stranger.words.zh == "使用主体“org_bank”不在上级范围内，应删去"
    assert stranger.words.en.endswith("leave it out")


# --- regions and users -------------------------------------------------------------------

# fmt: off
COVERED: Any = [
    (COUNTRY, "430000", True), (COUNTRY, COUNTRY, True), ("430000", COUNTRY, False),
    ("430000", "430102", True), ("430100", "430102", True), ("430100", "430100", True),
    ("430100", "430200", False), ("430100", "430000", False), ("430102", "430103", False),
    ("420000", "429004", True), ("429000", "429004", True), ("430000", "110000", False),
]
# fmt: on


@pytest.mark.parametrize(("outer", "inner", "covered"), COVERED)
def test_a_region_covers_what_lies_below_it(outer: str, inner: str, covered: bool) -> None:
    assert scope.covers(outer, inner) is covered


def test_a_user_is_admitted_by_name_by_class_or_with_everybody() -> None:
    insurers = frozenset({"class:insurer", "org_bank"})

    assert scope.admits(insurers, "org_bank")
    assert scope.admits(insurers, "org_picc", classes={"class:insurer"})
    assert scope.admits({ANYONE}, "org_picc")
    assert not scope.admits(insurers, "org_picc", classes={"class:broker"})
    assert not scope.admits(frozenset(), "org_bank")


# --- the canonical form ------------------------------------------------------------------


def test_what_means_the_same_is_written_the_same() -> None:
    wordy = weather(
        users=frozenset({ANYONE, "org_insurer"}),
        regions=frozenset({"430000", "430100"}),
        environments=frozenset({Environment.TEE, Environment.API_GATEWAY}),
    )

    assert wordy.users == {ANYONE}
    assert wordy.regions == {"430000"}
    assert wordy.environments == {Environment.API_GATEWAY}


def test_a_scope_cannot_be_changed_through_what_it_was_made_from() -> None:
    asked = {RAINFALL: Transform.MASKED}
    quotas = {"calls": 10}
    made = weather(items=asked, quotas=quotas)

    asked[WIND] = Transform.RAW
    quotas["calls"] = 1_000_000

    assert made == weather(items={RAINFALL: Transform.MASKED}, quotas={"calls": 10})


@given(scopes())
def test_a_scope_survives_being_written_and_read(one: Scope) -> None:
    written = json.dumps(scope.to_json(one))

    assert scope.from_json(json.loads(written)) == one


@given(scopes(), scopes())
def test_the_hash_tells_scopes_apart_and_nothing_else(one: Scope, other: Scope) -> None:
    same = scope.scope_hash(one, digest) == scope.scope_hash(other, digest)

    assert same == (one == other)


@given(scopes())
def test_the_hash_is_that_of_the_canonical_json(one: Scope) -> None:
    assert scope.scope_hash(one, digest) == digest(canonical(scope.to_json(one)))


def test_the_order_of_writing_leaves_the_hash_alone() -> None:
    forwards = weather(items={STATION: Transform.RAW, RAINFALL: Transform.RAW})
    backwards = weather(items={RAINFALL: Transform.RAW, STATION: Transform.RAW})

    assert scope.scope_hash(forwards, digest) == scope.scope_hash(backwards, digest)


def test_the_written_form_is_the_one_that_is_signed() -> None:
    assert scope.to_json(weather()) == {
        "purpose_code": "weather_insurance",
        "purpose_fingerprint": "f1",
        "items": [
            {"directory": "307010001/000001", "item": "rainfall", "transform": "masked"},
            {"directory": "307010001/000001", "item": "station", "transform": "raw"},
        ],
        "row_filters": ["province = 43"],
        "users": ["org_insurer"],
        "regions": ["430000"],
        "period": {"from": "2026-01-01", "to": "2026-12-31"},
        "quotas": {"calls": 1000},
        "output_forms": ["aggregate_report", "score"],
        "environments": ["trusted_domain_sandbox"],
    }


# fmt: off
BROKEN: Any = [
    {"purpose_code": 7}, {"items": "all"}, {"items": [{"directory": "d", "item": "i"}]},
    {"output_forms": ["telepathy"]}, {"period": {"from": "soon", "to": "later"}},
    {"quotas": ["calls"]}, {"environments": None},
]
# fmt: on


@pytest.mark.parametrize("change", BROKEN)
def test_what_is_no_scope_is_not_read_as_one(change: dict[str, Any]) -> None:
    written = scope.to_json(weather()) | change

    with pytest.raises(Invalid):
        scope.from_json(written)


# fmt: off
IMPOSSIBLE: Any = [
    ({"purpose_code": "Not A Code"}, "/purpose_code"),
    ({"purpose_code": None}, "/purpose_code"),
    ({"regions": frozenset({"43"})}, "/regions"),
    ({"regions": frozenset({"001234"})}, "/regions"),
    ({"period": Period(date(2026, 2, 1), date(2026, 1, 1))}, "/period"),
    ({"quotas": {"calls": -1}}, "/quotas"),
    ({"quotas": {"calls": True}}, "/quotas"),
]
# fmt: on


@pytest.mark.parametrize(("change", "pointer"), IMPOSSIBLE)
def test_what_cannot_be_meant_is_refused(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        weather(**change)

    assert refused.value.pointer == pointer


# --- the purpose -------------------------------------------------------------------------


def fingerprint(**changes: Any) -> str:
    fields: dict[str, Any] = {
        "purpose_code": "weather_insurance",
        "application_field": "agriculture",
        "use_mode": "product_supply",
        "purpose_text": "农业气象 Index 保险",
        "output_forms": [OutputForm.SCORE, OutputForm.AGGREGATE_REPORT],
        "digest": digest,
    }
    return scope.purpose_fingerprint(**(fields | changes))


# fmt: off
@pytest.mark.parametrize("change", [
    {"purpose_text": "  农业气象   index\n保险 "},
    {"purpose_text": "农业气象 ＩＮＤＥＸ 保险"},
    {"output_forms": [OutputForm.AGGREGATE_REPORT, OutputForm.SCORE, OutputForm.SCORE]},
])
def test_a_purpose_is_known_again_however_it_is_written(change: dict[str, Any]) -> None:
    assert fingerprint(**change) == fingerprint()


@pytest.mark.parametrize("change", [
    {"purpose_code": "weather_service_energy"}, {"application_field": "finance"},
    {"use_mode": "self_use"}, {"purpose_text": "农业气象 Index 保险 定价"},
    {"output_forms": [OutputForm.SCORE]},
])
def test_another_purpose_has_another_fingerprint(change: dict[str, Any]) -> None:
    assert fingerprint(**change) != fingerprint()
# fmt: on


# --- several grantors --------------------------------------------------------------------


def fits_each(inner: Scope, grantors: Iterable[Scope]) -> bool:
    """Whether the part of `inner` that each grantor supplies fits that grantor's terms."""
    return not any(
        scope.fits(
            replace(
                inner,
                items={item: how for item, how in inner.items.items() if item in grantor.items},
            ),
            grantor,
        )
        for grantor in grantors
    )


@given(
    data=st.data(),
    one=scopes(st.just(STATION), least=1),
    other=scopes(st.just(RAINFALL), least=1),
)
def test_what_fits_the_joint_scope_fits_each_grantors_own(
    data: st.DataObject, one: Scope, other: Scope
) -> None:
    inner = data.draw(scopes(st.sampled_from([STATION, RAINFALL]), least=1))
    grantors = [grantor for grantor in (one, other) if grantor.items.keys() & inner.items.keys()]

    try:
        joint = scope.join([one, other], inner.items)
    except scope.NothingInCommon:
        assert not fits_each(inner, grantors)
        return

    assert fits_each(inner, grantors) == (not scope.fits(inner, joint))
    for found in scope.fits(inner, joint):
        inner = scope.mend(inner, found)
    assert fits_each(inner, grantors)


def supply(**changes: Any) -> Scope:
    """A supply agreement: its items for anyone, anywhere, for any purpose."""
    terms: dict[str, Any] = {
        "purpose_code": None,
        "purpose_fingerprint": None,
        "users": frozenset({ANYONE}),
        "regions": frozenset({COUNTRY}),
        "row_filters": frozenset(),
        "quotas": {},
    }
    return weather(**(terms | changes))


def test_an_authorisation_takes_items_from_two_departments() -> None:
    rain = supply(items={RAINFALL: Transform.MASKED})
    wind = supply(items={WIND: Transform.RAW})
    both = weather(items={RAINFALL: Transform.MASKED, WIND: Transform.RAW})

    assert scope.fits(both, scope.join([rain, wind], both.items)) == ()
    assert [found.part for found in scope.fits(both, rain)] == [Part.ITEM]


def test_one_departments_leniency_frees_no_other_departments_items() -> None:
    strict = supply(
        items={RAINFALL: Transform.MASKED},
        output_forms=frozenset({OutputForm.AGGREGATE_REPORT}),
        users=frozenset({"org_insurer"}),
        quotas={"calls": 10},
        environments=frozenset({Environment.TEE}),
    )
    lenient = supply(items={WIND: Transform.RAW}, regions=frozenset({"430100"}), quotas={"rows": 5})

    joint = scope.join([strict, lenient])

    assert joint.output_forms == {OutputForm.AGGREGATE_REPORT}
    assert joint.users == {"org_insurer"}
    assert joint.regions == {"430100"}
    assert joint.quotas == {"calls": 10, "rows": 5}
    assert joint.environments == {Environment.TEE}
    assert scope.join([lenient, strict]) == joint


def test_a_department_that_is_not_needed_sets_no_terms() -> None:
    needed = supply(items={RAINFALL: Transform.MASKED})
    beside = supply(items={WIND: Transform.RAW}, regions=frozenset({"110000"}))

    assert scope.join([needed, beside], [RAINFALL]) == needed


def test_an_item_granted_twice_is_granted_on_the_stricter_terms() -> None:
    masked = supply(items={RAINFALL: Transform.MASKED})
    aggregated = supply(items={RAINFALL: Transform.AGGREGATED})

    assert scope.join([masked, aggregated]).items == {RAINFALL: Transform.AGGREGATED}


def test_nobody_supplies_the_items() -> None:
    with pytest.raises(scope.NothingInCommon) as refused:
        scope.join([supply()], [WIND])

    assert refused.value.kind is Kind.CONFLICT


# fmt: off
@pytest.mark.parametrize(("change", "code"), [
    ({"purpose_code": "environment"}, "PURPOSE"),
    ({"period": Period(date(2027, 1, 1), date(2027, 12, 31))}, "PERIOD"),
])
def test_grantors_without_a_common_purpose_or_day_cannot_be_joined(
    change: dict[str, Any], code: str
) -> None:
    insurance = supply(purpose_code="weather_insurance")

    with pytest.raises(scope.NothingInCommon) as refused:
        scope.join([insurance, supply(**change)])

    assert [refusal.code for refusal in refused.value.refusals] == [code]
# fmt: on
