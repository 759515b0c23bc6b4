"""Packing the knowledge that a record carries, and loading it again."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
import tempfile
import zlib
from collections import OrderedDict
from pathlib import Path

import msgspec

from dingji.audit.canonical import canonical, sha256
from dingji.audit.model import DeterminationRecord, Embedded, RecordError, Trouble
from dingji.grading import load
from dingji.knowledge.model import Knowledge

MOST_BYTES = 64 * 1024 * 1024
"""Of unpacked knowledge; our own base has a twentieth."""
_NAME = re.compile(r"(?:[\w-][\w.-]*/){0,8}[\w-][\w.-]*\.yaml")
_LOADED: OrderedDict[str, Knowledge] = OrderedDict()
MOST_LOADED = 8
"""Embedded bases kept in memory; records of one kind of case share one."""


def pack(files: dict[str, str]) -> Embedded:
    """Files as a record carries them."""
    data = canonical(files)
    return Embedded(sha256(data), base64.b64encode(zlib.compress(data, 9)).decode("ascii"))


def unpack(embedded: Embedded) -> dict[str, str]:
    """The files that a record carries. Raises RecordError (A030) if they are damaged, or not what their digest says."""
    try:
        packed = base64.b64decode(embedded.packed, validate=True)
        opener = zlib.decompressobj()
        data = opener.decompress(packed, MOST_BYTES)
        if not opener.eof or opener.unused_data:
            raise RecordError(Trouble("A030", f"the embedded knowledge is cut off, or larger than {MOST_BYTES:,} bytes"))
        if sha256(data) != embedded.digest:
            raise RecordError(Trouble("A030", "the embedded knowledge is not what its digest says"))
        files = msgspec.json.decode(data, type=dict[str, str])
    except (binascii.Error, zlib.error, msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise RecordError(Trouble("A030", f"the embedded knowledge can't be unpacked: {error}")) from None
    for name in files:
        if not _NAME.fullmatch(name) or len(name) > 200:
            raise RecordError(Trouble("A030", f"the embedded knowledge names the file {name[:80]!r}", "a relative name that ends in .yaml"))
    return files


def knowledge_of(record: DeterminationRecord) -> Knowledge:
    """The knowledge base that a record carries, loaded; it answers with the digest and version of the base it was taken from.

    Raises RecordError (A030) for damaged knowledge, KnowledgeError for knowledge that today's dingji does not take.
    """
    loaded = _LOADED.get(record.embedded.digest)
    if loaded is None:
        loaded = _LOADED[record.embedded.digest] = _load(unpack(record.embedded))
        if len(_LOADED) > MOST_LOADED:
            _LOADED.popitem(last=False)
    _LOADED.move_to_end(record.embedded.digest)
    return dataclasses.replace(loaded, digest=record.knowledge_digest, version=record.knowledge_version)


def _load(files: dict[str, str]) -> Knowledge:
    with tempfile.TemporaryDirectory(prefix="dingji-record-") as folder:
        root = Path(folder, "knowledge")
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="")
        return load(root, cache=False)
