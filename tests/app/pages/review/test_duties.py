"""The sections of a desk: how many there are, and where all of them stand."""

from collections.abc import Callable
from datetime import date

import pytest

from app.pages.review import duties
from app.unit import Exchange
from kernel.parties.organisations import Organisation, State
from licensing.applications.blocks import Material
from licensing.applications.commitments import Commitment
from licensing.authorisations import Authorisation
from licensing.frame.plan_rows import ImplementationPlan
from licensing.pricing.periods import FeePeriod
from licensing.standing.destructions import Destruction
from licensing.supervision.violations import Violation
from licensing.upkeep.reviews import Review
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.review.test_queue import counting
from tests.app.pages.town import TODAY, Town
from tests.conftest import NOON
from tests.licensing import frames

pytestmark = ON_SQLITE

Fill = Callable[[int], None]

CASES = ("submitted", "asked", "paused", "scored", "forming", "deciding", "scenario", "written")


@pytest.fixture
def fill(application: Exchange, town: Town) -> Fill:
    """Put so many rows of every kind on the desks, beside as many that do not wait."""

    def put(count: int) -> None:
        with application.house.engines.writing() as session:
            for number in range(count):
                for done in (False, True):
                    session.add_all(rows(town, number, done=done))
                state = "draft" if number % 2 else "negotiating"
                for each in (state, "terminated"):
                    frames.put(session, f"{each}-{number}", [], state=each)
            session.commit()

    return put


def rows(town: Town, number: int, *, done: bool) -> list[object]:
    """Return one row of each kind: one that waits, or one that is done with."""
    key = f"{'done' if done else 'open'}_{number:03}"
    case, material = divmod(number, len(Material))
    promise = Commitment(
        id=f"cmt_{key}", state="promised", scenario_id=town[CASES[case % len(CASES)]],
        applicant_id="org_developer", implementing_agency_id="org_agency",
        material=list(Material)[material], promised_on=date(2026, 7, 1), due_on=date(2026, 8, 1),
    )  # fmt: skip
    return [
        *([promise] if not done and case < len(CASES) else []),
        Violation(
            id=f"vio_{key}", state="cleared" if done else "raised", fault="stage_overdue",
            owner="org_agency", subject=town["submitted"], raised_at=NOON,
            ruling="so" if done else None,
        ),
        Review(
            id=f"rvw_{key}", state="passed" if done else "open",
            authorisation_id=town["authorisation"], year=1900 + 2 * number + done,
            grantee_id="org_developer", implementing_agency_id="org_agency", figures={},
            opened_at=NOON,
        ),
        FeePeriod(
            id=f"fee_{key}", state="closed" if done else "draft", operator_id="org_operator",
            first_on=date(1900 + number, 1, 1), last_on=date(1900 + number, 12, 31),
            trial=False, costs={}, costs_fen=0, profit_rate_bp=0, profit_fen=0, taxes_fen=0,
            carry_over_fen=0, max_revenue_fen=0, proposed_at=NOON,
            doc_no="1" if done else None, excess_fen=0 if done else None,
        ),
        ImplementationPlan(
            id=f"pln_{key}", state="superseded" if done else "decided", code=f"PL-{key}",
            edition=1, implementing_agency_id="org_agency", title="Weather", modes=[],
            resource_scope=[], elements={}, decision={}, text_digest="0" * 64,
            drafted_at=NOON, **frames.TERM,
        ),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("person", "sections"),
    [
        (
            "per_agency_officer",
            {"容缺承诺": "/desk/promises", "年度评估": "/reviews",
             "时限违规": "/supervision/violations", "实施方案": "/frame/plans",
             "授权运营协议": "/frame/operations"},
        ),
        ("per_operator_signer", {"收费周期": "/fee-periods"}),
    ],
)  # fmt: skip
def test_a_section_tells_how_many_wait_and_where_they_all_are(
    visit: Visit, fill: Fill, person: str, sections: dict[str, str]
) -> None:
    fill(12)

    page = visit(person).shows("/desk", *sections)

    for title, more in sections.items():
        head, _, rest = page.partition(f">{title} <span")[2].partition("</section>")
        assert rest, title
        waiting = 12 + (title == "收费周期")  # the town has one of its own
        assert f'class="tag">{waiting}</span>' in head, title
        assert f'href="{more}"' in head, title
        assert head.count("<li>") == 8, title


def test_more_than_can_be_counted_says_so(visit: Visit, fill: Fill) -> None:
    fill(duties.MOST + 1)

    page = visit("per_agency_officer").shows("/desk")

    assert page.count(">100+</span>") >= 4


def test_a_desk_costs_the_same_with_few_rows_and_with_many(
    visit: Visit, fill: Fill, application: Exchange, town: Town
) -> None:
    fill(2)
    officer = visit("per_agency_officer")
    with counting(application) as few:
        officer.get("/desk")
    with application.house.engines.writing() as session:
        for number in range(20, 29):
            session.add_all(rows(town, number, done=False))
        session.commit()
    with counting(application) as many:
        officer.get("/desk")

    assert len(few) == len(many)


def test_the_whole_list_goes_on_page_by_page(visit: Visit, fill: Fill) -> None:
    fill(25)
    officer = visit("per_agency_officer")

    first = officer.shows("/desk/promises", "容缺承诺", "下一页")
    following = first.partition('href="/desk/promises?after=')[2].partition('"')[0]
    second = officer.shows(f"/desk/promises?after={following}")

    assert first.count('class="row-link"') == 20
    assert second.count('class="row-link"') == 5


def test_opinions_and_panels_have_their_whole_lists(visit: Visit) -> None:
    visit("per_dept_approver").shows("/desk/opinions", "水稻灌溉调度")
    visit("per_agency_secretary").shows("/desk/panels", "冷链运输温控风险")
    visit("per_buyer_editor").shows("/desk/promises", "没有待办")


def test_renewals_destructions_and_admissions_are_counted(
    visit: Visit, application: Exchange, town: Town
) -> None:
    with application.house.engines.writing() as session:
        held = session.get_one(Authorisation, town["authorisation"])
        held.valid_to = date(2026, 8, 31)
        session.add(
            Destruction(
                id="dst_1", state="overdue", authorisation_id=held.id,
                grantee_id=held.grantee_id, implementing_agency_id="org_agency",
                ended_as="expired", opened_at=TODAY,
            )
        )  # fmt: skip
        session.get_one(Organisation, "org_other").state = State.UNDER_REVIEW
        session.commit()

    developer = visit("per_developer_editor").shows("/desk", "可申请续期", "待销毁")
    admitter = visit("per_exchange_listing").shows("/desk")

    assert 'class="tag">1</span>' in developer.partition(">可申请续期")[2][:60]
    assert 'class="tag">1</span>' in developer.partition(">待销毁")[2][:60]
    assert admitter
