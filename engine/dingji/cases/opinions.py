"""The opinions of a case file, checked: on the scale, one for each expert and round, before the close of the survey."""

from __future__ import annotations

from typing import Any

import yaml

from dingji.cases.model import Opinion, Survey
from dingji.cases.survey import told
from dingji.errors import nearest
from dingji.knowledge.model import Knowledge, ScaleDefinition
from dingji.language.values import Value
from dingji.shapes import Reader, Section

Read = tuple[Survey | None, tuple[Opinion, ...], dict[str, Value]]


def read_opinions(case: Section, knowledge: Knowledge, reader: Reader) -> Read:
    """The survey of a case, its opinions, and what they tell by the facts of the vocabulary."""
    section, opinions = case.get("survey"), case.get("opinions", [])
    if section is not None:
        survey, scale = _survey(section, reader), _scale(section, knowledge, reader)
    elif not opinions or "survey" in case.nodes:
        return None, (), {}
    else:
        scale = _only_scale(case.key_nodes["opinions"], knowledge, reader)
        survey = Survey(scale.id if scale else "")
    if scale is None:
        return survey, (), {}
    read = [(_opinion(o), o) for o in opinions]
    before = len(reader.problems.found)
    _check(survey, scale, read, reader)
    given = tuple(opinion for opinion, _ in read)
    # what wrong opinions tell is of no use, and may not be computable
    found = told(survey, given, scale) if len(reader.problems.found) == before and _complete(opinions) else {}
    return survey, given, _by_fact(found, scale, knowledge)


def _surveyed(knowledge: Knowledge) -> list[str]:
    return list(dict.fromkeys(scale for i in knowledge.instruments.values() for scale in i.surveys))


def _survey(section: Section, reader: Reader) -> Survey:
    last = section.get("last_round")
    if last is not None and last < 1:
        reader.report(section.at("last_round"), 23, f"{last} is no round", "rounds count from 1")
    return Survey(
        section.get("scale", ""),
        tuple(section.get("panel", ())),
        tuple(section.get("withdrawn", ())),
        section.get("closed_on"),
        last,
    )


def _scale(section: Section, knowledge: Knowledge, reader: Reader) -> ScaleDefinition | None:
    name = section.get("scale")
    known = _surveyed(knowledge)
    if name is None or name in known:
        return knowledge.scales.get(name or "")
    hint = nearest(name, known) or "experts grade on " + (", ".join(known) or "no scale of this knowledge base")
    reader.report(section.at("scale"), 40, f"no instrument brings opinions on the scale {name!r} together", hint)
    return None


def _only_scale(node: yaml.Node, knowledge: Knowledge, reader: Reader) -> ScaleDefinition | None:
    """The scale of opinions that name none: the only one on which experts grade."""
    known = _surveyed(knowledge)
    if len(known) == 1:
        return knowledge.scales[known[0]]
    hint = "survey: {scale: ...}; experts grade on " + (", ".join(known) or "no scale of this knowledge base")
    reader.report(node, 40, "opinions need the scale on which they grade", hint)
    return None


def _opinion(section: Section) -> Opinion:
    return Opinion(
        section.get("rater", ""),
        section.get("round", 1),
        section.get("grade", ""),
        tuple(section.get("reasons", ())),
        section.get("weight", 1),
        section.get("date"),
    )


def _complete(sections: list[Section]) -> bool:
    return all(section.get(key) is not None for section in sections for key in ("rater", "round", "grade"))


def _check(survey: Survey, scale: ScaleDefinition, read: list[tuple[Opinion, Section]], reader: Reader) -> None:
    first: dict[tuple[str, int], yaml.Node] = {}
    for opinion, section in read:
        key = (opinion.rater, opinion.round)
        if key in first:
            hint = f"first on line {first[key].start_mark.line + 1}; a changed mind belongs to the next round"
            reader.report(section.node, 41, f"{opinion.rater} graded twice in round {opinion.round}", hint)
        first.setdefault(key, section.node)
        grades = [grade.id for grade in scale.grades]
        if opinion.grade not in grades and section.get("grade") is not None:
            hint = nearest(opinion.grade, grades) or "grades: " + ", ".join(grades)
            reader.report(section.at("grade"), 42, f"{opinion.rater} grades outside the scale {scale.id}: {opinion.grade!r}", hint)
        if opinion.round < 1:
            reader.report(section.at("round"), 23, f"{opinion.round} is no round", "rounds count from 1")
        if opinion.weight <= 0:
            reader.report(
                section.at("weight"), 23, f"the weight {opinion.weight} of {opinion.rater} is not above 0", "leave the opinion out"
            )
        _check_time(survey, opinion, section, reader)
        if survey.panel and opinion.rater not in (*survey.panel, *survey.withdrawn) and opinion.rater:
            hint = nearest(opinion.rater, survey.panel) or "the panel: " + ", ".join(survey.panel)
            reader.report(section.at("rater"), 44, f"{opinion.rater} is not of the panel", hint)


def _check_time(survey: Survey, opinion: Opinion, section: Section, reader: Reader) -> None:
    """No answer is taken after the close."""
    if survey.last_round is not None and opinion.round > survey.last_round:
        message = f"{opinion.rater} graded in round {opinion.round}, after the survey had ended with round {survey.last_round}"
        reader.report(section.at("round"), 43, message, "leave the opinion out, or open the survey again")
    elif survey.closed_on is not None and opinion.date is not None and opinion.date > survey.closed_on:
        message = f"{opinion.rater} graded on {opinion.date}, after the survey had closed on {survey.closed_on}"
        reader.report(section.at("date"), 43, message, "leave the opinion out, or open the survey again")


def _by_fact(found: dict[str, Any], scale: ScaleDefinition, knowledge: Knowledge) -> dict[str, Value]:
    """What is told, by the facts that hold it."""
    named = {key: knowledge.surveyed.get(key) or knowledge.surveyed.get(f"{key} {scale.id}") for key in found}
    return {name: found[key] for key, name in named.items() if name is not None and found[key] is not None}
