"""Checks of a certificate against what this exchange holds: rows, standing, evidence."""

from typing import Any, Final

from sqlalchemy import select

from kernel import journal
from kernel.crypto import canonical
from kernel.errors import Refusal
from kernel.evidence import SealedEvent
from kernel.journal import Event
from kernel.words import Words
from kernel.work import Work
from licensing import versions
from licensing.papers import credentials
from licensing.papers.checks import Check, passed, refused
from licensing.papers.rows import Certificate

_ROOT: Final = (
    "cert_no", "scenario_id", "assessment_id", "purpose_code", "purpose_text",
    "purpose_fingerprint", "conditions",
)  # fmt: skip
_SCOPE: Final = (
    "items", "row_filters", "users", "regions", "output_forms", "environments",
)  # fmt: skip

# state → (the certificate may be used today, what is said of it)
_STANDINGS: Final = {
    "issued": (True, Words("已签发，尚未开通", "issued, not yet in use")),
    "active": (True, Words("有效", "in force")),
    "active_conditional": (True, Words("附承诺有效", "in force, on promise")),
    "suspended": (False, Words("已暂停", "suspended")),
    "revoked": (False, Words("已撤销", "revoked")),
    "expired": (False, Words("已到期", "expired")),
    "surrendered": (False, Words("已交回", "surrendered")),
    "superseded": (False, Words("已由新授权接续", "superseded by a later one")),
}


def signature(work: Work, certificate: Certificate) -> Check:
    """Check that one of our keys signed the stored body."""
    if credentials.genuine(work.crypto, certificate):
        key = certificate.key_id
        return passed("signature", f"由密钥 {key} 签名", f"signed with key {key}")
    why = Refusal("SIGNATURE_INVALID", "内容与签名不符", "its content is not what was signed")
    return refused("signature", why)


def checks(work: Work, certificate: Certificate) -> list[Check]:
    """Check the row, today's standing and the evidence. certificate: with its authorisation.

    Three SELECTs by key.
    """
    return [_row(work, certificate), _standing(certificate), _evidence(work, certificate)]


def differences(work: Work, certificate: Certificate) -> list[str]:
    """Return in what the certificate differs from the rows, which are the truth."""
    body, root = certificate.body, certificate.authorisation
    version = versions.find(work.session, certificate.authorisation_id, certificate.version)
    found = [name for name in _ROOT if body[name] != getattr(root, name)]
    found += [name for name in _SCOPE if body[name] != version.scope[name]]
    days = {
        "valid_from": version.scope["period"]["from"],
        "valid_to": version.scope["period"]["to"],
    }
    found += [name for name, day in days.items() if body[name] != day]
    found += ["quotas"] if _limits(body) != version.scope["quotas"] else []
    if body["scope_hash"] != version.scope_hash:
        found.append("scope_hash")
    if certificate.digest_alg == work.crypto.digest_alg:
        digest = work.crypto.digest(canonical(body))
        found += ["digest"] if digest != certificate.digest else []
    return found


def _limits(body: dict[str, Any]) -> dict[str, int]:
    if isinstance(body["quotas"], dict):  # as the first release signed them
        return body["quotas"]
    return {
        one["meter"] + (f"/{one['period']}" if one["period"] else ""): one["limit"]
        for one in body["quotas"]
    }


def _row(work: Work, certificate: Certificate) -> Check:
    found = differences(work, certificate)
    if found:
        named = ", ".join(found)
        return refused(
            "digest", Refusal("ROW_DIFFERS", f"与台账不同：{named}", f"not as registered: {named}")
        )
    return passed("digest", "与台账逐项一致", "the same as the register, part by part")


def _standing(certificate: Certificate) -> Check:
    state = str(certificate.authorisation.state)
    usable, words = _STANDINGS[state]
    if certificate.version < certificate.authorisation.current_version:
        usable, state = False, "replaced"
        words = Words("已由更新的版本替代", "replaced by a later version")
    code = "OK" if usable else state.upper()
    return Check("standing", usable, code, words)


def _evidence(work: Work, certificate: Certificate) -> Check:
    statement = (
        select(Event, SealedEvent.seal_number)
        .outerjoin(SealedEvent, SealedEvent.event_sequence == Event.sequence)
        .where(Event.subject == certificate.id, Event.kind == "certificate.issued")
        .order_by(Event.sequence)
        .limit(1)
    )
    found = work.session.execute(statement).first()
    if found is None:
        return refused("evidence", Refusal("NO_EVIDENCE", "没有存证记录", "there is no evidence"))
    event: Event = found[0]
    seal: int | None = found[1]  # none yet: of an outer join
    honest = event.digest == journal.digest(event, work.crypto)
    if not honest or event.data["digest"] != certificate.digest:
        why = Refusal("EVIDENCE_DIFFERS", "与存证记录不符", "not as the evidence has it")
        return refused("evidence", why)
    if seal is None:
        return passed(
            "evidence", f"第 {event.sequence} 条，待封存", f"event {event.sequence}, to be sealed"
        )
    return passed(
        "evidence",
        f"第 {event.sequence} 条，封存于第 {seal} 批",
        f"event {event.sequence}, in seal {seal}",
    )
