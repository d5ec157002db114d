"""The house: what every request and every job shares, built once from the settings."""

import atexit
import gc
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event as Bell
from types import MappingProxyType

from sqlalchemy.orm import Session

from app import demonstration
from app.answers.kept import Shelf
from config import rules as rule_files
from config.settings import HOUSE, BadSetting, Settings
from delivery.locations import roots
from delivery.locations.roots import Root
from delivery.metered.desks import Desk
from delivery.tables.sources import Shelves
from kernel import crypto, ids
from kernel.actor import Actor
from kernel.calendar import Calendar
from kernel.clock import Instant
from kernel.crypto import CryptoProvider, StandardProvider
from kernel.engines import Engines
from kernel.parties.people import Passwords
from kernel.work import Rules, Witness, Work
from licensing.deciding.clerks import Clerk
from settlement.rails import fake_rail
from settlement.rails.port import PaymentPort

COLLECTED_AT = (5_000, 20, 20)
"""New objects, and rounds of each younger generation, after which the collector goes round."""


@dataclass(frozen=True, slots=True)
class House:
    """One running exchange.

    bell: rung when a commit may have left errands to run. clerk: decides on uses from memory.
    desk: remembers callers of the metered interface, and writes their calls. shelf: answers for
    everybody, as they were drawn last.
    rails: providers of payments, by name; without any, payments come by bank alone.
    """

    settings: Settings
    engines: Engines
    rules: Rules
    calendar: Calendar
    crypto: CryptoProvider
    passwords: Passwords
    subscribers: Mapping[str, tuple[str, ...]]
    witnesses: Mapping[str, tuple[Witness, ...]]
    bell: Bell
    clerk: Clerk
    desk: Desk
    shelf: Shelf
    rails: Mapping[str, PaymentPort]

    def now(self, session: Session) -> Instant:
        """Return the time of this action: the system's, or the demonstration's own."""
        return demonstration.now(session, adjustable=self.settings.clock == "adjustable")

    def work(self, session: Session, actor: Actor) -> Work:
        """Return a unit of work by `actor`, now."""
        return Work(
            session=session,
            actor=actor,
            now=self.now(session),
            rules=self.rules,
            calendar=self.calendar,
            crypto=self.crypto,
            subscribers=self.subscribers,
            witnesses=self.witnesses,
        )

    @property
    def roots(self) -> Mapping[str, Root]:
        """From where tables may be mounted."""
        return roots.read(self.settings.data_folders, self.settings.data_buckets)

    @property
    def shelves(self) -> Shelves:
        """Where tables may lie."""
        return Shelves(self.data_dir, self.roots)

    @property
    def data_dir(self) -> Path:
        """Where the secure domain's files lie."""
        return rooted(self.settings.data_dir)


def build(
    settings: Settings,
    subscribers: Mapping[str, tuple[str, ...]],
    witnesses: Mapping[str, tuple[Witness, ...]] = MappingProxyType({}),
) -> House:
    """Build the house. Makes the folder of an embedded database; touches no network."""
    settings.check()
    _check_roots(settings)
    settings = replace(settings, database_url=_rooted_url(settings.database_url))
    engines = Engines(
        settings.database_url,
        patience_s=settings.write_patience_s,
        pool_size=settings.threads,
    )
    if engines.sqlite:
        Path(engines.url.database or "").parent.mkdir(parents=True, exist_ok=True)
    return House(
        settings=settings,
        engines=engines,
        rules=Rules(*rule_files.load(settings.rules)),
        calendar=Calendar.parse(rule_files.holidays()),
        crypto=StandardProvider(
            _key(settings, engines), [bytes.fromhex(key) for key in settings.former_keys]
        ),
        passwords=Passwords(
            memory_kib=settings.password_memory_kib, rounds=settings.password_rounds
        ),
        subscribers=subscribers,
        witnesses=witnesses,
        bell=Bell(),
        clerk=Clerk(engines, _state_dir(settings, engines)),
        desk=Desk(engines, _state_dir(settings, engines)),
        shelf=Shelf(engines, settings.kept_pages_bytes),
        rails=_rails(settings),
    )


def leave_be() -> None:
    """Keep the collector of cycles from what stands for the life of the process.

    It would go through all of it, some hundred thousand objects, in the middle of the larger
    transactions: a tenth to a fifth of their time. What requests leave is collected as before,
    in larger portions. Call it once, when everything is loaded.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AT)
    atexit.register(gc.unfreeze)  # at its end a process takes everything apart


def rooted(path: str) -> Path:
    """Return a path of the settings, relative ones from the checkout."""
    return HOUSE / path


def _check_roots(settings: Settings) -> None:
    try:
        found = roots.read(settings.data_folders, settings.data_buckets)
    except ValueError as error:
        raise BadSetting(f"DATABOURSE_DATA_FOLDERS, DATABOURSE_DATA_BUCKETS: {error}") from error
    if settings.production and any(root.endpoint.startswith("http://") for root in found.values()):
        raise BadSetting("DATABOURSE_DATA_BUCKETS: production needs https:// addresses")


def _rails(settings: Settings) -> Mapping[str, PaymentPort]:
    found: dict[str, PaymentPort] = {}
    if fake_rail.NAME in settings.rail_names:
        found[fake_rail.NAME] = fake_rail.FakeRail()
    if "stripe" in settings.rail_names:
        from settlement.rails import stripe_rail  # a heavy library, for who has an account there

        found[stripe_rail.NAME] = stripe_rail.StripeRail(
            settings.stripe_key,
            settings.stripe_endpoint_secret,
            base_url=settings.stripe_base_url,
        )
    return found


def _state_dir(settings: Settings, engines: Engines) -> Path:
    # Two databases of one name, on two servers, are two houses.
    url = engines.url.render_as_string()
    if settings.state_dir:
        return rooted(settings.state_dir) / ids.digest(url)[:16]
    if engines.sqlite:
        return Path(f"{engines.url.database}.state")
    return rooted(f"var/{engines.url.database}-{ids.digest(url)[:16]}.state")


def _rooted_url(url: str) -> str:
    head = "sqlite:///"
    if url.startswith(head) and not url.startswith(f"{head}/"):
        return f"{head}{rooted(url.removeprefix(head))}"
    return url


def _key(settings: Settings, engines: Engines) -> bytes:
    # A demonstration makes its own key once and keeps it beside its data; production is
    # given one (the settings insist), so that nobody signs with a key nobody knows of.
    if settings.key:
        return bytes.fromhex(settings.key)
    if settings.key_file:
        path = rooted(settings.key_file)
    elif engines.sqlite:
        path = Path(f"{engines.url.database}.key")
    else:
        path = rooted(f"var/{engines.url.database}.key")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(crypto.generate_key().hex())
    return bytes.fromhex(path.read_text().strip())
