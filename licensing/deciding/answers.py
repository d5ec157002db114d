"""An answer: what was decided on one request, before and after it has become a row."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import ids
from kernel.clock import Instant
from kernel.errors import Refusal
from licensing.certificates import OBLIGATIONS
from licensing.deciding import explanations
from licensing.deciding.clauses import Grant
from licensing.deciding.requests import Request
from licensing.outcomes import Decision, Denial, Outcome
from licensing.quotas import Shortage

_COPIED = (
    "authorisation_id", "organisation_id", "purpose_code", "transform", "output_form",
    "region", "environment", "subject",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. refusals: every reason for a no, in order, with its words.

    obligations: what a yes obliges to: the codes that bind every grantee, then the
    conditions of this authorisation as they are written. remaining: meter → what is left
    after it.
    """

    id: str
    request: Request
    version: int | None
    person_id: str
    refusals: tuple[Refusal, ...]
    at: Instant
    obligations: tuple[str, ...] = ()
    remaining: Mapping[str, int] = field(default_factory=dict)

    @property
    def allowed(self) -> bool:
        """Whether the use may happen."""
        return not self.refusals

    @property
    def outcome(self) -> Outcome:
        """The answer in one word."""
        return Outcome.ALLOW if self.allowed else Outcome.DENY


def made(
    request: Request,
    grant: Grant | None,
    *,
    codes: Iterable[str],
    short: tuple[Shortage, ...] = (),
    person_id: str,
    at: Instant,
) -> Answer:
    """Make the answer to a request out of what its clauses said."""
    refusals = explanations.explain(codes, grant, request, short)
    bound = grant is not None and not refusals
    return Answer(
        id=ids.new("dec_", at),
        request=request,
        version=grant.version if grant else None,
        person_id=person_id,
        refusals=refusals,
        at=at,
        obligations=(*OBLIGATIONS, *grant.obligations) if bound and grant else (),
    )


def record(answer: Answer) -> dict[str, Any]:
    """Return the answer as the log keeps it: what JSON can hold."""
    request = answer.request
    return {
        **{name: getattr(request, name) for name in _COPIED},
        "id": answer.id,
        "version": answer.version,
        "person_id": answer.person_id,
        "credential": request.credential or None,
        "items": [list(item) for item in request.items],
        "quantity": dict(request.quantity),
        "outcome": answer.outcome.value,
        "codes": [refusal.code for refusal in answer.refusals],
        "reasons": [
            {"code": refusal.code, "zh": refusal.zh, "en": refusal.en}
            for refusal in answer.refusals
        ],
        "at": answer.at.isoformat(),
    }


def line(answer: Answer) -> bytes:
    """Return the answer as one line of a log file."""
    return json.dumps(record(answer), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def keep(session: Session, records: Iterable[Mapping[str, Any]]) -> list[Decision]:
    """Add the rows of answers that are not there yet; return those that were added.

    One SELECT by key for all of them.
    """
    found = {one["id"]: one for one in records}
    there = set(session.scalars(select(Decision.id).where(Decision.id.in_(found))))
    return [keep_one(session, one) for key, one in found.items() if key not in there]


def keep_one(session: Session, record: Mapping[str, Any]) -> Decision:
    """Add the rows of one answer."""
    at = datetime.fromisoformat(record["at"])
    row = Decision(**{**record, "at": at})
    session.add(row)
    for code in row.codes:
        session.add(
            Denial(decision_id=row.id, code=code, authorisation_id=row.authorisation_id, at=at)
        )
    return row
