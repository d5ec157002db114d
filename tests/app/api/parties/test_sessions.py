from app.unit import Exchange
from tests import cast
from tests.conftest import As, Client

LOGIN = {"login": "PER_buyer_editor@test", "password": cast.PASSWORD}


def test_a_person_signs_in_acts_and_signs_out(client: Client) -> None:
    begun = client.post("/api/sessions", json=LOGIN)
    token = {"X-CSRF-Token": begun.json["csrf_token"]}

    me = client.get("/api/me")
    issued = client.post(
        "/api/tokens", json={"label": "mine", "scopes": ["read"], "days": 3}, headers=token
    )
    ended = client.post("/api/sessions/end", headers=token)

    assert begun.status_code == 201
    assert "HttpOnly" in begun.headers["Set-Cookie"]
    assert "SameSite=Lax" in begun.headers["Set-Cookie"]
    assert me.json["person"] == "per_buyer_editor"
    assert me.json["duties"] == ["data_engineer", "editor", "finance"]
    assert issued.status_code == 201
    assert ended.status_code == 204
    assert client.get("/api/me").status_code == 401


def test_a_browsers_write_without_its_token_is_refused(client: Client) -> None:
    client.post("/api/sessions", json=LOGIN)
    body = {"label": "x", "scopes": ["read"], "days": 3}

    for headers in (
        {},
        {"X-CSRF-Token": "wrong"},
        {"X-CSRF-Token": "气象".encode().decode("latin-1")},
    ):
        answer = client.post("/api/tokens", json=body, headers=headers)

        assert answer.status_code == 403
        assert answer.json["type"] == "/problems/forged-form"


def test_wrong_login_and_wrong_password_look_the_same(client: Client) -> None:
    unknown = client.post("/api/sessions", json={**LOGIN, "login": "nobody@test"})
    wrong = client.post("/api/sessions", json={**LOGIN, "password": "wrong-password"})

    assert unknown.status_code == wrong.status_code == 401
    assert {**unknown.json, "request_id": 0} == {**wrong.json, "request_id": 0}


def test_an_account_rests_after_five_failures(client: Client) -> None:
    for _ in range(5):
        client.post("/api/sessions", json={**LOGIN, "password": "wrong-password"})

    assert client.post("/api/sessions", json=LOGIN).status_code == 401


def test_one_signs_in_only_for_ones_own_organisation(client: Client) -> None:
    mine = client.post("/api/sessions", json={**LOGIN, "organisation": "org_buyer"})
    foreign = client.post("/api/sessions", json={**LOGIN, "organisation": "org_dept"})

    assert (mine.status_code, foreign.status_code) == (201, 404)


def test_a_token_does_what_its_scopes_say(application: Exchange, as_: As) -> None:
    mine = as_("per_buyer_editor")
    secret = mine.post("/api/tokens", json={"label": "r", "scopes": ["read"], "days": 3}).json[
        "secret"
    ]
    reader: Client = application.test_client()
    reader.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"

    assert reader.get("/api/me").json["scopes"] == ["read"]
    answer = reader.post("/api/tokens", json={"label": "w", "scopes": ["write"], "days": 3})
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/not-allowed")


def test_a_revoked_token_is_nobodys(application: Exchange, as_: As) -> None:
    mine = as_("per_buyer_editor")
    made = mine.post("/api/tokens", json={"label": "r", "scopes": ["read"], "days": 3}).json
    other: Client = application.test_client()
    other.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made['secret']}"
    assert other.get("/api/me").status_code == 200

    mine.post(f"/api/tokens/{made['id']}/revoke")

    assert other.get("/api/me").status_code == 401
    assert "secret" not in mine.get("/api/tokens").json["items"][0]
    assert as_("per_dept_editor").post(f"/api/tokens/{made['id']}/revoke").status_code == 404


def test_a_made_up_token_is_refused(client: Client) -> None:
    for value in ("Bearer dbx_wrong", "Basic dTpw", "Bearer"):
        answer = client.get("/api/organisations", headers={"Authorization": value})

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_made_up_cookie_is_nobody(client: Client) -> None:
    client.set_cookie("databourse_session", "wrong")

    assert client.get("/api/organisations").status_code == 200
    assert client.get("/api/me").status_code == 401


def test_a_token_signs_out_without_effect(as_: As) -> None:
    mine = as_("per_buyer_editor")

    assert mine.post("/api/sessions/end").status_code == 204
    assert mine.get("/api/me").status_code == 200


def test_days_pass_only_for_those_who_are_signed_in(client: Client, as_: As) -> None:
    assert client.post("/api/demonstration/clock", json={}).status_code == 401

    answer = as_("per_exchange_auditor").post(
        "/api/demonstration/clock", json={"working_days": 2, "days": 1}
    )

    assert answer.status_code == 200
    assert answer.json["now"].startswith("2026-07-04")
