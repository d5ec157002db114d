"""Sending a file: whole or a range of it (RFC 9110), by this process or by the proxy before it."""

from pathlib import Path
from urllib.parse import quote

from flask import Response, request, send_file

from app import unit

KIND = "application/octet-stream"


def sent(path: Path, *, name: str, etag: str) -> Response:
    """Answer with a file of the secure domain, or with the range of it that is asked for.

    With the setting `accel_prefix` the proxy is told where the file lies and sends it. A
    range that cannot be is answered 416. etag: the same as long as the bytes are.
    """
    prefix = unit.house().settings.accel_prefix
    if prefix:
        response = Response(status=200, content_type=KIND)
        inside = path.relative_to(unit.house().data_dir)
        response.headers["X-Accel-Redirect"] = f"{prefix.rstrip('/')}/{quote(str(inside))}"
        response.headers["ETag"] = f'"{etag}"'
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    response = send_file(
        path, mimetype=KIND, as_attachment=True, download_name=name, etag=etag, conditional=True
    )
    response.headers["Accept-Ranges"] = "bytes"
    return response


def asked_bytes(size: int) -> int:
    """Return how many bytes of a file of `size` this request asks for."""
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return size
    found = asked.range_for_length(size)
    return size if found is None else found[1] - found[0]
