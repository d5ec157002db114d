from sqlalchemy import event, text, update
from sqlalchemy.orm import Session

from licensing.disclosing import register
from licensing.disclosing.register import Wanted
from licensing.operations import OperationAgreement
from licensing.scenarios import Scenario
from tests.licensing import desk, frames, grants


def _numbers(session: Session, **wanted: str) -> list[str]:
    page = register.authorised(session, Wanted(**wanted), after=None, limit=9)
    return [each.authorisation.cert_no for each in page.items]


def test_an_authorisation_is_found_by_number_title_purpose_or_either_name_of_a_party(
    session: Session,
) -> None:
    granted = grants.active(session)
    session.execute(update(Scenario).values(title="农业气象保险", code="SC-430000-2026-0042"))

    found = [
        _numbers(session, text=words)
        for words in (granted.cert_no[3:], "气象", "sc-430000", "枫香", "sweetgum", "气象保险",
                      "WEATHER INS")
    ]  # fmt: skip
    missed = [_numbers(session, text=words) for words in ("银行", "%", "_")]

    assert found == [[granted.cert_no]] * 7
    assert missed == [[]] * 3


def test_an_authorisation_is_told_with_its_scenario_and_how_many_items_it_covers(
    session: Session,
) -> None:
    granted = grants.active(session)

    (entry,) = register.authorised(session, after=None, limit=9).items

    assert entry.authorisation is granted
    assert entry.items == len(grants.ITEMS)
    assert entry.title
    assert entry.scenario_code
    assert entry.kind == "development"


def test_the_register_is_narrowed_by_state_and_by_kind(session: Session) -> None:
    granted = grants.active(session)
    number = [granted.cert_no]

    assert _numbers(session, state="active") == number
    assert _numbers(session, state="revoked") == []
    assert _numbers(session, kind="development") == number
    assert _numbers(session, kind="primary_product") == []
    assert register.revoked(session, Wanted(text="x"), after=None, limit=9).items == []


def test_an_agreement_is_found_by_number_or_a_party_and_only_once_it_was_filed(
    session: Session,
) -> None:
    code = desk.directory(session)
    frames.drafted(session, code)
    filed = frames.effective(session, code)

    def found(**wanted: str) -> list[str]:
        page = register.filed(session, OperationAgreement, Wanted(**wanted), after=None, limit=9)
        return [each.id for each in page.items]

    assert found(text=filed.code) == found(text="实施机构") == found(text="AGENCY") == [filed.id]
    assert found(state="effective") == [filed.id]
    assert found(state="expired") == found(text="枫香") == []


def test_a_page_of_the_register_costs_three_selects_however_long_it_is(session: Session) -> None:
    for number in range(3):
        grants.active(session, scenario_id=f"scn_{number}", assessment_id=f"asm_{number}")
    session.flush()
    session.expire_all()
    selects: list[str] = []

    def count(_c: object, _u: object, statement: str, *_more: object) -> None:
        selects.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", count)
    first = register.authorised(session, after=None, limit=1)
    costs = [len(selects)]
    rest = register.authorised(session, after=first.next, limit=5)
    costs.append(len(selects) - costs[0])
    event.remove(session.get_bind(), "before_cursor_execute", count)

    assert costs == [3, 3]
    assert (len(first.items), len(rest.items)) == (1, 2)
    assert rest.next is None


def test_a_page_is_read_along_an_index(session: Session) -> None:
    grants.active(session)
    statement = "SELECT id FROM authorisations WHERE state = 'revoked' ORDER BY id DESC LIMIT 20"

    if session.get_bind().dialect.name == "sqlite":
        plan = str(session.execute(text(f"EXPLAIN QUERY PLAN {statement}")).all())
    else:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_sort = off"))
        plan = str(session.execute(text(f"EXPLAIN {statement}")).all())

    assert "ix_authorisations_state_id" in plan
