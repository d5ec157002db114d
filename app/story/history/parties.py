"""How the history's firms come in: as anybody does, by a file, a cent and three people."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from stdnum.cn import uscc

from app.story import cast, entry
from app.story.history.hands import Hand
from app.story.history.plan import Firm
from kernel.actor import Duty, Role
from kernel.clock import local_date
from kernel.parties import bank_checks, checks, identity, organisations, people
from marketplace.listings import materials
from marketplace.listings.materials import Material, Paper

STATED: Final = {
    Material.SOURCE_STATEMENT: "数据由本公司在自有业务中产生，未混入其他来源，加工过程留有记录。",
    Material.COMPLIANCE_STATEMENT: "内容与流通符合法律法规，不含个人信息，不损害他人合法权益。",
}
"""What every merchant answers for."""

_DUTIES: Final = (Duty.ORG_ADMIN, Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER, Duty.DATA_ENGINEER,
                  Duty.FINANCE)  # fmt: skip
_BORN: Final = date(1950, 1, 1)
_PAPER: Final = entry.paper("Proof of source")


def bring_in(hand: Hand, firms: Iterable[Firm]) -> None:
    """Bring firms in, from a draft to active; what they list rests on the papers they file."""
    for place, firm in enumerate(firms):
        hand.it_is(hand.act.at, place * 60)
        _bring_in(hand, firm)


def check_again(hand: Hand, logins: Iterable[str]) -> None:
    """Pass the yearly check of firms."""
    source = "信用中国、国家企业信用信息公示系统查询记录（演示）"
    for login in logins:
        firm = hand.by(login).actor.organisation
        clean = dict.fromkeys(checks.FLAGS, False)
        checks.record(hand.by("compliance"), firm, flags=clean, source=source)
        hand.session.flush()
        organisations.take(hand.by("admission"), firm, "reverify")


def code(firm: Firm) -> str:
    """Return the firm's code (统一社会信用代码): valid in form, and nobody's."""
    return completed(f"91{firm.region}MA{'D' if firm.sells else 'E'}A{firm.number:05}")


def completed(body: str) -> str:
    """Return the first seventeen characters of a code with the check character after them."""
    return body + str(uscc.calc_check_digit(body))


def _bring_in(hand: Hand, firm: Firm) -> None:
    house, login = hand.by_house(), f"{firm.key}@demo"
    roles = [Role.MERCHANT] * firm.sells + [Role.BUYER] * firm.buys
    made = organisations.enter(
        house,
        uscc=code(firm),
        name_zh=firm.name.zh,
        name_en=firm.name.en,
        region=firm.region,
        roles=roles,
    )
    person = people.enter(
        house, login=login, name=f"{firm.name.zh}经办人", password=cast.PASSWORD,
        passwords=hand.passwords,
    )  # fmt: skip
    people.join(house, person.id, made.id, _DUTIES)
    newcomer = entry.Newcomer(made.id, firm.name.zh, person.id, _number(firm))
    own = hand.by(firm.key)
    entry.apply(own, newcomer)
    check = entry.name_account(own, newcomer)
    amount = entry.transfer(hand.by("finance"), check)
    bank_checks.echo(own, check, amount_fen=amount)
    entry.review(hand.by("compliance"), newcomer)
    organisations.take(hand.by("admission"), made.id, "approve")
    del hand.actors[firm.key]  # only now it may act as what it is
    if firm.sells:
        _file(hand, firm)


def _file(hand: Hand, firm: Firm) -> None:
    work = hand.by(firm.key)
    for kind, said in STATED.items():
        materials.state(work, kind, said)
    paper = Paper("数据来源证明.pdf", _PAPER, local_date(work.now))
    materials.file(work, Material.SOURCE_PROOF, paper)


def _number(firm: Firm) -> str:
    """Return an identity number of a legal representative who is not: each has their own."""
    born = _BORN + timedelta(days=firm.number * 2 + (not firm.sells))
    return identity.completed(f"430102{born:%Y%m%d}001")
