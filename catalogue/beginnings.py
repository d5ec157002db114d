"""How a record begins whose clock starts with it: by a step that is taken once, as it is made."""

from typing import Any

from kernel.actor import Actor, Who


def at_first(who: Who) -> Who:
    """Let `who` take a step while the record is being made, and nobody after it is stored."""

    def matches(actor: Actor, subject: Any) -> bool:
        return getattr(subject, "version", None) is None and who.matches(actor, subject)

    return Who(f"{who.name}, at first", matches)
