import csv
import hashlib
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from app.pages.face import open_data, samples
from app.unit import Exchange
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.app.pages.counting import selects
from tests.app.pages.town import Town
from tests.marketplace import make

pytestmark = ON_SQLITE


def rows(browser: Browser, name: str) -> list[dict[str, str]]:
    text = browser.get(f"/open/{name}").get_data().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("name", open_data.LISTS)
def test_what_is_downloaded_has_the_checksum_that_the_page_tells(visit: Visit, name: str) -> None:
    visitor = visit()
    page = visitor.shows("/open", "CC-BY-4.0", name)
    answer = visitor.get(f"/open/{name}")
    sha256 = hashlib.sha256(answer.data).hexdigest()

    assert sha256 in page
    assert f"{sha256}  {name}\n" in visitor.get("/open/SHA256SUMS").text
    assert answer.headers["ETag"] == f'"{sha256}"'
    assert answer.headers["Repr-Digest"].startswith("sha-256=:")
    again = visitor.client.get(f"/open/{name}", headers={"If-None-Match": f'"{sha256}"'})
    assert (again.status_code, again.data) == (304, b"")


def test_a_list_is_the_same_in_either_language(visit: Visit) -> None:
    chinese, english = (visit().get("/open/products.csv", lang).data for lang in ("zh", "en"))

    assert chinese == english


def test_the_lists_hold_what_everybody_may_know_and_nothing_else(visit: Visit, town: Town) -> None:
    visitor = visit()

    (directory,) = rows(visitor, "directories.csv")
    assert directory["code"] == "CAT-430000-000001"
    assert "自动站分钟观测" not in str(directory)  # still a draft
    assert [one["certificate"] for one in rows(visitor, "authorisations.csv")] == [
        town["certificate"]
    ]
    listed = rows(visitor, "products.csv")
    assert listed
    assert all(one["listed_at"] for one in listed)


def test_the_directories_are_a_catalogue_of_dcat(visit: Visit) -> None:
    told: dict[str, Any] = json.loads(visit().get("/open/directories.jsonld").data)

    assert told["@type"] == "dcat:Catalog"
    assert told["dct:license"] == "https://spdx.org/licenses/CC-BY-4.0"
    (dataset,) = told["dcat:dataset"]
    assert {each["@language"] for each in dataset["dct:title"]} == {"zh", "en"}


def test_a_list_is_made_once_for_all_who_ask(visit: Visit, application: Exchange) -> None:
    visitor = visit()
    visitor.get("/open")
    before = rows(visitor, "products.csv")
    with application.house.engines.writing() as session:
        make.listed(session, title_zh="刚刚挂牌")
        session.commit()

    assert rows(visitor, "products.csv") == before
    assert selects(visitor, "/open") <= 3
    held = application.extensions["open_lists"]
    held["products.csv"] = replace(
        held["products.csv"], at=held["products.csv"].at - open_data.FRESH
    )
    assert len(rows(visitor, "products.csv")) == len(before) + 1


def test_the_files_of_the_demonstration_are_real_and_whole(visit: Visit) -> None:
    visitor = visit()
    page = visitor.get("/open").text
    name = "seattle_daily_weather_2012_2015.csv.gz"

    answer = visitor.get(f"/open/samples/{name}")

    assert hashlib.sha256(answer.data).hexdigest() in page
    answer.close()
    assert all((samples.FOLDER / one.path).is_file() for one in samples.FILES.values())


@pytest.mark.parametrize("path", ["/open/events.csv", "/open/samples/README.md",
                                  "/open/samples/..%2f..%2fREADME.md"])  # fmt: skip
def test_nothing_else_is_open(visit: Visit, path: str) -> None:
    assert visit().get(path).status_code == 404
