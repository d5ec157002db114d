"""How far a load is, on one line at the console, phase by phase."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

_EVERY_S: Final = 0.5
_WIDTH: Final = 150
_NAMES: Final[Mapping[str, str]] = {
    "board": "气象切片 slices",
    "directories": "目录 directories",
    "firms": "机构 firms",
    "goods": "产品 products",
    "listed": "挂牌 listed",
    "orders": "订单 orders",
    "scenarios": "场景 scenarios",
}


@dataclass(slots=True)
class Showing:
    """What a load tells, written over the same line of the console's other stream."""

    whole: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    began: float = field(default_factory=monotonic)
    shown: float = 0.0

    def expect(self, whole: dict[str, int]) -> None:
        """Take in how much there is to do in each phase."""
        self.whole = whole

    def tell(self, phase: str, count: int) -> None:
        """Add `count` to what is done of a phase."""
        self.done[phase] = self.done.get(phase, 0) + count
        if monotonic() - self.shown >= _EVERY_S:
            self.shown = monotonic()
            self._show("\r")

    def end(self) -> None:
        """Show the last line for good."""
        self._show("\n")

    def _show(self, end: str) -> None:
        told = [
            f"{name} {self.done.get(phase, 0):,}/{self.whole[phase]:,}"
            for phase, name in _NAMES.items()
            if phase in self.whole
        ]
        line = f"\r{' · '.join(told)} · {monotonic() - self.began:.0f} s"
        sys.stderr.write(f"{line:<{_WIDTH}}{end}")
        sys.stderr.flush()
