"""A request that does nothing, against one that takes a step of a life cycle.

Both are authorised by a token and go through the whole application; what is between them is
the transaction, the step, its event and the disk.
"""

from itertools import cycle

from benchmarks.house import client_of, furnished
from benchmarks.stopwatch import Way, compare

TURNS = 200
ORGANISATION = "/api/organisations/org_buyer"


def run() -> None:
    """Ask who one is, and restrict an organisation and lift it again, turn by turn."""
    with furnished() as application:
        client = client_of(application, "per_exchange_approver")
        steps = cycle(("restrict", "lift"))

        def ask() -> None:
            assert client.get("/api/me").status_code == 200

        def step() -> None:
            answer = client.post(f"{ORGANISATION}/{next(steps)}", json={"reason": "a measurement"})
            assert answer.status_code == 200, answer.text

        compare(
            "A request through the whole application (SQLite, synchronous=FULL)",
            Way("POST: a step, its event, the commit", step),
            Way("GET /api/me: authorised, and nothing else", ask),
            turns=TURNS,
        )
