"""What every page shares: words in the reader's language, money, days, icons, and forms."""

import re
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, current_app, g, request, url_for
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from app import identity, languages
from app.answers import kept
from app.pages import figures, vocabulary
from kernel import ids
from kernel.clock import SHANGHAI
from kernel.parties import organisations, people
from kernel.words import Words

PREFERENCES = {"size": ("normal", "large"), "contrast": ("normal", "high")}
"""What a reader may choose of the look, each kept in a cookie; the first is the default."""

_EXPLAINED = re.compile("[：；]|[:;] ")

CURRENCY = {"CNY": "¥"}


def init_app(app: Flask) -> None:
    """Give the templates their words, filters and forms."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        money=money, fen=fen, day=day, moment=moment, grouped=grouped, short=short
    )
    app.jinja_env.globals.update(t=t, icon=icon, words=languages.said)
    figures.init_app(app)
    vocabulary.init_app(app)
    app.context_processor(_shared)


def t(zh: str, en: str) -> str:
    """Say it in the reader's language."""
    return zh if languages.current() == "zh" else en


def icon(name: str, label: str | None = None) -> Markup:
    """Draw an icon of the vendored sheet; with a label it is read aloud, without it is not."""
    sheet = url_for("static", filename="vendor/lucide/icons.svg")
    hidden = Markup('aria-hidden="true"')
    said = Markup('role="img" aria-label="{}"').format(label) if label else hidden
    return Markup('<svg class="icon" {}><use href="{}#{}"></use></svg>').format(said, sheet, name)


def fen(minor: int) -> str:
    """Write fen as yuan with both decimals: 1280000 → "12,800.00"."""
    sign = "−" if minor < 0 else ""
    yuan, rest = divmod(abs(minor), 100)
    return f"{sign}{yuan:,}.{rest:02}"


def money(value: Any) -> str:
    """Write money with its sign; takes Money or its wire form."""
    minor = value["minor"] if isinstance(value, dict) else value.minor
    currency = value["currency"] if isinstance(value, dict) else value.currency
    return f"{CURRENCY.get(currency, currency)} {fen(minor)}"


def grouped(number: int) -> str:
    """Write a whole number in groups of three."""
    return f"{number:,}"


def short(told: str) -> str:
    """Return what a rule of the books says, without what explains it."""
    return _EXPLAINED.split(told, maxsplit=1)[0]


def day(value: date | datetime | str | None) -> str:
    """Write a day as people in Asia/Shanghai read it; a dash for none."""
    found = _instant(value)
    if isinstance(found, datetime):
        found = found.astimezone(SHANGHAI).date()
    return found.isoformat() if found else "—"


def moment(value: datetime | str | None) -> str:
    """Write an instant to the minute, in Asia/Shanghai; a dash for none."""
    found = _instant(value)
    if not isinstance(found, datetime):
        return "—"
    return found.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _instant(value: date | datetime | str | None) -> date | datetime | None:
    if isinstance(value, str):
        return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    return value


def _shared() -> dict[str, Any]:
    from app import unit  # the request's unit knows this module's users, not this module

    caller, me = _reader()
    g.csrf = caller.sign_in.csrf if caller and caller.sign_in else ""
    settings = unit.house().settings
    return {
        "lang": languages.current(),
        "preferences": {name: _preferred(name, choices) for name, choices in PREFERENCES.items()},
        "caller": caller,
        "me": me,
        "csrf_field": csrf_field,
        "key_field": key_field,
        "demonstration": not settings.production,
        "here": request.full_path.rstrip("?"),
        "twins": _twins(),
    }


def _twins() -> dict[str, str]:
    """Return language tag → address of this page in it; nothing for what is not for everybody."""
    from app import unit  # as above

    policy = getattr(current_app.view_functions.get(request.endpoint or ""), "policy", None)
    if policy is None or policy.scope is not None or request.method != "GET":
        return {}
    base = (unit.house().settings.base_url or request.host_url).rstrip("/")
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    here = f"{base}{quote(request.path)}?{urlencode([*asked, ('lang', '')])}"
    plain = here.removesuffix("lang=").rstrip("?&")
    return {"zh-CN": f"{here}zh", "en": f"{here}en", "x-default": plain}


def csrf_field() -> Markup:
    """Write the hidden field that proves a form to be the session's own."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(g.csrf)


def key_field() -> Markup:
    """Write the hidden key under which a form, sent twice, has one effect."""
    kept.keep_not()  # two readers who sent the same key would be taken for one
    return Markup('<input type="hidden" name="idempotency_key" value="{}">').format(
        escape(ids.secret(12))
    )


def _preferred(name: str, choices: tuple[str, ...]) -> str:
    chosen = request.cookies.get(f"databourse_{name}", choices[0])
    return chosen if chosen in choices else choices[0]


def _reader() -> tuple[identity.Caller | None, dict[str, Any] | None]:
    """Return who reads the page in a browser, and what the head of the page calls them."""
    from app import unit  # as above

    caller: identity.Caller | None = g.get("caller")
    if caller is None or caller.sign_in is None or "work" not in g:
        return None, None
    if g.work.session.in_transaction():
        return caller, _me(g.work.session, caller)
    # The unit of work has ended, and what was read in it with it: a problem's page reads anew.
    house = unit.house()
    with house.engines.reading() as session:
        again = identity.identify(request, session, house.now(session))
        return (again, _me(session, again)) if again.known else (None, None)


def _me(session: Session, caller: identity.Caller) -> dict[str, Any]:
    named: dict[str, Words] = organisations.names(session, [caller.actor.organisation])
    home = named.get(caller.actor.organisation, Words("", ""))
    person = people.names(session, [caller.actor.person]).get(caller.actor.person, "")
    return {"name": person, "organisation": languages.said(home)}
