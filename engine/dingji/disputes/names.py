"""The names a party refers to: grades, instruments, profiles, rules and facts, checked against the knowledge base."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import yaml

from dingji.disputes import model as m
from dingji.disputes.issues import exclude_each_other
from dingji.errors import nearest
from dingji.knowledge.model import Crosswalk, Knowledge, ScaleDefinition
from dingji.knowledge.vocabulary import wording
from dingji.shapes import Reader, Section, scalar_text


def crosswalk_between(knowledge: Knowledge, source: str, target: str) -> Crosswalk | None:
    """The crosswalk from one scale to another, None if there is none."""
    return next((c for c in knowledge.crosswalks.values() if (c.source_scale, c.target_scale) == (source, target)), None)


def claimed(knowledge: Knowledge, party: m.Party, goal: str) -> tuple[str, ...]:
    """What a party's claim is on the scale of the grade in dispute: itself, or all that the crosswalk makes of it."""
    if party.scale == goal:
        return (party.grade,)
    crosswalk = crosswalk_between(knowledge, party.scale, goal)
    if crosswalk is None:
        return ()
    start = knowledge.scales[party.scale].severity(party.grade)
    ends = {dict(rule.then)["to"] for rule in knowledge.rules_of(crosswalk.id) if dict(rule.then)["from"] == start}
    return tuple(knowledge.scales[goal].grade(end).id for end in sorted(ends, reverse=True))


class Names:
    """Checks the names in a dispute file, and reports those that the knowledge base does not know."""

    def __init__(self, knowledge: Knowledge, reader: Reader) -> None:
        self.knowledge, self.reader = knowledge, reader

    def claim(self, party: m.Party, section: Section, goal: ScaleDefinition | None) -> None:
        """Is the claimed grade one of its scale, and comparable with the grade in dispute?"""
        claim: Section | None = section.get("claims")
        if claim is None or not party.scale or not party.grade:
            return
        scale = self.knowledge.scales.get(party.scale)
        if scale is None:
            hint = nearest(party.scale, self.knowledge.scales) or "`dingji kb list scales` lists them"
            self.reader.report(claim.at("scale"), 22, f"unknown scale {party.scale!r}", hint)
        elif party.grade not in (grades := [g.id for g in scale.grades]):
            hint = nearest(party.grade, grades) or "grades: " + ", ".join(grades)
            self.reader.report(claim.at("grade"), 22, f"the scale {scale.id} has no grade {party.grade!r}", hint)
        elif goal is not None and not claimed(self.knowledge, party, goal.id):
            message = f"a grade of {scale.id} says nothing of {goal.id}, the scale in dispute"
            self.reader.report(claim.at("scale"), 22, message, f"claim a grade of {goal.id}, or name the finding in dispute: `about`")

    def reliance(self, section: Section | None) -> m.Reliance:
        """What a party relies on."""
        if section is None:
            return m.Reliance()
        base = self.knowledge
        for key, valid in (
            ("editions", base.instruments),
            ("applies", base.instruments),
            ("not_applicable", {**base.instruments, **base.crosswalks}),
            ("profiles", base.profiles),
            ("finding", base.instruments),
        ):
            self._known(section, key, valid)
        self._editions(section)
        self._together(section)
        finding = tuple(section.get("finding", ()))
        method = section.get("method")
        if method is not None and "finding" in section.nodes:
            self.reader.report(section.at("method"), 28, "method and finding say the same thing in two ways", "leave one of them out")
        return m.Reliance(
            as_of=section.get("as_of"),
            editions=tuple(section.get("editions", ())),
            applies=tuple(section.get("applies", ())),
            not_applicable=tuple(section.get("not_applicable", ())),
            profiles=tuple(section.get("profiles")) if section.get("profiles") is not None else None,
            finding=(method,) if method else finding,
        )

    def _known(self, section: Section, key: str, valid: Mapping[str, object]) -> None:
        for name, node in self._items(section, key):
            if name not in valid:
                self.reader.report(node, 26, f"{key}: unknown id {name!r}", nearest(name, valid) or "`dingji kb list` lists them")

    def _items(self, section: Section, key: str) -> Iterable[tuple[str, yaml.Node]]:
        node = section.nodes.get(key)
        if isinstance(node, yaml.SequenceNode):
            yield from ((str(scalar_text(child)), child) for child in node.value if scalar_text(child) in section.get(key, ()))

    def _editions(self, section: Section) -> None:
        families: dict[str, str] = {}
        for name, node in self._items(section, "editions"):
            instrument = self.knowledge.instruments.get(name)
            if instrument is None:
                continue
            if not instrument.family:
                self.reader.report(node, 28, f"{name} has no other edition", "write it under `applies`, or leave it out")
            elif instrument.family in families:
                self.reader.report(node, 28, f"{name} and {families[instrument.family]} are editions of one text", "name one of them")
            families.setdefault(instrument.family, name)

    def _together(self, section: Section) -> None:
        """What can't be held together: a text that both applies and does not, two profiles that replace the same rule."""
        for name, node in self._items(section, "not_applicable"):
            if name in section.get("applies", ()):
                self.reader.report(node, 28, f"{name} is said to apply and not to apply", "leave one of them out")
        seen: list[str] = []
        for name, node in self._items(section, "profiles"):
            if name not in self.knowledge.profiles:
                continue
            profile = self.knowledge.profiles[name]
            for other in seen:
                if exclude_each_other(profile, self.knowledge.profiles[other]):
                    self.reader.report(node, 28, f"the profiles {name} and {other} replace the same rules", "name one of them")
            seen.append(name)

    def readings(self, section: Section) -> dict[str, bool]:
        """The rules that a party reads as met or not met."""
        found = {}
        for name, node, word in section.get("readings", ()):
            if name not in self.knowledge.named_rules:
                self.reader.report(node, 26, f"unknown rule {name!r}", nearest(name, self.knowledge.named_rules))
            else:
                found[name] = word == "met"
        return found

    def arguments(self, section: Section) -> tuple[m.Argument, ...]:
        """The arguments, each with the one thing that it refers to."""
        valid: dict[str, Mapping[str, object]] = {
            "rule": self.knowledge.named_rules,
            "fact": self.knowledge.facts,
            "instrument": self.knowledge.instruments,
        }
        found = []
        for argument in section.get("arguments", ()):
            kinds = [kind for kind in valid if kind in argument.nodes]
            if len(kinds) != 1:
                self.reader.report(argument.node, 27, "an argument refers to one rule, fact or instrument", "write one of the three keys")
                continue
            kind, name = kinds[0], argument.get(kinds[0])
            if name is not None and name not in valid[kind]:
                self.reader.report(argument.at(kind), 26, f"unknown {kind} {name!r}", nearest(name, valid[kind]))
            elif name is not None:
                found.append(m.Argument(kind, name, wording(argument.get("says"))))
        return tuple(found)
