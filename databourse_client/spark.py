"""A share as a table of Spark, by Spark's own interface for sources written in Python.

    spark.dataSource.register(databourse_client.spark.Share)
    table = spark.read.format("databourse").option("profile", "rows.share").load()

Each file of the table is one partition, fetched by the worker that reads it; there is no
connector to be installed on the cluster. What is refused to a client is refused here too.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition
from pyspark.sql.types import StructType

from databourse_client import tables
from databourse_client.troubles import BadProfile
from databourse_client.wire import Wire

_KNOWS: Final = "responseformat=delta,parquet;readerfeatures=timestampntz"
"""Asked for in Delta's own form a table's times without a zone are told as such."""


class Share(DataSource):
    """A table of a .share profile. Options: profile, its path; table, share.schema.table.

    The first table that the profile opens is read when none is named.
    """

    @classmethod
    def name(cls) -> str:
        """Return what it is called in `spark.read.format`."""
        return "databourse"

    def schema(self) -> StructType:
        """Return the columns, as the house tells them."""
        return StructType.fromJson(dict(tables.schema(_queried(self.options))))

    def reader(self, schema: StructType) -> "Reader":
        """Return what reads them."""
        return Reader(dict(self.options), schema)


class File(InputPartition):
    """One file of the table. address: of the house's own, good for minutes."""

    def __init__(self, address: str) -> None:
        self.address = address


class Reader(DataSourceReader):
    """Reads a table file by file."""

    def __init__(self, options: Mapping[str, str], schema: StructType) -> None:
        self.options = options
        self.schema = schema

    def partitions(self) -> Sequence[InputPartition]:
        """Return its files; of a table without rows one that is empty."""
        found = map(tables.address, _queried(self.options))
        return [File(each) for each in found if each is not None] or [File("")]

    def read(self, partition: InputPartition) -> Iterator[Any]:
        """Yield the rows of a file as Arrow batches, on whichever machine this is asked."""
        import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no types
        from pyspark.sql.pandas.types import to_arrow_schema

        address = partition.address
        if not address:
            return
        # The address opens the file by itself: no worker is given the token.
        parts = urlsplit(address)
        wire = Wire(f"{parts.scheme}://{parts.netloc}", None, allow_http=parts.scheme == "http")
        with tempfile.TemporaryDirectory(prefix="databourse-") as folder:
            file = wire.fetched(address, Path(folder) / "rows.parquet", sha256=None)
            with pq.ParquetFile(file) as rows:
                expected = to_arrow_schema(self.schema)
                for batch in rows.iter_batches(columns=self.schema.names):
                    yield batch.cast(expected)


def _queried(options: Mapping[str, str]) -> list[Mapping[str, Any]]:
    if "profile" not in options:
        raise BadProfile("name a profile: .option('profile', 'rows.share')")
    shared = tables.profiled(Path(options["profile"]))
    return tables.queried(tables.opened(shared), shared, table=options.get("table"), knows=_KNOWS)
