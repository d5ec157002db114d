"""What is told of a story: each step, who took it, how long it took, and what came of it all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any


@dataclass(slots=True)
class Telling:
    """The story as it unfolds. say: takes one line for people."""

    say: Callable[[str], object]
    steps: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    split_fen: dict[str, int] = field(default_factory=dict)
    ledger: dict[str, int] = field(default_factory=dict)
    ranking: list[dict[str, Any]] = field(default_factory=list)
    evidence: dict[str, bool] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, actor: str) -> Iterator[None]:
        """Tell one step; what it raises ends the story, told as its failure."""
        began = perf_counter()
        told = {"name": name, "actor": actor, "ok": False, "ms": 0}
        self.steps.append(told)
        try:
            yield
            told["ok"] = True
        finally:
            told["ms"] = round((perf_counter() - began) * 1000)
            mark = "✓" if told["ok"] else "✗"
            self.say(f"{len(self.steps):>3} {mark} {told['ms']:>6} ms  {actor}: {name}")

    @property
    def ok(self) -> bool:
        """Tell whether every step was taken and everything holds at the end."""
        return (
            bool(self.steps)
            and all(step["ok"] for step in self.steps)
            and self.ledger == {"trial_balance_fen": 0, "escrow_left_fen": 0}
            and self.evidence == {"ok": True, "tampered_row_found": True}
            and bool(self.ranking)
        )

    def summary(self) -> dict[str, Any]:
        """Return the one object that `--json` ends with."""
        return {
            "ok": self.ok,
            "steps": self.steps,
            "refusals": self.refusals,
            "ledger": self.ledger,
            "split_fen": self.split_fen,
            "ranking": self.ranking,
            "evidence": self.evidence,
        }
