"""What an application may ask for, by the grade and kind of its data: rules of the self-check."""

from typing import Final

from catalogue.grades import Grade, PiClass
from kernel.errors import Refusal
from kernel.work import Work
from licensing.applications import admission, supplies
from licensing.applications.drafts import Draft, Finding, day, fails, is_digest, warns, whole
from licensing.applications.terms import months_after
from licensing.exposures import Environment, OutputForm, Transform
from licensing.misfits import Part

MONTHS_USUAL: Final = 12

# fmt: off
EXPOSING_MOST: Final = {
    # The most exposing output that data of this grade may have (delivery matrix).
    Grade.G1: OutputForm.RECORD_API, Grade.G2: OutputForm.RECORD_API,
    Grade.G3: OutputForm.MASKED_DATASET, Grade.G4: OutputForm.MODEL_PARAMETERS,
    Grade.IMPORTANT: OutputForm.MODEL_PARAMETERS,
}
EXPOSING_MOST_PI: Final = {
    PiClass.NONE: OutputForm.RECORD_API, PiClass.ORDINARY: OutputForm.MASKED_RECORD_API,
    PiClass.SENSITIVE: OutputForm.MODEL_PARAMETERS,
    PiClass.MINOR_UNDER_14: OutputForm.AGGREGATE_REPORT,
}
GUARDED_BY: Final = {
    # The weakest environment in which data of this grade may be processed.
    Grade.G1: Environment.API_GATEWAY, Grade.G2: Environment.API_GATEWAY,
    Grade.G3: Environment.TRUSTED_DOMAIN_SANDBOX, Grade.G4: Environment.FEDERATED,
    Grade.IMPORTANT: Environment.MPC, Grade.CORE: Environment.TEE,
}
MLPS: Final = {
    # The level of classified protection (等级保护) that data of this grade needs.
    Grade.G1: 1, Grade.G2: 1, Grade.G3: 2, Grade.G4: 3, Grade.IMPORTANT: 3, Grade.CORE: 4,
}
SEVERAL: Final = ("以及其他用途", "等用途", "同时用于", "并用于", "兼用于", "and also for",
                  "other purposes")
# fmt: on


def necessity(draft: Draft, work: Work) -> Finding | None:
    """Ask a reason of enough characters for every item."""
    least = work.rules.number("scenario.necessity_characters_min")
    short = [each for each in draft.wanted if len(each.reason) < least]
    if not short:
        return None
    named = ", ".join(each.item_code or f"#{each.place + 1}" for each in short[:10])
    return fails(
        f"{len(short)} 个数据项的必要性理由不足 {least} 字：{named}",
        f"{len(short)} items have reasons under {least} characters: {named}",
        passes=(f"每项写足 {least} 字", f"at least {least} characters each"),
        field=f"items/{short[0].place}/necessity_reason",
    )


def one_purpose(draft: Draft, work: Work) -> Finding | None:
    """Ask for one purpose, in so many characters at most."""
    most = work.rules.number("scenario.purpose_characters_max")
    text = draft.text("purpose_text")
    if len(text) > most:
        return fails(
            f"用途说明 {len(text)} 字，超过 {most} 字",
            f"{len(text)} characters, over {most}",
            passes=(f"不超过 {most} 字", f"at most {most} characters"),
        )
    met = [word for word in SEVERAL if word in text.casefold()]
    if not met:
        return None
    return warns(
        f"“{met[0]}”像是另有用途",
        f"“{met[0]}” reads like a second purpose",
        passes=("一个场景只写一个用途，其他用途另行申请", "one scenario, one purpose"),
    )


def period(draft: Draft, work: Work) -> Finding | None:
    """Ask for a period that is not backwards, nor over, nor longer than the rules allow."""
    first, last = draft.day("period_from"), draft.day("period_to")
    if first is None or last is None:
        return None
    most = work.rules.number("scenario.period_months_max")
    passes = (f"起止顺序正确且不超过 {most} 个月", f"at most {most} months, and not backwards")
    if last < first or last >= months_after(first, most):
        return fails(
            f"使用期限 {first} 至 {last} 不可用", f"{first} to {last} will not do", passes=passes
        )
    if last >= months_after(first, MONTHS_USUAL):
        return warns(
            f"使用期限超过通常的 {MONTHS_USUAL} 个月",
            f"longer than the usual {MONTHS_USUAL} months",
            passes=(f"不超过 {MONTHS_USUAL} 个月", f"at most {MONTHS_USUAL} months"),
        )
    return None


def retention(draft: Draft, _work: Work) -> Finding | None:
    """Ask that nothing is kept longer than the period of use lasts."""
    first, last = draft.day("period_from"), draft.day("period_to")
    if first is None or last is None:
        return None
    most = (last - first).days + 1
    for each in draft.wanted:
        days = whole(each.retention_days)
        unread = each.retention_days not in (None, "") and days is None
        if unread or (days is not None and not 0 <= days <= most):
            return fails(
                f"{each.item_code} 的保存天数“{each.retention_days}”不可用",
                f"{each.item_code} cannot be kept {each.retention_days} days",
                passes=(f"不超过使用期限的 {most} 天", f"at most the {most} days of use"),
                field=f"items/{each.place}/retention_days",
            )
    return None


def raw_export(draft: Draft, _work: Work) -> Finding | None:
    """Bar raw export: raw data does not leave its domain (原始数据不出域)."""
    if OutputForm.RAW_EXPORT not in draft.outputs:
        return None
    return fails(
        "公共数据不得原始导出",
        "public data never leaves raw",
        passes=("改用其他输出形式", "another form of output"),
    )


def output_form(draft: Draft, _work: Work) -> Finding | None:
    """Ask for an output that grade and persons allow; what is anonymised names nobody."""
    if not draft.outputs:
        return None
    gravest = max((each.pi for each in draft.wanted if each.identifiable and each.pi),
                  default=PiClass.NONE)  # fmt: skip
    if draft.grade == Grade.CORE:
        return fails("核心数据不得输出", "core data has no output",
                     passes=("不申请核心数据", "ask for no core data"), field="items")  # fmt: skip
    most = min(EXPOSING_MOST[draft.grade], EXPOSING_MOST_PI[gravest])
    if draft.outputs[-1] <= most:
        return None
    return fails(
        f"{draft.grade.label.zh}、{gravest.label.zh}的数据不得以“{draft.outputs[-1].label.zh}”输出",
        f"{draft.grade} data, {gravest.label.en}, may not leave as {draft.outputs[-1].label.en}",
        passes=(
            f"至多“{most.label.zh}”，或先匿名化、汇总",
            f"at most {most.label.en}, or anonymise first",
        ),
    )


def transform(draft: Draft, _work: Work) -> Finding | None:
    """Ask that aggregated data does not go out as records."""
    aggregated = [each for each in draft.wanted if each.transform == Transform.AGGREGATED]
    records = [form for form in draft.outputs if form >= OutputForm.MASKED_RECORD_API]
    if not aggregated or len(aggregated) < len(draft.wanted) or not records:
        return None
    return warns(
        f"数据项均为汇总，却要以“{records[-1].label.zh}”输出",
        f"all items are aggregated, yet the output is {records[-1].label.en}",
        passes=("改为“汇总报告”或“评分”", "an aggregate report or a score"),
    )


def coarser(draft: Draft, _work: Work) -> Finding | None:
    """Suggest the coarser treatment that still meets the purpose (够用了吗)."""
    if not draft.outputs or draft.outputs[-1] > OutputForm.AGGREGATE_REPORT:
        return None
    fine = [each for each in draft.wanted if each.transform not in ("", Transform.AGGREGATED)]
    if not fine:
        return None
    named = ", ".join(each.item_code for each in fine[:10])
    return warns(
        f"只输出汇总报告，{named} 用“汇总”就够了吗？",
        f"with aggregate reports alone, would aggregated do for {named}?",
        passes=("改为“汇总”", "aggregated"),
        field=f"items/{fine[0].place}/transform",
    )


def supplied(draft: Draft, work: Work) -> Finding | None:
    """Ask that every directory is published, registered and open to operation."""
    refusal = admission.supplied(draft.scenario, work) if draft.asked else None
    return _of(refusal, ("改选可授权运营的目录", "directories that may supply"))


def covered(draft: Draft, work: Work) -> list[Finding]:
    """Ask that the scope fits the supply agreements; every misfit but of quotas is one."""
    return [_misfit(each) for each in _misfits(draft, work) if each.code != Part.QUOTA]


def quota(draft: Draft, work: Work) -> list[Finding]:
    """Ask that no quota is beyond what the agreements allow."""
    return [_misfit(each) for each in _misfits(draft, work) if each.code == Part.QUOTA]


def pipia(draft: Draft, _work: Work) -> Finding | None:
    """Ask for an impact assessment when there is personal information (个人信息保护法)."""
    if draft.pi == PiClass.NONE or is_digest(draft.values.get("pipia_digest")):
        return None
    return fails(
        f"含{draft.pi.label.zh}而没有影响评估报告",
        f"{draft.pi.label.en} without an impact assessment",
        passes=("填写影响评估报告的摘要", "the digest of the assessment"),
    )


def algorithm_filed(draft: Draft, _work: Work) -> Finding | None:
    """Ask for the filing number of an algorithm that decides by itself."""
    for place, row in enumerate(draft.rows("algorithms")):
        if row.get("automated_decision") is True and not row.get("filing_no"):
            return fails(
                f"自动化决策算法“{row.get('name')}”没有备案号",
                f"{row.get('name')} decides by itself and has no filing number",
                passes=("填写算法备案号", "its filing number"),
                field=f"algorithms/{place}/filing_no",
            )
    return None


def group_size(draft: Draft, work: Work) -> Finding | None:
    """Ask that no group is so small that it shows a person."""
    least, size = work.rules.number("scenario.group_size_min"), draft.whole("min_group_size")
    if size is not None and size >= least:
        return None
    passes = (f"至少 {least}", f"at least {least}")
    if size is not None or draft.pi != PiClass.NONE:
        return fails(f"最小分组人数不足 {least}", f"the smallest group is under {least}",
                     passes=passes)  # fmt: skip
    return warns("没有写最小分组人数", "no smallest group is given", passes=passes)


def environment(draft: Draft, _work: Work) -> Finding | None:
    """Ask for an environment that guards data of this grade."""
    least = GUARDED_BY[draft.grade]
    if draft.pi >= PiClass.SENSITIVE:
        least = max(least, Environment.MPC)
    if not draft.environments or draft.environments[0] >= least:
        return None
    return fails(
        f"“{draft.environments[0].label.zh}”的防护弱于{draft.grade.label.zh}的要求",
        f"{draft.environments[0].label.en} is too weak for {draft.grade}",
        passes=(f"至少“{least.label.zh}”", f"at least {least.label.en}"),
    )


def mlps(draft: Draft, _work: Work) -> Finding | None:
    """Ask for the level of classified protection that data of this grade needs."""
    least = max(MLPS[draft.grade], 3 if draft.pi >= PiClass.SENSITIVE else 1)
    level = draft.whole("mlps_level")
    if level is None or least <= level <= max(MLPS.values()):
        return None
    return fails(
        f"等级保护 {level} 级，{draft.grade.label.zh}要求 {least} 级以上",
        f"MLPS level {level}; {draft.grade} needs {least} or more",
        passes=(f"{least} 级至 4 级", f"level {least} to 4"),
    )


def external_data(draft: Draft, _work: Work) -> Finding | None:
    """Ask for proof of the rights in every other data that is joined."""
    for place, row in enumerate(draft.rows("external_data")):
        if not is_digest(row.get("rights_proof")):
            return fails(
                f"外部数据“{row.get('name')}”没有权属证明",
                f"no proof of the rights in {row.get('name')}",
                passes=("填写权属证明的摘要", "the digest of the proof"),
                field=f"external_data/{place}/rights_proof",
            )
    return None


def open_users(draft: Draft, _work: Work) -> Finding | None:
    """Point out users who are not named."""
    users = [each for each in draft.values.get("users") or [] if isinstance(each, str)]
    open_ended = [each for each in users if each == "*" or each.startswith("class:")]
    if not open_ended:
        return None
    return warns(
        "使用主体没有逐一列明，风险会提高一档",
        "users are not named one by one, which raises the risk",
        passes=("逐一列明机构", "name the organisations"),
    )


def promised_days(draft: Draft, work: Work) -> Finding | None:
    """Ask that each promise falls due on a day to come, within the rules' working days."""
    most = work.rules.number("scenario.commitment_wd_max")
    latest = work.calendar.add(draft.today, most, provisional=True)
    for place, row in enumerate(draft.rows("commitments")):
        due = day(row.get("due_on"))
        if due is None or not draft.today < due <= latest:
            return fails(
                f"承诺补交日“{row.get('due_on')}”不可用",
                f"a promise cannot fall due on {row.get('due_on')}",
                passes=(
                    f"今天之后、{latest}（{most} 个工作日）之前",
                    f"after today, by {latest} ({most} working days)",
                ),
                field=f"commitments/{place}/due_on",
            )
    return None


def _misfits(draft: Draft, work: Work) -> list[Refusal]:
    if draft.asked is None:
        return []
    return supplies.uncovered(work.session, draft.scenario.operator_id, draft.asked, draft.today)


def _misfit(refusal: Refusal) -> Finding:
    # A misfit says itself what would fit.
    zh, _, fit_zh = refusal.zh.rpartition("，应")
    en, _, fit_en = refusal.en.rpartition("; ")
    passes = ("应" + fit_zh if zh else "另选数据或先签供数协议", fit_en if en else "other data")
    return fails(refusal.zh, refusal.en, passes=passes)


def _of(refusal: Refusal | None, passes: tuple[str, str]) -> Finding | None:
    return None if refusal is None else fails(refusal.zh, refusal.en, passes=passes)
