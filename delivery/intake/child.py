"""What the fenced process does: reads one file, looks at the table, and says what it found.

It answers one request, which is JSON, by lines of JSON on the standard output: {"stage": …}
as the work goes on, and at the end {"table": …} or {"problems": […]}.
"""

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from delivery.intake import reading
from delivery.intake.formats import Problem, Unreadable
from delivery.intake.reading import Limits
from delivery.profiling import masking, profiles
from delivery.profiling.personal import Kind


def answer(request: str, ready: DuckDBPyConnection) -> None:
    """Answer a request; afterwards this process can do nothing else.

    ready: see `reading.ready`.
    """
    asked = json.loads(request)
    fenced(asked["cpu_s"], asked["address_mb"], asked["file_bytes"])
    path, target, limits = Path(asked["path"]), Path(asked["target"]), Limits(**asked["limits"])
    try:
        say(table=_read(path, target, limits, ready))
    except Unreadable as error:
        say(problems=[asdict(problem) for problem in error.problems])
    except MemoryError:
        zh, en = "读取所需内存超过限额", "reading it takes more memory than a file may"
        say(problems=[asdict(Problem("FILE_TOO_DEMANDING", zh, en))])


def _read(path: Path, target: Path, limits: Limits, ready: DuckDBPyConnection) -> dict[str, Any]:
    say(stage="reading")
    if path.stat().st_size <= reading.SMALL_BYTES:
        opened = reading.taken(ready, target, limits)
    else:
        opened = reading.opened(target, limits)
    with opened as connection:
        shape = reading.read(connection, path, target, limits)
        if not shape.rows:
            raise Unreadable(
                Problem("NO_ROWS", "只有表头，没有数据", "it has a header and no rows")
            )
        table = str(target / "table.parquet")
        say(stage="profiling")
        profile = profiles.of(connection, table)
        kinds = {each["column"]: Kind(each["kind"]) for each in profile["personal"]}
        sample = masking.sample(connection, table, kinds)
    return {"shape": asdict(shape), "profile": masking.hidden(profile, kinds), "sample": sample}


def fenced(cpu_s: int, address_mb: int, file_bytes: int) -> None:
    """Take away from this process, for good, what a bad file could make it misuse."""
    for kind, most in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, address_mb << 20),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    ):
        resource.setrlimit(kind, (most, most))


def say(**words: Any) -> None:
    """Write one line of the answer."""
    sys.stdout.write(json.dumps(words, ensure_ascii=False) + "\n")
    sys.stdout.flush()
