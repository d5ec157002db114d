"""Endpoints (回调地址): where an organisation's own systems are told what happens to its things.

Notices are signed with a secret that is shown once. While it is changed both sign, so that
no notice is lost. One that has failed for days is switched off by itself.
"""

import base64
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import crypto, ids
from kernel.actor import Duty
from kernel.clock import Instant
from kernel.db import Base
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal, StepRefused
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from marketplace.telling import addresses
from marketplace.telling.kinds import KINDS

NOTE_MAX: Final = 100
KEEPERS: Final = frozenset({Duty.ORG_ADMIN, Duty.EDITOR, Duty.DATA_ENGINEER})
"""Whose duty it is, each in their own organisation."""


class Endpoint(Base):
    """An organisation's endpoint. kinds: what it wants to hear.

    secret, former: sealed by the house; the former one signs as well until former_until.
    failing_since: since when nothing has arrived. off_because: a code; None while it is on.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        CheckConstraint("(off_at IS NULL) = (off_because IS NULL)", name="says_why_it_is_off"),
        Index(None, "organisation_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    url: Mapped[str]
    note: Mapped[str]
    kinds: Mapped[list[Any]]
    secret: Mapped[str]
    former: Mapped[str | None]
    former_until: Mapped[Instant | None]
    added_by: Mapped[str]
    added_at: Mapped[Instant]
    failing_since: Mapped[Instant | None]
    off_at: Mapped[Instant | None]
    off_because: Mapped[str | None]


class NotAKeeper(DomainError):
    """Endpoints are kept by the people of the organisation whose duty it is."""

    kind: ClassVar[Kind] = Kind.FORBIDDEN
    code: ClassVar[str] = "not-a-keeper"
    title: ClassVar[Words] = Words("无权管理回调地址", "Not yours to keep endpoints")


def add(
    work: Work, url: str, kinds: Sequence[str], *, note: str = "", private: bool = False
) -> tuple[Endpoint, str]:
    """Add an endpoint of the acting organisation. Its secret is shown this once.

    private: see `addresses.checked`. Raises NotAKeeper, Invalid, StepRefused
    (TOO_MANY_ENDPOINTS). One SELECT.
    """
    _keeps(work)
    addresses.checked(url, private=private)
    wanted = _known(kinds)
    most = work.rules.number("webhooks.endpoints_max")
    count = select(func.count()).where(Endpoint.organisation_id == work.actor.organisation)
    if work.session.execute(count).scalar_one() >= most:
        zh, en = f"至多 {most} 个回调地址", f"at most {most} endpoints"
        raise StepRefused.of([Refusal("TOO_MANY_ENDPOINTS", zh, en)])
    made = Endpoint(
        id=ids.new("whk_", work.now),
        organisation_id=work.actor.organisation,
        url=url,
        note=note[:NOTE_MAX],
        kinds=wanted,
        secret="",
        added_by=work.actor.person,
        added_at=work.now,
    )
    secret = _fresh(work, made)
    work.session.add(made)
    work.record("webhook.added", made.id, url=url, kinds=wanted)
    return made, secret


def change(
    work: Work, endpoint_id: str, url: str, kinds: Sequence[str], *, private: bool = False
) -> Endpoint:
    """Change where an endpoint is and what it hears. Raises as `add` does."""
    found = own(work, endpoint_id)
    addresses.checked(url, private=private)
    found.url, found.kinds = url, _known(kinds)
    work.record("webhook.changed", found.id, url=url, kinds=found.kinds)
    return found


def rotate(work: Work, endpoint_id: str) -> tuple[Endpoint, str]:
    """Change the secret; the former one signs beside it for webhooks.overlap_s."""
    found = own(work, endpoint_id)
    found.former = found.secret
    found.former_until = work.now + timedelta(seconds=work.rules.number("webhooks.overlap_s"))
    secret = _fresh(work, found)
    work.record("webhook.secret_changed", found.id)
    return found, secret


def switch(work: Work, endpoint_id: str, *, on: bool) -> Endpoint:
    """Switch an endpoint on or off; the people of its organisation may."""
    found = own(work, endpoint_id)
    if on:
        found.off_at = found.off_because = found.failing_since = None
        work.record("webhook.switched_on", found.id)
    elif found.off_at is None:
        _off(work, found, "BY_HAND")
    return found


def arrived(endpoint: Endpoint) -> None:
    """Note that a notice has arrived."""
    if endpoint.failing_since is not None:
        endpoint.failing_since = None


def failed(work: Work, endpoint: Endpoint, *, gone: bool) -> None:
    """Note that a notice has not arrived; switch the endpoint off after days of it, or if gone."""
    if endpoint.failing_since is None:
        endpoint.failing_since = work.now
    days = timedelta(days=work.rules.number("webhooks.failing_days"))
    if endpoint.off_at is None and (gone or work.now - endpoint.failing_since >= days):
        _off(work, endpoint, "GONE" if gone else "FAILING")


def secrets(work: Work, endpoint: Endpoint) -> list[bytes]:
    """Return what signs the notices of an endpoint now: the newest secret first."""
    sealed = [endpoint.secret]
    if endpoint.former is not None and (endpoint.former_until or work.now) > work.now:
        sealed.append(endpoint.former)
    return [work.crypto.open(bytes.fromhex(each), endpoint.id.encode()) for each in sealed]


def own(work: Work, endpoint_id: str) -> Endpoint:
    """Return an endpoint to those who keep it. Raises NotAKeeper, NotFound. One SELECT by key."""
    _keeps(work)
    found = work.session.get(Endpoint, endpoint_id)
    if found is None or found.organisation_id != work.actor.organisation:
        raise NotFound("没有这个回调地址", f"no endpoint {endpoint_id}")
    return found


def find(session: Session, endpoint_id: str) -> Endpoint:
    """Return an endpoint. One SELECT by key."""
    return session.get_one(Endpoint, endpoint_id)


def listed(work: Work, *, after: str | None, limit: int) -> Page[Endpoint]:
    """Return one page of one's own endpoints, newest first. Raises NotAKeeper. One SELECT."""
    _keeps(work)
    statement = select(Endpoint).where(Endpoint.organisation_id == work.actor.organisation)
    return keyset(work.session, statement, by=((Endpoint.id, "desc"),), after=after, limit=limit)


def own_ids(work: Work) -> list[str]:
    """Return the ids of one's own endpoints. Raises NotAKeeper. One SELECT."""
    _keeps(work)
    statement = (
        select(Endpoint.id)
        .where(Endpoint.organisation_id == work.actor.organisation)
        .order_by(Endpoint.id)
        .limit(1000)
    )
    return list(work.session.scalars(statement))


def hearing(session: Session, organisation_ids: Sequence[str], kind: str) -> list[Endpoint]:
    """Return the endpoints of these organisations that are on and want to hear this. One SELECT."""
    statement = (
        select(Endpoint)
        .where(Endpoint.organisation_id.in_(organisation_ids), Endpoint.off_at.is_(None))
        .order_by(Endpoint.id)
        .limit(1000)
    )
    return [each for each in session.scalars(statement) if kind in each.kinds]


def _keeps(work: Work) -> None:
    if not KEEPERS & work.actor.duties:
        raise NotAKeeper(
            "须有机构管理员、编辑或数据工程职责",
            "it needs the duty of an administrator, editor or data engineer",
        )


def _known(kinds: Sequence[str]) -> list[str]:
    strange = sorted(set(kinds) - KINDS.keys())
    if strange or not kinds:
        raise Invalid(
            "请至少选择一种已有的事件", f"choose known kinds: {strange}", pointer="/kinds"
        )
    return sorted(set(kinds))


def _fresh(work: Work, endpoint: Endpoint) -> str:
    raw = crypto.generate_key()
    endpoint.secret = work.crypto.seal(raw, endpoint.id.encode()).hex()
    return f"whsec_{base64.b64encode(raw).decode()}"


def _off(work: Work, endpoint: Endpoint, because: str) -> None:
    endpoint.off_at, endpoint.off_because = work.now, because
    work.record("webhook.switched_off", endpoint.id, because=because)
