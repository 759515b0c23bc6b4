"""From sections to rules: expressions parsed and checked, values converted, grounds inherited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from dingji.documents import place_in_scalar
from dingji.errors import nearest
from dingji.knowledge import model as m
from dingji.knowledge.shapes import WEAK
from dingji.knowledge.vocabulary import Names, place, read_value, some_words, wording, words
from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.check import check
from dingji.language.parser import ExpressionError, parse
from dingji.records import Draft, field
from dingji.shapes import Reader, Section


class Block(Draft):
    """The rules and decisions of one file, with what they inherit."""

    owner: str
    source: str
    reader: Reader
    names: Names
    vocabulary: dict[str, t.Type]
    decides: str = ""
    rules: list[m.Rule] = field(default_factory=list)
    attempted: set[str] = field(default_factory=set)
    """The facts that its rules set out to write, those of refused rules included."""
    decisions: list[m.Decision] = field(default_factory=list)

    def expression(self, node: yaml.ScalarNode | None, expected: t.Type | None) -> n.Node | None:
        """A checked expression of any or the expected type; None, with a problem at the exact column, if it is wrong."""
        if node is None:
            return None
        try:
            return check(parse(node.value), self.vocabulary, expected)
        except ExpressionError as error:
            self._report_in(node, error.at, error.code, error.message, error.hint)
            return None

    def scope(self, node: yaml.ScalarNode | None) -> n.Node | None:
        """A condition on what a case states: it is asked before any rule is."""
        condition = self.expression(node, t.Bool())
        if node is None or condition is None:
            return None
        for name, at in _facts_in(condition):
            if self.names.facts[name].nature == "derived":
                self._report_in(node, at, 25, f"{name} is derived: no rule has run when a scope is read", "use facts that people state")
        return condition

    def _report_in(self, node: yaml.ScalarNode, at: int, code: int | str, message: str, hint: str) -> None:
        line, column = place_in_scalar(self.reader.document, node, at)
        self.reader.problems.place(self.reader.document.file, line, column, code, message, hint)

    def known_source(self, section: Section) -> None:
        """Report a source that is not declared, where it is written."""
        source = section.get("source")
        if source is not None and source not in self.names.sources:
            self.reader.report(section.at("source"), 21, f"unknown source {source!r}", nearest(source, self.names.sources))

    def written(self, name: str | None, node: yaml.Node) -> m.FactDefinition | None:
        """The derived fact that a rule writes."""
        if name is None:
            return None
        self.attempted.add(name)
        return self.derived(name, node)

    def derived(self, name: str, node: yaml.Node) -> m.FactDefinition | None:
        """The derived fact of that name; None, with a problem, if there is none."""
        fact = self.names.facts.get(name)
        if fact is None:
            self.reader.report(node, 21, f"unknown fact {name!r}", nearest(name, self.names.facts) or "declare it in the vocabulary")
        elif fact.nature != "derived":
            self.reader.report(node, 25, f"{name} is {fact.nature}: people state it, no rule writes it", "declare it with nature: derived")
            return None
        elif fact.survey:
            self.reader.report(node, 25, f"{name} is told by the opinions of experts, no rule writes it", "let a rule read it")
            return None
        return fact

    def value(self, node: yaml.Node | None, fact: m.FactDefinition | None) -> Any:
        """A constant that a rule concludes, as a value of the fact; None, with a problem, if it does not fit."""
        if node is None or fact is None:
            return None
        value = read_value(node, fact.type, self.reader, 27, fact.name)
        if isinstance(fact.type, t.Number) and value is not None and not fact.type.admits(value):
            self.reader.report(node, 27, f"{fact.name}: {value} is out of its range {fact.type.low} .. {fact.type.high}")
        return value

    def rule(self, kind: str, section: Section, table: Section | None = None, **parts: Any) -> m.Rule | None:
        """A rule with its grounds; what a row leaves out comes from its table."""
        name = section.get("id")
        if name is None or not self.names.claim("rule", name, section.at("id"), self.reader):
            return None

        def ground(key: str) -> Any:
            own = section.get(key)
            return own if own is not None or table is None else table.get(key)

        cite, confidence, text = ground("cite"), ground("confidence"), words(ground("text"))
        for key, present in (("cite", cite), ("confidence", confidence), ("text", text)):
            if present is None and key not in section.nodes:
                hints = {"cite": "name the article or section", "confidence": "how sure are we of the text?", "text": "say it in en and zh"}
                self.reader.report(section.node, 7, f"{name}: the key {key} is missing", hints[key])
        note = wording(ground("note"))
        if confidence in WEAK and not note.en:
            self.reader.report(section.node, 24, f"{name} is {confidence}, without a note", "say what is missing, or why it is assumed")
        source = section.get("source") or (table.get("source") if table else None) or self.source
        self.known_source(section)
        weighs = section.get("weighs")
        for factor in weighs or ():
            if factor not in self.names.factors:
                self.reader.report(section.at("weighs"), 21, f"unknown factor {factor!r}", nearest(factor, self.names.factors))
        parts.setdefault("when", self.expression(section.get("when"), t.Bool()))
        parts.setdefault("then", ())
        parts.setdefault("value", None)
        rule = m.Rule(
            id=name,
            kind=kind,
            owner=self.owner,
            table="" if table is None else table.get("id", ""),
            cite=wording(cite),
            source=source,
            confidence=confidence or "assumed",
            note=note,
            text=text or m.Words(name, name),
            overrides=tuple(section.get("override", ())),
            repeats=tuple(section.get("repeats", ())),
            weighs=None if weighs is None else tuple(weighs),
            place=place(self.reader, section.node),
            **parts,
        )
        self.rules.append(rule)
        return rule

    def read(self, file: Section) -> None:
        """All rules of a file."""
        for section in file.get("formulas", []):
            self._formula(section)
        for section in file.get("tables", []):
            self._table(section)
        self._examples(file.get("examples", []))
        self._adjustments(file.get("adjustments", []))
        for section in file.get("duties", []):
            self._duty(section)
        for section in file.get("flags", []):
            self.rule("flag", section)
        for section in file.get("requirements", []):
            self.rule("requirement", section)
            if "when" not in section.nodes:
                self.reader.report(section.node, 7, "a requirement needs its condition", "when: what must hold")

    def _stage(self, section: Section, fact: str | None) -> int:
        """The declared stage; else `grade` for the finding itself and `derive` for what leads to it (the linker may lift it)."""
        if section.get("stage"):
            return m.STAGE_NUMBER[section.get("stage")]
        return m.STAGE_NUMBER["grade"] if fact and fact == self.decides else m.STAGE_NUMBER["derive"]

    def _formula(self, section: Section) -> None:
        name = section.get("fact")
        fact = self.written(name, section.at("fact"))
        value = self.expression(section.get("value"), fact.type if fact else None)
        rule = self.rule("formula", section, value=value)
        if rule and name and fact:
            self.decisions.append(m.Decision(rule.id, name, self.owner, "formula", self._stage(section, name), (rule.id,)))

    def _table(self, table: Section) -> None:
        name, table_id = table.get("decides"), table.get("id")
        fact = self.written(name, table.at("decides"))
        if table_id is None or not self.names.claim("rule", table_id, table.at("id"), self.reader):
            return
        self.known_source(table)
        policy = table.get("policy", "unique")
        if fact and policy in ("worst", "best") and not isinstance(fact.type, t.Scale | t.Number):
            hint = "use unique, any or first"
            self.reader.report(table.at("policy"), 28, f"{policy} needs an order, {name} is {t.describe(fact.type)}", hint)
        rows = []
        for section in table.get("rows", []):
            then = self.value(section.get("then"), fact)
            rule = self.rule("row", section, table, then=() if then is None or name is None else ((name, then),))
            if rule:
                rows.append(rule.id)
        if not rows:
            self.reader.report(table.at("rows"), 7, f"{table_id} has no rows")
        if fact and name:
            default = self.value(table.get("default"), fact)
            self.decisions.append(
                m.Decision(
                    table_id,
                    name,
                    self.owner,
                    policy,
                    self._stage(table, name),
                    tuple(rows),
                    default,
                    default is not None,
                    fixed=table.get("fixed", False),
                )
            )

    def _examples(self, sections: list[Section]) -> None:
        written: dict[str, list[str]] = {}
        for section in sections:
            conditions = [self.expression(section.get(key), t.Bool()) for key in ("applies", "when") if section.get(key) is not None]
            if section.get("when") is None:
                self.reader.report(section.node, 7, f"{section.get('id')}: the key when is missing", "an item needs its test")
            pairs = [(name, node, value) for name, node, value in section.get("then", ())]
            if "grade" in section.nodes and self.decides:
                for name, node, _ in pairs:
                    if name == self.decides:
                        self.reader.report(node, 4, f"{section.get('id')} concludes {name} twice", "its grade is that of the same fact")
                pairs.append((self.decides, section.at("grade"), section.get("grade")))
            if not pairs:
                hint = "give `grade` (the instrument must say what it decides) or `then`"
                self.reader.report(section.node, 7, f"{section.get('id')} concludes nothing", hint)
            then = []
            for name, node, value_node in pairs:
                fact = self.written(name, node)
                value = self.value(value_node, fact)
                if value is not None:
                    then.append((name, value))
            parts = [c for c in conditions if c is not None]
            when = None if not parts else parts[0] if len(parts) == 1 else n.And(tuple(parts))
            rule = self.rule("example", section, when=when, then=tuple(then))
            if rule:
                for name, _ in then:
                    written.setdefault(name, []).append(rule.id)
        for name, rules in written.items():
            self.decisions.append(m.Decision(f"{self.owner}.{name}", name, self.owner, "worst", m.STAGE_NUMBER["identify"], tuple(rules)))

    def _adjustments(self, sections: list[Section]) -> None:
        groups: dict[tuple[str, str], list[str]] = {}
        for section in sections:
            name, base = section.get("fact"), section.get("base")
            fact = self.written(name, section.at("fact"))
            kinds = [k for k in ("lower", "raise", "at_least", "at_most", "set") if k in section.nodes]
            if len(kinds) != 1:
                self.reader.report(
                    section.node,
                    7,
                    f"{section.get('id')}: exactly one of lower, raise, at_least, at_most, set",
                    "not " + (", ".join(kinds) or "none"),
                )
                continue
            if fact and not isinstance(fact.type, t.Scale):
                self.reader.report(section.at("fact"), 28, f"an adjustment needs a grade, {name} is {t.describe(fact.type)}")
                continue
            if base is None:
                continue
            if base not in self.names.facts or (fact and self.names.facts[base].type != fact.type):
                self.reader.report(
                    section.at("base"), 21, f"the base {base!r} is not a fact on the same scale", nearest(base, self.names.facts)
                )
                continue
            raw = section.get(kinds[0])
            amount = raw if kinds[0] in ("lower", "raise") else self.value(raw, fact)
            if amount is None or fact is None:
                continue
            rule = self.rule("adjustment", section, adjustment=m.Adjustment(kinds[0], amount))
            if rule:
                groups.setdefault((name, base), []).append(rule.id)
        for (name, base), rules in groups.items():
            stage = m.STAGE_NUMBER["adjust"]
            self.decisions.append(m.Decision(f"{self.owner}.{name}", name, self.owner, "adjust", stage, tuple(rules), base=base))

    def _duty(self, section: Section) -> None:
        actor = section.get("actor")
        if actor is not None and actor not in self.names.actors:
            self.reader.report(
                section.at("actor"), 21, f"unknown actor {actor!r}", nearest(actor, self.names.actors) or "see knowledge/actors"
            )
        due = section.get("due")
        limit = m.Due(due) if isinstance(due, str) else None
        if isinstance(due, Section):
            limit = self._limit(due)
        self.rule("duty", section, actor=actor or "", due=limit)

    def _limit(self, due: Section) -> m.Due | None:
        """A limit in units from a date fact, or by a day that a formula gives."""
        keys = set(due.nodes)
        if keys not in ({"within", "unit", "from"}, {"by", "text"}):
            self.reader.report(
                due.node,
                7,
                "a time limit is `within`, `unit` and `from`, or `by` and `text`",
                "due: {within: 3, unit: days, from: found_on}",
            )
            return None
        if "by" in keys:
            return m.Due("by", day=self.expression(due.get("by"), t.Date()), text=words(due.get("text")))
        since = due.get("from", "")
        fact = self.names.facts.get(since)
        if fact is None or not isinstance(fact.type, t.Date):
            self.reader.report(due.at("from"), 21, f"{since!r} is not a date fact", nearest(since, self.names.facts))
        return m.Due("within", due.get("within", 0), due.get("unit", "days"), since)

    def crosswalk_row(self, section: Section, crosswalk: m.Crosswalk) -> None:
        """One row of a crosswalk: grade on the one scale -> grade on the other."""
        source, target = (self.names.scales.get(s) for s in (crosswalk.source_scale, crosswalk.target_scale))
        if source is None or target is None:
            return
        start = read_value(section.get("from"), source.type, self.reader, 27, crosswalk.id) if section.get("from") else None
        end = read_value(section.get("to"), target.type, self.reader, 27, crosswalk.id) if section.get("to") else None
        if start is None or end is None:
            return
        if section.get("id") is None:
            section.values["id"] = f"{crosswalk.id}.{source.grade(start).id}"
        self.rule("crosswalk", section, then=(("from", start), ("to", end)))


def _facts_in(node: n.Node) -> Iterator[tuple[str, int]]:
    if isinstance(node, n.Fact | n.Quantifier):
        yield node.name if isinstance(node, n.Fact) else node.source, node.at
    for child in n.children(node):
        yield from _facts_in(child)


def build_crosswalk(section: Section, names: Names, reader: Reader, vocabulary: dict[str, t.Type]) -> tuple[m.Crosswalk, Block] | None:
    """A crosswalk with its rows."""
    name = section.get("id")
    if name is None or not names.claim("crosswalk", name, section.at("id"), reader):
        return None
    for key in ("from", "to"):
        scale = section.get(key)
        if scale is not None and scale not in names.scales:
            reader.report(section.at(key), 21, f"unknown scale {scale!r}", nearest(scale, names.scales))
    source = section.get("source", "")
    crosswalk = m.Crosswalk(
        name, section.get("from", ""), section.get("to", ""), source, section.get("note", ""), place(reader, section.node)
    )
    block = Block(name, source, reader, names, vocabulary)
    block.known_source(section)
    for row in section.get("rows", []):
        block.crosswalk_row(row, crosswalk)
    return crosswalk, block


def build_instrument(section: Section, block: Block) -> m.Instrument | None:
    """The header of an instrument file. `block` receives what the header says for its rules."""
    reader, names = block.reader, block.names
    name = section.get("id")
    if name is None or not names.claim("instrument", name, section.at("id"), reader):
        return None
    decides = section.get("decides", "")
    if decides:
        fact = block.derived(decides, section.at("decides"))
        if fact and not isinstance(fact.type, t.Scale):
            reader.report(section.at("decides"), 32, f"a finding is a grade, {decides} is {t.describe(fact.type)}", "declare it as a scale")
        if "method" not in section.nodes:
            reader.report(section.node, 7, f"{name}: the key method is missing", "an instrument that decides something has a method")
    block.known_source(section)
    dates = section.get("in_force")
    in_force = m.InForce(dates.get("from", ""), dates.get("to", "")) if dates else m.InForce()
    scope = block.scope(section.get("scope"))
    surveys = tuple(section.get("surveys", ()))
    for scale in surveys:
        if scale not in names.scales:
            reader.report(section.at("surveys"), 21, f"unknown scale {scale!r}", nearest(scale, names.scales))
    return m.Instrument(
        id=name,
        title=some_words(section.get("title"), name),
        source=block.source,
        number=section.get("number", ""),
        family=section.get("family", ""),
        in_force=in_force,
        in_force_confidence=section.get("in_force_confidence", ""),
        scope=scope if scope is not None else n.Literal(False, "False"),
        method=section.get("method", ""),
        decides=decides,
        completeness=section.get("completeness", "complete"),
        note=wording(section.get("note")),
        place=place(reader, section.node),
        surveys=surveys,
        family_title=wording(section.get("family_title")),
    )
