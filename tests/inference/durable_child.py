"""Things that crash or hang durable-rules itself, to be run in a child process: `durable_child.py NAME`."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

from durable import engine

warnings.simplefilter("ignore", DeprecationWarning)


class QuietHost(engine.Host):  # type: ignore[misc]
    """A host without the two timer threads."""

    def _run(self) -> None:
        pass


def host_of(definitions: dict[str, Any], kind: Callable[[], Any] = QuietHost) -> Any:
    """A host that holds the definitions as the ruleset "r"."""
    host = kind()
    host.set_rulesets({"r": definitions})
    return host


def rule(condition: dict[str, Any]) -> dict[str, Any]:
    """The definition of a rule with one condition."""
    return {"all": [{"m": condition}], "run": lambda c: None}


def delete_unfired(fired: bool) -> None:
    """Row 5: delete states in which no rule ever fired."""
    host = host_of({"a": rule({"kind": "open"}), "b": rule({"x": 1})})
    for n in range(300):
        sid = f"s{n}"
        if fired:
            host.assert_fact("r", {"sid": sid, "id": "o", "kind": "open"})
        with contextlib.suppress(engine.MessageNotHandledException):
            host.assert_fact("r", {"sid": sid, "id": "c", "x": 2})
    for n in range(300):
        host.delete_state("r", f"s{n}")


def many_tests(count: int) -> None:
    """Row 2: distinct tests under one node of the network."""
    host = host_of({f"r{n}": rule({"x": n}) for n in range(count)})
    host.assert_fact("r", {"x": 1})


def lone_nex() -> None:
    """Row 12: a rule whose only test is that a field is missing."""
    host_of({"a": rule({"$nex": {"x": 1}})}).assert_fact("r", {"y": 1})


def delete_beside_dispatcher(kind: Callable[[], Any]) -> None:
    """Row 6: delete states while the background threads of a stock host walk through them."""
    logging.basicConfig(stream=sys.stdout)
    host = host_of({"a": rule({"kind": "open"})}, kind)
    end = time.monotonic() + 2
    n = 0
    while time.monotonic() < end:
        for m in range(n, n + 20):
            host.assert_fact("r", {"sid": f"s{m}", "id": "o", "kind": "open"})
        for m in range(n, n + 20, 2):
            host.delete_state("r", f"s{m}")
        time.sleep(0.05)
        for m in range(n + 1, n + 20, 2):
            host.delete_state("r", f"s{m}")
        n += 20


def through_the_port() -> None:
    """The same through the port: many tests, no fact, and cases in which no rule fires."""
    from dingji.inference.durable import DurableRuleset

    for _ in range(10):
        ruleset = DurableRuleset("child", [(f"r{n}", ("test", "x", "==", n)) for n in range(514)])
        for n in range(100):
            assert ruleset.fire({"x": -n - 1}) == ()
            assert ruleset.fire({"x": n}) == (f"r{n}",)
        assert DurableRuleset("child", [("r", ("true",))]).fire({}) == ("r",)


CASES: dict[str, Callable[[], None]] = {
    "delete-unfired": lambda: delete_unfired(fired=False),
    "delete-fired": lambda: delete_unfired(fired=True),
    "400-tests": lambda: many_tests(400),
    "514-tests": lambda: many_tests(514),
    "lone-nex": lone_nex,
    "port": through_the_port,
    "delete-beside-dispatcher": lambda: delete_beside_dispatcher(engine.Host),
    "delete-without-dispatcher": lambda: delete_beside_dispatcher(QuietHost),
}

if __name__ == "__main__":
    CASES[sys.argv[1]]()
    print("survived")
