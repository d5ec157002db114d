"""A mandate (委托授权): what an agent may do in its principal's name, signed by both.

Drawn up by the principal; in force once both have signed, for its term; revoked at once by
the principal, given up by the agent, or ended by the exchange. What runs by then goes on.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, TypedDict

from kernel import ids, numbers
from kernel.actor import Duty, Role, any_of, its
from kernel.clock import local_date
from kernel.errors import Invalid, Refusal
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from licensing import signatures
from marketplace import access, products
from marketplace.listings import months
from marketplace.mandated.mandate_rows import Mandate, Power, State
from marketplace.templates import texts

PRODUCTS_MAX: Final = 200
_TEXT_VERSION: Final = 1
_SECTIONS: Final = frozenset("ABCDEFGHIJKLMNOPQRST")


class Terms(TypedDict):
    """What a principal grants. agent_id: to whom. The rest: as `Mandate` has it."""

    agent_id: str
    product_ids: Sequence[str]
    industries: Sequence[str]
    powers: Sequence[Power]
    commission_bp: int
    valid_from: date
    valid_to: date


_DUTIES: Final = (Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)
granter: Final = any_of(Role.MERCHANT, *_DUTIES)
principal_signer = its("principal", "principal_id", Duty.SIGNER)
agent_signer = its("agent", "agent_id", Duty.SIGNER)
principal = its("principal", "principal_id", *_DUTIES)
agent = its("agent", "agent_id", *_DUTIES)
enders = (
    any_of(Role.EXCHANGE_OPERATOR, Duty.COMPLIANCE_OFFICER),
    any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR),
)


def _has_not_signed(found: Mandate, work: Work) -> Refusal | None:
    if signatures.signed_by(work.session, found.id, work.actor.organisation):
        return Refusal("ALREADY_SIGNED", "贵机构已签署", "your organisation has signed it")
    return None


def _is_not_over(found: Mandate, work: Work) -> Refusal | None:
    if local_date(work.now) <= found.valid_to:
        return None
    return Refusal("TERM_OVER", "委托期限已过", "its term is over")


def _sign(found: Mandate, work: Work, _data: dict[str, Any]) -> None:
    signatures.sign(work, found.id, text_digest=found.text_digest)


def _date(found: Mandate, work: Work, _data: dict[str, Any]) -> None:
    found.signed_at = work.now


_BOTH: Final = (principal_signer, agent_signer)
_ANYWHERE: Final = frozenset({State.TO_SIGN, State.HALF_SIGNED, State.SIGNED})
# fmt: off
LIFE: Workflow[State, Mandate] = Workflow(
    "mandate", State, State.TO_SIGN,
    step("sign_first",  {State.TO_SIGN}, State.HALF_SIGNED, _BOTH, when=(_is_not_over,),
         then=(_sign,), says="mandate.signed_first", label=Words("签署", "Sign")),
    step("sign_second", {State.HALF_SIGNED}, State.SIGNED, _BOTH, not_by=("sign_first",),
         when=(_is_not_over, _has_not_signed), then=(_date, _sign),
         says="mandate.signed", label=Words("签署", "Sign")),
    step("revoke",      _ANYWHERE, State.REVOKED, principal, asks=(REASON,),
         says="mandate.revoked", label=Words("撤销委托", "Revoke")),
    step("renounce",    _ANYWHERE, State.REVOKED, agent, asks=(REASON,),
         says="mandate.renounced", label=Words("辞去委托", "Give it up")),
    step("forbid",      _ANYWHERE, State.REVOKED, enders, asks=(REASON,),
         says="mandate.forbidden", label=Words("责令终止", "End it")),
)
# fmt: on


def grant(work: Work, terms: Terms) -> Mandate:
    """Draw up a mandate for another merchant, to be signed by both.

    Raises StepNotAllowed, NotFound, NotActive, and Invalid with a pointer.
    """
    access.require(work, granter, None, "mandate.grant")
    _check(work, terms)
    series = f"MD-{local_date(work.now).year}"
    made = Mandate(
        id=ids.new("man_", work.now),
        state=State.TO_SIGN,
        code=f"{series}-{numbers.following(work.session, series):06}",
        principal_id=work.actor.organisation,
        agent_id=terms["agent_id"],
        product_ids=sorted(set(terms["product_ids"])),
        industries=sorted(set(terms["industries"])),
        powers=sorted({Power(each).value for each in terms["powers"]}),
        commission_bp=terms["commission_bp"],
        valid_from=terms["valid_from"],
        valid_to=terms["valid_to"],
        drawn_at=work.now,
        signed_at=None,
    )
    made.text = _written(work, made)
    made.text_digest = work.crypto.digest(made.text.encode())
    work.session.add(made)
    work.record("mandate.granted", made.id, code=made.code, text_digest=made.text_digest)
    return made


def is_live(found: Mandate, on: date) -> bool:
    """Tell whether a mandate allows anything on a day. Pure."""
    return found.state == State.SIGNED and found.valid_from <= on <= found.valid_to


def is_whole(work: Work, found: Mandate) -> bool:
    """Tell whether the text is what was signed, and every signature under it holds."""
    return signatures.is_whole(
        work.session, work.crypto, found.id, text=found.text, text_digest=found.text_digest
    )


_OURS: Final = access.overseen(
    Mandate, LIFE, Words("没有这份委托", "no mandate"), "principal_id", "agent_id"
)
find, seen, listed, take = _OURS.find, _OURS.seen, _OURS.listed, _OURS.take


def _check(work: Work, terms: Terms) -> None:
    today, years = local_date(work.now), work.rules.number("trade.mandate_years_max")
    agent_id, most = terms["agent_id"], work.rules.number("trade.mandate_commission_max_bp")
    if agent_id == work.actor.organisation:
        raise Invalid("不得委托自己", "nobody is its own agent", pointer="/agent_id")
    if Role.MERCHANT not in organisations.require_active(work.session, agent_id).granted:
        raise Invalid("受托方须为数商", "an agent is a merchant", pointer="/agent_id")
    last = months.last_day(terms["valid_from"], years=years, today=today)
    if not (terms["valid_from"] <= terms["valid_to"] and today <= terms["valid_to"] <= last):
        zh, en = f"期限不正确，止日不晚于 {last}", f"its term ends today or later, until {last}"
        raise Invalid(zh, en, pointer="/valid_to")
    if not 0 <= terms["commission_bp"] <= most:
        zh, en = f"佣金为 0–{most} 基点", f"a commission is 0 to {most} basis points"
        raise Invalid(zh, en, pointer="/commission_bp")
    if not terms["powers"] or not {str(each) for each in terms["powers"]} <= set(Power):
        raise Invalid("请选择授权事项", "say what the agent may do", pointer="/powers")
    _check_scope(work, terms)


def _check_scope(work: Work, terms: Terms) -> None:
    wanted, sections = terms["product_ids"], terms["industries"]
    if not wanted and not sections:
        zh, en = "请指定产品或行业", "name products, or industries"
        raise Invalid(zh, en, pointer="/product_ids")
    if len(wanted) > PRODUCTS_MAX:
        zh, en = f"至多 {PRODUCTS_MAX} 个产品", f"at most {PRODUCTS_MAX} products"
        raise Invalid(zh, en, pointer="/product_ids")
    if not set(sections) <= _SECTIONS:
        zh, en = "行业为国民经济行业门类代码", "an industry is a section of GB/T 4754"
        raise Invalid(zh, en, pointer="/industries")
    for product_id in sorted(set(wanted)):
        products.own_version(work, product_id)


def _written(work: Work, made: Mandate) -> str:
    titles = products.titles(work.session, made.product_ids)
    said = {
        "code": made.code,
        "drawn_on": local_date(work.now).isoformat(),
        "valid_from": made.valid_from.isoformat(),
        "valid_to": made.valid_to.isoformat(),
        "industries": " ".join(made.industries) or "—",
        "commission": f"{made.commission_bp / 100:.2f}%",
    }
    for lang in ("zh", "en"):
        said[f"products_{lang}"] = "\n".join(titles[each].said(lang) for each in titles) or "—"
        joined = "、" if lang == "zh" else "; "
        said[f"powers_{lang}"] = joined.join(Power(each).label.said(lang) for each in made.powers)
    for party, organisation_id in (("principal", made.principal_id), ("agent", made.agent_id)):
        said |= texts.named(work.session, party, organisation_id)
    return texts.written("mandate", _TEXT_VERSION, said)
