"""Records in the forms of others, read by the libraries of others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prov.model import ProvActivity, ProvAgent, ProvDocument, ProvEntity

from dingji.audit.chain import append, name_of
from dingji.audit.export import prov_of, records_at, statement_of
from dingji.audit.model import RecordError
from dingji.audit.signing import make_key, signer
from knowledge.small import CASE

from .samples import real

STATED = CASE.replace("people_below: 100", "people_below: {value: 100, asserted_by: Zhang San, evidence: [census.pdf#3]}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    append(tmp_path / "records", real(STATED))
    append(tmp_path / "records", real(STATED.replace("case: pond", "case: lake"), by="王伟"))
    return tmp_path / "records"


def test_the_statement_is_the_record_itself(folder: Path) -> None:
    (stored,) = records_at(folder / name_of(1))
    assert statement_of(stored).encode() == (folder / name_of(1)).read_bytes()


def test_of_a_signed_record_the_statement_is_what_was_signed(tmp_path: Path) -> None:
    private, _ = make_key(tmp_path, "li", valid_from=None, valid_until=None)
    append(tmp_path / "records", real(), signer(private))
    (stored,) = records_at(tmp_path / "records")
    assert json.loads(statement_of(stored))["_type"] == "https://in-toto.io/Statement/v1"


def test_prov_json_is_read_by_the_prov_library_without_a_loss(folder: Path) -> None:
    plain = prov_of(records_at(folder))
    document = ProvDocument.deserialize(content=json.dumps(plain), format="json")
    assert len(list(document.get_records(ProvActivity))) == 2
    # what the library writes again says the same
    again = ProvDocument.deserialize(content=document.serialize(format="json"), format="json")
    assert again == document
    people = {str(agent.identifier) for agent in document.get_records(ProvAgent)}
    assert people == {"dingji:software/0.1.0", "dingji:person/Li%20Wei", "dingji:person/%E7%8E%8B%E4%BC%9F", "dingji:person/Zhang%20San"}
    labels = {str(label) for entity in document.get_records(ProvEntity) for label in entity.get_attribute("prov:label")}
    assert "A crack is wider than 20 mm." in labels


def test_prov_says_who_stated_what_on_which_evidence(folder: Path) -> None:
    plain = prov_of(records_at(folder / name_of(1)))
    (name,) = [n for n in plain["entity"] if n.endswith("/people_below")]
    assert plain["entity"][name]["dingji:value"] == "100"
    assert plain["entity"][name]["dingji:evidence"] == ["census.pdf#3"]
    attributed = {(r["prov:entity"], r["prov:agent"]) for r in plain["wasAttributedTo"].values()}
    assert (name, "dingji:person/Zhang%20San") in attributed
    (determination,) = [n for n in plain["entity"] if n.startswith("dingji:determination/")]
    assert (determination, "dingji:person/Li%20Wei") in attributed
    assert plain["entity"][determination]["dingji:grade"] == real(STATED).result["determination"]["grade"]


def test_every_end_of_a_relation_is_declared(folder: Path) -> None:
    plain = prov_of(records_at(folder))
    declared = {name for kind in ("entity", "activity", "agent") for name in plain[kind]}
    ends = {
        end
        for kind, many in plain.items()
        if kind not in ("prefix", "entity", "activity", "agent")
        for r in many.values()
        for end in r.values()
    }
    assert ends <= declared


def test_a_damaged_record_is_not_exported(folder: Path) -> None:
    path = folder / name_of(2)
    path.write_bytes(path.read_bytes().replace("王伟".encode(), "李伟".encode()))
    with pytest.raises(RecordError, match="A013"):
        records_at(folder)
    assert len(records_at(folder / name_of(1))) == 1
