import pytest

from app.unit import Exchange
from licensing import authorisations
from licensing.standing import destructions
from licensing.upkeep import reviews
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town
from tests.conftest import work_of
from tests.licensing.standing import lives


@ON_SQLITE
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_authorisation_shows_versions_quotas_renewal_and_what_would_fall(
    visit: Visit, town: Town, lang: str
) -> None:
    page = visit("per_developer_editor").get(f"/authorisations/{town['authorisation']}", lang)

    assert page.status_code == 200
    said = {
        "zh": ("版本与差异", "首次签发", "申请续期", "续期自", "在架产品", "监管账户在途"),
        "en": ("Versions and what changed", "As first issued", "Apply for a renewal", "In escrow"),
    }
    for words in said[lang]:
        assert words in page.text, words


@ON_SQLITE
def test_a_narrower_version_shows_what_is_gone(
    visit: Visit, town: Town, application: Exchange
) -> None:
    with application.house.engines.writing() as session:
        work = work_of(session, "per_agency_approver")
        found = authorisations.find(session, town["authorisation"])
        scope = authorisations.scope_of(session, found)
        authorisations.amend(
            work, found.id, scope={"quotas": dict.fromkeys(scope.quotas, 7), "output_forms": []}
        )
        session.commit()

    page = visit("per_agency_approver").get(f"/authorisations/{town['authorisation']}", "en")

    assert "Version 2" in page.text
    assert "<del>" in page.text
    assert "<ins>" in page.text


@ON_SQLITE
def test_an_impact_is_looked_at_and_then_decided(visit: Visit, town: Town) -> None:
    path = f"/impacts/authorisation/{town['authorisation']}"

    visit("per_hub_supervisor").shows(path, "影响预览", "受影响的授权", "暂停", "撤销")
    visit("per_developer_editor").shows(path, "影响预览")
    assert visit("per_other_editor").get(path).status_code == 404
    assert visit("per_hub_supervisor").get("/impacts/moon/x").status_code == 404


@ON_SQLITE
def test_the_impact_of_an_organisation_and_of_a_directory(visit: Visit, town: Town) -> None:
    hub = visit("per_hub_supervisor")

    hub.shows("/impacts/organisation/org_developer", "影响预览", "演示·枫香科技")
    hub.shows("/impacts/directory/CAT-430000-000001", "影响预览")


@ON_SQLITE
def test_after_the_end_the_destruction_is_certified_on_the_page(
    visit: Visit, town: Town, application: Exchange
) -> None:
    path = f"/authorisations/{town['authorisation']}"
    with application.house.engines.writing() as session:
        work = work_of(session, "per_hub_supervisor")
        authorisations.take(
            work, town["authorisation"], "revoke", cause="unlawful_use", reason="sold on"
        )
        found = destructions.of(session, town["authorisation"])
        assert found is not None
        key = found.id
        session.commit()
    grantee = visit("per_developer_signer")

    grantee.shows(path, "销毁证明", "待销毁", "数据擦除")
    grantee.post(
        f"/steps/destruction/{key}/certify", method="erased", digest=lives.DIGEST, next=path
    )

    grantee.shows(path, "已证明销毁")
    visit("per_hub_supervisor").shows("/destructions", "已证明销毁")


@ON_SQLITE
def test_a_review_is_listed_and_shown(visit: Visit, town: Town, application: Exchange) -> None:
    with application.house.engines.writing() as session:
        (found,) = reviews.open_due(
            work_of(session, "system", at=lives.noon("2027-02-01")), limit=1
        )
        key = found.id
        session.commit()
    agency = visit("per_agency_approver")

    agency.shows("/reviews", "2027", "评估中")
    agency.shows(f"/reviews/{key}", "使用情况", "继续授权", "限期整改")
    agency.shows(f"/authorisations/{town['authorisation']}", "年度评估")


@ON_SQLITE
def test_a_renewal_that_is_too_early_is_told_so(visit: Visit, town: Town) -> None:
    grantee = visit("per_developer_editor")

    answer = grantee.post(
        f"/authorisations/{town['authorisation']}/renewals",
        report=lives.REPORT, period_to="2028-06-30",
    )  # fmt: skip
    more = grantee.post(
        f"/authorisations/{town['authorisation']}/increases",
        report=lives.REPORT, meter="rows", limit="1",
    )  # fmt: skip

    assert (answer.status_code, more.status_code) == (409, 422)
