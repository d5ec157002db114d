"""The code on a paper that leads from it back to us."""

from io import BytesIO

import segno
from markupsafe import Markup


def qr(address: str) -> Markup:
    """Draw an address as a QR code, as SVG."""
    drawn = BytesIO()
    segno.make(address, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=True, svgclass="qr", lineclass=None, omitsize=True,
        title="QR",
    )  # fmt: skip
    return Markup(drawn.getvalue().decode())  # noqa: S704 - segno drew it, from an address of ours
