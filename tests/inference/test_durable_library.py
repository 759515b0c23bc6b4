"""What durable-rules itself does (shared/durable-rules.md, sections 3 and 6).

These tests tell us the day that a new version changes. None of them is about the port: what is wrong here is
impossible there (`test_durable_port.py`).
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dingji.inference.durable import available, unavailable_reason, version

if not available():
    pytest.skip(str(unavailable_reason()), allow_module_level=True)

from durable import engine

CHILD = Path(__file__).with_name("durable_child.py")
native = engine.durable_rules_engine
pytestmark = pytest.mark.filterwarnings("ignore:.*utcfromtimestamp:DeprecationWarning")


class QuietHost(engine.Host):  # type: ignore[misc]
    def _run(self) -> None:
        pass


class Library:
    """A quiet host with one ruleset; `fired` gathers the names of rules as they fire."""

    count = 0

    def __init__(self, conditions: dict[str, dict[str, Any]], **settings: dict[str, int]) -> None:
        Library.count += 1
        self.name, self.host, self.fired = f"library{Library.count}", QuietHost(), list[str]()
        rules = {
            name: {"all": [{"m": condition}], "run": self.recorder(name), **settings.get(name, {})}
            for name, condition in conditions.items()
        }
        self.host.set_rulesets({self.name: rules})

    def recorder(self, name: str) -> Any:
        return lambda c: self.fired.append(name)

    def fire(self, **fields: Any) -> list[str]:
        self.fired.clear()
        self.host.assert_fact(self.name, fields)
        return list(self.fired)

    def raw(self, text: str) -> int:
        """Assert a fact as text; the result code (0 matched, 1 not, 2 seen before)."""
        result: int = native.assert_fact(self.host.get_ruleset(self.name)._handle, text)[0]
        return result


def child(name: str, seconds: float) -> str:
    """How a child process ends: "survived", "crashed" or "hung"."""
    # glibc then fills fresh memory, so that reading it before writing shows each time
    environment = {**os.environ, "MALLOC_PERTURB_": "165", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(CHILD), name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=environment)
    except subprocess.TimeoutExpired:
        return "hung"
    return "survived" if done.returncode == 0 and done.stdout == "survived\n" else "crashed"


def test_the_version_is_the_one_that_was_measured() -> None:
    assert version() == "2.0.28"


@pytest.mark.parametrize(
    ("name", "end"),
    [
        pytest.param("400-tests", "survived", id="row 2: 400 tests under one node"),
        pytest.param("514-tests", "hung", id="row 2: 514 tests under one node"),
        pytest.param("delete-fired", "survived", id="row 5: delete states in which a rule fired"),
        pytest.param("delete-unfired", "crashed", id="row 5: delete states in which no rule fired"),
        pytest.param("delete-without-dispatcher", "survived", id="row 6: delete states in a quiet host"),
        pytest.param("delete-beside-dispatcher", "crashed", id="row 6: delete states in a stock host"),
        pytest.param("port", "survived", id="rows 2, 5 and 12: through the port"),
        pytest.param("lone-nex", "hung", id="row 12: a test of absence alone"),
    ],
)
def test_crashes_and_hangs(name: str, end: str) -> None:
    assert child(name, 3 if end == "hung" else 60) == end


@pytest.mark.parametrize("count", [63, 64])
def test_up_to_64_matches_of_one_fact_fire(count: int) -> None:
    assert len(Library({f"r{n}": {"$gt": {"x": n}} for n in range(count)}).fire(x=1000)) == count


def test_66_matches_of_one_fact_are_error_303() -> None:
    with pytest.raises(native.error, match="303"):
        Library({f"r{n}": {"$gt": {"x": n}} for n in range(66)}).fire(x=1000)


def test_512_tests_are_error_303() -> None:
    with pytest.raises(native.error, match="303"):
        Library({f"r{n}": {"$gt": {"x": n}} for n in range(512)}).fire(x=1000)


@pytest.mark.parametrize(("count", "fails"), [(14, False), (15, True)])
def test_more_than_15_groups_in_a_condition_are_error_113(count: int, fails: bool) -> None:
    condition = {"$and": [{"$or": [{"x": 2 * n}, {"x": 2 * n + 1}]} for n in range(count)]}
    if fails:
        with pytest.raises(native.error, match="113"):
            Library({"r": condition})
    else:
        Library({"r": condition})


def test_260_properties_are_error_302() -> None:
    with pytest.raises(native.error, match="302"):
        Library({"r": {"x": 1}}).fire(**{f"f{n}": n for n in range(260)})


def test_1025_live_states_are_out_of_memory() -> None:
    library = Library({"r": {"x": 1}})
    for n in range(1024):
        assert library.fire(sid=f"s{n}", x=1)
    with pytest.raises(MemoryError):
        library.fire(sid="one more", x=1)


@pytest.mark.parametrize(
    ("condition", "value"),
    [({"$gt": {"x": 10}}, "9"), ({"x": "1"}, 1), ({"x": 1}, True), ({"x": "true"}, True)],
)
def test_types_are_coerced(condition: dict[str, Any], value: object) -> None:
    assert Library({"r": condition}).fire(x=value) == ["r"]


def test_a_text_of_65536_bytes_equals_the_empty_text() -> None:
    library = Library({"r": {"x": ""}})
    assert library.raw(json.dumps({"sid": "a", "id": "a", "x": "y" * 65_535})) == 1
    assert library.raw(json.dumps({"sid": "b", "id": "b", "x": "y" * 65_536})) == 0


@pytest.mark.parametrize(("number", "code"), [("1e-05", 204), ("1e16", 204), ("Infinity", 202)])
def test_numbers_that_cannot_be_read(number: str, code: int) -> None:
    with pytest.raises(native.error, match=str(code)):
        Library({"r": {"x": 1}}).raw(f'{{"sid":"s","id":"a","x":{number}}}')


def test_names_are_known_by_their_hash_only() -> None:
    assert Library({"r": {"p2039599": 1}}).fire(p2222382=1) == ["r"]


def test_facts_and_states_are_known_by_the_hash_of_their_id_only() -> None:
    library = Library({"r": {"x": 1}})
    library.fire(sid="s", id="case-478212", x=1)
    with pytest.raises(engine.MessageObservedException):
        library.fire(sid="s", id="case-1221200", x=1)
    library.fire(sid="case-478212", id="a", x=1)
    with pytest.raises(engine.MessageObservedException):
        library.fire(sid="case-1221200", id="a", x=1)


def test_none_fires_although_the_fact_is_there() -> None:
    library = Library({})
    conditions = [{"a": {"kind": "yes"}}, {"b$not": {"kind": "no"}}, {"c": {"kind": "go"}}]
    rule = {"all": conditions, "run": library.recorder("r")}
    library.host.set_rulesets({f"{library.name}-none": {"r": rule}})
    for kind in ("yes", "no", "go"):
        library.host.assert_fact(f"{library.name}-none", {"kind": kind})
    assert library.fired == ["r"]


def test_a_batch_with_an_unmatched_fact_raises_before_any_rule_fires() -> None:
    library = Library({"r": {"x": 1}})
    with pytest.raises(engine.MessageNotHandledException):
        library.host.assert_facts(library.name, [{"x": 1}, {"y": 1}])
    assert library.fired == []


def test_a_dotted_name_and_a_nested_one_are_the_same() -> None:
    library = Library({"r": {"p.q": 1}})
    assert library.fire(**{"p.q": 1}) == ["r"]
    assert library.fire(p={"q": 1}) == ["r"]


def test_or_fires_once_per_branch() -> None:
    assert Library({"r": {"$or": [{"x": 1}, {"y": 1}]}}).fire(x=1, y=1) == ["r", "r"]


def test_a_comparison_with_a_missing_field_is_false_even_for_unequal() -> None:
    with pytest.raises(engine.MessageNotHandledException):
        Library({"r": {"$neq": {"x": 1}}}).fire(y=1)


def test_priority_wraps_at_65536() -> None:
    library = Library({"low": {"x": 1}, "wraps": {"x": 1}}, low={"pri": 5_000}, wraps={"pri": 70_000})
    assert library.fire(x=1) == ["wraps", "low"]


def test_an_exception_in_a_consequent_shows_in_the_state_only() -> None:
    library = Library({"r": {"x": 1}})
    library.host.get_ruleset(library.name)._actions["r"]._func = lambda c: dict[str, int]()["nothing"]
    library.fire(sid="s", x=1)
    assert "exception caught 'nothing'" in library.host.get_state(library.name, "s")["exception"]


def test_after_ten_seconds_the_other_rules_do_not_fire(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(0, 10_000, 11))
    monkeypatch.setattr(engine, "_unix_now", lambda: next(seconds))
    assert Library({"a": {"x": 1}, "b": {"x": 1}}).fire(x=1) == ["a"]


def test_20_shuffled_rules_fire_in_definition_order() -> None:
    names = [f"r{n}" for n in range(20)]
    random.Random(7).shuffle(names)
    library = Library({name: {"$gt": {"x": n % 5}} for n, name in enumerate(names)})
    assert [library.fire(sid=sid, x=10) for sid in "abc"] == [names] * 3
