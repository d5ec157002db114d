"""A score sheet (评分表) as it was signed: blind until the tally, never changed (I-41).

A correction is another sheet that supersedes the one before it, with its reason; the
earlier one stays. A sheet of somebody in conflict of interest is void: it stays, and
counts no more.
"""

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from sqlalchemy import CheckConstraint, ForeignKey, exists, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.crypto import canonical
from kernel.db import JSON_, Base, append_only
from kernel.errors import Invalid, Refusal
from kernel.work import Rules, Work
from licensing.assessing import sheets
from licensing.assessing.panel import Candidate
from licensing.assessing.sheets import Conclusion, Result, Sheet, Standard, Verdict
from licensing.scope import Item, Transform


class ScoreSheet(Base):
    """What one expert found. Scores and total in hundredths of a point.

    edition: from 1; the highest is the one that counts. coarsened: [directory, item,
    treatment] of items of which a coarser form is enough; None when there are none, and
    then the digest does not name it. superseding: why it takes the place
    of the edition before it. digest: of the content; signature: of the exchange's key over
    the same bytes.
    """

    __tablename__ = "score_sheets"
    __table_args__ = (
        CheckConstraint("total BETWEEN 0 AND 10000", name="total_in_range"),
        CheckConstraint("edition >= 1", name="edition_from_one"),
        CheckConstraint("(edition = 1) = (superseding IS NULL)", name="correction_has_reason"),
    )

    assessment_id: Mapped[str] = mapped_column(ForeignKey("assessments.id"), primary_key=True)
    expert_id: Mapped[str] = mapped_column(ForeignKey("experts.id"), primary_key=True)
    edition: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, server_default=text("1")
    )
    superseding: Mapped[str | None]
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    scores: Mapped[dict[str, Any]]
    comments: Mapped[dict[str, Any]]
    verdict: Mapped[str]
    struck: Mapped[list[Any]]
    coarsened: Mapped[list[Any] | None] = mapped_column(JSON_)
    conditions: Mapped[list[Any]]
    vetoed: Mapped[list[Any]]
    total: Mapped[int]
    digest: Mapped[str]
    alg: Mapped[str]
    key_id: Mapped[str]
    signature: Mapped[str]
    signed_at: Mapped[Instant]


append_only(ScoreSheet.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class VoidedSheet(Base):
    """An expert whose sheets of one assessment count no more, and why."""

    __tablename__ = "voided_sheets"
    __table_args__ = (CheckConstraint("length(reason) > 0", name="voiding_has_reason"),)

    assessment_id: Mapped[str] = mapped_column(ForeignKey("assessments.id"), primary_key=True)
    expert_id: Mapped[str] = mapped_column(ForeignKey("experts.id"), primary_key=True)
    reason: Mapped[str]
    voided_by: Mapped[str]
    voided_at: Mapped[Instant]


append_only(VoidedSheet.__table__)  # type: ignore[arg-type]  # a Table, see above


class Filled(TypedDict):
    """A sheet as its expert fills it in.

    scores: criterion → hundredths. comments: criterion → text. struck: (directory, item)
    of items found needless. coarsened: (directory, item) → the coarser treatment that is
    enough. vetoed: criteria that fail the case by themselves.
    """

    scores: Mapping[str, int]
    comments: Mapping[str, str]
    verdict: str
    struck: Sequence[Item]
    coarsened: NotRequired[Mapping[Item, str]]
    conditions: Sequence[str]
    vetoed: Sequence[str]


def standard(rules: Rules, *, with_pi: bool, asked: Iterable[Item] = ()) -> dict[str, Any]:
    """Return by what the sheets of one assessment will be judged, as JSON to be kept.

    asked: the items that are assessed; striking all of them fails the case.
    """
    judged = sheets.standard(rules.table("assessment"), with_pi=with_pi)
    return {
        "asked": sorted(list(item) for item in asked),
        "weights": dict(judged.weights),
        "mean_pass": judged.mean_pass,
        "mean_revise": judged.mean_revise,
        "criterion_min": judged.criterion_min,
        "agree_share_bp": judged.agree_share_bp,
        "trim_from": judged.trim_from,
    }


def filled(
    work: Work,
    given: Filled,
    *,
    expert: str,
    weights: Mapping[str, int],
    asked: Mapping[Item, Transform],
) -> Sheet:
    """Return the sheet as a value, when it is complete.

    asked: the items that may be struck or coarsened, as they are asked for. Raises Invalid
    with a pointer for a missing or impossible score, a low score without a comment, a
    condition or verdict that is none.
    """
    if given["verdict"] not in set(Verdict):
        raise Invalid("结论不正确", f"{given['verdict']!r} is no verdict", pointer="/verdict")
    if (given["verdict"] == Verdict.AGREE_WITH_CONDITION) != bool(given["conditions"]):
        raise Invalid(
            "附条件同意须且仅须写明条件",
            "conditions go with agreement on conditions, and only with it",
            pointer="/conditions",
        )
    if not set(given["struck"]) <= asked.keys():
        raise Invalid("剔除的数据项不在申请中", "an item is not asked for", pointer="/struck")
    _commented(work.rules, given)
    sheet = Sheet(
        expert=expert,
        scores=dict(given["scores"]),
        verdict=Verdict(given["verdict"]),
        struck=frozenset(given["struck"]),
        conditions=tuple(given["conditions"]),
        vetoed=frozenset(given["vetoed"]),
        coarsened=coarser(given.get("coarsened", {}), asked, given["struck"]),
    )
    sheets.total(sheet, weights)
    return sheet


def coarser(
    named: Mapping[Item, str], asked: Mapping[Item, Transform], struck: Collection[Item] = ()
) -> dict[Item, Transform]:
    """Return the treatments that are named, when each is stricter than the one asked for.

    Raises Invalid for another one, for an item that is not asked for, or that is struck.
    """
    found: dict[Item, Transform] = {}
    for item, how in named.items():
        pointer = f"/coarsened/{'/'.join(item)}"
        if item not in asked or item in struck:
            zh, en = "该数据项未申请或已剔除", "the item is not asked for, or it is struck"
            raise Invalid(zh, en, pointer=pointer)
        if how not in list(Transform) or Transform(how) <= asked[item]:
            zh, en = "须严于申请的处理方式", "it must be stricter than what is asked for"
            raise Invalid(zh, en, pointer=pointer)
        found[item] = Transform(how)
    return found


def listed(coarsened: Mapping[Item, Transform]) -> list[list[str]]:
    """Return coarser treatments as they are kept: [directory, item, treatment], in order."""
    return [[*item, how.value] for item, how in sorted(coarsened.items())]


def mapped(rows: Iterable[Sequence[str]] | None) -> dict[Item, Transform]:
    """Return what `listed` wrote; nothing for None."""
    return {(directory, item): Transform(how) for directory, item, how in rows or ()}


def sign(
    work: Work,
    assessment_id: str,
    sheet: Sheet,
    *,
    comments: Mapping[str, str],
    weights: Mapping[str, int],
    superseding: str | None = None,
) -> ScoreSheet:
    """Sign a sheet for the acting person and keep it. Records nothing: the step does.

    superseding: why it takes the place of the sheet that is there.
    """
    content = {
        **_content(sheet, weights),
        "assessment_id": assessment_id,
        "person_id": work.actor.person,
        "comments": dict(comments),
        "edition": _edition(by(work.session, assessment_id, sheet.expert)),
        "superseding": superseding,
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


def _content(sheet: Sheet, weights: Mapping[str, int]) -> dict[str, Any]:
    """Return what an expert says in a sheet, as it is signed."""
    said: dict[str, Any] = {
        "expert_id": sheet.expert,
        "scores": dict(sheet.scores),
        "verdict": sheet.verdict.value,
        "struck": sorted(list(item) for item in sheet.struck),
        "conditions": list(sheet.conditions),
        "vetoed": sorted(sheet.vetoed),
        "total": sheets.total(sheet, weights),
    }
    return {**said, "coarsened": listed(sheet.coarsened)} if sheet.coarsened else said


def _edition(before: ScoreSheet | None) -> int:
    return 1 if before is None else before.edition + 1


def void(work: Work, assessment_id: str, expert_id: str, reason: str) -> None:
    """Let an expert's sheets count no more. Records nothing: the step does."""
    work.session.add(
        VoidedSheet(
            assessment_id=assessment_id,
            expert_id=expert_id,
            reason=reason,
            voided_by=work.actor.person,
            voided_at=work.now,
        )
    )
    # The sheets that still count are asked for next.
    work.session.flush()


def of(session: Session, assessment_id: str) -> list[ScoreSheet]:
    """Return the sheets of an assessment that count, by expert. One SELECT by key."""
    return of_all(session, [assessment_id]).get(assessment_id, [])


def of_all(session: Session, assessment_ids: Sequence[str]) -> dict[str, list[ScoreSheet]]:
    """Return assessment → the sheets that count, by expert: latest editions, none void.

    One SELECT by key.
    """
    voided = exists().where(
        VoidedSheet.assessment_id == ScoreSheet.assessment_id,
        VoidedSheet.expert_id == ScoreSheet.expert_id,
    )
    statement = (
        select(ScoreSheet)
        .where(ScoreSheet.assessment_id.in_(assessment_ids), ~voided)
        .order_by(ScoreSheet.assessment_id, ScoreSheet.expert_id, ScoreSheet.edition)
    )
    latest: dict[str, dict[str, ScoreSheet]] = {}
    for row in session.scalars(statement):
        latest.setdefault(row.assessment_id, {})[row.expert_id] = row
    return {one: list(rows.values()) for one, rows in latest.items()}


def every(session: Session, assessment_id: str) -> list[ScoreSheet]:
    """Return all sheets ever signed, superseded and void ones too, by expert. One SELECT."""
    statement = (
        select(ScoreSheet)
        .where(ScoreSheet.assessment_id == assessment_id)
        .order_by(ScoreSheet.expert_id, ScoreSheet.edition)
    )
    return list(session.scalars(statement))


def voided(session: Session, assessment_id: str) -> dict[str, VoidedSheet]:
    """Return expert → why the sheets count no more. One SELECT by key."""
    statement = select(VoidedSheet).where(VoidedSheet.assessment_id == assessment_id)
    return {row.expert_id: row for row in session.scalars(statement)}


def by(session: Session, assessment_id: str, expert_id: str) -> ScoreSheet | None:
    """Return the latest sheet of one expert, if any is in. One SELECT by key."""
    statement = (
        select(ScoreSheet)
        .where(ScoreSheet.assessment_id == assessment_id, ScoreSheet.expert_id == expert_id)
        .order_by(ScoreSheet.edition.desc())
        .limit(1)
    )
    return session.scalars(statement).first()


def present(rows: Sequence[ScoreSheet], pool: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates of a pool whose sheets are in."""
    signed = {row.expert_id for row in rows}
    return [one for one in pool if one.expert in signed]


def conclusion(rows: Sequence[ScoreSheet], judged_by: Mapping[str, Any]) -> Conclusion:
    """Return what the kept sheets come to by the kept standard; the same ones, the same (I-39).

    A panel that strikes everything that was asked for has failed the case.
    """
    asked = {(directory, item) for directory, item in judged_by.get("asked", ())}
    terms = {name: value for name, value in judged_by.items() if name != "asked"}
    found = sheets.conclude([_value(row) for row in rows], Standard(**terms))
    if not asked or not found.struck >= asked or found.reasons:
        return found
    nothing = Refusal("ALL_STRUCK", "全部数据项被剔除", "every item has been struck")
    return dataclasses.replace(found, result=Result.FAIL, reasons=(nothing,))


def _value(row: ScoreSheet) -> Sheet:
    return Sheet(
        expert=row.expert_id,
        scores=row.scores,
        verdict=Verdict(row.verdict),
        struck=frozenset((directory, item) for directory, item in row.struck),
        conditions=tuple(row.conditions),
        vetoed=frozenset(row.vetoed),
        coarsened=mapped(row.coarsened),
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
