"""The acts of the history in their order: months of newcomers and goods, days of trade."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, time, timedelta
from functools import partial
from itertools import groupby
from typing import Any, Final

from app.story.board import slices
from app.story.history import deeds, parties, records, trading, wares, words
from app.story.history.hands import Act, Hand
from app.story.history.plan import Order, Plan, listed_on
from kernel.calendar import Calendar

CHUNK: Final = 40
RECORDS: Final = 100
CHECKED_EVERY: Final = 11
"""Months after which a firm passes its yearly check again."""
RENEWED_AFTER: Final = 22
"""Months after which a listing is renewed: it is good for two years."""

_OF_THE_CAST: Final = ("operator", "merchant", "buyer")


def acts(plan: Plan, calendar: Calendar) -> list[Act]:
    """Return every act, in the order in which they are played."""
    found = [
        *_records(plan),
        *(act for month in range(len(plan.months) - 1) for act in _month(plan, month, calendar)),
        *_trade(plan, calendar),
    ]
    return sorted(found, key=lambda act: (act.day, act.at))


def _records(plan: Plan) -> Iterator[Act]:
    """Yield the directories, the working day before the first month."""
    day = plan.months[0] - timedelta(days=1)
    yield _act("records", "directories", day, time(8), 0, records.enter_centre)
    told = records.province(plan.scaled(records.PROVINCE))
    for place, some in enumerate(_chunks(told, RECORDS)):
        yield _act(f"records/province/{place}", "directories", day, time(9, place), len(some),
                   partial(records.describe, some=some))  # fmt: skip
    numbers = range(plan.scaled(records.CITIES))
    for turn, (region, _) in enumerate(words.CITIES):
        own = numbers[turn :: len(words.CITIES)]
        for place, each in enumerate(_chunks(own, RECORDS)):
            yield _act(f"records/{region}/{place}", "directories", day, time(10 + place // 60,
                       place % 60, turn), len(each), partial(records.push_up, region=region,
                       numbers=each))  # fmt: skip


def _month(plan: Plan, month: int, calendar: Calendar) -> Iterator[Act]:
    first, next_ = plan.months[month], plan.months[month + 1]
    firms = [firm for firm in plan.firms if firm.month == month]
    goods = [good for good in plan.goods if good.month == month]
    for place, some in enumerate(_chunks(firms)):
        yield _act(f"firms/{month}/{place}", "firms", first, time(8, place), len(some),
                   partial(parties.bring_in, firms=some))  # fmt: skip
    for place, wares_ in enumerate(_chunks(goods)):
        yield _act(f"goods/{month}/{place}", "goods", first, time(9, place), len(wares_),
                   partial(wares.hand_in, goods=wares_))  # fmt: skip
    if goods:
        yield _act(f"listed/{month}", "listed", listed_on(plan.months, month, calendar),
                   time(8, 30), len(goods), partial(wares.put_on_sale, goods=goods))  # fmt: skip
    last = next_ - timedelta(days=1)
    if again := _checked(plan, month):
        yield _act(f"checked/{month}", "months", last, time(18), 0,
                   partial(parties.check_again, logins=again))  # fmt: skip
    if due := _to_renew(plan, month):
        yield _act(f"renewed/{month}", "months", last, time(18, 15), 0,
                   partial(wares.renew, goods=due))  # fmt: skip
    if month % 2:
        yield _act(f"deal/{month}", "months", last, time(18, 30), 0,
                   partial(deeds.registered_deal, plan.merchants[month % 7], month))  # fmt: skip
    yield _act(f"settled/{month}", "months", last, time(19), 1, trading.settle)
    yield _act(f"looked/{month}", "months", last, time(20), 1, deeds.look)


def _checked(plan: Plan, month: int) -> list[str]:
    own: list[str] = [firm.key for firm in plan.firms if _due(firm.month, month)]
    return [*own, *(_OF_THE_CAST if _due(0, month) else ())]


def _to_renew(plan: Plan, month: int) -> list[tuple[str, str]]:
    own = [(g.seller.key, g.code) for g in plan.goods if month - g.month == RENEWED_AFTER]
    sliced = slices.every() if month == RENEWED_AFTER else []
    return [*own, *(("merchant", each.code) for each in sliced)]


def _due(since: int, month: int) -> bool:
    return month > since and (month - since) % CHECKED_EVERY == 0


def _trade(plan: Plan, calendar: Calendar) -> Iterator[Act]:
    for day, found in groupby(plan.orders, key=lambda order: order.day):
        some: list[Order] = list(found)
        yield _act(f"trade/{day}", "orders", day, time(9, 30), len(some),
                   partial(trading.day, wanted=some))  # fmt: skip
        if back := [order for order in some if order.fate in trading.BACK]:
            next_ = calendar.add(day, 1, provisional=True)
            yield _act(f"back/{day}", "months", next_, time(17), 0,
                       partial(trading.give_back, wanted=back))  # fmt: skip


def _act(key: str, phase: str, day: date, at: time, size: int, do: Callable[[Hand], Any]) -> Act:
    return Act(key, phase, day, at, size, do)


def _chunks(every: Sequence[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    for start in range(0, len(every), size):
        yield list(every[start : start + size])
