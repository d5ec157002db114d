"""The door of the cascade."""

from catalogue import cascade
from catalogue.cascade import Op, Sent
from tests.catalogue.test_cascade import BELOW
from tests.conftest import NOON, As


def test_a_node_joins_sends_and_is_accepted(as_: As) -> None:
    hub, below = as_("per_hub_officer"), as_("per_dept_editor")
    node = hub.post(
        "/api/cascade/nodes",
        json={
            "organisation_id": "org_dept", "level": "city", "region": "430100",
            "public_key": BELOW.public_key.hex(),
        },
    ).json  # fmt: skip
    content = {"title_zh": "公交线路"}
    sent = Sent(1, Op.UPSERT, "CAT-430100-000001", content, NOON, "")
    envelope = {
        "seq": 1,
        "op": "upsert",
        "directory_code": "CAT-430100-000001",
        "content": content,
        "sent_at": NOON.isoformat(),
        "signature": BELOW.sign(cascade.signed_bytes(node["id"], sent)).value,
    }
    where = f"/api/cascade/nodes/{node['id']}/envelopes"

    first, again = below.post(where, json=envelope), below.post(where, json=envelope)
    forged = below.post(where, json={**envelope, "seq": 2})
    accepted = hub.post(f"/api/cascade/{first.json['id']}/accept", json={})

    assert (first.status_code, again.json["version"]) == (200, first.json["version"])
    assert forged.status_code == 409
    assert accepted.json["state"] == "accepted"
    assert hub.get(f"/api/cascade/{first.json['id']}").json["content"] == content
    assert hub.get("/api/cascade?state=accepted").json["items"]
    (shown,) = hub.get("/api/cascade/nodes").json["items"]
    assert (shown["last_seq"], shown["lag_s"] >= 0) == (1, True)
