from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel.clock import local_date
from kernel.errors import Invalid, NotFound, StepNotAllowed
from kernel.parties import admission, relations
from kernel.parties.relations import HOPS_MAX, Kind, Other
from tests import cast
from tests.conftest import NOON, WorkAs
from tests.kernel.parties import entry

TODAY = local_date(NOON)
CODES = {key: value[0] for key, value in cast.ORGANISATIONS.items()}
FIRMS = sorted(CODES)


def company(key: str) -> Other:
    return Other(name=key, uscc=CODES[key])


def controls(work_as: WorkAs, a: str, b: str) -> relations.Tie:
    work = entry.registrar(work_as)
    made = relations.declare(work, a, Kind.CONTROLS, company(b))
    work.session.flush()
    return made


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    pairs=st.lists(st.tuples(st.sampled_from(FIRMS), st.sampled_from(FIRMS)), max_size=8),
    shares=st.lists(st.integers(1, 10_000), min_size=8, max_size=8),
)
def test_i_06_related_parties_are_symmetric_and_include_oneself(
    work_as: WorkAs, pairs: list[tuple[str, str]], shares: list[int]
) -> None:
    work = entry.registrar(work_as)
    with work.session.begin_nested() as undone:
        for (a, b), share_bp in zip(pairs, shares, strict=False):
            if a != b:
                relations.declare(work, a, Kind.SHAREHOLDER, company(b), share_bp=share_bp)
        work.session.flush()
        found = {key: relations.related(work.session, key, on=TODAY) for key in FIRMS}
        undone.rollback()

    for a in FIRMS:
        assert a in found[a]
        for b in found[a]:
            assert a in found[b]
            assert found[b] == found[a] or len(FIRMS) > HOPS_MAX


def test_a_chain_is_followed_through_those_who_are_not_here(work_as: WorkAs) -> None:
    work = entry.registrar(work_as)
    person = Other(name="演示·控制人", identity_number=entry.number(7))
    relations.declare(work, "org_buyer", Kind.CONTROLS, person)
    relations.declare(work, "org_developer", Kind.CONTROLS, person)
    group = Other(name="演示集团", group_code="G-1")
    relations.declare(work, "org_developer", Kind.SAME_GROUP, group)
    relations.declare(work, "org_other", Kind.SAME_GROUP, group)
    work.session.flush()

    found = relations.related(work.session, "org_buyer", on=TODAY)
    ways = relations.seen(work_as("per_hub_supervisor"), "org_buyer", on=TODAY)

    assert found == {"org_buyer", "org_developer", "org_other"}
    assert relations.are_related(work.session, "org_other", "org_buyer", on=TODAY)
    assert not relations.are_related(work.session, "org_other", "org_dept", on=TODAY)
    assert [(way.organisation_id, [tie.kind for tie in way.ties]) for way in ways] == [
        ("org_developer", ["controls", "controls"]),
        ("org_other", ["controls", "controls", "same_group", "same_group"]),
    ]


@pytest.mark.parametrize(("share_bp", "counts"), [(2_499, False), (2_500, True), (10_000, True)])
def test_a_shareholder_of_a_quarter_is_related(
    work_as: WorkAs, share_bp: int, counts: bool
) -> None:
    work = entry.registrar(work_as)
    relations.declare(work, "org_buyer", Kind.SHAREHOLDER, company("org_other"), share_bp=share_bp)
    work.session.flush()

    assert relations.are_related(work.session, "org_other", "org_buyer", on=TODAY) is counts


def test_a_tie_holds_from_its_first_day_until_it_is_ended(work_as: WorkAs) -> None:
    work = entry.registrar(work_as)
    since, until = TODAY - timedelta(days=10), TODAY - timedelta(days=2)
    tie = relations.declare(work, "org_buyer", Kind.DECLARED, company("org_other"), since=since)
    work.session.flush()
    relations.end(work, tie.id, until=until)
    work.session.flush()
    related = {
        day: relations.are_related(work.session, "org_buyer", "org_other", on=day)
        for day in (since - timedelta(days=1), since, until - timedelta(days=1), until)
    }

    assert list(related.values()) == [False, True, True, False]
    page, ended = relations.of(work, "org_buyer", after=None, limit=5)
    assert (page.items, ended) == ([tie], {tie.id: until})
    with pytest.raises(Invalid):
        relations.end(work, tie.id)


def test_a_tie_cannot_end_before_it_began(work_as: WorkAs) -> None:
    tie = controls(work_as, "org_buyer", "org_other")

    with pytest.raises(Invalid):
        relations.end(entry.registrar(work_as), tie.id, until=TODAY - timedelta(days=1))
    with pytest.raises(NotFound):
        relations.end(entry.registrar(work_as), "tie_none")
    with pytest.raises(NotFound):
        relations.end(work_as("per_other_editor"), tie.id)


@pytest.mark.parametrize("sql", ["UPDATE ties SET counts = false", "DELETE FROM ties"])
def test_a_tie_is_never_overwritten(work_as: WorkAs, sql: str) -> None:
    controls(work_as, "org_buyer", "org_other")

    with pytest.raises(DBAPIError, match="append-only"):
        work_as("system").session.execute(text(sql))


def test_a_file_ties_by_representative_and_group(work_as: WorkAs) -> None:
    one = entry.entered(work_as)
    two = entry.entered(work_as, uscc=entry.OTHER_CODE)
    session = work_as("system").session
    entry.filed(work_as, one)
    entry.filed(work_as, two, group_code="G-9")
    session.flush()
    same_person = relations.are_related(session, one.id, two.id, on=TODAY)

    other = {**entry.FACTS, "legal_rep_id_number": entry.number(9)}
    admission.file(entry.admin(work_as, two), two.id, **other)
    session.flush()
    apart = relations.are_related(session, one.id, two.id, on=TODAY)
    admission.file(entry.admin(work_as, one), one.id, **{**entry.FACTS, "group_code": "G-8"})
    admission.file(entry.admin(work_as, two), two.id, **{**other, "group_code": "G-8"})
    session.flush()

    assert same_person
    assert not apart
    assert relations.are_related(session, one.id, two.id, on=TODAY)


def test_an_organisation_takes_back_its_own_word_alone(work_as: WorkAs) -> None:
    made = entry.entered(work_as)
    entry.filed(work_as, made)
    admin, registrar = entry.admin(work_as, made), entry.registrar(work_as)
    own = relations.declare(admin, made.id, Kind.DECLARED, company("org_buyer"))
    officers = relations.declare(registrar, made.id, Kind.CONTROLS, company("org_other"))
    admin.session.flush()
    ties = relations.of(admin, made.id, after=None, limit=5)[0].items
    by_file = next(tie for tie in ties if tie.kind == Kind.SAME_LEGAL_REPRESENTATIVE)

    relations.end(admin, own.id)
    for tie in (officers, by_file):
        with pytest.raises(StepNotAllowed):
            relations.end(admin, tie.id)
    relations.end(registrar, by_file.id)


def test_what_a_tie_must_say(work_as: WorkAs) -> None:
    work = entry.registrar(work_as)
    wrong: list[tuple[Kind, Other, int | None]] = [
        (Kind.SHAREHOLDER, company("org_other"), None),
        (Kind.CONTROLS, company("org_other"), 5_000),
        (Kind.CONTROLS, company("org_buyer"), None),
        (Kind.CONTROLS, Other(name="谁"), None),
        (Kind.CONTROLS, Other(name="两个", uscc=CODES["org_other"], group_code="G"), None),
        (Kind.CONTROLS, Other(name="假", identity_number="110105194912310021"), None),
    ]

    for kind, other, share_bp in wrong:
        with pytest.raises(Invalid):
            relations.declare(work, "org_buyer", kind, other, share_bp=share_bp)
    with pytest.raises(NotFound):
        relations.declare(
            work_as("per_other_editor"), "org_buyer", Kind.DECLARED, company("org_other")
        )
    for person in ("per_other_editor", "per_exchange_admin"):
        with pytest.raises(NotFound):
            relations.of(work_as(person), "org_buyer", after=None, limit=5)
        with pytest.raises(NotFound):
            relations.seen(work_as(person), "org_buyer", on=TODAY)


def test_who_is_unknown_is_alone(session: Session) -> None:
    assert relations.related(session, "org_none", on=TODAY) == {"org_none"}
    assert relations.explained(session, "org_none", on=TODAY) == []
    assert relations.are_related(session, "org_none", "org_none", on=date(2020, 1, 1))


def test_a_level_of_the_graph_is_one_question(work_as: WorkAs) -> None:
    for a, b in (("org_buyer", "org_other"), ("org_buyer", "org_dept"), ("org_other", "org_hub")):
        controls(work_as, a, b)
    session = work_as("system").session
    asked: list[str] = []
    listener = lambda _c, _u, statement, *_more: asked.append(statement)  # noqa: E731 - added and removed
    event.listen(session.get_bind(), "before_cursor_execute", listener)

    relations.related(session, "org_buyer", on=TODAY)

    event.remove(session.get_bind(), "before_cursor_execute", listener)
    assert len(asked) <= 5
