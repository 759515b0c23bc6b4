"""The file of a record: its statement as it is, or in a DSSE envelope where it is signed."""

from __future__ import annotations

import base64
import binascii

import msgspec

from dingji.audit import model as m
from dingji.audit.canonical import is_canonical
from dingji.audit.statement import NotARecordError, decode

PAYLOAD = "application/vnd.in-toto+json"
_START = b'{"payload":'


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A DSSE envelope: the statement in base64, its type, and the signatures over both."""

    payload: str
    payloadType: str  # noqa: N815
    signatures: tuple[m.Signature, ...]


def open_file(data: bytes) -> tuple[m.DeterminationRecord, tuple[m.Signature, ...], bytes]:
    """The record of a file, its signatures, and the bytes that they are over. Raises NotARecordError."""
    if not data.startswith(_START):
        return decode(data), (), data
    try:
        plain = msgspec.json.decode(data)
        envelope = msgspec.convert(plain, Envelope)
        payload = base64.b64decode(envelope.payload, validate=True)
    except (msgspec.MsgspecError, binascii.Error, UnicodeDecodeError, RecursionError) as error:
        raise NotARecordError("A018", f"not a DSSE envelope: {error}") from None
    if not is_canonical(data, plain) or base64.b64encode(payload).decode() != envelope.payload:
        raise NotARecordError("A011", "not canonical JSON (RFC 8785): a key stands twice, or it was edited or printed anew")
    if envelope.payloadType != PAYLOAD or not envelope.signatures:
        raise NotARecordError("A018", "not a DSSE envelope of an in-toto statement with a signature")
    return decode(payload), envelope.signatures, payload
