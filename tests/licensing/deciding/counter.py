"""A process that decides on its own, as another worker of the same house would.

Reads one command a line: "ask" says the codes of one request, "use N" answers it N times
and says each answer's id once it has been given.
"""

import sys
from pathlib import Path

from kernel.engines import Engines
from licensing.deciding.clerks import Clerk
from tests.conftest import NOON
from tests.licensing.deciding import uses


def main(url: str, state: str, key: str) -> None:
    clerk = Clerk(Engines(url), Path(state))
    asked = uses.request(key, quantity={})
    _say("ready")
    for line in sys.stdin:
        command, _, count = line.strip().partition(" ")
        if command == "ask":
            codes = clerk.codes(asked, NOON)
            _say("-" if codes is None else ",".join(codes) or "allow")
        for _ in range(int(count or 0)):
            answer = clerk.answer(
                asked, person_id="per_buyer_editor", organisation_id="org_buyer", now=NOON
            )
            _say(answer.id if answer and answer.allowed else "-")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
