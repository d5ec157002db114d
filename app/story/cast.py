"""The cast: seven organisations of a demonstration, their people, and the panel's experts.

Every name says 演示; no real company is given a trade. The codes are valid and invented.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from app import founding, unit
from app.house import House
from app.story import entry
from kernel import ids
from kernel.actor import SYSTEM, Duty, Role
from kernel.parties import organisations, people
from kernel.work import Work

PASSWORD = "databourse-demo"  # noqa: S105 - printed on the sign-in page of a demonstration


@dataclass(frozen=True, slots=True)
class Firm:
    """One organisation of the cast."""

    key: str
    uscc: str
    zh: str
    en: str
    region: str
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Player:
    """One person of the cast; logs in as `<key>@demo`."""

    key: str
    name: str
    firm: str
    duties: tuple[Duty, ...]

    @property
    def login(self) -> str:
        """What the person signs in as."""
        return f"{self.key}@demo"


# fmt: off
FIRMS = (
    Firm("department", "11430000MB00000195", "演示·省气象部门", "Demo Weather Department",
         "430000", (Role.SUPPLY_DEPARTMENT,)),
    Firm("authority", "12430000MB0000027W", "演示·省数据局", "Demo Data Authority",
         "430000", (Role.DATA_AUTHORITY, Role.PRICE_AUTHORITY)),
    Firm("agency", "12430000MB0000043J", "演示·实施机构", "Demo Implementing Agency",
         "430000", (Role.IMPLEMENTING_AGENCY,)),
    Firm("operator", "91430000MAA0000211", "演示·授权运营公司", "Demo Authorised Operator",
         "430000", (Role.AUTHORISED_OPERATOR,)),
    Firm("developer", "91430104MAA00003XP", "演示·枫香科技", "Demo Sweetgum Technology",
         "430104", (Role.DEVELOPER, Role.MERCHANT)),
    Firm("insurer", "91430100MAA000013B", "演示·稻禾保险", "Demo Paddy Insurance",
         "430100", (Role.BUYER,)),
    Firm("exchange", "91430000MAA00005XT", "演示·省数据交易所", "Demo Provincial Data Exchange",
         "430100", (Role.EXCHANGE_OPERATOR,)),
)

PLAYERS = (
    Player("dept",        "演示·气象编目员", "department", (Duty.EDITOR, Duty.DATA_ENGINEER)),
    Player("dept.head",   "演示·气象审批人", "department",
           (Duty.APPROVER, Duty.SIGNER, Duty.CASE_OFFICER)),
    Player("hub",         "演示·目录受理员", "authority",  (Duty.CASE_OFFICER, Duty.REVIEWER)),
    Player("regulator",   "演示·监管员", "authority",  (Duty.SUPERVISOR, Duty.APPROVER)),
    Player("officer",     "演示·经办人", "agency",     (Duty.CASE_OFFICER,)),
    Player("secretary",   "演示·评审秘书", "agency",     (Duty.PANEL_SECRETARY,)),
    Player("approver",    "演示·终审人", "agency",     (Duty.APPROVER, Duty.SIGNER)),
    Player("operator",    "演示·运营经理", "operator",
           (Duty.SIGNER, Duty.DATA_ENGINEER, Duty.EDITOR, Duty.ORG_ADMIN)),
    Player("developer",   "演示·场景负责人", "developer",  (Duty.EDITOR, Duty.SUBMITTER)),
    Player("merchant",    "演示·数商经理", "developer",
           (Duty.SIGNER, Duty.EDITOR, Duty.DATA_ENGINEER, Duty.ORG_ADMIN)),
    Player("buyer",       "演示·采购员", "insurer",
           (Duty.EDITOR, Duty.SIGNER, Duty.FINANCE, Duty.ORG_ADMIN)),
    Player("analyst",     "演示·精算师", "insurer",    (Duty.DATA_ENGINEER,)),
    Player("listing",     "演示·挂牌初审", "exchange",   (Duty.LISTING_OFFICER,)),
    Player("compliance",  "演示·合规复审", "exchange",   (Duty.COMPLIANCE_OFFICER,)),
    Player("security",    "演示·安全审查", "exchange",   (Duty.REVIEWER,)),
    Player("appraiser",   "演示·挂牌专家", "exchange",   (Duty.PANEL_EXPERT,)),
    Player("admission",   "演示·入驻复审", "exchange",   (Duty.APPROVER,)),
    Player("finance",     "演示·结算制单", "exchange",   (Duty.SETTLEMENT_OFFICER,)),
    Player("finance2",    "演示·结算复核", "exchange",   (Duty.SETTLEMENT_OFFICER,)),
    Player("auditor",     "演示·审计员", "exchange",   (Duty.AUDITOR, Duty.STATISTICIAN)),
)

EXPERTS = (
    # number, specialities, employer, from outside the implementing agency
    (1,  ("law",),                 "演示·律师事务所", True),
    (2,  ("security",),            "演示·网络安全研究院", True),
    (3,  ("field",),               "演示·农业气象学会", True),
    (4,  ("technology",),          "演示·数据工程中心", True),
    (5,  ("field", "technology"),  "演示·农业大学", True),
    (6,  ("law",),                 "演示·政法学院", True),
    (7,  ("security",),            "演示·测评中心", True),
    (8,  ("technology",),          "演示·实施机构", False),
    (9,  ("field",),               "演示·保险精算学会", True),
    (10, ("security", "law"),      "演示·密码协会", True),
)
# fmt: on


def players() -> Iterator[Player]:
    """Yield everybody who signs in: the people of the organisations, then the experts."""
    yield from PLAYERS
    for number, *_ in EXPERTS:
        yield Player(f"expert{number}", f"演示·专家{number}", "agency", (Duty.PANEL_EXPERT,))


ADMINISTRATORS = {"operator": "operator", "developer": "merchant", "insurer": "buyer"}
"""Who brings the file of each company; the other organisations are entered at the console."""


def found(house: House) -> dict[str, str]:
    """Enter the whole cast; returns key → id of organisations ("firm:…") and people.

    Who is there already is left as they are, so that it goes on where it was stopped.
    """
    named = _there(house)
    for firm in FIRMS:
        enter = _draft if firm.key in ADMINISTRATORS else _founded
        if f"firm:{firm.key}" not in named:
            with ids.drawn(firm.key):
                named[f"firm:{firm.key}"] = enter(house, firm)
    for player in players():
        if player.key not in named:
            with ids.drawn(player.login):
                named[player.key] = founding.add_person(
                    house,
                    login=player.login,
                    name=player.name,
                    password=PASSWORD,
                    organisation_id=named[f"firm:{player.firm}"],
                    duties=player.duties,
                )
    _admit(house, named)
    return named


def _there(house: House) -> dict[str, str]:
    """Return key → id of those of the cast who are there."""
    found: dict[str, str] = {}
    with house.engines.reading() as session:
        for firm in FIRMS:
            if (there := organisations.by_uscc(session, firm.uscc)) is not None:
                found[f"firm:{firm.key}"] = there.id
        for player in players():
            if (person := people.by_login(session, player.login)) is not None:
                found[player.key] = person.id
    return found


def _founded(house: House, firm: Firm) -> str:
    return founding.add_organisation(
        house,
        uscc=firm.uscc,
        name_zh=firm.zh,
        name_en=firm.en,
        region=firm.region,
        roles=firm.roles,
    )


def _draft(house: House, firm: Firm) -> str:
    def command(work: Work) -> str:
        made = organisations.enter(
            work,
            uscc=firm.uscc,
            name_zh=firm.zh,
            name_en=firm.en,
            region=firm.region,
            roles=firm.roles,
        )
        return made.id

    entered: str = unit.committed(house, SYSTEM, command)
    return entered


def _admit(house: House, named: dict[str, str]) -> None:
    desk = entry.Desk(
        named["firm:exchange"], named["compliance"], named["finance"], named["admission"]
    )
    for firm in FIRMS:
        if firm.key in ADMINISTRATORS:
            administrator = named[ADMINISTRATORS[firm.key]]
            newcomer = entry.Newcomer(
                named[f"firm:{firm.key}"], firm.zh, administrator, entry.NUMBERS[firm.key]
            )
            entry.admit(house, desk, newcomer)
