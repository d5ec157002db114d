"""Why a use was denied, said in full: the clause, the value that was asked, what would pass."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from catalogue.grades import Term
from kernel.errors import Refusal
from kernel.words import Words
from licensing.deciding import clauses
from licensing.deciding.clauses import DENIALS, Grant
from licensing.deciding.requests import Request
from licensing.exposures import Environment, OutputForm, Transform
from licensing.quotas import Shortage

NAMED: Final = 5
"""Values that a sentence names; of more it names these and says that there are more."""

_Explains = Callable[[Grant, Request, Sequence[Shortage]], Words]


def explain(
    codes: Iterable[str], grant: Grant | None, request: Request, short: Sequence[Shortage]
) -> tuple[Refusal, ...]:
    """Return one reason for each code, with its words. grant: None when there is none."""
    return tuple(Refusal(code, *_said(code, grant, request, short)) for code in codes)


def _said(code: str, grant: Grant | None, request: Request, short: Sequence[Shortage]) -> Words:
    head = DENIALS[code]
    tail = _no_right(request) if grant is None else _TAILS[code](grant, request, short)
    return Words(f"{head.zh}：{tail.zh}", f"{head.en}: {tail.en}")


def _no_right(request: Request) -> Words:
    asked = request.authorisation_id
    return Words(
        f"“{asked}”不是对请求方有效的授权，须以有效授权的编号请求",
        f"“{asked}” is no authorisation that holds for the caller; name one that does",
    )


def _asked(zh: str, en: str, asked: str, fitting: Words) -> Words:
    return Words(
        f"{zh}为“{asked or '（空）'}”，应为{fitting.zh}",
        f"{en} is “{asked or '(none)'}”, it would pass as {fitting.en}",
    )


def _listed(values: Iterable[str]) -> Words:
    found = sorted(values)
    some, more = found[:NAMED], len(found) - NAMED
    zh, en = "、".join(some) or "（无）", ", ".join(some) or "(nothing)"
    return Words(f"{zh} 等{len(found)}项", f"{en} and {more} more") if more > 0 else Words(zh, en)


def _labels(terms: Iterable[Term]) -> Words:
    found = list(terms)
    zh = "、".join(term.label.zh for term in found) or "（无）"
    return Words(zh, ", ".join(term.label.en for term in found) or "(nothing)")


def _label(code: str, kind: type[Term]) -> Words:
    return kind(code).label if code in set(kind) else Words(code, code)


def _items(items: Iterable[tuple[str, str]]) -> Words:
    return _listed("/".join(item) for item in items)


def _not_started(grant: Grant, _request: Request, _short: Sequence[Shortage]) -> Words:
    return Words(
        f"自 {grant.first} 起、经运营机构开通后可用",
        f"it may be used from {grant.first}, once the operator has activated it",
    )


def _expired(grant: Grant, _request: Request, _short: Sequence[Shortage]) -> Words:
    zh, en = "须续期或另行申请", "renew it or apply anew"
    return Words(f"最后一日为 {grant.last}，{zh}", f"its last day was {grant.last}; {en}")


def _suspended(_grant: Grant, _request: Request, _short: Sequence[Shortage]) -> Words:
    return Words("恢复之后方可使用", "it may be used again after it has been resumed")


def _revoked(_grant: Grant, _request: Request, _short: Sequence[Shortage]) -> Words:
    return Words("不可恢复，须另行申请", "it does not come back; another one is needed")


def _purpose(grant: Grant, request: Request, _short: Sequence[Shortage]) -> Words:
    right = f"“{grant.purpose_code}”"
    return _asked("用途", "the purpose", request.purpose_code, Words(right, right))


def _outside(grant: Grant, request: Request, _short: Sequence[Shortage]) -> Words:
    beyond = _items(item for item in request.items if item not in grant.items)
    granted = _items(grant.items)
    return Words(
        f"请求了 {beyond.zh}，授权的数据项为 {granted.zh}",
        f"{beyond.en} was asked for, what is authorised is {granted.en}",
    )


def _weak(grant: Grant, request: Request, _short: Sequence[Shortage]) -> Words:
    needed = [grant.items[item] for item in request.items if item in grant.items]
    weakest = max(needed, default=Transform.RAW).label
    said = _label(request.transform, Transform)
    return Words(
        f"处理方式为“{said.zh}”，至少应为“{weakest.zh}”",
        f"the treatment is “{said.en}”, it has to be “{weakest.en}” at least",
    )


def _form(grant: Grant, request: Request, _short: Sequence[Shortage]) -> Words:
    said, allowed = _label(request.output_form, OutputForm), _labels(map(OutputForm, grant.forms))
    return Words(
        f"输出形式为“{said.zh}”，允许的是{allowed.zh}",
        f"the output form is “{said.en}”, what is allowed is {allowed.en}",
    )


def _user(grant: Grant, request: Request, _short: Sequence[Shortage]) -> Words:
    return _asked("使用主体", "the user", request.organisation_id, _listed(grant.users))


def _region(grant: Grant, request: Request, _short: Sequence[Shortage]) -> Words:
    return _asked("区域", "the region", request.region, _listed(grant.regions))


def _environment(grant: Grant, request: Request, _short: Sequence[Shortage]) -> Words:
    said, least = _label(request.environment, Environment), _labels(grant.environments)
    return Words(
        f"处理环境为“{said.zh}”，至少应为{least.zh}",
        f"the environment is “{said.en}”, it has to be {least.en} at least",
    )


def _quota(_grant: Grant, _request: Request, short: Sequence[Shortage]) -> Words:
    told = [one for one in short if not _is_rate(one)] or list(short)
    return _amounts(told)


def _rate(_grant: Grant, _request: Request, short: Sequence[Shortage]) -> Words:
    said = _amounts([one for one in short if _is_rate(one)])
    return Words(f"{said.zh}；请在下一分钟重试", f"{said.en}; try again in the next minute")


def _amounts(short: Sequence[Shortage]) -> Words:
    return Words(
        "；".join(f"“{one.meter}”请求 {one.asked}，剩余 {one.left}" for one in short),
        "; ".join(f"{one.asked} of “{one.meter}” asked, {one.left} left" for one in short),
    )


def _grade(grant: Grant, request: Request, _short: Sequence[Shortage]) -> Words:
    items = _items(clauses.blocked(grant, request))
    form = _label(request.output_form, OutputForm)
    return Words(
        f"{items.zh} 的现行级别高于评估时的级别，或不得以“{form.zh}”输出；"
        "须重新评估或改用更安全的形式",
        f"the present grade of {items.en} is above the assessed one, or does not allow "
        f"“{form.en}”; have it assessed anew, or use a safer form",
    )


def _consent(grant: Grant, request: Request, _short: Sequence[Shortage]) -> Words:
    items = _items(clauses.unconsented(grant, request))
    return Words(
        f"{items.zh} 须有提供方或个人的同意，请求时注明同意记录",
        f"{items.en} needs the consent of its holder, or of the persons; name the consent",
    )


def _credential(_grant: Grant, request: Request, _short: Sequence[Shortage]) -> Words:
    live = Words("使用主体自己的有效凭据", "a live credential of the user itself")
    return _asked("凭据", "the credential", request.credential, live)


def _idle(grant: Grant, request: Request, _short: Sequence[Shortage]) -> Words:
    stopped = _listed(grant.idle or (request.organisation_id,))
    return Words(f"{stopped.zh} 须先解除冻结", f"{stopped.en} has to be active again first")


def _unpaid(_grant: Grant, _request: Request, _short: Sequence[Shortage]) -> Words:
    return Words("价款足额到账之后方可使用", "it may be used once the price has arrived in full")


def _agreement(_grant: Grant, _request: Request, _short: Sequence[Shortage]) -> Words:
    return Words(
        "每个数据项须有当日生效的供数协议",
        "every item needs a supply agreement that is in effect today",
    )


def _condition(_grant: Grant, request: Request, short: Sequence[Shortage]) -> Words:
    form, only = _label(request.output_form, OutputForm), OutputForm.AGGREGATE_REPORT.label
    part = _amounts(short) if short else Words("配额内", "within the quota")
    return Words(
        f"承诺履行之前只能输出“{only.zh}”（请求为“{form.zh}”），且限额按比例缩减：{part.zh}",
        f"until its promises are kept only “{only.en}” goes out (asked: “{form.en}”), "
        f"and a part of each quota: {part.en}",
    )


def _is_rate(short: Shortage) -> bool:
    return short.meter.endswith("/minute")


def _none(_grant: Grant, request: Request, _short: Sequence[Shortage]) -> Words:
    return _no_right(request)


# fmt: off
_TAILS: Final[dict[str, _Explains]] = {
    "NO_AUTH": _none, "AUTH_NOT_STARTED": _not_started, "AUTH_EXPIRED": _expired,
    "AUTH_SUSPENDED": _suspended, "AUTH_REVOKED": _revoked, "PURPOSE_MISMATCH": _purpose,
    "ITEM_OUT_OF_SCOPE": _outside, "TRANSFORM_TOO_WEAK": _weak,
    "OUTPUT_FORM_NOT_ALLOWED": _form, "USER_OUT_OF_SCOPE": _user,
    "REGION_OUT_OF_SCOPE": _region, "ENV_NOT_ALLOWED": _environment, "QUOTA_EXCEEDED": _quota,
    "GRADE_BLOCKED": _grade, "CONSENT_MISSING": _consent, "CREDENTIAL_REVOKED": _credential,
    "ORG_RESTRICTED": _idle, "ORDER_NOT_PAID": _unpaid, "RATE_LIMITED": _rate,
    "AGREEMENT_INACTIVE": _agreement, "CONDITION_UNMET": _condition,
}
# fmt: on
