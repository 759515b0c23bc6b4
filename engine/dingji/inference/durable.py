"""The guarded port to durable-rules: the only module that imports `durable`.

durable-rules 2.0.28 matches rules fast. Outside limits that it doesn't check, it hangs, crashes, coerces
types and matches wrongly without a word. The port makes each of these impossible or a clear `PortError`:

- Conditions become alternatives of plain conjunctions, cut into **shards**: rulesets well below the limits.
- A case is **one flat fact** per shard, with short field names of the port's own. Each field has one type.
- A shard's state lives for one case. A sentinel rule opens it (deleting a state in which no rule ever fired
  crashes the process), and it is deleted whatever happens.
- The agenda is read straight from the C engine. The library's own loop in Python swallows exceptions, stops
  after ten seconds of wall clock, warns on Python 3.12 and takes two to seven times as long.
"""

from __future__ import annotations

import itertools
import re
import threading
import weakref
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, TypeAlias, cast

from dingji.records import Draft, Record, field

Value: TypeAlias = int | str | bool
Test: TypeAlias = tuple[str, str, Value]  # (field, operator, constant)
Condition: TypeAlias = (
    tuple[str, str, str, Value]  # ("test", field, operator, constant)
    | tuple[str, tuple["Condition", ...]]  # ("and", conditions), ("or", conditions)
    | tuple[str]  # ("true",)
)
# An internal rule is a conjunction of literals. A literal is one test, or several tests `field == constant`
# of one field, of which at most one can hold: an internal rule takes one place of the engine's match stack.
_Literal: TypeAlias = tuple[Test, ...]
_Path: TypeAlias = tuple[_Literal, ...]

# Behind each number stands a limit of the engine, or what it does beyond; the port stays below them all.
MAX_PATHS = 60  # internal rules per shard: 65 matches of one fact are error 303
MAX_RULE_PATHS = 3_840  # internal rules that one rule may become: 64 shards
MAX_TESTS = 400  # distinct tests per shard: 512 are error 303, 514 hang for ever
MAX_FIELDS = 200  # fields per shard: 255 properties of a fact are error 302
MAX_LISTS = 13  # literals with several tests in an internal rule: 15 are error 113
MAX_LIST = 100  # tests in a literal; longer lists are cut
MAX_TEXT = 10_000  # characters: lengths are kept in 16 bits, a text of 65,536 bytes equals the empty text
MAX_INTEGER = 2**53  # beyond it, readers of JSON disagree

_OPERATORS = {"==": "", "!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_RESERVED = ("kind", "id", "sid", "$s", "$forward")
_IS_CASE: Test = ("kind", "==", "case")
_SID, _OPEN, _CASE = "s", '{"sid":"s","id":"o","kind":"open"}', '{"sid":"s","id":"c","kind":"case"'
_CODES = {
    101: "it is out of memory or holds too many states",
    113: "a condition has too many groups",
    201: "it can't read a value",
    202: "it can't read a text",
    203: "it can't read a number",
    204: "it can't read a fact or rule",
    302: "a fact has too many properties",
    303: "one fact meets too many tests at once",
    304: "a match has too many facts",
    307: "a record of its agenda was deleted under it",
    309: "the state of the case is gone",
}
_serial = itertools.count(1)  # ruleset names are unique per process


class PortError(Exception):
    """The engine can't carry these rules or this case, or it failed; the message names the rules."""


@cache
def _load() -> tuple[Any, Any] | ImportError:
    """A host class without background threads and the C extension, imported at the first call."""
    try:
        engine = import_module("durable.engine")
    except ImportError as error:
        return error
    return type("QuietHost", (engine.Host,), {"_run": lambda self: None}), engine.durable_rules_engine


def available() -> bool:
    """Whether durable-rules can be imported on this Python."""
    return isinstance(_load(), tuple)


def unavailable_reason() -> str | None:
    """One sentence on why durable-rules can't be imported, or None when it can."""
    match _load():
        case ModuleNotFoundError() as error:
            return f"durable_rules is not installed ({error})."
        case ImportError() as error:
            return f"durable_rules can't be imported; from CPython 3.13 on its build needs a flag ({error})."
    return None


@cache
def version() -> str:
    """The version of durable-rules that is installed, or "unknown" when none is."""
    # importlib.metadata would take longer to import than a case to grade; the folder's name says the same
    loaded = import_module("durable")
    folders = Path(str(loaded.__file__)).parents[1].glob("durable_rules-*.dist-info")
    return next((folder.name.split("-")[1].removesuffix(".dist") for folder in folders), "unknown")


def _problem(value: object) -> str | None:
    """What is wrong with a constant or with the value of a field, or None."""
    if type(value) is int:
        return None if -MAX_INTEGER < value < MAX_INTEGER else f"{value} is beyond the limit of 2**53"
    if type(value) is str:
        if len(value) > MAX_TEXT:
            return f"a text of {len(value)} characters is longer than the limit of {MAX_TEXT}"
        bad = not value.isascii() and re.search("[\ud800-\udfff]", value)
        return f"{value!r} is not valid Unicode" if bad else None
    if type(value) is bool:
        return None
    return f"{value!r} is a {type(value).__name__}; only bool, int and str can be carried"


class _Reader:
    """Reads the conditions of one ruleset; gives each field its internal name and holds it to one type."""

    def __init__(self) -> None:
        # field -> internal name, type, first rule to test it
        self.fields: dict[str, tuple[str, type, str]] = {}

    def read(self, rule_id: str, condition: Condition) -> tuple[_Path, ...]:
        """The condition as alternatives; raises `PortError` for what is no condition or too large."""
        match cast(tuple[Any, ...], condition):
            case ("test", str(name), str(operator), constant):
                return (((self._test(rule_id, name, operator, constant),),),)
            case ("true",):
                return (((_IS_CASE,),),)
            case ("or", (_, *_) as parts):
                found = _joined(itertools.chain(*(self.read(rule_id, part) for part in parts)))
                _limit(rule_id, len(found), MAX_RULE_PATHS, "alternatives")
                return found
            case ("and", (_, *_) as parts):
                found = ((),)
                for branches in [self.read(rule_id, part) for part in parts]:
                    _limit(rule_id, len(found) * len(branches), MAX_RULE_PATHS, "combinations")
                    pairs = itertools.product(found, branches)
                    found = tuple(dict.fromkeys(tuple(dict.fromkeys(left + right)) for left, right in pairs))
                return found
        raise PortError(f"rule {rule_id!r}: {condition!r} is no condition (test, and, or, true)")

    def _test(self, rule_id: str, name: str, operator: str, constant: Any) -> Test:
        kind = type(constant)
        if operator not in _OPERATORS:
            raise PortError(f"rule {rule_id!r} tests {name!r} with the unknown operator {operator!r}")
        if problem := _problem(constant):
            raise PortError(f"rule {rule_id!r} tests {name!r}: {problem}")
        if kind is not int and operator not in ("==", "!="):
            raise PortError(f"rule {rule_id!r} orders {name!r} by a {kind.__name__}; only ints have an order")
        internal, known, first = self.fields.setdefault(name, (f"f{len(self.fields)}", kind, rule_id))
        if known is not kind:
            types = f"{known.__name__}, rule {rule_id!r} as {kind.__name__}"
            raise PortError(f"rule {first!r} tests {name!r} as {types}; a field has one type")
        return (internal, operator, constant)


def _limit(rule_id: str, count: int, limit: int, what: str) -> None:
    if count > limit:
        found = f"{count:,} {what}, the limit is {limit:,}"
        raise PortError(f"rule {rule_id!r} is too large for durable-rules: {found}; split the rule")


def _joined(paths: Iterable[_Path]) -> tuple[_Path, ...]:
    """Alternatives without doubles; tests of one field for equality (`x in [...]`) become one literal."""
    lists: dict[str, dict[Test, None]] = {}
    others: dict[_Path, None] = {}
    for path in paths:
        if len(path) == 1 and path[0][0][1] == "==":
            lists.setdefault(path[0][0][0], {}).update(dict.fromkeys(path[0]))
        else:
            others[path] = None
    for tests in map(tuple, lists.values()):
        others |= {(tests[at : at + MAX_LIST],): None for at in range(0, len(tests), MAX_LIST)}
    return tuple(others)


class _Shard(Draft):
    """Internal rules in one ruleset of the engine."""

    rules: dict[str, _Path] = field(default_factory=dict)
    tests: set[Test] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    handle: int = 0

    def takes(self, path: _Path) -> bool:
        tests = self.tests.union(*path)
        fields = {test[0] for test in tests}
        return len(self.rules) < MAX_PATHS and len(tests) <= MAX_TESTS and len(fields) <= MAX_FIELDS

    def add(self, internal: str, path: _Path) -> None:
        self.rules[internal] = path
        self.tests.update(*path)
        self.fields.update(test[0] for literal in path for test in literal)

    def definitions(self) -> dict[str, Any]:
        """The ruleset as durable-rules reads it; nothing is run in Python when a rule fires."""
        conditions: dict[str, dict[str, Any]] = {"$open": {"kind": "open"}}
        for internal, path in self.rules.items():
            tests = [[_definition(*test) for test in literal] for literal in path]
            conditions[internal] = {"$and": [each[0] if len(each) == 1 else {"$or": each} for each in tests]}
        return {name: {"all": [{"m": each}], "run": lambda c: None} for name, each in conditions.items()}


def _definition(name: str, operator: str, constant: Value) -> dict[str, Any]:
    symbol = _OPERATORS[operator]
    return {symbol: {name: constant}} if symbol else {name: constant}


def _hash(name: str) -> int:
    """The engine's hash of a name (FNV-1a); two names with one hash are one name to it."""
    number = 0x811C9DC5
    for byte in name.encode():
        number = (number ^ byte) * 16777619 & 0xFFFFFFFF
    return number


def _release(native: Any, handle: int) -> None:
    """Give a ruleset and its state back to the engine."""
    native.delete_state(handle, _SID)
    native.delete_ruleset(handle)


class Firing(Record, frozen=True):
    """What fired for a case: for each shard the text of each field that it was given, and the ids of the rules that it fired."""

    fields: Mapping[str, Value]
    texts: tuple[dict[str, str], ...]
    fired: tuple[frozenset[str], ...]


class DurableRuleset:
    """Rules compiled once into durable-rules, to be fired against any number of cases from any thread.

    `name` appears in messages only. `rules` are pairs (id, condition), in the order in which `fire` reports.
    Raises `PortError` for whatever the engine can't carry, and when durable-rules can't be imported.
    """

    def __init__(self, name: str, rules: Sequence[tuple[str, Condition]]) -> None:
        loaded = _load()
        if not isinstance(loaded, tuple):
            raise PortError(unavailable_reason())
        host, self._native = loaded[0](), loaded[1]
        self._name, self._lock = name, threading.Lock()
        self._ids = tuple(rule_id for rule_id, _ in rules)
        if doubles := [str(rule_id) for rule_id, count in Counter(self._ids).items() if count > 1]:
            raise PortError(f"ruleset {name!r} has several rules with the id {', '.join(doubles)}")
        reader = _Reader()
        self._owner: dict[str, int] = {}  # internal rule -> position of its rule
        self._shards: list[_Shard] = []
        for position, (rule_id, condition) in enumerate(rules):
            self._place(position, reader, rule_id, condition)
        names = [*_RESERVED, *(internal for internal, _, _ in reader.fields.values())]
        if len(set(map(_hash, names))) < len(names):
            raise PortError(f"ruleset {name!r}: durable-rules can't keep {len(names)} fields apart")
        # field -> type, how its text in a fact starts, shards that test it, first rule to test it
        self._fields: dict[str, tuple[type, str, tuple[int, ...], str]] = {}
        for each, (internal, kind, rule_id) in reader.fields.items():
            where = tuple(n for n, shard in enumerate(self._shards) if internal in shard.fields)
            self._fields[each] = (kind, f',"{internal}":', where, rule_id)
        for shard in self._shards:
            self._compile(host, shard)

    def fire(self, fields: Mapping[str, Value]) -> tuple[str, ...]:
        """The ids of the rules whose condition is met, each once, in definition order.

        `fields` holds what is known of the case; a test of a field that isn't there is not met. Raises
        `PortError` for a value that is not of the type that the rules test, and when the engine fails.
        """
        fired = frozenset().union(*self.firing(fields).fired)
        return tuple([name for name in self._ids if name in fired])

    def firing(self, fields: Mapping[str, Value], like: Firing | None = None) -> Firing:
        """The same, shard by shard. What is `like` another firing is taken from there: shards that see no difference are not run."""
        before = {} if like is None else like.fields
        texts = [dict[str, str]() for _ in self._shards] if like is None else list(like.texts)
        touched = set(range(len(texts))) if like is None else set[int]()
        for name in before.keys() - fields.keys():
            for n in self._fields[name][2] if name in self._fields else ():
                touched.add(n)
                texts[n] = {other: text for other, text in texts[n].items() if other != name}
        for name, value in fields.items():
            if name in before and before[name] is value:
                continue
            kind, start, where, rule_id = self._fields.get(name, (type(value), "", (), ""))
            if type(value) is not kind:
                raise PortError(f"field {name!r} is {value!r}, but rule {rule_id!r} tests a {kind.__name__}")
            if kind is bool:
                text = "true" if value else "false"
            else:
                if problem := _problem(value):
                    raise PortError(f"field {name!r}: {problem}")
                text = encode_basestring(cast(str, value)) if kind is str else str(value)
            for n in where:
                if n not in touched:
                    touched.add(n)
                    texts[n] = dict(texts[n])
                texts[n][name] = start + text
        fired = [frozenset[str]()] * len(texts) if like is None else list(like.fired)
        with self._lock:
            for n in touched:
                shard, text = self._shards[n], "".join(texts[n].values())
                # else no test of this shard can be met
                met = self._run(shard, text) if text or "kind" in shard.fields else ()
                fired[n] = frozenset([self._ids[self._owner[internal]] for internal in met])
        return Firing(fields, tuple(texts), tuple(fired))

    def _place(self, position: int, reader: _Reader, rule_id: str, condition: Condition) -> None:
        """Put the internal rules of a rule into shards."""
        try:
            paths = reader.read(rule_id, condition)
        except RecursionError:
            raise PortError(f"rule {rule_id!r} is nested too deeply for durable-rules") from None
        for n, path in enumerate(paths):
            tests = {test for literal in path for test in literal}
            _limit(rule_id, len(tests), MAX_TESTS, "tests in one combination")
            _limit(rule_id, len({test[0] for test in tests}), MAX_FIELDS, "fields in one combination")
            lists = sum(len(literal) > 1 for literal in path)
            _limit(rule_id, lists, MAX_LISTS, "lists of values in one combination")
            if not self._shards or not self._shards[-1].takes(path):
                self._shards.append(_Shard())
            self._shards[-1].add(f"{position}#{n}", path)
            self._owner[f"{position}#{n}"] = position

    def _compile(self, host: Any, shard: _Shard) -> None:
        ruleset = f"d{next(_serial)}"
        try:
            host.set_rulesets({ruleset: shard.definitions()})
            shard.handle = host.get_ruleset(ruleset)._handle
            weakref.finalize(self, _release, self._native, shard.handle).atexit = False
        except (self._native.error, MemoryError, ValueError) as error:
            raise self._fault(shard, error) from error
        self._open(shard)

    def _open(self, shard: _Shard) -> None:
        """Make the one state of a shard; the sentinel fires in it, so that it may be deleted (without a firing that crashes)."""
        native, handle = self._native, shard.handle
        try:
            result, state = native.assert_fact(handle, _OPEN)
            if result or self._agenda(handle, state) != ["$open"]:
                raise PortError(f"ruleset {self._name!r}: durable-rules opened no state (result {result})")
        except (native.error, MemoryError, ValueError) as error:
            raise self._fault(shard, error) from error

    def _run(self, shard: _Shard, text: str) -> list[str]:
        """Assert the case, take what fires, and retract the case: the internal rules that fired.

        A state costs more than a case, so all cases share one: each leaves nothing behind. After a failure it is made anew.
        """
        native, handle = self._native, shard.handle
        fact = f"{_CASE}{text}}}"
        try:
            result, state = native.assert_fact(handle, fact)
            if result == 1:  # no rule matched: the fact is not kept
                return []
            names = self._agenda(handle, state) if result == 0 else []
            if result or native.retract_fact(handle, fact)[0]:
                raise PortError(f"ruleset {self._name!r}: durable-rules refused a case (result {result})")
            return names
        except (native.error, MemoryError, ValueError, PortError) as error:
            native.delete_state(handle, _SID)
            self._open(shard)
            raise error if isinstance(error, PortError) else self._fault(shard, error) from error

    def _agenda(self, handle: int, state: int) -> list[str]:
        """Take the actions that are due, first to last; the names of their internal rules."""
        names = []
        started = self._native.start_action_for_state(handle, state)
        message = started and started[1]
        while message is not None:  # {"internal rule":{"m":{the fact}}}
            names.append(message[2 : message.index('"', 2)])
            message = self._native.complete_and_start_action(handle, state)
        return names

    def _fault(self, shard: _Shard, error: Exception) -> PortError:
        code = re.search(r"error code: (\d+)", str(error))
        meaning = _CODES.get(int(code[1]) if code else 0, "an internal error")
        ids = dict.fromkeys(str(self._ids[self._owner[internal]]) for internal in shard.rules)
        detail = str(error) or type(error).__name__
        where = f"ruleset {self._name!r} (rules {', '.join(ids)})"
        return PortError(f"{where}: durable-rules failed: {meaning} ({detail})")
