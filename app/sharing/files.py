"""Sending a file: whole or a range of it (RFC 9110), by this process or by the proxy before it."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from flask import Response, request, send_file

from app import unit
from delivery.tables import sources
from delivery.tables.snapshots import Piece
from delivery.tables.sources import Source

KIND = "application/octet-stream"
BLOCK = 4 << 20
"""Bytes of a file outside that are asked for at a time."""


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


def streamed(source: Source, piece: Piece, *, name: str) -> Response:
    """Answer with a file that lies outside, or a range of it, as it comes from there.

    Nothing of it is kept. What cannot be read any more is told before the first byte is
    sent; a file that changes later ends the answer before its length. Raises NotMounted.
    """
    start, end = 0, piece.size_bytes
    response = Response(content_type=KIND)
    if request.range is not None and request.range.units == "bytes":
        found = request.range.range_for_length(piece.size_bytes)
        if found is None:
            response.status_code = 416
            response.headers["Content-Range"] = f"bytes */{piece.size_bytes}"
            return response
        (start, end), response.status_code = found, 206
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{piece.size_bytes}"
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = f'"{piece.id}"'
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if request.method != "HEAD":
        first = sources.fetched(source, piece, start, min(end, start + BLOCK))
        response.response = _blocks(source, piece, first, start, end)
    response.content_length = end - start
    return response


def _blocks(source: Source, piece: Piece, first: bytes, start: int, end: int) -> Iterator[bytes]:
    yield first
    for place in range(start + BLOCK, end, BLOCK):
        yield sources.fetched(source, piece, place, min(end, place + BLOCK))


def asked_bytes(size: int) -> int:
    """Return how many bytes of a file of `size` this request asks for."""
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return size
    found = asked.range_for_length(size)
    return size if found is None else found[1] - found[0]
