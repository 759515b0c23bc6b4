"""The port to durable-rules: each measured defect of the library is impossible or a clear error."""

from __future__ import annotations

import gc
import math
import operator
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dingji.inference import durable
from dingji.inference.durable import DurableRuleset, PortError

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TRUE = ("true",)


def ruleset(*rules: tuple[str, Any], name: str = "stage") -> DurableRuleset:
    """The compiled rules; skips the test where durable-rules can't be imported."""
    if not durable.available():
        pytest.skip(str(durable.unavailable_reason()))
    return DurableRuleset(name, rules)


def fact(field: str, op: str, constant: object) -> Any:
    return ("test", field, op, constant)


def each(*parts: Any) -> Any:
    return ("and", parts)


def either(*parts: Any) -> Any:
    return ("or", parts)


def holds(condition: Any, fields: Mapping[str, Any]) -> bool:
    """The meaning of a condition: what `fire` must agree with."""
    match condition:
        case ("true",):
            return True
        case ("test", field, op, constant):
            return field in fields and OPERATORS[op](fields[field], constant)
        case (kind, parts):
            return (all if kind == "and" else any)(holds(part, fields) for part in parts)
    raise AssertionError(condition)


def expected(rules: Sequence[tuple[str, Any]], fields: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(rule_id for rule_id, condition in rules if holds(condition, fields))


def resident() -> int:
    """Bytes of memory that this process holds."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("memory is measured on Linux only")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# One test per row of the defects table ----------------------------------------------------------------------


def test_row_01_more_than_64_matches_of_one_case() -> None:
    rules = [(f"r{n}", fact("x", ">", n)) for n in range(300)]
    rules.append(("alternatives", either(*(fact("x", ">", 1000 - n) for n in range(300)))))
    assert ruleset(*rules).fire({"x": 999}) == tuple(rule_id for rule_id, _ in rules)


def test_row_02_more_than_512_tests() -> None:
    rules = [(f"r{n}", fact("x", "==", n)) for n in range(1_200)]
    rules.append(("list", either(*(fact("x", "==", n) for n in range(5_000)))))
    compiled = ruleset(*rules)
    assert compiled.fire({"x": 700}) == ("r700", "list")
    assert compiled.fire({"x": 4_999}) == ("list",)
    with pytest.raises(PortError, match=r"'wide' is too large.*401 tests"):
        ruleset(("wide", each(*(fact("x", "!=", n) for n in range(401)))))


def test_row_03_joins_groups_and_properties() -> None:
    inner = [either(fact("b", "<", n), fact("c", "==", str(n))) for n in range(20)]
    nested = either(*(each(fact("a", ">", n), part) for n, part in enumerate(inner)))
    rules = [("nested", nested), *((f"r{n}", fact(f"field{n}", "==", n)) for n in range(600))]
    compiled = ruleset(*rules)
    fields = {f"field{n}": n for n in range(600)}
    assert compiled.fire({"a": 5, "c": "3", **fields}) == tuple(rule_id for rule_id, _ in rules)
    with pytest.raises(PortError, match=r"'wide' is too large.*201 fields"):
        ruleset(("wide", each(*(fact(f"field{n}", "==", n) for n in range(201)))))
    lists = each(*(either(*(fact(f"field{n}", "==", m) for m in range(2))) for n in range(14)))
    with pytest.raises(PortError, match=r"'lists' is too large.*14 lists of values"):
        ruleset(("lists", lists))


def test_row_04_more_than_1024_cases() -> None:
    compiled = ruleset(("r", fact("x", "==", 1)))
    assert all(compiled.fire({"x": n % 2}) == (("r",) if n % 2 else ()) for n in range(2_100))


def test_row_05_cases_in_which_no_rule_fires() -> None:
    for _ in range(20):
        compiled = ruleset(("a", fact("x", "==", 1)), ("b", TRUE), ("c", fact("y", "==", 1)))
        assert all(compiled.fire({"x": 2}) == ("b",) for _ in range(100))
    silent = ruleset(*((f"r{n}", fact("x", "==", n)) for n in range(70)))
    assert all(silent.fire({"x": -1}) == () for _ in range(300))


def test_row_06_no_background_threads() -> None:
    before = set(threading.enumerate())
    ruleset(("r", fact("x", "==", 1))).fire({"x": 1})
    assert set(threading.enumerate()) == before


def test_row_07_the_same_case_again_and_again() -> None:
    compiled = ruleset(("r", fact("x", ">=", 0)))
    assert all(compiled.fire({"x": n % 3}) == ("r",) for n in range(1_000))


def test_row_08_names_with_one_hash() -> None:
    assert durable._hash("p2039599") == durable._hash("p2222382")
    compiled = ruleset(("a", fact("p2039599", "==", 1)), ("b", fact("p2222382", "==", 1)))
    assert compiled.fire({"p2222382": 1}) == ("b",)


def test_row_08_internal_names_with_one_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "_hash", lambda name: len(name))
    with pytest.raises(PortError, match="can't keep 7 fields apart"):
        ruleset(("a", fact("x", "==", 1)), ("b", fact("y", "==", 1)))


@pytest.mark.parametrize(
    ("constant", "op", "value"),
    [(10, ">", "9"), ("1", "==", 1), (1, "==", True), (True, "==", 1), ("true", "==", True)],
)
def test_row_09_types_are_not_coerced(constant: object, op: str, value: object) -> None:
    compiled = ruleset(("first", fact("x", op, constant)), ("second", TRUE))
    kind = type(constant).__name__
    with pytest.raises(PortError, match=f"'x' is {value!r}, but rule 'first' tests a {kind}"):
        compiled.fire({"x": value})  # type: ignore[dict-item]
    with pytest.raises(PortError, match=r"'first' tests 'x' as .*, rule 'second' as .*one type"):
        ruleset(("first", fact("x", "==", constant)), ("second", fact("x", "==", value)))


@pytest.mark.parametrize("value", [0.5, 1e-05, 1e16, math.nan, math.inf, Decimal(1), 2**53, -(2**53), 10**30])
def test_row_10_numbers_that_the_engine_misreads(value: Any) -> None:
    with pytest.raises(PortError, match=r"rule 'r' tests 'x'.*(only bool, int and str|beyond the limit)"):
        ruleset(("r", fact("x", "==", value)))
    with pytest.raises(PortError, match="'x'"):
        ruleset(("r", fact("x", "==", 1))).fire({"x": value})
    with pytest.raises(PortError, match="'other'"):
        ruleset(("r", fact("x", "==", 1))).fire({"other": value})


@pytest.mark.parametrize("limit", [2**53 - 1, 1 - 2**53])
def test_row_10_integers_are_exact(limit: int) -> None:
    compiled = ruleset(*((op, fact("x", op, limit)) for op in OPERATORS))
    for value in (limit, limit + 1, limit - 1):
        if abs(value) < 2**53:
            assert compiled.fire({"x": value}) == tuple(op for op in OPERATORS if OPERATORS[op](value, limit))


def test_row_11_null_and_missing() -> None:
    compiled = ruleset(*((op, fact("x", op, 1)) for op in OPERATORS), ("other", fact("y", "==", 1)))
    assert compiled.fire({}) == ()
    assert compiled.fire({"y": 1}) == ("other",)
    with pytest.raises(PortError, match="'x' is None, but rule '==' tests a int"):
        compiled.fire({"x": None})  # type: ignore[dict-item]


def test_row_12_a_rule_without_a_fact() -> None:
    x = fact("x", "==", 1)
    compiled = ruleset(("always", TRUE), ("maybe", either(x, TRUE)), ("x", each(TRUE, x)))
    assert compiled.fire({}) == ("always", "maybe")
    assert compiled.fire({"x": 1}) == ("always", "maybe", "x")


@pytest.mark.parametrize(
    "condition",
    [
        ("nex", "x"),
        ("not", (fact("x", "==", 1),)),
        ("none", (fact("x", "==", 1),)),
        ("and", ()),
        ("or", ()),
        ("and", fact("x", "==", 1)),
        ("test", "x", "=="),
        ("test", 1, "==", 1),
        (),
        None,
        "true",
        each(fact("x", "==", 1), ("none", ())),
    ],
)
def test_rows_12_and_13_absence_and_none_cannot_be_said(condition: Any) -> None:
    with pytest.raises(PortError, match=r"rule 'r': .* is no condition"):
        ruleset(("r", condition))


def test_row_14_a_rule_is_reported_once() -> None:
    rules = [
        ("r", either(fact("x", "==", 1), fact("y", "==", 1), fact("x", "<", 5))),
        ("s", fact("x", "==", 1)),
    ]
    assert ruleset(*rules).fire({"x": 1, "y": 1}) == ("r", "s")


def test_row_15_faults_of_the_engine_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "MAX_PATHS", 100)  # lets the port run into the engine's limit
    compiled = ruleset(*((f"r{n}", fact("x", ">", n)) for n in range(70)))
    for _ in range(3):
        with pytest.raises(PortError, match=r"'stage' \(rules r0, .*r69\).*too many tests at once .*303"):
            compiled.fire({"x": 1_000})
        assert compiled.fire({"x": 2}) == ("r0", "r1")


def test_row_15_faults_of_the_compiler_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "MAX_LISTS", 100)
    lists = each(*(either(*(fact(f"field{n}", "==", m) for m in range(2))) for n in range(20)))
    with pytest.raises(PortError, match=r"'stage' \(rules many\).*too many groups .*113"):
        ruleset(("many", lists))


def test_row_16_the_clock_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = ruleset(*((f"r{n}", fact("x", ">", n)) for n in range(30)))
    monkeypatch.setattr("durable.engine._unix_now", lambda: 1 / 0)
    assert len(compiled.fire({"x": 1_000})) == 30


def test_row_17_no_rule_has_a_priority() -> None:
    names = [f"r{n}" for n in range(200)]
    random.Random(1).shuffle(names)
    rules = [(name, either(fact("x", ">", n), fact("y", "==", n))) for n, name in enumerate(names)]
    compiled = ruleset(*rules)
    assert compiled.fire({"x": 1_000, "y": 3}) == tuple(names)
    assert {key for shard in compiled._shards for rule in shard.definitions().values() for key in rule} == {
        "all",
        "run",
    }


def test_rows_18_and_19_a_case_that_only_some_shards_match() -> None:
    rules = [(f"r{n}", fact("x", "==", n)) for n in range(200)]
    compiled = ruleset(*rules)
    assert len(compiled._shards) == 4
    assert compiled.fire({"x": 150}) == ("r150",)
    assert compiled.fire({"x": 1_000}) == ()
    assert compiled.fire({"unread": 1}) == ()


def test_row_20_rulesets_are_given_back() -> None:
    def build() -> None:
        for serial in range(40):
            ruleset(*((f"r{n}", fact(f"f{n}", "==", serial)) for n in range(50))).fire({"f1": serial})
        gc.collect()

    build()
    before = resident()
    build()
    assert resident() - before < 4_000_000


def test_row_21_dots_dollars_and_reserved_names_in_fields() -> None:
    names = ["p.q", "p", "$s", "$and", "id", "sid", "kind", "f0", "f1", "", "电压 kV", 'a"b\\', "m"]
    compiled = ruleset(*((name, fact(name, "==", n)) for n, name in enumerate(names)))
    assert compiled.fire({name: n for n, name in enumerate(names)}) == tuple(names)
    assert all(compiled.fire({name: n}) == (name,) for n, name in enumerate(names))


def test_row_22_texts_are_compared_and_never_matched() -> None:
    texts = [
        ".*",
        "%d",
        "[a-z]+",
        "",
        " ",
        '"',
        "'",
        "\\",
        "\\u0041",
        "A",
        "{}",
        '{"x": 1}',
        "null",
        "true",
        "1",
        "\n\t\r",
    ]
    texts += ["\0", "\x1f", "é", "e\u0301", "定级", "😀", "a" * 10_000]
    rules = [*((repr(text), fact("x", "==", text)) for text in texts), ("any", fact("x", "!=", "none"))]
    compiled = ruleset(*rules)
    assert all(compiled.fire({"x": text}) == (repr(text), "any") for text in texts)
    assert compiled.fire({"x": "none"}) == ()


def test_row_23_one_ruleset_fired_from_four_threads() -> None:
    rules = [(f"r{n}", each(fact("x", ">=", n), fact("y", "!=", n))) for n in range(150)]
    compiled = ruleset(*rules)
    cases = [{"x": n % 151, "y": n % 7} for n in range(400)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(compiled.fire, cases)) == [expected(rules, case) for case in cases]


# What the rows don't say ------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [10_001, 65_536])
def test_texts_too_long_for_the_engine(length: int) -> None:
    with pytest.raises(PortError, match=r"rule 'r' tests 'x': a text of .* characters"):
        ruleset(("r", fact("x", "==", "a" * length)))
    with pytest.raises(PortError, match=r"field 'x': a text of .* characters"):
        ruleset(("r", fact("x", "==", ""))).fire({"x": "a" * length})


def test_the_longest_text_in_its_longest_spelling() -> None:
    text = "\x1f" * durable.MAX_TEXT
    compiled = ruleset(("r", fact("x", "==", text)), ("empty", fact("x", "==", "")))
    assert compiled.fire({"x": text}) == ("r",)


def test_half_a_character() -> None:
    with pytest.raises(PortError, match="not valid Unicode"):
        ruleset(("r", fact("x", "==", "\ud800")))
    with pytest.raises(PortError, match="not valid Unicode"):
        ruleset(("r", fact("x", "==", "a"))).fire({"x": "\udfff"})


@pytest.mark.parametrize(("op", "constant"), [("<", "a"), (">=", True), ("=", 1), ("$gt", 1)])
def test_operators_that_do_not_fit(op: str, constant: object) -> None:
    with pytest.raises(PortError, match=r"rule 'r' .*'x'.*(only ints have an order|unknown operator)"):
        ruleset(("r", fact("x", op, constant)))


def test_one_id_twice() -> None:
    with pytest.raises(PortError, match="'stage' has several rules with the id b"):
        ruleset(("a", TRUE), ("b", TRUE), ("b", TRUE))


def test_rule_ids_that_look_like_the_engine() -> None:
    ids = ["$open", "$state", "a$flow", 'quote"', "0#0", "", "规则"]
    assert ruleset(*((rule_id, TRUE) for rule_id in ids), name="x$state").fire({}) == tuple(ids)


def test_a_condition_nested_beyond_reason() -> None:
    condition = fact("x", "==", 1)
    for _ in range(100_000):
        condition = ("and", (condition,))
    with pytest.raises(PortError, match="rule 'deep' is nested too deeply"):
        ruleset(("deep", condition))


def test_a_rule_with_many_combinations_is_cut_or_refused() -> None:
    def product(width: int) -> Any:
        return each(*(either(fact(f"a{n}", "==", 1), fact(f"b{n}", "==", 1)) for n in range(width)))

    compiled = ruleset(("eight", product(8)), ("after", fact("a0", "==", 1)))
    fields = {f"{'ab'[n % 2]}{n}": 1 for n in range(8)}
    assert compiled.fire(fields) == ("eight", "after")
    assert compiled.fire({**fields, "b7": 0}) == ("after",)
    with pytest.raises(PortError, match=r"'many' is too large.*combinations, the limit is 3,840"):
        ruleset(("many", product(30)))
    with pytest.raises(PortError, match=r"'many' is too large.*alternatives, the limit is 3,840"):
        ruleset(("many", either(*(fact("x", ">", n) for n in range(4_000)))))


def test_no_rules() -> None:
    assert ruleset().fire({"x": 1}) == ()


def test_memory_stays_flat() -> None:
    rules = [(f"r{n}", either(fact(f"f{n % 30}", ">", n), fact("text", "==", str(n)))) for n in range(100)]
    compiled = ruleset(*rules)

    def fire(times: int) -> None:
        for n in range(times):
            compiled.fire({**{f"f{m}": (n + m) % 50 for m in range(20)}, "text": str(n % 100)})

    fire(300)
    before = resident()
    fire(3_000)
    assert resident() - before < 3_000_000


KINDS = {"i1": int, "i2": int, "i3": int, "s1": str, "s2": str, "b1": bool, "b2": bool}
VALUES: dict[type, st.SearchStrategy[Any]] = {
    int: st.integers(-3, 3),
    str: st.sampled_from(["", "a", "b", '"', "定级"]),
    bool: st.booleans(),
}


@st.composite
def facts(draw: st.DrawFn) -> Any:
    field = draw(st.sampled_from(sorted(KINDS)))
    ops = list(OPERATORS) if KINDS[field] is int else ["==", "!="]
    return fact(field, draw(st.sampled_from(ops)), draw(VALUES[KINDS[field]]))


def groups(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(st.sampled_from(["and", "or"]), st.lists(children, min_size=1, max_size=4).map(tuple))


CONDITIONS = st.recursive(facts() | st.just(TRUE), groups, max_leaves=10)
CASES = st.fixed_dictionaries({}, optional={field: VALUES[kind] for field, kind in KINDS.items()})


@settings(max_examples=150, deadline=None)
@given(st.lists(CONDITIONS, max_size=30), st.integers(1, 4), st.lists(CASES, min_size=1, max_size=6))
def test_fire_agrees_with_the_meaning(conditions: list[Any], times: int, cases: list[dict[str, Any]]) -> None:
    rules = [(f"r{n}", condition) for n, condition in enumerate(conditions * times)]
    compiled = ruleset(*rules)
    for case in cases:
        assert compiled.fire(case) == expected(rules, case)


# Without durable-rules --------------------------------------------------------------------------------------


@pytest.fixture
def fresh_import() -> Any:
    durable._load.cache_clear()
    yield
    durable._load.cache_clear()


@pytest.mark.usefixtures("fresh_import")
def test_where_durable_rules_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError("No module named 'durable'")

    monkeypatch.setattr(durable, "import_module", missing)
    assert not durable.available()
    assert durable.unavailable_reason() == "durable_rules is not installed (No module named 'durable')."
    with pytest.raises(PortError, match="not installed"):
        DurableRuleset("stage", [])


@pytest.mark.usefixtures("fresh_import")
def test_where_durable_rules_does_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise ImportError("undefined symbol: PyEval_CallObject")

    monkeypatch.setattr(durable, "import_module", broken)
    assert not durable.available()
    assert "CPython 3.13" in str(durable.unavailable_reason())


def test_what_is_installed() -> None:
    if durable.available():
        assert durable.unavailable_reason() is None
        assert durable.version() == "2.0.28"
    else:
        assert str(durable.unavailable_reason()).endswith(".")


def test_the_library_is_imported_at_the_first_use_only() -> None:
    code = "import sys, dingji.inference.durable; print('durable' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "False", done.stderr
