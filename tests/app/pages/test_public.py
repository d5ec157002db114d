import pytest

from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town

pytestmark = ON_SQLITE

PAGES = ("/", "/register", "/verify", "/products", "/boards", "/rankings", "/sign-in")


@pytest.mark.parametrize("path", PAGES)
def test_a_public_page_is_there_for_everybody_in_both_languages(visit: Visit, path: str) -> None:
    page = visit().shows(path)

    assert page.count("<h1") == 1
    assert 'href="#main"' in page


def test_the_register_names_who_may_use_what(visit: Visit, town: Town) -> None:
    visit().shows(
        "/register", town["certificate"], "演示·枫香科技", "气象保险", "北京郊县农业气象保险"
    )
    visit().shows("/register/supplies", "SA-430000-2026-0001")


def test_a_certificate_is_a_letter_that_can_be_checked(visit: Visit, town: Town) -> None:
    page = visit().shows(
        f"/certificates/{town['certificate']}", "核验通过", "演示·实施机构", "RAIN"
    )

    assert "<svg" in page
    assert "/authorisations/" not in page
    assert visit().get("/certificates/AU-0").status_code == 404


def test_who_is_concerned_finds_the_way_from_the_certificate(visit: Visit, town: Town) -> None:
    page = visit("per_hub_supervisor").get(f"/certificates/{town['certificate']}").text

    assert f"/authorisations/{town['authorisation']}" in page


def test_a_number_is_found_genuine_or_not_found(visit: Visit, town: Town) -> None:
    visitor = visit()

    assert "内容未被改动，签名有效" in visitor.get(f"/verify?number={town['certificate']}").text
    assert "未找到不等于伪造" in visitor.get("/verify?number=AU-1").text


def test_a_problem_is_explained_by_its_name(visit: Visit) -> None:
    visit().shows("/problems/new-scenario-required", "须以新场景重新申请")

    assert visit().get("/problems/no-such-thing").status_code == 404
    assert visit().get("/problems/").status_code == 303
