"""The public page of what does not count: by reason, in bands, and nobody's name."""

from app.unit import Exchange
from marketplace.integrity import flags
from marketplace.integrity.rules import Finding, Rule
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import TODAY, Town
from tests.conftest import work_of

pytestmark = ON_SQLITE


def flag(application: Exchange, town: Town, rule: Rule) -> str:
    with application.house.engines.writing() as session:
        made = flags.raise_for(
            work_of(session, "system", at=TODAY), town["accepted"], Finding(rule, 9_000, {}, ())
        )
        assert made is not None
        session.commit()
        return made.id


def test_a_trade_is_told_by_reason_and_band_and_by_no_name(
    visit: Visit, application: Exchange, town: Town
) -> None:
    visit().shows("/rankings/exclusions?period=M", "本期没有剔除的交易", "10,000.00")
    flag(application, town, Rule.CIRCULAR)

    page = visit().shows("/rankings/exclusions?period=M", "环形交易", "待复核", "1—10 万元")

    assert "演示·" not in page.partition('id="exclusions"')[2].partition("<footer")[0]
    assert town["accepted"] not in page
    visit().shows("/rankings/exclusions?period=M2026-06", "本期没有剔除的交易")
    visit().shows("/rankings/exclusions?period=Y&reason=circular", "逐笔 · 环形交易")
    visit().shows("/rankings/exclusions?period=Y&reason=wash", "本期没有剔除的交易")
    visit().shows("/rankings?period=M", "/rankings/exclusions?period=M2026-07")


def test_what_came_back_says_so(visit: Visit, application: Exchange, town: Town) -> None:
    made = flag(application, town, Rule.CIRCULAR)
    with application.house.engines.writing() as session:
        flags.take(work_of(session, "per_exchange_compliance", at=TODAY), made, "clear",
                   reason="属实")  # fmt: skip
        session.commit()

    visit().shows("/rankings/exclusions?period=A", "已排除，恢复计入")


def test_it_is_saved_as_it_is_shown(visit: Visit, application: Exchange, town: Town) -> None:
    flag(application, town, Rule.REFUNDED)

    saved = visit().get("/rankings/exclusions?period=Y2026&file=csv")
    book = visit().get("/rankings/exclusions?period=Y2026&file=xlsx")

    header, line = saved.data.decode("utf-8-sig").splitlines()
    assert header.startswith("日期,原因编码,原因,金额档")
    assert line == "2026-07-20,refunded,成交后大额退回,1—10 万元,,已认定，不计入,Y2026"
    assert book.status_code == 200
