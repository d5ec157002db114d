import io
from typing import Any

from app.unit import Exchange
from kernel.parties import bank_checks
from tests import cast
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.conftest import work_of
from tests.kernel.parties import entry

FORM: dict[str, Any] = {
    "org_kind": "institution",
    "registered_capital": "1,000,000.00",
    "established_on": "2015-03-01",
    "licence_valid_to": "2026-08-10",
    "business_scope": "餐饮服务",
    "legal_rep_name": "演示·法定代表人",
    "legal_rep_id_number": "11010519491231002X",
    "merchant_type": "technology",
    "merchant_capabilities": ["supplier"],
    "tax_kind": "general_vat",
    "mlps_level": "0",
    "security_officer": "演示·安全负责人",
    "dpo": "演示·个保负责人",
}
NEW = {
    "uscc": entry.CODE,
    "name_zh": "演示·新数商",
    "name_en": "Demo Newcomer",
    "region": "430100",
    "roles": ["merchant"],
}


def newcomer(visit: Visit) -> tuple[str, Browser]:
    """Enter an organisation by the form; returns its page and its administrator's browser."""
    entered = visit("per_exchange_compliance").post("/admissions", **NEW)
    assert entered.status_code == 303, entered.text
    page = entered.headers["Location"]
    registrar = visit("per_exchange_compliance")
    person = {"login": "boss@test", "name": "管理员", "password": cast.PASSWORD,
              "person_number": entry.number(3)}  # fmt: skip
    duties = [str(duty) for duty in entry.ADMINISTERS]
    assert registrar.post(f"{page}/people", **person, duties=["king"]).status_code == 422
    assert registrar.post(f"{page}/people", **person, duties=duties).status_code == 303
    return page, visit("boss")


def papers(page: str, admin: Browser) -> None:
    for doc_type in entry.PAPERS:
        file = (io.BytesIO(entry.PAPER), f"{doc_type}.pdf")
        sent = admin.post(f"{page}/documents", doc_type=doc_type, file=file, next=page)
        assert sent.status_code == 303, sent.text


def verified(application: Exchange, visit: Visit, admin: Browser, page: str) -> None:
    """Read the transfer to make, mark it as made, and say how much came."""
    teller = visit("per_exchange_settler")
    teller.shows("/admissions", "待打款验证", "********1111")
    with application.house.engines.reading() as session:
        work = work_of(session, "per_exchange_auditor")
        found = bank_checks.of(work, page.rpartition("/")[2], after=None, limit=1)
        check = found.items[0].id
    told = teller.post(f"/bank-checks/{check}/order").text
    assert "622200001111" in told
    amount_fen = int(told.partition("<b>¥ 0.")[2][:2])
    assert teller.post(f"/steps/bank_check/{check}/send").status_code == 303
    admin.shows(page, "收到多少分")
    said = admin.post(f"/bank-checks/{check}/echo", amount_fen=str(amount_fen))
    assert said.status_code == 303


@ON_SQLITE
def test_a_newcomer_writes_its_file_and_is_let_in(application: Exchange, visit: Visit) -> None:
    page, admin = newcomer(visit)
    registrar, approver = visit("per_exchange_compliance"), visit("per_exchange_approver")
    admin.shows(page, "还缺什么", "入驻档案未填写", "营业执照或登记证书（必备）", "银行账户未验证")

    assert admin.post(f"{page}/file", **FORM, next=page).status_code == 303
    papers(page, admin)
    admin.shows(page, "110105********002X", "机构类型与信用代码前两位不符", "即将到期")
    step = "/steps/organisation/" + page.rpartition("/")[2]
    assert admin.post(f"{step}/submit", next=page).status_code == 303
    account = {"account_name": NEW["name_zh"], "bank_name": "演示银行", "number": "622200001111"}
    assert admin.post(f"{page}/bank-checks", **account, next=page).status_code == 303

    registrar.shows("/admissions", "演示·新数商", "待初审", "数商")
    verified(application, visit, admin, page)
    assert registrar.post(f"{page}/credit-checks", source="信用中国").status_code == 303
    assert registrar.post(f"{step}/pass_first", opinion="齐全").status_code == 303
    approver.shows(page, "待复审", "未见异常", "准予入驻")
    assert approver.post(f"{step}/approve").status_code == 303
    admin.shows(page, "有效", "已授予", "下次 2027")


@ON_SQLITE
def test_what_a_form_cannot_mean_is_refused(visit: Visit) -> None:
    page, admin = newcomer(visit)
    registrar = visit("per_exchange_compliance")
    wrong = [
        (f"{page}/file", {**FORM, "mlps_level": "7"}),
        (f"{page}/file", {**FORM, "tax_kind": "none"}),
        (f"{page}/file", {**FORM, "established_on": "soon"}),
        (f"{page}/documents", {"doc_type": "credit_report"}),
        (f"{page}/roles", {"role": "king"}),
        (f"{page}/ties", {"kind": "cousin", "other_name": "x"}),
        (f"{page}/ties", {"kind": "shareholder", "other_name": "x", "uscc": entry.OTHER_CODE,
                          "share": "100.01"}),
    ]  # fmt: skip

    assert {admin.post(path, **fields).status_code for path, fields in wrong} == {422}
    assert registrar.post(f"{page}/credit-checks").status_code == 422
    assert registrar.post("/admissions", **{**NEW, "roles": ["king"]}).status_code == 422
    assert admin.post("/admissions", **NEW).status_code == 403


@ON_SQLITE
def test_roles_and_ties_are_asked_for_on_the_page(visit: Visit) -> None:
    page, admin = newcomer(visit)
    tie = {"kind": "shareholder", "other_name": "演示·枫香科技", "uscc": "91430104MAA00003XP",
           "share": "30"}  # fmt: skip

    assert admin.post(f"{page}/roles", role="buyer", next=page).status_code == 303
    assert admin.post(f"{page}/ties", **tie, next=page).status_code == 303
    text = admin.shows(page, "数据需方", "待授予", "股东 30.00%", "演示·枫香科技")
    tie_id = text.partition('action="/ties/')[2].partition("/")[0]
    visit("per_exchange_approver").shows("/admissions", "增加角色", "数据需方")
    assert admin.post(f"/ties/{tie_id}/end", next=page).status_code == 303
    admin.shows(page, "没有关联机构")


@ON_SQLITE
def test_a_stranger_sees_who_it_is_and_nothing_else(visit: Visit) -> None:
    page, _ = newcomer(visit)
    stranger = visit("per_other_editor")

    text = stranger.shows(page, "演示·新数商", "入驻档案仅本机构与监督方可见")

    assert "经营范围" not in text
    assert stranger.get("/admissions").status_code == 303
    assert stranger.post(f"{page}/file", **FORM).status_code == 404
    assert visit().get(page).status_code == 303


@ON_SQLITE
def test_a_document_is_downloaded_by_those_who_may_and_on_record(visit: Visit) -> None:
    page, admin = newcomer(visit)
    papers(page, admin)
    text = admin.shows(page, "下载")
    action = text.split('/readings"')[0].rpartition('action="')[2] + "/readings"

    own = admin.post(action)
    reviewed = visit("per_exchange_compliance").post(action)
    barred = visit("per_hub_supervisor").post(action)

    assert own.data == reviewed.data == entry.PAPER
    assert own.mimetype == "application/pdf"
    assert own.headers["Content-Disposition"].startswith("attachment")
    assert barred.status_code == 404
    assert "下载" not in visit("per_hub_supervisor").get(page).text
    admin.shows(page, "查阅材料")
