"""Status lists (W3C Bitstring Status List 1.0): which certificates are revoked, which suspended.

A list is computed from the authorisations when it is asked for, so it flips with the very
commit of a suspension; nothing has to be published, and nothing can be forgotten.
"""

import gzip
import io
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, column, func, or_, select, table
from sqlalchemy.orm import Session

from kernel import ids
from kernel.errors import NotFound
from kernel.work import Work
from licensing.papers import keys, tokens
from licensing.papers.rows import Certificate, StatusEntry

ENTRIES: Final = 131_072
"""Places in one list: the least that the standard allows, so that a place hides in a crowd."""

FULL: Final = ENTRIES // 2
"""Entries after which the next list begins: a random place is then still found at once."""

ENDED: Final = ("revoked", "expired", "surrendered", "superseded")
"""The states of an authorisation whose certificates count as revoked."""

_DRAWS: Final = 32
# Authorisations stand above their certificates; only these columns are read here.
_roots = table("authorisations", column("id"), column("state"), column("current_version"))


class Purpose(StrEnum):
    """What a set bit says."""

    REVOCATION = "revocation"
    SUSPENSION = "suspension"


def allot(work: Work, certificate_id: str) -> StatusEntry:
    """Give a certificate its place, drawn among the free ones. Two SELECTs.

    Two issuers who draw the same place at the same moment: the database lets one in.
    """
    counted = work.session.execute(
        select(StatusEntry.list_no, func.count())
        .group_by(StatusEntry.list_no)
        .order_by(StatusEntry.list_no.desc())
        .limit(1)
    ).first()
    list_no, filled = counted or (1, 0)
    if filled >= FULL:
        list_no += 1
    drawn = [_draw() for _ in range(_DRAWS)]
    taken = set(
        work.session.scalars(
            select(StatusEntry.position).where(
                StatusEntry.list_no == list_no, StatusEntry.position.in_(drawn)
            )
        )
    )
    free = next(position for position in drawn if position not in taken)
    made = StatusEntry(certificate_id=certificate_id, list_no=list_no, position=free)
    work.session.add(made)
    return made


def find(session: Session, certificate_id: str) -> StatusEntry:
    """Return the place of a certificate. Raises NotFound for one issued without. One SELECT."""
    found = session.get(StatusEntry, certificate_id)
    if found is None:
        raise NotFound("该证书没有状态编号", "this certificate has no place in a status list")
    return found


def address_of(address: str, purpose: Purpose, list_no: int) -> str:
    """Return where a list is found."""
    return f"{address}/api/status-lists/{purpose}/{list_no}"


def signed(work: Work, address: str, purpose: Purpose, list_no: int) -> str:
    """Return a list as a signed credential, as of this moment. Raises NotFound.

    One SELECT on an index, and one more when no bit is set; packing and signing cost about
    two milliseconds. Its times are those of the begun hour, so that within it an unchanged
    list is the same text; it holds for as many hours as the rules say.
    """
    positions = _positions(work.session, purpose, list_no)
    begun = work.now.replace(minute=0, second=0, microsecond=0)
    until = begun + timedelta(hours=work.rules.number("certificates.status_list_hours"))
    own = address_of(address, purpose, list_no)
    payload = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": own,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": keys.issuer(address),
        "validFrom": begun.isoformat(),
        "validUntil": until.isoformat(),
        "credentialSubject": {
            "id": f"{own}#list",
            "type": "BitstringStatusList",
            "statusPurpose": str(purpose),
            "encodedList": pack(positions),
        },
    }
    return tokens.sign(work.crypto, payload)


def pack(positions: list[int]) -> str:
    """Return the bits as the standard writes them: multibase base64url of gzip."""
    bits = bytearray(ENTRIES // 8)
    for position in positions:
        bits[position // 8] |= 0x80 >> position % 8
    # mtime: the same bits are always the same text.
    return "u" + tokens.base64url(gzip.compress(bytes(bits), mtime=0)).decode()


def is_set(encoded: str, position: int) -> bool:
    """Tell one bit of a packed list. Raises ValueError for what is no such list."""
    if encoded[:1] != "u":
        raise ValueError("a list begins with u, for base64url")
    bits = _unpacked(tokens.unbase64url(encoded[1:]))
    if not 0 <= position < len(bits) * 8:
        raise ValueError("the list is too short for this place")
    return bool(bits[position // 8] & 0x80 >> position % 8)


def entry_of(entry: StatusEntry, address: str) -> list[dict[str, Any]]:
    """Return what a credential says of where its status is told."""
    return [
        {
            "id": f"{address_of(address, purpose, entry.list_no)}#{entry.position}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": str(purpose),
            "statusListIndex": str(entry.position),
            "statusListCredential": address_of(address, purpose, entry.list_no),
        }
        for purpose in Purpose
    ]


def _positions(session: Session, purpose: Purpose, list_no: int) -> list[int]:
    statement = (
        select(StatusEntry.position)
        .join(Certificate, Certificate.id == StatusEntry.certificate_id)
        .join(_roots, _roots.c.id == Certificate.authorisation_id)
        .where(StatusEntry.list_no == list_no, _tells(purpose))
    )
    found = list(session.scalars(statement))
    if not found and not _exists(session, list_no):
        raise NotFound("没有这份状态列表", f"no status list {list_no}")
    return found


def _tells(purpose: Purpose) -> ColumnElement[bool]:
    # A narrower version takes the place of the one before: what that one grants is gone.
    replaced = Certificate.version < _roots.c.current_version
    if purpose is Purpose.REVOCATION:
        return or_(_roots.c.state.in_(ENDED), replaced)
    return and_(_roots.c.state == "suspended", ~replaced)


def _exists(session: Session, list_no: int) -> bool:
    statement = select(StatusEntry.list_no).where(StatusEntry.list_no == list_no).limit(1)
    return session.scalar(statement) is not None


def _draw() -> int:
    # A power of two divides the digests evenly.
    return int(ids.digest(ids.secret()), 16) % ENTRIES


def _unpacked(packed: bytes) -> bytes:
    # At most one byte more than there may be is unpacked, whatever was sent.
    most = ENTRIES // 8
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as opened:
            bits = opened.read(most + 1)
    except (OSError, EOFError) as error:
        raise ValueError("the list cannot be unpacked") from error
    if len(bits) != most:
        raise ValueError(f"a list has {ENTRIES} places")
    return bits
