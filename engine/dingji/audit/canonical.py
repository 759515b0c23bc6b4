"""Canonical JSON (RFC 8785): one way to write a record, so that its digest is its own."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from dingji.audit.model import RecordError, Trouble

_quick = msgspec.json.Encoder(order="sorted")
EXTRA = "records need the extra dingji[record]"
INSTALL = "pip install 'dingji[record]'"


def canonical(value: Any) -> bytes:
    """`value` as canonical JSON. Raises RecordError where the library is not installed."""
    try:
        import rfc8785
    except ImportError:
        raise RecordError(Trouble("A001", EXTRA, INSTALL)) from None
    return rfc8785.dumps(value)


def is_canonical(data: bytes, value: Any) -> bool:
    """Is `data` the canonical JSON of `value`?

    Records have ASCII keys and no fractions. For such values msgspec writes the same, a hundred times faster; only where the two
    differ is the library asked.
    """
    try:
        return _quick.encode(value) == data or canonical(value) == data
    except (ValueError, RecursionError):
        return False


def sha256(data: bytes) -> str:
    """The SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def plain(value: Any) -> Any:
    """A value as JSON gives it back: lists, where it had tuples."""
    return msgspec.json.decode(msgspec.json.encode(value))


def same(left: Any, right: Any) -> bool:
    """Are two plain values the same in JSON? Python would take `true` for 1."""
    return _quick.encode(left) == _quick.encode(right)
