"""A disclosure (披露): both tables of a period, drawn by one, signed off by an accountant.

The exchange computes and does not certify: nothing is final before an accountant has put
name and number to it. What is final is a signed paper, and no figure of its days moves any
more.
"""

from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Duty, its
from kernel.clock import Instant, local_date
from kernel.db import Base, Living
from kernel.errors import Invalid, Refusal
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from settlement import access
from settlement.assets import tables
from settlement.papers import papers
from settlement.papers.papers import Paper

_LIVE: Final = text("state <> 'dropped'")


class State(StrEnum):
    """Where a disclosure stands."""

    PREPARED = "prepared"
    FINAL = "final"
    DROPPED = "dropped"


class AssetDisclosure(Living, Base):
    """The tables of one owner for one period. figures: as they were when it was prepared."""

    __tablename__ = "asset_disclosures"
    __table_args__ = (
        CheckConstraint("last_on >= first_on", name="ends_after_it_begins"),
        CheckConstraint("prepared_by <> signed_off_by", name="signed_off_by_another"),
        CheckConstraint(
            "state <> 'final' OR (signed_off_by IS NOT NULL AND accountant IS NOT NULL)",
            name="final_names_its_accountant",
        ),
        Index(
            "uq_asset_disclosures_one_each_period",
            "owner_id",
            "first_on",
            "last_on",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index(None, "owner_id", "last_on", "id"),
    )

    owner_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    first_on: Mapped[date]
    last_on: Mapped[date]
    figures: Mapped[list[Any]]
    prepared_by: Mapped[str]
    prepared_at: Mapped[Instant]
    signed_off_by: Mapped[str | None]
    accountant: Mapped[str | None]
    accountant_no: Mapped[str | None]
    paper_id: Mapped[str | None] = mapped_column(ForeignKey("papers.id"))

    @property
    def period(self) -> tuple[date, date]:
        """Its first and last day."""
        return self.first_on, self.last_on


preparer: Final = its("owner", "owner_id", Duty.EDITOR, Duty.SUBMITTER, Duty.FINANCE)
"""Who of the owner writes cards and draws tables."""

checker: Final = its("owner", "owner_id", Duty.SIGNER, Duty.FINANCE, Duty.ORG_ADMIN)
"""Who of the owner lets them count; another person than who wrote them."""

ACCOUNTANT: Final = (
    ask("accountant", max=80, label=Words("会计人员姓名", "Name of the accountant")),
    ask(
        "accountant_no", max=80, label=Words("会计执业或职称证书编号", "Number of the certificate")
    ),
)
"""The accountant's sign-off: without it nothing is recognised, and no table is final."""


def _unchanged(found: AssetDisclosure, work: Work) -> Refusal | None:
    if figures(work.session, found.owner_id, found.period) == found.figures:
        return None
    return Refusal(
        "FIGURES_MOVED",
        "编制之后数字有变动，请重新编制",
        "figures moved after it was prepared: prepare it again",
    )


def _sign_off(found: AssetDisclosure, work: Work, data: dict[str, Any]) -> None:
    found.signed_off_by = work.actor.person
    found.accountant, found.accountant_no = data["accountant"], data["accountant_no"]
    owner = organisations.find(work.session, found.owner_id)
    body = {
        "owner": owner.name_zh,
        "owner_uscc": owner.uscc,
        "from": found.first_on.isoformat(),
        "to": found.last_on.isoformat(),
        "currency": "CNY",
        "tables": found.figures,
        "accountant": data["accountant"],
        "accountant_no": data["accountant_no"],
    }
    signed = papers.issue(
        work, papers.Kind.DISCLOSURE, subject=found.id, party_id=found.owner_id, body=body
    )
    work.session.flush()  # the disclosure refers to its paper by id alone
    found.paper_id = signed.id


# fmt: off
LIFE: Workflow[State, AssetDisclosure] = Workflow(
    "asset_disclosure", State, State.PREPARED,
    step("sign_off", {State.PREPARED}, State.FINAL, checker,
         when=(access.four_eyes("prepared_by"), _unchanged), then=(_sign_off,), asks=ACCOUNTANT,
         says="asset_disclosure.signed_off", label=Words("会计签认并定稿", "Sign off as final")),
    step("drop",     {State.PREPARED}, State.DROPPED, (preparer, checker), asks=(REASON,),
         says="asset_disclosure.dropped", label=Words("作废", "Drop")),
)
# fmt: on


def prepare(work: Work, first_on: date, last_on: date) -> AssetDisclosure:
    """Draw the tables of the caller's organisation for days that are over.

    Raises StepNotAllowed, Invalid for days that are not over or have a disclosure.
    """
    made = AssetDisclosure(
        id=ids.new("adc_", work.now),
        state=State.PREPARED,
        owner_id=work.actor.organisation,
        first_on=first_on,
        last_on=last_on,
        figures=[],
        prepared_by=work.actor.person,
        prepared_at=work.now,
    )
    access.require(work, preparer, "asset_disclosure.prepare", made)
    check_period(work, first_on, last_on)
    _refuse_twice(work.session, made)
    made.figures = figures(work.session, made.owner_id, made.period)
    work.session.add(made)
    work.record("asset_disclosure.prepared", made.id, first_on=first_on, last_on=last_on)
    return made


def check_period(work: Work, first_on: date, last_on: date) -> None:
    """Raise Invalid unless the days are in order and not to come."""
    if not first_on <= last_on <= local_date(work.now):
        told = "期间须先后有序且不晚于今日", "the period must end after it begins, and by today"
        raise Invalid(*told, pointer="/last_on")


def figures(session: Session, owner_id: str, period: tuple[date, date]) -> list[Any]:
    """Return both tables as they are signed. Four SELECTs."""
    return [tables.plain(tables.draw(session, owner_id, kind, period)) for kind in tables.DISCLOSED]


def period_is_final(session: Session, owner_id: str, on: date) -> Refusal | None:
    """Return why no figure can move on this day, or None. One SELECT on an index."""
    statement = select(func.max(AssetDisclosure.last_on)).where(
        AssetDisclosure.owner_id == owner_id, AssetDisclosure.state == State.FINAL
    )
    final: date | None = session.scalars(statement).one()
    if final is None or on > final:
        return None
    return Refusal("PERIOD_FINAL", f"{final} 及以前已定稿", f"the figures until {final} are final")


def paper(session: Session, found: AssetDisclosure) -> Paper | None:
    """Return the signed paper of what is final; None before. One SELECT by key."""
    return session.get(Paper, found.paper_id) if found.paper_id else None


_OWN: Final = access.overseen(
    AssetDisclosure, LIFE, Words("没有这份披露表", "no disclosure"), "owner_id"
)
find, seen, take = _OWN.find, _OWN.seen, _OWN.take


def listed(work: Work, *, after: str | None, limit: int) -> Page[AssetDisclosure]:
    """Return disclosures, the newest period first: all to overseers, to others their own."""
    statement = select(AssetDisclosure)
    if not access.oversees(work.actor):
        statement = statement.where(AssetDisclosure.owner_id == work.actor.organisation)
    by = ((AssetDisclosure.last_on, "desc"), (AssetDisclosure.id, "desc"))
    return keyset(work.session, statement, by=by, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def _refuse_twice(session: Session, made: AssetDisclosure) -> None:
    statement = select(AssetDisclosure.id).where(
        AssetDisclosure.owner_id == made.owner_id,
        AssetDisclosure.first_on == made.first_on,
        AssetDisclosure.last_on == made.last_on,
        _LIVE,
    )
    if session.scalars(statement).first() is not None:
        told = "这一期间已有披露表", "this period has a disclosure already"
        raise Invalid(*told, pointer="/first_on")
