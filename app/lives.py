"""Every life cycle there is: one register for the timetable, the pages, the drawings, the tests."""

from types import ModuleType

from kernel.parties import organisations

LIVES: dict[str, ModuleType] = {module.LIFE.name: module for module in (organisations,)}
"""Name of the life cycle → the module of its noun: LIFE, find, seen, take."""
