"""The door of encrypted packages (加密文件包): made on demand, fetched by links of a day."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, idempotency, unit
from app.sharing import downloads
from delivery.packages import links, making, packages
from delivery.packages.links import PackageLink
from delivery.packages.packages import Format, Package
from kernel.errors import NotFound
from kernel.work import Work

blueprint = doors.noun("packages", "Packages · 加密文件包")


class PackageIn(doors.Body):
    """Of which delivery, sealed to which registered key, in which format."""

    delivery_id = doors.text(max=40)
    key_id = doors.text(max=40)
    format = doors.choice(*Format, required=False, load_default=Format.PARQUET.value)


class PackageQuery(doors.PageQuery):
    """Of which delivery; of all that was bought when none is named."""

    delivery_id = doors.text(max=40, required=False, load_default=None)


class PackageLinkIn(doors.Body):
    """How long a link lives, and for how many downloads; the rules' most when not told."""

    hours = doors.whole(min=1, max=24, required=False, load_default=None)
    uses = doors.whole(min=1, max=5, required=False, load_default=None)


class PackageOut(doors.LivingOut):
    """A package. sha256, size_bytes: of the file as it is downloaded."""

    delivery_id = fields.String()
    key_id = fields.String()
    public_key = fields.String()
    format = fields.String()
    stage = fields.String(allow_none=True)
    progress_bp = fields.Integer()
    problem = fields.String(allow_none=True)
    row_count = fields.Integer(allow_none=True)
    size_bytes = fields.Integer(allow_none=True)
    sha256 = fields.String(allow_none=True)
    bytes_sent = fields.Integer()
    requested_at = fields.String()
    kept_until = fields.String()
    released_at = fields.String(allow_none=True)
    erased_at = fields.String(allow_none=True)


class PackageSignatureOut(Schema):
    """A signature over the canonical JSON of a manifest."""

    alg = fields.String()
    key_id = fields.String()
    value = fields.String()


class PackageManifestOut(Schema):
    """What a package says of its contents, signed."""

    manifest = fields.Dict()
    signature = fields.Nested(PackageSignatureOut)


class PackageLinkOut(Schema):
    """A link; its address is shown once, when it is made."""

    id = fields.String()
    package_id = fields.String()
    made_by = fields.String()
    made_at = fields.String()
    expires_at = fields.String()
    revoked_at = fields.String(allow_none=True)
    uses_max = fields.Integer()
    bytes_sent = fields.Integer()
    url = fields.String(allow_none=True)


def row(found: Package) -> Mapping[str, Any]:
    """Return what PackageOut shows in a list: all but the actions."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "delivery_id": found.task_id,
        "key_id": found.key_id,
        "public_key": found.public_key,
        "format": found.format,
        "stage": found.stage,
        "progress_bp": found.progress_bp,
        "problem": found.problem,
        "row_count": found.row_count,
        "size_bytes": found.size_bytes,
        "sha256": found.sha256,
        "bytes_sent": found.bytes_sent,
        "requested_at": doors.moment(found.requested_at),
        "kept_until": doors.moment(found.kept_until),
        "released_at": doors.moment(found.released_at),
        "erased_at": doors.moment(found.erased_at),
    }


def show(found: Package, work: Work) -> Mapping[str, Any]:
    """Return what PackageOut shows."""
    return {**row(found), **doors.living(found, work, packages.LIFE)}


def show_link(found: PackageLink, url: str | None = None) -> Mapping[str, Any]:
    """Return what PackageLinkOut shows."""
    return {
        "id": found.id,
        "package_id": found.package_id,
        "made_by": found.made_by,
        "made_at": doors.moment(found.made_at),
        "expires_at": doors.moment(found.expires_at),
        "revoked_at": doors.moment(found.revoked_at),
        "uses_max": found.uses_max,
        "bytes_sent": found.bytes_sent,
        "url": url,
    }


def linked(work: Work, package_id: str, **wish: int | None) -> tuple[PackageLink, str]:
    """Make a link, and put into the file what opens it; returns the link and its address."""
    made, secret = links.make(work, package_id, **wish)
    header = links.release(work, package_id)
    making.open_gap(unit.house().data_dir, package_id, header)
    return made, downloads.address(made.id, idempotency.shown_once(secret))


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(PackageQuery, location="query")
@blueprint.response(200, doors.page_of(PackageOut))
def listed(query: dict[str, Any]) -> Any:
    """List the packages of a delivery, newest first."""
    task_id = query.pop("delivery_id")
    return doors.page(packages.listed(unit.current(), task_id, **query), row)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(PackageIn)
@blueprint.response(201, PackageOut)
def create(body: dict[str, Any]) -> Any:
    """Have a package made; look at it until it is ready."""
    work = unit.current()
    made = packages.request(
        work, body["delivery_id"], key_id=body["key_id"], file_format=body["format"]
    )
    work.session.flush()  # its version is shown
    return show(made, work)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, PackageOut)
def one(subject_id: str) -> Any:
    """Show one package, and what its making is at."""
    work = unit.current()
    return doors.tagged(show(packages.seen(work, subject_id), work))


@blueprint.get("/<string:subject_id>/manifest")
@doors.members("read")
@blueprint.response(200, PackageManifestOut)
def manifest(subject_id: str) -> Any:
    """Show what a package holds, signed: files, sizes, hashes, rows, columns, licence."""
    found = packages.seen(unit.current(), subject_id)
    if found.manifest is None:
        raise NotFound("文件包尚未制作完成", "the package is not made yet")
    return {"manifest": found.manifest, "signature": found.signature}


@blueprint.get("/<string:subject_id>/links")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(PackageLinkOut))
def links_of(query: dict[str, Any], subject_id: str) -> Any:
    """List the links of a package, newest first; never their addresses."""
    return doors.page(links.listed(unit.current(), subject_id, **query), show_link)


@blueprint.post("/<string:subject_id>/links")
@doors.members("deliver")
@blueprint.arguments(PackageLinkIn)
@blueprint.response(201, PackageLinkOut)
def link(body: dict[str, Any], subject_id: str) -> Any:
    """Make a link to a package; its address is shown this once."""
    return show_link(*linked(unit.current(), subject_id, **body))


@blueprint.post("/links/<string:link_id>/revoke")
@doors.members("write")
@blueprint.response(200, PackageLinkOut)
def revoke(link_id: str) -> Any:
    """Revoke a link at once."""
    return show_link(links.revoke(unit.current(), link_id))


doors.steps(blueprint, packages, PackageOut, show)
