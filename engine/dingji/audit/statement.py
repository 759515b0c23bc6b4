"""A record as an in-toto Statement, and back.

The predicate takes the fields of the SLSA verification summary where they fit (verifier, timeVerified, resourceUri, policy,
inputAttestations, verificationResult) and adds what a determination needs to be reached again. `seal` is the SHA-256 of the
statement with an empty seal: a file that was damaged shows it by itself, without its chain.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from dingji.audit import model as m
from dingji.audit.canonical import canonical, is_canonical, sha256

_MARK = b'"seal":"%s"'


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a statement: exactly these fields."""


class _Digest(_Part, frozen=True):
    sha256: str


class _Subject(_Part, frozen=True):
    name: str
    digest: _Digest


class _Verifier(_Part, frozen=True):
    id: str
    version: dict[str, str]
    evaluators: tuple[str, ...]
    without: str


class _Policy(_Part, frozen=True):
    uri: str
    digest: _Digest
    version: str


class _Case(_Part, frozen=True):
    text: str
    digest: _Digest


class _Knowledge(_Part, frozen=True):
    digest: _Digest
    encoding: Literal["json+zlib+base64"]
    files: str


class _Predicate(_Part, frozen=True):
    case: _Case
    chain: m.Link
    inputAttestations: tuple[_Subject, ...]  # noqa: N815
    knowledge: _Knowledge
    options: m.Options
    overrides: tuple[m.Override, ...]
    policy: _Policy
    recordedBy: str  # noqa: N815
    resourceUri: str  # noqa: N815
    result: dict[str, Any]
    seal: str
    timeSource: Literal["clock", "option"]  # noqa: N815
    timeVerified: str  # noqa: N815
    verificationResult: str  # noqa: N815
    verifier: _Verifier
    ruling: dict[str, Any] | None = None


class _Statement(_Part, frozen=True):
    kind: m.StatementType = msgspec.field(name="_type")
    predicate: _Predicate
    predicateType: m.PredicateType  # noqa: N815
    subject: tuple[_Subject, ...]


class NotARecordError(Exception):
    """Bytes that are no record; `code` and the message say why, `detail` is what a parser says."""

    def __init__(self, code: str, message: str, detail: str = "") -> None:
        self.code, self.detail = code, detail
        super().__init__(message)


def encode(record: m.DeterminationRecord) -> bytes:
    """The statement of a record, as canonical JSON with its seal."""
    plain = plain_of(record)
    data = canonical(plain)
    return data.replace(_MARK % b"", _MARK % sha256(data).encode(), 1)


def plain_of(record: m.DeterminationRecord) -> m.Plain:
    """The statement of a record as plain data, its seal empty."""
    determination = record.result.get("determination") or {}
    predicate = _Predicate(
        case=_Case(record.case_text, _Digest(record.case_digest)),
        chain=record.link,
        inputAttestations=(),
        knowledge=_Knowledge(_Digest(record.embedded.digest), "json+zlib+base64", record.embedded.packed),
        options=record.options,
        overrides=record.overrides,
        policy=_Policy("urn:dingji:knowledge", _Digest(record.knowledge_digest), record.knowledge_version),
        recordedBy=record.recorded_by,
        resourceUri=f"urn:dingji:case:{record.case}",
        result=record.result,
        ruling=record.ruling,
        seal="",
        timeSource="option" if record.time_source == "option" else "clock",
        timeVerified=record.time,
        verificationResult=determination.get("status", "none"),
        verifier=_Verifier("urn:dingji", {"dingji": record.version}, record.evaluators, record.without),
    )
    subject = _Subject(record.case, _Digest(record.case_digest))
    statement = _Statement(m.STATEMENT, predicate, m.PREDICATE, (subject,))
    plain: m.Plain = msgspec.to_builtins(statement)
    return plain


def decode(data: bytes) -> m.DeterminationRecord:
    """The record in a statement. Raises NotARecordError for anything but exactly what `encode` writes."""
    try:
        plain = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotARecordError("A010", f"not JSON: {error}", str(error)) from None
    except RecursionError:
        raise NotARecordError("A010", "nested too deeply") from None
    if not is_canonical(data, plain):
        raise NotARecordError("A011", "not canonical JSON (RFC 8785): a key stands twice, or it was edited or printed anew")
    try:
        statement = msgspec.convert(plain, _Statement)
    except (msgspec.ValidationError, RecursionError) as error:
        raise NotARecordError("A012", f"not a record of dingji: {error}", str(error)) from None
    predicate = statement.predicate
    if sha256(data.replace(_MARK % predicate.seal.encode(), _MARK % b"", 1)) != predicate.seal:
        raise NotARecordError("A013", "the seal does not fit: the record was changed after it was written")
    return _record(statement)


def _record(statement: _Statement) -> m.DeterminationRecord:
    predicate = statement.predicate
    subject = statement.subject[0] if len(statement.subject) == 1 else None
    if subject is None or subject.digest != predicate.case.digest:
        raise NotARecordError("A012", "not a record of dingji: its subject is not its case")
    return m.DeterminationRecord(
        link=predicate.chain,
        case=subject.name,
        case_text=predicate.case.text,
        case_digest=predicate.case.digest.sha256,
        version=predicate.verifier.version.get("dingji", ""),
        knowledge_version=predicate.policy.version,
        knowledge_digest=predicate.policy.digest.sha256,
        embedded=m.Embedded(predicate.knowledge.digest.sha256, predicate.knowledge.files),
        evaluators=predicate.verifier.evaluators,
        without=predicate.verifier.without,
        options=predicate.options,
        result=predicate.result,
        recorded_by=predicate.recordedBy,
        time=predicate.timeVerified,
        time_source=predicate.timeSource,
        overrides=predicate.overrides,
        ruling=predicate.ruling,
    )
