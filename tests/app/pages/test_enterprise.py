from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town


@ON_SQLITE
def test_an_applicant_sees_where_it_is_and_whose_move(visit: Visit, town: Town) -> None:
    applicant = visit("per_developer_editor")

    applicant.shows("/scenarios", "果园霜冻预警", "新的申请")
    applicant.shows(f"/scenarios/{town['written']}", "现在轮到", "申请方：补全并提交", "提交")
    applicant.shows(f"/scenarios/{town['paused']}", "申请方：按通知补正", "一次性告知")
    applicant.shows(f"/scenarios/{town['scenario']}", "查看授权")


@ON_SQLITE
def test_an_application_is_not_for_strangers(visit: Visit, town: Town) -> None:
    stranger = visit("per_other_editor")

    assert stranger.get(f"/scenarios/{town['scenario']}").status_code == 404
    assert "果园霜冻预警" not in stranger.get("/scenarios").text
    assert visit().get("/scenarios").status_code == 303
