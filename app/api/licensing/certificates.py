"""The door of certificates (授权证书): open to everybody, to look at and to verify."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.doors import Schema
from licensing import certificates
from licensing.certificates import Certificate

blueprint = doors.noun("certificates", "Certificates · 授权证书")


class CertificateOut(Schema):
    """A certificate in a list: what is public of it."""

    cert_no = fields.String()
    version = fields.Integer()
    standing = fields.String()
    purpose_code = fields.String()
    grantee = fields.Raw()
    valid_from = fields.String()
    valid_to = fields.String()


class VerificationOut(Schema):
    """What a check found, and the public view of the certificate.

    intact: the body is what was signed; signature_ok: a key of this exchange signed it;
    standing: the state of the authorisation today.
    """

    cert_no = fields.String()
    intact = fields.Boolean()
    signature_ok = fields.Boolean()
    standing = fields.String()
    certificate = fields.Raw()
    digest = fields.String()
    key_id = fields.String()


def row(found: Certificate) -> Mapping[str, Any]:
    """Return what CertificateOut shows."""
    return {
        "cert_no": found.cert_no,
        "version": found.version,
        "standing": str(found.authorisation.state),
        **{
            name: found.body[name] for name in ("purpose_code", "grantee", "valid_from", "valid_to")
        },
    }


@blueprint.get("")
@doors.public
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(CertificateOut))
def listed(query: dict[str, Any]) -> Any:
    """List the newest certificate of each authorisation, newest first."""
    return doors.page(certificates.published(unit.current().session, **query), row)


@blueprint.get("/<string:cert_no>")
@doors.public
@blueprint.response(200, VerificationOut)
def verify(cert_no: str) -> Any:
    """Verify a certificate by its number, and show what is public of it."""
    work = unit.current()
    certificate = certificates.current(work.session, cert_no)
    checked = certificates.verify(work.session, work.crypto, cert_no)
    return {
        "cert_no": cert_no,
        "intact": checked.intact,
        "signature_ok": checked.signature_ok,
        "standing": checked.standing,
        "certificate": certificates.public(work.session, certificate),
        "digest": certificate.digest,
        "key_id": certificate.key_id,
    }
