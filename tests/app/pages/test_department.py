from app.unit import Exchange
from licensing import agreements
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town
from tests.licensing import desk

FORM = {
    "contact": "目录管理员",
    "phone": "0731-0000000",
    "storage": "省政务云",
    "description": "自动站分钟观测",
    "documents": "ab" * 32,
    "commitment": "1",
}


@ON_SQLITE
def test_a_directory_shows_items_resource_registration_and_steps(visit: Visit, town: Town) -> None:
    path = f"/directories/{town['directory']}"

    visit("per_dept_approver").shows(path, "TEMP", "420,768", "已登记", "撤销")
    visit("per_hub_supervisor").shows(path, "暂停")
    assert visit().get(path).status_code == 303


@ON_SQLITE
def test_a_draft_is_its_departments_own(visit: Visit, town: Town) -> None:
    path = f"/directories/{town['draft_directory']}"

    visit("per_dept_editor").shows(path, "自动站分钟观测", "提交部门审核", "尚未挂接")
    assert visit("per_buyer_editor").get(path).status_code == 404


def test_a_directory_is_published_and_registered_step_by_step(visit: Visit, town: Town) -> None:
    version = town["draft_directory"]
    path = f"/directories/{version}"
    editor, hub = visit("per_dept_editor"), visit("per_hub_reviewer")

    editor.post(f"/steps/directory_version/{version}/submit")
    visit("per_dept_approver").post(f"/steps/directory_version/{version}/pass")
    hub.post(f"/steps/directory_version/{version}/accept")
    applied = editor.post(f"{path}/registration", years="3", **FORM)
    again = editor.post(f"{path}/registration", years="3", **FORM)

    assert applied.status_code == 303
    assert again.status_code == 409
    hub.shows(applied.location, "受理", "自动站分钟观测", "省政务云")
    hub.post(f"/steps/registration/{applied.location.rpartition('/')[2]}/accept")
    hub.shows(applied.location, "审核通过并公示")
    visit("per_dept_editor").shows(path, "已发布", "形式审核")


def test_four_eyes_bar_a_button_and_say_why(visit: Visit, town: Town) -> None:
    version = town["draft_directory"]
    visit("per_dept_editor").post(f"/steps/directory_version/{version}/submit")

    answer = visit("per_dept_editor").post(f"/steps/directory_version/{version}/pass")

    assert answer.status_code == 403


@ON_SQLITE
def test_an_agreement_shows_scope_shares_and_signatures(visit: Visit, town: Town) -> None:
    path = f"/agreements/{town['agreement']}"

    visit("per_hub_supervisor").shows(path, "✓ 签署有效", "30.00%", "RAIN", "暂停")
    assert visit("per_buyer_editor").get(path).status_code == 404


def test_the_operator_gives_its_letter_by_its_digest(
    visit: Visit, town: Town, application: Exchange
) -> None:
    made = _signed_agreement(application)
    operator = visit("per_operator_signer")

    wrong = operator.post(f"/agreements/{made}/letter", digest="x")
    given = operator.post(f"/agreements/{made}/letter", digest="ab" * 32)

    assert wrong.status_code == 422
    assert given.status_code == 303
    operator.shows(f"/agreements/{made}", "ab" * 32)


def _signed_agreement(application: Exchange) -> str:
    with application.house.engines.writing() as session:
        made = desk.drafted(session, "CAT-430000-000001", industry="A05")
        desk.go(session, made, *desk.TO_SIGNED)
        session.commit()
        assert made.state == agreements.State.SIGNED
        return made.id
