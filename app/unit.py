"""One request, one unit of work, one commit; a GET never commits.

The commit comes before the response is sent, so that a constraint that breaks at commit
is answered as a problem and not as a broken connection.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app import idempotency, identity
from app.answers import kept
from app.house import House
from kernel.actor import NOBODY, Actor
from kernel.clock import Instant
from kernel.engines import insist
from kernel.errors import DomainError, Kind
from kernel.words import Words
from kernel.work import Work

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})

NEVER_STORED = re.compile("[\0\ud800-\udfff]")
"""What no database keeps in a text: NUL, and halves of characters."""


class Unreadable(DomainError):
    """The request cannot be read, or not in one way only."""

    kind = Kind.MALFORMED
    code = "unreadable-request"
    title = Words("请求无法读取", "The request cannot be read")


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may call a view, and how it meets the database.

    scope: what a token needs; None opens the view to everybody. money: a POST that must
    carry an Idempotency-Key. alone: the view opens its own units of work. largest: how many
    bytes its body may have, where that is not what every body may have.
    """

    scope: str | None
    money: bool = False
    alone: bool = False
    largest: int | None = None


class Exchange(Flask):
    """A Flask whose every request is a transaction."""

    house: House

    def dispatch_request(self) -> Any:
        """Run the view inside its unit of work, again if the database asks for it."""
        policy = _policy(self)
        if policy is None:
            return super().dispatch_request()
        if policy.largest is not None:
            request.max_content_length = policy.largest
        _check_address()
        if policy.alone:
            return super().dispatch_request()
        asked = kept.asked() if policy.scope is None and request.method in SAFE else None
        if asked is None:
            return self._insisted(policy)
        return self.house.shelf.answer(asked, lambda: self._insisted(policy))

    def _insisted(self, policy: Policy) -> Response:
        return insist(lambda: self._dispatched(policy))

    def _dispatched(self, policy: Policy) -> Response:
        if request.method in SAFE:
            with self.house.engines.reading() as session:
                self._admit(session, policy)
                return self.make_response(super().dispatch_request())
        with self.house.engines.writing() as session:
            self._admit(session, policy)
            identity.check_form(request, g.caller)
            with _kept(session):
                answer = self._once(session, policy)
            session.commit()
        self.house.bell.set()
        return answer

    def _admit(self, session: Session, policy: Policy) -> None:
        g.caller = identity.Caller(NOBODY)
        now = self.house.now(session)
        g.caller = identity.identify(request, session, now)
        g.work = self.house.work(session, g.caller.actor)
        if policy.scope is not None:
            identity.require(g.caller, policy.scope)

    def _once(self, session: Session, policy: Policy) -> Response:
        key = idempotency.key_of(request, needed=policy.money)
        if key is None:
            return self.make_response(super().dispatch_request())
        claim = idempotency.claim(session, key, g.work)
        if claim.answer is not None:
            return claim.answer
        response = self.make_response(super().dispatch_request())
        idempotency.remember(claim, response)
        return response


def house() -> House:
    """Return the house that serves this request."""
    found: House = current_app.house  # type: ignore[attr-defined]  # our own subclass of Flask
    return found


def current() -> Work:
    """Return this request's unit of work."""
    work: Work = g.work
    return work


def admitted(scope: str) -> Actor:
    """Return who calls a view that is `alone`. Raises what `identity` raises."""
    with house().engines.reading() as session:
        g.moment = house().now(session)
        g.caller = identity.identify(request, session, g.moment)
    identity.require(g.caller, scope)
    identity.check_form(request, g.caller)
    actor: Actor = g.caller.actor
    return actor


def moment() -> Instant:
    """Return the time at which the caller of a view that is `alone` was admitted."""
    found: Instant = g.moment
    return found


def reading(actor: Actor, view: Callable[[Work], Any]) -> Any:
    """Run `view` in a reading unit of its own, for a view that is `alone`."""
    with house().engines.reading() as session:
        return view(house().work(session, actor))


def writing(actor: Actor, view: Callable[[Work], Any]) -> Any:
    """Run `view` in a writing unit of its own and commit, for a view that is `alone`."""
    return committed(house(), actor, view)


def once(actor: Actor, command: Callable[[Work], str]) -> tuple[str, bool]:
    """Run `command` once under the request's Idempotency-Key, for a view that is `alone`.

    Returns what it made, by name, and whether it had been made before: what the view then
    shows is as it stands now. Raises KeyMissing, KeyReused.
    """
    key = idempotency.key_of(request, needed=True)

    def keyed(work: Work) -> tuple[str, bool]:
        claim = idempotency.claim(work.session, str(key), work)
        if claim.answer is not None:
            return claim.answer.get_data(as_text=True), True
        made = command(work)
        idempotency.remember(claim, Response(made, 201, content_type="text/plain"))
        return made, False

    found: tuple[str, bool] = writing(actor, keyed)
    return found


def committed(
    house: House, actor: Actor, command: Callable[[Work], Any], *, ring: bool = True
) -> Any:
    """Run `command` as one unit of work outside a request, and commit it.

    It is run again, from its beginning, when the database says that another was faster.
    ring: wake the worker, which may have errands to run.
    """

    def attempt() -> Any:
        with house.engines.writing() as session:
            with _kept(session):
                result = command(house.work(session, actor))
            session.commit()
        return result

    result = insist(attempt)
    if ring:
        house.bell.set()
    return result


@contextmanager
def _kept(session: Session) -> Iterator[None]:
    # A refusal that must itself be remembered (a denied use of data) is committed, then told.
    try:
        yield
    except DomainError as error:
        if error.keeps:
            session.commit()
        raise


def storable(text: str) -> bool:
    """Tell whether both databases can keep `text` as it is."""
    return NEVER_STORED.search(text) is None


def _check_address() -> None:
    # Only NUL can come this far in an address or a form: the rest is decoded as UTF-8.
    # What is no form is left alone: to look for one would begin to read the body.
    form = request.form if request.mimetype in FORMS else MultiDict[str, str]()
    told = (*(request.view_args or {}).values(), *_values(request.args), *_values(form))
    if not all(storable(str(value)) for value in told):
        raise Unreadable(
            "地址或表单含有不能保存的字符", "the address or form holds a NUL character"
        )


def _values(found: MultiDict[str, str]) -> Iterator[str]:
    return (value for values in found.listvalues() for value in values)


def _policy(app: Flask) -> Policy | None:
    if request.routing_exception is not None or request.url_rule is None:
        return None
    if request.method == "OPTIONS":
        return None  # Flask itself says which methods there are, to everybody
    view = app.view_functions[request.url_rule.endpoint]
    return getattr(view, "policy", None)
