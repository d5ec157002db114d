"""The people of the tests: seven organisations, and who does what in each."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

from kernel.actor import Duty, Role
from kernel.crypto import CryptoProvider
from marketplace.listings.materials import STATED, Filed, Material

ORGANISATIONS: dict[str, tuple[str, str, str, str, tuple[Role, ...]]] = {
    "org_dept": (
        "11430000MB00000195", "演示·省气象部门", "Demo Weather Department", "430000",
        (Role.SUPPLY_DEPARTMENT,),
    ),
    "org_hub": (
        "12430000MB0000027W", "演示·省数据局", "Demo Data Authority", "430000",
        (Role.DATA_AUTHORITY, Role.PRICE_AUTHORITY),
    ),
    "org_agency": (
        "91430100MAA000013B", "演示·实施机构", "Demo Implementing Agency", "430000",
        (Role.IMPLEMENTING_AGENCY,),
    ),
    "org_operator": (
        "91430000MAA0000211", "演示·运营机构", "Demo Operator", "430000",
        (Role.AUTHORISED_OPERATOR,),
    ),
    "org_developer": (
        "91430104MAA00003XP", "演示·枫香科技", "Demo Sweetgum Technology", "430104",
        (Role.DEVELOPER, Role.MERCHANT),
    ),
    "org_buyer": (
        "9144030071526726XG", "演示·保险公司", "Demo Insurer", "430100", (Role.BUYER,),
    ),
    "org_exchange": (
        "914403001922038216", "演示·交易所", "Demo Exchange", "430100",
        (Role.EXCHANGE_OPERATOR,),
    ),
    "org_other": (
        "91330100799655058B", "演示·旁人公司", "Demo Bystander", "430200",
        (Role.BUYER, Role.MERCHANT, Role.DEVELOPER),
    ),
    "org_roads": (
        "11430000MB00000863", "演示·省交通部门", "Demo Transport Department", "430000",
        (Role.SUPPLY_DEPARTMENT,),
    ),
}  # fmt: skip

PEOPLE: dict[str, tuple[str, tuple[Duty, ...]]] = {
    "per_dept_editor": ("org_dept", (Duty.EDITOR, Duty.DATA_ENGINEER)),
    "per_dept_approver": ("org_dept", (Duty.APPROVER, Duty.SIGNER, Duty.CASE_OFFICER)),
    "per_hub_officer": ("org_hub", (Duty.CASE_OFFICER,)),
    "per_hub_reviewer": ("org_hub", (Duty.REVIEWER,)),
    "per_hub_supervisor": ("org_hub", (Duty.SUPERVISOR, Duty.APPROVER)),
    "per_agency_officer": ("org_agency", (Duty.CASE_OFFICER,)),
    "per_agency_secretary": ("org_agency", (Duty.PANEL_SECRETARY,)),
    "per_agency_approver": ("org_agency", (Duty.APPROVER,)),
    "per_operator_signer": ("org_operator", (Duty.SIGNER, Duty.DATA_ENGINEER)),
    "per_operator_editor": ("org_operator", (Duty.EDITOR,)),
    "per_developer_editor": ("org_developer", (Duty.EDITOR, Duty.SUBMITTER)),
    "per_developer_signer": ("org_developer", (Duty.SIGNER, Duty.DATA_ENGINEER)),
    "per_buyer_editor": ("org_buyer", (Duty.EDITOR, Duty.FINANCE, Duty.DATA_ENGINEER)),
    "per_buyer_signer": ("org_buyer", (Duty.SIGNER,)),
    "per_exchange_listing": ("org_exchange", (Duty.LISTING_OFFICER,)),
    "per_exchange_compliance": ("org_exchange", (Duty.COMPLIANCE_OFFICER,)),
    "per_exchange_security": ("org_exchange", (Duty.REVIEWER,)),
    "per_exchange_expert": ("org_exchange", (Duty.PANEL_EXPERT,)),
    "per_exchange_settler": ("org_exchange", (Duty.SETTLEMENT_OFFICER,)),
    "per_exchange_checker": ("org_exchange", (Duty.SETTLEMENT_OFFICER,)),
    "per_exchange_approver": ("org_exchange", (Duty.APPROVER, Duty.STATISTICIAN)),
    "per_exchange_auditor": ("org_exchange", (Duty.AUDITOR,)),
    "per_exchange_admin": ("org_exchange", (Duty.PLATFORM_ADMIN,)),
    "per_other_editor": ("org_other", (Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)),
    "per_roads_editor": ("org_roads", (Duty.EDITOR, Duty.DATA_ENGINEER)),
    "per_roads_approver": ("org_roads", (Duty.APPROVER, Duty.CASE_OFFICER)),
    **{f"per_expert_{number}": ("org_agency", (Duty.PANEL_EXPERT,)) for number in range(1, 13)},
}

PASSWORD = "correct-horse-7"


PAPER = b"%PDF-1.7 what was shown"


def documents(at: datetime, crypto: CryptoProvider) -> Iterator[Filed]:
    """Yield what the merchants show of everything that they list: statements and files."""
    for owner, person in (("org_developer", "per_developer_editor"),
                          ("org_other", "per_other_editor")):  # fmt: skip
        for kind in Material:
            stated = kind in STATED
            name, digest = f"mat_{owner}_{kind}", hashlib.sha256(PAPER).hexdigest()
            yield Filed(
                id=name,
                owner_id=owner,
                product_id=None,
                kind=kind.value,
                form="statement" if stated else "file",
                name="" if stated else f"{kind}.pdf",
                said="数据来源清楚，取得与使用合法合规。" if stated else "",
                media_type=None if stated else "application/pdf",
                digest=digest,
                issued_on=None if stated else at.date(),
                sealed=None if stated else crypto.seal(PAPER, f"{name}:{digest}".encode()),
                filed_by=person,
                filed_at=at,
            )
