"""What else happens in the history: deals made outside, and looking for sham trades."""

from datetime import timedelta
from typing import Final

from app.story import entry
from app.story.history.hands import Hand
from app.story.history.plan import UNIT_FEN, Firm
from app.story.sixteen.trades.matters import BUYERS_CODE, PAPERS
from kernel.clock import local_date
from kernel.money import Money
from marketplace import volume
from marketplace.integrity import looking
from settlement.deals import deals

DEAL: Final = 1_200
"""What a deal made outside comes to, in hundreds of yuan; each is so much more than the last."""

_LOOKED_AT: Final = 500


def registered_deal(seller: Firm, month: int, hand: Hand) -> None:
    """Register a deal that was made outside: filed by one, verified by another, then counted."""
    work = hand.by(seller.key)
    today = local_date(work.now)
    made = deals.draft(
        work,
        buyer_name="演示·洞庭水务",
        buyer_uscc=BUYERS_CODE,
        title=f"演示·场外数据服务 {month + 1:02}",
        contract_no=f"演示合〔{today.year}〕{month + 1}号",
        amount=Money((DEAL + month * 50) * UNIT_FEN),
        signed_on=today - timedelta(days=30),
        delivered_on=today - timedelta(days=3),
    )
    hand.session.flush()
    for kind, name in PAPERS.items():
        content = entry.paper(f"deal {month} {kind.value}")
        deals.file(work, made.id, kind=kind, name=name, content=content)
    for step, login in (("submit", seller.key), ("verify", "compliance"), ("register", "finance")):
        deals.take(hand.by(login), made.id, step)
        hand.session.flush()  # the next one reads it anew
    hand.follow()


def look(hand: Hand) -> None:
    """Look at every trade that was not looked at yet, and tally what has moved."""
    house = hand.by_house()
    before = -1
    while (seen := _seen(hand)) != before:
        before = seen
        looking.look(house, limit=_LOOKED_AT)
        hand.session.flush()
    volume.tally(house)
    hand.follow()


def _seen(hand: Hand) -> int:
    last = hand.session.get(looking.IntegrityLook, "accepted")
    return 0 if last is None else last.number
