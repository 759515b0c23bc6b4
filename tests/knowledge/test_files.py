"""Folders and files that are not what they should be: one clear line, never a traceback, never a hang."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import dingji

from .mistakes import GOOD


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the good base."""
    shutil.copytree(GOOD, tmp_path / "good")
    return tmp_path / "good"


def problems(folder: Path | str, *, cached: bool = False) -> list[str]:
    with pytest.raises(dingji.KnowledgeError) as caught:
        dingji.load(folder, cache=cached)
    assert caught.value.exit_code == 3
    return [str(p) for p in caught.value.problems]


def test_no_such_folder(tmp_path: Path) -> None:
    assert problems(tmp_path / "nowhere") == [f"{tmp_path}/nowhere: error[K001]: there is no such knowledge folder"]
    assert problems("a\0b") == ["a\0b: error[K001]: there is no such knowledge folder"]


def test_a_file_instead_of_a_folder() -> None:
    file = GOOD / "names.yaml"
    assert problems(file) == [f"{file}: error[K001]: there is no such knowledge folder"]


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("no knowledge")
    assert problems(tmp_path / "empty") == [f"{tmp_path}/empty: error[K001]: the knowledge folder holds no .yaml file"]


@pytest.mark.parametrize("cached", [False, True])
def test_a_folder_named_like_a_file(folder: Path, cached: bool) -> None:
    (folder / "more.yaml").mkdir()
    assert problems(folder, cached=cached) == ["good/more.yaml: error[K001]: this is a folder, not a file; name a file in it"]


def test_a_link_to_nothing(folder: Path) -> None:
    (folder / "more.yaml").symlink_to(folder / "nowhere")
    assert problems(folder) == ["good/more.yaml: error[K001]: there is no such file"]


def test_a_file_that_can_t_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even root can't read this one: reading fails as it does for others without permission."""
    (folder / "more.yaml").write_text("factors: {}\n")
    real = Path.open

    def guarded(self: Path, *args: object, **options: object) -> object:
        if self.name == "more.yaml":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *args, **options)  # type: ignore[arg-type, call-overload]

    monkeypatch.setattr(Path, "open", guarded)
    assert problems(folder) == ["good/more.yaml: error[K001]: can't be read: Permission denied"]


UNREADABLE = """
import os, sys, dingji
dingji.load(sys.argv[1], cache=False)  # every module is read while this user may still read everything
os.chmod(os.path.join(sys.argv[1], "profiles"), 0)
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    print("loaded without", dingji.load(sys.argv[1], cache=False).profiles)
except dingji.KnowledgeError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="no permissions of this kind there")
def test_a_folder_that_can_t_be_read_is_not_passed_over() -> None:
    """Rules that can't be read are no rules that don't exist: the base without them could grade otherwise."""
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders are closed to other users
        Path(place).chmod(0o755)
        folder = Path(place) / "good"
        shutil.copytree(GOOD, folder)
        done = subprocess.run([sys.executable, "-c", UNREADABLE, str(folder)], capture_output=True, text=True, timeout=20, check=False)
        (folder / "profiles").chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("good/profiles: error[K001]: can't be read: Permission denied")


@pytest.mark.parametrize("name", ["more.yml", "more.YAML"])
def test_a_file_with_another_ending_is_not_passed_over(name: str, folder: Path) -> None:
    (folder / name).write_text("factors:\n  fire: {en: fire, zh: 火}\n", "utf-8")
    (problem,) = problems(folder)
    assert problem.startswith(f"good/{name}: error[K001]:")
    assert ".yaml" in problem


CHILD = """
import resource, sys, dingji
resource.setrlimit(resource.RLIMIT_AS, (700 << 20, 700 << 20))
try:
    dingji.load(sys.argv[1], cache=False)
except dingji.KnowledgeError as error:
    print(error)
"""


def in_child(folder: Path) -> str:
    """What loading says in a process of its own, with little memory and little time."""
    done = subprocess.run([sys.executable, "-c", CHILD, str(folder)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(sys.platform == "win32", reason="no sparse files and no limits there")
def test_a_file_of_a_gigabyte_is_not_read(folder: Path) -> None:
    (folder / "more.yaml").touch()
    os.truncate(folder / "more.yaml", 1 << 30)
    assert in_child(folder) == "good/more.yaml: error[K001]: the file has 1,073,741,824 bytes; at most 16,777,216"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes there")
def test_a_pipe_does_not_hang(folder: Path) -> None:
    os.mkfifo(folder / "more.yaml")
    assert in_child(folder).startswith("good/more.yaml: error[K001]:")


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor(folder: Path) -> None:
    lines = ["factors:", "  a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefghij", "bcdefghijk", strict=True):
        lines.append(f"  {name}: &{name} [{', '.join(['*' + before] * 10)}]")
    (folder / "more.yaml").write_text("\n".join(lines) + "\n")
    assert problems(folder) == ["good/more.yaml:2:6: error[K003]: anchors and aliases are not allowed; write the value out"]


def test_too_many_values(folder: Path) -> None:
    (folder / "more.yaml").write_text("factors: [" + "1," * 400_001 + "]\n")
    (problem,) = problems(folder)
    assert problem.startswith("good/more.yaml:1:")
    assert problem.endswith("error[K009]: too many values in one file; at most 400,000")


def test_the_column_of_a_wrong_byte_counts_characters(folder: Path) -> None:
    (folder / "more.yaml").write_bytes("factors:\n  fire: {en: fire, zh: 火".encode() + b"\xff}\n")
    (problem,) = problems(folder)
    assert problem.startswith("good/more.yaml:2:25: error[K001]: not UTF-8 text")


def test_several_documents_in_one_file(folder: Path) -> None:
    (folder / "more.yaml").write_text("factors:\n  fire: {en: fire, zh: 火}\n---\nactors:\n  guard: {en: guard, zh: 警卫}\n", "utf-8")
    knowledge = dingji.load(folder, cache=False)
    assert knowledge.factors["fire"].zh == "火"
    assert knowledge.actors["guard"].en == "guard"


def test_folders_below_are_for_people_only(tmp_path: Path) -> None:
    """The same files in one heap mean the same."""
    heap = tmp_path / "good"
    heap.mkdir()
    for path in GOOD.rglob("*.yaml"):
        shutil.copy(path, heap / path.name)
    assert set(dingji.load(heap, cache=False).rules) == set(dingji.load(GOOD, cache=False).rules)
