"""What happens after what: the whole choreography of the house on one page.

A reaction runs after the commit of the event it follows, in a transaction of its own,
and again until it succeeds; it must therefore do nothing when it is run a second time.
Words travel upstairs this way (settlement → marketplace) without an import.

A suspended right does not wait for these: every use of data asks for itself.
"""

from collections.abc import Callable, Mapping

from delivery import tasks
from kernel.journal import Event
from kernel.work import Work
from licensing import scenarios
from marketplace import products, progress

Reaction = Callable[[Work, Event], object]


def _of_its_subject(command: Callable[[Work, str], object]) -> Reaction:
    return lambda work, event: command(work, event.subject)


_STOPS: Mapping[str, Reaction] = {
    "suspend its products": _of_its_subject(products.suspend_for),
    "stop its deliveries": _of_its_subject(tasks.suspend_for),
    "stop its orders": _of_its_subject(progress.suspend_for),
}
_ENDS: Mapping[str, Reaction] = {
    **_STOPS,
    "close its scenario": _of_its_subject(scenarios.close_for),
}

# fmt: off
REACTIONS: Mapping[str, Mapping[str, Reaction]] = {
    # after this …                … comes this
    "payment.received":           {"mark the order paid": progress.mark_paid},
    "delivery.completed":         {"let the buyer inspect": progress.mark_delivered},
    "order.settled":              {"complete the order": progress.settled},
    "authorisation.suspended":    _STOPS,
    "authorisation.resumed":      {
        "go on with its deliveries": _of_its_subject(tasks.resume_for),
        "go on with its orders":     _of_its_subject(progress.resume_for),
    },
    "authorisation.revoked":      _ENDS,
    "authorisation.expired":      _ENDS,
    "authorisation.lapsed":       _ENDS,
    "authorisation.surrendered":  _ENDS,
}
# fmt: on

# What may not wait for a commit: called in the transaction of the event itself, as the house,
# before anybody can see the one without the other. A refusal here undoes the event.
# fmt: off
AT_ONCE: Mapping[str, Mapping[str, Reaction]] = {
    # together with this …        … comes this
}
# fmt: on

SUBSCRIBERS = {kind: tuple(names) for kind, names in REACTIONS.items()}
WITNESSES = {kind: tuple(named.values()) for kind, named in AT_ONCE.items()}
