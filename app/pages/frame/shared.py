"""What the pages of agreements of both kinds show alike: elements, texts, signatures."""

from collections.abc import Mapping
from typing import Any

from app import languages
from app.pages import shown
from app.pages.wording import frame as words
from kernel.words import Words
from kernel.work import Work
from licensing import signatures
from licensing.agreed import rows
from licensing.agreed.rows import Agreed, Edition
from licensing.frame import editions
from licensing.frame.editions import Difference

CHANGES = 60
"""The most differences between two texts that a page shows."""


def facts(work: Work, found: Agreed, life: Any) -> dict[str, Any]:
    """Return what the page of an agreement of either kind needs. Six SELECTs."""
    digest = rows.text_digest(found, work.crypto)
    texts = editions.editions(work, found.id)
    record = shown.record(found, work, life)
    # A change is proposed with all its terms: a form of its own holds them.
    record["own"].pop("amend", None)
    decision = found.decision or {}
    return {
        "agreement": found,
        "record": record,
        "clock": shown.clock(work, found.id),
        "names": shown.names(work, [*found.parties, *found.scope["users"]]),
        "digest": digest,
        "signatures": _signatures(work, found.id, digest),
        "decision": {key: value for key, value in decision.items() if key != "terms"},
        "editions": _editions(texts),
        "proposal": _proposal(work, found),
        "revenue": found.revenue or work.rules.table("revenue.public"),
        "events": shown.timeline(work, found.id),
    }


def told(given: Mapping[str, Any], labels: Mapping[str, Words]) -> list[dict[str, Any]]:
    """Return the elements that are written, each with its label, as lines of text."""
    return [
        {"label": languages.said(label), "lines": _lines(given[name])}
        for name, label in labels.items()
        if given.get(name)
    ]


def _lines(value: Any) -> list[str]:
    if isinstance(value, list):
        return [line for each in value for line in _lines(each)]
    if isinstance(value, dict):
        parts = [(words.PARTS.get(key, Words(key, key)), each) for key, each in value.items()]
        return [languages.said(Words("；", "; ")).join(
            f"{languages.said(label)}{languages.said(Words('：', ': '))}{each}"
            for label, each in parts
        )]  # fmt: skip
    return [str(value)]


def _signatures(work: Work, subject: str, digest: str) -> list[dict[str, Any]]:
    return [
        {
            "organisation_id": one.organisation_id,
            "at": one.at,
            "holds": signatures.holds(work.crypto, one, text_digest=digest),
        }
        for one in signatures.of(work.session, subject)
    ]


def _proposal(work: Work, found: Agreed) -> dict[str, Any] | None:
    if found.proposal is None:
        return None
    changed = editions.proposed(found)
    return {
        "reason": found.proposal["reason"],
        "digest": found.proposal["digest"],
        "changes": _changes(editions.differences(found.text(), changed.text())),
        "signatures": _signatures(work, found.proposal["id"], found.proposal["digest"]),
    }


def _editions(texts: list[Edition]) -> list[dict[str, Any]]:
    before: list[Edition | None] = [*texts, None]
    return [
        {
            "number": each.number,
            "since": each.since,
            "digest": each.text_digest,
            "note": each.note,
            "changes": _changes(editions.differences(earlier.body, each.body)) if earlier else [],
        }
        for each, earlier in zip(texts, before[1:], strict=True)
    ]


def _changes(found: list[Difference]) -> list[dict[str, str]]:
    return [
        {"where": each.where, "before": _short(each.before), "after": _short(each.after)}
        for each in found[:CHANGES]
        if not each.where.endswith("_hash")
    ]


def _short(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return " ".join(str(each) for each in value.values())
    return str(value)
