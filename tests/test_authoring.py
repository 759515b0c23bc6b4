"""The author's guide is true: every file it shows is written, every command it shows is run, and says what the guide says.

The fence of a block says what it is:

    yaml file=PATH      the whole file
    yaml add=PATH       lines at its end
    diff edit=PATH      an edit: lines that stay, leave (-) and come (+)
    diff mistake=PATH   an edit that is taken back after the next console block
    console             `$ command` lines, each followed by what it prints

`python tests/test_authoring.py` writes into both guides what the commands print today; read the difference before you keep it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from dingji.cases import shapes as case_shapes
from dingji.grading import load
from dingji.knowledge.shapes import FILES, FLAG
from dingji.language.check import check
from dingji.language.parser import RESERVED, parse
from dingji.language.types import Bool
from dingji.shapes import Choice, Either, Key, Kind, ListOf, MapOf, Shape
from knowledge.codes import codes

ROOT = Path(__file__).resolve().parents[1]
ENGLISH, CHINESE = ROOT / "docs" / "authoring.md", ROOT / "docs" / "authoring.zh.md"
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block. `role` is file, add, edit, mistake or console; `path` is empty for a console."""

    role: str
    path: str
    text: str
    start: int
    """Where its text begins in the guide."""


def blocks(guide: str) -> list[Block]:
    found = []
    for match in FENCE.finditer(guide):
        language, _, rest = match["info"].partition(" ")
        role, _, path = rest.partition("=")
        if language == "console" and not rest:
            role = "console"
        elif (language, role) not in {("yaml", "file"), ("yaml", "add"), ("diff", "edit"), ("diff", "mistake")} or not path:
            raise ValueError(f"the fence does not say what the block is: {match[0].splitlines()[0]}")
        found.append(Block(role, path, match["text"], match.start("text")))
    return found


def commands(text: str) -> list[tuple[str, str]]:
    """Each command of a console block with the output that is shown below it."""
    pieces = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
    if pieces[0]:
        raise ValueError(f"a console block begins with a command, not with {pieces[0]!r}")
    return list(zip(pieces[1::2], pieces[2::2], strict=True))


def edited(text: str, diff: str) -> str:
    lines = diff.splitlines(keepends=True)
    if {line[0] for line in lines} - set(" -+"):
        raise ValueError(f"a line of a diff begins with a space, - or +:\n{diff}")
    old = "".join(line[1:] for line in lines if line[0] != "+")
    new = "".join(line[1:] for line in lines if line[0] != "-")
    if text.count(old) != 1:
        raise ValueError(f"stands {text.count(old)} times in the file:\n{old}")
    return text.replace(old, new)


class Replay:
    """A folder in which the guide is followed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.undo: dict[Path, str] = {}
        shutil.copytree(ROOT / "knowledge", folder / "knowledge")
        # as in the README: the commands of this interpreter, an English terminal without a size, no cache but ours
        kept = {k: v for k, v in os.environ.items() if k not in ("LANG", "LC_ALL", "LC_MESSAGES", "COLUMNS")}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        self.environment = kept | {"PATH": path, "XDG_CACHE_HOME": str(folder / ".cache")}

    def follow(self, block: Block) -> str:
        """What stands in the block once it was followed: for a console the commands with what they print."""
        if block.role == "console":
            shown = "".join(f"$ {command}\n{self.run(command)}" for command, _ in commands(block.text))
            for path, text in self.undo.items():
                path.write_text(text, "utf-8")
            self.undo = {}
            return shown
        path = self.folder / block.path
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text("utf-8") if block.role != "file" else ""
        if block.role == "mistake":
            self.undo.setdefault(path, before)
        path.write_text(edited(before, block.text) if block.role in ("edit", "mistake") else before + block.text, "utf-8")
        return block.text

    def run(self, command: str) -> str:
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return done.stdout


def replayed(guide: str) -> str:
    """The guide with what its commands print today."""
    with tempfile.TemporaryDirectory() as folder:
        return follow(guide, Replay(Path(folder)))


def follow(guide: str, replay: Replay) -> str:
    pieces, last = [], 0
    for block in blocks(guide):
        pieces += [guide[last : block.start], replay.follow(block)]
        last = block.start + len(block.text)
    return "".join([*pieces, guide[last:]])


@pytest.fixture(scope="module")
def guide() -> str:
    return ENGLISH.read_text("utf-8")


def test_the_commands_say_what_the_guide_says(guide: str) -> None:
    assert guide.splitlines() == replayed(guide).splitlines()


def test_the_guide_shows_what_it_promises(guide: str) -> None:
    shown = [b for b in blocks(guide) if b.role == "console"]
    said = "".join(b.text for b in shown)
    for code in ("K002", "K007", "K024", "K027", "E010", "E012", "E013", *(f"K05{n}" for n in range(8)), "K059", "C020", "C022"):
        assert f"error[{code}]" in said, code
    for words in ("no problems in", "expected met, found not met", "fired by: never", "--lang zh", "kb diff knowledge my-knowledge"):
        assert words in said, words
    assert sum(len(commands(b.text)) for b in shown) >= 30


def test_every_block_is_named_in_the_text_before_it(guide: str) -> None:
    """A reader does not see the fence: the line above must say which file is meant."""
    for path in (ENGLISH, CHINESE):
        text = path.read_text("utf-8")
        for block in blocks(text):
            if block.path:
                paragraph = text[: block.start].rsplit("\n```", 1)[0].rstrip().rsplit("\n\n", 1)[-1]
                assert f"`{block.path}`" in paragraph, f"{path.name}: {paragraph}"


def test_the_chinese_guide_has_the_same_blocks(guide: str) -> None:
    """So it is as true as the English one."""
    ours = [(b.role, b.path, b.text) for b in blocks(guide)]
    theirs = [(b.role, b.path, b.text) for b in blocks(CHINESE.read_text("utf-8"))]
    assert theirs == ours


def test_the_chinese_guide_is_chinese() -> None:
    prose = FENCE.sub("", CHINESE.read_text("utf-8"))
    paragraphs = [p for p in prose.split("\n\n") if len(p) > 20]
    assert [p for p in paragraphs if not re.search("[\u4e00-\u9fff]", p)] == []


# -- the reference -----------------------------------------------------------------------------------------------------

Rows = list[list[str]]


def tables(guide: str) -> dict[str, Rows]:
    """The rows of each table of the reference, by the last word in backticks of its heading, else by the heading."""
    found: dict[str, Rows] = {}
    for part in re.split(r"^### ", guide.split("\n## Reference\n")[1], flags=re.MULTILINE)[1:]:
        heading, _, rest = part.partition("\n")
        named = re.search(r"`(\w+)`$", heading)
        rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in rest.splitlines() if line.startswith("|")][2:]
        found[named[1] if named else heading] = [[cell.strip() for cell in row] for row in rows]
    return found


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def shapes(*roots: Shape) -> dict[str, Shape]:
    """Every shape that a file may hold, by its name."""
    found: dict[str, Shape] = {}

    def visit(kind: Kind) -> None:
        if isinstance(kind, Shape) and kind.name not in found:
            found[kind.name] = kind
            for key in kind.keys.values():
                visit(key.kind)
        elif isinstance(kind, ListOf | MapOf):
            visit(kind.item)
        elif isinstance(kind, Either):
            visit(kind.scalar)
            visit(kind.other)

    for root in roots:
        visit(root)
    return found


ALL = shapes(*FILES.values(), case_shapes.CASE, case_shapes.STATEMENT)
DESCRIBED = {name: shape for name, shape in ALL.items() if shape not in FILES.values()}


def own_keys(shape: Shape) -> dict[str, Key]:
    """Its keys, without those of every rule."""
    is_rule = shape is not FLAG and shape.keys.keys() >= FLAG.keys.keys()
    return {name: key for name, key in shape.keys.items() if not (is_rule and name in FLAG.keys)}


def test_every_kind_of_file_is_described(guide: str) -> None:
    described = {quoted(first)[0]: quoted(also) for first, also, _ in tables(guide)["Files"]}
    assert described == {name: [k for k in shape.keys if k != name] for name, shape in FILES.items()}


@pytest.mark.parametrize("name", DESCRIBED)
def test_every_key_is_described(name: str, guide: str) -> None:
    rows = tables(guide)[name]
    keys = own_keys(DESCRIBED[name])
    assert sorted(quoted(row[0])[0] for row in rows) == sorted(keys)
    for cell, needed, meaning in rows:
        key = keys[quoted(cell)[0]]
        assert (needed == "yes") is key.required, cell
        assert meaning, cell
        for word in allowed(key.kind):
            assert word in quoted(meaning), f"{cell} may be {word}"


def allowed(kind: Kind) -> tuple[str, ...]:
    """The words that a key may take, if it takes words of a fixed set."""
    if isinstance(kind, Either):
        return allowed(kind.scalar)
    return kind.words if isinstance(kind, Choice) else ()


def test_nothing_is_described_that_there_is_not(guide: str) -> None:
    assert set(tables(guide)) - DESCRIBED.keys() == {"Files", "Expressions", "Error codes"}


def test_every_error_code_is_described(guide: str) -> None:
    common = ["documents.py", "shapes.py"]
    reported = codes("K", ["knowledge", "language", "inference", "analysis", *common]) | codes("C", ["cases", "cli", "grading.py", *common])
    rows = tables(guide)["Error codes"]
    assert all(meaning for _, meaning in rows)
    assert [quoted(code)[0] for code, _ in rows] == sorted((c for c in reported if c[0] in "KEC"), key=lambda c: ("EKC".index(c[0]), c))


def test_the_expressions_are_expressions(guide: str, tmp_path: Path) -> None:
    replay = Replay(tmp_path)
    for block in blocks(guide):
        if block.path.startswith("practice/") and block.role != "mistake":
            replay.follow(block)
    knowledge = load(tmp_path / "practice", cache=False)
    vocabulary = {fact.name: fact.type for fact in knowledge.facts.values()}
    expressions = [quoted(cell)[0] for cell, _ in tables(guide)["Expressions"]]
    for expression in expressions:
        check(parse(expression), vocabulary, Bool())
    words = {word for expression in expressions for word in re.findall(r"[a-z_]+", expression)}
    assert words >= RESERVED, "a function of the language is not shown"


def test_a_guide_that_is_wrong_is_found(tmp_path: Path) -> None:
    """The readers of the guide refuse what they do not understand, and a wrong output differs."""
    for wrong in ("```\nx\n```", "```yaml\na: 1\n```", "```diff edit\n+x\n```", "```python file=x\n```"):
        with pytest.raises(ValueError, match="does not say"):
            blocks(wrong + "\n")
    with pytest.raises(ValueError, match="begins with a command"):
        commands("no problems\n$ dingji\n")
    with pytest.raises(ValueError, match="stands 2 times"):
        edited("a\na\n", "-a\n")
    with pytest.raises(ValueError, match="begins with a space"):
        edited("a\n", "a\n")
    shown = "```console\n$ cat a.txt\none\n```\n"
    text = "```yaml file=a.txt\none\n```\n```diff mistake=a.txt\n-one\n+two\n```\n" + shown + shown
    assert follow(text, Replay(tmp_path)) == text.replace("$ cat a.txt\none", "$ cat a.txt\ntwo", 1)


if __name__ == "__main__":
    new = replayed(ENGLISH.read_text("utf-8"))
    ENGLISH.write_text(new, "utf-8")
    texts = iter([b.text for b in blocks(new)])
    chinese = CHINESE.read_text("utf-8")
    CHINESE.write_text(FENCE.sub(lambda m: f"```{m['info']}\n{next(texts)}```", chinese), "utf-8")
