"""Addresses of single files: signed by the house, good for minutes, and for one credential.

An address is served by the exchange itself, which asks the gate before a byte leaves: it
opens nothing by itself once the credential is revoked or the right has ended.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from kernel.clock import Instant
from kernel.crypto import CryptoProvider
from kernel.work import Work

_TEXT_MAX: Final = 400


@dataclass(frozen=True, slots=True)
class Link:
    """What an address stands for: a file of a version, shown to a credential, until a time."""

    credential_id: str
    version_id: str
    piece_id: str
    expires_s: int

    @classmethod
    def until(cls, work: Work, credential_id: str, version_id: str, piece_id: str) -> Self:
        """Return a link that holds for sharing.url_s seconds."""
        expires = work.now + timedelta(seconds=work.rules.number("sharing.url_s"))
        return cls(credential_id, version_id, piece_id, int(expires.timestamp()))

    @property
    def expires_at(self) -> Instant:
        """When it ends."""
        return datetime.fromtimestamp(self.expires_s, UTC)

    def signed(self, crypto: CryptoProvider) -> str:
        """Return it as it stands in an address."""
        text = self._text()
        return urlsafe_b64encode(f"{text}|{crypto.mask(_said(text))}".encode()).decode().rstrip("=")

    def _text(self) -> str:
        return "|".join((self.credential_id, self.version_id, self.piece_id, str(self.expires_s)))


def opened(crypto: CryptoProvider, text: str, now: Instant) -> Link | None:
    """Return the link that is written in an address; None when it is changed, or over."""
    try:
        padded = text + "=" * (-len(text) % 4)
        content, _, mark = urlsafe_b64decode(padded.encode()).decode().rpartition("|")
    except (Error, ValueError):
        return None
    if len(text) > _TEXT_MAX or not any(
        hmac.compare_digest(mark.encode(), mask.encode()) for mask in crypto.masks(_said(content))
    ):
        return None
    credential_id, version_id, piece_id, expires = content.split("|")
    link = Link(credential_id, version_id, piece_id, int(expires))
    return link if now.timestamp() < link.expires_s else None


def _said(text: str) -> str:
    # The house's keyed hash has other uses: what it is of is said in it.
    return f"address of a shared file|{text}"
