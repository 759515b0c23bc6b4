"""The base of the project's record types.

msgspec's structs do what frozen dataclasses do, but are defined in a fiftieth of the time and created in a sixth: a cold
start defines a hundred of them, and a proof creates hundreds.
"""

from __future__ import annotations

import msgspec


class Record(msgspec.Struct, frozen=True, gc=False):
    """An immutable record. Records hold no cycles, so the garbage collector need not look at them."""


class Draft(msgspec.Struct, eq=False):
    """A record that is filled step by step and stays inside one layer."""


field = msgspec.field
replace = msgspec.structs.replace
"""A copy of a record with some fields changed."""
