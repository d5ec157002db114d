"""The rules of the self-check before an application is handed in (规则自检).

Each rule passes, warns or fails, says what is wrong, what would pass, and where. What
fails bars submission; a warning is for the applicant, and for the officer, to weigh.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlalchemy import select

from kernel.errors import Refusal
from kernel.words import Words
from kernel.work import Work
from licensing.applications import admission, drafts, likeness, limits
from licensing.applications.blocks import HOME, SECTIONS, Material, missing
from licensing.applications.cases import Scenario
from licensing.applications.drafts import Draft, Finding, Outcome, fails, warns

Test: TypeAlias = Callable[[Draft, Work], Finding | list[Finding] | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. guarded: the step of submission has a guard of its own that says the same."""

    code: str
    title: Words
    section: int
    field: str
    test: Test
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """What one rule says of one draft. section, field: where to look."""

    code: str
    title: Words
    outcome: Outcome
    says: Words
    passes: Words
    section: int
    field: str


def _complete(number: int) -> Test:
    def test(draft: Draft, _work: Work) -> Finding | None:
        lacking = missing(SECTIONS[number], draft.values)
        if not lacking:
            return None
        zh = "、".join(each.label.zh for each in lacking)
        en = ", ".join(each.label.en for each in lacking)
        return fails(
            f"尚未填写：{zh}", f"not answered: {en}",
            passes=("填写上述各项", "an answer to each"), field=lacking[0].name,
        )  # fmt: skip

    return test


def _meant(draft: Draft, _work: Work) -> Finding | None:
    flaw = draft.scenario.flaw
    if flaw is None:
        return None
    return fails(
        f"所填内容不可用：{flaw['zh']}", f"it cannot be meant: {flaw['en']}",
        passes=("按提示改正", "as it is told"), field=str(flaw["pointer"]).lstrip("/"),
    )  # fmt: skip


def _guard(guard: Callable[[Scenario, Work], Refusal | None], zh: str, en: str) -> Test:
    def test(draft: Draft, work: Work) -> Finding | None:
        refusal = guard(draft.scenario, work)
        return None if refusal is None else fails(refusal.zh, refusal.en, passes=(zh, en))

    return test


def _kept_back(draft: Draft, work: Work) -> Finding | None:
    absent = [
        each for each in _absent(draft) if not work.rules.table(f"materials.{each}")["deferrable"]
    ]
    if not absent:
        return None
    zh, en = _named(absent)
    return fails(
        f"缺少不可容缺的材料：{zh}", f"missing, and never to be deferred: {en}",
        passes=("补齐后再提交", "hand them in first"), field=_PLACE[absent[0]],
    )  # fmt: skip


def _deferred(draft: Draft, work: Work) -> Finding | None:
    promised = drafts.promised(draft)
    left = [
        each
        for each in _absent(draft)
        if work.rules.table(f"materials.{each}")["deferrable"] and each not in promised
    ]
    if not left:
        return None
    zh, en = _named(left)
    return fails(
        f"缺少可容缺的材料而未承诺：{zh}", f"missing and not promised: {en}",
        passes=("提供材料，或在第七节承诺补交", "hand them in, or promise them in section 7"),
        field="commitments",
    )  # fmt: skip


def _promised(draft: Draft, work: Work) -> Finding | None:
    promised = drafts.promised(draft)
    if not promised:
        return None
    barred = admission.may_promise(draft.scenario, work)
    if barred is not None:
        return fails(barred.zh, barred.en, passes=("补齐材料", "hand everything in"))
    known = {str(each): there for each, there in drafts.materials(draft).items()}
    for name in promised:
        if name not in known or not work.rules.table(f"materials.{name}")["deferrable"]:
            return fails(
                f"“{name}”不可容缺", f"{name!r} may not be promised for later",
                passes=("删去这项承诺", "leave it out"),
            )  # fmt: skip
        if known[name]:
            return warns(
                f"“{Material(name).label.zh}”已提供，不必承诺",
                f"{Material(name).label.en} is there already",
                passes=("删去这项承诺", "leave it out"),
            )
    return None


def _alike(draft: Draft, work: Work) -> Finding | None:
    found = likeness.of(work, draft.scenario, limit=3)
    if not found:
        return None
    zh = "；".join(f"{each.code}（{each.why[0].label.zh}）" for each in found)
    en = "; ".join(f"{each.code} ({each.why[0].label.en})" for each in found)
    return warns(
        f"有相似场景：{zh}", f"similar scenarios: {en}",
        passes=("说明区别，或沿用已有授权", "tell the difference, or use what is authorised"),
    )  # fmt: skip


def _renews(draft: Draft, work: Work) -> Finding | None:
    renewed = draft.text("renews_id")
    if not renewed:
        return None
    granted = select(Scenario.id).where(
        Scenario.applicant_id == draft.scenario.applicant_id,
        Scenario.authorisation_id == renewed,
    )
    if work.session.scalars(granted.limit(1)).first() is not None:
        return None
    return fails(
        f"没有可续期的授权 {renewed}", f"no authorisation {renewed} of this applicant",
        passes=("填写本机构的授权编号，或留空", "one of its own, or none"),
    )  # fmt: skip


_PLACE: Final = {
    Material.LEGAL_BASIS: "legal_basis", Material.SOURCE_PROOF: "external_data",
    Material.SECURITY_PLAN: "security_plan", Material.PIPIA: "pipia_digest",
    Material.SIGNATURES: "declaration",
}  # fmt: skip


def _rule(code: int, place: str, zh: str, en: str, test: Test, *, guarded: bool = False) -> Rule:
    return Rule(f"R-{code:02}", Words(zh, en), HOME[place], place, test, guarded)


# fmt: off
RULES: Final = (
    _rule(1, "operator_id", "第一节完整", "section 1 is complete", _complete(1)),
    _rule(2, "title", "第二节完整", "section 2 is complete", _complete(2)),
    _rule(3, "items", "第三节完整", "section 3 is complete", _complete(3)),
    _rule(4, "users", "第四节完整", "section 4 is complete", _complete(4)),
    _rule(5, "security_plan", "第五节完整", "section 5 is complete", _complete(5)),
    _rule(6, "benefit_social", "第六节完整", "section 6 is complete", _complete(6)),
    _rule(7, "declaration", "第七节完整", "section 7 is complete", _complete(7)),
    _rule(8, "title", "所填内容可用", "all of it can be meant", _meant),
    _rule(9, "items", "逐项必要性理由", "a reason for every item", limits.necessity),
    _rule(10, "purpose_text", "一个用途", "one purpose", limits.one_purpose),
    _rule(11, "period_to", "使用期限", "period of use", limits.period),
    _rule(12, "items", "保存期限", "how long it is kept", limits.retention),
    _rule(13, "output_forms", "输出形式与级别", "output against grade", limits.output_form),
    _rule(14, "output_forms", "原始数据不出域", "no raw export", limits.raw_export),
    _rule(15, "output_forms", "处理方式与输出", "treatment against output", limits.transform),
    _rule(16, "items", "够用了吗", "is coarser enough", limits.coarser),
    _rule(17, "items", "目录可供", "directories may supply", limits.supplied, guarded=True),
    _rule(18, "items", "在供数协议之内", "within the agreements", limits.covered, guarded=True),
    _rule(19, "quotas", "限额在协议之内", "quotas within the agreements", limits.quota,
          guarded=True),
    _rule(20, "operator_id", "与运营机构无关联", "not related to the operator",
          _guard(admission.unrelated, "另选运营机构", "another operator"), guarded=True),
    _rule(21, "operator_id", "各方可以办理", "all parties are active",
          _guard(admission.parties_active, "待机构恢复正常", "once they are"), guarded=True),
    _rule(22, "pipia_digest", "个人信息影响评估", "impact assessment", limits.pipia),
    _rule(23, "algorithms", "算法备案", "algorithms are filed", limits.algorithm_filed),
    _rule(24, "min_group_size", "最小分组", "smallest group", limits.group_size),
    _rule(25, "environments", "处理环境与级别", "environment against grade", limits.environment),
    _rule(26, "mlps_level", "等级保护与级别", "MLPS against grade", limits.mlps),
    _rule(27, "external_data", "外部数据权属", "rights in other data", limits.external_data),
    _rule(28, "users", "使用主体列明", "users are named", limits.open_users),
    _rule(29, "purpose_text", "九十日内未被否决", "has not failed lately",
          _guard(admission.failed_lately, "期满后再申请", "once the days are over")),
    _rule(30, "application_field", "十二个月内未被撤销", "not revoked lately",
          _guard(admission.revoked_lately, "期满后再申请", "once the months are over")),
    _rule(31, "purpose_text", "没有相似场景", "nothing alike", _alike),
    _rule(32, "declaration", "不可容缺的材料齐全", "what cannot wait is there", _kept_back),
    _rule(33, "commitments", "可容缺的已承诺", "what can wait is promised", _deferred),
    _rule(34, "commitments", "承诺只限可容缺的", "only what can wait is promised", _promised),
    _rule(35, "commitments", "承诺期限", "when promises fall due", limits.promised_days),
    _rule(36, "renews_id", "续期的授权", "the authorisation to renew", _renews),
)
# fmt: on


def run(work: Work, scenario: Scenario) -> list[Check]:
    """Return what every rule says, in the order of the rules, failed ones more than once."""
    draft = drafts.read(work, scenario)
    return [check for rule in RULES for check in _said(rule, _found(rule, draft, work))]


def failing(work: Work, scenario: Scenario) -> list[Check]:
    """Return what bars submission, without what guards of its own say."""
    draft = drafts.read(work, scenario)
    found = [
        check
        for rule in RULES
        if not rule.guarded
        for check in _said(rule, _found(rule, draft, work))
    ]
    return [check for check in found if check.outcome == Outcome.FAIL]


def _found(rule: Rule, draft: Draft, work: Work) -> list[Finding]:
    found = rule.test(draft, work)
    return [] if found is None else found if isinstance(found, list) else [found]


def _said(rule: Rule, found: Sequence[Finding]) -> list[Check]:
    if not found:
        ok, at = Words("通过", "passes"), (rule.section, rule.field)
        return [Check(rule.code, rule.title, Outcome.PASS, ok, Words("", ""), *at)]
    return [
        Check(rule.code, rule.title, each.outcome, each.says, each.passes, *_where(rule, each))
        for each in found
    ]


def _where(rule: Rule, finding: Finding) -> tuple[int, str]:
    field = finding.field or rule.field
    return HOME.get(field.partition("/")[0], rule.section), field


def _absent(draft: Draft) -> list[Material]:
    return [material for material, there in drafts.materials(draft).items() if not there]


def _named(found: Sequence[Material]) -> tuple[str, str]:
    zh = "、".join(each.label.zh for each in found)
    return zh, ", ".join(each.label.en for each in found)
