"""What `what-if` answers, as plain records."""

from __future__ import annotations

from typing import Any

import msgspec

from dingji.knowledge.model import Words
from dingji.methods import model as m
from dingji.reasoning.variation.distances import Distance
from dingji.records import Record


class Ends(Record, frozen=True):
    """The values between two ends, null where open; `at_least` and `at_most` belong to them, `above` and `below` do not."""

    at_least: str | None = None
    above: str | None = None
    below: str | None = None
    at_most: str | None = None


class Edit(Record, frozen=True):
    """One change. `item` counts the items of a list from 1; without a `field` the item is dropped (`after` is null).

    `alike` are other values that do the same, `within` the run of numbers or days that do.
    """

    fact: str
    label: Words
    nature: str
    item: int | None
    field: str | None
    field_label: Words | None
    before: str
    after: str | None
    alike: tuple[str, ...] = ()
    within: Ends | None = None


class Standing(Record, frozen=True):
    """A grade and how surely it stands."""

    grade: str | None
    status: str
    reachable: tuple[str, ...]


class Shift(Record, frozen=True):
    """A determination (no instrument) or finding before and after; null where there is none."""

    instrument: str | None
    title: Words
    scale: str
    before: Standing | None
    after: Standing | None


class Firing(Record, frozen=True):
    """A rule whose condition is met on one side only; null stands for a condition that is open."""

    rule: str
    text: Words
    cite: Words
    before: bool | None
    after: bool | None


class DutyShift(Record, frozen=True):
    """A duty that comes (no `before`), goes (no `after`) or is due on another day."""

    before: m.Duty | None
    after: m.Duty | None


class Difference(Record, frozen=True):
    """What changes make of a graded case; the findings and duties that stay as they are, are left out."""

    edits: tuple[Edit, ...]
    determination: Shift | None
    findings: tuple[Shift, ...]
    firings: tuple[Firing, ...]
    raised: tuple[m.Flag, ...]
    cleared: tuple[m.Flag, ...]
    duties: tuple[DutyShift, ...]


class Verified(Record, frozen=True):
    """A set of changes that brings the grade about, graded again by both evaluators."""

    edits: tuple[Edit, ...]
    reached: Standing


class Ways(Record, frozen=True):
    """The smallest sets of changes that bring a grade about, the best first: `found` of them, the first ones shown.

    `complete` are the numbers of changes for which all sets were searched; `cut_off`: the time was over before the last.
    `already`: nothing need be changed.
    """

    scale: str
    grade: str
    at_most: bool
    already: bool
    ways: tuple[Verified, ...]
    found: int
    complete: tuple[int, ...]
    cut_off: bool


class Turning(Record, frozen=True):
    """Values of one fact with which the grade is another."""

    edit: Edit
    reachable: tuple[str, ...]


class Hinge(Record, frozen=True):
    """A fact, a field of an item or an item that turns the grade by itself, with each other grade it turns it to."""

    turnings: tuple[Turning, ...]


class Hinges(Record, frozen=True):
    """What the grade hangs on: the smallest change first; then the facts in its grounds that don't turn it alone.

    `untried` counts the facts, items and fields for which there was no time.
    """

    scale: str
    hinges: tuple[Hinge, ...]
    steady: tuple[str, ...]
    untried: int = 0


class Answer(Record, frozen=True):
    """What was asked of a case: what changes make of it, what brings a grade about, what turns its grade; null where not asked.

    `distances` are those of its scores from the bands beside them.
    """

    case: str
    title: Words
    as_of: str
    knowledge_version: str
    knowledge_digest: str
    profile: str | None
    evaluators: tuple[str, ...]
    without: str
    instrument: str | None
    difference: Difference | None
    ways: Ways | None
    hinges: Hinges | None
    distances: tuple[Distance, ...]

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain
