"""What the ledger answers when it does not post."""

from typing import Final

from kernel.errors import DomainError, Kind, Refusal
from kernel.money import Money
from kernel.words import Words
from settlement import chart
from settlement.entries import AccountRef

OVERDRAWN: Final = "OVERDRAWN"


class Overdrawn(DomainError):
    """A guarded account has not what was to be taken out of it."""

    kind = Kind.CONFLICT
    code = "overdrawn"
    title = Words("账户余额不足", "There is not enough on the account")


class AlreadyPostedDifferently(DomainError):
    """The same event was posted before with other accounts, amounts or another order."""

    kind = Kind.CONFLICT
    code = "already-posted-differently"
    title = Words("同一事项已按不同内容记账", "The event was posted with other content")


class NothingToPost(DomainError):
    """Every row is zero: there is no entry to be made."""

    kind = Kind.INVALID
    code = "nothing-to-post"
    title = Words("没有可记账的金额", "There is nothing to post")


class NotReversible(DomainError):
    """The entry is itself a reversal; what was right is posted anew instead."""

    kind = Kind.CONFLICT
    code = "not-reversible"
    title = Words("该分录不能冲销", "The entry cannot be reversed")


def overdrawn(ref: AccountRef, there: Money, asked: Money) -> Overdrawn:
    """Return the refusal to take `asked` out of an account that has only `there`."""
    name = chart.account(ref.code).name
    reason = Refusal(
        OVERDRAWN,
        f"“{name.zh}”（{ref.owner}）可用 {there}，需要 {asked}",
        f"{name.en} ({ref.owner}): {there} is there, {asked} is asked",
    )
    return Overdrawn(reason.zh, reason.en, (reason,))


def posted_differently(named: str, entry_id: int) -> AlreadyPostedDifferently:
    """Return the refusal to post under a key that has an entry with other content."""
    return AlreadyPostedDifferently(
        f"{named} 已记为分录 {entry_id}，内容不同",
        f"{named} is entry {entry_id} already, with other content",
    )


def asked_differently(named: str) -> AlreadyPostedDifferently:
    """Return the refusal of two entries with one key and two contents in one call."""
    return AlreadyPostedDifferently(
        f"{named} 在同一次记账中出现两种内容", f"{named} is asked twice, with two contents"
    )
