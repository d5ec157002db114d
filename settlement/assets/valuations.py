"""A valuation report (评估报告) on a data asset: who valued it, how, at how much; and the report.

What an appraiser says of an asset's worth goes into the evidence pack of its card. It moves no
figure: what is impaired is proposed and booked as a change, and names the report.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, append_only
from kernel.errors import Invalid, NotFound
from kernel.parties import contents
from kernel.words import Words
from kernel.work import Work
from settlement import access
from settlement.assets import cards
from settlement.assets.disclosures import preparer
from settlement.assets.terms import COST_MAX

REPORTS_MAX: Final = 100
"""The most reports of one card."""


class Approach(StrEnum):
    """How the appraiser came to the value (资产评估执业准则)."""

    COST = "cost"
    INCOME = "income"
    MARKET = "market"

    @property
    def label(self) -> Words:
        """The approach in words."""
        return _APPROACHES[self]


_APPROACHES: Final = {
    Approach.COST: Words("成本法", "cost approach"),
    Approach.INCOME: Words("收益法", "income approach"),
    Approach.MARKET: Words("市场法", "market approach"),
}


class AssetValuation(Base):
    """One report. value_fen: the asset's worth on the day `valued_on`; digest: of the file."""

    __tablename__ = "asset_valuations"
    __table_args__ = (
        UniqueConstraint("card_id", "report_no"),
        CheckConstraint("value_fen > 0", name="value_positive"),
        CheckConstraint("size_bytes > 0", name="report_not_empty"),
        CheckConstraint("length(digest) = 64", name="digest_has_64_digits"),
        CheckConstraint("approach IN ('cost', 'income', 'market')", name="approach_is_known"),
        Index(None, "card_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    card_id: Mapped[str] = mapped_column(ForeignKey("asset_cards.id"))
    appraiser: Mapped[str]
    report_no: Mapped[str]
    approach: Mapped[str]
    valued_on: Mapped[date]
    value_fen: Mapped[int] = mapped_column(Big)
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    digest: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    filed_by: Mapped[str]
    filed_at: Mapped[Instant]


append_only(AssetValuation.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is filed. name: of the file; content: PDF, PNG or JPEG."""

    appraiser: str
    report_no: str
    approach: Approach
    valued_on: date
    value_fen: int
    name: str
    content: bytes


def file(work: Work, card_id: str, said: Report) -> AssetValuation:
    """File a report on a card of the caller's organisation; a report stays as it was filed.

    Raises StepNotAllowed, NotFound, Invalid: a day to come, a number that is there, a file
    that is none.
    """
    card = cards.locked(work, card_id)
    access.require(work, preparer, "asset_valuation.file", card)
    there = of_card(work.session, card.id)
    _check(work, said, there)
    made_id = ids.new("avl_", work.now)
    made = AssetValuation(
        id=made_id,
        card_id=card.id,
        appraiser=said.appraiser,
        report_no=said.report_no,
        approach=Approach(said.approach),
        valued_on=said.valued_on,
        value_fen=said.value_fen,
        name=said.name,
        media_type=contents.media_type(work, said.content, pointer="/file"),
        size_bytes=len(said.content),
        digest=contents.digest(said.content),
        sealed=work.crypto.seal(said.content, made_id.encode()),
        filed_by=work.actor.person,
        filed_at=work.now,
    )
    work.session.add(made)
    told = {"report_no": said.report_no, "digest": made.digest, "value_fen": said.value_fen}
    work.record("asset_card.valued", card.id, valuation=made.id, **told)
    return made


def of_card(session: Session, card_id: str) -> list[AssetValuation]:
    """Return the reports on a card, the newest first. One SELECT on an index."""
    statement = (
        select(AssetValuation)
        .where(AssetValuation.card_id == card_id)
        .order_by(AssetValuation.id.desc())
        .limit(REPORTS_MAX)
    )
    return list(session.scalars(statement))


def content(work: Work, valuation_id: str) -> tuple[AssetValuation, bytes]:
    """Return a report with its bytes to who may see its card. Raises NotFound, ContentBroken."""
    found = seen(work, valuation_id)
    return found, contents.unsealed(work, found.sealed, found.id.encode())


def seen(work: Work, valuation_id: str) -> AssetValuation:
    """Return a report to who may see its card; to others it does not exist."""
    found = work.session.get(AssetValuation, valuation_id)
    missing = NotFound("没有这份评估报告", f"no valuation report {valuation_id}")
    if found is None:
        raise missing
    card = cards.find(work.session, found.card_id)
    access.hide_from_strangers(work, card.owner_id, missing)
    return found


def _check(work: Work, said: Report, there: list[AssetValuation]) -> None:
    if said.valued_on > local_date(work.now):
        raise Invalid("评估基准日不得晚于今日", "a day to come", pointer="/valued_on")
    if not 0 < said.value_fen <= COST_MAX:
        raise Invalid("评估值须为正数", "the value must be positive", pointer="/value_fen")
    if any(one.report_no == said.report_no for one in there):
        told = "该编号的报告已经备存", "a report of this number is there already"
        raise Invalid(*told, pointer="/report_no")
    if len(there) >= REPORTS_MAX:
        told = f"至多备存{REPORTS_MAX}份报告", f"{REPORTS_MAX} reports at most"
        raise Invalid(*told, pointer="/report_no")
