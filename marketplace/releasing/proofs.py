"""A merchant's own proofs: that its lines are in a published total, and nobody else's shown."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import case, func

from kernel.actor import Duty
from kernel.errors import NotFound
from kernel.work import Work
from marketplace.counting.moves import VolumeMove
from marketplace.releasing import figures, releases, sumtree
from marketplace.releasing.releases import VolumeRelease
from marketplace.releasing.shelves import Shelf
from marketplace.releasing.sumtree import Line

LINES_MAX: Final = 100
"""Lines of one page of proofs: some 370 KB."""


@dataclass(frozen=True, slots=True)
class Proven:
    """One page of the caller's lines in a release. told: what is handed out, and verified."""

    lines: list[Line]
    told: dict[str, Any]
    next: str | None


def own(work: Work, release_id: str, *, after: str | None, limit: int) -> Proven:
    """Return one page of proofs of what the caller's organisation sold, by name of the line.

    To everybody else, and of what is not published, there is none: NotFound. Some six SELECTs,
    of which one reads the merchant's moves of the period; a proof takes a millisecond.
    """
    found = releases.seen(work, release_id)
    lines = _lines(work, found, after, limit + 1) if _may(work, found) else []
    if not lines:
        raise NotFound(
            "该发布中没有贵机构计入的成交", f"{release_id} counts no line of this organisation"
        )
    page = lines[:limit]
    seed = work.crypto.open(found.seed, found.id.encode())
    secrets = [sumtree.key(line.name, seed) for line in page]
    shelf = Shelf(work.session, found.id, found.leaves)
    shelf.expect(
        leaf
        for line, secret in zip(page, secrets, strict=True)
        for leaf in sumtree.leaves_of(line, secret)
    )
    told = {
        "format": sumtree.FORMAT,
        "release": found.id,
        "merchant": work.actor.organisation,
        "up": sum(line.up for line in page),
        "back": sum(line.back for line in page),
        "published": found.told["tree"],
        "lines": [
            sumtree.proof(shelf, line, secret) for line, secret in zip(page, secrets, strict=True)
        ],
    }
    return Proven(page, told, page[-1].name if len(lines) > limit else None)


def _may(work: Work, found: VolumeRelease) -> bool:
    return found.is_known and work.actor.duties != {Duty.PLATFORM_ADMIN}


def _lines(work: Work, found: VolumeRelease, after: str | None, limit: int) -> list[Line]:
    moves = figures.lines(found.span, found.watermark).where(
        VolumeMove.merchant_id == work.actor.organisation, VolumeMove.subject_id > (after or "")
    )
    up = func.sum(case((VolumeMove.counted > 0, VolumeMove.counted), else_=0))
    back = func.sum(case((VolumeMove.counted < 0, -VolumeMove.counted), else_=0))
    statement = (
        moves.with_only_columns(VolumeMove.subject_id, up, back)
        .group_by(VolumeMove.subject_id)
        .order_by(VolumeMove.subject_id)
        .limit(limit)
    )
    return [Line(name, int(up), int(back)) for name, up, back in work.session.execute(statement)]
