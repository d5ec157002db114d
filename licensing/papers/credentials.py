"""A certificate as a verifiable credential (W3C VC 2.0, secured as JOSE token).

Made from the rows when it is asked for, and only while the certificate's own signature
holds: an edited row is never signed again. Ed25519 gives the same token each time.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.clock import SHANGHAI
from kernel.crypto import CryptoProvider, Signature, canonical
from kernel.errors import DomainError, Kind
from kernel.journal import Event
from kernel.words import Words
from kernel.work import Work
from licensing.papers import keys, odrl, status_lists, tokens
from licensing.papers.rows import Certificate

TYPE: Final = "DataAuthorisationCredential"


class CertificateBroken(DomainError):
    """The stored certificate is not what was signed; nothing is handed out in its name."""

    kind = Kind.CONFLICT
    code = "certificate-broken"
    title = Words("证书与签发时不一致", "The certificate is not what was signed")


def genuine(crypto: CryptoProvider, certificate: Certificate) -> bool:
    """Tell whether the stored body is what one of our keys signed."""
    signature = Signature(certificate.alg, certificate.key_id, certificate.signature)
    return crypto.verify(canonical(certificate.body), signature)


def signed(work: Work, certificate: Certificate, address: str) -> str:
    """Return the certificate as a credential, signed. Raises CertificateBroken, NotFound.

    address: where this exchange is found. Three SELECTs.
    """
    if not genuine(work.crypto, certificate):
        raise CertificateBroken(
            f"{certificate.cert_no} 的内容与签名不符",
            f"{certificate.cert_no}: its content is not what its signature covers",
        )
    return tokens.sign(work.crypto, _payload(work.session, certificate, address))


def certificate_of(payload: Mapping[str, Any]) -> tuple[str, int, str] | None:
    """Return (number, version, digest) of the certificate that a credential is of."""
    subject = payload.get("credentialSubject")
    stated = subject.get("certificate") if isinstance(subject, dict) else None
    if not isinstance(stated, dict):
        return None
    number, version, digest = (stated.get(name) for name in ("cert_no", "version", "digest"))
    if isinstance(number, str) and type(version) is int and isinstance(digest, str):
        return number, version, digest
    return None


def _payload(session: Session, certificate: Certificate, address: str) -> dict[str, Any]:
    body = certificate.body
    entry = status_lists.find(session, certificate.id)
    evidence = _event(session, certificate.id, "certificate.issued")
    return {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            odrl.CONTEXT,
            {"dx": f"{address}{odrl.PROFILE}#"},
        ],
        "id": f"{address}/certificates/{certificate.cert_no}?version={certificate.version}",
        "type": ["VerifiableCredential", TYPE],
        "issuer": keys.issuer(address),
        "validFrom": moment(body["valid_from"], 0),
        # The last day counts whole: until the first moment of the next one.
        "validUntil": moment(body["valid_to"], 1),
        "credentialSubject": {
            "id": f"urn:uscc:{body['grantee']['uscc']}",
            "certificate": {
                "cert_no": certificate.cert_no,
                "version": certificate.version,
                "digest_alg": certificate.digest_alg,
                "digest": certificate.digest,
                "scope_hash": body["scope_hash"],
            },
            "scenario": body["scenario_id"],
            "assessment": {
                "id": body["assessment_id"],
                "digest": _event(session, body["assessment_id"], "assessment.concluded")["digest"],
            },
            "policy": odrl.agreement(body, address),
        },
        "credentialStatus": status_lists.entry_of(entry, address),
        "evidence": {"origin": address, **evidence},
    }


def _event(session: Session, subject: str, kind: str) -> dict[str, Any]:
    # One SELECT on an index: the latest event of this kind on the subject.
    latest = (
        select(func.max(Event.sequence))
        .where(Event.subject == subject, Event.kind == kind)
        .scalar_subquery()
    )
    found = session.execute(
        select(Event.sequence, Event.digest).where(Event.sequence == latest)
    ).first()
    return {"index": found[0] if found else None, "digest": found[1] if found else None}


def moment(day: str, days_later: int) -> str:
    """Return the first moment of a day in Shanghai, or of one so many days later, in UTC."""
    first = date.fromisoformat(day) + timedelta(days=days_later)
    return datetime.combine(first, time(), SHANGHAI).astimezone(UTC).isoformat()
