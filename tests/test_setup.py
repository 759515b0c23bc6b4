"""What a newcomer's machine may lack: one line names the package, nothing is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from dingji.inference import durable

# a python3 that fails the question whose text contains the first argument it was made for
FAKE = """#!/bin/sh
case "$2" in *"{missing}"*) exit 1 ;; esac
exit 0
"""


def machine(folder: Path, missing: str, *, compiler: bool = True) -> dict[str, str]:
    """The PATH of a machine with a python3 that lacks something."""
    for program in ("sh", "make", "mkdir", "rm", "touch", "echo"):
        found = shutil.which(program)
        assert found, program
        (folder / program).symlink_to(found)
    (folder / "python3").write_text(FAKE.format(missing=missing), encoding="utf-8")
    (folder / "python3").chmod(0o755)
    if compiler:
        (folder / "cc").symlink_to(shutil.which("true") or "/bin/true")
    return {"PATH": str(folder)}


@pytest.mark.parametrize(
    ("missing", "compiler", "package"),
    [
        ("version_info", True, "python3"),
        ("import venv", True, "python3-venv"),
        ("Python.h", True, "python3-dev"),
        ("nothing is missing", False, "gcc"),
    ],
)
def test_preflight_names_the_package(tmp_path: Path, missing: str, compiler: bool, package: str) -> None:
    env = machine(tmp_path, missing, compiler=compiler)
    run = subprocess.run(["sh", ROOT / ".ci" / "preflight", "python3"], env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert len(run.stderr.splitlines()) == 1
    assert f"install the package {package}" in run.stderr


def test_make_without_python_says_so(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path / "Makefile")
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    (tmp_path / "pyproject.toml").touch()
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    env = machine(bin_folder, "version_info")
    run = subprocess.run(["make", "demo"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "install the package python3" in run.stderr
    assert not (tmp_path / ".venv").exists()


def test_preflight_passes_here() -> None:
    run = subprocess.run(["sh", ROOT / ".ci" / "preflight", sys.executable], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.skipif(os.environ.get("CI") != "true", reason="elsewhere the tests of the rule engine may be skipped")
def test_the_rule_engine_is_there_in_ci() -> None:
    """Without it the evaluators could not be compared, and the tests that compare them would be skipped in silence."""
    assert durable.available(), durable.unavailable_reason()
