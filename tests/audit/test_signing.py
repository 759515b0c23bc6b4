"""Keys and signatures: signed, unsigned, bad, unknown, expired."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dingji.audit.canonical import canonical
from dingji.audit.chain import append, load_file, name_of
from dingji.audit.model import RecordError
from dingji.audit.signing import PASSPHRASE, make_key, signer, trusted, worth

from .samples import codes, toy

TODAY = dt.date(2026, 3, 4)


def key(folder: Path, name: str, start: dt.date | None = None, end: dt.date | None = None) -> Path:
    return make_key(folder, name, valid_from=start, valid_until=end)[0]


def signed(folder: Path, private: Path) -> Path:
    append(folder, toy(), signer(private))
    return folder / name_of(1)


def test_a_signed_record_is_a_dsse_envelope_that_any_library_verifies(tmp_path: Path) -> None:
    private = key(tmp_path / "keys", "li")
    path = signed(tmp_path / "records", private)
    envelope = json.loads(path.read_bytes())
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    payload = base64.b64decode(envelope["payload"])
    (signature,) = envelope["signatures"]
    public = json.loads((tmp_path / "keys" / "li.pub.json").read_text())
    assert signature["keyid"] == public["keyid"]
    # the pre-authentication encoding, written out by hand
    encoded = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(payload) + payload
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(public["keyval"]["public"])).verify(base64.b64decode(signature["sig"]), encoded)
    assert worth(load_file(path), trusted(tmp_path / "keys")).status == "signed"
    assert worth(load_file(path), trusted(tmp_path / "keys")).names == ("li",)
    assert codes(tmp_path / "records") == set()


def test_unsigned(tmp_path: Path) -> None:
    key(tmp_path / "keys", "li")
    append(tmp_path / "records", toy())
    assert worth(load_file(tmp_path / "records" / name_of(1)), trusted(tmp_path / "keys")).status == "unsigned"


def test_unknown_key(tmp_path: Path) -> None:
    path = signed(tmp_path / "records", key(tmp_path / "own", "stranger"))
    key(tmp_path / "keys", "li")
    assert worth(load_file(path), trusted(tmp_path / "keys")).status == "unknown"


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        (TODAY, TODAY, "signed"),
        (None, dt.date(2026, 3, 3), "expired"),
        (dt.date(2026, 3, 5), None, "expired"),
    ],
)
def test_a_key_counts_on_its_days_only(tmp_path: Path, start: dt.date | None, end: dt.date | None, status: str) -> None:
    path = signed(tmp_path / "records", key(tmp_path / "keys", "li", start, end))
    found = worth(load_file(path), trusted(tmp_path / "keys"))
    assert (found.status, found.names) == (status, ("li",))


def test_a_signature_of_another_statement_is_bad(tmp_path: Path) -> None:
    private = key(tmp_path / "keys", "li")
    one, two = signed(tmp_path / "a", private), tmp_path / "b" / name_of(1)
    append(tmp_path / "b", toy("other"), signer(private))
    envelope = json.loads(one.read_bytes())
    envelope["signatures"] = json.loads(two.read_bytes())["signatures"]
    one.write_bytes(canonical(envelope))
    assert load_file(one).troubles == ()
    assert worth(load_file(one), trusted(tmp_path / "keys")).status == "bad"


def test_every_byte_of_an_envelope_counts(tmp_path: Path) -> None:
    path = signed(tmp_path / "records", key(tmp_path / "keys", "li"))
    sound = path.read_bytes()
    for place in range(len(sound)):
        path.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        assert codes(path.parent) != set(), place


def test_the_private_key_is_for_its_owner_only(tmp_path: Path) -> None:
    private = key(tmp_path, "li")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert b"PRIVATE" not in (tmp_path / "li.pub.json").read_bytes()
    with pytest.raises(RecordError, match=r"A060.*already"):
        key(tmp_path, "li")


def test_a_passphrase_protects_the_private_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, PASSPHRASE, "correct horse")
    private = key(tmp_path, "li")
    assert b"ENCRYPTED" in private.read_bytes()
    path = signed(tmp_path / "records", private)
    assert worth(load_file(path), trusted(tmp_path)).status == "signed"
    for wrong in ("", "battery staple"):
        monkeypatch.setitem(os.environ, PASSPHRASE, wrong)
        with pytest.raises(RecordError, match=r"A061.*DINGJI_KEY_PASSPHRASE"):
            signer(private)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"keyid": 1}', "not json", '{"keyid":"x","keytype":"ed25519","scheme":"ed25519","keyval":{}}']
)
def test_a_trust_folder_holds_public_keys(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.pub.json").write_text(text)
    with pytest.raises(RecordError, match="A062"):
        trusted(tmp_path)


def test_an_empty_trust_folder_trusts_nobody_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"A062.*holds no key"):
        trusted(tmp_path)


def test_a_key_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.key").write_text("hello")
    for path in (tmp_path / "x.key", tmp_path / "none.key"):
        with pytest.raises(RecordError, match="A061"):
            signer(path)
