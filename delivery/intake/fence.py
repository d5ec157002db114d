"""Reading a stranger's file in a process of its own, that can do no harm and takes its time.

The process has an empty environment, limits on memory, time, open files and what it
writes, and one folder. Whatever happens to it, the exchange goes on, and nothing is left.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Timer
from typing import Any

import delivery
from delivery.intake.formats import Problem, Unreadable
from delivery.intake.reading import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """What the reading process may take. wall_s, cpu_s: seconds; file_bytes: written."""

    limits: Limits
    wall_s: int
    cpu_s: int
    address_mb: int
    file_bytes: int


def read(
    path: Path, target: Path, fence: Fence, told: Callable[[str], None] = lambda _stage: None
) -> dict[str, Any]:
    """Return shape, profile and sample of the file, and leave its table in `target`.

    told: is called with each stage that begins. Raises Unreadable, with every problem that
    was found; FILE_TOO_DEMANDING for a file whose reading was ended.
    """
    request = {
        "path": str(path.absolute()),
        "target": str(target.absolute()),
        "limits": asdict(fence.limits),
        "cpu_s": fence.cpu_s,
        "address_mb": fence.address_mb,
        "file_bytes": fence.file_bytes,
    }
    with process("delivery.intake.child", fence.wall_s) as child:
        for words in answers(child, request):
            if "stage" in words:
                told(words["stage"])
            elif "problems" in words:
                raise Unreadable(*(Problem(**problem) for problem in words["problems"]))
            else:
                return dict(words["table"])
    raise Unreadable(
        Problem(
            "FILE_TOO_DEMANDING",
            "读取此文件超出限额，已中止",
            "reading it went past its limits, and was ended",
        )
    )


def answers(process: subprocess.Popen[str], request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Send the process its one request, and give what it says, line by line, until it ends."""
    if process.stdin is None or process.stdout is None:
        raise AssertionError("both are pipes")  # pragma: no cover - for the types alone
    try:
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.close()
    except BrokenPipeError:
        return
    for line in process.stdout:
        yield json.loads(line)


@contextmanager
def process(module: str, wall_s: int) -> Iterator[subprocess.Popen[str]]:
    """Run a module of ours as a process of its own, with an empty environment.

    It is ended when its time is up, and when it is not waited for any more.
    """
    root = str(Path(delivery.__file__).parents[1])
    started = subprocess.Popen(  # noqa: S603 - a module of ours, named in code
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": root, "PATH": "", "LANG": "C.UTF-8"}, text=True, encoding="utf-8",
    )  # fmt: skip
    timer = Timer(wall_s, started.kill)
    timer.start()
    try:
        yield started
    finally:
        timer.cancel()
        started.kill()
        started.wait()
        for pipe in (started.stdin, started.stdout):
            if pipe is not None:
                pipe.close()
