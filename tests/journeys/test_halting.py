"""One product, being delivered in every mode at once, is stopped at once: over HTTP alone.

Public data leaves its domain as answers and by hand alone; a merchant's own table leaves as
packages, shares and metered calls too. Suspended, every way refuses the next use with its
reasons, and goes on when it is resumed; after an end it stays closed, and what was not
delivered goes back.
"""

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session

from app import cli, demonstration, worker
from app.sharing import packing
from app.unit import Exchange
from delivery import domain, tasks
from delivery.recipients import x25519
from marketplace import products, versions
from marketplace.products import Product
from marketplace.versions import Content
from tests.app.api.delivery.test_deliveries import READ
from tests.catalogue import shelf
from tests.conftest import As, Client, work_of
from tests.delivery import parcels
from tests.journeys.paying import pay_back
from tests.journeys.speaking import ok, post
from tests.marketplace import make
from tests.marketplace.trying.test_trials import table_content
from tests.settlement import money

PRICE = 1_000_000
DAYS, TERM, LEFT = 31, 171, 140
"""After how many days the buyer reads; how long it may use the data; what is then left of it."""

PUBLIC_KEY = x25519.generate()[1]
SQL = "SELECT station, count(*) AS n FROM data GROUP BY station"
MODES = {
    "own": ("raw_file", "record_api", "in_domain", "model"),
    "public": ("masked_file", "in_domain", "model"),
}
WAYS = {
    "own": {"package", "share", "file", "call", "query", "result", "model"},
    "public": {"masked_file", "read", "query", "result", "model"},
}
PATIENCE_S = 10
BINARY = "application/octet-stream"
Use = Callable[[], Any]


def content(session: Session, application: Exchange, kind: str) -> Content:
    """Return what a merchant says of a table of its own, or of public weather, as a file."""
    folder = application.house.data_dir
    if kind == "own":
        return make.content(**table_content(session, folder))
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(parcels.DATA / parcels.WEATHER, folder)
    profile = domain.inspect(folder, parcels.WEATHER)
    at = parcels.published(session).directory_id
    resource = shelf.attached(session, at, location=parcels.WEATHER, profile=profile)
    scope = parcels.scope()
    items = [{name: item[name] for name in ("directory", "item")} for item in scope["items"]]
    return make.public_content(
        session, scope=scope, items=items, resource_id=resource.id, delivery_mode="masked_file"
    )


def offered_in(session: Session, found: Product, mode: str) -> None:
    """Let the product be offered in a mode from now on; who has ordered stays as it was."""
    now = versions.find(session, found.current_version_id)
    if now.delivery_mode != mode:
        work = work_of(session, "per_developer_editor", at=make.AFTER_PUBLICITY)
        said: Any = {**versions.content(now), "delivery_mode": mode}
        products.offer(work, found, versions.write(work, found.id, now.number + 1, said))
        session.flush()


def why(answer: Any) -> str:
    """Return why something is refused: as a problem, or as the sharing protocol says it."""
    if answer.content_type.startswith("application/problem+json"):
        assert answer.json["detail"]
        return str(answer.json["refusals"][0]["code"])
    assert answer.json["message"]
    return str(answer.json["errorCode"])


class Deal:
    """One product that one buyer has ordered in every mode, a month ago.

    orders, tasks: mode → id; "waiting" is one order more, of which nothing was delivered.
    uses: way → what uses it once. right: the authorisation of public data.
    """

    def __init__(self, application: Exchange, as_: As, kind: str) -> None:
        self.application, self.as_, self.modes = application, as_, MODES[kind]
        self.buyer, self.seller = as_("per_buyer_editor"), as_("per_developer_signer")
        self.officer, self.regulator = as_("per_exchange_compliance"), as_("per_hub_supervisor")
        self.orders: dict[str, str] = {}
        self.tasks: dict[str, str] = {}
        with application.house.engines.writing() as session:
            found = make.listed(session, content(session, application, kind))
            self.product_id = found.id
            self.right = versions.find(session, found.current_version_id).authorisation_id
            for mode in ("waiting", *self.modes):
                offered_in(session, found, self.modes[0] if mode == "waiting" else mode)
                self.orders[mode] = make.paid(session, found).id
                (task,) = tasks.of_order(session, self.orders[mode])
                self.tasks[mode] = task.id
            money.verified(
                lambda person, at=make.AFTER_PUBLICITY: work_of(session, person, at=at),
                "org_buyer", money.BUYER_NAME,
            )  # fmt: skip
            demonstration.begin_at(session, make.AFTER_PUBLICITY + timedelta(days=DAYS))
            session.commit()
        for mode in self.modes:
            post(self.seller, f"/deliveries/{self.tasks[mode]}/provision")
        own = {**self._package(), **self._share(), **self._call()} if kind == "own" else {}
        public = {**self._by_hand("masked_file"), **self._read()} if kind == "public" else {}
        self.uses: dict[str, Use] = {**own, **public, **self._query(), **self._by_hand("model")}

    def _package(self) -> dict[str, Use]:
        key = post(self.buyer, "/recipient-keys", 201, label="笔记本", public_key=PUBLIC_KEY)
        wish = {"delivery_id": self.tasks["raw_file"], "key_id": key["id"]}
        made = post(self.buyer, "/packages", 201, **wish)
        packing.make_waiting(self.application.house)
        link = urlsplit(post(self.buyer, f"/packages/{made['id']}/links", 201)["url"])
        address = f"{link.path}?{link.query}"
        return {"package": lambda: self._nobody().get(address, buffered=True)}

    def _share(self) -> dict[str, Use]:
        task_id = self.tasks["raw_file"]
        bearer = self._bearer(task_id, "share")
        path = f"/delta-sharing/shares/{task_id}/schemas/data/tables/rows/query"

        def query() -> Any:
            return self._nobody().post(path, json={}, headers=bearer)

        signed = urlsplit(json.loads(query().text.splitlines()[-1])["file"]["url"])
        address = f"{signed.path}?{signed.query}".rstrip("?")
        return {"share": query, "file": lambda: self._nobody().get(address, buffered=True)}

    def _call(self) -> dict[str, Use]:
        task_id = self.tasks["record_api"]
        bearer = self._bearer(task_id, "api")
        path = f"/data/v1/{task_id}/rows"
        return {"call": lambda: self._nobody().post(path, json={"limit": 2}, headers=bearer)}

    def _read(self) -> dict[str, Use]:
        path = f"/api/deliveries/{self.tasks['in_domain']}/reads"
        asked = {**READ, "region": "430100"}
        return {"read": lambda: self.buyer.post(path, json=asked)}

    def _query(self) -> dict[str, Use]:
        door = f"/deliveries/{self.tasks['in_domain']}/queries"
        review = post(self.buyer, door, 201, sql=SQL)["review_id"]
        post(self.officer, f"/egress-reviews/{review}/release")
        return {
            "query": lambda: self.buyer.post(f"/api{door}", json={"sql": SQL}),
            "result": lambda: self.buyer.post(f"/api/egress-reviews/{review}/result"),
        }

    def _by_hand(self, mode: str) -> dict[str, Use]:
        if mode == "masked_file":
            review = post(self.seller, "/egress-reviews", 201, task_id=self.tasks[mode])
            post(self.officer, f"/egress-reviews/{review['id']}/release", note="无碍")
        door = f"/api/deliveries/{self.tasks[mode]}/files?name=report.pdf"
        handed = ok(self.seller.post(door, data=b"%PDF", content_type=BINARY), 201)
        address = f"/api/deliveries/files/{handed['id']}/download"
        return {mode: lambda: self.buyer.post(address)}

    def _bearer(self, task_id: str, kind: str) -> dict[str, str]:
        wish = {"delivery_id": task_id, "kind": kind, "label": "生产", "days": 30}
        made = post(self.buyer, "/recipient-credentials", 201, **wish)
        return {"Authorization": f"Bearer {made['secret']}"}

    def _nobody(self) -> Client:
        client = self.application.test_client()
        client.environ_base["HTTP_ACCEPT"] = "application/json"
        return client

    def used(self) -> set[str]:
        """Use it in every way; return the ways that work."""
        return {way for way, use in self.uses.items() if use().status_code < 300}

    def refused(self, since: float) -> dict[str, str]:
        """Return way → the first reason of its no.

        A call may be answered under its lease for half a second more; how soon the last one is
        refused, the tests of desks and clerks measure.
        """
        found = {}
        for way, use in self.uses.items():
            while (answer := use()).status_code < 400:
                assert monotonic() - since < PATIENCE_S, f"{way} still works"
            assert answer.status_code == 403
            found[way] = why(answer)
        return found

    def state(self, mode: str) -> str:
        return str(ok(self.buyer.get(f"/api/orders/{self.orders[mode]}"))["state"])

    def given_back(self) -> dict[str, int]:
        """Let what is to go back be approved, and the bank pay it; return mode → fen."""
        settler = self.as_("per_exchange_settler")
        found = {}
        for mode, order_id in self.orders.items():
            (refund,) = ok(settler.get(f"/api/refunds?order_id={order_id}"))["items"]
            pay_back(self.application, self.as_, refund["id"])
            found[mode] = refund["amount"]["minor"]
        return found

    def books(self) -> Any:
        """Have the books checked at the console."""
        settings = self.application.house.settings
        told = {"DATABASE_URL": settings.database_url, "DATABOURSE_KEY": settings.key}
        return CliRunner().invoke(cli.main, ["fsck"], env=told)

    def suspended(self) -> dict[str, str]:
        """Have the regulator suspend the right, or each delivery where there is none."""
        if self.right is None:
            for mode in self.modes:
                post(self.regulator, f"/deliveries/{self.tasks[mode]}/suspend", reason="核查")
        else:
            told: dict[str, Any] = {"cause": "court_order", "reason": "法院裁定"}
            post(self.regulator, f"/authorisations/{self.right}/suspend", **told)
        return self.refused(monotonic())

    def resumed(self) -> None:
        """Have the regulator lift it, and the house do its work."""
        if self.right is None:
            for mode in self.modes:
                post(self.regulator, f"/deliveries/{self.tasks[mode]}/resume", reason="无误")
        else:
            post(self.regulator, f"/authorisations/{self.right}/resume", reason="裁定撤销")
        worker.drain(self.application.house)

    def revoked(self) -> dict[str, str]:
        """Have the regulator revoke the right."""
        told: dict[str, Any] = {"cause": "unlawful_use", "reason": "转售数据"}
        post(self.regulator, f"/authorisations/{self.right}/revoke", **told)
        return self.refused(monotonic())

    def delisted(self) -> dict[str, str]:
        """Have an officer delist the product by force."""
        told: dict[str, Any] = {"cause": "violation", "reason": "严重违规"}
        post(self.officer, f"/products/{self.product_id}/force-delist", **told)
        return self.refused(monotonic())


@pytest.mark.parametrize(("kind", "code"), [("own", "NOT_OPEN"), ("public", "AUTH_SUSPENDED")])
def test_i_33_a_suspension_stops_every_mode_at_once_and_its_end_lets_all_go_on(
    application: Exchange, as_: As, kind: str, code: str
) -> None:
    deal = Deal(application, as_, kind)
    before = deal.used()

    at_once = deal.suspended()
    worker.drain(application.house)
    later = deal.refused(monotonic())
    deal.resumed()

    assert before == deal.used() == WAYS[kind]
    assert at_once == later == dict.fromkeys(deal.uses, code)
    assert {deal.state(mode) for mode in deal.modes} == {"in_delivery"}
    assert deal.books().exit_code == 0


@pytest.mark.parametrize(
    ("kind", "end", "code"),
    [
        ("public", "revoked", "AUTH_REVOKED"),
        ("public", "delisted", "NOT_OPEN"),
        ("own", "delisted", "NOT_OPEN"),
    ],
)
def test_i_33_an_end_stops_every_mode_at_once_and_what_is_not_delivered_goes_back(
    application: Exchange, as_: As, kind: str, end: str, code: str
) -> None:
    deal = Deal(application, as_, kind)
    before = deal.used()

    at_once = getattr(deal, end)()
    worker.drain(application.house)
    after = deal.refused(monotonic())
    back = deal.given_back()

    assert before == set(after) == WAYS[kind]
    assert at_once == dict.fromkeys(deal.uses, code)
    assert back == {"waiting": PRICE, **dict.fromkeys(deal.modes, PRICE * LEFT // TERM)}
    assert deal.state("waiting") == "refunded"
    assert {deal.state(mode) for mode in deal.modes} == {"accepted"}
    assert deal.books().exit_code == 0
