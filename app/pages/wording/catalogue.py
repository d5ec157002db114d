"""What the codes of the catalogue's own records are called on a page."""

from collections.abc import Mapping
from typing import Final

from kernel.words import Words

# fmt: off
_BUSY, _GOOD, _WARN, _BAD, _PAST = "busy", "good", "warn", "bad", "past"

STATES: Final[Mapping[str, tuple[str, str, str]]] = {
    # Each code with its words in both languages, and how it looks.
    "dept_review": ("部门审核", "department review", _BUSY),
    "hub_review": ("目录中心审核", "hub review", _BUSY),
    "published": ("已发布", "published", _GOOD),
    "superseded": ("已被新版本取代", "superseded", _PAST),
    "under_review": ("审核中", "under review", _BUSY),
    "in_publicity": ("公示中", "in publicity", _BUSY),
    "registered": ("已登记", "registered", _GOOD),
    "deregistered": ("已注销", "deregistered", _PAST),
    "attached": ("已挂接", "attached", _GOOD),
    "detached": ("已解除", "detached", _PAST),
    "to_register": ("待提交", "to be submitted", _PAST),
    "formal_review": ("形式审核", "formal review", _BUSY),
    "objection_review": ("异议复核", "objection looked at", _WARN),
    "change_review": ("变更审核", "change looked at", _BUSY),
    "correction_review": ("更正审核", "correction looked at", _BUSY),
    "renewal_review": ("续期审核", "renewal looked at", _BUSY),
    "dereg_review": ("注销审核", "deregistration looked at", _WARN),
    "registration.under_review": ("待受理", "to be accepted", _BUSY),
    "registration.refused": ("不予登记", "not registered", _BAD),
    "regrade.proposed": ("待批准", "to be approved", _BUSY),
    "regrade.applied": ("已生效", "in force", _GOOD),
    "regrade.declined": ("不予降级", "declined", _BAD),
    "sharing_consent.given": ("已同意", "consent given", _GOOD),
    "sharing_consent.refused": ("不同意", "refused", _BAD),
    "sharing_consent.withdrawn": ("已撤回同意", "consent withdrawn", _BAD),
    "sharing_consent.cancelled": ("已撤销征求", "not asked any more", _PAST),
    "source_claim.claimed": ("待确认", "to be confirmed", _BUSY),
    "source_claim.contested": ("争议中", "in conflict", _WARN),
    "source_claim.confirmed": ("权威数源", "authoritative source", _GOOD),
    "source_claim.declined": ("不予确认", "declined", _BAD),
    "source_claim.ended": ("不再作数源", "source no more", _PAST),
    "source_conflict.open": ("待协调", "open", _WARN),
    "source_conflict.mediating": ("协调中", "being mediated", _BUSY),
    "source_conflict.decided": ("已裁定", "decided", _GOOD),
    "error_report.reported": ("待答复", "to be answered", _BUSY),
    "error_report.corrected": ("已更正", "corrected", _GOOD),
    "error_report.unfounded": ("经核无误", "unfounded", _PAST),
    "objection.raised": ("复核中", "being looked at", _BUSY),
    "objection.dismissed": ("异议不成立", "dismissed", _PAST),
    "objection.upheld": ("异议成立", "upheld", _BAD),
}

EVENTS: Final[Mapping[str, Words]] = {
    # What no step of a life cycle says.
    "directory.regraded": Words("重新定级", "Graded anew"),
    "registration.applied": Words("填写登记表", "Application written"),
    "registration.filled": Words("重填登记表", "Form written anew"),
    "regrade.proposed": Words("提出重新定级", "New grades proposed"),
    "source_claim.made": Words("申报数源", "Source claimed"),
    "master_item.entered": Words("登录主数据项", "Master item entered"),
}

CAUSES: Final[Mapping[str, Words]] = {
    # What a step asks to be chosen.
    "standing": Words("维持现有数源", "the standing source"),
    "rival": Words("改由后申报方", "the rival"),
}
# fmt: on
