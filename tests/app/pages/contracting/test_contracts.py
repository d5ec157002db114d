import hashlib

from app.pages.contracting import contracts
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town


def test_both_read_and_sign_on_the_page_of_the_contract(visit: Visit, town: Town) -> None:
    path = f"/orders/{town['confirmed']}/contract"
    buyer = visit("per_buyer_signer")

    before = buyer.shows(path, "数据提供合同", "第一条 标的数据", "尚未签署", "待签署")
    first = buyer.post(path)
    half = buyer.get(path).text
    second = visit("per_developer_signer").post(path)

    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == path
    assert before.count("尚未签署") == 2
    assert half.count("尚未签署") == 1
    after = buyer.shows(path, "双方已签", "正文与签署均完好", "CNY 10,000.00（壹万元整）")
    assert "待签署" not in after


@ON_SQLITE
def test_the_reading_copy_is_one_click_away(visit: Visit, town: Town) -> None:
    path = f"/orders/{town['signed']}/contract"

    page = visit("per_buyer_editor").shows(f"{path}?text=en", "Article 1 The data", "中文正文")

    assert "第一条" not in page


@ON_SQLITE
def test_the_file_is_what_was_signed_byte_by_byte(visit: Visit, town: Town) -> None:
    path = f"/orders/{town['signed']}/contract"
    buyer = visit("per_buyer_editor")

    answer = buyer.get(f"{path}.txt")

    assert hashlib.sha256(answer.data).hexdigest() in buyer.get(path).text
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="OD-2026-')


@ON_SQLITE
def test_a_contract_is_not_for_strangers_nor_there_before_it_is_drawn(
    visit: Visit, town: Town
) -> None:
    stranger, buyer = visit("per_other_editor"), visit("per_buyer_editor")

    assert stranger.get(f"/orders/{town['signed']}/contract").status_code == 404
    assert stranger.get(f"/orders/{town['signed']}/contract.txt").status_code == 404
    assert buyer.get(f"/orders/{town['placed']}/contract").status_code == 404


def test_lines_are_told_apart() -> None:
    found = contracts.laid_out("合同\n\n甲方：某\n第一条 标的\n第一条内容\nArticle 2 Use")

    assert found == [
        ("title", "合同"),
        ("text", "甲方：某"),
        ("article", "第一条 标的"),
        ("text", "第一条内容"),
        ("article", "Article 2 Use"),
    ]
