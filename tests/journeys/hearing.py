"""A case before a panel, over HTTP: who says what, in the order in which it is said."""

from functools import cache
from typing import Any

from app.unit import Exchange
from tests.conftest import As
from tests.licensing import desk, hall

BY_FIVE = {"lane": "ordinary", "reason": "five experts look at it"}
"""The ordinary way, for a case that could take the simplified one."""


class Hearing:
    """One scenario from its acceptance on; every call goes through the door."""

    def __init__(self, application: Exchange, as_: As, **asked: Any) -> None:
        with application.house.engines.writing() as session:
            hall.pool(session)
            self.scenario_id = desk.submitted(session, **asked).id
            session.commit()
        self.where = f"/api/scenarios/{self.scenario_id}"
        self.client = cache(as_)
        self.assessment = ""

    def post(self, person: str, path: str, **body: Any) -> dict[str, Any]:
        """Post as a person, and insist that it is done."""
        answer = self.client(person).post(path, json=body)
        assert answer.status_code in (200, 201), answer.json
        return dict(answer.json)

    def refused(self, person: str, path: str, **body: Any) -> list[str]:
        """Post as a person, insist that it is refused, and return the codes."""
        answer = self.client(person).post(path, json=body)
        assert answer.status_code >= 400, answer.json
        return [one["code"] for one in answer.json.get("refusals", [])]

    def get(self, person: str, path: str) -> dict[str, Any]:
        """Read as a person."""
        answer = self.client(person).get(path)
        assert answer.status_code == 200, answer.json
        return dict(answer.json)

    def state(self) -> str:
        """Return where the scenario stands."""
        return str(self.get("per_agency_officer", self.where)["state"])

    def opinion(self) -> str:
        """Have the case accepted and the department asked; return the door of its opinion."""
        self.post("per_agency_officer", f"{self.where}/accept")
        asked = self.post("per_agency_officer", f"{self.where}/request-opinions")
        return f"/api/opinions/{asked['opinions'][0]['id']}"

    def to_panel(self, **graded: str) -> None:
        """Bring the case to where it waits for a panel."""
        opinion = self.opinion()
        self.post("per_agency_officer", f"{self.where}/grade-risk", **{**BY_FIVE, **graded})
        self.post("per_dept_approver", f"{opinion}/agree")

    def panel(self) -> list[dict[str, Any]]:
        """Plan, draw, declare, confirm, open the documents; return who serves."""
        made = self.post("per_agency_secretary", "/api/assessments", scenario_id=self.scenario_id)
        self.assessment = f"/api/assessments/{made['id']}"
        drawn = self.post("per_agency_secretary", f"{self.assessment}/draw")
        self.confirm(drawn["panel"])
        return [one for one in drawn["panel"] if one["standing"] == "serving"]

    def confirm(self, panel: list[dict[str, Any]]) -> None:
        """Have every member who serves declare, confirm the panel and open the documents."""
        for member in panel:
            if member["standing"] == "serving":
                here = f"{self.assessment}/declare"
                self.post(member["person_id"], here, conflicted=False)
        self.post("per_agency_secretary", f"{self.assessment}/clear")
        self.post("per_agency_secretary", f"{self.assessment}/open-documents")

    def score(self, panel: list[dict[str, Any]], *points: int, **changes: Any) -> None:
        """Have each member sign a sheet with the same score for every criterion."""
        weights = self.get("per_agency_secretary", self.assessment)["weights"]
        for member, each in zip(panel, points, strict=True):
            sheet = {"scores": dict.fromkeys(weights, each), "verdict": "agree", **changes}
            self.post(member["person_id"], f"{self.assessment}/submit-sheet", **sheet)

    def conclude(self) -> dict[str, Any]:
        """Tally and conclude."""
        self.post("per_agency_secretary", f"{self.assessment}/tally")
        return self.post("per_agency_secretary", f"{self.assessment}/conclude")

    def pass_days(self, days: int) -> None:
        """Let working days pass."""
        self.post("per_agency_officer", "/api/demonstration/clock", working_days=days)

    def authorise(self, days: int) -> None:
        """Decide, announce, and let the days pass after which the house closes the publicity."""
        self.post("per_agency_approver", f"{self.where}/authorise")
        self.pass_days(days)
        assert self.state() == "authorised"
