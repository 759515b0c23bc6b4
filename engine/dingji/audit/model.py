"""What a record holds: a determination with everything that is needed to reach it again."""

from __future__ import annotations

from typing import Any, Literal

from dingji.errors import DingjiError, Problem
from dingji.knowledge.choices import Choice
from dingji.records import Record

Plain = dict[str, Any]

StatementType = Literal["https://in-toto.io/Statement/v1"]
PredicateType = Literal["urn:dingji:predicate:determination:v1"]
STATEMENT: StatementType = "https://in-toto.io/Statement/v1"
PREDICATE: PredicateType = "urn:dingji:predicate:determination:v1"
"""The type of our predicate; its fields are those of the SLSA verification summary where that has one."""


class Link(Record, frozen=True):
    """Where a record stands: its chain, its number in it (from 1), and the SHA-256 of the file before it (null: the first)."""

    chain: str
    number: int
    previous: str | None


class Embedded(Record, frozen=True):
    """The knowledge that a record carries: files of the authoring format, cut down to what concerns its case.

    `packed` is the canonical JSON {name: text} of the files, compressed (zlib) and in base64; `digest` is the SHA-256 of that
    JSON. `dingji.audit.embedded` packs and unpacks.
    """

    digest: str
    packed: str


class Options(Record, frozen=True):
    """What `dingji.grade` was given beside the case; days as YYYY-MM-DD, null where it was not given."""

    as_of: str | None = None
    today: str | None = None
    profile: str | None = None
    on: str | None = None
    choices: tuple[Choice, ...] = ()
    """What a panel decided on the texts: the knowledge is taken so."""


class Override(Record, frozen=True):
    """A panel's departure from the computed grade. The result of the record stays what was computed."""

    scale: str
    computed: str | None
    grade: str
    justification: str
    authority: str
    decided_on: str
    expires: str | None
    """The last day on which it holds."""
    reference: str = ""


class DeterminationRecord(Record, frozen=True):
    """One determination as stored.

    `case_text` is the case as it was read, `case_digest` the SHA-256 of it. `knowledge_version` is the version of dingji that
    compiled the knowledge, `knowledge_digest` the digest of the whole base; `embedded` is the part of it that concerns the case.
    `result` is `Result.to_dict()` as it was. `time_source` is `option` or `clock`.
    """

    link: Link
    case: str
    case_text: str
    case_digest: str
    version: str
    knowledge_version: str
    knowledge_digest: str
    embedded: Embedded
    evaluators: tuple[str, ...]
    without: str
    options: Options
    result: Plain
    recorded_by: str
    time: str
    time_source: str
    overrides: tuple[Override, ...] = ()
    ruling: Plain | None = None
    """The decision of a panel from which the case was graded: parties, findings with reasons, dissents. None where no panel decided."""


class Trouble(Record, frozen=True):
    """Something wrong with a record or its chain. `code` is stable (A...); `message` says it in English, `hint` what to do."""

    code: str
    message: str
    hint: str = ""
    where: str = ""
    """The file or the record."""
    detail: str = ""
    """What the message says of this case: names, numbers, the words of a parser."""


class RecordError(DingjiError):
    """A folder of records can't be written or read as it stands."""

    exit_code = 1

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        super().__init__([Problem(trouble.where or "record", 0, 0, trouble.code, trouble.message, trouble.hint)])


class Signature(Record, frozen=True):
    """A signature of a DSSE envelope, as stored; `dingji.audit.signing` says what it is worth."""

    keyid: str
    sig: str


class Stored(Record, frozen=True):
    """A file of a folder of records: what it holds (`record` is None if it can't be trusted to be one), and what is wrong.

    `number` is that of the file's name; `digest` is the SHA-256 of its bytes, which the next record repeats.
    """

    path: str
    number: int
    digest: str
    record: DeterminationRecord | None
    signatures: tuple[Signature, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    payload: bytes = b""
    """The statement, as it was signed."""


class Difference(Record, frozen=True):
    """Where two results part. `path` leads to it, as in `determination.grade`; `recorded` and `replayed` are shown as text.

    `node` is the first node of the proof, in the order of reasoning (facts before the rules that read them), that differs;
    empty if the proofs agree.
    """

    path: str
    recorded: str
    replayed: str
    node: str = ""
    node_recorded: str = ""
    node_replayed: str = ""


class Replay(Record, frozen=True):
    """A record graded again. `verdict`: reproduced, differs or impossible (`reason` says why).

    `knowledge` says from what: `embedded` or `base`.
    """

    knowledge: str
    verdict: str
    difference: Difference | None = None
    reason: str = ""
