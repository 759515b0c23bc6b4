"""A read-only dict whose values are decoded when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

V = TypeVar("V")


class LazyDict(Mapping[str, V], Generic[V]):
    """Name -> value, where a value is kept in its stored form until somebody reads it. Equal to a dict of the same values."""

    __slots__ = ("_decode", "_decoded", "_stored")

    def __init__(self, stored: Mapping[str, Any], decode: Callable[[Any], V]) -> None:
        self._stored, self._decode = stored, decode
        self._decoded: dict[str, V] = {}

    def __getitem__(self, name: str) -> V:
        value = self._decoded.get(name)
        if value is None:
            value = self._decoded[name] = self._decode(self._stored[name])
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._stored

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    def __eq__(self, other: object) -> bool:
        return dict(self) == (dict(other) if isinstance(other, Mapping) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(dict(self))
