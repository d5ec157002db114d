"""What the fenced process does: reads one file, looks at the table, and says what it found.

One request as JSON on the standard input, answers as lines of JSON on the standard output:
{"stage": …} as the work goes on, and at the end {"table": …} or {"problems": […]}.
"""

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from delivery.intake import reading
from delivery.intake.formats import Problem, Unreadable
from delivery.intake.reading import Limits
from delivery.profiling import masking, profiles
from delivery.profiling.personal import Kind


def main() -> None:
    """Answer the one request of this process."""
    answer(sys.stdin.readline())


def answer(request: str) -> None:
    """Answer a request; afterwards this process can do nothing else."""
    asked = json.loads(request)
    fenced(asked["cpu_s"], asked["address_mb"], asked["file_bytes"])
    try:
        say(table=_read(Path(asked["path"]), Path(asked["target"]), Limits(**asked["limits"])))
    except Unreadable as error:
        say(problems=[asdict(problem) for problem in error.problems])
    except MemoryError:
        zh, en = "读取所需内存超过限额", "reading it takes more memory than a file may"
        say(problems=[asdict(Problem("FILE_TOO_DEMANDING", zh, en))])


def _read(path: Path, target: Path, limits: Limits) -> dict[str, Any]:
    say(stage="reading")
    with reading.opened(target, limits) as connection:
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


if __name__ == "__main__":
    main()
