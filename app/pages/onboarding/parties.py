"""The page of one organisation: to everybody who it is, to its own and its overseers the file."""

from datetime import date
from typing import Any

from flask import Blueprint, render_template

from app import doors, languages, problems, unit
from app.pages import account, forms, shown
from app.pages.onboarding.queue import role_name
from app.pages.wording.roles import GRANTED
from kernel.actor import Duty, Role
from kernel.clock import local_date
from kernel.errors import Invalid
from kernel.parties import (
    admission,
    bank_checks,
    checks,
    contents,
    documents,
    organisations,
    people,
    reach,
    relations,
    roles,
    uscc,
    vigil,
)
from kernel.parties.admission import CAPABILITIES, Admission, MerchantType, TaxKind
from kernel.parties.organisations import Organisation
from kernel.parties.relations import Kind, Other
from kernel.words import Words
from kernel.work import Work

blueprint = Blueprint("party_pages", __name__)

KINDS: dict[str, Words] = {
    "enterprise": Words("企业", "enterprise"),
    "sole_trader": Words("个体工商户", "sole trader"),
    "farmers_coop": Words("农民专业合作社", "farmers' co-operative"),
    "government": Words("机关", "government body"),
    "institution": Words("事业单位", "public institution"),
    "mass_org": Words("群团组织", "mass organisation"),
    "social_org": Words("社会团体", "social organisation"),
    "private_non_enterprise": Words("民办非企业单位", "private non-enterprise"),
    "foundation": Words("基金会", "foundation"),
    "law_firm": Words("律师事务所", "law firm"),
    "other": Words("其他", "other"),
}
WORDS: dict[str, Words] = {
    **KINDS,
    "technology": Words("技术型", "technology"),
    "application": Words("应用型", "application"),
    "service": Words("服务型", "service"),
    "supplier": Words("供方", "supplier"),
    "demander": Words("需方", "demander"),
    "delivery_service": Words("数据交付服务", "delivery service"),
    "assessment_service": Words("数据专业评估服务", "assessment service"),
    "intermediary_service": Words("数据专业中介服务", "intermediary service"),
    "consulting_service": Words("数据专业咨询服务", "consulting service"),
    "general_vat": Words("一般纳税人", "general VAT"),
    "small_scale_vat": Words("小规模纳税人", "small-scale VAT"),
    "non_vat": Words("非增值税纳税人", "no VAT"),
    "shareholder": Words("股东", "shareholder"),
    "controls": Words("控制", "control"),
    "same_controller": Words("同一实际控制人", "same controller"),
    "same_group": Words("同一集团", "same group"),
    "same_legal_representative": Words("同一法定代表人", "same legal representative"),
    "declared": Words("申报关联", "declared"),
    **checks.FLAGS,
    **documents.TYPES,
}


@blueprint.get("/organisations/<organisation_id>")
@doors.members("read")
def party(organisation_id: str) -> Any:
    """Show an organisation; its file only to its own and to those who oversee it."""
    work = unit.current()
    found = organisations.seen(work, organisation_id)
    reads = reach.reads(work.actor, found.id)
    return render_template(
        "onboarding/party.html",
        party=found,
        record=shown.record(found, work, organisations.LIFE),
        roles=[_role(work, one) for one in found.roles],
        file=_file(work, found) if reads else None,
        clock=shown.clock(work, found.id) if reads else None,
        events=shown.timeline(work, found.id) if reads else [],
    )


def _file(work: Work, found: Organisation) -> dict[str, Any]:
    written = admission.of(work, found.id)
    wanting = documents.wanting(work, found.id, {str(role) for role in found.wanted})
    own = reach.runs(work.actor, found.id)
    registers = reach.registrar.matches(work.actor, None)
    ties, ended = relations.of(work, found.id, after=shown.after(), limit=shown.PAGE)
    ways = relations.seen(work, found.id, on=local_date(work.now))
    return {
        "written": written,
        "warnings": problems.refusals(admission.warnings(found, written)) if written else [],
        "light": _light(work, written),
        "due_on": vigil.due_on(work, written) if written else None,
        "writes": (own or registers) and found.state in admission.OPEN,
        "papers": documents.in_force(work.session, found.id),
        "kept": contents.kept(work, found.id),
        "opens": documents.opens(work.actor, found.id),
        "wanting": wanting,
        "check": checks.latest(work.session, found.id),
        "looks": reach.officiates(work.actor),
        "banks": [_bank(work, one) for one in _banks(work, found)],
        "transfers": reach.teller.matches(work.actor, None),
        "own": own,
        "ties": [(tie, ended.get(tie.id)) for tie in ties.items],
        "next": ties.next,
        "ways": ways,
        "names": shown.names(work, [way.organisation_id for way in ways]),
        "people": list(people.names(work.session, _members(work, found)).values()),
        "admits": people.may_admit(work, found.id),
        "duties": [str(duty) for duty in Duty],
        "choices": _choices(found),
        "flags": _said(checks.FLAGS),
        "doc_types": _said(documents.TYPES),
    }


def _members(work: Work, found: Organisation) -> list[str]:
    page = people.of(work.session, found.id, after=None, limit=shown.PAGE)
    return [member.person_id for member in page.items]


def _choices(found: Organisation) -> dict[str, list[tuple[str, str]]]:
    groups = {
        "org_kind": uscc.Kind,
        "merchant_type": MerchantType,
        "tax_kind": TaxKind,
        "capabilities": CAPABILITIES,
        "ties": Kind,
    }
    listed = {
        name: [(str(code), languages.said(WORDS[code])) for code in codes]
        for name, codes in groups.items()
    }
    more = [(role.value, role_name(role)) for role in GRANTED if role not in found.wanted]
    return {**listed, "roles": more}


def _said(words: dict[str, Words]) -> dict[str, str]:
    return {code: languages.said(each) for code, each in words.items()}


def _light(work: Work, written: Admission | None) -> dict[str, Any] | None:
    if written is None or written.licence_valid_to is None:
        return None
    left = (written.licence_valid_to - local_date(work.now)).days
    return shown.light(vigil.light(work, written), left)


def _role(work: Work, one: roles.OrganisationRole) -> dict[str, Any]:
    record = shown.record(one, work, roles.LIFE)
    return {"name": role_name(one.role), "granted_at": one.granted_at, "record": record}


def _banks(work: Work, found: Organisation) -> list[bank_checks.BankCheck]:
    return bank_checks.of(work, found.id, after=None, limit=shown.SHORT).items


def _bank(work: Work, one: bank_checks.BankCheck) -> dict[str, Any]:
    return {
        "bank_name": one.bank_name,
        "number": one.number_masked,
        "tries": one.tries,
        "record": shown.record(one, work, bank_checks.LIFE),
    }


# --- what its forms send ------------------------------------------------------------------


@blueprint.post("/organisations/<organisation_id>/file")
@doors.members("write")
def write(organisation_id: str) -> Any:
    """Write the admission file."""
    given: dict[str, Any] = {
        **{name: forms.text(name, max=most) for name, most in _TEXTS.items()},
        **{name: forms.text(name, max=60) or None for name in _OPTIONAL},
        **{name: _day(name) for name in ("licence_valid_to", "mlps_valid_to", "committed_until")},
        "registered_capital_fen": forms.money("registered_capital").minor,
        "established_on": forms.day("established_on"),
        "merchant_capabilities": [
            each for each in forms.many("merchant_capabilities") if each in CAPABILITIES
        ],
        "credit_declared": {name: forms.text(name) == "1" for name in checks.FLAGS},
        "mlps_level": forms.number("mlps_level"),
    }
    _known(given, "merchant_type", (None, *MerchantType))
    _known(given, "tax_kind", TaxKind)
    _known(given, "mlps_level", range(5))
    admission.file(unit.current(), organisation_id, **given)
    return account.back()


_TEXTS = {
    "org_kind": 60,
    "business_scope": 2_000,
    "legal_rep_name": 60,
    "legal_rep_id_number": 30,
    "tax_kind": 60,
    "security_officer": 60,
    "dpo": 60,
}
_OPTIONAL = ("merchant_type", "mlps_cert_no", "group_code")


@blueprint.post("/organisations/<organisation_id>/credit-checks")
@doors.members("write")
def look(organisation_id: str) -> Any:
    """Record what the four credit registers say."""
    flags = {name: forms.text(name) == "1" for name in checks.FLAGS}
    source = forms.text("source", max=500)
    if not source:
        raise Invalid("请写明查询来源", "say where it was looked up", pointer="/source")
    checks.record(unit.current(), organisation_id, flags=flags, source=source)
    return account.back()


@blueprint.post("/organisations/<organisation_id>/bank-checks")
@doors.members("write")
def name_account(organisation_id: str) -> Any:
    """Ask for a small transfer to an account."""
    bank_checks.request(
        unit.current(),
        organisation_id,
        account_name=forms.text("account_name", max=120),
        bank_name=forms.text("bank_name", max=120),
        number=forms.text("number", max=60),
    )
    return account.back()


@blueprint.post("/bank-checks/<check_id>/order")
@doors.members("write")
def transfer(check_id: str) -> Any:
    """Show the settlement officer what to transfer; that it was read is recorded."""
    work = unit.current()
    number, amount_fen = bank_checks.order(work, check_id)
    check = bank_checks.seen(work, check_id)
    return render_template(
        "onboarding/transfer.html",
        check=check,
        number=number,
        amount_fen=amount_fen,
        record=shown.record(check, work, bank_checks.LIFE),
    )


@blueprint.post("/bank-checks/<check_id>/echo")
@doors.members("write")
def echo(check_id: str) -> Any:
    """Say how much came."""
    bank_checks.echo(unit.current(), check_id, amount_fen=forms.number("amount_fen"))
    return account.back()


@blueprint.post("/organisations/<organisation_id>/people")
@doors.members("write")
def admit(organisation_id: str) -> Any:
    """Enter a person who acts for the organisation."""
    duties = forms.many("duties")
    if not duties or not set(duties) <= set(Duty):
        raise Invalid("请选择职责", "choose a duty", pointer="/duties")
    people.admit(
        unit.current(),
        organisation_id,
        duties=[Duty(duty) for duty in duties],
        passwords=unit.house().passwords,
        login=forms.text("login", max=people.LOGIN_MAX),
        name=forms.text("name", max=60),
        password=forms.text("password", max=people.PASSWORD_MAX),
        identity_number=forms.text("person_number", max=30),
    )
    return account.back()


@blueprint.post("/organisations/<organisation_id>/roles")
@doors.members("write")
def ask_role(organisation_id: str) -> Any:
    """Ask for one more role."""
    wanted = forms.text("role", max=60)
    if wanted not in set(GRANTED):
        raise Invalid("没有这个角色", "there is no such role", pointer="/role")
    roles.request(unit.current(), organisation_id, Role(wanted))
    return account.back()


@blueprint.post("/organisations/<organisation_id>/ties")
@doors.members("write")
def tie(organisation_id: str) -> Any:
    """Declare a tie."""
    kind = forms.text("kind", max=60)
    if kind not in set(Kind):
        raise Invalid("没有这种关联关系", "there is no such tie", pointer="/kind")
    other = Other(
        name=forms.text("other_name", max=120),
        uscc=forms.text("uscc", max=40) or None,
        identity_number=forms.text("identity_number", max=30) or None,
        group_code=forms.text("group_code", max=60) or None,
    )
    share = forms.points("share") if forms.text("share") else None
    relations.declare(unit.current(), organisation_id, Kind(kind), other, share_bp=_share(share))
    return account.back()


@blueprint.post("/ties/<tie_id>/end")
@doors.members("write")
def untie(tie_id: str) -> Any:
    """End a tie today."""
    relations.end(unit.current(), tie_id)
    return account.back()


def _share(share: int | None) -> int | None:
    if share is not None and not 1 <= share <= 10_000:
        raise Invalid("持股比例为 0.01 至 100", "a share is 0.01 to 100 percent", pointer="/share")
    return share


def _day(name: str) -> date | None:
    return forms.day(name) if forms.text(name, max=10) else None


def _known(given: dict[str, Any], name: str, known: Any) -> None:
    if given[name] not in list(known):
        raise Invalid("请从列表中选择", "choose from the list", pointer=f"/{name}")
