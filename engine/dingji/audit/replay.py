"""Grading a record again, and saying where the two results part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from dingji.audit import model as m
from dingji.audit.canonical import plain, same
from dingji.audit.embedded import knowledge_of
from dingji.cases.reader import CaseFile, parse_case
from dingji.errors import DingjiError
from dingji.grading import grade
from dingji.knowledge.choices import chosen
from dingji.knowledge.model import Knowledge
from dingji.methods.model import Result
from dingji.records import replace
from dingji.shapes import Section
from dingji.version import __version__

EVALUATORS = ("evaluators", "without")
"""Who evaluated is compared apart: the grade does not depend on it."""


def case_of(record: m.DeterminationRecord) -> CaseFile:
    """The case of a record. What it expects, as a test, is left out: it may speak of instruments that it does not concern."""
    file = parse_case(record.case_text, f"case {record.case}")
    section = file.section
    return CaseFile(Section(section.node, {**section.values, "expect": None}, section.nodes, section.key_nodes), file.document)


def graded_again(record: m.DeterminationRecord, knowledge: Knowledge, case: CaseFile | None = None) -> Result:
    """The case of a record (or another one) graded as it was then, by any knowledge base. Raises DingjiError as `grade` does."""
    options = record.options
    return grade(
        chosen(knowledge, options.choices),
        case or case_of(record),
        as_of=_day(options.as_of),
        today=_day(options.today),
        profile=options.profile,
        on=_day(options.on),
    )


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


def replay_embedded(record: m.DeterminationRecord, case: CaseFile | None = None) -> m.Replay:
    """A record graded again from the knowledge that it carries. `case` is its case, for whoever has read it already."""
    return _replay(record, None, "embedded", case)


def replay_base(record: m.DeterminationRecord, base: Knowledge, case: CaseFile | None = None) -> m.Replay:
    """A record graded again from a whole knowledge base."""
    return _replay(record, base, "base", case)


def _replay(record: m.DeterminationRecord, base: Knowledge | None, name: str, case: CaseFile | None) -> m.Replay:
    try:
        result = graded_again(record, knowledge_of(record) if base is None else base, case)
    except DingjiError as error:
        first = error.problems[0]
        return m.Replay(name, "impossible", reason=f"{first.code}: {first.message}")
    except (ValueError, RecursionError) as error:  # a day that is none, a text that is nested too deeply
        return m.Replay(name, "impossible", reason=str(error))
    difference = first_difference(record.result, plain(result.to_dict()), strict=record.version == __version__)
    return m.Replay(name, "reproduced" if difference is None else "differs", difference)


def first_difference(recorded: m.Plain, replayed: m.Plain, *, strict: bool = True) -> m.Difference | None:
    """Where two results part; None if they are the same.

    Unless `strict`, what only the replayed result says is no difference: later versions say more. Who evaluated is left out,
    and so are the version and digest of the knowledge.
    """
    left, right = ({k: v for k, v in r.items() if k not in (*EVALUATORS, "knowledge")} for r in (recorded, replayed))
    if same(left, right):
        return None
    found = next(_parting(left, right, "", strict), None)
    if found is None:
        return None
    node = next(_nodes(left.get("proof"), right.get("proof"), "", strict), None)
    difference = m.Difference(found[0], shown(found[1]), shown(found[2]))
    return difference if node is None else replace(difference, node=node[0], node_recorded=shown(node[1]), node_replayed=shown(node[2]))


_MISSING = object()
Parting = tuple[str, Any, Any]


def _parting(left: Any, right: Any, path: str, strict: bool) -> Iterator[Parting]:
    """The leaves in which two values differ, in the order of the recorded one."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in (*left, *(k for k in right if strict and k not in left)):
            below = f"{path}.{key}" if path else str(key)
            yield from _parting(left.get(key, _MISSING), right.get(key, _MISSING), below, strict)
    elif isinstance(left, list | tuple) and isinstance(right, list | tuple):
        for index in range(max(len(left), len(right))):
            a, b = (side[index] if index < len(side) else _MISSING for side in (left, right))
            yield from _parting(a, b, f"{path}[{_named(a, index)}]", strict)
    elif left != right or type(left) is not type(right):
        yield path, left, right


def _named(item: Any, index: int) -> str:
    """An item by its name, where it has one."""
    if isinstance(item, dict):
        return str(next((item[key] for key in ("id", "instrument", "fact", "rule") if key in item), index))
    return str(index)


_BELOW = ("facts", "rules", "open_rules")


def _nodes(left: Any, right: Any, path: str, strict: bool) -> Iterator[Parting]:
    """The differing nodes of two proofs in the order of reasoning: the facts that a value was derived from come before it.

    Nodes are told apart by name. What only one of two proofs has comes after what both have: that a fact was not read any more
    follows from the rule that fell.
    """
    ours, theirs = ({_named(node, 0): node for node in side or ()} for side in (left, right))
    for name in (*(n for n in ours if n in theirs), *(n for n in ours if n not in theirs), *(n for n in theirs if n not in ours)):
        below = f"{path} > {name}" if path else name
        if name not in theirs or name not in ours:
            yield below, name if name in ours else _MISSING, name if name in theirs else _MISSING
        elif not same(ours[name], theirs[name]):
            yield from _inside(ours[name], theirs[name], below, strict)


def _inside(left: m.Plain, right: m.Plain, path: str, strict: bool) -> Iterator[Parting]:
    """The parts in which one node of two proofs differs: below it first, the facts that only one has last."""
    read, reads = (left.get("facts") or (), right.get("facts") or ())
    common = {_named(fact, 0) for fact in read} & {_named(fact, 0) for fact in reads}
    yield from _nodes(_those(read, common, True), _those(reads, common, True), path, strict)
    for key in ("rules", "open_rules"):
        yield from _nodes(left.get(key), right.get(key), path, strict)
    own, other = ({k: v for k, v in side.items() if k not in _BELOW} for side in (left, right))
    for where, x, y in _parting(own, other, "", strict):
        yield f"{path}: {where}", x, y
    yield from _nodes(_those(read, common, False), _those(reads, common, False), path, strict)


def _those(nodes: Any, names: set[str], wanted: bool) -> list[Any]:
    return [node for node in nodes if (_named(node, 0) in names) is wanted]


def shown(value: Any) -> str:
    """A value of a result as text."""
    if value is _MISSING:
        return "(nothing)"
    if isinstance(value, dict):
        return str(next((value[key] for key in ("id", "instrument", "fact", "rule", "en") if key in value), "(...)"))
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value)) or "(none)"
    return {"None": "null", "True": "true", "False": "false"}.get(repr(value), str(value))
