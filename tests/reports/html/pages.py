"""Pages of graded cases, parsed: what the tests of the HTML report share."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import html5lib

from dingji.knowledge.model import Knowledge
from dingji.reports import Detail, Language, render

from ..samples import DEMO, ROOT, graded

TRADE = ROOT / "cases" / "hazards" / "worked" / "trade-2023.yaml"
LS = ROOT / "cases" / "risks" / "ls-matrix.yaml"
STYLE = (ROOT / "templates" / "determination" / "html" / "style.css").read_text("utf-8")


_texts_made: dict[tuple[object, ...], str] = {}
_pages_made: dict[tuple[object, ...], ET.Element] = {}


def text_of(kb: Knowledge, path: Path = DEMO, language: Language = "en", detail: Detail = "full") -> str:
    """The page of the first case of a file, made once."""
    key = (kb.digest, path, language, detail)
    if key not in _texts_made:
        _texts_made[key] = render(graded(kb, path), kb, form="html", language=language, detail=detail)
    return _texts_made[key]


def page_of(kb: Knowledge, path: Path = DEMO, language: Language = "en", detail: Detail = "full") -> ET.Element:
    """The same, parsed."""
    key = (kb.digest, path, language, detail)
    if key not in _pages_made:
        _pages_made[key] = parsed(text_of(kb, path, language, detail))
    return _pages_made[key]


def parsed(text: str) -> ET.Element:
    """The tree of a page. Raises ParseError where it is not valid HTML."""
    root: ET.Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    return root


def classes(element: ET.Element) -> set[str]:
    return set(element.get("class", "").split())


def having(root: ET.Element, *wanted: str) -> list[ET.Element]:
    """The elements that have all these classes."""
    return [e for e in root.iter() if isinstance(e.tag, str) and classes(e) >= set(wanted)]


def said(element: ET.Element) -> str:
    """The text of an element, as one line."""
    return " ".join("".join(_texts(element)).split())


def _texts(element: ET.Element) -> Iterator[str]:
    if isinstance(element.tag, str) and element.tag not in ("style", "script"):
        yield element.text or ""
        for child in element:
            yield from _texts(child)
            yield child.tail or ""


def section(root: ET.Element, name: str) -> ET.Element:
    (found,) = [e for e in root.iter("section") if e.get("id") == name]
    return found
