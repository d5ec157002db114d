"""A statement in camt.053 and in MT940, with holes that a test fills."""

from collections.abc import Iterable
from typing import Final

from tests.settlement.money import CUSTODY

BOMB: Final = """<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><x>&b;</x></Document>"""

Movement = tuple[str, str, str, str]
"""Amount, CRDT or DBIT, the bank's reference, the text."""


def camt(
    *movements: Movement,
    version: str = "08",
    opening: str = "0.00",
    closing: str = "0.00",
    more: str = "",
    number: int = 1,
) -> str:
    """Write a statement; more: entries as they are."""
    entries = "".join(entry(*one, version=version) for one in movements)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>M{number}</MsgId></GrpHdr><Stmt><Id>C053-{number}</Id>"
        f"<ElctrncSeqNb>{number}</ElctrncSeqNb><Acct><Id><Othr><Id>{CUSTODY}</Id></Othr></Id>"
        f"<Ccy>CNY</Ccy></Acct>{balance('OPBD', opening)}{balance('CLBD', closing)}"
        f"{entries}{more}</Stmt></BkToCstmrStmt></Document>"
    )


def balance(code: str, amount: str) -> str:
    """Write a balance; one below zero is a debit."""
    mark = "DBIT" if amount.startswith("-") else "CRDT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="CNY">{amount.lstrip("-")}</Amt><CdtDbtInd>{mark}</CdtDbtInd>'
        f"<Dt><Dt>2026-07-01</Dt></Dt></Bal>"
    )


def entry(
    amount: str,
    mark: str,
    reference: str,
    text: str,
    *,
    version: str = "08",
    status: str = "BOOK",
    on: str = "2026-07-01",
    more: str = "",
) -> str:
    """Write an entry of one transaction, by a counterparty 甲公司."""
    other = "Dbtr" if mark == "CRDT" else "Cdtr"
    name = "<Nm>甲公司</Nm>" if version == "02" else "<Pty><Nm>甲公司</Nm></Pty>"
    booked = status if version == "02" else f"<Cd>{status}</Cd>"
    return (
        f'<Ntry><Amt Ccy="CNY">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd><Sts>{booked}</Sts>'
        f"<BookgDt><Dt>{on}</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef>{more}"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>E2E-{reference}</EndToEndId></Refs>"
        f"<RltdPties><{other}>{name}</{other}><{other}Acct><Id><Othr><Id>6222 0000</Id></Othr>"
        f"</Id></{other}Acct></RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
        f"</NtryDtls></Ntry>"
    )


def details(parts: Iterable[tuple[str, str]], *, whole: str) -> str:
    """Write an entry with several transactions: amount and end-to-end reference each."""
    inner = "".join(
        f'<TxDtls><Refs><EndToEndId>{e2e}</EndToEndId></Refs><Amt Ccy="CNY">{amount}</Amt></TxDtls>'
        for amount, e2e in parts
    )
    return (
        f'<Ntry><Amt Ccy="CNY">{whole}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><DtTm>2026-07-01T10:00:00</DtTm></BookgDt><AcctSvcrRef>B1</AcctSvcrRef>"
        f"<NtryDtls>{inner}</NtryDtls></Ntry>"
    )


def mt940(
    *lines: str,
    opening: str = "C260701CNY0,",
    closing: str = "C260701CNY1000,50",
    number: str = "12",
) -> str:
    """Write a statement of :61: and :86: lines."""
    body = "\r\n".join(lines)
    return (
        f":20:STMT{number}\r\n:25:BKCHCNBJ/{CUSTODY}\r\n:28C:{number}/1\r\n:60F:{opening}\r\n"
        f"{body}\r\n:62F:{closing}\r\n-"
    )
