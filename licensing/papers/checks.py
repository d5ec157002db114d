"""Checks of a credential that need nobody's word but its own keys and lists: offline.

What is asked of the exchange itself (the register, the chain) is added in
`licensing.certificates`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from kernel.clock import Instant
from kernel.errors import Refusal
from kernel.words import Words
from licensing.papers import credentials, status_lists, tokens
from licensing.papers.status_lists import Purpose
from licensing.papers.tokens import Untrusted


class Check(NamedTuple):
    """One question and its answer. code: stable; words: for people, in both languages."""

    name: str
    ok: bool
    code: str
    words: Words


LABELS: Final = {
    "signature": Words("签名", "Signature"),
    "kind": Words("类型", "Kind"),
    "validity": Words("有效期", "Validity"),
    "status": Words("状态列表", "Status list"),
    "digest": Words("与台账一致", "Same as the register"),
    "standing": Words("今天的状态", "Standing today"),
    "evidence": Words("存证链", "Evidence chain"),
}
"""What each check is called."""

_SAID: Final = {
    Purpose.REVOCATION: (
        Refusal("REVOKED", "已撤销、终止或被替代", "revoked, ended or replaced"),
        Words("未撤销", "not revoked"),
    ),
    Purpose.SUSPENSION: (
        Refusal("SUSPENDED", "已暂停", "suspended"),
        Words("未暂停", "not suspended"),
    ),
}


def opened(
    token: str, keys: Mapping[str, Any], at: Instant
) -> tuple[list[Check], Mapping[str, Any]]:
    """Check signature, kind and validity; return the checks and, if signed, the payload."""
    try:
        found = tokens.read(token, keys)
    except Untrusted as error:
        return [refused("signature", error.why)], {}
    checks = [passed("signature", f"由密钥 {found.key_id} 签名", f"signed with key {found.key_id}")]
    types = found.payload.get("type")
    if not isinstance(types, list) or credentials.TYPE not in types:
        why = Refusal("KIND_REFUSED", "不是授权凭证", "this is no credential of an authorisation")
        return [*checks, refused("kind", why)], {}
    checks.append(passed("kind", "公共数据授权凭证", "a credential of an authorisation"))
    return [*checks, _validity(found.payload, at)], found.payload


def offline(token: str, keys: Mapping[str, Any], lists: Sequence[str], at: Instant) -> list[Check]:
    """Check a credential against given keys and status lists; each check is told.

    A purpose for which no list is given fails as STATUS_UNKNOWN: silence is no consent.
    """
    checks, payload = opened(token, keys, at)
    if not payload:
        return checks
    entries = payload.get("credentialStatus")
    if not isinstance(entries, list) or not entries:
        return [*checks, refused("status", _unknown("no status entry"))]
    read = [_list(one, keys, at) for one in lists]
    refusals = [why for why in read if isinstance(why, Check)]
    known = {one["id"]: one for one in read if isinstance(one, Mapping)}
    return [*checks, *refusals, *(_status(entry, known) for entry in entries)]


def passed(name: str, zh: str, en: str) -> Check:
    """Return a check that holds."""
    return Check(name, True, "OK", Words(zh, en))


def refused(name: str, why: Refusal) -> Check:
    """Return a check that does not hold, with its reason."""
    return Check(name, False, why.code, Words(why.zh, why.en))


def validity(body: Mapping[str, Any], at: Instant) -> Check:
    """Check the days of a certificate's body."""
    named = {"validFrom": credentials.moment(body["valid_from"], 0)}
    return _validity({**named, "validUntil": credentials.moment(body["valid_to"], 1)}, at)


def _validity(payload: Mapping[str, Any], at: Instant) -> Check:
    first, last = (_instant(payload.get(name)) for name in ("validFrom", "validUntil"))
    if first is None or last is None:
        return refused("validity", Refusal("VALIDITY_UNKNOWN", "没有有效期", "it has no validity"))
    if at < first:
        return refused(
            "validity", Refusal("NOT_YET_VALID", f"{first} 起有效", f"valid from {first}")
        )
    if at >= last:
        return refused(
            "validity", Refusal("EXPIRED", f"曾有效至 {last}", f"was valid until {last}")
        )
    return passed("validity", f"{first} 至 {last}", f"{first} to {last}")


def _list(token: str, keys: Mapping[str, Any], at: Instant) -> Mapping[str, Any] | Check:
    try:
        payload = tokens.read(token, keys).payload
    except Untrusted as error:
        return refused("status", error.why)
    types = payload.get("type")
    if not isinstance(types, list) or "BitstringStatusListCredential" not in types:
        return refused(
            "status", Refusal("NO_STATUS_LIST", "不是状态列表", "this is no status list")
        )
    first, last = (_instant(payload.get(name)) for name in ("validFrom", "validUntil"))
    if first is None or last is None or not first <= at < last:
        return refused(
            "status", Refusal("LIST_STALE", "状态列表已过时", "the status list is not of this time")
        )
    return payload


def _status(entry: Any, lists: Mapping[str, Mapping[str, Any]]) -> Check:
    try:
        purpose = Purpose(entry["statusPurpose"])
        address, position = entry["statusListCredential"], int(entry["statusListIndex"])
        subject = lists[address]["credentialSubject"]
        if subject["statusPurpose"] != purpose:
            return refused("status", _unknown(f"the list is not about {purpose}"))
        told = status_lists.is_set(subject["encodedList"], position)
    except (KeyError, TypeError, ValueError) as error:
        return refused("status", _unknown(f"no list that tells it: {error}"))
    why, fine = _SAID[purpose]
    return refused("status", why) if told else passed("status", fine.zh, fine.en)


def _unknown(en: str) -> Refusal:
    return Refusal("STATUS_UNKNOWN", "状态无从得知", f"the status is not known: {en}")


def _instant(value: object) -> Instant | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
