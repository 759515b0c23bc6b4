"""Why two methods differ, in words."""

from __future__ import annotations

from collections.abc import Iterable

from dingji.comparison import model as m
from dingji.reports.values import Speech

MOST = 4
"""So many facts, rules or instruments are named in a sentence; the tables hold all of them."""


class Reasons:
    """Speaks of reasons in one language."""

    def __init__(self, speech: Speech) -> None:
        self.speech, self.words = speech, speech.words

    def name(self, kind: str, factor: str | None) -> str:
        """The name of a class: `consequence left out: casualties`."""
        name = self.words.choice("cause", kind)
        return self.words("cause-of", kind=name, factor=self.speech.factor(factor)) if factor else name

    def sentence(self, reason: m.Reason) -> str:
        """The class with what shows it."""
        words = self.words
        parts = [self.name(reason.kind, reason.factor)]
        others = [self.speech.factor(f) for f in reason.factors if f != reason.factor]
        if others:
            parts.append(words("cause-also", factors=words.listed(others)))
        if reason.raters:
            parts.append(words("cause-raters", raters=words.listed(reason.raters)))
        if reason.through is not None:
            parts.append(words("cause-through", method=words.choice("method", reason.through)))
        if reason.profile is not None:
            profile = self.speech.knowledge.profiles.get(reason.profile)
            parts.append(words("cause-profile", profile=self.speech.text(profile.title) if profile else reason.profile))
        if reason.facts:
            parts.append(words("cause-facts", facts=self._some(map(self.speech.label, reason.facts))))
        if reason.rules:
            parts.append(words("cause-rules", rules=self._some(reason.rules)))
        return words("list.semicolon").join(parts)

    def dimension(self, each: m.Dimension) -> str:
        """A fact in which one case is worse than the other."""
        values = (self.speech.fact(each.fact, value) for value in (each.severer, each.milder))
        severer, milder = values
        return self.words("comparison.dimension", fact=self.speech.text(each.label), severer=severer, milder=milder)

    def _some(self, items: Iterable[str]) -> str:
        found = list(items)
        shown = self.words("list.comma").join(found[:MOST])
        more = len(found) - MOST
        return self.words("cause-more", items=shown, n=more) if more > 0 else shown
