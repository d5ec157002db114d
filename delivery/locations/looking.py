"""Looking at a location in a process of its own: outside any transaction, with limits."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from delivery.intake import fence
from delivery.intake.fence import Fence
from delivery.intake.formats import Problem, Unreadable
from delivery.locations.locations import Claimed
from delivery.locations.unread import problem
from kernel.work import Rules


def look(
    claimed: Claimed,
    target: Path,
    limits: tuple[Fence, int],
    told: Callable[[str], None] = lambda _stage: None,
) -> dict[str, Any] | None:
    """Return what a location holds: shape, profile, sample and source; None for what is known.

    target: a folder for what does not fit into memory. limits: and how many files there may
    be. Raises Unreadable.
    """
    within, files_max = limits
    request = {
        "root": asdict(claimed.root),
        "path": claimed.path,
        "keys": asdict(claimed.keys),
        "known": claimed.known,
        "target": str(target.absolute()),
        "limits": asdict(within.limits),
        "files_max": files_max,
        "cpu_s": within.cpu_s,
        "address_mb": within.address_mb,
        "file_bytes": within.file_bytes,
    }
    with fence.process("delivery.locations.child", within.wall_s) as child:
        for words in fence.answers(child, request):
            if "stage" in words:
                told(words["stage"])
            elif "problems" in words:
                raise Unreadable(*(Problem(**each) for each in words["problems"]))
            else:
                return dict(words["table"]) if "table" in words else None
    raise Unreadable(problem("FILE_TOO_DEMANDING"))


def limits(within: Fence, rules: Rules) -> tuple[Fence, int]:
    """Return what a look may take, as that of a file, and how many files there may be."""
    wall_s = rules.number("mounting.look_wall_s")
    return replace(within, wall_s=wall_s), rules.number("mounting.files_max")
