"""Frames: files, Arrow pages and rows as DataFrames. pandas and pyarrow are loaded when asked."""

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from databourse_client.troubles import Damaged, NotInstalled

if TYPE_CHECKING:
    import pandas as pd


def of_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> "pd.DataFrame":
    """Return rows as a frame with these columns, in this order."""
    return _pandas().DataFrame(list(rows), columns=list(columns))


def of_batches(streams: Iterable[bytes]) -> "pd.DataFrame":
    """Return Arrow streams, one after the other, as one frame. Raises Damaged."""
    pa = _pyarrow()
    tables = []
    for content in streams:
        try:
            with pa.ipc.open_stream(io.BytesIO(content)) as reader:
                tables.append(reader.read_all())
        except (pa.ArrowInvalid, OSError) as error:
            raise Damaged(f"a page is no Arrow stream: {error}") from error
    found: pd.DataFrame = pa.concat_tables(tables).to_pandas()
    return found


def of_file(
    path: Path, *, columns: Sequence[str] | None = None, limit: int | None = None
) -> "pd.DataFrame":
    """Return a Parquet, CSV or Excel file as a frame. Raises Damaged for one of another kind."""
    pandas = _pandas()
    kind = path.suffix.lower()
    if kind == ".parquet":
        return of_parquet([path], columns=columns, limit=limit)
    wanted = None if columns is None else list(columns)
    if kind == ".csv":
        found: pd.DataFrame = pandas.read_csv(path, usecols=wanted, nrows=limit)
    elif kind == ".xlsx":
        found = pandas.read_excel(path, usecols=wanted, nrows=limit)
    elif kind in {".json", ".jsonl", ".ndjson"}:
        found = pandas.read_json(path, lines=kind != ".json")
        found = (found if wanted is None else found[wanted]).head(limit or len(found))
    else:
        raise Damaged(f"{path.name} is saved at {path}; it is no table that pandas reads")
    return found if wanted is None else found[wanted]


def of_parquet(
    paths: Sequence[Path], *, columns: Sequence[str] | None = None, limit: int | None = None
) -> "pd.DataFrame":
    """Return Parquet files, one after the other, as one frame. Raises Damaged."""
    _pandas()
    pa = _pyarrow()
    wanted = None if columns is None else list(columns)
    try:
        tables = [pa.parquet.read_table(path, columns=wanted) for path in paths]
        whole = pa.concat_tables(tables, promote_options="default")
    except (pa.ArrowInvalid, OSError) as error:
        raise Damaged(f"a file is no Parquet: {error}") from error
    cut = whole if limit is None else whole.slice(0, limit)
    found: pd.DataFrame = cut.to_pandas()
    return found


def _pandas() -> Any:
    try:
        import pandas as pd
    except ImportError as error:  # pragma: no cover - here it is installed
        raise NotInstalled("pandas is missing: pip install pandas pyarrow") from error
    return pd


def _pyarrow() -> Any:
    try:
        import pyarrow as pa  # type: ignore[import-untyped]  # it has no types
        import pyarrow.ipc  # type: ignore[import-untyped]  # as above
        import pyarrow.parquet  # type: ignore[import-untyped]  # as above
    except ImportError as error:  # pragma: no cover - as above
        raise NotInstalled("pyarrow is missing: pip install pyarrow") from error
    return pa
