"""How the companies of the cast come in: their files, a cent in their accounts, three people.

Public bodies and the exchange are entered at its console; whoever trades comes in through
the same rules as anybody: one applies, a second reviews, a third approves.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from app import unit
from app.house import House
from kernel.actor import SYSTEM
from kernel.parties import admission, bank_checks, checks, documents, organisations, people
from kernel.work import Work

FACTS: dict[str, Any] = {
    "org_kind": "enterprise",
    "registered_capital_fen": 5_000_000_000,
    "established_on": date(2016, 5, 9),
    "licence_valid_to": None,
    "business_scope": "数据处理和存储支持服务；信息技术咨询服务；保险业务",
    "merchant_type": "application",
    "merchant_capabilities": ["supplier"],
    "tax_kind": "general_vat",
    "credit_declared": dict.fromkeys(checks.FLAGS, False),
    "mlps_level": 3,
    "mlps_cert_no": "演示-43000000000-00001",
    "mlps_valid_to": None,
    "security_officer": "演示·安全负责人",
    "dpo": "演示·个人信息保护负责人",
    "group_code": None,
    "committed_until": None,
}
NUMBERS = {
    "operator": "430102199003070012",
    "developer": "430102199003070020",
    "insurer": "430102199003070039",
}
BANK = "演示·银行营业部"


@dataclass(frozen=True, slots=True)
class Desk:
    """The people who bring an organisation in, by their ids."""

    exchange: str
    registrar: str
    teller: str
    approver: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A company that has been entered, with its administrator.

    number: of an identity card of its legal representative, invented, with a valid check
    character; what is stored of it is a keyed hash.
    """

    id: str
    name: str
    administrator: str
    number: str


def admit(house: House, desk: Desk, newcomer: Newcomer) -> None:
    """Bring a newcomer from a draft to an active organisation, in one unit of work.

    Who is active already is left so.
    """

    def command(work: Work) -> None:
        if organisations.find(work.session, newcomer.id).state == organisations.State.ACTIVE:
            return

        def by(person: str, organisation: str) -> Work:
            found = people.actor(work.session, person, organisation)
            if found is None:
                raise LookupError(f"{person} does not act for {organisation}")
            return replace(work, actor=found)

        own = by(newcomer.administrator, newcomer.id)
        apply(own, newcomer)
        check_id = name_account(own, newcomer)
        amount = transfer(by(desk.teller, desk.exchange), check_id)
        bank_checks.echo(own, check_id, amount_fen=amount)
        review(by(desk.registrar, desk.exchange), newcomer)
        organisations.take(by(desk.approver, desk.exchange), newcomer.id, "approve")

    unit.committed(house, SYSTEM, command)


def apply(work: Work, newcomer: Newcomer) -> None:
    """Hand in the company's file."""
    facts = {**FACTS, "legal_rep_name": f"{newcomer.name}法定代表人"}
    admission.file(work, newcomer.id, **facts, legal_rep_id_number=newcomer.number)
    for doc_type, named in documents.TYPES.items():
        name = f"{newcomer.name}-{named.zh}.pdf"
        documents.file(
            work,
            newcomer.id,
            doc_type=doc_type,
            name=name,
            content=paper(f"{newcomer.id} {doc_type}"),
        )
    organisations.take(work, newcomer.id, "submit")


def paper(title: str) -> bytes:
    """Return a PDF of one blank page with this title, in ASCII: what a scanner would send."""
    parts = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
        f"<< /Title ({title}) >>",
    )
    body, places = "%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n{part}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(parts) + 1
    tail = f"trailer << /Size {size} /Root 1 0 R /Info 4 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {size}\n0000000000 65535 f \n{table}{tail}".encode("ascii")


def name_account(work: Work, newcomer: Newcomer) -> str:
    """Name the account into which a cent is sent; returns the id of the check."""
    made = bank_checks.request(
        work,
        newcomer.id,
        account_name=newcomer.name,
        bank_name=BANK,
        number=f"6222{newcomer.number[:14]}",
    )
    return made.id


def transfer(work: Work, check_id: str) -> int:
    """Send what proves the account; returns how much, in fen."""
    _, amount_fen = bank_checks.order(work, check_id)
    bank_checks.take(work, check_id, "send")
    return amount_fen


def review(work: Work, newcomer: Newcomer) -> None:
    """Look into the registers of credit, and pass the file on."""
    source = "信用中国、国家企业信用信息公示系统查询记录（演示）"
    checks.record(work, newcomer.id, flags=dict.fromkeys(checks.FLAGS, False), source=source)
    opinion = "材料齐全，信用无异常（演示）"
    organisations.take(work, newcomer.id, "pass_first", opinion=opinion)
