"""A certificate (授权证书): an authorisation, written down once, signed, for anybody to check.

One for each version of an authorisation, under the same number. What it says never
changes; how the authorisation stands today is asked of the authorisation.
Source: the fields of the authorisation certificate, domain of authorised operation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import column, exists, select, table
from sqlalchemy.orm import Session, aliased, joinedload

from catalogue import directories
from catalogue.grades import Grade
from kernel import ids
from kernel.crypto import CryptoProvider, canonical
from kernel.errors import NotFound, Refusal
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.work import Work
from licensing.papers import checks, credentials, keys, registered, status_lists
from licensing.papers.checks import Check

# A certificate's row is spoken of as certificates.Certificate.
from licensing.papers.rows import Certificate as Certificate
from licensing.versions import AuthorisationVersion

OBLIGATIONS: Final = ("log", "destroy", "report")
"""What every grantee must do: log each use, destroy at the end, report yearly."""

PROHIBITIONS: Final = ("reauthorise", "reidentify", "other_purpose", "transfer_raw")
"""What no grantee may do: pass the right on, combine to re-identify, change the purpose,
hand on raw data."""

FREE: Final = ("public_governance", "public_welfare")
"""Classes of purpose that pay nothing for the operation service; all others pay within a cap."""

_HIDDEN_FROM: Final = Grade.G3
# Scenarios have certificates issued, and stand above them: only this column is read here.
_scenarios = table("scenarios", column("id"), column("purpose_class"))


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
    """Write and sign the certificate of one version, and give it its place in a status list.

    Records `certificate.issued`.
    """
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
    # The place in the status list refers to the certificate by its id alone.
    work.session.flush()
    status_lists.allot(work, made.id)
    work.record(
        "certificate.issued",
        made.id,
        authorisation=authorisation.id,
        cert_no=made.cert_no,
        version=made.version,
        digest=made.digest,
    )
    return made


@dataclass(slots=True, kw_only=True)
class Draft:
    """What would be certified if it were decided so: a right and its first version at once."""

    id: str
    cert_no: str
    scenario_id: str
    assessment_id: str
    grantee_id: str
    operator_id: str
    implementing_agency_id: str
    departments: Sequence[str]
    purpose_code: str
    purpose_text: str
    purpose_fingerprint: str
    conditions: Sequence[str]
    scope: Mapping[str, Any]
    scope_hash: str
    number: int = 1


def drafted(work: Work, draft: Draft) -> dict[str, Any]:
    """Return the body that a certificate would have; signs, keeps and promises nothing."""
    return _body(work, draft, draft)


def of(session: Session, authorisation_id: str) -> list[Certificate]:
    """Return up to 100 certificates of an authorisation, newest first. One SELECT on an index."""
    statement = (
        select(Certificate)
        .where(Certificate.authorisation_id == authorisation_id)
        .order_by(Certificate.version.desc())
        .limit(100)
    )
    return list(session.scalars(statement))


def of_digest(session: Session, digest: str) -> Certificate | None:
    """Return the certificate whose body has this digest, of whatever version; None for none.

    One SELECT, which reads the certificates one by one: some thousands in a province.
    """
    statement = select(Certificate).where(Certificate.digest == digest.lower())
    return session.scalars(statement.order_by(Certificate.version.desc()).limit(1)).first()


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
    signed = credentials.genuine(crypto, certificate)
    comparable = certificate.digest_alg == crypto.digest_alg
    return Verification(
        found=True,
        intact=crypto.digest(content) == certificate.digest if comparable else signed,
        signature_ok=signed,
        standing=str(certificate.authorisation.state),
        certificate=certificate,
    )


def numbered(session: Session, cert_no: str, version: int) -> Certificate | None:
    """Return one version of a certificate with its authorisation. One SELECT on an index."""
    statement = (
        select(Certificate)
        .where(Certificate.cert_no == cert_no, Certificate.version == version)
        .options(joinedload(Certificate.authorisation))
    )
    return session.scalars(statement).one_or_none()


def checked(work: Work, certificate: Certificate) -> list[Check]:
    """Return every check of a certificate that this exchange can make, each told in words.

    certificate: with its authorisation. Five SELECTs by key.
    """
    return [
        registered.signature(work, certificate),
        checks.validity(certificate.body, work.now),
        *registered.checks(work, certificate),
    ]


def examined(work: Work, token: str) -> tuple[list[Check], Certificate | None]:
    """Check a credential that somebody brings: as a token, then against the register.

    Returns the checks and the certificate that it is of; None when it is of none of ours.
    """
    told, payload = checks.opened(token, keys.jwks(work.crypto), work.now)
    stated = credentials.certificate_of(payload)
    if stated is None:
        return told, None
    number, version, digest = stated
    found = numbered(work.session, number, version)
    if found is None or found.digest != digest:
        why = Refusal(
            "NOT_REGISTERED", "台账中没有这份证书", "the register has no such certificate"
        )
        return [*told, checks.refused("digest", why)], None
    return [*told, *registered.checks(work, found)], found


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


def _body(
    work: Work, authorisation: Right, version: AuthorisationVersion | Draft
) -> dict[str, Any]:
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
        "fee_basis": _fee_basis(work.session, authorisation.scenario_id),
        "issued_at": work.now.isoformat(),
        # Below the address of the exchange, which may change while this stays signed.
        "verify_url": f"/verify?number={authorisation.cert_no}",
    }


def _terms(work: Work, scope: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "items": scope["items"],
        "item_count": len(scope["items"]),
        "transforms": sorted({entry["transform"] for entry in scope["items"]}),
        "items_digest": work.crypto.digest(canonical(scope["items"])),
        "row_filters": scope["row_filters"],
        "users": scope["users"],
        "regions": scope["regions"],
        "valid_from": scope["period"]["from"],
        "valid_to": scope["period"]["to"],
        "quotas": [_quota(meter, limit) for meter, limit in sorted(scope["quotas"].items())],
        "output_forms": scope["output_forms"],
        "environments": scope["environments"],
    }


def _quota(meter: str, limit: int) -> dict[str, Any]:
    # "calls/day" counts calls anew each day; "rows" counts over the whole term.
    counted, _, window = meter.partition("/")
    return {"meter": counted, "period": window or None, "limit": limit}


def _fee_basis(session: Session, scenario_id: str) -> str:
    found = session.scalar(select(_scenarios.c.purpose_class).where(_scenarios.c.id == scenario_id))
    return "free" if found in FREE else "cap"


def _party(work: Work, organisation_id: str) -> dict[str, str]:
    found = organisations.find(work.session, organisation_id)
    return {"uscc": found.uscc, "name_zh": found.name_zh, "name_en": found.name_en}
