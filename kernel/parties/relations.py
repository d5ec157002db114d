"""Related parties (关联方): who stands so near to whom that they are not strangers in a trade.

Source: onboarding's shareholders, controllers and groups. The nodes of the graph are legal
persons by their codes, registered here or not, human beings by the keyed hash of their
identity number, and groups by their code. A tie (关联关系) is added, and ended by a second
row; nothing is overwritten. Being related has no direction: the set is symmetric, and an
organisation is in its own (I-6).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import Instant, local_date
from kernel.db import Base, append_only
from kernel.errors import Invalid, NotFound, StepNotAllowed
from kernel.pages import Page, keyset
from kernel.parties import identity
from kernel.parties import uscc as codes
from kernel.parties.reach import officiates, reads, runs
from kernel.parties.rows import Organisation
from kernel.work import Work

HOPS_MAX: Final = 8
"""How far a chain of ties is followed; the same from both ends, so symmetry holds."""

_BY_FILE: Final = "tif_"

PERSON, GROUP = "person:", "group:"
"""What a node begins with that is no code of a legal person."""


class Kind(StrEnum):
    """Why two parties are near each other."""

    SHAREHOLDER = "shareholder"
    CONTROLS = "controls"
    SAME_CONTROLLER = "same_controller"
    SAME_GROUP = "same_group"
    SAME_LEGAL_REPRESENTATIVE = "same_legal_representative"
    DECLARED = "declared"


class Tie(Base):
    """One tie of an organisation to another node, in force from a day on.

    share_bp: the share that `other` holds, in basis points; only of a shareholder. counts:
    whether the tie makes related, under the rules of the day on which it was declared.
    """

    __tablename__ = "ties"
    __table_args__ = (
        CheckConstraint("node <> other", name="nobody_is_tied_to_itself"),
        CheckConstraint("share_bp IS NULL OR share_bp BETWEEN 1 AND 10000", name="share_is_a_part"),
        CheckConstraint(
            "(kind = 'shareholder') = (share_bp IS NOT NULL)", name="only_shareholders_have_shares"
        ),
        Index(None, "node"),
        Index(None, "other"),
        Index(None, "organisation_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str]
    node: Mapped[str]
    other: Mapped[str]
    other_name: Mapped[str]
    share_bp: Mapped[int | None]
    counts: Mapped[bool]
    since: Mapped[date]
    declared_by: Mapped[str]
    declared_for: Mapped[str]
    declared_at: Mapped[Instant]


class TieEnd(Base):
    """The first day on which a tie is no more."""

    __tablename__ = "tie_ends"

    tie_id: Mapped[str] = mapped_column(ForeignKey("ties.id"), primary_key=True)
    until: Mapped[date]
    ended_by: Mapped[str]


append_only(Tie.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table
append_only(TieEnd.__table__)  # type: ignore[arg-type]  # as above


@dataclass(frozen=True, slots=True)
class Other:
    """The far end of a tie that is declared: exactly one of code, number and group."""

    name: str
    uscc: str | None = None
    identity_number: str | None = None
    group_code: str | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """Why an organisation is related: the ties that lead to it, from the asked one on."""

    organisation_id: str
    ties: tuple[Tie, ...]


class _Far(NamedTuple):
    node: str
    name: str
    share_bp: int | None = None


def declare(
    work: Work,
    organisation_id: str,
    kind: Kind,
    other: Other,
    *,
    share_bp: int | None = None,
    since: date | None = None,
) -> Tie:
    """Declare a tie of an organisation, by itself or by an officer. Raises Invalid or NotFound.

    since: the day from which it holds; today, if not said. One SELECT by key.
    """
    organisation = _its_own(work, organisation_id)
    if (kind == Kind.SHAREHOLDER) != (share_bp is not None):
        raise Invalid(
            "持股比例只用于股东，且必须填写",
            "a shareholder, and nobody else, has a share",
            pointer="/share_bp",
        )
    node = _node_of(work, other)
    if node == organisation.uscc:
        raise Invalid("不能与自身关联", "an organisation is not tied to itself", pointer="/uscc")
    far = _Far(node, other.name, share_bp)
    return _tie(work, organisation, kind, far, since=since or local_date(work.now))


def end(work: Work, tie_id: str, *, until: date | None = None) -> Tie:
    """End a tie on a day, today if not said. Raises NotFound, or Invalid (ended, too early).

    An organisation takes back its own word alone: what an officer declared, or what follows
    from its file, stays until an officer or the file says otherwise (StepNotAllowed).
    """
    tie = work.session.get(Tie, tie_id)
    if tie is None:
        raise NotFound("没有这条关联关系", f"no tie {tie_id}")
    _its_own(work, tie.organisation_id)
    if not officiates(work.actor) and not _is_its_word(tie):
        raise StepNotAllowed(
            "非本机构申报的关联关系只能由审核方终止",
            "what the organisation did not declare itself, an officer ends",
        )
    if work.session.get(TieEnd, tie_id) is not None:
        raise Invalid("该关联关系已终止", "the tie has ended before")
    day = until or local_date(work.now)
    if day < tie.since:
        raise Invalid("终止日早于起始日", "it cannot end before it began", pointer="/until")
    _end(work, tie, day)
    return tie


def keep(work: Work, organisation: Organisation, kind: Kind, node: str | None, name: str) -> None:
    """Let `node` be the one tie of this kind that an admission file speaks of; None for none.

    One SELECT on an index; the house's own ties (not those that were declared) are replaced.
    """
    today = local_date(work.now)
    held = [
        tie
        for tie in _between(work.session, {organisation.uscc}, today)
        if tie.node == organisation.uscc and tie.kind == kind and tie.id.startswith(_BY_FILE)
    ]
    for tie in held:
        if tie.other != node:
            _end(work, tie, today)
    if node is not None and node not in {tie.other for tie in held}:
        _tie(work, organisation, kind, _Far(node, name), prefix=_BY_FILE, since=today)


def related(session: Session, organisation_id: str, *, on: date) -> frozenset[str]:
    """Return the ids of the organisations related to this one on a day; itself is among them.

    At most HOPS_MAX SELECTs on indexes, and two by code; an id that nobody has is alone.
    """
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        return frozenset({organisation_id})
    reached = _reached(session, organisation.uscc, on)
    return frozenset(_registered(session, reached).values()) | {organisation_id}


def are_related(session: Session, a: str, b: str, *, on: date) -> bool:
    """Tell whether two organisations are related on a day, or the same. Cost as `related`."""
    return a == b or b in related(session, a, on=on)


def explained(session: Session, organisation_id: str, *, on: date) -> list[Way]:
    """Return a shortest chain of ties to each related organisation, nearest first.

    Without the organisation itself. Cost as `related`.
    """
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        return []
    reached = _reached(session, organisation.uscc, on)
    found = _registered(session, reached)
    ways = [Way(found[node], reached[node]) for node in reached if node in found]
    return sorted(
        (way for way in ways if way.ties), key=lambda way: (len(way.ties), way.organisation_id)
    )


def seen(work: Work, organisation_id: str, *, on: date) -> list[Way]:
    """Return `explained` to the organisation itself and to its overseers. Raises NotFound."""
    if not reads(work.actor, organisation_id):
        raise _unknown(organisation_id)
    return explained(work.session, organisation_id, on=on)


def of(
    work: Work, organisation_id: str, *, after: str | None, limit: int
) -> tuple[Page[Tie], dict[str, date]]:
    """Return one page of an organisation's own ties, newest first, and which have ended.

    For itself and its overseers. Raises NotFound. Three SELECTs.
    """
    if not reads(work.actor, organisation_id):
        raise _unknown(organisation_id)
    statement = select(Tie).where(Tie.organisation_id == organisation_id)
    page = keyset(work.session, statement, by=((Tie.id, "desc"),), after=after, limit=limit)
    ended = select(TieEnd).where(TieEnd.tie_id.in_([tie.id for tie in page.items]))
    return page, {row.tie_id: row.until for row in work.session.scalars(ended)}


def _its_own(work: Work, organisation_id: str) -> Organisation:
    organisation = work.session.get(Organisation, organisation_id)
    if organisation is None or not (runs(work.actor, organisation_id) or officiates(work.actor)):
        raise _unknown(organisation_id)
    return organisation


def _is_its_word(tie: Tie) -> bool:
    return tie.declared_for == tie.organisation_id and not tie.id.startswith(_BY_FILE)


def _unknown(organisation_id: str) -> NotFound:
    return NotFound("没有这家机构", f"no organisation {organisation_id}")


def person_node(work: Work, number: str) -> str:
    """Return the node of the human with this normalised number: one under every key.

    Who has been tied to something before a change of the key keeps that node. One SELECT
    on an index.
    """
    now, *former = [PERSON + hashed for hashed in identity.hashes(work, number)]
    known = select(Tie.other).where(Tie.other.in_(former)).order_by(Tie.id).limit(1)
    return work.session.scalars(known).first() or now


def _node_of(work: Work, other: Other) -> str:
    given = [other.uscc, other.identity_number, other.group_code]
    if sum(each is not None for each in given) != 1:
        raise Invalid(
            "关联方须以信用代码、身份证件号码或集团编码之一指明",
            "name the other by exactly one of code, identity number and group",
            pointer="/uscc",
        )
    if other.uscc is not None:
        return codes.check(other.uscc)
    if other.identity_number is not None:
        number = identity.normalised(other.identity_number)
        return person_node(work, number)
    return GROUP + str(other.group_code)


def _tie(
    work: Work,
    organisation: Organisation,
    kind: Kind,
    far: _Far,
    *,
    since: date,
    prefix: str = "tie_",
) -> Tie:
    made = Tie(
        id=ids.new(prefix, work.now),
        organisation_id=organisation.id,
        kind=kind,
        node=organisation.uscc,
        other=far.node,
        other_name=far.name,
        share_bp=far.share_bp,
        counts=far.share_bp is None or far.share_bp >= work.rules.number("kyb.related_share_bp"),
        since=since,
        declared_by=work.actor.person,
        declared_for=work.actor.organisation,
        declared_at=work.now,
    )
    work.session.add(made)
    work.record("tie.declared", organisation.id, tie=made.id, tie_kind=kind, share_bp=far.share_bp)
    return made


def _end(work: Work, tie: Tie, day: date) -> None:
    work.session.add(TieEnd(tie_id=tie.id, until=day, ended_by=work.actor.person))
    work.record("tie.ended", tie.organisation_id, tie=tie.id, until=day)


def _reached(session: Session, start: str, on: date) -> dict[str, tuple[Tie, ...]]:
    """Return node → a shortest chain of ties to it, breadth first. One SELECT a level."""
    reached: dict[str, tuple[Tie, ...]] = {start: ()}
    level: set[str] = {start}
    for _ in range(HOPS_MAX):
        beyond: dict[str, tuple[Tie, ...]] = {}
        for tie in _between(session, level, on):
            for near, far in ((tie.node, tie.other), (tie.other, tie.node)):
                if tie.counts and near in level and far not in reached:
                    beyond.setdefault(far, (*reached[near], tie))
        if not beyond:
            break
        reached |= beyond
        level = set(beyond)
    return reached


def _between(session: Session, nodes: set[str], on: date) -> Sequence[Tie]:
    statement = (
        select(Tie)
        .outerjoin(TieEnd)
        .where(
            or_(Tie.node.in_(nodes), Tie.other.in_(nodes)),
            Tie.since <= on,
            or_(TieEnd.until.is_(None), TieEnd.until > on),
        )
        .order_by(Tie.id)
    )
    return session.scalars(statement).all()


def _registered(session: Session, nodes: Iterable[str]) -> dict[str, str]:
    wanted = [node for node in nodes if not node.startswith((PERSON, GROUP))]
    statement = select(Organisation.uscc, Organisation.id).where(Organisation.uscc.in_(wanted))
    return {row.uscc: row.id for row in session.execute(statement)}
