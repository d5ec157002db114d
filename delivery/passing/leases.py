"""Leases (额度租约): shares of an allowance that a process holds, and counts from in memory.

A lease is in the database before anything of it is used; what was used of it is written
with the receipts, in their transaction. So a process that dies has billed what it has
receipted and nothing else, and what it held comes back when its lease expires. A lease is
at most one hundredth of what is free: near the end of an allowance everything is counted
one by one, and no process keeps from another what is left.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from delivery.passing import allowances
from delivery.passing.allowances import Allowance, Lease
from kernel import clock, ids

LEASE_MAX: Final = 10_000
"""The most that is leased beyond what is needed now."""

PART: Final = 100
"""A lease is at most this part of what is free."""

LIFE_S: Final = 30
"""How long a lease lasts after it was last used from."""

Key = tuple[str, str]
"""A delivery and a meter."""


_LEASES: Final = cast("Table", Lease.__table__)
_COUNTED: Final = (
    update(_LEASES)
    .where(
        _LEASES.c.holder == bindparam("by"),
        _LEASES.c.task_id == bindparam("of"),
        _LEASES.c.meter == bindparam("on"),
        _LEASES.c.used + bindparam("more_used") <= _LEASES.c.granted + bindparam("more_granted"),
    )
    .values(
        granted=_LEASES.c.granted + bindparam("more_granted"),
        used=_LEASES.c.used + bindparam("more_used"),
        expires_at=bindparam("until"),
    )
)
"""Written once, like every statement that each call needs."""


class LeaseLost(Exception):
    """What was counted from a lease is not there any more: it had expired. To be begun again."""

    def __init__(self, key: Key) -> None:
        super().__init__(key)
        self.key = key


class Purse:
    """What this process holds, as it stands after its last commit. One spends at a time."""

    def __init__(self) -> None:
        self._left: dict[Key, int] = {}
        self.forget()

    def open(self, session: Session) -> "Spending":
        """Begin to spend in a transaction."""
        return Spending(session, self.holder, self._left)

    def close(self, spending: "Spending") -> None:
        """Take over what a committed transaction has left."""
        self._left = spending.left

    def drop(self, key: Key) -> None:
        """Hold nothing of a lease that was lost."""
        self._left.pop(key, None)

    def forget(self) -> None:
        """Hold nothing, under another name: what became of the last transaction is not known.

        What was held under the old name comes back when it expires.
        """
        self.holder = ids.secret(12)
        self._left = {}


class Spending:
    """What one transaction spends. Nothing of it is in the purse before it has committed."""

    def __init__(self, session: Session, holder: str, left: Mapping[Key, int]) -> None:
        self._session = session
        self._holder = holder
        self.left = dict(left)
        self._spent: dict[Key, int] = {}

    def take(self, task_id: str, quantity: Sequence[tuple[str, int]]) -> tuple[str, ...]:
        """Use up amounts of limited meters, all or none; return the meters that refuse.

        quantity: each meter once. No statement as long as enough is held; else three for each
        meter of which too little is, and what comes is leased.
        """
        left, spent = self.left, self._spent
        for meter, amount in quantity:
            key = (task_id, meter)
            held = left.get(key, 0)
            if held < amount and not self._grown(key, amount - held):
                return (meter,)
        for meter, amount in quantity:
            key = (task_id, meter)
            left[key] -= amount
            spent[key] = spent.get(key, 0) + amount
        return ()

    def put_back(self, task_id: str, quantity: Iterable[tuple[str, int]]) -> None:
        """Take back what `take` gave, within the same transaction. Pure."""
        for meter, amount in quantity:
            self.left[task_id, meter] += amount
            self._spent[task_id, meter] -= amount

    def write(self) -> None:
        """Write down what was used, one UPDATE a meter. Raises LeaseLost."""
        for key, amount in sorted(self._spent.items()):
            if amount and not self._added(key, used=amount):
                raise LeaseLost(key)

    def _grown(self, key: Key, short: int) -> bool:
        task_id, meter = key
        free = self._session.execute(
            select(Allowance.limit - Allowance.used).where(
                Allowance.task_id == task_id, Allowance.meter == meter
            )
        ).scalar_one()
        spare = min(LEASE_MAX, max(0, free - short) // PART)
        for amount in dict.fromkeys((short + spare, short)):
            if allowances.take(self._session, task_id, meter, amount):
                self._hold(key, amount)
                return True
        return False

    def _hold(self, key: Key, amount: int) -> None:
        if not self._added(key, granted=amount):
            made = Lease(
                holder=self._holder, task_id=key[0], meter=key[1], granted=amount, used=0,
                expires_at=_expiry(),
            )  # fmt: skip
            self._session.add(made)
            self._session.flush()  # it is counted from by UPDATEs
        self.left[key] = self.left.get(key, 0) + amount

    def _added(self, key: Key, *, granted: int = 0, used: int = 0) -> bool:
        told = {
            "by": self._holder, "of": key[0], "on": key[1],
            "more_granted": granted, "more_used": used, "until": _expiry(),
        }  # fmt: skip
        result = self._session.connection().execute(_COUNTED, told)
        return result.rowcount == 1


def _expiry() -> clock.Instant:
    # The system's time, not the exchange's: how long a process may be silent is no matter of
    # the exchange's days, which a demonstration moves by hand.
    return clock.now() + timedelta(seconds=LIFE_S)
