"""Mistakes in case files as data: an edit of the sound case below, and what must be said about it.

An entry of `bad/*.yaml` has the form that tests/knowledge/mistakes.py explains, without `file`; `text` is a whole file, and
`json: true` gives it the ending .json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from knowledge.mistakes import MARK, Expected, marks, mistakes

__all__ = ["HERE", "SOUND", "make", "mistakes"]

HERE = Path(__file__).parent
SOUND = """\
case: pond
subject: hazard
as_of: 2015-06-01
scope: {region: north}
facts:
  crest_level_m: 10
  water_level_m: 8.5
  people_below: 100
  crack_width_mm: 21
  patrol_done: false
  found_on: 2015-05-30
  warden: nobody
  cracks:
    - {kind: along, width_mm: 3, wet: true}
"""


def make(entry: dict[str, Any], folder: Path) -> tuple[Path, list[Expected]]:
    """Write the case with the mistake in it; its path, and what must be reported."""
    if "text" in entry:
        text = entry["text"]
    else:
        assert SOUND.count(entry["find"]) == 1, f"{entry['find']!r} stands {SOUND.count(entry['find'])} times in the case"
        text = SOUND.replace(entry["find"], entry["put"])
    path = folder / ("case.json" if entry.get("json") else "case.yaml")
    path.write_bytes(text.replace(MARK, "").encode(entry.get("encoding", "utf-8")))
    places = list(marks(text)) or [(0, 0)]
    wanted = entry.get("expect") or [{"code": entry["code"], "says": entry["says"]}]
    assert len(wanted) == len(places), "one mark for each expected problem"
    return path, [Expected(str(path), *place, w["code"], tuple(map(str, w["says"]))) for place, w in zip(places, wanted, strict=True)]
