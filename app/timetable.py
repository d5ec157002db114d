"""What happens when: every job of the house, and how often, on one page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app import idempotency
from app.house import House
from app.intake import loading, pruning
from app.lives import LIVES
from app.rails import calls
from app.sharing import packing
from app.telling import sending
from catalogue import registrations, sharing
from delivery.intake import uploads
from delivery.metered import signing
from delivery.packages import packages
from delivery.passing import allowances
from kernel import evidence, watch
from kernel.clock import local_date
from kernel.errors import DomainError
from kernel.parties import contents, vigil
from kernel.work import Work
from licensing import agreements, authorisations, operations
from licensing.supervision import stages, violations
from licensing.upkeep import idleness, reviews
from marketplace import volume
from marketplace.aftercare import destructions as data_destructions
from marketplace.auctions import closing
from marketplace.charging import services
from marketplace.demands import answers, demands, matching
from marketplace.finding import sources
from marketplace.integrity import ended, looking
from marketplace.proving import wearing
from marketplace.renewing import keeping, renewals
from marketplace.shelving import endings
from marketplace.standing import returning
from marketplace.trying import trials
from settlement.dividing import reserves
from settlement.fees import fee_notes, occasions
from settlement.metering import billing, hours, subscriptions
from settlement.papers import party_statements
from settlement.rails import collecting
from settlement.reconciling import runs
from settlement.sealing import blocks
from settlement.vouchers import vouchers

OVERDUE_MAX = 200
"""Clocks that one run takes up; the next run takes up the next ones."""


@dataclass(frozen=True, slots=True)
class Job:
    """A thing done once in each slot of `every_s` seconds, by whichever process comes first.

    outside: done after that unit of work, by calls that open units of their own.
    """

    every_s: int
    run: Callable[[Work], object]
    outside: Callable[[House], object] | None = None


def give_back(work: Work) -> int:
    """Give back what dead processes hold of allowances; returns how many leases there were."""
    return allowances.recall(work.session)


def take_overdue(work: Work) -> int:
    """Take the steps that clocks take by themselves. Returns how many were taken.

    A step that is refused, for whatever reason of the domain, is left for its people; its
    light stays red, and the others are taken all the same.
    """
    taken = 0
    for clock in watch.overdue(work.session, local_date(work.now), limit=OVERDUE_MAX):
        try:
            with work.session.begin_nested():
                LIVES[clock.life].take(work, clock.subject, clock.overdue_step)
            taken += 1
        except DomainError:
            continue
    return taken


def end_what_is_over(work: Work) -> None:
    """Let whatever has a term expire when its last day has passed."""
    registrations.expire_due(work, limit=OVERDUE_MAX)
    sharing.expire_due(work, limit=OVERDUE_MAX)
    operations.expire_ended(work, limit=OVERDUE_MAX)
    agreements.expire_ended(work, limit=OVERDUE_MAX)
    authorisations.expire_due(work, limit=OVERDUE_MAX)
    authorisations.activate_due(work, limit=OVERDUE_MAX)


def look_at_use(work: Work) -> None:
    """Open the annual reviews of the first quarter; give notice of what nobody uses."""
    reviews.open_due(work, limit=OVERDUE_MAX)
    idleness.notice_due(work, limit=OVERDUE_MAX)


def close_attempts(work: Work) -> None:
    """Close the tries to collect a payment whose term is over."""
    collecting.expire_due(work, limit=OVERDUE_MAX)


def nothing(_work: Work) -> None:
    """Do nothing inside: all is done outside."""


def watch_parties(work: Work) -> None:
    """Restrict whose licence or promise is over, call up the yearly check, erase old files."""
    vigil.watch_expiry(work, limit=OVERDUE_MAX)
    contents.erase_due(work, limit=OVERDUE_MAX)


def raise_violations(work: Work) -> None:
    """Raise a violation for each clock that ran out; its step may be taken all the same."""
    violations.raise_overdue(work, limit=OVERDUE_MAX)


def reckon_provisional(work: Work) -> None:
    """Reckon anew what depended on holidays that had not been published."""
    stages.reckon_provisional(work, limit=OVERDUE_MAX)


def reconcile(work: Work) -> None:
    """Hold yesterday's books beside the bank's and the provider's, until nothing is new."""
    runs.yesterday(work)


def close_hours(work: Work) -> None:
    """Close the hours of use that are over; draw from wallets what they came to."""
    hours.close(work, limit=OVERDUE_MAX)


def earn_subscriptions(work: Work) -> None:
    """Accept the periods of subscriptions that have passed."""
    subscriptions.earn_due(work, limit=OVERDUE_MAX)


def draw_up_bills(work: Work) -> None:
    """Draw up the bills of the last month, on its first days."""
    billing.due(work, limit=OVERDUE_MAX)


def charge_fees(work: Work) -> None:
    """Charge this year's memberships and listings; ask for the fees that are on no note yet."""
    charge_year(work)
    work.session.flush()  # what was charged now is asked for with the rest
    fee_notes.gather(work, limit=OVERDUE_MAX)


def charge_year(work: Work) -> None:
    """Charge this year's memberships, and listings that are charged by the year."""
    occasions.charge_members(work, limit=OVERDUE_MAX)
    services.charge_year(work, limit=OVERDUE_MAX)


def charge_assets(work: Work) -> None:
    """Charge the months of data assets that are over, and those that were missed."""
    wearing.charge_due(work, limit=OVERDUE_MAX)


def hold_auctions(work: Work) -> None:
    """Open the lots whose time has come, and close those whose time is over."""
    closing.hold_due(work, limit=OVERDUE_MAX)


def release_reserves(work: Work) -> None:
    """Release what has been kept of merchants' shares long enough."""
    reserves.release_due(work, limit=OVERDUE_MAX)


def close_demands(work: Work) -> None:
    """Close the answers of demands that are over; reopen what was not ordered."""
    demands.close_due(work, limit=OVERDUE_MAX)
    answers.reopen_due(work, limit=OVERDUE_MAX)


def match_demands(work: Work) -> None:
    """Score anew what fits the demands that are open."""
    matching.match_open(work, limit=OVERDUE_MAX)


def ask_for_destruction(work: Work) -> None:
    """Ask buyers for the proof that what they may use no more is destroyed."""
    data_destructions.open_due(work, limit=OVERDUE_MAX)


def index_unfound(work: Work) -> None:
    """Let what the search has never heard of be found."""
    sources.catch_up(work, limit=OVERDUE_MAX)


def look_at_terms(work: Work) -> None:
    """Give notice of terms that end; renew them, serve them on, or close them."""
    keeping.keep(work, limit=OVERDUE_MAX)
    work.session.flush()  # what is kept now is looked at as well
    renewals.look(work, limit=OVERDUE_MAX)


def look_for_sham(work: Work) -> None:
    """Look at the trades that were accepted since the last look, and at what has ended."""
    looking.look(work, limit=OVERDUE_MAX)
    ended.look_at_unused(work)
    ended.look_at_quarter(work)


def end_trials(work: Work) -> None:
    """End the trials whose days are over."""
    trials.end_due(work, limit=OVERDUE_MAX)


def watch_listings(work: Work) -> None:
    """End listings whose time is over; suspend what has lost a document or a right."""
    endings.expire_due(work, limit=OVERDUE_MAX)
    endings.suspend_unbacked(work, limit=OVERDUE_MAX)


# fmt: off
TIMETABLE: Mapping[str, Job] = {
    "close the hours of use":  Job(300,    close_hours),
    "earn subscriptions":      Job(3_600,  earn_subscriptions),
    "draw up bills":           Job(3_600,  draw_up_bills),
    "charge the fees":         Job(86_400, charge_fees),
    "charge the assets":       Job(3_600,  charge_assets),
    "open and close auctions": Job(60,     hold_auctions),
    "take overdue steps":      Job(60,     take_overdue),
    "raise violations":        Job(600,    raise_violations),
    "reckon provisional days": Job(86_400, reckon_provisional),
    "end what is over":        Job(600,    end_what_is_over),
    "watch the parties":       Job(3_600,  watch_parties),
    "watch the listings":      Job(3_600,  watch_listings),
    "look at the use":         Job(86_400, look_at_use),
    "call the providers":      Job(5,      nothing, calls.run_commands),
    "read their notices":      Job(5,      nothing, calls.run_inbox),
    "look at the providers":   Job(60,     close_attempts, calls.poll),
    "release the reserves":    Job(3_600,  release_reserves),
    "seal the ledger":         Job(60,     blocks.seal),
    "tally the volume":        Job(5,      volume.tally),
    "look for sham trades":    Job(60,     look_for_sham),
    "reconcile yesterday":     Job(3_600,  reconcile),
    "issue statements":        Job(86_400, party_statements.issue_due),
    "read uploads":            Job(60,     nothing, loading.read_waiting),
    "end old uploads":         Job(600,    uploads.lapse, loading.tidy),
    "remove unused data":      Job(86_400, nothing, pruning.prune),
    "make packages":           Job(60,     nothing, packing.make_waiting),
    "send webhooks":           Job(60,     nothing, sending.send_waiting),
    "end old packages":        Job(600,    packages.lapse, packing.tidy),
    "end vouchers":            Job(3_600,  vouchers.expire_due),
    "close demands":           Job(3_600,  close_demands),
    "look at terms":           Job(600,    look_at_terms),
    "return what is undelivered": Job(3_600, returning.try_again),
    "end trials":              Job(600,    end_trials),
    "ask for destruction":     Job(3_600,  ask_for_destruction),
    "match demands":           Job(86_400, match_demands),
    "index what is not found": Job(3_600,  index_unfound),
    "seal the evidence":       Job(60,     evidence.seal),
    "forget old keys":         Job(86_400, idempotency.forget),
    "give back dead leases":   Job(60,     give_back),
    "forget used nonces":      Job(3_600,  signing.forget),
}
# fmt: on
