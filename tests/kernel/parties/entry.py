"""A newcomer to the exchange: its file, its papers, and the three people who bring it in."""

import dataclasses
from datetime import date
from typing import Any

from kernel.actor import Duty, Role
from kernel.clock import Instant
from kernel.parties import (
    admission,
    bank_checks,
    checks,
    documents,
    organisations,
    people,
)
from kernel.parties.organisations import Organisation
from kernel.work import Work
from tests.conftest import NOON, PASSWORDS, WorkAs, work_of

CODE = "91110108717743469K"
OTHER_CODE = "91430000MAA00005XT"
FACTS: dict[str, Any] = {
    "org_kind": "enterprise",
    "registered_capital_fen": 1_000_000_000,
    "established_on": date(2015, 3, 1),
    "licence_valid_to": date(2030, 1, 1),
    "business_scope": "数据处理和存储支持服务",
    "legal_rep_name": "演示·法定代表人",
    "legal_rep_id_number": "11010519491231002X",
    "merchant_type": "technology",
    "merchant_capabilities": ["supplier"],
    "tax_kind": "general_vat",
    "credit_declared": dict.fromkeys(checks.FLAGS, False),
    "mlps_level": 0,
    "mlps_cert_no": None,
    "mlps_valid_to": None,
    "security_officer": "演示·安全负责人",
    "dpo": "演示·个人信息保护负责人",
    "group_code": None,
    "committed_until": None,
}
KEY = (
    "business_licence",
    "authorisation_letter",
    "admin_id_copy",
    "commitment_letter",
    "platform_agreement",
)
PAPERS = (*KEY, "mlps_certificate", "credit_report", "security_plan")
ADMINISTERS = (Duty.ORG_ADMIN, Duty.FINANCE)
PAPER = b"%PDF-1.4 a licence"
CLEAN = dict.fromkeys(checks.FLAGS, False)


def number(seed: int) -> str:
    """Return a valid identity number, another for each seed of 0 to 999."""
    stem = f"43010219900307{seed:03}"
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(stem))
    return stem + "10X98765432"[total % 11]


def registrar(work_as: WorkAs) -> Work:
    return work_as("per_exchange_compliance")


def entered(
    work_as: WorkAs, *, uscc: str = CODE, roles: tuple[Role, ...] = (Role.MERCHANT,)
) -> Organisation:
    """Enter an organisation, as a draft, with an administrator who logs in as <code>@test."""
    work = registrar(work_as)
    made = organisations.enter(
        work,
        uscc=uscc,
        name_zh=f"演示·{uscc}",
        name_en=f"Demo {uscc}",
        region="430100",
        roles=roles,
    )
    work.session.flush()
    people.admit(
        work, made.id, login=f"{uscc.lower()}@test", name="管理员", password="long enough",
        passwords=PASSWORDS, identity_number=number(int(uscc[-4:-1], 36) % 1000),
        duties=ADMINISTERS,
    )  # fmt: skip
    return made


def admin(work_as: WorkAs, organisation: Organisation, *, at: Instant = NOON) -> Work:
    """Return a unit of work by the administrator of an organisation that was `entered`."""
    session = work_as("system").session
    session.flush()
    person = people.by_login(session, f"{organisation.uscc.lower()}@test")
    assert person is not None
    actor = people.actor(session, person.id, organisation.id)
    assert actor is not None
    return dataclasses.replace(work_of(session, "system", at=at), actor=actor)


def filed(work_as: WorkAs, organisation: Organisation, *papers: str, **facts: Any) -> None:
    """Write the file and show the papers; every one, if none is named."""
    work = admin(work_as, organisation)
    admission.file(work, organisation.id, **{**FACTS, **facts})
    for doc_type in papers or PAPERS:
        documents.file(
            work, organisation.id, doc_type=doc_type, name=f"{doc_type}.pdf", content=PAPER
        )


def banked(work_as: WorkAs, organisation: Organisation) -> bank_checks.BankCheck:
    """Verify an account of the organisation."""
    work = admin(work_as, organisation)
    check = bank_checks.request(
        work, organisation.id, account_name=organisation.name_zh, bank_name="演示银行",
        number="6222 0000 1111 2222",
    )  # fmt: skip
    work.session.flush()
    teller = work_as("per_exchange_settler")
    _, amount_fen = bank_checks.order(teller, check.id)
    bank_checks.take(teller, check.id, "send")
    return bank_checks.echo(work, check.id, amount_fen=amount_fen)


def submitted(work_as: WorkAs, **facts: Any) -> Organisation:
    """Bring a newcomer as far as its application."""
    made = entered(work_as)
    filed(work_as, made, **facts)
    organisations.take(admin(work_as, made), made.id, "submit")
    return made


def passed(work_as: WorkAs) -> Organisation:
    """Bring a newcomer past the first review, with a verified account."""
    made = submitted(work_as)
    banked(work_as, made)
    first = registrar(work_as)
    checks.record(first, made.id, flags=CLEAN, source="信用中国查询记录 演示")
    first.session.flush()
    organisations.take(first, made.id, "pass_first", opinion="材料齐全")
    return made


def admitted(work_as: WorkAs) -> Organisation:
    """Bring a newcomer in."""
    made = passed(work_as)
    organisations.take(work_as("per_exchange_approver"), made.id, "approve")
    made_session = work_as("system").session
    made_session.flush()
    return made
