"""What the history is to be: who comes when, what is listed, who buys it, and what it comes to.

Drawn from one seed by the standard library alone, so that it is the same everywhere. All
amounts are whole hundreds of yuan: the net of all that counts is one round figure, exactly.
"""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import accumulate
from math import exp
from typing import Final, Generic, TypeVar

from app.story.history import words
from app.story.history.words import Trade
from kernel import ids
from kernel.calendar import Calendar
from kernel.ids import Chance
from kernel.words import Words

SEED: Final = "databourse 433 3859 9600"
MONTHS: Final = 30
UNIT_FEN: Final = 10_000
WHOLE: Final = 12_036_800
"""What counts in the end, in hundreds of yuan: CNY 1,203,680,000.00."""

MERCHANTS, BUYERS, GOODS, ORDERS = 428, 170, 3_025, 9_600
"""Of the whole history; the cast and the sixteen scenarios bring five merchants of their own."""

RING: Final = 3
"""Merchants, the first ones, that once sell to each other in a ring: a plant for the rules."""

_RING_PRICE, _RING_PIECES = 25, 60
_GROWTH: Final = 2.2
_QUIET: Final = 0.55
_TRIES: Final = 40
_LAST_DAYS: Final = 4
_LISTED_AFTER: Final = 6
"""Working days from the beginning of a month until what was handed in is on sale."""


class Fate(StrEnum):
    """What becomes of an order."""

    COUNTS = "counts"
    RELATED = "related"
    RING = "ring"
    PART_BACK = "part_back"
    ALL_BACK = "all_back"


@dataclass(frozen=True, slots=True)
class Firm:
    """A merchant or a buyer. month: in which it comes, from 0; number: of its kind, from 0."""

    key: str
    number: int
    name: Words
    region: str
    month: int
    weight: float
    sells: bool
    buys: bool


@dataclass(frozen=True, slots=True)
class Good:
    """A product to be. price: of one piece, in hundreds of yuan."""

    code: str
    seller: Firm
    month: int
    trade: Trade
    kind: str
    title: Words
    price: int
    weight: float


@dataclass(frozen=True, slots=True)
class Order:
    """An order to be. back: what is refunded of it, in hundreds of yuan."""

    number: int
    day: date
    good: Good
    buyer: Firm
    pieces: int
    fate: Fate
    back: int

    @property
    def amount(self) -> int:
        """Its price, in hundreds of yuan."""
        return self.good.price * self.pieces

    @property
    def net(self) -> int:
        """What of it counts in the end, in hundreds of yuan."""
        return self.amount - self.back if self.fate in {Fate.COUNTS, Fate.PART_BACK} else 0


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole history. months: its first working days; the last is the day after its end."""

    firms: list[Firm]
    goods: list[Good]
    orders: list[Order]
    months: list[date]
    net: int
    scale_bp: int

    def scaled(self, count: int) -> int:
        """Return the part of `count` that this size has."""
        return max(1, count * self.scale_bp // 10_000)

    @property
    def merchants(self) -> list[Firm]:
        """Who sells."""
        return [firm for firm in self.firms if firm.sells]


def made(scale_bp: int, ends_on: date, calendar: Calendar) -> Plan:
    """Draw the history. scale_bp: of its full size, 10000; ends_on: its last day."""
    chance = ids.chance(f"{SEED} {scale_bp}")

    def scaled(count: int, least: int) -> int:
        return max(least, count * scale_bp // 10_000)

    months = _months(ends_on, calendar)
    merchants = _firms(chance, scaled(MERCHANTS, 12), sells=True)
    buyers = _firms(chance, scaled(BUYERS, 12), sells=False)
    net = WHOLE * scale_bp // 10_000
    goods = _goods(chance, merchants, scaled(GOODS, 40), 2 * WHOLE // ORDERS)
    drawn = _drawn(chance, goods, buyers, _days(months, ends_on, calendar), scaled(ORDERS, 60))
    return Plan([*merchants, *buyers], goods, _exact(drawn, goods, net), months, net, scale_bp)


def listed_on(months: Sequence[date], month: int, calendar: Calendar) -> date:
    """Return the day on which the goods of a month are put on sale."""
    return calendar.add(months[month], _LISTED_AFTER, provisional=True)


def _months(ends_on: date, calendar: Calendar) -> list[date]:
    """Return the first working day of each month of thirty days, back from the last day."""
    first = ends_on - timedelta(days=30 * MONTHS)
    return [calendar.add(first + timedelta(days=30 * month), 1, provisional=True)
            for month in range(MONTHS + 1)]  # fmt: skip


def _firms(chance: Chance, count: int, *, sells: bool) -> list[Firm]:
    found = []
    joined = sorted(int(chance.betavariate(1.6, 1.4) * (MONTHS - 1)) for _ in range(count))
    weights = [1 / (place + 1) ** 0.9 for place in range(count)]
    chance.shuffle(weights)
    ends = words.SELLERS if sells else words.BUYERS
    codes, shares = zip(*words.CITIES, strict=True)
    for number in range(count):
        plant = words.PLANTS[number % len(words.PLANTS)]
        end = ends[number // len(words.PLANTS) % len(ends)]
        name = Words(f"演示·{plant.zh}{end.zh}", f"Demo {plant.en} {end.en}")
        # Each prefecture has one, whatever chance says.
        region = codes[number] if number < len(codes) else chance.choices(codes, shares)[0]
        early = number < len(codes)
        month = 0 if early else joined[number]
        found.append(Firm(f"{'m' if sells else 'b'}{number:04}", number, name, region, month,
                          weights[number], sells, not sells or number < RING))  # fmt: skip
    return found


def _goods(chance: Chance, merchants: Sequence[Firm], count: int, dearest: int) -> list[Good]:
    """Draw the products; each merchant has one. dearest: the most that a piece costs."""
    found = []
    sellers = [*merchants, *chance.choices(merchants, [firm.weight**0.6 for firm in merchants],
                                           k=max(0, count - len(merchants)))]  # fmt: skip
    for number, seller in enumerate(sellers[:count]):
        trade = chance.choices(words.TRADES, [one.weight for one in words.TRADES])[0]
        kind, said, _, mean, spread = chance.choices(words.KINDS, [k[2] for k in words.KINDS])[0]
        worth = exp(mean + chance.gauss(0, spread)) * trade.worth / 100
        price = min(dearest, max(5, round(worth / chance.randint(2, 12))))
        price = _RING_PRICE if number < RING else 1 if number == RING else price
        subject = chance.choice(trade.subjects)
        title = Words(f"演示·{subject.zh}{said.zh} {number + 1:04}",
                      f"Demo {subject.en} {said.en} {number + 1:04}")  # fmt: skip
        late = int(chance.betavariate(1.1, 1.6) * (MONTHS - 2 - seller.month))
        month = seller.month if number < len(merchants) else seller.month + max(0, late)
        if number == count - 1:  # at every size the newest month has something new
            month = MONTHS - 2
        weight = seller.weight**0.4 * exp(chance.gauss(0, 1.0))
        found.append(Good(f"DEMO{number + 1:05}", seller, min(month, MONTHS - 2), trade, kind,
                          title, price, weight))  # fmt: skip
    return found


def _days(months: Sequence[date], ends_on: date, calendar: Calendar) -> list[tuple[date, float]]:
    """Return the working days on which something may be on sale, with the weight of each."""
    first = listed_on(months, 0, calendar) + timedelta(days=1)
    span = (ends_on - first).days
    every = (first + timedelta(days=day) for day in range(span))
    return [
        (day, exp(_GROWTH * (day - first).days / span) * (_QUIET if day.month == 2 else 1.0))
        for day in every
        if calendar.is_workday(day, provisional=True) and not _ends_a_quarter(day)
    ]


def _ends_a_quarter(day: date) -> bool:
    """Tell whether a quarter ends within days: nobody here trades then, for it looks like more."""
    soon = day + timedelta(days=_LAST_DAYS)
    return soon.month != day.month and day.month % 3 == 0


def _drawn(
    chance: Chance,
    goods: Sequence[Good],
    buyers: Sequence[Firm],
    days: Sequence[tuple[date, float]],
    count: int,
) -> list[Order]:
    """Draw the orders, each of what is on sale by its day, by a buyer who is there by then."""
    begins, span = days[0][0], (days[-1][0] - days[0][0]).days + 1
    wares, makers = _Choice(goods), _Choice(buyers)
    found = []
    drawn = sorted(
        chance.choices([day for day, _ in days], [weight for _, weight in days], k=count)
    )
    for number, day in enumerate(drawn):
        # A month has thirty days; what came in the one before is on sale.
        until = max(0, min(MONTHS - 1, (day - begins).days * MONTHS // span - 1))
        good, buyer = wares.one(chance, until), makers.one(chance, until)
        pieces = max(1, round(chance.lognormvariate(1.3, 0.7)))
        found.append(Order(number, day, good, buyer, pieces, _fate(chance), 0))
    return found


T = TypeVar("T", bound=Firm | Good)


class _Choice(Generic[T]):
    """Chooses by weight among what has come by some month."""

    def __init__(self, every: Sequence[T]) -> None:
        self._every: list[T] = sorted(every, key=_month_of)
        self._months: list[int] = [one.month for one in self._every]
        self._sums: list[float] = list(accumulate(one.weight for one in self._every))

    def one(self, chance: Chance, month: int) -> T:
        """Choose one of those that came in `month` or before it."""
        last = bisect(self._months, month) - 1
        return self._every[bisect(self._sums, chance.random() * self._sums[last], 0, last)]


def _month_of(one: Firm | Good) -> int:
    return one.month


def _fate(chance: Chance) -> Fate:
    drawn = chance.random()
    if drawn < 0.006:
        return Fate.RELATED
    if drawn < 0.007:
        return Fate.ALL_BACK
    return Fate.PART_BACK if drawn < 0.018 else Fate.COUNTS


def _exact(drawn: Sequence[Order], goods: Sequence[Good], net: int) -> list[Order]:
    """Scale the pieces until the net is nearly what it is to be; the last order brings the rest.

    In the middle three merchants sell the same to each other, in a ring.
    """
    middle = len(drawn) // 2
    orders = []
    for place, order in enumerate(drawn):
        if middle <= place < middle + RING:
            turn = place - middle
            order = replace(order, good=goods[turn], buyer=goods[(turn + 1) % RING].seller,
                            fate=Fate.RING)  # fmt: skip
        orders.append(order)
    *orders, last = orders
    found = _filled(_fitted(orders, net), net)
    rest = net - sum(order.net for order in found)
    # Of what costs the least, so many pieces as it takes.
    return [*found, replace(last, good=goods[RING], pieces=rest, fate=Fate.COUNTS)]


def _fitted(orders: Sequence[Order], net: int) -> list[Order]:
    """Scale the pieces of all orders alike, as far as they stay below the net."""
    least, most = 0.0, 8.0
    for _ in range(_TRIES):
        factor = (least + most) / 2
        fits = sum(_sized(order, factor).net for order in orders) * 1_000 < net * 997
        least, most = (factor, most) if fits else (least, factor)
    return [_sized(order, least) for order in orders]


def _filled(orders: Sequence[Order], net: int) -> list[Order]:
    """Add a piece to one order after the other, until little is left below the net."""
    found, left = [], net * 997 // 1_000 - sum(order.net for order in orders)
    for order in orders:
        more = order.fate is Fate.COUNTS and order.good.price <= left
        left -= order.good.price * more
        found.append(replace(order, pieces=order.pieces + more))
    return found


def _sized(order: Order, factor: float) -> Order:
    pieces = _RING_PIECES if order.fate is Fate.RING else max(1, round(order.pieces * factor))
    amount = pieces * order.good.price
    back = {Fate.PART_BACK: max(1, amount // 4), Fate.ALL_BACK: amount}.get(order.fate, 0)
    return replace(order, pieces=pieces, back=back)
