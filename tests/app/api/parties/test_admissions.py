"""A newcomer's way in, over HTTP: three people, one file, one cent."""

import base64
import dataclasses
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from app.unit import Exchange
from kernel.parties import people
from tests.app.api.parties.test_organisations import ENTRY
from tests.conftest import As, Client
from tests.kernel.parties import entry

PERSON = {
    "login": "boss@new",
    "name": "演示·管理员",
    "password": "long enough",
    "identity_number": "11010519491231002X",
    "duties": ["org_admin", "finance"],
}
FILE = {
    name: value.isoformat() if isinstance(value, date) else value
    for name, value in entry.FACTS.items()
}
PAPER = base64.b64encode(entry.PAPER).decode()
CHECK = {**entry.CLEAN, "source": "信用中国"}


@dataclasses.dataclass(frozen=True, slots=True)
class Newcomer:
    """An organisation that has been entered, and a client of its administrator."""

    id: str
    admin: Client

    @property
    def home(self) -> str:
        return f"/api/organisations/{self.id}"


@pytest.fixture
def newcomer(as_: As, application: Exchange) -> Newcomer:
    registrar = as_("per_exchange_compliance")
    made = registrar.post("/api/organisations", json=ENTRY).json
    home = f"/api/organisations/{made['id']}"
    admitted = registrar.post(f"{home}/people", json=PERSON)
    assert admitted.status_code == 201, admitted.json
    session: Client = application.test_client()
    begun = session.post("/api/sessions", json={"login": "boss@new", "password": "long enough"})
    token = session.post(
        "/api/tokens",
        json={"label": "x", "scopes": ["read", "write"], "days": 5},
        headers={"X-CSRF-Token": begun.json["csrf_token"]},
    ).json["secret"]
    admin: Client = application.test_client()
    admin.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return Newcomer(made["id"], admin)


def filed(newcomer: Newcomer) -> None:
    answer = newcomer.admin.post(f"{newcomer.home}/admission", json=FILE)
    assert answer.status_code == 200, answer.json
    for doc_type in entry.PAPERS:
        paper = {"doc_type": doc_type, "name": f"{doc_type}.pdf", "content_base64": PAPER}
        assert newcomer.admin.post(f"{newcomer.home}/documents", json=paper).status_code == 201


def banked(newcomer: Newcomer, as_: As) -> Callable[[int], Any]:
    account = {"organisation_id": newcomer.id, "account_name": ENTRY["name_zh"],
               "bank_name": "演示银行", "number": "6222000011112222"}  # fmt: skip
    made = newcomer.admin.post("/api/bank-checks", json=account)
    assert made.status_code == 201, made.json
    teller, check = as_("per_exchange_settler"), f"/api/bank-checks/{made.json['id']}"
    order = teller.post(f"{check}/order", json={}).json
    assert order["number"] == "6222000011112222"
    assert teller.post(f"{check}/send", json={}).status_code == 200
    return lambda off: newcomer.admin.post(
        f"{check}/echo", json={"amount_fen": (order["amount_fen"] + off - 1) % 99 + 1}
    )


def test_a_newcomer_comes_in(newcomer: Newcomer, as_: As) -> None:
    registrar, approver = as_("per_exchange_compliance"), as_("per_exchange_approver")
    wanting = newcomer.admin.get(f"{newcomer.home}/documents").json
    bare = newcomer.admin.post(f"{newcomer.home}/submit", json={})
    filed(newcomer)

    sent = newcomer.admin.post(f"{newcomer.home}/submit", json={})
    looked = registrar.post(f"{newcomer.home}/credit-checks", json=CHECK)
    passed = registrar.post(f"{newcomer.home}/pass-first", json={"opinion": "齐全"})
    early = approver.post(f"{newcomer.home}/approve", json={})
    echo = banked(newcomer, as_)
    wrong, right = echo(1), echo(0)
    approved = approver.post(f"{newcomer.home}/approve", json={})

    assert wanting["key_wanting"] == list(entry.KEY)
    assert wanting["role_wanting"] == ["security_plan"]
    assert {one["code"] for one in bare.json["refusals"]} == {"NO_FILE", "DOCUMENTS_MISSING"}
    assert sent.json["state"] == "under_review"
    assert looked.json["flagged"] == []
    assert passed.json["state"] == "final_review"
    assert [one["code"] for one in early.json["refusals"]] == ["BANK_NOT_VERIFIED"]
    assert (wrong.json["state"], wrong.json["tries"]) == ("sent", 1)
    assert right.json["state"] == "verified"
    assert approved.json["state"] == "active"
    assert newcomer.admin.get("/api/me").json["roles"] == ["merchant"]


def test_a_file_is_shown_without_the_number(newcomer: Newcomer, as_: As) -> None:
    filed(newcomer)

    shown = newcomer.admin.get(f"{newcomer.home}/admission")
    documents = newcomer.admin.get(f"{newcomer.home}/documents").json

    assert shown.json["legal_rep_id_masked"] == "110105********002X"
    assert "11010519491231002X" not in shown.text
    assert (shown.json["licence_light"], shown.json["warnings"]) == ("green", [])
    assert documents["key_wanting"] == documents["deferrable_wanting"] == []
    assert len(documents["items"]) == len(entry.PAPERS)
    assert as_("per_hub_supervisor").get(f"{newcomer.home}/admission").status_code == 200


def test_i_04_a_foreign_file_looks_like_none(newcomer: Newcomer, as_: As) -> None:
    filed(newcomer)
    stranger = as_("per_other_editor")
    paths = ("admission", "documents", "ties", "related")

    answers = {
        (path, organisation): stranger.get(f"/api/organisations/{organisation}/{path}")
        for path in paths
        for organisation in (newcomer.id, "org_none")
    }

    assert {answer.status_code for answer in answers.values()} == {404}
    for path in paths:
        foreign, random = (answers[path, one].json for one in (newcomer.id, "org_none"))
        assert foreign["type"] == random["type"]
        assert foreign["detail"] == random["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [({**FILE, "colour": "red"}, 422), ({**FILE, "mlps_level": 5}, 422), ({}, 422)],
)
def test_a_file_is_read_strictly(newcomer: Newcomer, body: dict[str, Any], status: int) -> None:
    assert newcomer.admin.post(f"{newcomer.home}/admission", json=body).status_code == status


def test_a_file_is_closed_while_others_decide(newcomer: Newcomer) -> None:
    filed(newcomer)
    newcomer.admin.post(f"{newcomer.home}/submit", json={})

    answer = newcomer.admin.post(f"{newcomer.home}/admission", json=FILE)

    assert answer.status_code == 409
    assert answer.json["type"] == "/problems/admission-file-closed"


def test_i_03_one_human_being_is_entered_once(newcomer: Newcomer, application: Exchange) -> None:
    second = {**PERSON, "login": "other@new", "identity_number": "11010519491231002x"}

    answer = newcomer.admin.post(f"{newcomer.home}/people", json=second)

    assert answer.status_code == 409
    assert answer.json["type"] == "/problems/identity-taken"
    with application.house.engines.reading() as session:
        assert people.by_login(session, "other@new") is None


def test_the_registrar_enters_the_first_person_alone(newcomer: Newcomer, as_: As) -> None:
    second = {**PERSON, "login": "other@new", "identity_number": entry.number(5)}

    refused = as_("per_exchange_compliance").post(f"{newcomer.home}/people", json=second)
    admitted = newcomer.admin.post(f"{newcomer.home}/people", json=second)

    assert refused.status_code == 404
    assert admitted.status_code == 201
    assert admitted.json["login"] == "other@new"


def test_checks_are_listed_and_shown(newcomer: Newcomer, as_: As) -> None:
    banked(newcomer, as_)
    mine = f"/api/bank-checks?organisation_id={newcomer.id}"

    listed = newcomer.admin.get(mine).json["items"]
    waiting = as_("per_exchange_settler").get("/api/bank-checks").json["items"]
    shown = newcomer.admin.get(f"/api/bank-checks/{listed[0]['id']}")

    assert [one["number_masked"] for one in listed] == ["************2222"]
    assert waiting == []
    assert shown.json["state"] == "sent"
    assert as_("per_other_editor").get(f"/api/bank-checks/{listed[0]['id']}").status_code == 404
    assert newcomer.admin.get("/api/bank-checks").status_code == 403


def test_roles_are_asked_for_and_granted(as_: As) -> None:
    registrar, approver = as_("per_exchange_compliance"), as_("per_exchange_approver")
    wanted = {"organisation_id": "org_buyer", "role": "developer"}

    asked = registrar.post("/api/roles", json=wanted)
    again = registrar.post("/api/roles", json=wanted)
    waiting = approver.get("/api/roles").json["items"]
    granted = approver.post(f"/api/roles/{asked.json['id']}/grant", json={})

    assert asked.status_code == 201
    assert again.status_code == 422
    assert [one["id"] for one in waiting] == [asked.json["id"]]
    assert (granted.json["state"], granted.json["role"]) == ("granted", "developer")
    assert approver.get(f"/api/roles/{asked.json['id']}").json["granted_at"]
    assert as_("per_other_editor").get("/api/roles").status_code == 403


def test_ties_are_declared_explained_and_ended(as_: As) -> None:
    registrar, home = as_("per_exchange_compliance"), "/api/organisations/org_buyer"
    tie = {"kind": "shareholder", "other_name": "演示·枫香科技", "share_bp": 3000,
           "uscc": "91430104MAA00003XP"}  # fmt: skip
    person = {"kind": "controls", "other_name": "某人", "identity_number": entry.number(1)}

    made = registrar.post(f"{home}/ties", json=tie)
    hidden = registrar.post(f"{home}/ties", json=person)
    related = as_("per_hub_supervisor").get(f"{home}/related").json["items"]
    early = as_("per_hub_supervisor").get(f"{home}/related?on=2020-01-01").json["items"]
    ended = registrar.post(f"/api/organisations/ties/{made.json['id']}/end", json={})
    listed = registrar.get(f"{home}/ties").json["items"]

    assert made.status_code == 201, made.json
    assert hidden.json["other"] is None
    assert [one["organisation_id"] for one in related] == ["org_developer"]
    assert [tie["kind"] for tie in related[0]["ties"]] == ["shareholder"]
    assert early == []
    assert ended.json["until"] == "2026-07-01"
    assert {one["until"] for one in listed} == {None, "2026-07-01"}
    assert registrar.post(f"{home}/ties", json={**tie, "colour": "red"}).status_code == 422


def test_an_exit_waits_for_nothing_open(newcomer: Newcomer, as_: As) -> None:
    filed(newcomer)
    newcomer.admin.post(f"{newcomer.home}/submit", json={})
    as_("per_exchange_compliance").post(f"{newcomer.home}/credit-checks", json=CHECK)
    as_("per_exchange_compliance").post(f"{newcomer.home}/pass-first", json={"opinion": "x"})
    banked(newcomer, as_)(0)
    approver = as_("per_exchange_approver")
    approver.post(f"{newcomer.home}/approve", json={})

    asked = newcomer.admin.post(f"{newcomer.home}/apply-exit", json={"reason": "x"})
    confirmed = approver.post(f"{newcomer.home}/confirm-exit", json={})

    assert (asked.status_code, asked.json["state"]) == (200, "exiting")
    assert confirmed.json["state"] == "deregistered"


def test_a_document_is_read_by_its_own_and_its_reviewers_alone(newcomer: Newcomer, as_: As) -> None:
    filed(newcomer)
    listed = newcomer.admin.get(f"{newcomer.home}/documents").json["items"]
    door = f"{newcomer.home}/documents/{listed[0]['id']}/readings"

    own = newcomer.admin.post(door, json={}, headers={"Idempotency-Key": "once"})
    reviewed = [
        as_(person).post(door, json={}).status_code
        for person in ("per_exchange_compliance", "per_exchange_approver")
    ]
    barred = [
        as_(person).post(door, json={}).status_code
        for person in ("per_hub_supervisor", "per_exchange_settler", "per_buyer_editor")
    ]

    assert all(one["kept"] for one in listed)
    assert base64.b64decode(own.json["content_base64"]) == entry.PAPER
    assert (own.json["media_type"], own.json["digest"]) == ("application/pdf", listed[0]["digest"])
    assert (reviewed, barred) == ([200, 200], [404, 404, 404])


@pytest.mark.parametrize(
    ("content", "pointer"), [("no base", "/content_base64"), ("TVo=", "/file")]
)
def test_what_is_no_document_is_not_filed(newcomer: Newcomer, content: str, pointer: str) -> None:
    paper = {"doc_type": "credit_report", "name": "x", "content_base64": content}

    answer = newcomer.admin.post(f"{newcomer.home}/documents", json=paper)

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == [pointer]
