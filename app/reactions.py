"""What happens after what: the whole choreography of the house on one page.

A reaction runs after the commit of the event it follows, in a transaction of its own,
and again until it succeeds; it must therefore do nothing when it is run a second time.
Words travel upstairs this way (settlement → marketplace) without an import.

A suspended right does not wait for these: every use of data asks for itself.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from catalogue import directories
from delivery import tasks
from delivery.packages import packages
from kernel.journal import Event
from kernel.parties import organisations, roles
from kernel.work import Work
from licensing import scenarios
from licensing.supervision import totals, violations
from licensing.upkeep import falls
from marketplace import products, progress
from marketplace.aftercare import destructions, disputes
from marketplace.auctions import closing
from marketplace.calling import call_offs
from marketplace.cancelling import cancellations
from marketplace.charging import services, using
from marketplace.demands import answers as demand_answers
from marketplace.demands import demands, matching
from marketplace.finding import sources
from marketplace.integrity import looking
from marketplace.paying import instalments
from marketplace.paying import vouchers as paying
from marketplace.renewing import keeping, renewals
from marketplace.shelving import endings
from marketplace.standing import falls as falls_of_products
from marketplace.standing import returning
from marketplace.telling import kinds, notices
from marketplace.trying import trials
from settlement import batches, payouts
from settlement.fees import fee_notes, given_back
from settlement.metering import bills, hours, wallets
from settlement.papers import invoices
from settlement.rails import collecting
from settlement.refunding import refunds, wallet_returns

Reaction = Callable[[Work, Event], object]


def _of_its_subject(command: Callable[[Work, str], object]) -> Reaction:
    return lambda work, event: command(work, event.subject)


def _events(life: Any) -> set[str]:
    """Return what happens in a life."""
    return {step.event for step in life.steps.values()}


def _send_back(work: Work, event: Event) -> None:
    """Tell the provider of a refund that goes back by it; by bank a file does."""
    refund = refunds.find(work.session, event.subject)
    if refund.rail == refunds.Rail.PROVIDER:
        collecting.send_back(
            work,
            refund_id=refund.id,
            object_id=refund.object_id,
            amount=refund.amount,
            provider=refund.account,
        )


def _erase_packages(work: Work, event: Event) -> None:
    """Destroy the keys of a delivery that is over."""
    while packages.erase_for(work, event.subject, reason="the delivery is over"):
        work.session.flush()  # so that the next look finds the next ones


_STOPS: Mapping[str, Reaction] = {
    "stop its deliveries": _of_its_subject(tasks.suspend_for),
    "stop its orders": _of_its_subject(progress.suspend_for),
}
_BEGINS: Mapping[str, Reaction] = {
    "take its forerunner's products over": _of_its_subject(falls_of_products.take_over),
}
_GOES_ON: Mapping[str, Reaction] = {
    "go on with its deliveries": _of_its_subject(tasks.resume_for),
    "go on with its orders": _of_its_subject(progress.resume_for),
    "bring its products back": _of_its_subject(falls_of_products.resume_for),
    **_BEGINS,
}
_RETURNS: Mapping[str, Reaction] = {
    "give back what is not delivered": returning.authorisation_ended,
}
_ENDS: Mapping[str, Reaction] = {
    **_STOPS,
    "close its scenario": _of_its_subject(scenarios.close_for),
    "let buyers destroy what it bore": destructions.authorisation_ended,
}

# fmt: off
_FOLLOWS: Mapping[str, Mapping[str, Reaction]] = {
    # after this …                … comes this
    "payment.received":           {"settle the bill": bills.paid,
                                   "settle the fee note": fee_notes.paid,
                                   "top up the wallet": wallets.topped_up,
                                   "mark the order paid": progress.mark_paid,
                                   "count an instalment": instalments.received,
                                   "make a declined part due": paying.paid_after_all,
                                   "ask whose money it was": looking.paid,
                                   "stop collecting it": collecting.close_for},
    "voucher.payable":            {"make the sponsor's part due": paying.fall_due},
    "payment.voided":             {"stop collecting it": collecting.close_for},
    "payment.lowered":            {"stop collecting so much": collecting.close_for},
    "product.listed":             {"charge the listing": services.listed},
    "registration.registered":    {"charge the registration": services.registered},
    "assessment.concluded":       {"charge the assessment": services.assessed},
    "escrow.accepted":            {"charge the services": services.accepted},
    "fee.credited":               {"write its invoices off": invoices.credited},
    "delivery.completed":         {"let the buyer inspect": progress.mark_delivered},
    "delivery.revoked":           {"destroy its packages' keys": _erase_packages,
                                   "end its trial": trials.delivery_ended,
                                   "return what is not delivered": returning.delivery_revoked,
                                   "let its buyer destroy it": destructions.delivery_ended},
    "delivery.term_ended":        {"destroy its packages' keys": _erase_packages,
                                   "let its buyer destroy it": destructions.delivery_ended},
    "order.delivery_resumed":     {"let the buyer inspect what was complete": progress.resumed},
    "order.settled":              {"complete the order": progress.settled},
    "refund.sent":                {"begin to refund the order": progress.refund_sent},
    "refund.succeeded":           {"end the refund of the order": progress.refunded,
                                   "give its fees back": given_back.refunded,
                                   "write its invoices off": invoices.refunded,
                                   "close its dispute": disputes.refund_arrived,
                                   "ask whether it was a trade": looking.refunded},
    "refund.taken_in_hand":       {"end the refund of the order": progress.refunded,
                                   "give its fees back": given_back.refunded,
                                   "write its invoices off": invoices.refunded,
                                   "close its dispute": disputes.refund_arrived},
    "refund.cancelled":           {"go on with the order": progress.refunded,
                                   "undo its cancellation": cancellations.refund_withdrawn,
                                   "keep its term paused": keeping.refund_withdrawn,
                                   "go on with what the wallet pays": wallet_returns.put_back},
    "refund.failed":              {"go on with what the wallet pays": wallet_returns.put_back},
    "refund.bounced":             {"go on with what the wallet pays": wallet_returns.put_back},
    "voucher.unreimbursed":       {"end the refund of the order": progress.refunded},
    "chargeback.borne":           {"end the refund of the order": progress.refunded,
                                   "write its invoices off": invoices.refunded},
    "settlement.confirmed":       {"post the rest of the batch": batches.go_on},
    "settlement.continued":       {"post the rest of the batch": batches.go_on},
    "tie.declared":               {"look at what its ends traded": looking.tied},
    "bill.settled":               {"go on with its meters": hours.go_on,
                                   "go on with its order": progress.billed},
    "bill.defaulted":             {"stop its meters": hours.stop_defaulter,
                                   "stop its delivery": progress.stop_defaulter},
    "delivery.read":              {"count the use": using.count_read},
    "delivery.used":              {"count the use": using.count_use},
    "order.paid":                 {"give the winner's deposit back": closing.paid},
    "order.lapsed":               {"let its demand select again": demand_answers.fell_through,
                                   "forfeit the winner's deposit": closing.fell_through,
                                   "wait for another renewal": renewals.fell_through,
                                   "give its framework back": call_offs.ended},
    "order.cancelled":            {"let its demand select again": demand_answers.fell_through,
                                   "forfeit the winner's deposit": closing.fell_through,
                                   "wait for another renewal": renewals.fell_through,
                                   "give its framework back": call_offs.ended},
    "order.called_off":           {"let its demand select again": demand_answers.fell_through,
                                   "wait for another renewal": renewals.fell_through,
                                   "give its framework back": call_offs.ended},
    "order.declined":             {"let its demand select again": demand_answers.fell_through,
                                   "wait for another renewal": renewals.fell_through,
                                   "give its framework back": call_offs.ended},
    "order.signed":               {"let its demand be contracted": demand_answers.ordered},
    "order.signed_free":          {"let its demand be contracted": demand_answers.ordered},
    "order.refunded":             {"give its framework back": call_offs.ended},
    "subscription.begun":         {"keep its term": renewals.begun},
    "subscription.ended":         {"end its term": renewals.ended},
    "order.completed":            {"close its demand": demand_answers.completed},
    "order.redelivered":          {"close its dispute": disputes.redelivered},
    "demand.published":           {"look for who fits": matching.published},
    "authorisation.suspended":    _STOPS,
    "authorisation.promise_broken": _STOPS,
    "authorisation.resumed":      _GOES_ON,
    "authorisation.resumed_conditionally": _GOES_ON,
    "product.force_delisted":     {"give back what is not delivered": returning.product_delisted},
    "authorisation.revoked":      {**_ENDS, **_RETURNS},
    "authorisation.expired":      {**_ENDS, **_RETURNS},
    "authorisation.lapsed":       {**_ENDS, **_RETURNS},
    "authorisation.surrendered":  _ENDS,
    "authorisation.superseded":   {
        **_ENDS, "hand its products over": _of_its_subject(falls_of_products.hand_over),
    },
    "authorisation.cancelled":    _ENDS,
    "authorisation.activated":    _BEGINS,
    "authorisation.activated_conditionally": _BEGINS,
    "commitment.met":             {"give the whole right": falls.promise_met},
    "scenario.refused":           {"look whether it lacked anything": violations.look_at_refusal},
}
# fmt: on

_TOLD: Mapping[str, Mapping[str, Reaction]] = {
    kind: {"tell its webhooks": notices.tell} for kind in kinds.KINDS
}
"""What organisations' own systems are told."""

REACTIONS: Mapping[str, Mapping[str, Reaction]] = {
    kind: {**_FOLLOWS.get(kind, {}), **_TOLD.get(kind, {})}
    for kind in (*_FOLLOWS, *(kind for kind in _TOLD if kind not in _FOLLOWS))
}

_FALLS: Mapping[str, Reaction] = {
    "take its products off the market": _of_its_subject(falls_of_products.suspend_for),
}
_IS_OVER: Mapping[str, Reaction] = {
    **_FALLS,
    "end what is asked of it": falls.authorisation_ended,
}

# What may not wait for a commit: called in the transaction of the event itself, as the house,
# before anybody can see the one without the other. A refusal here undoes the event.
# fmt: off
AT_ONCE: Mapping[str, Mapping[str, Reaction]] = {
    # together with this …        … comes this
    "instalment.overdue":         {"stop what is delivered": instalments.stop},
    "sale.recognised":            {"count its volume": progress.recognised},
    "escrow.accepted":            {"set aside what does not count": progress.aligned},
    "turnover.moved":             {"count what was taken back": progress.adjusted},
    "deal.registered":            {"count it apart": progress.registered},
    "refund.sent":                {"tell its provider": _send_back},
    "product.force_delisted": {"stop what is delivered of it": _of_its_subject(endings.stop_for)},
    "bank_account.retired":       {"cancel what is not sent there": payouts.account_gone},
    "organisation.exit_asked":    {"refuse while anything is open": progress.let_go},
    "organisation.deregistered":  {"refuse while anything is open": progress.let_go},
    "organisation.restricted":    {"suspend what it holds": falls.organisation_fallen},
    "organisation.frozen":        {"suspend what it holds": falls.organisation_fallen},
    "commitment.broken":          {"suspend what it bore": falls.promise_broken},
    "directory.regraded":         {"suspend what it goes beyond": falls.directory_regraded},
    "directory.suspended":        {"suspend what it bears": falls.directory_suspended},
    "directory.revoked":          {"suspend what it bore": falls.directory_revoked},
    "registration.expired":       {"suspend what it bore": falls.registration_ended},
    "registration.deregistered":  {"suspend what it bore": falls.registration_ended},
    "agreement.directory_suspended": {"suspend what it supplied": falls.directory_withheld},
    "agreement.suspended":        {"suspend what it supplied": falls.agreement_fallen},
    "agreement.terminated":       {"suspend what it supplied": falls.agreement_fallen},
    "agreement.expired":          {"suspend what it supplied": falls.agreement_fallen},
    "operation_agreement.suspended":  {"suspend what stood under it": falls.operation_fallen},
    "operation_agreement.terminated": {"suspend what stood under it": falls.operation_fallen},
    "operation_agreement.expired":    {"suspend what stood under it": falls.operation_fallen},
    "authorisation.suspended":    _FALLS,
    "authorisation.promise_broken": _FALLS,
    "authorisation.revoked":      _IS_OVER,
    "authorisation.lapsed":       _IS_OVER,
    "authorisation.expired":      _IS_OVER,
    "authorisation.superseded":   _IS_OVER,
    "authorisation.cancelled":    _IS_OVER,
    "authorisation.surrendered":  {
        "refuse while orders are open": _of_its_subject(progress.refuse_surrender), **_IS_OVER,
    },
}
# fmt: on

_TOTALS: Mapping[str, Mapping[str, Reaction]] = {
    kind: {"keep the time of the whole case": totals.follow} for kind in totals.kinds()
}
"""Beside the clocks of its stages a case has one for the whole (总时限)."""

EARLIER = frozenset({"delivery.read"})
"""What earlier releases wrote, and errands may still be about."""

_FINDABLE: tuple[tuple[Iterable[str], Reaction], ...] = (
    (("product.created", "product.amended", *_events(products.LIFE)), sources.product_moved),
    (("rating.given",), sources.rating_given),
    (("board.product_admitted", "board.product_dismissed"), sources.board_moved),
    (_events(directories.LIFE), sources.directory_moved),
    (("organisation.entered", *_events(organisations.LIFE)), sources.organisation_moved),
    (_events(roles.LIFE), sources.role_moved),
    (("demand.created", *_events(demands.LIFE)), sources.demand_moved),
)
_FOUND: Mapping[str, Mapping[str, Reaction]] = {
    kind: {"let it be found": reaction} for kinds, reaction in _FINDABLE for kind in kinds
}
"""What is public is found from the same transaction on, and no longer than it is public."""

_TABLES = (AT_ONCE, _TOTALS, _FOUND)
SUBSCRIBERS = {kind: tuple(names) for kind, names in REACTIONS.items()}
WITNESSES = {
    kind: tuple(reaction for table in _TABLES for reaction in table.get(kind, {}).values())
    for kind in {kind for table in _TABLES for kind in table}
}
