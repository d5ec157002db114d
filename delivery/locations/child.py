"""What the fenced process does that looks at a location: lists it, reads it, profiles it.

One request as JSON on the standard input, answers as lines of JSON on the standard output:
{"stage": …} as the work goes on, and at the end {"table": …}, {"same": true} or
{"problems": […]}. The keys it is given are those of the owner of the files that it reads.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import duckdb
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from duckdb import DuckDBPyConnection

from delivery.intake import reading
from delivery.intake.child import fenced, say
from delivery.intake.formats import Problem, Unreadable
from delivery.intake.reading import Limits
from delivery.locations import logs, ranged, stores
from delivery.locations.roots import Root, RootKind
from delivery.locations.stores import Keys, Pin, Store, Unread
from delivery.locations.unread import problem
from delivery.profiling import masking, profiles
from delivery.profiling.personal import Kind

LOG: Final = "_delta_log/"
LOG_BYTES_MAX: Final = 256 << 20
NTZ: Final = "timestampNtz"

_PLAIN_NAME: Final = re.compile(r"[\w.=+-]+(/[\w.=+-]+)*\.parquet", re.ASCII)
_TYPES: Final = {
    "VARCHAR": "string", "BIGINT": "long", "INTEGER": "integer", "SMALLINT": "short",
    "TINYINT": "byte", "DOUBLE": "double", "FLOAT": "float", "BOOLEAN": "boolean",
    "DATE": "date", "TIMESTAMP": "timestamp_ntz", "TIMESTAMP WITH TIME ZONE": "timestamp",
}  # fmt: skip


def main() -> None:
    """Answer the one request of this process."""
    asked = json.loads(sys.stdin.readline())
    fenced(asked["cpu_s"], asked["address_mb"], asked["file_bytes"])
    try:
        _look(asked)
    except Unreadable as error:
        say(problems=[asdict(each) for each in error.problems])
    except Unread as error:
        say(problems=[asdict(problem(error.code))])
    except MemoryError:
        say(problems=[asdict(problem("FILE_TOO_DEMANDING"))])


def _look(asked: Mapping[str, Any]) -> None:
    say(stage="looking")
    root = Root(**{**asked["root"], "kind": RootKind(asked["root"]["kind"])})
    keys = Keys(**asked["keys"])
    store = stores.opened(root, asked["path"], keys)
    listed = store.listed()
    if any(pin.name.startswith(LOG) for pin in listed):
        told = _delta(root, asked["path"], keys, listed)
    else:
        told = _plain(listed)
    if len(told["pieces"]) > asked["files_max"]:
        raise Unread("TOO_MANY_FILES")
    pinned = [(one["name"], one["size_bytes"], one["mark"]) for one in told["pieces"]]
    told["digest"] = sha256(json.dumps(pinned).encode()).hexdigest()
    if told["digest"] == asked["known"]:
        say(same=True)
    else:
        say(table=_read(store, told, Path(asked["target"]), Limits(**asked["limits"])))


def _delta(root: Root, path: str, keys: Keys, listed: Sequence[Pin]) -> dict[str, Any]:
    """Return what the log of a Delta table says of its newest version."""
    if sum(pin.size_bytes for pin in listed if pin.name.startswith(LOG)) > LOG_BYTES_MAX:
        raise Unread("LOG_TOO_LARGE")
    try:
        table = DeltaTable(*_address(root, path, keys))
        said = [*logs.actions(table)]
        features, metadata = frozenset(table.protocol().reader_features or ()), table.metadata()
    except DeltaError as error:
        raise Unread("LOG_UNREADABLE") from error
    except OSError as error:
        raise Unread("STORE_UNREACHABLE") from error
    mapped = metadata.configuration.get("delta.columnMapping.mode", "none") != "none"
    if features - {NTZ} or mapped:
        raise Unread("FEATURE_UNSUPPORTED")
    if metadata.partition_columns:
        raise Unread("PARTITIONED")
    there = {pin.name: pin for pin in listed}
    pieces = [_piece(there, one["path"], one["stats"]) for one in said]
    return {
        "format": "delta",
        "table_id": str(metadata.id),
        "delta_version": table.version(),
        "schema": table.schema().to_json(),
        "features": sorted(features),
        "pieces": sorted(pieces, key=lambda one: str(one["name"])),
    }


def _address(root: Root, path: str, keys: Keys) -> tuple[str, None, dict[str, str]]:
    if root.kind is RootKind.FOLDER:
        return f"{root.path}/{path}", None, {}
    told = {
        "AWS_ENDPOINT_URL": root.endpoint,
        "AWS_REGION": root.region,
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_ALLOW_HTTP": str(root.endpoint.startswith("http://")).lower(),
        "AWS_EC2_METADATA_DISABLED": "true",
        "timeout": f"{stores.TIMEOUT_S}s",
    }
    if keys.session_token:
        told["AWS_SESSION_TOKEN"] = keys.session_token
    return f"s3://{root.path}/{path}", None, told


def _plain(listed: Sequence[Pin]) -> dict[str, Any]:
    """Return the Parquet files of a folder, as one table; other files are left alone."""
    names = [pin.name for pin in listed if pin.name.endswith(".parquet") and _seen(pin.name)]
    there = {pin.name: pin for pin in listed}
    return {"format": "parquet", "table_id": None, "delta_version": None, "schema": None,
            "features": [], "pieces": [_piece(there, name, {}) for name in names]}  # fmt: skip


def _seen(name: str) -> bool:
    return not any(part.startswith(("_", ".")) for part in name.split("/"))


def _piece(there: Mapping[str, Pin], name: str, stats: Mapping[str, Any]) -> dict[str, Any]:
    if not _PLAIN_NAME.fullmatch(name) or ".." in name.split("/"):
        raise Unread("FILE_NAME_UNSAFE")
    if name not in there:
        raise Unread("FILE_MISSING")
    return {**asdict(there[name]), "stats": stats}


def _read(store: Store, told: dict[str, Any], target: Path, limits: Limits) -> dict[str, Any]:
    pieces = told["pieces"]
    if not pieces:
        raise Unread("NO_FILES")
    pins = [Pin(one["name"], one["size_bytes"], one["mark"]) for one in pieces]
    trouble: list[Unread] = []

    def fetch(place: int, start: int, end: int) -> bytes:
        try:
            return store.read(pins[place], start, end)
        except Unread as error:
            trouble.append(error)
            raise

    try:
        with reading.opened(target, limits) as connection:
            ranged.attach(connection, [pin.size_bytes for pin in pins], fetch)
            return _profiled(connection, told, limits)
    except duckdb.OutOfMemoryException as error:
        raise Unread("FILE_TOO_DEMANDING") from error
    except duckdb.Error as error:
        raise (trouble[0] if trouble else Unread("FILE_DAMAGED")) from error


def _profiled(
    connection: DuckDBPyConnection, told: dict[str, Any], limits: Limits
) -> dict[str, Any]:
    files, everything = ranged.listed(len(told["pieces"])), "outside://*.parquet"
    counted = connection.execute(f"SELECT num_rows FROM parquet_file_metadata({files})").fetchall()  # noqa: S608 - names of our own
    for piece, (rows,) in zip(told["pieces"], counted, strict=True):
        piece["rows"] = rows
        piece["stats"] = {**piece["stats"], "numRecords": rows}
    columns = _columns(connection, files, limits)
    rows = sum(piece["rows"] for piece in told["pieces"])
    if not rows:
        raise Unread("NO_ROWS")
    if rows > limits.rows:
        raise Unread("TOO_MANY_ROWS")
    if told["schema"] is None:
        told["schema"] = json.dumps(_schema(columns), ensure_ascii=False)
        told["features"] = [NTZ] if any(kind == "TIMESTAMP" for _, kind in columns) else []
    say(stage="profiling")
    profile = profiles.of(connection, everything)
    kinds = {each["column"]: Kind(each["kind"]) for each in profile["personal"]}
    sample = masking.sample(connection, everything, kinds)
    shape = {"format": told["format"], "rows": rows, "columns": columns}
    hidden = masking.hidden(profile, kinds)
    return {"shape": shape, "profile": hidden, "sample": sample, "source": told}


def _columns(connection: DuckDBPyConnection, files: str, limits: Limits) -> list[tuple[str, str]]:
    described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({files})").fetchall()  # noqa: S608 - names of our own
    reading.named([name for name, *_ in described], limits)
    bad = [
        Problem(
            "COLUMN_TYPE_UNSUPPORTED",
            f"不支持类型 {kind[:80]}，请转换后再登记",
            f"the type {kind[:80]} is not served: convert it",
            column=name,
        )
        for name, kind, *_ in described
        if not reading.held(kind)
    ]
    if bad:
        raise Unreadable(*bad[: reading.TOLD_MAX])
    return [(name, kind) for name, kind, *_ in described]


def _schema(columns: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the columns as the Delta protocol writes a schema."""
    return {
        "type": "struct",
        "fields": [
            {"name": name, "type": _TYPES.get(kind, kind.lower()), "nullable": True, "metadata": {}}
            for name, kind in columns
        ],
    }


if __name__ == "__main__":
    main()
