import re
from datetime import date, timedelta
from io import BytesIO

import pytest

from app.unit import Exchange
from licensing import authorisations, certificates
from licensing.scope import to_json
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.app.pages.town import TODAY, Town
from tests.conftest import work_of

pytestmark = ON_SQLITE


@pytest.fixture
def credential(visit: Visit, town: Town) -> str:
    answer = visit("per_developer_signer").get(f"/api/credentials/{town['authorisation']}")
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def test_the_letter_offers_its_machine_forms_to_its_parties_alone(visit: Visit, town: Town) -> None:
    path = f"/certificates/{town['certificate']}"

    party = visit("per_developer_signer").get(path).text
    public = visit().shows(path, "guilloche.svg", "共 ", "不得再授权")

    assert f"/api/credentials/{town['authorisation']}/policy" in party
    assert "/api/credentials/" not in public


def test_every_check_by_number_is_told_in_words(visit: Visit, town: Town) -> None:
    visit().shows(
        f"/verify?number={town['certificate']}",
        "签名", "与台账逐项一致", "有效期", "今天的状态", "存证链", "一致：内容未被改动",
    )  # fmt: skip


def test_a_credential_is_verified_from_its_text_without_signing_in(
    visit: Visit, credential: str, town: Town
) -> None:
    page = visit().post("/verify", credential=f"  {credential}\n").text

    assert "一致：内容未被改动，签名有效" in page
    assert town["certificate"] in page


def test_a_credential_is_verified_from_a_file(visit: Visit, credential: str) -> None:
    visitor = visit()

    honest = _sent(visitor, credential)
    edited = _sent(visitor, credential[:-6] + "AAAAAA")

    assert "一致：内容未被改动，签名有效" in honest
    assert "核验不通过" in edited
    assert "SIGNATURE_INVALID" in edited


def test_nothing_given_is_asked_for(visit: Visit) -> None:
    answer = visit().post("/verify", credential=" ")

    assert answer.status_code == 422
    assert "请粘贴凭证或选择文件" in answer.text


def test_a_suspended_right_prints_that_it_is(visit: Visit, town: Town) -> None:
    supervisor = visit("per_hub_supervisor")
    done = supervisor.post(
        f"/steps/authorisation/{town['authorisation']}/suspend",
        cause="security_incident", reason="keys were found in the open", next="/desk",
    )  # fmt: skip

    assert done.status_code == 303, done.text
    letter = visit().shows(f"/certificates/{town['certificate']}", "void-mark", "已暂停")
    assert "light-red" in letter
    visit().shows(f"/verify?number={town['certificate']}", "证书本身属实，但授权当前不能使用")


def _sent(visitor: Browser, credential: str) -> str:
    data = {"file": (BytesIO(credential.encode()), "credential.jwt")}
    answer = visitor.client.post("/verify", data=data, headers={"Accept": "text/html"})
    return str(answer.text)


def test_an_undecided_case_shows_its_certificate_as_a_draft(visit: Visit, town: Town) -> None:
    officer = visit("per_agency_approver")

    officer.shows(f"/cases/{town['deciding']}", "预览证书")
    page = officer.shows(f"/cases/{town['deciding']}/certificate", "草稿", "待签发")

    assert "letter-foot" not in page
    assert "预览证书" not in officer.get(f"/cases/{town['scenario']}").text
    assert officer.get(f"/cases/{town['scenario']}/certificate").status_code == 404
    assert (
        visit("per_buyer_editor").get(f"/cases/{town['deciding']}/certificate").status_code == 404
    )


def test_a_certificate_is_found_by_the_hash_of_its_content(visit: Visit, town: Town) -> None:
    visitor = visit()
    page = visitor.get(f"/verify?number={town['certificate']}").text
    digest = re.search(r'<dd class="mono hash">([0-9a-f]{64})</dd>', page)
    assert digest is not None

    for written in (digest[1], digest[1].upper()):
        assert town["certificate"] in visitor.get(f"/verify?number={written}").text
        visitor.shows(f"/verify?number={written}", "内容未被改动，签名有效")

    assert "未找到不等于伪造" in visitor.get(f"/verify?number={'0' * 64}").text


def test_the_hash_of_an_earlier_version_is_said_to_be_one(
    visit: Visit, application: Exchange, town: Town
) -> None:
    with application.house.engines.writing() as session:
        work = work_of(session, "per_agency_approver", at=TODAY)
        granted = authorisations.find(session, town["authorisation"])
        written = to_json(authorisations.scope_of(session, granted))
        last = date.fromisoformat(written["period"]["to"]) - timedelta(days=1)
        fewer = {**written, "period": {**written["period"], "to": last.isoformat()}}
        (before,) = certificates.of(session, granted.id)
        authorisations.amend(work, granted.id, scope=fewer)
        digest = before.digest
        session.commit()

    page = visit().shows(f"/verify?number={digest}", "第 1 版内容的哈希", "现行的第 2 版")

    assert "内容未被改动，签名有效" in page
