"""A certificate (授权证书): an authorisation, written down once, signed, for anybody to check.

One for each version of an authorisation, under the same number. What it says never
changes; how the authorisation stands today is asked of the authorisation.
Source: the fields of the authorisation certificate, domain of authorised operation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import ForeignKey, UniqueConstraint, exists, select
from sqlalchemy.orm import Mapped, Session, aliased, joinedload, mapped_column, relationship

from catalogue import directories
from catalogue.grades import Grade
from kernel import ids
from kernel.clock import Instant
from kernel.crypto import CryptoProvider, Signature, canonical
from kernel.db import Base, append_only
from kernel.errors import NotFound
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.work import Work
from licensing.versions import AuthorisationVersion

OBLIGATIONS: Final = ("log", "destroy", "report")
"""What every grantee must do: log each use, destroy at the end, report yearly."""

PROHIBITIONS: Final = ("reauthorise", "reidentify", "other_purpose", "transfer_raw")
"""What no grantee may do: pass the right on, combine to re-identify, change the purpose,
hand on raw data."""

_HIDDEN_FROM: Final = Grade.G3


class Right(Protocol):
    """What a certificate says of an authorisation that no version of it changes."""

    id: Any
    cert_no: Any
    scenario_id: Any
    assessment_id: Any
    grantee_id: Any
    operator_id: Any
    implementing_agency_id: Any
    departments: Any
    purpose_code: Any
    purpose_text: Any
    purpose_fingerprint: Any
    conditions: Any


class Certificate(Base):
    """One signed certificate. body: canonical JSON; signature: over its bytes."""

    __tablename__ = "certificates"
    __table_args__ = (
        UniqueConstraint("authorisation_id", "version"),
        UniqueConstraint("cert_no", "version"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    authorisation_id: Mapped[str] = mapped_column(ForeignKey("authorisations.id"))
    version: Mapped[int]
    cert_no: Mapped[str]
    body: Mapped[dict[str, Any]]
    digest_alg: Mapped[str]
    digest: Mapped[str]
    alg: Mapped[str]
    key_id: Mapped[str]
    signature: Mapped[str]
    issued_at: Mapped[Instant]

    # Named in words: authorisations have certificates issued, and stand above them.
    authorisation: Mapped[Any] = relationship("Authorisation", lazy="raise", viewonly=True)


append_only(Certificate.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of a certificate found.

    intact: the body is what was signed, by its digest. signature_ok: a key of ours,
    in use or retired, signed it. standing: the state of the authorisation today.
    """

    found: bool
    intact: bool = False
    signature_ok: bool = False
    standing: str | None = None
    certificate: Certificate | None = None


def issue(work: Work, authorisation: Right, version: AuthorisationVersion) -> Certificate:
    """Write and sign the certificate of one version. Records `certificate.issued`."""
    body = _body(work, authorisation, version)
    content = canonical(body)
    signature = work.crypto.sign(content)
    made = Certificate(
        id=ids.new("cer_", work.now),
        authorisation_id=authorisation.id,
        version=version.number,
        cert_no=authorisation.cert_no,
        body=body,
        digest_alg=work.crypto.digest_alg,
        digest=work.crypto.digest(content),
        alg=signature.alg,
        key_id=signature.key_id,
        signature=signature.value,
        issued_at=work.now,
    )
    work.session.add(made)
    work.record(
        "certificate.issued",
        made.id,
        authorisation=authorisation.id,
        cert_no=made.cert_no,
        version=made.version,
        digest=made.digest,
    )
    return made


def of(session: Session, authorisation_id: str) -> list[Certificate]:
    """Return up to 100 certificates of an authorisation, newest first. One SELECT on an index."""
    statement = (
        select(Certificate)
        .where(Certificate.authorisation_id == authorisation_id)
        .order_by(Certificate.version.desc())
        .limit(100)
    )
    return list(session.scalars(statement))


def current(session: Session, cert_no: str) -> Certificate:
    """Return the newest certificate of this number, with its authorisation. Raises NotFound."""
    statement = (
        select(Certificate)
        .where(Certificate.cert_no == cert_no)
        .order_by(Certificate.version.desc())
        .limit(1)
        .options(joinedload(Certificate.authorisation))
    )
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("没有这份证书", f"no certificate {cert_no}")
    return found


def published(session: Session, *, after: str | None, limit: int) -> Page[Certificate]:
    """Return one page of certificates with their authorisations, newest first. One SELECT.

    Of each authorisation the newest one, whatever has become of it.
    """
    newer = aliased(Certificate)
    superseded = exists().where(
        newer.authorisation_id == Certificate.authorisation_id,
        newer.version > Certificate.version,
    )
    statement = (
        select(Certificate).where(~superseded).options(joinedload(Certificate.authorisation))
    )
    return keyset(session, statement, by=((Certificate.id, "desc"),), after=after, limit=limit)


def verify(session: Session, crypto: CryptoProvider, cert_no: str) -> Verification:
    """Check the newest certificate of this number against what was signed. One SELECT.

    A digest of another algorithm than the one in use cannot be taken again; then the
    signature, which covers the same bytes, decides.
    """
    try:
        certificate = current(session, cert_no)
    except NotFound:
        return Verification(found=False)
    content = canonical(certificate.body)
    signature = Signature(certificate.alg, certificate.key_id, certificate.signature)
    signed = crypto.verify(content, signature)
    comparable = certificate.digest_alg == crypto.digest_alg
    return Verification(
        found=True,
        intact=crypto.digest(content) == certificate.digest if comparable else signed,
        signature_ok=signed,
        standing=str(certificate.authorisation.state),
        certificate=certificate,
    )


def public(session: Session, certificate: Certificate) -> dict[str, Any]:
    """Return the body as everybody may see it.

    Items of grade G3 and above, and items whose grade nobody knows, are counted but not
    named. Costs three SELECTs for each directory among the items.
    """
    items = certificate.body["items"]
    open_items = _below(session, items)
    shown = [entry for entry in items if (entry["directory"], entry["item"]) in open_items]
    return {**certificate.body, "items": shown, "items_hidden": len(items) - len(shown)}


def written(certificate: Certificate) -> dict[str, Any]:
    """Return the whole certificate as JSON, for its parties: body, digest and signature."""
    return {
        "certificate": certificate.body,
        "digest_alg": certificate.digest_alg,
        "digest": certificate.digest,
        "signature": {
            "alg": certificate.alg,
            "key_id": certificate.key_id,
            "value": certificate.signature,
        },
    }


def _below(session: Session, items: list[dict[str, str]]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for code in sorted({entry["directory"] for entry in items}):
        try:
            directory = directories.by_code(session, code)
            rows = directories.items(session, directories.published(session, directory.id).id)
        except NotFound:
            continue
        found.update((code, row.code) for row in rows if Grade(row.grade) < _HIDDEN_FROM)
    return found


def _body(work: Work, authorisation: Right, version: AuthorisationVersion) -> dict[str, Any]:
    scope = version.scope
    return {
        "cert_no": authorisation.cert_no,
        "version": version.number,
        "scenario_id": authorisation.scenario_id,
        "assessment_id": authorisation.assessment_id,
        "grantor": _party(work, authorisation.implementing_agency_id),
        "operator": _party(work, authorisation.operator_id),
        "grantee": _party(work, authorisation.grantee_id),
        "departments": [_party(work, department) for department in authorisation.departments],
        "purpose_code": authorisation.purpose_code,
        "purpose_text": authorisation.purpose_text,
        "purpose_fingerprint": authorisation.purpose_fingerprint,
        **_terms(work, scope),
        "conditions": list(authorisation.conditions),
        "obligations": list(OBLIGATIONS),
        "prohibitions": list(PROHIBITIONS),
        "scope_hash": version.scope_hash,
        "issued_at": work.now.isoformat(),
    }


def _terms(work: Work, scope: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "items": scope["items"],
        "item_count": len(scope["items"]),
        "items_digest": work.crypto.digest(canonical(scope["items"])),
        "row_filters": scope["row_filters"],
        "users": scope["users"],
        "regions": scope["regions"],
        "valid_from": scope["period"]["from"],
        "valid_to": scope["period"]["to"],
        "quotas": scope["quotas"],
        "output_forms": scope["output_forms"],
        "environments": scope["environments"],
    }


def _party(work: Work, organisation_id: str) -> dict[str, str]:
    found = organisations.find(work.session, organisation_id)
    return {"uscc": found.uscc, "name_zh": found.name_zh, "name_en": found.name_en}
