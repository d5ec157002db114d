"""Procurement packs over HTTP: fetched, verified by anybody, and closed to strangers."""

import base64

import pytest

from app import demonstration
from app.unit import Exchange
from marketplace import lines
from settlement.evidence import archive
from tests.conftest import As, Client
from tests.marketplace import make

LATER = make.days_later(1, make.AFTER_PUBLICITY)


@pytest.fixture
def sold(application: Exchange) -> tuple[str, str]:
    """Have a product listed and an order of it accepted; return both."""
    with application.house.engines.writing() as session:
        order = make.accepted(session)
        (line,) = lines.of(session, order.id)
        demonstration.begin_at(session, LATER)
        session.commit()
        return line.product_id, order.id


def test_a_pack_is_fetched_without_a_token_and_verified_by_anybody(
    client: Client, sold: tuple[str, str]
) -> None:
    path = f"/api/procurement-packs/products/{sold[0]}"

    answer = client.get(path)
    content = answer.data
    told = client.post(
        "/api/evidence-packs/verify", json={"content_base64": base64.b64encode(content).decode()}
    ).json
    edited = content.replace(b"Daily rain", b"Daily gold")
    broken = client.post(
        "/api/evidence-packs/verify", json={"content_base64": base64.b64encode(edited).decode()}
    ).json

    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="procurement-DP-')
    assert client.get(path).data == content
    assert (told["ok"], told["known"], told["about"]) == (True, True, "procurement")
    assert (broken["ok"], broken["known"]) == (False, False)


def test_an_orders_pack_is_for_its_parties_and_overseers_alone(
    as_: As, client: Client, sold: tuple[str, str]
) -> None:
    path = f"/api/procurement-packs/orders/{sold[1]}"

    answers = {who: as_(who).get(path).status_code
               for who in ("per_buyer_editor", "per_developer_editor", "per_exchange_auditor",
                           "per_other_editor")}  # fmt: skip

    assert client.get(path).status_code == 401
    assert answers == {"per_buyer_editor": 200, "per_developer_editor": 200,
                       "per_exchange_auditor": 200, "per_other_editor": 404}  # fmt: skip
    assert "zh/contract.txt" in archive.read(as_("per_buyer_editor").get(path).data)
