from app.unit import Exchange
from settlement.bank import pain
from tests.app.api import till
from tests.conftest import As, work_of
from tests.settlement import money
from tests.settlement.bank import banking, pain_shape


def _ready(application: Exchange) -> str:
    """Let a payout be approved; returns its reference."""
    with application.house.engines.writing() as session:

        def work_as(person: str, **more: object) -> object:
            return work_of(session, person, **more)  # type: ignore[arg-type]  # at alone

        money.verified(work_as, "org_developer", "演示·枫香科技")  # type: ignore[arg-type]  # as above
        made = banking.payout(work_as)  # type: ignore[arg-type]  # as above
        reference = made.reference
        session.commit()
    return reference


def test_a_file_is_sent_downloaded_and_answered(application: Exchange, as_: As) -> None:
    reference = _ready(application)
    settler = as_("per_exchange_settler")
    made = settler.post("/api/outgoing-files", json={"form": "pain.001"}, headers=till.keyed())
    file_id = made.json["id"]

    content = settler.get(f"/api/outgoing-files/{file_id}/content")
    (item,) = settler.get(f"/api/outgoing-files/{file_id}/items").json["items"]
    answer = pain.report(file_id, "A1", group="", rejected={reference: "RC01"}).decode()
    told = settler.post("/api/outgoing-files/answers", json={"text": answer}, headers=till.keyed())
    (listed,) = settler.get("/api/outgoing-files").json["items"]

    assert made.status_code == 201, made.json
    assert made.json["total"]["minor"] == 10_000
    assert content.content_type.startswith("application/xml")
    assert reference.encode() in content.data
    assert pain_shape.faults(content.data) == []
    name = content.headers["Content-Disposition"]
    assert name.startswith("attachment")
    assert f"{file_id}.xml" in name
    assert (item["reference"], item["kind"]) == (reference, "payout")
    assert (told.json["state"], listed["silent"]) == ("rejected", False)
    assert settler.get(f"/api/outgoing-files/{file_id}").json["state"] == "rejected"


def test_a_csv_is_a_csv_and_nothing_is_nothing(application: Exchange, as_: As) -> None:
    settler = as_("per_exchange_settler")
    nothing = settler.post("/api/outgoing-files", json={"form": "csv"}, headers=till.keyed())
    _ready(application)

    made = settler.post("/api/outgoing-files", json={"form": "csv"}, headers=till.keyed())
    content = settler.get(f"/api/outgoing-files/{made.json['id']}/content")
    stranger = as_("per_buyer_editor").get(f"/api/outgoing-files/{made.json['id']}")

    assert nothing.status_code == 409
    assert content.content_type.startswith("text/csv")
    assert stranger.status_code == 404


def test_returns_are_read_and_what_is_none_is_refused(as_: As) -> None:
    settler = as_("per_exchange_settler")
    empty = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09"><PmtRtr/></Document>'

    read = settler.post("/api/outgoing-files/returns", json={"text": empty}, headers=till.keyed())
    bad = settler.post("/api/outgoing-files/answers", json={"text": "<x/>"}, headers=till.keyed())

    assert (read.status_code, read.json) == (200, {"ours": 0})
    assert bad.status_code == 422
