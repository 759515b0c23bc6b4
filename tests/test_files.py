"""Files are written whole or not at all: what was there before stays until the new one is complete."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from dingji.files import whole, write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    with whole(path) as made:
        made.write_text("new")
        assert path.read_text() == "old"
    assert (path.read_text(), names(tmp_path)) == ("new", ["out"])


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    with pytest.raises(error), whole(path) as made:
        made.write_text("half")
        raise error
    assert (path.read_text(), names(tmp_path)) == ("old", ["out"])


def test_a_new_file_has_the_permissions_of_the_umask_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "new", b"1")
        (tmp_path / "old").write_bytes(b"0")
        (tmp_path / "old").chmod(0o604)
        write_whole(tmp_path / "old", b"1")
        assert os.umask(0o027) == 0o027, "the umask is as it was"
    finally:
        os.umask(before)
    assert (mode(tmp_path / "new"), mode(tmp_path / "old")) == (0o640, 0o604)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    write_whole(link, b"new")
    assert (link.is_symlink(), target.read_text(), names(tmp_path / "folder")) == (True, "new", ["target"])


def test_a_folder_and_a_folder_that_does_not_exist_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "folder", b"1")
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "nowhere" / "out", b"1")
    assert names(tmp_path) == ["folder"]


def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    path.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda *_: False)  # the tests may run as root, who may do everything
    with pytest.raises(PermissionError):
        write_whole(path, b"new")
    assert path.read_text() == "old"


def test_a_long_name_has_room_for_its_temporary_name(tmp_path: Path) -> None:
    path = tmp_path / ("表" * 83)  # 249 bytes of 255
    write_whole(path, b"1")
    assert names(tmp_path) == [path.name]


def test_a_device_is_written_to_and_stays(tmp_path: Path) -> None:
    link = tmp_path / "full.csv"
    link.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        write_whole(link, b"1")
    write_whole(Path("/dev/null"), b"1")
    assert all(stat.S_ISCHR(Path(name).stat().st_mode) for name in ("/dev/full", "/dev/null"))
    assert names(tmp_path) == ["full.csv"]


def test_a_pipe_gets_what_was_written(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    try:
        write_whole(Path(f"/dev/fd/{writing}"), b"through")
        assert os.read(reading, 100) == b"through"
    finally:
        os.close(reading)
        os.close(writing)
