"""Reading a stranger's file in a process of its own, that can do no harm and takes its time.

The process has an empty environment, limits on memory, time, open files and what it
writes, and one folder. Whatever happens to it, the exchange goes on, and nothing is left.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Timer
from typing import Any

import delivery
from delivery.intake.formats import Problem, Unreadable
from delivery.intake.reading import Limits

Told = Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """What the reading process may take. wall_s, cpu_s: seconds; file_bytes: written."""

    limits: Limits
    wall_s: int
    cpu_s: int
    address_mb: int
    file_bytes: int


class Reader:
    """Reads one file after the other, each in a fenced process that is a copy of one process.

    The next file does not wait for a process to start. Not for two threads at once.
    """

    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read(self, path: Path, target: Path, told: Told = lambda _stage: None) -> dict[str, Any]:
        """Return shape, profile and sample of the file, and leave its table in `target`.

        told: is called with each stage that begins. Raises Unreadable, with every problem that
        was found; FILE_TOO_DEMANDING for a file whose reading was ended.
        """
        running = self._process or _started("delivery.intake.nursery", group=True)
        self._process = running
        timer = Timer(self._fence.wall_s, _killed, (running,))
        timer.start()
        try:
            said = list(_one(running, _request(path, target, self._fence), told))
        except BaseException:
            self._end()  # what it still has to say is nobody's answer
            raise
        finally:
            timer.cancel()
            if running.poll() is not None:
                self._end()
        return _table(said)

    def _end(self) -> None:
        if self._process is not None:
            _over(self._process, _killed)
        self._process = None


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
def process(
    module: str, wall_s: int, *, pass_fds: Sequence[int] = ()
) -> Iterator[subprocess.Popen[str]]:
    """Run a module of ours as a process of its own, with an empty environment.

    It is ended when its time is up, and when it is not waited for any more. pass_fds: open
    files that it gets besides.
    """
    started = _started(module, pass_fds)
    timer = Timer(wall_s, started.kill)
    timer.start()
    try:
        yield started
    finally:
        timer.cancel()
        _over(started, subprocess.Popen.kill)


def _started(
    module: str, pass_fds: Sequence[int] = (), *, group: bool = False
) -> subprocess.Popen[str]:
    """Start a module; group: with whatever it starts, it is one group of processes."""
    root = str(Path(delivery.__file__).parents[1])
    return subprocess.Popen(  # noqa: S603 - a module of ours, named in code
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": root, "PATH": "", "LANG": "C.UTF-8"}, text=True, encoding="utf-8",
        start_new_session=group, pass_fds=pass_fds,
    )  # fmt: skip


def _over(process: subprocess.Popen[str], kill: Callable[[subprocess.Popen[str]], object]) -> None:
    kill(process)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()


def _killed(process: subprocess.Popen[str]) -> None:
    # Its copies are of its group, and go with it.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _request(path: Path, target: Path, fence: Fence) -> dict[str, Any]:
    return {
        "path": str(path.absolute()),
        "target": str(target.absolute()),
        "limits": asdict(fence.limits),
        "cpu_s": fence.cpu_s,
        "address_mb": fence.address_mb,
        "file_bytes": fence.file_bytes,
    }


def _one(
    process: subprocess.Popen[str], request: dict[str, Any], told: Told
) -> Iterator[dict[str, Any]]:
    """Send a request, and give what is said of it at its end, leaving nothing for the next one."""
    if process.stdin is None or process.stdout is None:
        raise AssertionError("both are pipes")  # pragma: no cover - for the types alone
    with suppress(BrokenPipeError):
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
    said: list[dict[str, Any]] = []
    for line in process.stdout:
        with suppress(ValueError):  # the end of what was broken off
            said.append(json.loads(line))
        if said and "stage" in said[-1]:
            told(said.pop()["stage"])
        if said and "over" in said[-1]:
            break
    else:
        process.wait()
    yield from (words for words in said if "over" not in words)


def _table(said: Sequence[dict[str, Any]]) -> dict[str, Any]:
    for words in said:
        if "problems" in words:
            raise Unreadable(*(Problem(**problem) for problem in words["problems"]))
        return dict(words["table"])
    raise Unreadable(
        Problem(
            "FILE_TOO_DEMANDING",
            "读取此文件超出限额，已中止",
            "reading it went past its limits, and was ended",
        )
    )
