"""Pages of what buyers destroy: listed, certified with a file, confirmed."""

import io

from app.unit import Exchange
from delivery import tasks
from marketplace.aftercare import destructions
from marketplace.aftercare.destructions import Cause
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import TODAY, Town
from tests.conftest import work_of


@ON_SQLITE
def test_a_destruction_is_certified_with_a_file(
    application: Exchange, visit: Visit, town: Town
) -> None:
    with application.house.engines.writing() as session:
        (task,) = tasks.of_order(session, town["accepted"])
        task.reads = 3
        work = work_of(session, "system", at=TODAY)
        made = destructions.open_for(work, task, Cause.PERIOD_OVER)
        assert made is not None
        address = f"/data-destructions/{made.id}"
        session.commit()
    buyer, officer = visit("per_buyer_signer"), visit("per_exchange_compliance")
    buyer.shows("/desk", "待销毁数据")
    buyer.shows("/data-destructions?open=1&state=due", "使用期满")
    buyer.shows("/data-destructions?state=audited", "没有待证明的销毁")
    file = buyer.get("/data-destructions?file=csv&state=due").data.decode("utf-8-sig")
    assert "使用期满" in file.splitlines()[1]
    paper = (io.BytesIO(b"%PDF-1.7 proof"), "销毁证明.pdf")
    assert buyer.post(f"{address}/evidence", said="销毁证明", file=paper).status_code == 303
    page = buyer.shows(address, "销毁证明.pdf")
    version = page.partition('/certify"')[2].partition('name="version" value="')[2]
    step = {"version": version.partition('"')[0], "next": address, "method": "erased"}

    taken = buyer.post(f"/steps{address.replace('s/', '/').replace('-', '_', 1)}/certify",
                       signer="张三", **step)  # fmt: skip

    assert taken.status_code == 303, taken.text
    page = officer.shows(address, "数据擦除", "张三")
    piece = page.partition(f"{address}/evidence/")[2].partition('"')[0]
    assert officer.post(f"{address}/evidence/{piece}").data == b"%PDF-1.7 proof"
    visit("per_other_editor").shows("/data-destructions", "没有待证明的销毁")
