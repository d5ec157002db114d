"""Saved searches (已存检索): a question that a person asks again, and what is new since then."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Role
from kernel.clock import Instant
from kernel.db import Base, Big
from kernel.errors import Invalid, NotFound, StepNotAllowed
from kernel.pages import Page, keyset
from kernel.work import Work
from marketplace.finding import results
from marketplace.finding.results import Question
from marketplace.indexing.index import Kind, SearchEntry

SAVED_MAX: Final = 100
"""Searches that one person may keep."""


class SavedSearch(Base):
    """One saved search. seen: the number of the newest thing when it was looked at last."""

    __tablename__ = "saved_searches"
    __table_args__ = (Index(None, "person_id", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str]
    text: Mapped[str]
    kind: Mapped[str | None]
    chosen: Mapped[dict[str, Any]]
    seen: Mapped[int] = mapped_column(Big)
    saved_at: Mapped[Instant]

    @property
    def question(self) -> Question:
        """What is asked."""
        kind = Kind(self.kind) if self.kind else None
        return Question(text=self.text, kind=kind, chosen=self.chosen)


def save(work: Work, name: str, question: Question) -> SavedSearch:
    """Keep a search for the caller. Raises StepNotAllowed, Invalid (empty, too many)."""
    person = _person(work)
    chosen = {facet: sorted(codes) for facet, codes in question.chosen.items() if codes}
    if not question.terms and not chosen and question.kind is None:
        raise Invalid("请先输入检索条件", "say first what is looked for", pointer="/text")
    kept = select(func.count()).where(SavedSearch.person_id == person)
    if work.session.execute(kept).scalar_one() >= SAVED_MAX:
        zh, en = f"最多保存 {SAVED_MAX} 个检索", f"at most {SAVED_MAX} searches are kept"
        raise Invalid(zh, en, pointer="/name")
    made = SavedSearch(
        id=ids.new("sch_", work.now),
        person_id=person,
        name=name,
        text=question.text,
        kind=question.kind,
        chosen=chosen,
        seen=_newest(work.session),
        saved_at=work.now,
    )
    work.session.add(made)
    return made


def own(work: Work, search_id: str) -> SavedSearch:
    """Return a saved search to who saved it. Raises NotFound. One SELECT by key."""
    found = work.session.get(SavedSearch, search_id)
    if found is None or found.person_id != work.actor.person:
        raise NotFound("没有这个已存检索", f"no saved search {search_id}")
    return found


def listed(work: Work, *, after: str | None, limit: int) -> Page[SavedSearch]:
    """Return one page of the caller's saved searches, newest first. One SELECT on an index."""
    statement = select(SavedSearch).where(SavedSearch.person_id == work.actor.person)
    return keyset(work.session, statement, by=((SavedSearch.id, "desc"),), after=after, limit=limit)


def fresh(session: Session, searches: Sequence[SavedSearch]) -> dict[str, int]:
    """Return search id → how many hits are newer than its last look, up to NEWER_MAX.

    One SELECT for all of them.
    """
    asked = [(each.question, each.seen) for each in searches]
    counted = results.newer(session, asked)
    return {each.id: count for each, count in zip(searches, counted, strict=True)}


def look(work: Work, search_id: str) -> SavedSearch:
    """Say that the caller looks at what its search finds now: nothing of it is new any more."""
    found = own(work, search_id)
    found.seen = _newest(work.session)
    return found


def remove(work: Work, search_id: str) -> None:
    """Forget a saved search. Raises NotFound."""
    work.session.delete(own(work, search_id))


def _person(work: Work) -> str:
    if not work.actor.person or Role.SYSTEM in work.actor.roles:
        raise StepNotAllowed("仅登录人员可以保存检索", "only people save searches")
    return work.actor.person


def _newest(session: Session) -> int:
    return session.execute(select(func.coalesce(func.max(SearchEntry.number), 0))).scalar_one()
