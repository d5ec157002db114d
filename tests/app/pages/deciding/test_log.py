import csv
from typing import Any

import pytest

from app.unit import Exchange
from licensing import authorisations, decisions
from licensing.deciding import breakers
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import TODAY, Town
from tests.conftest import work_of
from tests.licensing.deciding import uses

HUB, BUYER, STRANGER = "per_hub_supervisor", "per_buyer_editor", "per_other_editor"


@pytest.fixture
def key(application: Exchange, town: Town) -> str:
    return str(town["authorisation"])


def _lines(answer: Any) -> list[str]:
    """Return the lines of a file as a spreadsheet reads it, its mark left out."""
    return str(answer.data.decode("utf-8-sig")).splitlines()


def decide(application: Exchange, key: str, **changes: Any) -> str:
    """Have one use decided that cannot be allowed, for it is for another purpose."""
    asked = uses.request(key, **{"purpose_code": "=1+1", **changes})
    with application.house.engines.writing() as session:
        made = decisions.decide(work_of(session, BUYER, at=TODAY), asked)
        session.commit()
        return made.id


@ON_SQLITE
def test_the_log_shows_who_was_denied_and_why(
    visit: Visit, application: Exchange, key: str
) -> None:
    made = decide(application, key)

    for person in (BUYER, HUB):
        visit(person).shows("/decisions", "✗ 拒绝", "PURPOSE_MISMATCH", f"/decisions/{made}")
    visit(HUB).shows(f"/decisions?authorisation={key}&outcome=deny", made)
    visit(HUB).shows(f"/decisions/{made}", "用途与授权不符", "应为“", "请求的数据项")


@ON_SQLITE
def test_the_log_is_narrowed(visit: Visit, application: Exchange, key: str) -> None:
    made = decide(application, key)
    hub = visit(HUB)

    for query in ("outcome=allow", "code=NO_AUTH", "until=2020-01-01", "since=2199-01-01"):
        assert made not in hub.shows(f"/decisions?{query}", "没有决策")
    assert made in hub.shows("/decisions?code=PURPOSE_MISMATCH&since=2020-01-01")
    assert hub.get("/decisions?since=soon").status_code == 422
    assert hub.get("/decisions?outcome=maybe").status_code == 422


@ON_SQLITE
def test_strangers_see_their_own_uses_alone(visit: Visit, application: Exchange, key: str) -> None:
    made = decide(application, key)
    stranger = visit(STRANGER)

    assert made not in stranger.shows("/decisions", "没有决策")
    assert stranger.get(f"/decisions/{made}").status_code == 404
    assert stranger.get(f"/decisions?authorisation={key}").status_code == 404
    assert visit().get("/decisions").status_code == 303


@ON_SQLITE
def test_what_is_exported_is_what_was_asked_for(
    visit: Visit, application: Exchange, key: str
) -> None:
    made = decide(application, key)
    answer = visit(BUYER).get("/decisions.csv?outcome=deny")

    rows = list(csv.DictReader(_lines(answer)))

    assert answer.mimetype == "text/csv"
    row = next(one for one in rows if one["id"] == made)
    assert (row["outcome"], row["quantity"]) == ("deny", "rows=10")
    assert "PURPOSE_MISMATCH" in row["codes"]
    assert row["purpose_code"] == "'=1+1"  # so that no spreadsheet runs it
    assert visit(BUYER).get("/decisions.xlsx").data.startswith(b"PK")
    empty = visit(BUYER).get("/decisions.csv?until=2020-01-01")
    assert list(csv.DictReader(_lines(empty))) == []


@ON_SQLITE
def test_an_export_has_an_end(
    visit: Visit, application: Exchange, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        decide(application, key)
    monkeypatch.setattr("app.pages.deciding.log.EXPORTED_MAX", 2)

    text = visit(BUYER).get("/decisions.csv")

    assert len(list(csv.DictReader(_lines(text)))) == 2


def test_the_regulator_decides_on_an_alert(visit: Visit, application: Exchange, key: str) -> None:
    for _ in range(3):
        decide(application, key)
    hub = visit(HUB)
    with application.house.engines.reading() as session:
        work = work_of(session, HUB, at=TODAY)
        alert = breakers.listed(work, after=None, limit=1).items[0].id

    page = hub.shows("/breaker-alerts?state=raised", "预警", "PURPOSE_MISMATCH", "暂停授权")
    answer = hub.post(
        f"/steps/breaker_alert/{alert}/suspend",
        reason="asked for elsewhere again and again",
        next="/breaker-alerts",
    )

    assert alert in page
    assert (answer.status_code, answer.location) == (303, "/breaker-alerts")
    hub.shows("/breaker-alerts", "已暂停授权")
    with application.house.engines.reading() as session:
        assert authorisations.find(session, key).state == "suspended"
    assert alert not in visit(STRANGER).shows("/breaker-alerts", "没有预警")
