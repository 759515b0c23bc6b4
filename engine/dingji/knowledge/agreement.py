"""How the agreement of raters and methods is judged: words for the values of statistics, and the fewest cases."""

from __future__ import annotations

from dingji.knowledge import model as m
from dingji.knowledge.rules import Block
from dingji.knowledge.vocabulary import place, some_words
from dingji.shapes import Section


def build_agreement(section: Section, block: Block) -> m.Agreement | None:
    """The section of an agreement file. Each part has the grounds of a rule, and is cited like one."""
    fewest = section.get("minimum_cases")
    rule = block.rule("minimum", fewest) if fewest else None
    verdicts = tuple(v for one in section.get("verdicts", ()) if (v := _verdicts(one, block)))
    seen: dict[str, str] = {}
    for one in verdicts:
        for measure in one.measures:
            if measure in seen:
                block.reader.report(section.at("verdicts"), 26, f"{measure} has words twice: of {seen[measure]} and of {one.id}")
            seen[measure] = one.id
    if rule is None:
        return None
    return m.Agreement(fewest.get("cases", 0), rule, verdicts, place(block.reader, section.node))


def _verdicts(section: Section, block: Block) -> m.Verdicts | None:
    rule = block.rule("verdict", section)
    bands: list[m.Band] = []
    for band in section.get("bands", ()):
        bounds = [key for key in ("at_least", "above") if key in band.nodes]
        last = band is section.get("bands")[-1]
        if len(bounds) != (0 if last else 1):
            right = "the last band has none: it holds what is left" if last else "write at_least or above"
            block.reader.report(band.node, 7, "each band but the last needs one bound", right)
            return None
        bound = band.get(bounds[0]) if bounds else None
        if bands and bound is not None and bound >= (bands[-1].bound or 0):
            block.reader.report(
                band.node, 33, f"the band from {bound} stands below that from {bands[-1].bound}", "the greatest values first"
            )
        bands.append(m.Band(bound, bounds == ["at_least"], some_words(band.get("word"))))
    return m.Verdicts(rule.id, tuple(section.get("measures", ())), tuple(bands), rule, rule.place) if rule and bands else None
