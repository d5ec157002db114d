"""A small-amount transfer (小额打款): the proof that a bank account is the organisation's own.

Source: onboarding's bank account. The house pays 1 to 99 fen into the account that the
organisation names; whoever reads its statement can say how much it was. The account's
name must be the organisation's. Amount and number are stored sealed.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Actor, Duty, Who, system_only
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import Invalid, NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, keyset
from kernel.parties.reach import approver, reads, registrar, runs, teller
from kernel.parties.rows import Organisation
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step

FEN_MAX = 99
_PROOFS = 20


class State(StrEnum):
    """Where a check stands."""

    REQUESTED = "requested"
    SENT = "sent"
    VERIFIED = "verified"
    FAILED = "failed"


class BankCheck(Living, Base):
    """One check of one account. tries: how often another amount was named."""

    __tablename__ = "bank_checks"
    __table_args__ = (
        CheckConstraint("tries >= 0", name="tries_not_negative"),
        Index(
            "uq_bank_checks_one_open_each",
            "organisation_id",
            unique=True,
            sqlite_where=text("state IN ('requested', 'sent')"),
            postgresql_where=text("state IN ('requested', 'sent')"),
        ),
        Index(None, "organisation_id", "id"),
        Index(None, "state", "id"),
    )

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    account_name: Mapped[str]
    bank_name: Mapped[str]
    number_masked: Mapped[str]
    number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    amount_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    tries: Mapped[int]
    requested_at: Mapped[Instant]
    verified_at: Mapped[Instant | None]


_its_account_holder = Who(
    "its organisation org_admin/finance",
    lambda actor, check: _holds(actor, check.organisation_id),
)


def _tries_left(check: BankCheck, work: Work) -> Refusal | None:
    if check.tries + 1 < work.rules.number("kyb.bank_tries"):
        return None
    return Refusal("TRIES_USED_UP", "回填次数已用完", "no tries are left")


def _count(check: BankCheck, _work: Work, _data: dict[str, Any]) -> None:
    check.tries += 1


def _set_verified(check: BankCheck, work: Work, _data: dict[str, Any]) -> None:
    check.verified_at = work.now


# fmt: off
LIFE: Workflow[State, BankCheck] = Workflow(
    "bank_check", State, State.REQUESTED,
    step("send",   {State.REQUESTED}, State.SENT, teller,
         says="bank_check.sent", label=Words("已打款", "Mark as transferred")),
    step("miss",   {State.SENT}, State.SENT, _its_account_holder,
         when=(_tries_left,), then=(_count,), own_door=True,
         says="bank_check.missed", label=Words("回填不符", "Wrong amount")),
    step("verify", {State.SENT}, State.VERIFIED, _its_account_holder,
         then=(_set_verified,), own_door=True,
         says="bank_check.verified", label=Words("回填相符", "Right amount")),
    step("fail",   {State.SENT}, State.FAILED, system_only, then=(_count,), own_door=True,
         says="bank_check.failed", label=Words("验证失败", "Fail")),
    step("cancel", {State.REQUESTED, State.SENT}, State.FAILED, (teller, approver),
         asks=(REASON,), says="bank_check.cancelled", label=Words("撤销验证", "Cancel")),
)
# fmt: on


def request(
    work: Work, organisation_id: str, *, account_name: str, bank_name: str, number: str
) -> BankCheck:
    """Ask for a transfer to an account of the organisation's name.

    number: 8 to 32 digits. Raises NotFound, Invalid, or StepRefused while a check is open.
    """
    organisation = work.session.get(Organisation, organisation_id)
    if organisation is None or not (
        _holds(work.actor, organisation_id) or registrar.matches(work.actor, None)
    ):
        raise NotFound("没有这家机构", f"no organisation {organisation_id}")
    if account_name != organisation.name_zh:
        raise Invalid(
            "户名须与机构名称一致", "the account is in another name", pointer="/account_name"
        )
    digits = "".join(number.split())
    if not (digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 32):
        raise Invalid("账号为 8 至 32 位数字", "an account has 8 to 32 digits", pointer="/number")
    if _open(work.session, organisation_id) is not None:
        waiting = Refusal("CHECK_OPEN", "已有待完成的验证", "another check is not finished")
        raise StepRefused(waiting.zh, waiting.en, (waiting,))
    made_id = ids.new("bck_", work.now)
    made = BankCheck(
        id=made_id,
        state=State.REQUESTED,
        organisation_id=organisation_id,
        account_name=account_name,
        bank_name=bank_name,
        number_masked=f"{'*' * (len(digits) - 4)}{digits[-4:]}",
        number_sealed=work.crypto.seal(digits.encode(), _bound(made_id, "number")),
        amount_sealed=work.crypto.seal(str(_drawn()).encode(), _bound(made_id, "amount")),
        tries=0,
        requested_at=work.now,
    )
    work.session.add(made)
    work.record("bank_check.requested", made.id, organisation=organisation_id)
    return made


def order(work: Work, check_id: str) -> tuple[str, int]:
    """Return number and amount in fen of the transfer to make; for the settlement officer.

    Every such look is recorded. Raises NotFound or StepNotAllowed.
    """
    check = find(work.session, check_id)
    if not teller.matches(work.actor, None):
        raise StepNotAllowed("只有结算岗可以查看打款信息", "this is for a settlement officer")
    work.record("bank_check.read", check.id)
    number = work.crypto.open(check.number_sealed, _bound(check.id, "number")).decode()
    return number, _amount(work, check)


def echo(work: Work, check_id: str, *, amount_fen: int) -> BankCheck:
    """Say how much came. Right: verified; wrong: one try fewer, and after the last it fails.

    Raises NotFound, StepNotAllowed or StepRefused.
    """
    check = seen(work, check_id)
    if amount_fen == _amount(work, check):
        LIFE.take("verify", check, work)
    elif _tries_left(check, work) is None or check.state != State.SENT:
        LIFE.take("miss", check, work)
    elif _its_account_holder.matches(work.actor, check):
        LIFE.take("fail", check, work.as_system())
    else:
        raise StepNotAllowed("只有本机构可以回填金额", "only its own organisation may say")
    return check


def is_verified(organisation: Organisation, work: Work) -> Refusal | None:
    """Refuse an organisation none of whose accounts is verified. One SELECT on an index."""
    statement = select(BankCheck.id).where(
        BankCheck.organisation_id == organisation.id, BankCheck.state == State.VERIFIED
    )
    if work.session.scalars(statement.limit(1)).first() is not None:
        return None
    return Refusal(
        "BANK_NOT_VERIFIED", "银行账户尚未通过小额打款验证", "no bank account has been verified"
    )


def proof(work: Work, organisation_id: str, number: str) -> BankCheck | None:
    """Return the check by which an account was proved to be the organisation's own, if any.

    number: without spaces. At most 20 checks are looked at, the newest. One SELECT.
    """
    statement = (
        select(BankCheck)
        .where(BankCheck.organisation_id == organisation_id, BankCheck.state == State.VERIFIED)
        .order_by(BankCheck.id.desc())
        .limit(_PROOFS)
    )
    for check in work.session.scalars(statement):
        if work.crypto.open(check.number_sealed, _bound(check.id, "number")).decode() == number:
            return check
    return None


def of(work: Work, organisation_id: str, *, after: str | None, limit: int) -> Page[BankCheck]:
    """Return one page of an organisation's checks, newest first. Raises NotFound. One SELECT."""
    if not (reads(work.actor, organisation_id) or _holds(work.actor, organisation_id)):
        raise NotFound("没有这家机构", f"no organisation {organisation_id}")
    statement = select(BankCheck).where(BankCheck.organisation_id == organisation_id)
    by = ((BankCheck.id, "desc"),)
    return keyset(work.session, statement, by=by, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def waiting(work: Work, *, after: str | None, limit: int) -> Page[BankCheck]:
    """Return one page of the checks that wait for a transfer, oldest first. One SELECT."""
    if not teller.matches(work.actor, None):
        raise StepNotAllowed("只有结算岗可以查看", "this is for a settlement officer")
    statement = select(BankCheck).where(BankCheck.state == State.REQUESTED)
    by = ((BankCheck.id, "asc"),)
    return keyset(work.session, statement, by=by, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def find(session: Session, check_id: str) -> BankCheck:
    """Return the check. Raises NotFound. One SELECT by key."""
    found = session.get(BankCheck, check_id)
    if found is None:
        raise NotFound("没有这项验证", f"no bank check {check_id}")
    return found


def seen(work: Work, check_id: str) -> BankCheck:
    """Return the check for its organisation or an overseer. Raises NotFound. One SELECT."""
    found = find(work.session, check_id)
    organisation_id = found.organisation_id
    if not (reads(work.actor, organisation_id) or _holds(work.actor, organisation_id)):
        raise NotFound("没有这项验证", f"no bank check {check_id}")
    return found


def take(work: Work, check_id: str, name: str, **data: Any) -> BankCheck:
    """Take one step in a check's life. Raises what `Workflow.take` raises."""
    found = seen(work, check_id)
    LIFE.take(name, found, work, **data)
    return found


def _holds(actor: Actor, organisation_id: str) -> bool:
    return runs(actor, organisation_id) or (
        actor.organisation == organisation_id and Duty.FINANCE in actor.duties
    )


def _open(session: Session, organisation_id: str) -> BankCheck | None:
    statement = select(BankCheck).where(
        BankCheck.organisation_id == organisation_id,
        BankCheck.state.in_([State.REQUESTED, State.SENT]),
    )
    return session.scalars(statement).one_or_none()


def _drawn() -> int:
    return int(ids.digest(ids.secret()), 16) % FEN_MAX + 1


def _amount(work: Work, check: BankCheck) -> int:
    return int(work.crypto.open(check.amount_sealed, _bound(check.id, "amount")))


def _bound(check_id: str, what: str) -> bytes:
    return f"bank_check:{check_id}:{what}".encode()
