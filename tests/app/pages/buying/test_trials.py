from typing import Any

import pytest

from app.unit import Exchange
from delivery import tasks
from marketplace.trying import trials
from tests.app.pages.conftest import Browser, Visit
from tests.app.pages.town import TODAY
from tests.conftest import work_of
from tests.marketplace.trying import test_trials

PURPOSE = {"purpose_text": "核对站点覆盖"}
QUOTA = {"calls": "5", "rows": "50", "days": "3"}


@pytest.fixture
def product(application: Exchange, tmp_path: Any) -> str:
    """Have a product of a table listed."""
    with application.house.engines.writing() as session:
        made = test_trials.tabled(session, tmp_path, title_zh="逐分钟读数")
        session.commit()
        return str(made.id)


def sifted(buyer: Browser, stranger: Browser) -> None:
    """Look at the list of trials by state, and save it."""
    buyer.shows("/trials?state=active", "逐分钟读数", "XLSX")
    buyer.shows("/trials?state=ended", "还没有试用")
    file = buyer.get("/trials?state=active&file=csv").data.decode("utf-8-sig").splitlines()
    assert "逐分钟读数" in file[1]
    assert len(stranger.get("/trials?file=csv").data.splitlines()) == 1


def test_a_trial_is_offered_taken_and_ordered_on_pages(
    visit: Visit, application: Exchange, product: str
) -> None:
    seller, buyer, path = visit("per_developer_editor"), visit("per_buyer_editor"), (
        f"/products/{product}")  # fmt: skip

    before = buyer.get(path).text
    seller.shows(path, "提供试用")
    assert seller.post(f"{path}/trial-offer", **QUOTA).status_code == 303
    seller.shows(path, "停止试用", "更换试用方案")
    visit().shows(path, "登录后试用")
    buyer.shows(path, "立即试用", "免费，每个机构一次")
    taken = buyer.post(f"{path}/trial", **PURPOSE)
    page = buyer.shows(taken.location, "取用数据", "转为订购", "0 / 50")
    buyer.shows(path, "打开我的试用")
    sifted(buyer, visit("per_dept_editor"))
    with application.house.engines.reading() as session:
        trial = trials.find(session, taken.location.rpartition("/")[2])
        task = tasks.find(session, trial.task_id)
    delivery = buyer.shows(f"/deliveries/{task.id}", "试用", "databourse")
    order = buyer.post(f"{taken.location}/order", quantity="1", pay_mode="")
    buyer.shows(taken.location, "OD-2026")
    seller.shows(taken.location, "核对站点覆盖")

    assert 'id="trial"' not in before
    assert f'href="/deliveries/{task.id}"' in page
    assert f'href="/trials/{trial.id}"' in delivery
    assert order.status_code == 303
    assert "待卖方确认" in buyer.get(order.location).text
    assert visit("per_dept_editor").get(taken.location).status_code == 404


def test_a_trial_that_is_over_says_so_and_nobody_has_none(
    visit: Visit, application: Exchange, product: str
) -> None:
    buyer = visit("per_buyer_editor")
    buyer.shows("/trials", "还没有试用")
    visit("per_developer_editor").post(f"/products/{product}/trial-offer", **QUOTA)
    where = buyer.post(f"/products/{product}/trial", **PURPOSE).location

    with application.house.engines.writing() as session:
        work = work_of(session, "per_buyer_editor", at=TODAY)
        trials.take(work, where.rpartition("/")[2], "end")
        session.commit()

    buyer.shows(where, "试用已结束")
