"""Settlement statements as papers: issued, read, saved, confirmed, and verified by anybody."""

from app.unit import Exchange
from settlement.papers import papers, party_statements
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.money.saving import saved as list_saved
from tests.app.pages.money.saving import sums
from tests.app.pages.town import TODAY
from tests.conftest import work_of
from tests.settlement.papers.test_party_statements import earned

JULY = {"first_on": "2026-07-01", "last_on": "2026-07-19"}


def _earned(application: Exchange) -> None:
    with application.house.engines.writing() as session:
        earned(lambda person, at=TODAY: work_of(session, person, at=TODAY), 2_000,
               TODAY.date().replace(day=2), "orl_paper")  # fmt: skip
        session.commit()


def _issued(visit: Visit) -> str:
    made = visit("per_exchange_settler").post(
        "/statements", party_id="org_developer", payable="merchant", **JULY
    )
    return str(made.headers["Location"])


def test_a_statement_is_read_saved_and_confirmed_by_its_party(
    visit: Visit, application: Exchange
) -> None:
    _earned(application)
    address = _issued(visit)
    merchant = visit("per_developer_signer")

    merchant.shows("/statements", "2026-07-01 — 2026-07-19", "20.00", "待确认")
    merchant.shows(address, "ST-2026-000001", "20.00", "签名有效", "确认无误")
    saved = merchant.get(f"{address}?file=csv").data.decode()
    english = merchant.get(f"{address}?file=csv", "en").data.decode()
    book = merchant.get(f"{address}?file=xlsx")
    statement = address.rpartition("/")[2]
    merchant.post(f"/steps/party_statement/{statement}/confirm", next=address)

    assert "交易额（分）" in saved.splitlines()[0]
    assert "订单行结算" in saved
    assert "gross, fen" in english.splitlines()[0]
    assert ",2000,2000" in saved
    assert book.mimetype.endswith("sheet")
    digest, verify = saved.splitlines()[-2:]
    assert digest.startswith(",摘要,")
    assert digest.split(",")[2] in merchant.get(address).text
    assert f"/papers?number=ST-2026-000001&digest={digest.split(',')[2]}" in verify
    assert sums(list_saved(merchant, "/statements")) == {"期初（分）": 0, "期末应付（分）": 2_000}
    merchant.shows(address, "已确认")
    assert visit("per_other_editor").get(address).status_code == 404


@ON_SQLITE
def test_anybody_learns_whether_a_paper_is_ours_and_no_more(
    visit: Visit, application: Exchange
) -> None:
    _earned(application)
    statement = _issued(visit).rpartition("/")[2]
    with application.house.engines.reading() as session:
        work = work_of(session, "system", at=TODAY)
        paper = party_statements.paper(session, party_statements.find(session, statement))
        number, digest = paper.number, paper.digest
        assert papers.holds(work, paper)
    anybody = visit(None)

    anybody.shows(f"/papers?number={number}&digest={digest}", "核验通过", "结算单")
    anybody.shows(f"/papers?number={number}&digest={'0' * 64}", "核验不通过")
    anybody.shows("/papers", "核验凭据")
    assert "20.00" not in anybody.get(f"/papers?number={number}&digest={digest}").text


@ON_SQLITE
def test_an_empty_list_says_so(visit: Visit) -> None:
    visit("per_other_editor").shows("/statements", "还没有结算单")
