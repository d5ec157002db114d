"""A bank account (收款账户) to which a party's money may be paid, once it is verified.

The number is sealed; what is shown is its last four characters. A payout keeps the account
that it was requested for; a number is never changed, another account is registered instead.
"""

import re
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, Index, LargeBinary, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Duty, its, system_only
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import DomainError, Invalid, Kind, Refusal
from kernel.parties import bank_checks, organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from settlement import access, bank_files

_NUMBER: Final = re.compile(r"[0-9A-Z]{8,34}", re.ASCII)


class State(StrEnum):
    """Whether money may be paid to it."""

    REGISTERED = "registered"
    VERIFIED = "verified"
    RETIRED = "retired"


class BankAccount(Living, Base):
    """One account of one party.

    party_id: an organisation, or "treasury:<region>" for the treasury (国库). verified_by: a
    person, or the small transfer by which the organisation proved it.
    """

    __tablename__ = "bank_accounts"
    __table_args__ = (
        CheckConstraint("verified_by <> registered_by", name="verified_by_another"),
        CheckConstraint(
            "state <> 'verified' OR verified_by IS NOT NULL", name="verified_by_somebody"
        ),
        Index(
            "uq_bank_accounts_one_verified_per_party",
            "party_id",
            unique=True,
            sqlite_where=text("state = 'verified'"),
            postgresql_where=text("state = 'verified'"),
        ),
        Index(None, "party_id", "id"),
    )

    party_id: Mapped[str]
    account_name: Mapped[str]
    bank_name: Mapped[str]
    number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    number_masked: Mapped[str]
    registered_by: Mapped[str]
    registered_at: Mapped[Instant]
    verified_by: Mapped[str | None]
    verified_at: Mapped[Instant | None]


class NoVerifiedAccount(DomainError):
    """Nothing is paid to an account that nobody has verified (I-62)."""

    kind = Kind.CONFLICT
    code = "no-verified-account"
    title = Words("没有已核验的收款账户", "There is no verified bank account")


its_treasurer: Final = its("party", "party_id", Duty.FINANCE, Duty.SIGNER, Duty.ORG_ADMIN)


def _is_the_only_one(account: BankAccount, work: Work) -> Refusal | None:
    if _verified(work.session, account.party_id) is None:
        return None
    return Refusal(
        "OTHER_ACCOUNT_VERIFIED",
        "该主体已有核验账户，须先停用",
        "the party has a verified account; retire it first",
    )


def _set_verified(account: BankAccount, work: Work, _data: dict[str, Any]) -> None:
    account.verified_by, account.verified_at = work.actor.person, work.now


def _is_proved(account: BankAccount, work: Work) -> Refusal | None:
    if bank_checks.proof(work, account.party_id, number(work, account)) is not None:
        return None
    return Refusal(
        "NOT_PROVED",
        "该账号没有通过小额打款验证",
        "no small transfer to this account was told back",
    )


def _set_proved(account: BankAccount, work: Work, _data: dict[str, Any]) -> None:
    with work.session.no_autoflush:  # the row is not whole before it says by what
        proof = bank_checks.proof(work, account.party_id, number(work, account))
    account.verified_by, account.verified_at = proof.id if proof else None, work.now


# fmt: off
LIFE: Workflow[State, BankAccount] = Workflow(
    "bank_account", State, State.REGISTERED,
    step("verify", {State.REGISTERED}, State.VERIFIED, access.settler,
         when=(access.four_eyes("registered_by"), _is_the_only_one), then=(_set_verified,),
         asks=(ask("evidence", label=Words("核验依据", "How it was verified")),),
         says="bank_account.verified", label=Words("核验", "Verify")),
    step("prove",  {State.REGISTERED}, State.VERIFIED, (access.settler, its_treasurer),
         when=(_is_proved, _is_the_only_one), then=(_set_proved,),
         says="bank_account.proved",
         label=Words("以小额打款结果核验", "Verify by the small transfer")),
    step("retire", {State.REGISTERED, State.VERIFIED}, State.RETIRED,
         (access.settler, its_treasurer, system_only),
         asks=(REASON,), says="bank_account.retired", label=Words("停用", "Retire")),
)
# fmt: on


def register(
    work: Work, *, party_id: str, account_name: str, bank_name: str, number: str
) -> BankAccount:
    """Register an account for verification, by the party itself or a settlement officer.

    Raises Invalid when the number is none or the name is not the party's own (same-name
    rule, 同名账户), NotFound or NotActive for the party.
    """
    if not its_treasurer.matches(work.actor, _Of(party_id)):
        access.require(work, access.settler, "bank_account.register")
    plain = bank_files.account_number(number)
    if not _NUMBER.fullmatch(plain):
        raise Invalid("账号须为 8 至 34 位", "a number has 8 to 34 characters", pointer="/number")
    _check_name(work, party_id, account_name)
    account_id = ids.new("acc_", work.now)
    made = BankAccount(
        id=account_id,
        state=State.REGISTERED,
        party_id=party_id,
        account_name=account_name,
        bank_name=bank_name,
        number_sealed=work.crypto.seal(plain.encode(), account_id.encode()),
        number_masked=bank_files.masked(plain),
        registered_by=work.actor.person,
        registered_at=work.now,
    )
    work.session.add(made)
    work.record(
        "bank_account.registered", made.id, party_id=party_id, number_masked=made.number_masked
    )
    return made


def number(work: Work, account: BankAccount) -> str:
    """Return the whole number, for the bank alone."""
    return work.crypto.open(account.number_sealed, account.id.encode()).decode()


def require_verified(session: Session, party_id: str) -> BankAccount:
    """Return the party's account. Raises NoVerifiedAccount. One SELECT on an index."""
    found = _verified(session, party_id)
    if found is None:
        named = organisations.names(session, [party_id]).get(party_id, Words(party_id, party_id))
        raise NoVerifiedAccount(f"{named.zh} 没有已核验账户", f"{named.en} has no verified account")
    return found


_OWN: Final = access.overseen(
    BankAccount, LIFE, Words("没有这个收款账户", "no bank account"), "party_id"
)
find, seen, listed, take = _OWN.find, _OWN.seen, _OWN.listed, _OWN.take


class _Of:
    """A party that has no account yet, for the question whose it would be."""

    def __init__(self, party_id: str) -> None:
        self.party_id = party_id


def _check_name(work: Work, party_id: str, account_name: str) -> None:
    if party_id == access.treasury(work.rules):
        return
    party = organisations.require_active(work.session, party_id)
    if not bank_files.same_name(account_name, party.name_zh):
        raise Invalid(
            f"户名须与“{party.name_zh}”一致",
            f"the account must be in the name of {party.name_zh}",
            pointer="/account_name",
        )


def _verified(session: Session, party_id: str) -> BankAccount | None:
    statement = select(BankAccount).where(
        BankAccount.party_id == party_id, BankAccount.state == State.VERIFIED
    )
    return session.scalars(statement).one_or_none()
