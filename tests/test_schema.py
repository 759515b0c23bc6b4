"""The JSON Schemas: valid draft-07, true to every file of the project, and as strict as the readers."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

import dingji
from conftest import ROOT
from dingji import schema
from dingji.cases.folder import case_files, dispute_files
from dingji.cases.shapes import CASE, STATEMENT
from dingji.knowledge.model import Knowledge
from dingji.knowledge.shapes import FILES
from dingji.shapes import Either, Key, Kind, ListOf, MapOf, Shape
from knowledge.mistakes import GOOD

DEMO = ROOT / "cases" / "power-grid" / "photovoltaic-under-500kv.yaml"


class EditorLoader(yaml.CSafeLoader):
    """YAML 1.2 as editors read it (its core schema): dates are text, `no` and `1:30` as well."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own form


for tag, pattern, first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    EditorLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))


def documents(path: Path) -> list[Any]:
    return list(yaml.load_all(path.read_text("utf-8"), EditorLoader))


def wrong(validator: Draft7Validator, document: Any) -> list[str]:
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in validator.iter_errors(document)]


@pytest.fixture(scope="module")
def of_knowledge() -> Draft7Validator:
    return Draft7Validator(schema.knowledge_schema())


@pytest.fixture(scope="module")
def of_cases(kb: Knowledge) -> Draft7Validator:
    return Draft7Validator(schema.case_schema(kb))


@pytest.fixture(scope="module")
def of_results() -> Draft7Validator:
    return Draft7Validator(schema.result_schema())


# --- the files of the project


@pytest.mark.parametrize("kind", ["knowledge", "case", "dispute", "mapping", "result"])
def test_the_files_under_schema_are_up_to_date(kind: str, kb: Knowledge) -> None:
    of_base = {"case": schema.case_schema, "dispute": schema.dispute_schema, "mapping": schema.mapping_schema}
    made = of_base[kind](kb) if kind in of_base else {"knowledge": schema.knowledge_schema, "result": schema.result_schema}[kind]()
    kept = json.loads((ROOT / "schema" / f"{kind}.schema.json").read_text("utf-8"))
    assert kept == made, f"schema/{kind}.schema.json is out of date: dingji schema {kind} -o schema/{kind}.schema.json"


def test_write_schemas_writes_all(kb: Knowledge, tmp_path: Path) -> None:
    written = schema.write_schemas(tmp_path, kb)
    assert [path.name for path in written] == [f"{kind}.schema.json" for kind in ("knowledge", "case", "dispute", "mapping", "result")]
    for path in written:
        assert path.read_text("utf-8") == schema.schema_text(json.loads(path.read_text("utf-8")))


def test_they_are_valid_draft_07(kb: Knowledge) -> None:
    of_base = (schema.case_schema(kb), schema.dispute_schema(kb), schema.mapping_schema(kb))
    for made in (schema.knowledge_schema(), *of_base, schema.result_schema()):
        Draft7Validator.check_schema(made)
        assert made["$schema"] == "http://json-schema.org/draft-07/schema#"
        references = set(re.findall(r'"\$ref": "#/definitions/([^"]+)"', json.dumps(made)))
        assert references <= set(made["definitions"]), "a reference to nothing"
        assert set(made["definitions"]) <= references | {"facts"}, "a definition that nothing uses"


def test_patterns_are_those_of_editors_too(kb: Knowledge) -> None:
    """Editors compile patterns as ECMAScript with the u flag, where a needless backslash is an error."""
    for made in (schema.knowledge_schema(), schema.case_schema(kb), schema.mapping_schema(kb)):
        for pattern in set(_patterns(made)):
            re.compile(pattern)
            assert set(re.findall(r"\\(.)", pattern)) <= set("d^$.*+?()[]{}|/\\"), pattern
            assert "(?P" not in pattern


def _patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        yield from node.get("patternProperties", {})
        for value in node.values():
            yield from _patterns(value)
    elif isinstance(node, list):
        for value in node:
            yield from _patterns(value)


def test_every_knowledge_file_is_valid(of_knowledge: Draft7Validator) -> None:
    files = [*sorted((ROOT / "knowledge").rglob("*.yaml")), *sorted(GOOD.rglob("*.yaml"))]
    assert len(files) > 40
    assert {str(path.relative_to(ROOT)): w for path in files for d in documents(path) if (w := wrong(of_knowledge, d))} == {}


def test_every_case_file_is_valid(of_cases: Draft7Validator) -> None:
    files = case_files([ROOT / "cases"])
    assert len(files) > 30
    assert {str(path.relative_to(ROOT)): w for path in files for d in documents(path) if (w := wrong(of_cases, d))} == {}


def test_every_dispute_file_is_valid(kb: Knowledge) -> None:
    validator = Draft7Validator(schema.dispute_schema(kb))
    files = dispute_files([ROOT / "cases"])
    assert len(files) >= 3
    assert {str(path.relative_to(ROOT)): w for path in files for d in documents(path) if (w := wrong(validator, d))} == {}


def test_results_are_valid(kb: Knowledge, of_results: Draft7Validator) -> None:
    """The demo and the first case of every fifth file, as JSON would carry them."""
    others = [p for p in case_files([ROOT / "cases"]) if p != DEMO]
    for path in [DEMO, *others[::5]]:
        result = dingji.grade(kb, dingji.read_cases(path)[0])
        assert wrong(of_results, json.loads(json.dumps(result.to_dict(), ensure_ascii=False))) == [], path


def test_a_result_has_every_key_that_the_schema_names(kb: Knowledge) -> None:
    result = dingji.grade(kb, dingji.read_case(DEMO)).to_dict()
    made = schema.result_schema()
    assert set(result) == set(made["properties"]) == set(made["required"])
    assert set(result["knowledge"]) == {"version", "digest", "profile"}


# --- true to the shapes


def _shapes(kind: Kind) -> Iterator[Shape]:
    if isinstance(kind, Shape):
        yield kind
        for key in kind.keys.values():
            assert isinstance(key, Key)
            yield from _shapes(key.kind)
    elif isinstance(kind, ListOf | MapOf):
        yield from _shapes(kind.item)
    elif isinstance(kind, Either):
        yield from _shapes(kind.scalar)
        yield from _shapes(kind.other)


def test_no_two_shapes_share_a_name() -> None:
    """A definition goes by the name of its shape: two shapes of one name would be told apart by nobody."""
    named: dict[str, Shape] = {}
    for root in (*FILES.values(), CASE, STATEMENT):
        for shape in _shapes(root):
            assert named.setdefault(shape.name, shape) is shape, shape.name


def test_every_stated_fact_has_its_property(kb: Knowledge) -> None:
    definitions = schema.case_schema(kb)["definitions"]
    stated = {name for name, fact in kb.facts.items() if fact.nature != "derived"}
    assert set(definitions["facts"]["properties"]) == stated - {"subject"}
    voltage = definitions["fact.nominal_voltage_kv"]
    assert voltage["title"] == "nominal voltage / 标称电压"
    assert "Unit: kV. Range: 0 to 1500." in voltage["description"]
    kinds = definitions["value.grid_events"]["anyOf"][0]["items"]["properties"]["kind"]
    assert "forced_outage" in kinds["anyOf"][0]["enum"]
    assert "forced_outage = equipment abnormal or forced out / 设备异常运行或被迫停运" in kinds["description"]


# --- as strict as the readers: small files that both refuse, and small files that both accept

CASE_FILE: dict[str, Any] = {
    "case": "a",
    "subject": "hazard",
    "as_of": "2015-06-01",
    "scope": {"region": "north"},
    "facts": {"crest_level_m": 10, "people_below": 100, "patrol_done": False, "cracks": [{"kind": "along", "width_mm": 3}]},
}


@pytest.fixture(scope="module")
def good() -> Knowledge:
    return dingji.load(GOOD, cache=False)


@pytest.fixture(scope="module")
def of_good_cases(good: Knowledge) -> Draft7Validator:
    made = schema.case_schema(good)
    Draft7Validator.check_schema(made)
    return Draft7Validator(made)


def changed(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with the value at a dotted path set; `...` takes the key away."""
    result = copy.deepcopy(document)
    *way, last = path.split(".")
    at: Any = result
    for key in way:
        at = at[int(key) if isinstance(at, list) else key]
    if value is ...:
        del at[last]
    else:
        at[int(last) if isinstance(at, list) else last] = value
    return result


def read(document: Any, good: Knowledge) -> None:
    """What the reader says of a document; YAML with every text in quotes but those that YAML would take for text anyway."""
    dingji.parse_case(yaml.safe_dump(document, allow_unicode=True, sort_keys=False).replace("'2015", "2015").replace("1'", "1")).check(good)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("case", ...),
        ("case", "a b"),
        ("subject", ...),
        ("subject", "hazrd"),
        ("as_of", ...),
        ("as_of", "yesterday"),
        ("urgent", True),
        ("scope", ["region"]),
        ("scope.region", "nrth"),
        ("scope.subject", "hazard"),
        ("facts.moon", "full"),
        ("facts.score", 3),  # derived
        ("facts.crest_level_m", "10 mm"),
        ("facts.crest_level_m", "high"),
        ("facts.crest_level_m", 200.5),
        ("facts.crest_level_m", -1),
        ("facts.crest_level_m", True),
        ("facts.crest_level_m", [10]),
        ("facts.crest_level_m", {}),
        ("facts.crest_level_m", {"valu": 10}),
        ("facts.crest_level_m", {"value": 10, "unit": "mm"}),
        ("facts.crest_level_m", {"value": 10, "at_least": 5}),
        ("facts.crest_level_m", {"asserted_by": "owner"}),
        ("facts.crest_level_m", {"value": 10, "evidence": "map"}),
        ("facts.crest_level_m", {"value": 10, "asserted_on": "in May"}),
        ("facts.crest_level_m", {"value": 10, "rests_on": ["People"]}),
        ("facts.crest_level_m", {"value": 201}),
        ("facts.crest_level_m", {"at_least": 201}),
        ("facts.people_below", 99.5),
        ("facts.patrol_done", "yes"),
        ("facts.patrol_done", 0),
        ("facts.patrol_done", {"value": True, "at_least": 1}),
        ("facts.patrol_done", {"value": True, "unit": "m"}),
        ("facts.found_on", "in May"),
        ("facts.warden", ["nobody"]),
        ("facts.warden", {"at_least": 3}),
        ("facts.cracks", {}),
        ("facts.cracks", "none"),
        ("facts.cracks", ["along"]),
        ("facts.cracks.0.kind", "alng"),
        ("facts.cracks.0.width_mm", 501),
        ("facts.cracks.0.width_mm", {"at_least": 3}),
        ("facts.cracks.0.colour", "grey"),
        ("facts.cracks", {"value": [], "complete": "no"}),
        ("facts.cracks", {"value": [], "unit": "mm"}),
        ("opinions", {"rater": "x"}),
        ("opinions", [{"rater": "x", "round": 1}]),
        ("opinions", [{"rater": "x", "round": "first", "grade": "red"}]),
        ("expect", {"determination": {"status": "determind"}}),
        ("expect", {"findings": [{"grade": "red"}]}),
        ("expect", {"findings": [{"instrument": "pond.2011"}]}),
        ("expect", {"facts": {"scor": 3}}),
        ("expect", {"facts": {"score": "high"}}),
        ("expect", {"facts": {"pond_grade": "purple"}}),
        ("profile", "wavs"),
        ("title", "Pond"),
        ("title", {"en": "Pond"}),
    ],
)
def test_what_the_reader_of_cases_refuses_the_schema_refuses(
    path: str, value: Any, good: Knowledge, of_good_cases: Draft7Validator
) -> None:
    document = changed(CASE_FILE, path, value)
    with pytest.raises(dingji.CaseError):
        read(document, good)
    assert wrong(of_good_cases, document) != []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("facts.crest_level_m", "unknown"),
        ("facts.crest_level_m", {"value": "unknown"}),
        ("facts.crest_level_m", {"value": 10.5, "unit": "m", "asserted_by": "owner", "evidence": ["map"], "note": "x"}),
        ("facts.crest_level_m", {"at_least": 5}),
        ("facts.crest_level_m", {"at_least": 5, "at_most": 7}),
        ("facts.crest_level_m", 200),
        ("facts.patrol_done", {"value": True, "rests_on": ["people_below"]}),
        ("facts.patrol_done", "unknown"),
        ("facts.warden", "nobody"),
        ("facts.warden", 12),
        ("facts.cracks", []),
        ("facts.cracks", "unknown"),
        ("facts.cracks", [{}]),
        ("facts.cracks", [{"wet": "unknown"}]),
        ("facts.cracks", {"value": [], "complete": False}),
        ("profile", "waves"),
        ("title", {"en": "Pond", "zh": "水库"}),
        ("opinions", [{"rater": "x", "round": 1, "grade": "red", "weight": 0.5}]),
        ("expect", {"determination": {"grade": "red"}, "facts": {"pond_grade": "red", "score": 4}, "flags": []}),
    ],
)
def test_what_the_reader_of_cases_accepts_the_schema_accepts(
    path: str, value: Any, good: Knowledge, of_good_cases: Draft7Validator
) -> None:
    document = changed(CASE_FILE, path, value)
    read(document, good)
    assert wrong(of_good_cases, document) == []


@pytest.mark.parametrize("text", ["10 m", "10.5 m", "-0 m", "unknown"])
def test_a_number_with_its_unit(text: str, good: Knowledge, of_good_cases: Draft7Validator) -> None:
    source = f"case: a\nsubject: hazard\nas_of: 2015-06-01\nfacts: {{crest_level_m: {text}}}\n"
    dingji.parse_case(source).check(good)
    assert wrong(of_good_cases, yaml.load(source, EditorLoader)) == []


KNOWLEDGE_MUTANTS: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("vocabulary.yaml", lambda d: d["facts"]["warden"].update(colour="red")),
    ("vocabulary.yaml", lambda d: d["facts"]["warden"].update(type="txt")),
    ("vocabulary.yaml", lambda d: d["facts"]["warden"].update(nature="seen")),
    ("vocabulary.yaml", lambda d: d["facts"]["warden"].pop("label")),
    ("vocabulary.yaml", lambda d: d["facts"]["warden"].update(label="warden")),
    ("vocabulary.yaml", lambda d: d["facts"]["warden"]["label"].pop("zh")),
    ("vocabulary.yaml", lambda d: d["facts"]["people_below"].update(range=[0, 1, 2])),
    ("vocabulary.yaml", lambda d: d["facts"]["people_below"].update(range=5)),
    ("vocabulary.yaml", lambda d: d["facts"].update(Warden=copy.deepcopy(d["facts"]["warden"]))),
    ("vocabulary.yaml", lambda d: d["facts"]["cracks"]["of"]["wet"].update(question={"en": "a", "zh": "b"})),
    ("vocabulary.yaml", lambda d: d.update(actors={})),
    ("scales.yaml", lambda d: d["scales"]["pond"]["grades"][0].update(colour="green")),
    ("scales.yaml", lambda d: d["scales"]["pond"]["grades"][0].update(silent="yes")),
    ("scales.yaml", lambda d: d["scales"]["pond"].update(grades={"red": {}})),
    ("sources.yaml", lambda d: d["sources"]["pond-list"].update(issued=[2012])),
    ("instruments/list.yaml", lambda d: d["instrument"].pop("scope")),
    ("instruments/list.yaml", lambda d: d["instrument"].update(method="exemple")),
    ("instruments/list.yaml", lambda d: d["instrument"].update(in_force={"till": 2019})),
    ("instruments/list.yaml", lambda d: d.update(example=[])),
    ("instruments/list.yaml", lambda d: d["examples"][0].update(wieghs=["water"])),
    ("instruments/list.yaml", lambda d: d["examples"][1].update(weighs="water")),
    ("instruments/list.yaml", lambda d: d["examples"][0].update(confidence="certain")),
    ("instruments/list.yaml", lambda d: d["tables"][0].update(policy="worse")),
    ("instruments/list.yaml", lambda d: d["tables"][0]["rows"][0].pop("then")),
    ("instruments/list.yaml", lambda d: d["tables"][0]["rows"][0].update(then=[1])),
    ("instruments/duties.yaml", lambda d: d["duties"][0].update(due="soon")),
    ("instruments/duties.yaml", lambda d: d["duties"][1]["due"].update(unit="weeks")),
    ("instruments/duties.yaml", lambda d: d["duties"][1]["due"].update(within="three")),
    ("instruments/pond-2010.yaml", lambda d: d["formulas"][0].update(value=["a"])),
    ("instruments/pond-2010.yaml", lambda d: d["adjustments"][0].pop("base")),
    ("crosswalks/notice-to-pond.yaml", lambda d: d["crosswalk"]["rows"][0].pop("to")),
    ("reconciliation.yaml", lambda d: d["reconciliation"].update(policy="first")),
    ("profiles/waves.yaml", lambda d: d["profile"].update(replaces="p10.base")),
    ("names.yaml", lambda d: d.update(factor=d.pop("factors"))),
]


MISSHAPEN = {"K005", "K006", "K007", "K008", "K010", "K027"}


@pytest.mark.parametrize(("name", "mutate"), KNOWLEDGE_MUTANTS, ids=[f"{n}-{i}" for i, (n, _) in enumerate(KNOWLEDGE_MUTANTS)])
def test_what_the_loader_refuses_the_schema_refuses(
    name: str, mutate: Callable[[dict[str, Any]], object], of_knowledge: Draft7Validator, tmp_path: Path
) -> None:
    import shutil

    (document,) = documents(GOOD / name)
    assert wrong(of_knowledge, document) == []
    mutate(document)
    assert wrong(of_knowledge, document) != []
    shutil.copytree(GOOD, tmp_path / "good")
    (tmp_path / "good" / name).write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False).replace("'20", "20"), "utf-8")
    with pytest.raises(dingji.KnowledgeError) as caught:
        dingji.load(tmp_path / "good", cache=False)
    assert any(p.file == f"good/{name}" and p.code in MISSHAPEN for p in caught.value.problems), str(caught.value)


RESULT_MUTANTS: list[Callable[[dict[str, Any]], object]] = [
    lambda r: r.update(extra=1),
    lambda r: r.pop("findings"),
    lambda r: r.update(case=5),
    lambda r: r["knowledge"].pop("digest"),
    lambda r: r["knowledge"].update(folder="x"),
    lambda r: r.update(knowledge_version="1"),
    lambda r: r["determination"].update(status="perhaps"),
    lambda r: r["determination"].update(reachable="II"),
    lambda r: r["determination"].update(colour="green"),
    lambda r: r["findings"][0].update(method="dice"),
    lambda r: r["findings"][0].update(counted="yes"),
    lambda r: r["findings"][0].pop("silence"),
    lambda r: r["findings"][0].update(score=16),
    lambda r: r["duties"][0].update(due=5),
    lambda r: r["duties"][0]["act"].pop("zh"),
    lambda r: r["proof"][0].update(fact=None),
    lambda r: r["proof"][0]["rules"].append({}),
    lambda r: r["disagreement"].update(differ=None),
]


@pytest.mark.parametrize("mutate", RESULT_MUTANTS, ids=[str(i) for i in range(len(RESULT_MUTANTS))])
def test_a_damaged_result_is_refused(mutate: Callable[[dict[str, Any]], object], kb: Knowledge, of_results: Draft7Validator) -> None:
    result = json.loads(json.dumps(dingji.grade(kb, dingji.read_case(DEMO)).to_dict()))
    assert wrong(of_results, result) == []
    mutate(result)
    assert wrong(of_results, result) != []
