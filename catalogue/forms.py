"""What an applicant writes to register (登记表): the form, its changes, and the commitment.

Every form that was ever handed in is kept as it was. Source: the national platform's steps
of registration: basic facts, entrusted agent, storage, description, commitment letter.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NotRequired, TypedDict

from sqlalchemy import CheckConstraint, ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.db import Base, append_only
from kernel.errors import Invalid
from kernel.words import Words
from kernel.work import Work

COMMITMENT: Final = Words(
    "本单位承诺：所登记的公共数据资源来源合法、内容真实，不含国家秘密；发生变化时在二十个工作日内申请变更。",
    "We promise that the registered data are lawfully held, true, and no state secret, and that "
    "we apply for a change within twenty working days of one.",
)
"""What every applicant promises; kept by its digest with the form that promises it."""

DIGEST: Final = re.compile(r"[0-9a-f]{64}")
DOCUMENTS_MAX: Final = 20


class RegistrationForm(Base):
    """One form of one registration: number 1, 2, … kind: see `register.Registration`.

    body: see Form, or for a correction what is wrong: {"text"}. commitment: digest of the
    promise, None where none is asked for.
    """

    __tablename__ = "registration_forms"
    __table_args__ = (CheckConstraint("number > 0", name="number_positive"),)

    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    body: Mapped[dict[str, Any]]
    commitment: Mapped[str | None]
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[str]
    given_at: Mapped[Instant]


append_only(RegistrationForm.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class Form(TypedDict):
    """An application. documents: SHA-256 of what describes the data. agent: who is entrusted."""

    contact: str
    phone: str
    storage: str
    description: str
    commitment: bool
    agent: NotRequired[str]
    documents: NotRequired[list[str]]


def give(work: Work, registration_id: str, *, kind: str, form: Form) -> RegistrationForm:
    """Keep a form whose commitment is given. Raises Invalid."""
    if not form["commitment"]:
        raise Invalid("须作出真实合法承诺", "the promise must be made", pointer="/form/commitment")
    documents = form.get("documents", [])
    for place, digest in enumerate(documents):
        if not DIGEST.fullmatch(digest):
            raise Invalid(
                "材料须给出 SHA-256 摘要",
                "a document is named by its SHA-256",
                pointer=f"/form/documents/{place}",
            )
    for name in ("contact", "phone", "storage", "description"):
        if not str(form[name]).strip():
            raise Invalid("请填写", "must be given", pointer=f"/form/{name}")
    body: dict[str, Any] = {"agent": "", **form, "documents": list(documents)}
    promise = work.crypto.digest(COMMITMENT.zh.encode())
    return _kept(work, registration_id, kind=kind, body=body, commitment=promise)


def tell(
    work: Work, registration_id: str, *, kind: str, body: Mapping[str, Any]
) -> RegistrationForm:
    """Keep what is asked for without a promise: a correction, a renewal."""
    return _kept(work, registration_id, kind=kind, body=dict(body), commitment=None)


def latest(session: Session, registration_id: str, kind: str) -> RegistrationForm | None:
    """Return the form of a kind that was given last. One SELECT on an index."""
    statement = (
        select(RegistrationForm)
        .where(RegistrationForm.registration_id == registration_id, RegistrationForm.kind == kind)
        .order_by(RegistrationForm.number.desc())
        .limit(1)
    )
    return session.scalars(statement).one_or_none()


def of(session: Session, registration_id: str) -> list[RegistrationForm]:
    """Return up to 100 forms of a registration, newest first. One SELECT on an index."""
    statement = (
        select(RegistrationForm)
        .where(RegistrationForm.registration_id == registration_id)
        .order_by(RegistrationForm.number.desc())
        .limit(100)
    )
    return list(session.scalars(statement))


def _kept(
    work: Work,
    registration_id: str,
    *,
    kind: str,
    body: dict[str, Any],
    commitment: str | None,
) -> RegistrationForm:
    given = select(func.max(RegistrationForm.number)).where(
        RegistrationForm.registration_id == registration_id
    )
    made = RegistrationForm(
        registration_id=registration_id,
        number=(work.session.scalars(given).one() or 0) + 1,
        kind=kind,
        body=body,
        commitment=commitment,
        organisation_id=work.actor.organisation,
        person_id=work.actor.person,
        given_at=work.now,
    )
    work.session.add(made)
    return made
