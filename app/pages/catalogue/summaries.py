"""What the page of each record around a directory says of it, label by label."""

from collections.abc import Callable

from app import languages
from app.pages import chrome, shown, vocabulary
from catalogue import sources
from catalogue.conflicts import SourceConflict
from catalogue.error_reports import ErrorReport
from catalogue.objections import Objection
from catalogue.regrades import Regrade
from catalogue.sharing import SharingConsent
from catalogue.sources import Claim
from kernel.words import Words
from kernel.work import Work

Facts = list[tuple[Words, str]]
Summary = Callable[[object, Work], Facts]


def regrade(found: Regrade, _work: Work) -> Facts:
    """Say which items are graded anew, which way, and why."""
    way = Words("升级，即时生效", "up, at once") if found.raises else Words(
        "降级，须经另一人批准", "down, after approval")  # fmt: skip
    changes = [
        f"{each['item_code']} → {vocabulary.term(each['grade'], 'grade')} · "
        f"{vocabulary.term(each['pi_class'], 'pi')}"
        for each in found.changes
    ]
    return [
        (Words("方向", "Way"), languages.said(way)),
        (Words("信息项", "Items"), "；".join(changes)),
        (Words("理由", "Reason"), found.reason),
        (Words("提出时间", "Proposed"), chrome.moment(found.proposed_at)),
    ]


def consent(found: SharingConsent, work: Work) -> Facts:
    """Say who asks whom for what, and until when it holds."""
    firms = shown.names(work, [found.department_id, found.provider_id])
    return [
        (Words("持有部门", "Held by"), firms[found.department_id]),
        (Words("提供方", "Came from"), firms[found.provider_id]),
        (Words("事由", "Request"), found.request),
        (Words("有效期", "Valid"), f"{chrome.day(found.valid_from)} — {found.valid_to}"),
    ]


def claim(found: Claim, work: Work) -> Facts:
    """Say which item claims to be the source of which meaning, at which level."""
    firms = shown.names(work, [found.department_id])
    master = sources.master(work.session, found.master_item_id)
    return [
        (Words("主数据项", "Master item"), languages.said(Words(master.name_zh, master.name_en))),
        (Words("含义", "Meaning"), master.definition),
        (Words("信息项", "Item"), found.item_code),
        (Words("部门", "Department"), firms[found.department_id]),
        (
            Words("层级与区划", "Level"),
            f"{_level(found.level)} · {vocabulary.region(found.region)}",
        ),
        (Words("依据", "Grounds"), found.grounds),
    ]


def conflict(found: SourceConflict, work: Work) -> Facts:
    """Say who claims the same source, and who has won."""
    firms = shown.names(work, [found.standing_department_id, found.rival_department_id])
    master = sources.master(work.session, found.master_item_id)
    claims = sources.several(work.session, [found.standing_claim_id, found.rival_claim_id])
    standing, rival = claims[found.standing_claim_id], claims[found.rival_claim_id]
    return [
        (Words("主数据项", "Master item"), languages.said(Words(master.name_zh, master.name_en))),
        (Words("现有数源", "Standing source"),
         f"{firms[found.standing_department_id]} · {standing.item_code} · {standing.grounds}"),
        (Words("后申报方", "Rival"),
         f"{firms[found.rival_department_id]} · {rival.item_code} · {rival.grounds}"),
        (Words("裁定", "Decision"), vocabulary.cause(found.winner)),
    ]  # fmt: skip


def report(found: ErrorReport, work: Work) -> Facts:
    """Say what was found wrong, by whom, and what the department answers."""
    firms = shown.names(work, [found.department_id, found.reporter_id])
    return [
        (Words("信息项", "Item"), found.item_code),
        (Words("提出方", "Reported by"), firms[found.reporter_id]),
        (Words("问题", "Finding"), found.finding),
        (Words("数源部门", "Answered by"), firms[found.department_id]),
        (Words("答复", "Answer"), found.answer or "—"),
    ]


def objection(found: Objection, work: Work) -> Facts:
    """Say who objects to whose registration, and why."""
    firms = shown.names(work, [found.department_id, found.objector_id])
    return [
        (Words("异议方", "Raised by"), firms[found.objector_id]),
        (Words("登记部门", "Against"), firms[found.department_id]),
        (Words("理由", "Grounds"), found.grounds),
        (Words("提出时间", "Raised"), chrome.moment(found.raised_at)),
    ]


def _level(code: str) -> str:
    levels = {
        "province": Words("省级", "province"),
        "city": Words("市级", "city"),
        "county": Words("县级", "county"),
    }
    return languages.said(levels[code])
