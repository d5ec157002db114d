"""What the four credit registers (信用核查) say of an organisation, as somebody looked it up.

Source: onboarding's four conditions: no dishonest judgment debtor (失信被执行人), no serious
breach of tax law (重大税收违法), not on the list of serious dishonesty (严重失信名单), no
abnormal operation (经营异常). Each look is a row; nothing is overwritten.
"""

from datetime import timedelta

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, append_only
from kernel.errors import NotFound, Refusal, StepNotAllowed
from kernel.parties.reach import officiates
from kernel.parties.rows import Organisation
from kernel.words import Words
from kernel.work import Work

FLAGS = {
    "dishonest_debtor": Words("失信被执行人", "dishonest judgment debtor"),
    "tax_violation": Words("重大税收违法", "serious breach of tax law"),
    "serious_dishonesty": Words("严重失信名单", "list of serious dishonesty"),
    "abnormal_operation": Words("经营异常", "abnormal operation"),
}


class CreditCheck(Base):
    """One look into the four registers. source: where, as the reader can look again."""

    __tablename__ = "credit_checks"
    __table_args__ = (Index(None, "organisation_id", "checked_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    dishonest_debtor: Mapped[bool]
    tax_violation: Mapped[bool]
    serious_dishonesty: Mapped[bool]
    abnormal_operation: Mapped[bool]
    source: Mapped[str]
    checked_by: Mapped[str]
    checked_at: Mapped[Instant]

    @property
    def flagged(self) -> tuple[str, ...]:
        """The registers in which it stands."""
        return tuple(name for name in FLAGS if getattr(self, name))


append_only(CreditCheck.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def record(work: Work, organisation_id: str, *, flags: dict[str, bool], source: str) -> CreditCheck:
    """Record what the registers say, all four of them. Raises StepNotAllowed or NotFound."""
    if not officiates(work.actor):
        raise StepNotAllowed("只有入驻审核岗可以记录信用核查", "this is for the registrar")
    if work.session.get(Organisation, organisation_id) is None:
        raise NotFound("没有这家机构", f"no organisation {organisation_id}")
    made = CreditCheck(
        id=ids.new("crc_", work.now),
        organisation_id=organisation_id,
        source=source,
        checked_by=work.actor.person,
        checked_at=work.now,
        **{name: flags[name] for name in FLAGS},
    )
    work.session.add(made)
    work.record("organisation.credit_checked", organisation_id, flagged=list(made.flagged))
    return made


def latest(session: Session, organisation_id: str) -> CreditCheck | None:
    """Return the newest look. One SELECT on an index."""
    statement = (
        select(CreditCheck)
        .where(CreditCheck.organisation_id == organisation_id)
        .order_by(CreditCheck.checked_at.desc(), CreditCheck.id.desc())
        .limit(1)
    )
    return session.scalars(statement).one_or_none()


def stands_well(organisation: Organisation, work: Work) -> Refusal | None:
    """Refuse unless somebody looked lately and found it in none of the four. One SELECT."""
    days = work.rules.number("kyb.check_valid_days")
    found = latest(work.session, organisation.id)
    if found is None or found.checked_at < work.now - timedelta(days=days):
        return Refusal(
            "CREDIT_NOT_CHECKED",
            f"近 {days} 日内没有信用核查记录",
            f"nobody looked into the credit registers within {days} days",
        )
    return refusal(found.flagged)


def refusal(flagged: tuple[str, ...]) -> Refusal | None:
    """Say in which registers it stands; None when in none."""
    if not flagged:
        return None
    return Refusal(
        "CREDIT_RECORD",
        "存在信用问题：" + "、".join(FLAGS[name].zh for name in flagged),
        "it stands in: " + ", ".join(FLAGS[name].en for name in flagged),
    )
