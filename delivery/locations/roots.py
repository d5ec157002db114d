"""Roots (存储根): the folders and buckets that the operator lets data be mounted from.

A caller names a root and a path below it, never a folder, host or bucket of his own choosing:
nothing that he writes becomes an address. In a folder each organisation has its own part,
named by its id; in a bucket its own keys decide what it may read.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from kernel.errors import Invalid

PATH_MAX: Final = 500

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_SEGMENT: Final = re.compile(r"[^/\\%\x00-\x1f\x7f]{1,200}")
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,62}")


class RootKind(StrEnum):
    """What a root is: a folder of this machine, or a bucket of an S3-compatible store."""

    FOLDER = "folder"
    BUCKET = "bucket"


@dataclass(frozen=True, slots=True)
class Root:
    """A place from which may be mounted. path: of the folder; of a bucket its name.

    endpoint, region: of the store; empty for a folder.
    """

    name: str
    kind: RootKind
    path: str
    endpoint: str = ""
    region: str = ""


@lru_cache(maxsize=16)
def read(folders: str, buckets: str) -> Mapping[str, Root]:
    """Return the roots of two settings by name. Raises ValueError naming what is wrong.

    folders: "name=/absolute/path", buckets: "name=https://host/bucket#region"; by commas.
    """
    found: dict[str, Root] = {}
    for name, value in (*_pairs(folders), *_pairs(buckets, ours=False)):
        if name in found:
            raise ValueError(f"two roots are named {name}")
        found[name] = _folder(name, value) if value.startswith("/") else _bucket(name, value)
    return MappingProxyType(found)


def checked(path: str) -> str:
    """Return a path below a root, as it is kept. Raises Invalid for one that is none.

    Relative, of plain names: no "..", no ".", no empty name, no backslash, nothing encoded.
    """
    parts = path.strip().strip("/").split("/")
    bad = len(path) > PATH_MAX or path.startswith(("/", "~"))
    if bad or not all(_SEGMENT.fullmatch(one) and one.strip(".") for one in parts):
        raise Invalid(
            "路径须为根之下的相对路径，不含“..”、反斜杠、百分号或控制字符",
            "a path is relative to its root: plain names, no '..', backslash, '%' or control sign",
            pointer="/path",
        )
    return "/".join(parts)


def _pairs(setting: str, *, ours: bool = True) -> Iterator[tuple[str, str]]:
    for pair in filter(None, (each.strip() for each in setting.split(","))):
        name, _, value = pair.partition("=")
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a root: small letters, digits and '-'")
        if value.startswith("/") is not ours:
            raise ValueError(f"{name}: {'an absolute path' if ours else 'an address'}, please")
        yield name, value


def _folder(name: str, value: str) -> Root:
    path = PurePosixPath(value)
    if ".." in path.parts or len(path.parts) < 2:
        raise ValueError(f"{name}: a folder below /, without '..', please")
    return Root(name, RootKind.FOLDER, str(path))


def _bucket(name: str, value: str) -> Root:
    told = urlsplit(value)
    bucket = told.path.strip("/")
    if told.scheme not in ("https", "http") or not told.hostname or told.username or told.query:
        raise ValueError(f"{name}: https://host/bucket#region, please")
    if not _BUCKET.fullmatch(bucket):
        raise ValueError(f"{name}: {bucket!r} is no name of a bucket")
    endpoint = f"{told.scheme}://{told.netloc}"
    return Root(name, RootKind.BUCKET, bucket, endpoint, told.fragment or "us-east-1")
