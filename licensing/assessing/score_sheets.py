"""A score sheet (评分表) as it was signed: blind until the tally, never changed (I-41)."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from sqlalchemy import CheckConstraint, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.crypto import canonical
from kernel.db import Base, append_only
from kernel.errors import Invalid
from kernel.work import Rules, Work
from licensing.assessing import sheets
from licensing.assessing.panel import Candidate
from licensing.assessing.sheets import Conclusion, Sheet, Standard, Verdict
from licensing.scope import Item


class ScoreSheet(Base):
    """What one expert found. Scores and total in hundredths of a point.

    digest: of the content; signature: of the exchange's key over the same bytes.
    """

    __tablename__ = "score_sheets"
    __table_args__ = (CheckConstraint("total BETWEEN 0 AND 10000", name="total_in_range"),)

    assessment_id: Mapped[str] = mapped_column(ForeignKey("assessments.id"), primary_key=True)
    expert_id: Mapped[str] = mapped_column(ForeignKey("experts.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    scores: Mapped[dict[str, Any]]
    comments: Mapped[dict[str, Any]]
    verdict: Mapped[str]
    struck: Mapped[list[Any]]
    conditions: Mapped[list[Any]]
    vetoed: Mapped[list[Any]]
    total: Mapped[int]
    digest: Mapped[str]
    alg: Mapped[str]
    key_id: Mapped[str]
    signature: Mapped[str]
    signed_at: Mapped[Instant]


append_only(ScoreSheet.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class Filled(TypedDict):
    """A sheet as its expert fills it in.

    scores: criterion → hundredths. comments: criterion → text. struck: (directory, item)
    of items found needless. vetoed: criteria that fail the case by themselves.
    """

    scores: Mapping[str, int]
    comments: Mapping[str, str]
    verdict: str
    struck: Sequence[Item]
    conditions: Sequence[str]
    vetoed: Sequence[str]


def standard(rules: Rules, *, with_pi: bool) -> dict[str, Any]:
    """Return by what the sheets of one assessment will be judged, as JSON to be kept."""
    judged = sheets.standard(rules.table("assessment"), with_pi=with_pi)
    return {
        "weights": dict(judged.weights),
        "mean_pass": judged.mean_pass,
        "mean_revise": judged.mean_revise,
        "criterion_min": judged.criterion_min,
        "agree_share_bp": judged.agree_share_bp,
        "trim_from": judged.trim_from,
    }


def filled(
    work: Work, given: Filled, *, expert: str, weights: Mapping[str, int], asked: set[Item]
) -> Sheet:
    """Return the sheet as a value, when it is complete.

    asked: the items that may be struck. Raises Invalid with a pointer for a missing or
    impossible score, a low score without a comment, a condition or verdict that is none.
    """
    if given["verdict"] not in set(Verdict):
        raise Invalid("结论不正确", f"{given['verdict']!r} is no verdict", pointer="/verdict")
    if (given["verdict"] == Verdict.AGREE_WITH_CONDITION) != bool(given["conditions"]):
        raise Invalid(
            "附条件同意须且仅须写明条件",
            "conditions go with agreement on conditions, and only with it",
            pointer="/conditions",
        )
    if not set(given["struck"]) <= asked:
        raise Invalid("剔除的数据项不在申请中", "an item is not asked for", pointer="/struck")
    _commented(work.rules, given)
    sheet = Sheet(
        expert=expert,
        scores=dict(given["scores"]),
        verdict=Verdict(given["verdict"]),
        struck=frozenset(given["struck"]),
        conditions=tuple(given["conditions"]),
        vetoed=frozenset(given["vetoed"]),
    )
    sheets.total(sheet, weights)
    return sheet


def sign(
    work: Work,
    assessment_id: str,
    sheet: Sheet,
    *,
    comments: Mapping[str, str],
    weights: Mapping[str, int],
) -> ScoreSheet:
    """Sign a sheet for the acting person and keep it. Records nothing: the step does."""
    content: dict[str, Any] = {
        "assessment_id": assessment_id,
        "expert_id": sheet.expert,
        "person_id": work.actor.person,
        "scores": dict(sheet.scores),
        "comments": dict(comments),
        "verdict": sheet.verdict.value,
        "struck": sorted(list(item) for item in sheet.struck),
        "conditions": list(sheet.conditions),
        "vetoed": sorted(sheet.vetoed),
        "total": sheets.total(sheet, weights),
    }
    written = canonical(content)
    signature = work.crypto.sign(written)
    made = ScoreSheet(
        **content,
        digest=work.crypto.digest(written),
        alg=signature.alg,
        key_id=signature.key_id,
        signature=signature.value,
        signed_at=work.now,
    )
    work.session.add(made)
    return made


def of(session: Session, assessment_id: str) -> list[ScoreSheet]:
    """Return the sheets of an assessment, by expert. One SELECT by key."""
    statement = (
        select(ScoreSheet)
        .where(ScoreSheet.assessment_id == assessment_id)
        .order_by(ScoreSheet.expert_id)
    )
    return list(session.scalars(statement))


def by(session: Session, assessment_id: str, expert_id: str) -> ScoreSheet | None:
    """Return one expert's sheet, if it is in. One SELECT by primary key."""
    return session.get(ScoreSheet, (assessment_id, expert_id))


def present(rows: Sequence[ScoreSheet], pool: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates of a pool whose sheets are in."""
    signed = {row.expert_id for row in rows}
    return [one for one in pool if one.expert in signed]


def conclusion(rows: Sequence[ScoreSheet], judged_by: Mapping[str, Any]) -> Conclusion:
    """Return what the kept sheets come to by the kept standard; the same ones, the same (I-39)."""
    return sheets.conclude([_value(row) for row in rows], Standard(**judged_by))


def _value(row: ScoreSheet) -> Sheet:
    return Sheet(
        expert=row.expert_id,
        scores=row.scores,
        verdict=Verdict(row.verdict),
        struck=frozenset((directory, item) for directory, item in row.struck),
        conditions=tuple(row.conditions),
        vetoed=frozenset(row.vetoed),
    )


def _commented(rules: Rules, given: Filled) -> None:
    below = rules.number("assessment.comment_below")
    least = rules.number("assessment.comment_characters_min")
    for criterion, score in given["scores"].items():
        if score < below and len(given["comments"].get(criterion, "").strip()) < least:
            raise Invalid(
                f"低于 {sheets.points(below)} 分须写明不少于 {least} 字的意见",
                f"a score below {sheets.points(below)} needs {least} characters of comment",
                pointer=f"/comments/{criterion}",
            )
