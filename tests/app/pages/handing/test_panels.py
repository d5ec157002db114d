"""The panels of a delivery: a buyer registers a key, has a package made, shares by tokens."""

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.sharing import packing
from app.unit import Exchange
from delivery.recipients import x25519
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.delivery import stores

BUYER, SELLER = "per_buyer_editor", "per_developer_signer"
PUBLIC = x25519.generate()[1]


@pytest.fixture
def delivery(application: Exchange, tmp_path: Path) -> str:
    """Have readings delivered as a raw file; return the address of the page."""
    house = application.house
    settings = replace(house.settings, data_dir=str(tmp_path / "domain"))
    application.house = replace(house, settings=settings)
    with application.house.engines.writing() as session:
        version = stores.stored(session, application.house.data_dir)
        task = stores.delivered(session, version, order_line_id="orl_readings")
        session.commit()
        return f"/deliveries/{task.id}"


def field(page: str, name: str) -> str:
    """Return the first value that a list of a page offers under a name."""
    found = re.search(rf'name="{name}">\s*<option value="([^"]+)"', page)
    assert found is not None, name
    return found[1]


def done(answer: object, address: str) -> None:
    assert (answer.status_code, answer.location) == (303, address), answer.text  # type: ignore[attr-defined]  # an answer of the client


@ON_SQLITE
def test_a_buyer_has_a_package_made_and_a_link_to_it(
    visit: Visit, application: Exchange, delivery: str
) -> None:
    buyer = visit(BUYER)
    buyer.shows(delivery, "加密文件包", "还没有文件包", "databourse package keygen")
    assert buyer.post(f"{delivery}/keys", label="x", public_key="age1no").status_code == 422
    done(buyer.post(f"{delivery}/keys", label="笔记本", public_key=PUBLIC), delivery)
    key_id = field(buyer.shows(delivery, "笔记本", "封装给公钥"), "key_id")

    done(buyer.post(f"{delivery}/packages", key_id=key_id, format="csv"), delivery)
    buyer.shows(delivery, "待制作")
    packing.make_waiting(application.house)
    page = buyer.shows(delivery, "可下载", "生成下载链接", "销毁密钥")
    package_id = re.findall(r"pkg_\w+", page)[0]
    visit(SELLER).shows(delivery, package_id, "可下载")

    made = buyer.post(f"{delivery}/packages/{package_id}/links")
    address = html.unescape(re.findall(r'href="([^"]+/downloads/[^"]+)"', made.text)[0])
    parts = urlsplit(address)
    got = buyer.client.get(f"{parts.path}?{parts.query}", buffered=True)
    link_id = parts.path.rpartition("/")[2]
    page = buyer.shows(delivery, link_id, "已传")
    assert (made.status_code, got.status_code, address in page) == (200, 200, False)

    done(buyer.post(f"{delivery}/links/{link_id}/revoke"), delivery)
    done(buyer.post(f"{delivery}/keys/{key_id}/retire"), delivery)
    version = re.findall(r'name="version" value="(\d+)"', page)[-1]
    erased = buyer.post(
        f"/steps/package/{package_id}/erase", reason="用完", version=version, next=delivery
    )
    done(erased, delivery)
    buyer.shows(delivery, "密钥已销毁", "已失效")


@ON_SQLITE
def test_a_package_that_failed_says_so(visit: Visit, application: Exchange, delivery: str) -> None:
    from delivery.packages import packages

    buyer = visit(BUYER)
    buyer.post(f"{delivery}/keys", label="笔记本", public_key=PUBLIC)
    key_id = field(buyer.get(delivery).text, "key_id")
    buyer.post(f"{delivery}/packages", key_id=key_id, format="parquet")
    with application.house.engines.writing() as session:
        from tests.conftest import work_of

        work = work_of(session, "system")
        claimed = packages.claim(work)
        assert claimed is not None
        packages.tell(work, claimed.id, "sealing", 4500)
        session.commit()
    buyer.shows(delivery, "正在加密", "45%")
    with application.house.engines.writing() as session:
        packages.fail_if_making(work_of(session, "system"), claimed.id, "not-made")
        session.commit()

    buyer.shows(delivery, "制作失败，请重新申请")


@ON_SQLITE
def test_a_buyer_downloads_a_profile_once_rotates_and_revokes_it(
    visit: Visit, delivery: str
) -> None:
    buyer = visit(BUYER)
    buyer.shows(delivery, "数据共享", "还没有令牌", "load_as_pandas")

    first = profile(buyer.post(f"{delivery}/tokens", label="报表系统", days="30"))
    page = buyer.shows(delivery, "报表系统", "更换", "撤销")
    (credential_id,) = set(re.findall(r"tokens/(rcd_\w+)/rotate", page))
    second = profile(buyer.post(f"{delivery}/tokens/{credential_id}/rotate"))
    assert first["bearerToken"] not in page
    buyer.shows(delivery, "已更换，并行期内")
    assert lists(buyer, first) == lists(buyer, second) == 200

    page = buyer.get(delivery).text
    for found in set(re.findall(r"tokens/(rcd_\w+)/revoke", page)):
        done(buyer.post(f"{delivery}/tokens/{found}/revoke"), delivery)
    assert lists(buyer, first) == lists(buyer, second) == 401
    buyer.shows(delivery, "已失效")
    assert buyer.post(f"{delivery}/tokens", label="x", days="0").status_code == 422
    assert visit(SELLER).post(f"{delivery}/tokens", label="x", days="5").status_code == 404
    assert visit("per_other_editor").get(delivery).status_code == 404


def profile(answer: object) -> dict[str, str]:
    """Return a profile that was offered for saving."""
    disposition = answer.headers["Content-Disposition"]  # type: ignore[attr-defined]  # as above
    assert disposition.startswith("attachment")
    assert disposition.endswith('.share"')
    found: dict[str, str] = json.loads(answer.text)  # type: ignore[attr-defined]  # as above
    return found


def lists(browser: Browser, found: dict[str, str]) -> int:
    """Return how a profile's token is answered."""
    headers = {"Authorization": f"Bearer {found['bearerToken']}"}
    answer = browser.client.get("/delta-sharing/shares", headers=headers)
    return int(answer.status_code)
