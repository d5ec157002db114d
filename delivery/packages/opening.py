"""Opening a package at the buyer's: with the secret key, offline, in bounded memory.

Nothing is believed: the seal of each part, the hashes of the manifest and its signature are
checked, and only names of our own are written. What is not as it was sealed is not kept.
"""

import hashlib
import json
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from delivery.packages import age
from delivery.packages.age import NotOpened
from delivery.recipients.x25519 import SecretKey
from kernel import crypto
from kernel.crypto import Signature

BLOCK: Final = 256 * 1024
TOLD_MAX: Final = 4_000_000
"""Size of a manifest, and of a signature, that is read."""

_MANIFEST, _SIGNATURE = "manifest.json", "signature.json"
_DATA: Final = frozenset({"data.parquet", "data.csv"})


@dataclass(frozen=True, slots=True)
class Opened:
    """What came out. signed_by: the id of the signing key, None when no key was given to check."""

    folder: Path
    files: tuple[str, ...]
    manifest: Mapping[str, Any]
    signed_by: str | None


def unpack(
    source: IO[bytes],
    identity: SecretKey,
    folder: Path,
    keys: Mapping[str, bytes] | None = None,
) -> Opened:
    """Open a package into a folder that is made for it, and must not be there yet.

    keys: key id → public signing key of the exchange; without them the signature is not
    looked at. Raises NotOpened, FileExistsError.
    """
    if folder.exists():
        raise FileExistsError(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        digests = _written(age.Opening(source, identity), making)
        manifest = _told(making / _MANIFEST)
        signed_by = _signer(making, manifest, keys) if keys is not None else None
        _check(manifest, digests)
        making.rename(folder)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return Opened(folder, tuple(digests), manifest, signed_by)


def _written(body: age.Opening, folder: Path) -> dict[str, str]:
    """Write the files of the tar; return the SHA-256 of those with data, by name."""
    digests: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=body, mode="r|", bufsize=BLOCK) as tar:  # type: ignore[call-overload]  # it only reads
            for member in tar:
                known = member.name in _DATA or (
                    member.name in (_MANIFEST, _SIGNATURE) and member.size <= TOLD_MAX
                )
                content = tar.extractfile(member) if member.isreg() and known else None
                if content is None or (folder / member.name).exists():
                    raise NotOpened(f"the package holds what no package holds: {member.name[:80]}")
                digest = _copied(content, folder / member.name)
                if member.name in _DATA:
                    digests[member.name] = digest
        body.finish()
    except tarfile.TarError as error:
        raise NotOpened("what was sealed is no package") from error
    return digests


def _copied(content: IO[bytes], target: Path) -> str:
    digest = hashlib.sha256()
    with target.open("xb") as file:
        while block := content.read(BLOCK):
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _told(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise NotOpened(f"{path.name} is missing or cannot be read") from error
    if not isinstance(found, dict):
        raise NotOpened(f"{path.name} is no object")
    return found


def _signer(folder: Path, manifest: Mapping[str, Any], keys: Mapping[str, bytes]) -> str:
    told = _told(folder / _SIGNATURE)
    signature = Signature(*(str(told.get(name, "")) for name in ("alg", "key_id", "value")))
    key = keys.get(signature.key_id)
    try:
        content = crypto.canonical(manifest)
    except TypeError as error:
        raise NotOpened("the manifest has no canonical form") from error
    if key is None or not crypto.verified_by(key, content, signature):
        raise NotOpened("the manifest is not signed by a key of this exchange")
    return signature.key_id


def _check(manifest: Mapping[str, Any], digests: Mapping[str, str]) -> None:
    listed = manifest.get("files")
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise NotOpened("the manifest lists no files")
    told = {str(each.get("name")): each.get("sha256") for each in listed}
    if told != dict(digests):
        raise NotOpened("the files are not those of the manifest")
