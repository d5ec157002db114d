"""What happens after what: the whole choreography of the house on one page.

A reaction runs after the commit of the event it follows, in a transaction of its own,
and again until it succeeds; it must therefore do nothing when it is run a second time.
Words travel upstairs this way (settlement → marketplace) without an import.
"""

from collections.abc import Callable, Mapping

from kernel.journal import Event
from kernel.work import Work

Reaction = Callable[[Work, Event], None]

# fmt: off
REACTIONS: Mapping[str, Mapping[str, Reaction]] = {
    # after this …                   … comes this
}
# fmt: on

SUBSCRIBERS = {kind: tuple(names) for kind, names in REACTIONS.items()}
