"""Hostile expressions, read in a child process: whatever they are, the answer comes soon and takes little memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import dingji

SECONDS = 40
FULL = 3990
CHILD = """
import resource, sys, time
limit = 1 << 30
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
from dingji.language.check import check
from dingji.language.evaluate import compile_node
from dingji.language.parser import ExpressionError, parse
from dingji.language.printer import to_source
from dingji.language.types import Bool, Number, Records

VOCABULARY = {"a": Number(), "b": Bool(), "items": Records((("n", Number()),))}
for line in sys.stdin:
    source = eval(line, {"FULL": 3990})
    start = time.monotonic()
    try:
        tree = check(parse(source), VOCABULARY)
        to_source(tree)
        compile_node(tree, {})({"a": 10**29, "b": True})
        answer = "read"
    except ExpressionError as error:
        answer = error.code if 0 <= error.at < max(len(source), 1) else f"at {error.at}"
    except BaseException as error:
        answer = repr(error)
    print(time.monotonic() - start, answer, flush=True)
"""


# each as the Python that makes it
SOURCES = {
    "'(' * FULL": "E004",
    "')' * FULL": "E002",
    "'[' * FULL": "E004",
    "'(' * 190 + 'b' + ')' * 190": "read",
    "'{' * FULL": "E004",
    "'-' * FULL + 'a'": "E004",
    "'not ' * 990 + 'b'": "E004",
    "'b and ' * 660 + 'b'": "read",
    "'b or ' * 790 + 'b'": "read",
    "'a+' * 1990 + 'a'": "E004",
    "'a<' * 1990 + 'a'": "read",
    "'a.' * 1990 + 'a'": "E003",
    "'f(' * 1990": "E004",
    "'a[' * 1990": "E004",
    "'lambda:' * 560 + 'b'": "E003",
    "'b if b else ' * 330 + 'b'": "E003",
    "'9' * FULL": "E005",
    "'9**' * 1330 + '9'": "E003",
    "'(' + '9' * 30 + ')*' + '*'.join(['9' * 30] * 55) + ' > a'": "read",
    "'1e' + '9' * 400": "E005",
    "'0x' + 'f' * FULL": "E005",
    "'\"' + 'x' * FULL + '\"'": "read",
    "'\"x' * 1990": "E002",
    "'\\\\' * FULL": "E002",
    "'a in [' + '1,' * 1990 + '1]'": "read",
    "'max(' * 70 + 'a' + ',a)' * 70": "E004",
    "'any(b for i in items if ' * 55 + 'b' + ')' * 55": "E011",
    "'f\"{' * 900": "E002 E004",  # Python 3.12 reads f-strings in another way
    "'\\n' * FULL + 'b'": "read",
    "'b' + ' ' * 10**7": "E001",
    "'b' * 10**8": "E001",
    "'\\u6c34' * FULL": "E010",
    "'b\\x00' * 1990": "E002",
    '\'__import__("os").system("true")\'': "E003",
    "'().__class__.__base__.__subclasses__()'": "E003",
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[float, str]]:
    """Seconds and answer for each source that the child came to."""
    environment = {"PYTHONPATH": str(Path(dingji.__file__).resolve().parents[1]), "PYTHONDONTWRITEBYTECODE": "1", "PATH": ""}
    command = [sys.executable, "-W", "error", "-c", CHILD]
    folder = tmp_path_factory.mktemp("child")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment) as child:
        try:
            output, _ = child.communicate("\n".join(SOURCES), timeout=SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            output, _ = child.communicate()
    lines = [line.split(" ", 1) for line in output.splitlines()]
    return {source: (float(seconds), answer) for source, (seconds, answer) in zip(SOURCES, lines, strict=False)}


@pytest.mark.parametrize("source", SOURCES)
def test_the_answer_comes_soon(source: str, answers: dict[str, tuple[float, str]]) -> None:
    assert source in answers, "the child died or hung here, or before"
    seconds, answer = answers[source]
    assert answer in SOURCES[source].split()
    assert seconds < 2
