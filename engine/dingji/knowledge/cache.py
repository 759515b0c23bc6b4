"""The compiled knowledge base as JSON in the user's cache folder, keyed by content digest.

Plain JSON, never a pickle: reading a cache must not run anything. A damaged, foreign or unwritable cache costs time only:
the source files are read instead. Rules and facts stay JSON until somebody asks for them: a case needs a few of thousands.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import gc
import hashlib
import os
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from dingji.knowledge import model
from dingji.knowledge.lazy import LazyDict
from dingji.language import nodes, types
from dingji.records import Record

_CLASSES: dict[str, type] = {
    cls.__name__ + suffix: cls
    for module, suffix in ((model, ""), (nodes, "N"), (types, "T"))
    for cls in vars(module).values()
    if isinstance(cls, type) and cls.__module__ == module.__name__ and (issubclass(cls, Record) or cls is model.Knowledge)
}
_NAMES = {cls: name for name, cls in _CLASSES.items()}


def cache_folder() -> Path:
    """Where compiled knowledge is kept: `$XDG_CACHE_HOME/dingji`, by default `~/.cache/dingji`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "dingji"


def read_cache(digest: str, version: str) -> model.Knowledge | None:
    """The compiled knowledge base of that digest, None if there is no sound one."""
    try:
        checksum, _, payload = (cache_folder() / f"{digest}-{version}.json").read_bytes().partition(b"\n")
        # one flipped bit could move a threshold: what is not exactly what was written is not read
        if checksum.decode() != _checksum(digest, payload):
            return None
        knowledge = _open(payload)
    except (
        OSError,
        msgspec.MsgspecError,
        RuntimeError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        RecursionError,
        ArithmeticError,
    ):
        return None
    return knowledge if isinstance(knowledge, model.Knowledge) and knowledge.digest == digest else None


def write_cache(knowledge: model.Knowledge) -> bool:
    """Keep a compiled knowledge base; false if the folder can't be written. The file appears whole or not at all."""
    payload = _packed(knowledge)
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(_checksum(knowledge.digest, payload).encode() + b"\n" + payload)
            Path(name).replace(folder / f"{knowledge.digest}-{knowledge.version}.json")
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, RuntimeError):  # no folder, or no home
        return False
    return True


class _Stored(msgspec.Struct):
    """A knowledge base as stored: the rules and facts apart, each as JSON of its own."""

    base: Any
    rules: dict[str, msgspec.Raw]
    facts: dict[str, msgspec.Raw]


_APART = ("rules", "facts")


def _packed(knowledge: model.Knowledge) -> bytes:
    apart = {part: {name: _encode(entry) for name, entry in getattr(knowledge, part).items()} for part in _APART}
    return msgspec.json.encode({"base": _encode(dataclasses.replace(knowledge, rules={}, facts={})), **apart})


def _open(payload: bytes) -> Any:
    stored = msgspec.json.decode(payload, type=_Stored)
    # thousands of small objects that all stay: the collector would only walk them again and again
    enabled = gc.isenabled()
    gc.disable()
    try:
        knowledge = _decode(stored.base)
    finally:
        if enabled:
            gc.enable()
    if not isinstance(knowledge, model.Knowledge):
        return None
    rules, facts = (LazyDict(getattr(stored, part), _unpacked) for part in _APART)
    return dataclasses.replace(knowledge, rules=rules, facts=facts)


def _unpacked(entry: msgspec.Raw) -> Any:
    return _decode(msgspec.json.decode(entry))


def _checksum(digest: str, payload: bytes) -> str:
    return hashlib.sha256(f"{FORMAT} {digest} ".encode() + payload).hexdigest()


def _encode(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, tuple):
        return ["(", *map(_encode, value)]
    if isinstance(value, dict):
        return ["{", *(x for k, v in value.items() for x in (k, _encode(v)))]
    if isinstance(value, Decimal):
        return ["D", str(value)]
    if isinstance(value, dt.date):
        return ["d", value.isoformat()]
    name = _NAMES[type(value)]
    return [name, *(_encode(getattr(value, f)) for f in _FIELDS[name])]


def _decode(data: Any) -> Any:
    if type(data) is not list:
        return data
    head = data[0]
    if head == "(":
        return tuple([_decode(x) if type(x) is list else x for x in data[1:]])
    if head == "{":
        return {data[i]: _decode(data[i + 1]) for i in range(1, len(data), 2)}
    if head == "D":
        return Decimal(data[1])
    if head == "d":
        return dt.date.fromisoformat(data[1])
    values = [_decode(x) if type(x) is list else x for x in data[1:]]
    cls = _CLASSES[head]
    if issubclass(cls, nodes.Node):
        return cls(*values[:-1], at=values[-1])
    return cls(*values)


# The plans and conditions compiled for a knowledge base are not kept; the position of a node comes last, by keyword.
_FIELDS = {name: cls.__struct_fields__ for name, cls in _CLASSES.items() if issubclass(cls, Record)}
_FIELDS["Knowledge"] = tuple(f.name for f in dataclasses.fields(model.Knowledge) if f.name not in ("plans", "compiled"))
# A cache written under other definitions of these classes is not ours to read.
FORMAT = hashlib.sha256(
    repr([(name, fields, sorted(_CLASSES[name].__annotations__.items())) for name, fields in sorted(_FIELDS.items())]).encode()
).hexdigest()
