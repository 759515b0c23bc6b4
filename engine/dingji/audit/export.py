"""Records in the forms of others: in-toto Statements, and W3C PROV as PROV-JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dingji.audit import model as m
from dingji.audit.chain import load_file, read_chain
from dingji.audit.citations import rules_cited

Prov = dict[str, dict[str, Any]]
PREFIXES = {"dingji": "urn:dingji:", "sha256": "urn:sha256:"}


def records_at(path: Path) -> list[m.Stored]:
    """The record of a file, or all of a folder. Raises RecordError for one that is damaged, or if there is none."""
    found = list(read_chain(path)) if path.is_dir() else [load_file(path)]
    for stored in found:
        if stored.troubles:
            raise m.RecordError(stored.troubles[0])
    if not found:
        raise m.RecordError(m.Trouble("A019", "there are no records in the folder", "name a folder of `dingji grade --record`", str(path)))
    return found


def statement_of(stored: m.Stored) -> str:
    """The in-toto Statement of a record, as it stands (for a signed one: what was signed)."""
    return stored.payload.decode("utf-8")


def prov_of(records: Iterable[m.Stored]) -> Prov:
    """One PROV document of some records.

    Entities are the case, its stated facts, the knowledge, the rules of the proof and the determination; the activity is the
    grading; agents are dingji, who recorded, and who stated each fact.
    """
    document = _Document()
    for stored in records:
        if stored.record is not None:
            _determination(document, stored, stored.record)
    return document.plain()


class _Document:
    """A PROV-JSON document that grows; a thing that several records name stands in it once."""

    def __init__(self) -> None:
        self.parts: Prov = {"prefix": dict(PREFIXES)}
        self._relations = 0

    def put(self, kind: str, name: str, attributes: dict[str, Any] | None = None) -> str:
        """An entity, activity or agent; its name."""
        self.parts.setdefault(kind, {}).setdefault(name, attributes or {})
        return name

    def relate(self, kind: str, **ends: str) -> None:
        """A relation between things."""
        self._relations += 1
        self.parts.setdefault(kind, {})[f"_:r{self._relations}"] = {f"prov:{end}": name for end, name in ends.items()}

    def plain(self) -> Prov:
        return self.parts


def _name(kind: str, name: str) -> str:
    return f"dingji:{kind}/{quote(name, safe='')}"


def _typed(kind: str, value: str) -> dict[str, str]:
    return {"$": value, "type": kind}


def _determination(document: _Document, stored: m.Stored, record: m.DeterminationRecord) -> None:
    key = f"{record.link.chain}/{record.link.number}"
    result = record.result
    found = result.get("determination") or {}
    time = _typed("xsd:dateTime", record.time)
    grading = document.put(
        "activity", _name("grading", key), {"prov:endTime": record.time, "dingji:evaluators": ", ".join(record.evaluators)}
    )
    case = document.put(
        "entity", f"sha256:{record.case_digest}", {"prov:label": record.case, "prov:type": _typed("xsd:QName", "dingji:Case")}
    )
    knowledge = document.put(
        "entity",
        f"sha256:{record.knowledge_digest}",
        {"prov:type": _typed("xsd:QName", "prov:Plan"), "dingji:version": record.knowledge_version},
    )
    result_name = document.put(
        "entity",
        _name("determination", key),
        {
            "prov:type": _typed("xsd:QName", "dingji:Determination"),
            "dingji:sha256": stored.digest,
            "dingji:scale": found.get("scale", ""),
            "dingji:grade": found.get("grade") or "",
            "dingji:status": found.get("status", "none"),
            "dingji:as_of": _typed("xsd:date", result["as_of"]),
            "dingji:recorded": time,
        },
    )
    software = document.put("agent", _name("software", record.version), {"prov:type": _typed("xsd:QName", "prov:SoftwareAgent")})
    document.relate("used", activity=grading, entity=case)
    document.relate("used", activity=grading, entity=knowledge)
    document.relate("wasGeneratedBy", entity=result_name, activity=grading)
    document.relate("wasAssociatedWith", activity=grading, agent=software, plan=knowledge)
    document.relate("wasDerivedFrom", generatedEntity=result_name, usedEntity=case)
    if record.recorded_by:
        person = document.put("agent", _name("person", record.recorded_by), {"prov:type": _typed("xsd:QName", "prov:Person")})
        document.relate("wasAttributedTo", entity=result_name, agent=person)
    _rules(document, record, grading, knowledge)
    _facts(document, record, grading, case)


def _rules(document: _Document, record: m.DeterminationRecord, grading: str, knowledge: str) -> None:
    for rule in rules_cited(record.result):
        attributes = {"prov:label": rule["text"]["en"], "dingji:cite": rule["cite"]["en"], "dingji:source": rule["source"]}
        name = document.put("entity", _name(f"rule/{record.knowledge_digest[:16]}", rule["id"]), attributes)
        document.relate("used", activity=grading, entity=name)
        document.relate("hadMember", collection=knowledge, entity=name)


def _facts(document: _Document, record: m.DeterminationRecord, grading: str, case: str) -> None:
    for fact in _stated(record.result):
        provenance = fact.get("provenance") or {}
        evidence = provenance.get("evidence") or ()
        attributes: dict[str, Any] = {"prov:label": fact["label"]["en"], "dingji:value": fact.get("value") or ""}
        if evidence:
            attributes["dingji:evidence"] = list(evidence)
        name = document.put("entity", _name(f"fact/{record.case_digest[:16]}", fact["fact"]), attributes)
        document.relate("hadMember", collection=case, entity=name)
        document.relate("used", activity=grading, entity=name)
        if provenance.get("asserted_by"):
            agent = document.put("agent", _name("person", provenance["asserted_by"]))
            document.relate("wasAttributedTo", entity=name, agent=agent)


def _stated(result: m.Plain) -> Iterator[m.Plain]:
    """The stated facts of a proof, each once."""
    seen: set[str] = set()
    stack = list(reversed(result.get("proof") or ()))
    while stack:
        node = stack.pop()
        if node["how"] == "stated" and node["fact"] not in seen:
            seen.add(node["fact"])
            yield node
        stack += reversed(node.get("facts") or ())
