"""The cache of compiled knowledge: it may cost time, never a right answer."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dingji
from dingji.knowledge import cache
from dingji.knowledge.cache import read_cache, write_cache
from dingji.knowledge.model import Knowledge

from .mistakes import GOOD

SAME_FOLDER = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "dingji"


@pytest.fixture
def forbidden(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """After it is called, reading the sources fails: what is loaded comes from the cache."""

    def forbid() -> None:
        def fail(*_: object) -> Knowledge:
            raise AssertionError("the sources are read, not the cache")

        monkeypatch.setattr("dingji.knowledge.loader.read_knowledge", fail)
        monkeypatch.setattr("dingji.knowledge.read_knowledge", fail, raising=False)

    return forbid


def told_apart(knowledge: Knowledge) -> dict[str, str]:
    """Every field as text, with what equality leaves out (positions in expressions, constants as written)."""
    return {f.name: repr(getattr(knowledge, f.name)) for f in dataclasses.fields(knowledge) if f.name != "plans"}


def test_a_base_that_has_not_changed_comes_from_the_cache(folder: Path, forbidden: Callable[[], None]) -> None:
    fresh = dingji.load(GOOD)
    assert [path.suffix for path in folder.iterdir()] == [".json"]
    forbidden()
    cached = dingji.load(GOOD)
    assert cached == fresh
    assert told_apart(cached) == told_apart(fresh)
    assert [d.id for d in cached.decisions] == [d.id for d in fresh.decisions]


def test_the_project_s_base_survives_the_cache(folder: Path, kb: Knowledge) -> None:
    fresh = dingji.load(cache=False)
    assert write_cache(fresh)
    cached = read_cache(fresh.digest, fresh.version)
    assert cached is not None
    assert cached == fresh == kb
    assert told_apart(cached) == told_apart(fresh)


def test_without_cache_nothing_is_written(folder: Path) -> None:
    dingji.load(GOOD, cache=False)
    assert not folder.exists()


def test_a_base_with_problems_is_not_kept(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "a.yaml").write_text("factors: 3\n", "utf-8")
    for _ in range(2):
        with pytest.raises(dingji.KnowledgeError, match="K006"):
            dingji.load(tmp_path / "wrong")
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_change_of_one_letter_is_another_base(folder: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(GOOD, tmp_path / "good")
    before = dingji.load(tmp_path / "good")
    names = tmp_path / "good" / "names.yaml"
    names.write_text(names.read_text("utf-8").replace("zh: 水}", "zh: 冰}"), "utf-8")
    after = dingji.load(tmp_path / "good")
    assert (before.factors["water"].zh, after.factors["water"].zh) == ("水", "冰")
    assert before.digest != after.digest


@pytest.fixture
def kept(folder: Path) -> tuple[Path, bytes, Knowledge]:
    """The file of a cached base, its bytes, and the base."""
    fresh = dingji.load(GOOD)
    (path,) = folder.iterdir()
    return path, path.read_bytes(), fresh


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data + b" ",
        lambda data: b"not JSON at all",
        lambda data: b"null",
        lambda data: b"[]",
        lambda data: b"{}",
        lambda data: b'{"format": "x", "digest": "y", "knowledge": []}',
        lambda data: b"[" * 100_000,
        lambda data: b'["Knowledge"]',
        lambda data: data.split(b"\n", 1)[0] + b"\n[]",
        lambda data: data.split(b"\n", 1)[-1],
        lambda data: data.replace(b"patrol_done", b"patrol_dont"),
        lambda data: data.replace(b'"p10.score.5"', b'"p10.score.6"'),
        lambda data: b"\xff\xfe" + data,
        lambda data: data[::-1],
    ],
    ids=[
        "empty", "half", "one byte short", "one byte long", "prose", "null", "list", "mapping", "other shape", "nested", "class only",
        "other payload", "no checksum", "a word", "an id", "not UTF-8", "backwards",
    ],
)  # fmt: skip
def test_a_damaged_cache_is_not_read(damage: Callable[[bytes], bytes], kept: tuple[Path, bytes, Knowledge]) -> None:
    path, data, fresh = kept
    assert damage(data) != data
    path.write_bytes(damage(data))
    assert read_cache(fresh.digest, fresh.version) is None
    assert told_apart(dingji.load(GOOD)) == told_apart(fresh)
    assert path.read_bytes() == data, "it is written anew"


@SAME_FOLDER
@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=4))
def test_flipped_bytes_never_change_the_base(flips: list[tuple[float, int]], kept: tuple[Path, bytes, Knowledge]) -> None:
    path, data, fresh = kept
    damaged = bytearray(data)
    for where, bits in flips:
        damaged[int(where * len(data))] ^= bits
    path.write_bytes(damaged)
    found = read_cache(fresh.digest, fresh.version)
    assert found is None or told_apart(found) == told_apart(fresh)


def test_a_cache_of_another_version_is_not_read(kept: tuple[Path, bytes, Knowledge]) -> None:
    path, data, fresh = kept
    assert read_cache(fresh.digest, "0.0.0") is None
    assert read_cache("0" * 64, fresh.version) is None
    # a foreign base under our name
    foreign = path.with_name(path.name.replace(fresh.digest, "0" * 64))
    foreign.write_bytes(data)
    assert read_cache("0" * 64, fresh.version) is None


def test_a_cache_of_other_definitions_is_not_read(kept: tuple[Path, bytes, Knowledge], monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, fresh = kept
    monkeypatch.setattr(cache, "FORMAT", "of another day")
    assert read_cache(fresh.digest, fresh.version) is None


@pytest.mark.parametrize("hindrance", ["file", "inside a file", "folder in the way", "no such device"])
def test_a_folder_that_can_t_be_used(hindrance: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = told_apart(dingji.load(GOOD, cache=False))
    place = tmp_path / "cache"
    if hindrance == "file":
        place.write_text("a file")
    elif hindrance == "inside a file":
        (tmp_path / "x").write_text("a file")
        place = tmp_path / "x" / "y"
    elif hindrance == "folder in the way":
        base = dingji.load(GOOD, cache=False)
        (place / "dingji" / f"{base.digest}-{base.version}.json").mkdir(parents=True)
    else:
        place = Path("/dev/null")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    for _ in range(2):
        assert told_apart(dingji.load(GOOD)) == reference
    if hindrance == "folder in the way":
        assert list((place / "dingji").glob("*.tmp")) == [], "nothing is left behind"


NOBODY = """
import sys
try:
    import pwd
except ImportError:
    pass
else:
    def nobody(uid):
        raise KeyError(f"uid not found: {uid}")
    pwd.getpwuid = nobody  # a user without an entry, as in some containers
import dingji
print(dingji.load(sys.argv[1]).digest)
"""


def test_no_home(tmp_path: Path) -> None:
    """Without HOME, and without a user to ask: the base is read, and nothing is left in the working folder."""
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_CACHE_HOME", "USERPROFILE", "HOMEPATH", "HOMEDRIVE")}
    done = subprocess.run(
        [sys.executable, "-c", NOBODY, str(GOOD)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == dingji.load(GOOD, cache=False).digest
    assert list(tmp_path.iterdir()) == []


WRITER = """
import sys, dingji
from dingji.knowledge.cache import read_cache, write_cache
base = dingji.load(sys.argv[1], cache=False)
sys.stdin.readline()  # all begin together
for _ in range(40):
    assert write_cache(base)
    found = read_cache(base.digest, base.version)
    assert found == base, found
print("done")
"""


def test_two_processes_write_at_once(folder: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(GOOD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        out, error = process.communicate(timeout=120)
        assert (out.strip(), process.returncode) == ("done", 0), error
    assert [path.suffix for path in folder.iterdir()] == [".json"], "no half-written file stays"


def test_the_cache_holds_data_only(kept: tuple[Path, bytes, Knowledge]) -> None:
    """Lists, text, numbers, true, false and null: no pickle, nothing that runs."""
    payload = kept[1].split(b"\n", 1)[1]
    assert set(json.loads(payload)) == {"base", "rules", "facts"}
