"""What every answer says to the browser: about safety, and about keeping it.

What is for everybody, asked by nobody in particular, may be kept and is asked for again with
its tag: unchanged, it is answered by 304 and no body. It is never served without asking, for
a revoked certificate must not look valid for another minute. All else is kept by nobody.
"""

import hashlib
from typing import Final

from flask import Flask, Response, current_app, g, request

POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

KEPT: Final = frozenset({"text/html", "application/atom+xml"})
"""What is tagged: pages and feeds. What the API tags, it tags with the version of a record."""


def init_app(app: Flask) -> None:
    """Set the security headers on every answer; keep private answers out of caches."""

    @app.after_request
    def _set(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", POLICY)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if request.is_secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if request.endpoint != "static":
            headers.add("Vary", "Accept, Accept-Language, Cookie, Authorization")
            if is_for_everybody(response):
                headers.setdefault("Cache-Control", "public, no-cache")
                return _tagged(response)
            headers.setdefault("Cache-Control", "no-store")
        return response


def is_for_everybody(response: Response) -> bool:
    """Tell whether an answer is the same for everybody who reads that language."""
    if request.method not in {"GET", "HEAD"} or response.status_code != 200:
        return False
    if response.mimetype not in KEPT or response.is_streamed or "Set-Cookie" in response.headers:
        return False
    view = current_app.view_functions.get(request.endpoint or "")
    policy, caller = getattr(view, "policy", None), g.get("caller")
    public = policy is not None and policy.scope is None and not policy.alone
    return public and caller is not None and not caller.known


def tag(response: Response) -> str:
    """Return the tag of what an answer says: another one as soon as a byte is another."""
    return hashlib.sha256(response.get_data()).hexdigest()[:32]


def _tagged(response: Response) -> Response:
    if not response.get_etag()[0]:
        response.set_etag(tag(response))
    return response.make_conditional(request)  # type: ignore[return-value]  # the same response
