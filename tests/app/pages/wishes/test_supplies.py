"""From a demand that nothing fits to a department's answer, over the pages and the API."""

import re

from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town
from tests.app.pages.wishes.test_demands import WISH

BUYER, HEAD = "per_buyer_editor", "per_dept_approver"
RAIN = {**WISH, "title": "逐小时气象观测 降水量", "field": "medical_health", "regions": "",
        "wanted": "气象站逐小时气温与降水量观测", "budget_max": ""}  # fmt: skip


def test_a_department_is_asked_accepts_and_is_followed(visit: Visit, town: Town) -> None:
    buyer, head = visit(BUYER), visit(HEAD)
    demand = str(buyer.post("/demands", **RAIN).location)
    key = demand.rpartition("/")[2]
    assert buyer.post(f"/steps/demand/{key}/publish", version="1", next=demand).status_code == 303
    page = buyer.get(demand).text
    chosen = re.findall(r'name="directory" value="([^"]+)"', page)

    asked = buyer.post(f"{demand}/supply-requests", directory=chosen[:1], said="请供逐小时降水")
    where = str(asked.location)
    head.shows("/supply-requests", "逐小时气象观测", "待部门答复")
    head.shows("/supply-requests?state=asked", "逐小时气象观测", "XLSX")
    head.shows("/supply-requests?state=declined", "还没有供数请求")
    file = head.get("/supply-requests?file=csv").data.decode("utf-8-sig").splitlines()
    head.shows(where, "请供逐小时降水", "同意供数", "最接近的目录")
    accepted = head.post(
        f"/steps/supply_request/{where.rpartition('/')[2]}/accept", plan="下月发布", next=where
    )
    nothing = buyer.post(f"{demand}/supply-requests", said="没有选择目录")

    assert chosen
    assert "待部门答复" in file[1]
    assert asked.status_code == 303, asked.text
    assert accepted.status_code == 303, accepted.text
    assert nothing.status_code == 422
    buyer.shows(where, "同意供数")
    buyer.shows(demand, "供数请求")


@ON_SQLITE
def test_strangers_are_not_shown_requests(visit: Visit, town: Town) -> None:
    stranger = visit("per_developer_editor")

    stranger.shows("/supply-requests", "还没有供数请求")
    assert len(stranger.get("/supply-requests?file=csv").data.splitlines()) == 1
    assert stranger.get("/supply-requests/srq_none").status_code == 404
