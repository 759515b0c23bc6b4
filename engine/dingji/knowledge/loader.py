"""Reads a knowledge folder: every file, every problem, one result.

A file's first key says what it holds (facts, scales, sources, an instrument, ...), so the folders below `knowledge/` are
for people. Names are declared before rules are read, whatever the order of the files.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import yaml

from dingji.documents import Document, Problems, pairs, read_documents
from dingji.errors import KnowledgeError, nearest
from dingji.knowledge import model as m
from dingji.knowledge import vocabulary as vocab
from dingji.knowledge.agreement import build_agreement
from dingji.knowledge.folder import knowledge_files
from dingji.knowledge.linking import Reads, check_links, index_facts, order, owned, reconcile
from dingji.knowledge.profiles import build_profile, with_profile
from dingji.knowledge.rules import Block, build_crosswalk, build_instrument
from dingji.knowledge.shapes import FILES
from dingji.knowledge.targets import build_targets
from dingji.language.types import Scale, Type
from dingji.records import Draft, field, replace
from dingji.shapes import Reader, Section, scalar_text


class _File(Draft):
    kind: str
    section: Section
    reader: Reader


class _Base(Draft):
    names: vocab.Names = field(default_factory=vocab.Names)
    instruments: dict[str, m.Instrument] = field(default_factory=dict)
    crosswalks: dict[str, m.Crosswalk] = field(default_factory=dict)
    reconciliations: dict[str, m.Reconciliation] = field(default_factory=dict)
    profiles: dict[str, m.Profile] = field(default_factory=dict)
    rules: dict[str, m.Rule] = field(default_factory=dict)
    decisions: list[m.Decision] = field(default_factory=list)
    attempted: set[str] = field(default_factory=set)
    defaults: list[tuple[m.Instrument, object]] = field(default_factory=list)
    agreement: m.Agreement | None = None
    targets: dict[str, m.Target] = field(default_factory=dict)


def read_knowledge(folder: Path, digest: str, version: str) -> m.Knowledge:
    """Read and check every file below `folder`.

    Raises KnowledgeError with all problems of all files. `digest` and `version` become those of the result.
    """
    problems = Problems("K")
    if not folder.is_dir():
        problems.place(str(folder), 0, 0, 1, "there is no such knowledge folder")
        raise KnowledgeError(problems.found)
    try:
        paths = knowledge_files(folder)
    except OSError as error:
        problems.place(_shown(Path(error.filename), folder), 0, 0, 1, f"can't be read: {error.strerror}")
        raise KnowledgeError(problems.found) from None
    if not paths:
        problems.place(str(folder), 0, 0, 1, "the knowledge folder holds no .yaml file")
    files = [file for path in paths for file in _open(path, folder, problems)]
    if problems.damaged:
        # a damaged file makes good ones look wrong: what it declares seems unknown
        raise KnowledgeError(problems.found)
    base = _Base()
    _declare(files, base)
    vocabulary = base.names.types()
    for kind, read in (
        ("instrument", _instrument),
        ("crosswalk", _crosswalk),
        ("reconciliation", _reconciliation),
        ("agreement", _agreement),
        ("targets", _targets),
    ):
        for file in files:
            if file.kind == kind and file.section.get(kind):
                read(file, base, vocabulary)
    base.decisions += reconcile(base.reconciliations.values(), base.instruments.values(), base.rules)
    _apply_defaults(base)
    for file in files:
        if file.kind == "profile" and file.section.get("profile"):
            profile = build_profile(file.section, file.reader, base.names, base.instruments, base.crosswalks, base.rules, base.decisions)
            if profile:
                base.profiles[profile.id] = profile
    optional = frozenset(d.fact for profile in base.profiles.values() for d in profile.decisions) | base.attempted
    check_links(base.names.facts, base.instruments, base.rules, base.decisions, problems, optional)
    known: Reads = {}
    decisions = order(base.decisions, base.rules, problems, known)
    if problems.found:
        raise KnowledgeError(problems.found)
    knowledge = m.Knowledge(
        version=version,
        digest=digest,
        facts=base.names.facts,
        scales=base.names.scales,
        factors=base.names.factors,
        actors=base.names.actors,
        sources=base.names.sources,
        instruments=base.instruments,
        crosswalks=base.crosswalks,
        reconciliations=base.reconciliations,
        profiles=base.profiles,
        rules=base.rules,
        decisions=decisions,
        owned=owned(base.rules),
        index=index_facts(base.names.facts, base.instruments, base.reconciliations, base.rules),
        dated=tuple(fact.name for fact in base.names.facts.values() if fact.unless_stated == "as_of"),
        surveyed=base.names.surveyed,
        agreement=base.agreement,
        targets=base.targets,
        evidence=base.names.evidence,
    )
    for name in base.profiles:
        with_profile(knowledge, name, known)  # raises if the profile breaks the base
    return knowledge


def _shown(path: Path, folder: Path) -> str:
    return (folder.name / path.relative_to(folder)).as_posix()


def _open(path: Path, folder: Path, problems: Problems) -> list[_File]:
    shown = _shown(path, folder)
    if path.suffix != ".yaml":
        problems.place(shown, 0, 0, 1, f"a knowledge file ends in .yaml, not {path.suffix}", f"rename it to {path.stem}.yaml")
        return []
    if path.exists() and not (path.is_file() or path.is_dir()):
        problems.place(shown, 0, 0, 1, "this is no ordinary file", "knowledge is read from files")  # a pipe may never end
        return []
    files = []
    for document in read_documents(path, shown, problems):
        kind = _kind(document, problems)
        if kind:
            reader = Reader(document, problems)
            section = FILES[kind].read(document.root, reader)
            if section is not None:
                files.append(_File(kind, section, reader))
    return files


def _kind(document: Document, problems: Problems) -> str | None:
    root = document.root
    keys = [scalar_text(k) for k, _ in pairs(root)] if isinstance(root, yaml.MappingNode) else []
    for kind in FILES:
        if kind in keys:
            return kind
    hint = (nearest(str(keys[0]), FILES) if keys else "") or "it holds one of: " + ", ".join(FILES)
    problems.add(document.file, root, 10, "not a knowledge file", hint)
    return None


def _declare(files: list[_File], base: _Base) -> None:
    names = base.names
    for file in files:
        if file.kind == "factors":
            vocab.build_words(file.section.get("factors"), "factor", names.factors, names, file.reader)
        elif file.kind == "actors":
            vocab.build_words(file.section.get("actors"), "actor", names.actors, names, file.reader)
        elif file.kind == "sources":
            vocab.build_sources(file.section.get("sources"), names, file.reader)
        elif file.kind == "scales":
            vocab.build_scales(file.section.get("scales"), names, file.reader)
    for file in files:
        if file.kind == "evidence_kinds":
            vocab.build_evidence(file.section.get("evidence_kinds"), names, file.reader)
    for file in files:
        if file.kind == "facts":
            vocab.build_facts(file.section.get("facts"), file.section.get("evidence"), names, file.reader)


def _collect(base: _Base, block: Block) -> None:
    base.rules.update((rule.id, rule) for rule in block.rules)
    base.decisions += block.decisions


def _instrument(file: _File, base: _Base, vocabulary: dict[str, Type]) -> None:
    section = file.section.get("instrument")
    owner, source = section.get("id", ""), section.get("source", "")
    block = Block(owner, source, file.reader, base.names, vocabulary, decides=section.get("decides", ""), attempted=base.attempted)
    instrument = build_instrument(section, block)
    block.read(file.section)
    if instrument is None:
        return
    _check_dates(instrument, section, file.reader)
    base.instruments[instrument.id] = instrument
    _collect(base, block)
    if "default" in section.nodes and instrument.decides in base.names.facts:
        default = block.value(section.get("default"), base.names.facts[instrument.decides])
        base.defaults.append((instrument, default))


def _agreement(file: _File, base: _Base, vocabulary: dict[str, Type]) -> None:
    section = file.section.get("agreement")
    block = Block("agreement", "", file.reader, base.names, vocabulary)
    found = build_agreement(section, block)
    if base.agreement is not None:
        file.reader.report(section.node, 26, f"how agreement is judged stands in {base.agreement.place}, too", "merge the files")
    base.agreement = found or base.agreement


def _targets(file: _File, base: _Base, vocabulary: dict[str, Type]) -> None:
    base.targets |= build_targets(file.section.get("targets"), Block("targets", "", file.reader, base.names, vocabulary))


def _check_dates(instrument: m.Instrument, section: Section, reader: Reader) -> None:
    for text in (instrument.in_force.start, instrument.in_force.end):
        if text:
            try:
                dt.date.fromisoformat(text if len(text) > 4 else f"{text}-01-01")
            except ValueError:
                reader.report(section.at("in_force"), 33, f"{text} is not {'a day' if len(text) > 4 else 'a year'} of the calendar")
                return
    start, end = instrument.in_force.start, instrument.in_force.end
    if start and end and start[: len(end)] > end[: len(start)]:
        reader.report(section.at("in_force"), 33, f"{instrument.id} ends ({end}) before it begins ({start})")


def _apply_defaults(base: _Base) -> None:
    """The finding of a list when no item is met stands in the instrument's header."""
    for instrument, default in base.defaults:
        for index, decision in enumerate(base.decisions):
            if decision.fact == instrument.decides and not decision.has_default:
                base.decisions[index] = replace(decision, default=default, has_default=default is not None)


def _crosswalk(file: _File, base: _Base, vocabulary: dict[str, Type]) -> None:
    found = build_crosswalk(file.section.get("crosswalk"), base.names, file.reader, vocabulary)
    if found is None:
        return
    new, block = found
    for other in base.crosswalks.values():
        if (other.source_scale, other.target_scale) == (new.source_scale, new.target_scale):
            message = f"{new.id} and {other.id} ({other.place}) both lead from {new.source_scale} to {new.target_scale}"
            file.reader.report(file.section.get("crosswalk").node, 26, message, "merge them, or let a profile replace rows")
    base.crosswalks[new.id] = new
    _collect(base, block)


def _reconciliation(file: _File, base: _Base, vocabulary: dict[str, Type]) -> None:
    section = file.section.get("reconciliation")
    if section.get("id") is None:
        return
    reader, names = file.reader, base.names
    block = Block(section.get("id"), section.get("source", ""), reader, names, vocabulary, attempted=base.attempted)
    if not names.claim("reconciliation", section.get("id"), section.at("id"), reader):
        return
    decides = section.get("decides", "")
    fact = block.written(decides, section.at("decides"))
    if fact and not isinstance(fact.type, Scale):
        reader.report(section.at("decides"), 32, f"a determination is a grade, not {decides}", "declare the fact as a scale")
    when = block.scope(section.get("when"))
    settling = section.get("disagreement")
    rule = block.rule("reconciliation", settling) if settling else None
    main_section = Section(section.node, {**section.values, "when": None}, section.nodes, section.key_nodes)
    main = block.rule("reconciliation", main_section)
    omits = tuple(section.get("omits", ()))
    for name in omits:
        if name not in base.instruments:
            reader.report(section.at("omits"), 21, f"unknown instrument {name!r}", nearest(name, base.instruments))
    if when is None or rule is None or main is None or fact is None:
        return
    place = vocab.place(reader, section.node)
    base.reconciliations[section.get("id")] = m.Reconciliation(
        section.get("id"), when, decides, section.get("policy", "worst"), omits, main.id, rule.id, place
    )
    _collect(base, block)
