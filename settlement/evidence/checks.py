"""Whether an evidence pack is whole: asked of the file alone, with the exchange's public keys.

Needs no database and nobody's word. Every fault is told with the file in which it is.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from kernel.crypto import (
    CommercialProvider,
    CryptoProvider,
    Signature,
    StandardProvider,
    canonical,
    verified_by,
)
from kernel.words import Words
from settlement.evidence import archive
from settlement.evidence.archive import MANIFEST, SIGNATURE, Item, NotAPack
from settlement.sealing import merkle

SCHEMA: Final = "databourse-evidence/1"
"""What a manifest says it is."""

PROCUREMENT: Final = "procurement"
"""What the manifest of a procurement pack is about: signed, but no paper with a number."""


class Finding(NamedTuple):
    """One fault. code: stable; where: the file, or empty for the pack as a whole."""

    code: str
    where: str

    @property
    def words(self) -> Words:
        """The fault in words."""
        return FAULTS[self.code]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an examination saw.

    number, about, subject, issued_to: as the manifest says, when it can be read. digest: of
    the manifest, as the exchange knows it.
    """

    findings: tuple[Finding, ...]
    number: str = ""
    digest: str = ""
    about: str = ""
    subject: str = ""
    issued_to: str = ""
    files: int = 0
    entries: int = 0
    proofs: int = 0
    events: int = 0

    @property
    def ok(self) -> bool:
        """Tell whether everything holds."""
        return not self.findings


FAULTS: Final = {
    "TOO_LARGE": Words("文件过大", "it is too large"),
    "TOO_MANY_FILES": Words("文件过多", "there are too many files in it"),
    "NOT_A_ZIP": Words("不是可读的压缩包", "it is no zip that can be read"),
    "NAME_REFUSED": Words("含有不允许的文件名", "a file has a name that none may have"),
    "NAMED_TWICE": Words("文件名重复", "two files have one name"),
    "MANIFEST_MISSING": Words("没有清单", "there is no manifest"),
    "MANIFEST_UNREADABLE": Words("清单无法读取", "the manifest cannot be read"),
    "SIGNATURE_MISSING": Words("没有签名", "there is no signature"),
    "KEY_UNKNOWN": Words("签名密钥不是本所公布的密钥", "it is signed with a key that is not known"),
    "SIGNATURE_BROKEN": Words("签名与清单不符", "the signature is not the manifest's"),
    "FILE_EDITED": Words("文件被改动", "the file was edited"),
    "FILE_MISSING": Words("文件缺失", "the file is missing"),
    "FILE_ADDED": Words("清单之外的文件", "the file is not in the manifest"),
    "TOTAL_DIFFERS": Words("总摘要与清单不符", "the total is not that of the files"),
    "ENTRY_EDITED": Words("分录与其封签不符", "the entry is not what was sealed"),
    "PROOF_BROKEN": Words("分录不在所称的区块内", "the entry is not in the block it names"),
    "BLOCK_MISSING": Words("缺少分录所在的区块", "the block of the entry is missing"),
    "BLOCK_BROKEN": Words("区块签名不成立", "the block is not what was signed"),
    "EVENT_EDITED": Words("事件与其摘要不符", "an event is not what was recorded"),
    "CONTAINER_EDITED": Words("压缩包本身被改动", "the zip around the files was edited"),
    "UNREADABLE": Words("文件内容无法读取", "the file cannot be read"),
}
"""What each code says."""

_PROVIDERS: Final = {
    provider.digest_alg: provider(bytes(32))  # only digests are asked of it, and no secret
    for provider in (StandardProvider, CommercialProvider)
}
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def examine(content: bytes, keys: Mapping[str, bytes]) -> Verdict:
    """Tell what does not hold in a pack. keys: key id → public key, as the exchange says.

    In memory only; never more than the pack's bounds.
    """
    try:
        files = archive.read(content)
        manifest = _manifest(files)
    except NotAPack as error:
        return Verdict((Finding(error.code, error.where),))
    findings = [*_signed(files, keys), *_listed(files, manifest)]
    crypto = _PROVIDERS.get(str(manifest.get("digest_alg")), _PROVIDERS["sha-256"])
    blocks = dict(_read(files, "ledger/block-", findings))
    entries = dict(_read(files, "ledger/entry-", findings))
    histories = dict(_read(files, "history/", findings))
    for check, read in ((_entry, entries), (_block, blocks), (_history, histories)):
        for path, value in read.items():
            try:
                findings += check(path, value, blocks, crypto, keys)
            except (KeyError, TypeError, ValueError, AttributeError):
                findings.append(Finding("UNREADABLE", path))
    if not findings and archive.written([Item(*each) for each in files.items()]) != content:
        findings.append(Finding("CONTAINER_EDITED", ""))
    return Verdict(
        findings=tuple(dict.fromkeys(findings)),
        number=str(manifest.get("number", "")),
        digest=crypto.digest(files[MANIFEST]),
        about=str(manifest.get("about", "")),
        subject=str(manifest.get("subject", "")),
        issued_to=str(manifest.get("issued_to", "")),
        files=len(manifest["files"]),
        entries=len(entries),
        proofs=sum(1 for value in entries.values() if _has_proof(value)),
        events=sum(len(value) for value in histories.values() if isinstance(value, list)),
    )


def public_keys(key_set: Mapping[str, Any]) -> dict[str, bytes]:
    """Return key id → public key of a JWK set. Raises ValueError for what is none."""
    from base64 import urlsafe_b64decode

    try:
        return {str(key["kid"]): urlsafe_b64decode(str(key["x"]) + "==") for key in key_set["keys"]}
    except (KeyError, TypeError) as error:
        raise ValueError("no JWK set") from error


def _manifest(files: Mapping[str, bytes]) -> dict[str, Any]:
    if MANIFEST not in files:
        raise NotAPack("MANIFEST_MISSING", MANIFEST)
    try:
        manifest = json.loads(files[MANIFEST])
        whole = manifest["schema"] == SCHEMA and all(map(_is_listed, manifest["files"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotAPack("MANIFEST_UNREADABLE", MANIFEST) from error
    if not whole:
        raise NotAPack("MANIFEST_UNREADABLE", MANIFEST)
    return dict(manifest)


def _is_listed(file: Mapping[str, Any]) -> bool:
    named = type(file["path"]) is str and archive.names_well(file["path"])
    digest = type(file["sha256"]) is str and _DIGEST.fullmatch(file["sha256"])
    return bool(named and digest and type(file["size"]) is int)


def _signed(files: Mapping[str, bytes], keys: Mapping[str, bytes]) -> Iterator[Finding]:
    if SIGNATURE not in files:
        yield Finding("SIGNATURE_MISSING", SIGNATURE)
        return
    try:
        told = json.loads(files[SIGNATURE])
        seal = Signature(str(told["alg"]), str(told["key_id"]), str(told["value"]))
        key = keys.get(seal.key_id)
    except (ValueError, KeyError, TypeError, RecursionError):
        yield Finding("SIGNATURE_BROKEN", SIGNATURE)
        return
    if key is None:
        yield Finding("KEY_UNKNOWN", SIGNATURE)
    elif not verified_by(key, files[MANIFEST], seal):
        yield Finding("SIGNATURE_BROKEN", MANIFEST)


def _listed(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> Iterator[Finding]:
    listed = {file["path"]: file for file in manifest["files"]}
    for path, file in listed.items():
        if path not in files:
            yield Finding("FILE_MISSING", path)
        elif (archive.sha256(files[path]), len(files[path])) != (file["sha256"], file["size"]):
            yield Finding("FILE_EDITED", path)
    for path in sorted(set(files) - set(listed) - {MANIFEST, SIGNATURE}):
        yield Finding("FILE_ADDED", path)
    if archive.total(manifest["files"]) != manifest.get("total"):
        yield Finding("TOTAL_DIFFERS", MANIFEST)


def _read(
    files: Mapping[str, bytes], prefix: str, findings: list[Finding]
) -> Iterator[tuple[str, Any]]:
    for path, content in files.items():
        if not path.startswith(prefix):
            continue
        try:
            yield path, json.loads(content)
        except (ValueError, RecursionError):
            findings.append(Finding("UNREADABLE", path))


def _has_proof(value: Any) -> bool:
    return isinstance(value, dict) and bool(value.get("proof"))


def _entry(
    path: str,
    told: Mapping[str, Any],
    blocks: Mapping[str, Any],
    crypto: CryptoProvider,
    _keys: Mapping[str, bytes],
) -> Iterable[Finding]:
    said = told["entry"]
    if told["whole"] and archive.sha256(canonical(said)) != told["content_hash"]:
        yield Finding("ENTRY_EDITED", path)
    if told["proof"] is None:
        return
    block = blocks.get(f"ledger/block-{told['proof']['block']:08}.json")
    leaf = crypto.digest(b"\x00" + f"{said['id']}:{told['content_hash']}".encode())
    way = [(bool(left), str(node)) for left, node in told["proof"]["path"]]
    if block is None:
        yield Finding("BLOCK_MISSING", path)
    elif merkle.climb(leaf, way, crypto) != block["root"]:
        yield Finding("PROOF_BROKEN", path)


def _block(
    path: str,
    told: Mapping[str, Any],
    _blocks: Mapping[str, Any],
    crypto: CryptoProvider,
    keys: Mapping[str, bytes],
) -> Iterable[Finding]:
    head = {name: told[name] for name in ("number", "previous", "root", "size", "sealed_at")}
    seal = Signature(told["alg"], told["key_id"], told["signature"])
    key = keys.get(seal.key_id)
    holds = crypto.digest(canonical(head)) == told["digest"] and key is not None
    if not (holds and key and verified_by(key, told["digest"].encode(), seal)):
        yield Finding("BLOCK_BROKEN", path)


def _history(
    path: str,
    told: Iterable[Mapping[str, Any]],
    _blocks: Mapping[str, Any],
    crypto: CryptoProvider,
    _keys: Mapping[str, bytes],
) -> Iterable[Finding]:
    for event in told:
        said = {name: value for name, value in event.items() if name not in {"sequence", "digest"}}
        if crypto.digest(canonical(said)) != event["digest"]:
            yield Finding("EVENT_EDITED", path)
