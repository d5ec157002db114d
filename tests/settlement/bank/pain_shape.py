"""The shape of a pain.001.001.09, as far as its schema says it of what this house writes.

For each element its children in their order, how often each may occur, and for each leaf what
may stand in it (ISO 20022, CustomerCreditTransferInitiationV09).
"""

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_MANY: Final = 10**6
_CHILDREN: Final[dict[str, tuple[tuple[str, int, int], ...]]] = {
    "Document": (("CstmrCdtTrfInitn", 1, 1),),
    "CstmrCdtTrfInitn": (("GrpHdr", 1, 1), ("PmtInf", 1, _MANY)),
    "GrpHdr": (("MsgId", 1, 1), ("CreDtTm", 1, 1), ("Authstn", 0, 2), ("NbOfTxs", 1, 1),
               ("CtrlSum", 0, 1), ("InitgPty", 1, 1), ("FwdgAgt", 0, 1)),
    "PmtInf": (("PmtInfId", 1, 1), ("PmtMtd", 1, 1), ("BtchBookg", 0, 1), ("NbOfTxs", 0, 1),
               ("CtrlSum", 0, 1), ("PmtTpInf", 0, 1), ("ReqdExctnDt", 1, 1),
               ("PoolgAdjstmntDt", 0, 1), ("Dbtr", 1, 1), ("DbtrAcct", 1, 1),
               ("DbtrAgt", 1, 1), ("DbtrAgtAcct", 0, 1), ("InstrForDbtrAgt", 0, 1),
               ("UltmtDbtr", 0, 1), ("ChrgBr", 0, 1), ("ChrgsAcct", 0, 1),
               ("ChrgsAcctAgt", 0, 1), ("CdtTrfTxInf", 1, _MANY)),
    "CdtTrfTxInf": (("PmtId", 1, 1), ("PmtTpInf", 0, 1), ("Amt", 1, 1), ("XchgRateInf", 0, 1),
                    ("ChrgBr", 0, 1), ("UltmtDbtr", 0, 1), ("CdtrAgt", 0, 1),
                    ("CdtrAgtAcct", 0, 1), ("Cdtr", 0, 1), ("CdtrAcct", 0, 1),
                    ("UltmtCdtr", 0, 1), ("Purp", 0, 1), ("RmtInf", 0, 1)),
    "PmtId": (("InstrId", 0, 1), ("EndToEndId", 1, 1), ("UETR", 0, 1)),
    "Amt": (("InstdAmt", 1, 1),),
    "InitgPty": (("Nm", 0, 1),), "Dbtr": (("Nm", 0, 1),), "Cdtr": (("Nm", 0, 1),),
    "DbtrAcct": (("Id", 1, 1), ("Ccy", 0, 1), ("Nm", 0, 1)),
    "CdtrAcct": (("Id", 1, 1), ("Ccy", 0, 1), ("Nm", 0, 1)),
    "Id": (("IBAN", 0, 1), ("Othr", 0, 1)),
    "Othr": (("Id", 1, 1),),
    "DbtrAgt": (("FinInstnId", 1, 1),), "CdtrAgt": (("FinInstnId", 1, 1),),
    "FinInstnId": (("BICFI", 0, 1), ("Nm", 0, 1)),
    "ReqdExctnDt": (("Dt", 0, 1), ("DtTm", 0, 1)),
    "RmtInf": (("Ustrd", 0, _MANY),),
}  # fmt: skip
_LEAVES: Final = {
    "MsgId": r".{1,35}", "PmtInfId": r".{1,35}", "InstrId": r".{1,35}", "EndToEndId": r".{1,35}",
    "CreDtTm": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)?",
    "NbOfTxs": r"[0-9]{1,15}", "CtrlSum": r"\d{1,16}(\.\d{1,2})?", "PmtMtd": r"TRF|CHK|TRA",
    "Nm": r".{1,140}", "Dt": r"\d{4}-\d\d-\d\d", "ChrgBr": r"DEBT|CRED|SHAR|SLEV",
    "InstdAmt": r"\d{1,13}(\.\d{1,2})?", "Ccy": r"[A-Z]{3}", "Ustrd": r".{1,140}",
    "IBAN": r"[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}", "Id": r".{1,34}",
    "BICFI": r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?",
}  # fmt: skip


def faults(content: bytes) -> list[str]:
    """Return what of a file is not as the schema has it, and sums that are not what they say."""
    root = fromstring(content)
    if root.tag != f"{{{NAMESPACE}}}Document":
        return [f"root {root.tag}"]
    return [*_of(root, "Document"), *_sums(root)]


def _of(node: Element, path: str) -> Iterator[str]:
    name = _local(node)
    found = [_local(child) for child in node]
    if not found:
        yield from _leaf(node, name, path)
        return
    allowed = _CHILDREN.get(name, ())
    order = [child for child, _, _ in allowed]
    if [one for one in order for _ in range(found.count(one))] != found:
        yield f"{path}: {found}"
    for child, least, most in allowed:
        if not least <= found.count(child) <= most:
            yield f"{path}/{child}: {found.count(child)} times"
    for each in node:
        yield from _of(each, f"{path}/{_local(each)}")


def _leaf(node: Element, name: str, path: str) -> Iterator[str]:
    if not re.fullmatch(_LEAVES.get(name, r"\Z\A"), node.text or ""):
        yield f"{path}: {node.text!r}"
    if name == "InstdAmt" and not re.fullmatch(r"[A-Z]{3}", node.get("Ccy", "")):
        yield f"{path}: no currency"


def _sums(root: Element) -> Iterator[str]:
    for level in ("GrpHdr", "PmtInf"):
        for part in root.iter(f"{{{NAMESPACE}}}{level}"):
            amounts = [_fen(one) for one in root.iter(f"{{{NAMESPACE}}}InstdAmt")]
            said = {_local(one): one for one in part}
            if int(said["NbOfTxs"].text or 0) != len(amounts):
                yield f"{level}/NbOfTxs"
            if _fen(said["CtrlSum"]) != sum(amounts):
                yield f"{level}/CtrlSum"


def _fen(node: Element) -> int:
    yuan, _, rest = (node.text or "").partition(".")
    return int(yuan) * 100 + int(rest.ljust(2, "0"))


def _local(node: Element) -> str:
    return str(node.tag).rpartition("}")[2]
