"""Writing the panel's findings into the dispute file: only its `ruling` changes, every other character stays as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from dingji.cases.writer import Page, UnwritableError, flow, save, scalar
from dingji.disputes.model import Dispute, Ruled
from dingji.disputes.reader import DisputeFile, parse_dispute
from dingji.errors import CaseError
from dingji.knowledge.model import Knowledge, Words
from dingji.shapes import plain, scalar_text

__all__ = ["UnwritableError", "save", "with_ruling"]


def with_ruling(file: DisputeFile, text: str, ruled: Ruled, knowledge: Knowledge, target: Path) -> str:
    """The text of a dispute file with another ruling. Raises UnwritableError if it can't be set in without harm."""
    root = file.section.node
    if target.suffix.lower() == ".json":
        changed = _as_json(text, ruled)
    elif root.flow_style:
        raise UnwritableError("the file is written on one line in braces; a ruling is only set into block YAML or JSON")
    else:
        changed = _as_yaml(file, text, ruled)
    try:
        again = parse_dispute(changed, str(target), target.parent).check(knowledge)
        before = file.check(knowledge)
    except CaseError as error:
        raise UnwritableError(f"the file would no longer be read: {error.problems[0]}") from error
    if _said(again) != _said(before) or again.ruling != ruled:
        raise UnwritableError("the ruling can't be set into it without changing what else it says")
    return changed


def _said(dispute: Dispute) -> Any:
    """What a file says beside its ruling."""
    held = [(issue.id, tuple(p.key for p in issue.positions if p.parties)) for issue in dispute.issues]
    return dispute.id, dispute.title, held, dispute.parties and [p.id for p in dispute.parties], dispute.panel, dispute.procedure


def _as_yaml(file: DisputeFile, text: str, ruled: Ruled) -> str:
    page = Page(text)
    lines = _lines(ruled)
    node = file.section.nodes.get("ruling")
    if node is not None:
        start = page.start(file.section.key_nodes["ruling"])
        page.edit(start, page.end(node), page.newline.join(lines))
    else:
        end = len(text.rstrip())
        page.edit(end, len(text), page.newline + page.newline.join(lines) + page.newline)
    return page.edited()


def _lines(ruled: Ruled) -> list[str]:
    lines = ["ruling:", "  findings:" if ruled.findings else "  findings: {}"]
    for found in ruled.findings:
        lines += [f"    {_key(found.issue)}:", f"      finds: {_written(found.written)}", f"      reason: {_text(found.reason)}"]
        if found.dissents:
            lines.append("      dissents:")
        for dissent in found.dissents:
            lines.append(f"        - {{member: {dissent.member}, finds: {_written(dissent.written)}, reason: {_text(dissent.reason)}}}")
    if ruled.grade is not None:
        lines.append(f"  grade: {flow(scalar(ruled.grade))}")
    override = ruled.override
    if override is not None:
        lines += [
            "  override:",
            f"    grade: {flow(scalar(override.grade))}",
            f"    justification: {_text(override.justification)}",
            f"    authority: {_text(override.authority)}",
            f"    expires: {override.expires}",
            f"    duties_follow: {override.duties_follow}",
        ]
    return lines


def _key(issue: str) -> str:
    """An issue as a key: some ids hold a colon."""
    return f'"{issue}"' if ":" in issue else issue


def _written(text: str) -> str:
    return f'"{text}"' if text.startswith("@") else text


def _text(words: Words) -> str:
    if words.en == words.zh:
        return _quoted(words.en)
    return f"{{en: {_quoted(words.en)}, zh: {_quoted(words.zh)}}}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _as_json(text: str, ruled: Ruled) -> str:
    data = json.loads(text)
    findings: dict[str, Any] = {}
    for found in ruled.findings:
        entry: dict[str, Any] = {"finds": _value(found.written), "reason": _words(found.reason)}
        if found.dissents:
            entry["dissents"] = [{"member": d.member, "finds": _value(d.written), "reason": _words(d.reason)} for d in found.dissents]
        findings[found.issue] = entry
    ruling: dict[str, Any] = {"findings": findings}
    if ruled.grade is not None:
        ruling["grade"] = ruled.grade
    if ruled.override is not None:
        override = ruled.override
        ruling["override"] = {
            "grade": override.grade,
            "justification": _words(override.justification),
            "authority": _words(override.authority),
            "expires": override.expires.isoformat(),
            "duties_follow": override.duties_follow,
        }
    return json.dumps({**data, "ruling": ruling}, ensure_ascii=False, indent=2) + "\n"


def _words(words: Words) -> Any:
    return words.en if words.en == words.zh else {"en": words.en, "zh": words.zh}


def _value(written: str) -> Any:
    """A position that was written in flow YAML, as JSON has it: numbers and truths as such, all else as text."""
    node = yaml.compose(_written(written), Loader=yaml.SafeLoader)
    return _plain(node) if node is not None else written


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {str(scalar_text(k)): _plain(v) for k, v in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    text = str(node.value)
    if plain(node) and (text in ("true", "false") or text.lstrip("-+").replace(".", "", 1).isdigit()):
        return json.loads(text.lstrip("+"))
    return text
