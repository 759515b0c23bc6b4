"""Signing records with Ed25519 keys, and what a signature is worth to somebody who trusts some keys.

A private key is a PEM file (PKCS #8). Its public key is a JSON file in the form of the update framework and in-toto, with a name
and the days on which it is valid; a folder of such files says whom an auditor trusts.
"""

from __future__ import annotations

import base64
import datetime as dt
import importlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dingji.audit import model as m
from dingji.audit.canonical import canonical
from dingji.audit.chain import Sign, read_bytes
from dingji.audit.envelope import PAYLOAD
from dingji.records import Record

PRIVATE, PUBLIC = ".key", ".pub.json"
PASSPHRASE = "DINGJI_KEY_PASSPHRASE"
"""The environment variable that holds the passphrase of a private key, if it has one."""


class TrustedKey(Record, frozen=True):
    """A public key that an auditor trusts; days as YYYY-MM-DD, null where there is no bound."""

    name: str
    keyid: str
    key: Mapping[str, Any]
    valid_from: str | None
    valid_until: str | None


def _missing() -> m.RecordError:
    return m.RecordError(m.Trouble("A001", "signatures need the extra dingji[sign]", "pip install 'dingji[sign]'"))


def _signers() -> Any:
    """The library's keys and signatures."""
    try:
        return importlib.import_module("securesystemslib.signer")
    except ImportError:
        raise _missing() from None


def make_key(folder: Path, name: str, *, valid_from: dt.date | None, valid_until: dt.date | None) -> tuple[Path, Path]:
    """A new key pair in two files; neither may exist. The private one is for its owner's eyes only.

    Raises RecordError (A060) for a file that exists or can't be written.
    """
    try:
        from cryptography.hazmat.primitives import serialization as pem
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError:
        raise _missing() from None
    private = Ed25519PrivateKey.generate()
    secret = os.environ.get(PASSPHRASE, "").encode()
    cipher = pem.BestAvailableEncryption(secret) if secret else pem.NoEncryption()
    data = private.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, cipher)
    key = _signers().CryptoSigner(private).public_key
    days = {"valid_from": valid_from and valid_from.isoformat(), "valid_until": valid_until and valid_until.isoformat()}
    public = {"name": name, "keyid": key.keyid, **key.to_dict(), **days}
    paths = folder / f"{name}{PRIVATE}", folder / f"{name}{PUBLIC}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = next((path for path in paths if path.exists()), None)
        if taken is not None:
            raise m.RecordError(m.Trouble("A060", "there is such a key already", "choose another name", str(taken)))
        _new_file(paths[0], data, 0o600)
        _new_file(paths[1], (json.dumps(public, ensure_ascii=False, indent=2) + "\n").encode(), 0o644)
    except OSError as error:
        raise m.RecordError(m.Trouble("A060", f"the key can't be written: {error.strerror or error}", where=str(folder))) from None
    return paths


def _new_file(path: Path, data: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(data)


def signer(path: Path) -> Sign:
    """What signs statements with the private key of a file. Raises RecordError (A061) for a file that holds none."""
    try:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise _missing() from None
    secret = os.environ.get(PASSPHRASE, "").encode() or None
    try:
        key = _signers().CryptoSigner(load_pem_private_key(path.read_bytes(), secret))
    except (OSError, ValueError, TypeError) as error:
        hint = f"a private key of `dingji audit key`; a passphrase stands in ${PASSPHRASE}"
        raise m.RecordError(m.Trouble("A061", f"no private key can be read: {error}", hint, str(path))) from None
    if key.public_key.keytype != "ed25519":
        raise m.RecordError(m.Trouble("A061", f"the key is {key.public_key.keytype}, not ed25519", "make one: dingji audit key", str(path)))
    return lambda statement: _signed(statement, key)


def _signed(statement: bytes, key: Any) -> bytes:
    from securesystemslib.dsse import Envelope

    envelope = Envelope(statement, PAYLOAD, {})
    envelope.sign(key)
    return canonical(envelope.to_dict())


def trusted(folder: Path) -> dict[str, TrustedKey]:
    """The keys of a trust folder by their ids. Raises RecordError (A062) for a file that holds none, or a folder without any."""
    signers = _signers()
    found: dict[str, TrustedKey] = {}
    for path in sorted(folder.glob(f"*{PUBLIC}")):
        data = read_bytes(path)
        if isinstance(data, m.Trouble):
            raise m.RecordError(m.Trouble("A062", data.message, where=data.where))
        try:
            plain = json.loads(data)
            days = [plain.get(day) and dt.date.fromisoformat(plain[day]).isoformat() for day in ("valid_from", "valid_until")]
            entry = {part: plain[part] for part in ("keytype", "scheme", "keyval")}
            key = signers.SSlibKey.from_dict(plain["keyid"], dict(entry))
            bytes.fromhex(key.keyval["public"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            hint = "a file of `dingji audit key`"
            raise m.RecordError(m.Trouble("A062", f"no public key: {type(error).__name__} {error}", hint, str(path))) from None
        found[plain["keyid"]] = TrustedKey(str(plain.get("name", path.stem)), plain["keyid"], entry, *days)
    if not found:
        raise m.RecordError(m.Trouble("A062", f"the folder holds no key (*{PUBLIC})", "put the public keys there", str(folder)))
    return found


SIGNED, UNSIGNED, BAD, UNKNOWN, EXPIRED = "signed", "unsigned", "bad", "unknown", "expired"


class Worth(Record, frozen=True):
    """What the signatures of a record are worth: signed (by `names`), unsigned, bad, unknown (no trusted key) or expired."""

    status: str
    names: tuple[str, ...] = ()


def worth(stored: m.Stored, keys: Mapping[str, TrustedKey]) -> Worth:
    """The worth of a record's signatures. One sound signature of a trusted key is enough, but none may be bad."""
    if not stored.signatures or stored.record is None:
        return Worth(UNSIGNED)
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError

    signers = _signers()
    signed = Envelope(stored.payload, PAYLOAD, {}).pae()
    good: list[TrustedKey] = []
    for signature in stored.signatures:
        key = keys.get(signature.keyid)
        if key is None:
            continue
        try:
            raw = _hex(signature.sig)
            signers.SSlibKey.from_dict(key.keyid, dict(key.key)).verify_signature(signers.Signature(key.keyid, raw), signed)
        except (UnverifiedSignatureError, VerificationError, ValueError):
            return Worth(BAD, (key.name,))
        good.append(key)
    valid = tuple(key.name for key in good if _valid(key, stored.record.time))
    if valid:
        return Worth(SIGNED, valid)
    return Worth(EXPIRED, tuple(key.name for key in good)) if good else Worth(UNKNOWN, tuple(s.keyid for s in stored.signatures))


def _hex(text: str) -> str:
    """A signature of an envelope (base64) as the library wants it."""
    return base64.b64decode(text, validate=True).hex()


def _valid(key: TrustedKey, time: str) -> bool:
    """Was a key valid when a record was made?"""
    day = dt.datetime.fromisoformat(time).astimezone(dt.UTC).date().isoformat()
    return (key.valid_from is None or key.valid_from <= day) and (key.valid_until is None or day <= key.valid_until)
