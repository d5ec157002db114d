"""The sections of a draft as they are written: nothing that was written is lost.

Each save is a revision, with who and when; the last hundred or so are kept. Two people who
write the same field are told of each other; who wants a section alone holds it for a while.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, and_, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.db import Base
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal
from kernel.parties import people
from kernel.words import Words
from kernel.work import Work
from licensing.applications import blocks
from licensing.applications.blocks import LINES_MAX, LISTS, ROWS_MAX, SECTIONS, Block, Field

SHOWN_MAX: Final = 200
"""Characters of a value that stand in a comparison."""

BYTES_MAX: Final = 400_000
"""The most that one section may hold, as JSON."""

ITEMS_MAX: Final = 500


class SectionChanged(DomainError):
    """Somebody else has written, or holds, what was to be saved."""

    kind = Kind.CONFLICT
    code = "section-changed"
    title = Words("本节已被他人修改", "Somebody else has changed this section")


class Section(Base):
    """One section of one draft, as it stands."""

    __tablename__ = "application_sections"
    __table_args__ = (CheckConstraint("number BETWEEN 1 AND 7", name="one_of_seven"),)

    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenarios.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column()
    written: Mapped[dict[str, Any]]
    saved_at: Mapped[Instant]
    saved_by: Mapped[str]

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - SQLAlchemy reads it

    @property
    def block(self) -> Block:
        """What stands in it."""
        return SECTIONS[self.number]


class Hold(Base):
    """Who writes a section alone, and until when."""

    __tablename__ = "section_holds"

    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenarios.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person: Mapped[str]
    until: Mapped[Instant]


class Revision(Base):
    """A section as it once stood."""

    __tablename__ = "section_revisions"

    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenarios.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    written: Mapped[dict[str, Any]]
    saved_at: Mapped[Instant]
    saved_by: Mapped[str]


class Submitted(Base):
    """With which revision of a section a round was submitted, the last time it was."""

    __tablename__ = "submitted_sections"

    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenarios.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int]


_MARKED: Final = and_(
    Submitted.scenario_id == Revision.scenario_id,
    Submitted.number == Revision.number,
    Submitted.revision == Revision.revision,
)


def begin(work: Work, scenario_id: str, given: Mapping[int, Mapping[str, Any]]) -> list[Section]:
    """Lay out the seven sections of a new draft, with what is given already."""
    made = [
        Section(
            scenario_id=scenario_id,
            number=number,
            written=dict(given.get(number, {})),
            saved_at=work.now,
            saved_by=work.actor.person,
        )
        for number in SECTIONS
    ]
    work.session.add_all(made)
    # The revision is the database's first; the history starts with it.
    work.session.flush()
    work.session.add_all(_kept(section) for section in made)
    return made


def of(session: Session, scenario_id: str) -> list[Section]:
    """Return the seven sections in their order; none of a case older than they. One SELECT."""
    statement = select(Section).where(Section.scenario_id == scenario_id).order_by(Section.number)
    return list(session.scalars(statement))


def find(session: Session, scenario_id: str, number: int) -> Section:
    """Return one section. Raises NotFound. One SELECT by primary key."""
    found = session.get(Section, (scenario_id, number))
    if found is None:
        raise NotFound("没有这一节", f"no section {number}")
    return found


def values(found: list[Section]) -> dict[str, Any]:
    """Return what stands in all sections together, by field."""
    return {name: value for section in found for name, value in section.written.items()}


def save(
    work: Work,
    scenario_id: str,
    number: int,
    given: Mapping[str, Any],
    *,
    seen: int | None = None,
) -> Section:
    """Write fields of a section; those that are not given stay. Nothing new, no revision.

    seen: the revision that the writer had before them; None for whatever is there.
    Raises Invalid for a field that the section has not or a value of another shape, and
    SectionChanged when somebody else holds it or has written one of the fields since.
    """
    section = find(work.session, scenario_id, number)
    shaped = {name: _shaped(section.block, name, value) for name, value in given.items()}
    _check_holder(work, section)
    written = {**section.written, **_merged(work, section, shaped, seen)}
    if len(json.dumps(written).encode()) > BYTES_MAX:
        raise Invalid("本节内容过长", "the section is too long", pointer="/values")
    if written == section.written:
        return section
    section.written, section.saved_at, section.saved_by = written, work.now, work.actor.person
    # The next revision's number is the database's.
    work.session.flush()
    work.session.add(_kept(section))
    _forget(work, section)
    return section


def restore(work: Work, scenario_id: str, number: int, revision: int) -> Section:
    """Write again what a section held in an earlier revision."""
    old = revision_of(work.session, scenario_id, number, revision)
    section = find(work.session, scenario_id, number)
    empty = dict.fromkeys(section.written.keys() - old.written.keys(), None)
    return save(work, scenario_id, number, {**empty, **old.written})


def hold(work: Work, scenario_id: str, number: int) -> Hold:
    """Keep a section to oneself for some minutes. Raises SectionChanged while another does."""
    _check_holder(work, find(work.session, scenario_id, number))
    until = work.now + timedelta(minutes=work.rules.number("scenario.lock_minutes"))
    held = work.session.get(Hold, (scenario_id, number))
    if held is None:
        held = Hold(scenario_id=scenario_id, number=number, person=work.actor.person, until=until)
        work.session.add(held)
    held.person, held.until = work.actor.person, until
    return held


def let_go(work: Work, scenario_id: str, number: int) -> None:
    """Let others write a section again that one holds."""
    _check_holder(work, find(work.session, scenario_id, number))
    held = work.session.get(Hold, (scenario_id, number))
    if held is not None:
        work.session.delete(held)


def holder(work: Work, scenario_id: str, number: int) -> Hold | None:
    """Return the hold that somebody else has on the section now. One SELECT by primary key."""
    held = work.session.get(Hold, (scenario_id, number))
    if held is None or held.until <= work.now or held.person == work.actor.person:
        return None
    return held


def mark(session: Session, scenario_id: str, round_number: int) -> None:
    """Note what is submitted with a round; again, the later revisions. Two SELECTs."""
    rows = select(Submitted).where(
        Submitted.scenario_id == scenario_id, Submitted.round == round_number
    )
    marked = {row.number: row for row in session.scalars(rows)}
    for section in of(session, scenario_id):
        row = marked.get(section.number)
        if row is None:
            row = Submitted(scenario_id=scenario_id, round=round_number, number=section.number)
            session.add(row)
        row.revision = section.revision


def submitted(session: Session, scenario_id: str, round_number: int) -> dict[str, Any] | None:
    """Return by field what a round was submitted with; None when that was not noted. One SELECT.

    Of a round that waits for its second submission, what the first one said.
    """
    statement = (
        select(Revision)
        .join(Submitted, _MARKED)
        .where(Submitted.scenario_id == scenario_id, Submitted.round == round_number)
        .order_by(Revision.number)
    )
    found = session.scalars(statement).all()
    return {name: value for row in found for name, value in row.written.items()} or None


def history(session: Session, scenario_id: str, *, limit: int = 100) -> list[Revision]:
    """Return the revisions of all sections, newest first. One SELECT."""
    statement = (
        select(Revision)
        .where(Revision.scenario_id == scenario_id)
        .order_by(Revision.saved_at.desc(), Revision.number, Revision.revision.desc())
        .limit(limit)
    )
    return list(session.scalars(statement))


def revision_of(session: Session, scenario_id: str, number: int, revision: int) -> Revision:
    """Return one revision. Raises NotFound when it is none, or no longer kept."""
    found = session.get(Revision, (scenario_id, number, revision))
    if found is None:
        raise NotFound("没有这个历史版本", f"no revision {revision} of section {number}")
    return found


def _kept(section: Section) -> Revision:
    return Revision(
        scenario_id=section.scenario_id,
        number=section.number,
        revision=section.revision,
        written=section.written,
        saved_at=section.saved_at,
        saved_by=section.saved_by,
    )


def _forget(work: Work, section: Section) -> None:
    oldest = section.revision - work.rules.number("scenario.revisions_max")
    if oldest > 0:
        work.session.execute(
            delete(Revision).where(
                Revision.scenario_id == section.scenario_id,
                Revision.number == section.number,
                Revision.revision <= oldest,
                ~select(Submitted.revision).where(_MARKED).exists(),
            )
        )


def _check_holder(work: Work, section: Section) -> None:
    held = holder(work, section.scenario_id, section.number)
    if held is None:
        return
    name = people.names(work.session, {held.person}).get(held.person, "")
    zh, en = f"{name} 正在编辑本节", f"{name} is writing this section"
    raise SectionChanged(zh, en, (Refusal("SECTION_LOCKED", zh, en),))


def _merged(
    work: Work, section: Section, given: Mapping[str, Any], seen: int | None
) -> dict[str, Any]:
    """Return what the writer has changed; raise when another changed the same since `seen`."""
    if seen is None or seen == section.revision:
        return dict(given)
    old = work.session.get(Revision, (section.scenario_id, section.number, seen))
    before = {} if old is None else old.written
    ours = {name: value for name, value in given.items() if before.get(name) != value}
    changed = [
        name
        for name, value in ours.items()
        if section.written.get(name) not in (before.get(name), value)
    ]
    if changed:
        name = people.names(work.session, {section.saved_by}).get(section.saved_by, "")
        raise SectionChanged(
            f"{name} 已保存了较新的内容，请对照后再存",
            f"{name} has saved something newer; compare before you save",
            tuple(_clash(section, field) for field in changed),
        )
    return ours


def _clash(section: Section, name: str) -> Refusal:
    field = section.block.field(name)
    label = field.label if field else Words(name, name)
    now = said(section.written.get(name))
    return Refusal("FIELD_CHANGED", f"{label.zh}：现为“{now}”", f"{label.en} is now “{now}”")


def said(value: Any) -> str:
    """Return a value in short, for people to compare."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"


def _shaped(block: Block, name: str, value: Any) -> Any:
    field = block.field(name)
    if field is None:
        raise Invalid(
            f"本节没有“{name}”", f"section {block.number} has no {name!r}", pointer=f"/{name}"
        )
    if value is None:
        return None
    return _list(field, value) if field.kind in LISTS else _single(field, value, f"/{name}")


def _list(field: Field, value: Any) -> list[Any]:
    most = ITEMS_MAX if field.name == "items" else ROWS_MAX if field.columns else LINES_MAX
    if not isinstance(value, list) or len(value) > most:
        raise Invalid(f"至多 {most} 项", f"a list of at most {most}", pointer=f"/{field.name}")
    return [
        _entry(field, each, f"/{field.name}/{place}") if field.columns
        else _single(field, each, f"/{field.name}/{place}")
        for place, each in enumerate(value)
    ]  # fmt: skip


def _entry(field: Field, value: Any, pointer: str) -> dict[str, Any]:
    known = {column.name: column for column in field.columns}
    if not isinstance(value, dict) or not value.keys() <= known.keys():
        raise Invalid("每行的列不正确", f"a row has {', '.join(known)}", pointer=pointer)
    return {
        name: None if inner is None else _single(known[name], inner, f"{pointer}/{name}")
        for name, inner in value.items()
    }


def _single(field: Field, value: Any, pointer: str) -> Any:
    if type(value) in (bool, int) and abs(value) < 10**15:
        return value
    most = max(field.max, 60)  # what is wrong is kept too, within reason
    if not isinstance(value, str) or len(value) > most or not _printable(value):
        raise Invalid(f"至多 {most} 字", f"at most {most} characters", pointer=pointer)
    return value


def _printable(text: str) -> bool:
    return all(ord(each) >= 32 or each in "\r\n\t" for each in text)


def section_state(section: Section, failing: int) -> str:
    """Return how far a section is: untouched, started, complete, or with problems."""
    if not any(blocks.filled(value) for value in section.written.values()):
        return "untouched"
    if failing:
        return "problems"
    return "started" if blocks.missing(section.block, section.written) else "complete"
