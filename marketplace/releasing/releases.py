"""A release of volume (交易额发布): figures of a period that two people made known, for good.

Source: settlement's release, and the domain's publication. A release is made of the moves of its
period that the rounds up to one of them took up, so it can be made again at any time. From
the moment in which it is prepared nothing of it changes but its state: a restatement is another
release with its reason, and both are kept, as first published and as restated (I-65, I-66).
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.actor import Duty, Role, any_of, system_only
from kernel.clock import Instant
from kernel.db import Base, Big, Living, attach, hold
from kernel.errors import Refusal, StepRefused
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from marketplace import access
from marketplace.counting import spans
from marketplace.counting.spans import Span
from marketplace.releasing import documents
from marketplace.releasing.masking import Disclosure


class State(StrEnum):
    """Where a release stands."""

    PREPARED = "prepared"
    CHECKED = "checked"
    PUBLISHED = "published"
    RESTATED = "restated"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"


OPEN: Final = (State.PREPARED, State.CHECKED)
KNOWN: Final = (State.PUBLISHED, State.RESTATED)
"""What anybody may read."""


def _in(states: Any) -> Any:
    return text(f"state IN ({', '.join(repr(str(each)) for each in states)})")


class VolumeRelease(Living, Base):
    """The figures of one period. watermark: the last round that counts in it.

    last_move, block: the last move and the last sealed block of the ledger when it was made.
    total_fen, aside_fen: what counts and what was set aside, registered deals too; tb_*: the
    same in the trial balance. document: all that is published, in one spelling, with `hash`;
    input_hash: of the blinded lines. seed: what blinds them, sealed. restates_id: the release
    of the same period that it takes the place of, for `reason`.
    """

    __tablename__ = "volume_releases"
    __table_args__ = (
        CheckConstraint("total_fen = tb_total_fen", name="total_is_the_books"),
        CheckConstraint("aside_fen = tb_aside_fen", name="aside_is_the_books"),
        CheckConstraint("until >= since", name="ends_after_it_begins"),
        CheckConstraint("prepared_by <> checked_by", name="checked_by_another"),
        CheckConstraint("prepared_by <> published_by", name="published_by_another"),
        CheckConstraint(
            "state NOT IN ('checked', 'published', 'restated') OR checked_at IS NOT NULL",
            name="known_is_checked",
        ),
        CheckConstraint(
            "(state IN ('published', 'restated')) = (published_at IS NOT NULL)",
            name="known_since",
        ),
        CheckConstraint("restates_id IS NULL OR restates_id <> id", name="restates_another"),
        Index(
            "uq_volume_releases_one_open",
            "period",
            unique=True,
            sqlite_where=_in(OPEN),
            postgresql_where=_in(OPEN),
        ),
        Index(
            "uq_volume_releases_one_in_force",
            "period",
            unique=True,
            sqlite_where=_in([State.PUBLISHED]),
            postgresql_where=_in([State.PUBLISHED]),
        ),
        Index(None, "state", "id"),
        Index(None, "period", "id"),
    )

    period: Mapped[str]
    since: Mapped[date]
    until: Mapped[date]
    provisional: Mapped[bool]
    watermark: Mapped[int] = mapped_column(Big)
    last_move: Mapped[int] = mapped_column(Big)
    block: Mapped[int] = mapped_column(Big)
    code_version: Mapped[str]
    total_fen: Mapped[int] = mapped_column(Big)
    tb_total_fen: Mapped[int] = mapped_column(Big)
    aside_fen: Mapped[int] = mapped_column(Big)
    tb_aside_fen: Mapped[int] = mapped_column(Big)
    leaves: Mapped[int] = mapped_column(Big)
    root: Mapped[str | None]
    input_hash: Mapped[str]
    hash: Mapped[str]
    document: Mapped[str]
    seed: Mapped[bytes]
    reason: Mapped[str | None]
    restates_id: Mapped[str | None] = mapped_column(ForeignKey("volume_releases.id"))
    prepared_by: Mapped[str]
    prepared_at: Mapped[Instant]
    checked_by: Mapped[str | None]
    checked_at: Mapped[Instant | None]
    published_by: Mapped[str | None]
    published_at: Mapped[Instant | None]

    @property
    def span(self) -> Span:
        """The period."""
        return spans.parse(self.period)

    @property
    def told(self) -> dict[str, Any]:
        """The document, read."""
        return documents.read(self.document)

    @property
    def disclosure(self) -> Disclosure:
        """The rules of disclosure under which it was made."""
        return Disclosure(**self.told["disclosure"])

    @property
    def is_known(self) -> bool:
        """Whether anybody may read it."""
        return self.state in KNOWN


_MOVING: Final = (
    "state", "version", "checked_by", "checked_at", "published_by", "published_at",
)  # fmt: skip
_ONCE: Final = ("checked_by", "checked_at", "published_by", "published_at")
_TABLE: Final = VolumeRelease.__table__
_ROOT: Final = [each.name for each in _TABLE.columns if each.name not in _MOVING]
for _dialect, _differs, _refuses in (
    ("sqlite", "IS NOT", "BEGIN SELECT RAISE(ABORT, 'append-only'); END"),
    ("postgresql", "IS DISTINCT FROM", "EXECUTE FUNCTION refuse_change()"),
):
    _each = "FOR EACH ROW " if _dialect == "postgresql" else ""
    _changed = " OR ".join(
        [f"OLD.{name} {_differs} NEW.{name}" for name in _ROOT]
        + [f"OLD.{name} IS NOT NULL AND OLD.{name} {_differs} NEW.{name}" for name in _ONCE]
    )
    attach(
        _TABLE,  # type: ignore[arg-type]  # declared as FromClause, is a Table
        _dialect,
        "CREATE TRIGGER volume_releases_fixed BEFORE UPDATE ON volume_releases "
        f"{_each}WHEN ({_changed}) {_refuses}",
        f"CREATE TRIGGER volume_releases_kept BEFORE DELETE ON volume_releases {_each}{_refuses}",
    )

preparer: Final = any_of(Role.EXCHANGE_OPERATOR, Duty.STATISTICIAN, Duty.SETTLEMENT_OFFICER)
checker: Final = any_of(Role.EXCHANGE_OPERATOR, Duty.APPROVER)


def _is_another(found: VolumeRelease, work: Work) -> Refusal | None:
    if found.prepared_by != work.actor.person:
        return None
    return Refusal(
        "FOUR_EYES",
        "由您编制，须由另一人复核、发布",
        "you prepared it yourself; another person must take this step",
    )


def _is_own(found: VolumeRelease, work: Work) -> Refusal | None:
    if found.prepared_by == work.actor.person:
        return None
    return Refusal("NOT_YOURS", "由编制人撤回", "only who prepared it withdraws it")


def _check(found: VolumeRelease, work: Work, _data: dict[str, Any]) -> None:
    # Not a guard: it reads every move of the period, and guards are asked for every button.
    found.checked_by, found.checked_at = work.actor.person, work.now
    drawn = documents.draw(work.session, found.span, found.watermark, found.disclosure)
    told = found.told
    if (drawn.made.digest, drawn.told, drawn.leagues) != (
        told["digest"], told["figures"], told["leagues"],
    ):  # fmt: skip
        zh, en = "按水位重算与编制时不同", "recomputed at its watermark, it is another"
        raise StepRefused.of([Refusal("RECOMPUTED_OTHERWISE", zh, en)])


def _publish(found: VolumeRelease, work: Work, _data: dict[str, Any]) -> None:
    found.published_by, found.published_at = work.actor.person, work.now


# fmt: off
LIFE: Workflow[State, VolumeRelease] = Workflow(
    "volume_release", State, State.PREPARED,
    step("check",    {State.PREPARED}, State.CHECKED, checker, when=(_is_another,),
         then=(_check,), says="volume_release.checked",
         label=Words("按水位重算，复核无误", "Recompute, and confirm")),
    step("publish",  {State.CHECKED}, State.PUBLISHED, checker, when=(_is_another,),
         then=(_publish,), says="volume_release.published", label=Words("发布", "Publish")),
    step("reject",   {State.PREPARED, State.CHECKED}, State.REJECTED, checker,
         when=(_is_another,), asks=(REASON,), says="volume_release.rejected",
         label=Words("退回，不予发布", "Reject")),
    step("withdraw", {State.PREPARED}, State.WITHDRAWN, preparer, when=(_is_own,),
         asks=(REASON,), says="volume_release.withdrawn", label=Words("撤回", "Withdraw")),
    step("restate",  {State.PUBLISHED}, State.RESTATED, system_only, own_door=True,
         says="volume_release.restated", label=Words("由新发布取代", "Give way to another")),
)
# fmt: on

_MISSING: Final = Words("没有这份发布", "no release")
_OURS: Final = access.overseen(VolumeRelease, LIFE, _MISSING)
find: Final = _OURS.find


def seen(work: Work, release_id: str) -> VolumeRelease:
    """Return a release: to anybody when it is known, to overseers always. Raises NotFound."""
    found = find(work.session, release_id)
    return found if found.is_known else _OURS.seen(work, release_id)


def take(work: Work, release_id: str, name: str, /, **data: Any) -> VolumeRelease:
    """Take one step. What is published gives its hashes to the journal, and an earlier one way.

    Raises what `Workflow.take` raises.
    """
    found = seen(work, release_id)
    hold(work.session, found)
    if name != "publish":
        LIFE.take(name, found, work, **data)
        return found
    earlier = in_force(work.session, found.period)
    if found.state == State.CHECKED and earlier is not None and checker.matches(work.actor, found):
        hold(work.session, earlier)
        house = work.as_system()
        LIFE.take("restate", earlier, house, by=found.id, reason=found.reason or "")
        work.session.flush()  # of one period there is never more than one in force
    said = {"period": found.period, "hash": found.hash, "input_hash": found.input_hash}
    LIFE.take(name, found, work, root=found.root, restates_id=found.restates_id, **said, **data)
    return found


def in_force(session: Session, period: str) -> VolumeRelease | None:
    """Return the release of a period that is published and not restated. One SELECT on an index."""
    statement = select(VolumeRelease).where(
        VolumeRelease.period == period, VolumeRelease.state == State.PUBLISHED
    )
    return session.scalars(statement).one_or_none()


def open_one(session: Session, period: str) -> VolumeRelease | None:
    """Return the release of a period that is being made. One SELECT on an index."""
    statement = select(VolumeRelease).where(
        VolumeRelease.period == period, VolumeRelease.state.in_(OPEN)
    )
    return session.scalars(statement).one_or_none()


def listed(
    work: Work, *, period: str | None = None, after: str | None, limit: int
) -> Page[VolumeRelease]:
    """Return one page of releases, newest first: those made known, and all to overseers."""
    statement = select(VolumeRelease)
    if period is not None:
        statement = statement.where(VolumeRelease.period == period)
    if not access.oversees(work.actor):
        statement = statement.where(VolumeRelease.state.in_(KNOWN))
    by: Any = ((VolumeRelease.id, "desc"),)
    return keyset(work.session, statement, by=by, after=after, limit=limit)


def known(session: Session, period: str, *, limit: int) -> list[VolumeRelease]:
    """Return what was made known of a period, the first first. One SELECT on an index."""
    statement = (
        select(VolumeRelease)
        .where(VolumeRelease.period == period, VolumeRelease.state.in_(KNOWN))
        .order_by(VolumeRelease.id)
        .limit(limit)
    )
    return list(session.scalars(statement))


def periods(session: Session, release_ids: Iterable[str]) -> dict[str, Span]:
    """Return id → period, for one page of a list. One SELECT."""
    statement = select(VolumeRelease.id, VolumeRelease.period).where(
        VolumeRelease.id.in_(set(release_ids))
    )
    return {key: spans.parse(period) for key, period in session.execute(statement)}
