"""The built wheel in an empty environment: it carries knowledge, templates and cases, and grades from any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    return next(folder.glob("*.whl"))


def test_wheel_carries_the_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for folder in ("knowledge", "templates", "cases"):
        expected = {p.relative_to(ROOT).as_posix() for p in (ROOT / folder).rglob("*") if p.is_file() and not p.name.startswith(".")}
        assert {n.removeprefix("dingji/data/") for n in names if n.startswith(f"dingji/data/{folder}/")} == expected
    assert any(n.endswith("licenses/LICENSE") for n in names)


def test_wheel_grades_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    flag = "-DPyEval_CallObject=PyObject_CallObject" if sys.version_info >= (3, 13) else ""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    env["CPPFLAGS"] = f"{flag} {env.get('CPPFLAGS', '')}".strip()
    env["HOME"] = env["XDG_CACHE_HOME"] = str(tmp_path / "home")
    install = [python, "-m", "pip", "install", "--quiet", str(wheel)]
    run = subprocess.run(install, env=env, capture_output=True, text=True, timeout=400, check=False)
    assert run.returncode == 0, run.stderr
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [python.with_name("dingji"), "grade", "cases/power-grid/photovoltaic-under-500kv.yaml"]
    run = subprocess.run([*command, "--format", "json"], cwd=elsewhere, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert result["determination"]["grade"] == "II"
    assert len(result["evaluators"]) == 2, "durable-rules fires in the installed wheel, too"
    report = subprocess.run([*command, "--lang", "zh"], cwd=elsewhere, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert report.returncode == 0 and "二级" in report.stdout
