"""Amortisation (摊销): each month of its life an intangible asset bears its share of its cost.

From the month in which it is recognised to the one before it goes. What is still to be
borne is spread anew over the months that are left, so that every fen is borne by the last of
them, and a revision of life or residual takes effect from the next month on.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kernel.actor import SYSTEM, Actor, Role, Who
from kernel.clock import local_date
from kernel.errors import DomainError, Invalid, Refusal, StepRefused
from kernel.money import half_up
from kernel.work import Work
from settlement import access
from settlement.assets import cards, disclosures, months, movements
from settlement.assets.cards import AssetCard, State
from settlement.assets.kinds import Kind, Method
from settlement.assets.movements import Line, Piece, Section, Source
from settlement.assets.terms import AssetVersion

Benefit: TypeAlias = Callable[[AssetCard, str, str], dict[str, int]]
"""What the asset brought in each month, in fen: (card, "2026-07", "2026-09"), both counted."""

_STANDS: Final = frozenset({State.RECOGNISED, State.REVISING})


def _charges_months(actor: Actor, subject: object) -> bool:
    return Role.SYSTEM in actor.roles or disclosures.checker.matches(actor, subject)


charger: Final = Who("owner's checker or the house", _charges_months)
"""Who charges the months: what is charged follows from terms that two have agreed on."""


_PAGE: Final = 200


class Charge(NamedTuple):
    """What one month bears. left: the carrying amount after it."""

    month: str
    fen: int
    left: int


def run(work: Work, card_id: str, through: str, benefit: Benefit) -> list[Charge]:
    """Charge every month that has not borne its share, to `through` ("2026-09"), which is over.

    Returns what was charged; a repeat charges nothing. Raises StepNotAllowed, Invalid,
    StepRefused. Some SELECTs, and one INSERT a month.
    """
    card = cards.locked(work, card_id)
    access.require(work, charger, "asset_card.amortise", card)
    version = cards.version(work.session, card)
    refuse(_wears_off(card, version))
    if months.end(through) > local_date(work.now):
        raise Invalid("该月尚未结束", "the month is not over", pointer="/through")
    first = months.after(_last(card))
    if first > through:
        return []
    refuse(disclosures.period_is_final(work.session, card.owner_id, months.end(first)))
    done = list(_charges(card, version, through, benefit))
    # Of a movement two persons are told: the house and who agreed, or the house and who wrote.
    by_house = Role.SYSTEM in work.actor.roles
    prepared = version.written_by if by_house else SYSTEM.person
    for charge in done:
        piece = Piece(Section.AMORTISATION, Line.CHARGED, charge.fen)
        on = months.end(charge.month)
        source = Source(on=on, prepared_by=prepared, month=charge.month)
        movements.book(work, card, [piece], source)
    card.amortised_through = through
    total = sum(charge.fen for charge in done)
    work.record("asset_card.amortised", card.id, from_month=first, through=through, fen=total)
    return done


def run_due(work: Work, benefit: Benefit, *, limit: int) -> int:
    """Charge the months of all cards that are over and whose days to book documents have passed.

    Months that were missed are caught up with. What is refused (figures that are final) is left
    for its owner, and the others are charged all the same. Returns how many cards were charged,
    at most `limit`. One SELECT on an index a page, and what `run` costs for each.
    """
    wait = timedelta(days=work.rules.number("assets.charged_after_d"))
    through = months.after(months.of(local_date(work.now) - wait), -1)
    done, last = 0, ""
    while done < limit and (page := _waiting(work.session, through, after=last)):
        for last in page:
            done += _charged(work, last, through, benefit)
            if done >= limit:
                break
    return done


def behind(session: Session, card: AssetCard, on: date, *, its_own: bool) -> Refusal | None:
    """Return why figures cannot move in the month of `on`, or None. One SELECT by key.

    Every month before must have borne its share, and none after; its own may have, or may
    not, as `its_own` says. Nothing is asked of what does not wear off.
    """
    version = cards.version(session, card)
    if _wears_off(card, version) is not None:
        return None
    last, month = _last(card), months.of(on)
    before = months.after(month, -1)
    if last < before and last < _final(card, version):
        return Refusal("AMORTISE_FIRST", f"请先计提至 {before}", f"charge {before} first")
    if last > month or (last == month and not its_own):
        said = f"{last} has borne its share already"
        return Refusal("AMORTISED_ALREADY", f"已计提至 {last}", said)
    return None


def refuse(refusal: Refusal | None) -> None:
    """Raise StepRefused for a reason, if there is one."""
    if refusal is not None:
        raise StepRefused(refusal.zh, refusal.en, (refusal,))


def plan(session: Session, card: AssetCard) -> list[Charge]:
    """Return what each month of the life is to bear from now on, by the terms in force.

    Empty for what does not wear off, and where benefit decides, which is not known before.
    """
    version = cards.version(session, card)
    known = version.method == Method.STRAIGHT_LINE and _wears_off(card, version) is None
    if not known:
        return []
    return list(_charges(card, version, _final(card, version), _unknown))


def _waiting(session: Session, through: str, *, after: str) -> Sequence[str]:
    """Return cards that have a month to bear by `through`, by id."""
    statement = (
        select(AssetCard.id)
        .join(
            AssetVersion,
            (AssetVersion.card_id == AssetCard.id)
            & (AssetVersion.number == AssetCard.version_in_force),
        )
        .where(
            AssetCard.id > after,
            AssetCard.state.in_(_STANDS),
            AssetCard.kind == Kind.INTANGIBLE,
            AssetVersion.life_months.is_not(None),
            AssetCard.recognised_on <= months.end(through),
            or_(AssetCard.amortised_through.is_(None), AssetCard.amortised_through < through),
        )
        .order_by(AssetCard.id)
        .limit(_PAGE)
    )
    return session.scalars(statement).all()


def _charged(work: Work, card_id: str, through: str, benefit: Benefit) -> int:
    try:
        with work.session.begin_nested():
            run(work.as_system(), card_id, through, benefit)
    except DomainError:
        return 0
    return 1


def _wears_off(card: AssetCard, version: AssetVersion) -> Refusal | None:
    lasts = version.life_months is not None
    if card.state in _STANDS and card.kind == Kind.INTANGIBLE and lasts:
        return None
    return Refusal(
        "NOTHING_TO_AMORTISE",
        "只有已入表且寿命有限的无形资产才摊销",
        "only a recognised intangible asset of a limited life wears off",
    )


def _charges(
    card: AssetCard, version: AssetVersion, through: str, benefit: Benefit
) -> Iterator[Charge]:
    """Yield what each month bears that has not, in order; a month that bears nothing is left out.

    The whole is reckoned before the first is booked.
    """
    final, bearing = _final(card, version), _bearing(card, version)
    todo = list(months.between(months.after(_last(card)), min(through, final)))
    for month, weight, rest in _weights(card, version, todo, benefit):
        fen = bearing if weight >= rest else half_up(bearing * weight, rest)
        bearing -= fen
        if fen:
            yield Charge(month, fen, bearing + version.residual_fen)


def _weights(
    card: AssetCard, version: AssetVersion, todo: Sequence[str], benefit: Benefit
) -> Iterator[tuple[str, int, int]]:
    """Yield each month, its weight, and the weight of it with all that follow."""
    final = _final(card, version)
    if version.method == Method.STRAIGHT_LINE:
        yield from ((month, 1, months.count(month, final)) for month in todo)
    elif todo:
        brought = benefit(card, _first(card), todo[-1])
        earlier = sum(fen for month, fen in brought.items() if month < todo[0])
        left = (version.expected_fen or 0) - earlier
        for month in todo:
            got = max(0, brought.get(month, 0))
            yield (month, 1, 1) if month == final or left <= got else (month, got, left)
            left -= got


def _bearing(card: AssetCard, version: AssetVersion) -> int:
    return max(0, card.carrying_fen - version.residual_fen)


def _final(card: AssetCard, version: AssetVersion) -> str:
    """Return the last month of the life; the next one, when a shorter life is over already."""
    final = months.after(_first(card), (version.life_months or 1) - 1)
    return max(final, months.after(_last(card))) if _bearing(card, version) else final


def _first(card: AssetCard) -> str:
    return months.of(card.recognised_on or date.min)


def _last(card: AssetCard) -> str:
    """Return the last month that has borne its share; at first the one before the first."""
    return card.amortised_through or months.after(_first(card), -1)


def _unknown(_card: AssetCard, _first: str, _last: str) -> dict[str, int]:
    return {}
