"""Preparing a release (编制): the figures of a period are drawn once, and laid down for good."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from kernel import ids
from kernel.clock import local_date
from kernel.crypto import generate_key
from kernel.errors import Invalid, Refusal, refuse
from kernel.words import Words
from kernel.work import Work
from marketplace import access, volume
from marketplace.counting import spans
from marketplace.counting.moves import VolumeRoundMove
from marketplace.counting.spans import Span
from marketplace.releasing import documents, inputs, releases, shelves
from marketplace.releasing.documents import Drawn
from marketplace.releasing.releases import State, VolumeRelease
from settlement import turnover
from settlement.sealing import blocks
from settlement.turnover import Sides

REASON_MAX: Final = 500
_LOCK: Final = 0x72656C65  # "rele": one is prepared at a time


def prepare(
    work: Work, period: str, *, provisional: bool = False, reason: str | None = None
) -> VolumeRelease:
    """Draw the figures of a period as they stand, for another person to check and publish.

    provisional: of a period that is not over. reason: why what is published is stated anew.
    Raises StepNotAllowed, Invalid for what is no period, StepRefused with every reason. Some
    twenty SELECTs, of which eight read each move of the period; a minute for a million lines.
    """
    access.require(work, releases.preparer, None, "volume_release.prepare")
    session, span = work.session, spans.parse(period)
    if reason is not None and not (0 < len(reason.strip()) <= REASON_MAX):
        raise Invalid("理由不能为空，最多 500 字", "a reason of 500 letters", pointer="/reason")
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    earlier = releases.in_force(session, span.code)
    early = _early(work, span, provisional=provisional)
    refuse([*early, *_barred(session, span, earlier, reason)])
    watermark = inputs.last_round(session)
    drawn = documents.draw(session, span, watermark, documents.rule(work.rules))
    books = turnover.within(session, span.since, span.until)
    refuse(_unfit(work, drawn, books))
    made = _laid(work, _Of(span, watermark, drawn, books, earlier, reason))
    work.record(
        "volume_release.prepared", made.id, period=span.code, round=watermark, hash=made.hash
    )
    return made


def _early(work: Work, span: Span, *, provisional: bool) -> list[Refusal]:
    today = local_date(work.now)
    if span.since > today:
        return [Refusal("PERIOD_NOT_BEGUN", "该统计期尚未开始", "the period has not begun")]
    if is_partial(work, span) and not provisional:
        zh, en = (
            "该统计期尚未结束，只能作为暂定数发布",
            "the period is not over: only provisionally",
        )
        return [Refusal("PERIOD_NOT_OVER", zh, en)]
    return []


def is_partial(work: Work, span: Span) -> bool:
    """Tell whether a period is not over. All time never is, and is told as of its watermark."""
    return span.kind != spans.EVER and span.until >= local_date(work.now)


def _barred(
    session: Session, span: Span, earlier: VolumeRelease | None, reason: str | None
) -> list[Refusal]:
    found = []
    if (waits := inputs.waiting(session, span)) > 0:
        found.append(
            Refusal(
                "MOVES_WAIT",
                f"还有 {waits} 笔变动未汇入统计",
                f"{waits} moves wait for a round of tallying",
                fix=Words("几秒后再试", "try again in some seconds"),
            )
        )
    if not volume.ties_out(session):
        zh, en = "交易额与账簿不符", "volume and the books do not tie"
        found.append(Refusal("BOOKS_DIFFER", zh, en))
    if releases.open_one(session, span.code) is not None:
        zh, en = "该统计期已有一份在编", "a release of this period is being made"
        found.append(Refusal("RELEASE_OPEN", zh, en))
    final = earlier is not None and not earlier.provisional and span.kind != spans.EVER
    if final and reason is None:
        zh, en = "该统计期已发布，重述须说明理由", "it is published: to restate it takes a reason"
        found.append(Refusal("REASON_NEEDED", zh, en))
    return found


def _unfit(work: Work, drawn: Drawn, books: Sides) -> list[Refusal]:
    found, made = [], drawn.made
    if (made.counted + made.registered, made.excluded + made.registered_excluded) != (
        books.counted.minor, books.excluded.minor,
    ):  # fmt: skip
        zh, en = "该统计期的数字与试算平衡表不符", "the period is not what the trial balance says"
        found.append(Refusal("PERIOD_DIFFERS", zh, en))
    least = documents.rule(work.rules).organisations_min
    if 0 < drawn.traders < least:
        found.append(
            Refusal(
                "TOO_FEW_TRADERS",
                f"参与交易的机构不足 {least} 家，总量会暴露个别机构",
                f"fewer than {least} organisations traded: the total would tell of one",
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Of:
    """What a release is laid down of."""

    span: Span
    watermark: int
    drawn: Drawn
    books: Sides
    earlier: VolumeRelease | None
    reason: str | None


def _laid(work: Work, of: _Of) -> VolumeRelease:
    session, made_id, seed = work.session, ids.new("rel_", work.now), generate_key()
    tree = documents.grow(session, made_id, of.span, of.watermark, seed)
    head = _head(work, made_id, of)
    document, told, input_hash = documents.written(
        head,
        of.drawn,
        documents.rule(work.rules),
        tree,
        documents.named(session, of.drawn.leagues),
    )
    drawn = of.drawn.made
    made = VolumeRelease(
        id=made_id, state=State.PREPARED, period=of.span.code, since=of.span.since,
        until=of.span.until, provisional=head["provisional"], watermark=of.watermark,
        last_move=head["last_move"], block=head["block"], code_version=documents.CODE,
        total_fen=drawn.counted + drawn.registered, tb_total_fen=of.books.counted.minor,
        aside_fen=drawn.excluded + drawn.registered_excluded,
        tb_aside_fen=of.books.excluded.minor, leaves=tree.size if tree else 0,
        root=tree.root if tree else None, input_hash=input_hash, hash=told, document=document,
        seed=work.crypto.seal(seed, made_id.encode()), reason=of.reason,
        restates_id=head["restates"], prepared_by=work.actor.person, prepared_at=work.now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    if tree is not None:
        shelves.keep(session, tree)
    return made


def _head(work: Work, made_id: str, of: _Of) -> dict[str, Any]:
    return {
        "release": made_id,
        "period": of.span.code,
        "since": of.span.since.isoformat(),
        "until": of.span.until.isoformat(),
        "provisional": is_partial(work, of.span),
        "round": of.watermark,
        "last_move": _last_move(work.session, of.watermark),
        "block": blocks.last(work.session),
        "code_version": documents.CODE,
        "rules_version": work.rules.version,
        "prepared_at": work.now.isoformat(),
        "restates": of.earlier.id if of.earlier else None,
        "reason": of.reason,
    }


def _last_move(session: Session, watermark: int) -> int:
    statement = select(func.coalesce(func.max(VolumeRoundMove.number), 0)).where(
        VolumeRoundMove.round_number == watermark
    )
    return session.scalars(statement).one()
