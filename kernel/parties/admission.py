"""The admission file (入驻档案) of an organisation: who it says it is, and what that lacks.

Source: onboarding's record of an organisation (KYB). The number of the legal
representative's identity document is never stored: a keyed hash and a struck-out text are.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, TypedDict, Unpack

from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.actor import Role
from kernel.clock import Instant, local_date
from kernel.db import Base, Big
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal
from kernel.parties import documents, identity, relations
from kernel.parties import uscc as codes
from kernel.parties.checks import FLAGS
from kernel.parties.reach import reads, registrar, runs
from kernel.parties.rows import Organisation, State
from kernel.words import Words
from kernel.work import Work


class MerchantType(StrEnum):
    """The three kinds of data merchant (数商)."""

    TECHNOLOGY = "technology"
    APPLICATION = "application"
    SERVICE = "service"


class TaxKind(StrEnum):
    """How an organisation is taxed."""

    GENERAL_VAT = "general_vat"
    SMALL_SCALE_VAT = "small_scale_vat"
    NON_VAT = "non_vat"


CAPABILITIES = (
    "supplier",
    "demander",
    "delivery_service",
    "assessment_service",
    "intermediary_service",
    "consulting_service",
    "other",
)
"""What a merchant can do besides its type; none, some or all."""

OPEN = frozenset({State.DRAFT, State.SUPPLEMENTING, State.ACTIVE, State.RESTRICTED})
"""The states in which the file may be written; an application under review lies still."""


class Admission(Base):
    """The file of one organisation, as it stands; every change of it is an event.

    committed_until: the day by which the deferrable documents that are wanting are promised.
    verified_on: when two people last went through it.
    """

    __tablename__ = "admissions"
    __table_args__ = (
        CheckConstraint("registered_capital_fen >= 0", name="capital_not_negative"),
        CheckConstraint("mlps_level BETWEEN 0 AND 4", name="mlps_level_is_0_to_4"),
        Index(None, "licence_valid_to", "organisation_id"),
        Index(None, "verified_on", "organisation_id"),
        Index(None, "committed_until", "organisation_id"),
    )

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    org_kind: Mapped[str]
    registered_capital_fen: Mapped[int] = mapped_column(Big)
    established_on: Mapped[date]
    licence_valid_to: Mapped[date | None]
    business_scope: Mapped[str]
    legal_rep_name: Mapped[str]
    legal_rep_id_hash: Mapped[str]
    legal_rep_id_masked: Mapped[str]
    merchant_type: Mapped[str | None]
    merchant_capabilities: Mapped[list[Any]]
    tax_kind: Mapped[str]
    credit_declared: Mapped[dict[str, Any]]
    mlps_level: Mapped[int]
    mlps_cert_no: Mapped[str | None]
    mlps_valid_to: Mapped[date | None]
    security_officer: Mapped[str]
    dpo: Mapped[str]
    group_code: Mapped[str | None]
    committed_until: Mapped[date | None]
    supplemented: Mapped[bool]
    verified_on: Mapped[date | None]
    filed_at: Mapped[Instant]


class Facts(TypedDict):
    """What an organisation says of itself. Of the legal representative the number, once."""

    org_kind: str
    registered_capital_fen: int
    established_on: date
    licence_valid_to: date | None
    business_scope: str
    legal_rep_name: str
    legal_rep_id_number: str
    merchant_type: str | None
    merchant_capabilities: list[str]
    tax_kind: str
    credit_declared: dict[str, bool]
    mlps_level: int
    mlps_cert_no: str | None
    mlps_valid_to: date | None
    security_officer: str
    dpo: str
    group_code: str | None
    committed_until: date | None


class FileClosed(DomainError):
    """While others decide on a file, its organisation does not write in it."""

    kind = Kind.CONFLICT
    code = "admission-file-closed"
    title = Words("入驻档案当前不可修改", "The admission file cannot be written now")


def file(work: Work, organisation_id: str, **facts: Unpack[Facts]) -> Admission:
    """Write the admission file anew, for the organisation's administrator or the registrar.

    Raises NotFound, FileClosed or Invalid (a day, a promise or a number that cannot be). The
    ties that follow from it, by legal representative and group, are kept with it.
    """
    organisation = work.session.get(Organisation, organisation_id)
    if organisation is None or not (
        runs(work.actor, organisation_id) or registrar.matches(work.actor, None)
    ):
        raise _missing(organisation_id)
    if organisation.state not in OPEN:
        raise FileClosed(f"机构当前为 {organisation.state}", f"it is {organisation.state}")
    _check(work, facts)
    number = identity.normalised(facts["legal_rep_id_number"], pointer="/legal_rep_id_number")
    node = relations.person_node(work, number)
    found = work.session.get(Admission, organisation_id)
    if found is None:
        found = Admission(organisation_id=organisation_id, supplemented=False)
        work.session.add(found)
    for name, value in facts.items():
        if name != "legal_rep_id_number":
            setattr(found, name, value)
    found.legal_rep_id_hash = node.removeprefix(relations.PERSON)
    found.legal_rep_id_masked = identity.struck_out(number)
    found.filed_at = work.now
    _keep_ties(work, organisation, found)
    work.record("organisation.filed", organisation_id, **_written(facts))
    return found


def of(work: Work, organisation_id: str) -> Admission | None:
    """Return the file to those who may read it; None for none. Raises NotFound. One SELECT."""
    if not reads(work.actor, organisation_id):
        raise _missing(organisation_id)
    return work.session.get(Admission, organisation_id)


def established(session: Session, organisation_ids: Iterable[str]) -> dict[str, date]:
    """Return id → the day on which a company came to be, of those that filed it. One SELECT."""
    statement = select(Admission.organisation_id, Admission.established_on).where(
        Admission.organisation_id.in_(set(organisation_ids))
    )
    rows = session.execute(statement)
    return {row.organisation_id: row.established_on for row in rows}


def needed(work: Work, organisation_id: str) -> Admission:
    """Return the file to those who may read it. Raises NotFound, also when there is none."""
    found = of(work, organisation_id)
    if found is None:
        raise NotFound("尚无入驻档案", f"{organisation_id} has no admission file")
    return found


def warnings(organisation: Organisation, found: Admission) -> tuple[Refusal, ...]:
    """Return what a person should look at; none of it bars anything, a human decides."""
    told = list(codes.warnings(organisation.uscc))
    kind = codes.kind_of(organisation.uscc)
    if kind != found.org_kind:
        told.append(
            Refusal(
                "ORG_KIND_MISMATCH",
                f"机构类型与信用代码前两位不符（代码为 {kind}）",
                f"the code speaks of another kind of organisation ({kind})",
            )
        )
    if Role.MERCHANT in organisation.wanted and not any(
        word in found.business_scope for word in ("数据", "信息")
    ):
        told.append(
            Refusal(
                "SCOPE_WITHOUT_DATA",
                "经营范围未载明数据或信息服务",
                "the business scope names neither data nor information services",
            )
        )
    return tuple(told)


# --- guards of the organisation's life cycle ---------------------------------------------


def is_filed(organisation: Organisation, work: Work) -> Refusal | None:
    """Refuse without a file, or a merchant without its type."""
    found = work.session.get(Admission, organisation.id)
    if found is None:
        return Refusal("NO_FILE", "尚未填写入驻档案", "there is no admission file")
    if Role.MERCHANT in organisation.wanted and found.merchant_type is None:
        return Refusal("NO_MERCHANT_TYPE", "数商须选择类型", "a merchant has one of three types")
    return None


def is_documented(organisation: Organisation, work: Work) -> Refusal | None:
    """Refuse while a document is wanting that was not, or may not be, promised. Two SELECTs."""
    roles = {str(role) for role in organisation.wanted}
    wanting = documents.wanting(work, organisation.id, roles)
    found = work.session.get(Admission, organisation.id)
    until = found.committed_until if found else None
    promised = until is not None and until >= local_date(work.now)
    missing = (*wanting.key, *wanting.role, *(() if promised else wanting.deferrable))
    return documents.as_refusal(missing) if missing else None


def is_licensed(organisation: Organisation, work: Work) -> Refusal | None:
    """Refuse when the licence is over."""
    found = work.session.get(Admission, organisation.id)
    if found is None or found.licence_valid_to is None:
        return None
    over = found.licence_valid_to < local_date(work.now)
    return Refusal("LICENCE_EXPIRED", "证照已过期", "the licence is over") if over else None


def not_supplemented(organisation: Organisation, work: Work) -> Refusal | None:
    """Refuse to ask for a supplement a second time."""
    found = work.session.get(Admission, organisation.id)
    if found is None or not found.supplemented:
        return None
    return Refusal("SUPPLEMENTED_BEFORE", "只能要求补正一次", "a supplement is asked for once")


def set_supplemented(organisation: Organisation, work: Work, _data: dict[str, Any]) -> None:
    """Remember that a supplement was asked for."""
    found = work.session.get(Admission, organisation.id)
    if found is not None:
        found.supplemented = True


def set_verified(organisation: Organisation, work: Work, _data: dict[str, Any]) -> None:
    """Remember on which day the file was gone through."""
    found = work.session.get(Admission, organisation.id)
    if found is not None:
        found.verified_on = local_date(work.now)


def release(work: Work, organisation_id: str) -> None:
    """Strike out a promise that was kept in time."""
    found = work.session.get(Admission, organisation_id)
    if found is not None:
        found.committed_until = None
        work.record("organisation.promise_kept", organisation_id)


def _check(work: Work, facts: Facts) -> None:
    today = local_date(work.now)
    if facts["org_kind"] not in list(codes.Kind):
        raise Invalid("没有这种机构类型", "no such kind", pointer="/org_kind")
    if facts["established_on"] > today:
        raise Invalid("成立日期不能晚于今日", "it lies ahead", pointer="/established_on")
    if set(facts["credit_declared"]) != set(FLAGS):
        raise Invalid("四项信用声明均须填写", "all four must be said", pointer="/credit_declared")
    longest = today + timedelta(days=work.rules.number("kyb.commitment_days_max"))
    until = facts["committed_until"]
    if until is not None and not today <= until <= longest:
        raise Invalid(
            f"承诺补交日须在今日至 {longest} 之间",
            f"a promise is for a day until {longest}",
            pointer="/committed_until",
        )
    if facts["mlps_level"] > 0 and not facts["mlps_cert_no"]:
        raise Invalid("请填写等级保护备案号", "the filing has a number", pointer="/mlps_cert_no")


def _keep_ties(work: Work, organisation: Organisation, found: Admission) -> None:
    representative = relations.PERSON + found.legal_rep_id_hash
    relations.keep(
        work, organisation, relations.Kind.SAME_LEGAL_REPRESENTATIVE,
        representative, found.legal_rep_name,
    )  # fmt: skip
    group = relations.GROUP + found.group_code if found.group_code else None
    relations.keep(work, organisation, relations.Kind.SAME_GROUP, group, found.group_code or "")


def _written(facts: Facts) -> dict[str, Any]:
    """Return what the journal keeps of a file: which facts, no names and no numbers of people."""
    private = {"legal_rep_name", "legal_rep_id_number", "security_officer", "dpo"}
    return {name: value for name, value in facts.items() if name not in private}


def _missing(organisation_id: str) -> NotFound:
    return NotFound("没有这家机构", f"no organisation {organisation_id}")
