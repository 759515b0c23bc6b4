"""What the engine says in its errors, read from its sources: every text that reaches a problem, with numbered gaps for its fields.

`f"unknown fact {name!r}"` is read as `unknown fact {1}`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

import dingji

ENGINE = Path(dingji.__file__).parent
GAP = "\0"
SAYING = {
    "Problem": (4, 5),
    "report": (2, 3),
    "add": (3, 4),
    "place": (4, 5),
    "Trouble": (1, 2),
    "Refused": (1, 2),
    "_TwiceError": (0,),
    "ExpressionError": (2, 3),
    "UsageError": (0,),
    "ClickException": (0,),
    "QuestionError": (0,),
    "UnwritableError": (0,),
    "PortError": (0,),
    "EvaluationError": (0,),
    "DingjiError": (0,),
    "TemplateRuntimeError": (0,),
    "fail": (0,),
    "spoken": (0,),
    "remark": (0,),
    "Scalar": (0,),
    "Key": (1,),
}
"""Where the words stand in the arguments of what reports problems: message and hint, or what is expected."""
KEYWORDS = ("message", "hint", "what", "doc")
FOLLOWED = ("key.doc", "str(error)", "_sentence(error.message)", "problems", "words", "link.chain", "str(link.number)", "text")
"""Words handed on besides those of another problem: of a key or a library. They have a text of their own, or are not ours."""
WORDS = ("describe", "describe_node", "nearest", "_unread")
"""Functions whose results fill gaps, or are told as they are."""
SENTENCES = ("conformance.py",)
"""Files whose sentences of what was expected are told by the command that asks for them."""


class Module:
    """One file of the engine."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text("utf-8"))
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        froms = [n for n in ast.walk(self.tree) if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("dingji")]
        self.imports = {alias.name: str(node.module) for node in froms for alias in node.names}
        self.functions = {node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)}

    def texts(self) -> Iterator[tuple[int, str]]:
        """(line, text) of what the file says."""
        for call in ast.walk(self.tree):
            if isinstance(call, ast.Call):
                for said in self.arguments(call):
                    for text in self.read(said, call, 0):
                        yield call.lineno, text
        for name in WORDS:
            if name in self.functions:
                for value in self._returns(name):
                    for text in self.read(value, self.functions[name], 0):
                        yield value.lineno, text
        if self.path.name in SENTENCES:
            for node in ast.walk(self.tree):
                text = "".join(self.read(node, node, 0)) if isinstance(node, ast.JoinedStr) else ""
                if "expected" in text or text.startswith("table: "):
                    yield node.lineno, text
            yield from ((0, text) for text in self.read(ast.Name("TRUTHS"), self.tree, 0))

    def arguments(self, call: ast.Call) -> Iterator[ast.expr]:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name == "Refused" and self.path.parent.name != "tables":  # what an audit leaves out, told in its report
            return
        if name == "Key" and not _required(call):  # what a key is for is said only where it is missing
            return
        if self.path.parent.name == "tables" and ast.unparse(call.func).endswith("notes.append"):
            yield from call.args
        positions = SAYING.get(name) or self._own(name)
        if not positions:
            return
        if any(isinstance(argument, ast.Starred) for argument in call.args):
            if name != "Problem":
                return
            yield from call.args[-2:]  # Problem(*place, code, message, hint)
            return
        for position in positions:
            if position < len(call.args):
                # an error that carries problems says nothing itself
                yield from [] if isinstance(call.args[position], ast.List) else [call.args[position]]
        yield from (keyword.value for keyword in call.keywords if keyword.arg in KEYWORDS)

    def _own(self, name: str) -> tuple[int, ...]:
        """Where a helper, of this file or another, takes the words of a problem that it hands on."""
        elsewhere = self._imported(name)
        function = self.functions.get(name) or (elsewhere.functions.get(name) if elsewhere else None)
        if function is None:
            return ()
        names = [a.arg for a in function.args.args if a.arg != "self"]
        found = tuple(names.index(wanted) for wanted in ("message", "what", "hint") if wanted in names)
        return found if "hint" in names and len(found) > 1 else ()

    def read(self, node: ast.expr, at: ast.AST, depth: int) -> list[str]:
        """The texts that an expression may be; a gap for what is not said in the sources."""
        if depth > 8:
            return []
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=values):
                return _joined([_piece(value) for value in values])
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return _joined([self._side(side, at, depth + 1) for side in (left, right)])
            case ast.IfExp(body=body, orelse=other):
                return self.read(body, at, depth + 1) + self.read(other, at, depth + 1)
            case ast.BoolOp(values=values):
                return [text for value in values for text in self.read(value, at, depth + 1)]
            case ast.Name(id=name):
                own = [text for value in self._values(name, at) for text in self.read(value, at, depth + 1)]
                elsewhere = self._imported(name)
                return own or (elsewhere.read(ast.Name(name), elsewhere.tree, depth + 1) if elsewhere else [])
            case ast.Dict(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
                return [text for value in values for text in self.read(value, at, depth + 1)]
            case ast.Subscript(value=value):
                return self.read(value, at, depth + 1)
            case ast.Call(func=ast.Attribute(value=pattern, attr="format")):
                return [_gaps(text) for text in self.read(pattern, at, depth + 1)]
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="get")):
                return self.read(ast.Name(name), at, depth + 1)
            case ast.Call(func=ast.Name(id=name)) if name in self.functions:
                return [text for value in self._returns(name) for text in self.read(value, self.functions[name], depth + 1)]
            case ast.Call(func=ast.Name(id=name)) if name not in WORDS and (elsewhere := self._imported(name)) is not None:
                return elsewhere.read(node, elsewhere.tree, depth + 1) if name in elsewhere.functions else []
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name)) if name in self.functions:
                return [text for value in self._returns(name) for text in self.read(value, self.functions[name], depth + 1)]
        return []

    def _side(self, node: ast.expr, at: ast.AST, depth: int) -> list[str]:
        """One side of a sum; what its choices do not say in the sources is a gap."""
        choices = node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
        return [text for choice in choices for text in self.read(choice, at, depth) or [GAP]]

    def _returns(self, name: str) -> list[ast.expr]:
        return [n.value for n in ast.walk(self.functions[name]) if isinstance(n, ast.Return | ast.Yield) and n.value is not None]

    def _imported(self, name: str) -> Module | None:
        """The file of the engine from which a name is imported."""
        module = self.imports.get(name)
        if module is None:
            return None
        place = ENGINE.joinpath(*module.split(".")[1:])
        path = place.with_suffix(".py") if place.with_suffix(".py").exists() else place / "__init__.py"
        return None if path == self.path else _module(path)

    def takes(self, name: str, at: ast.AST) -> bool:
        """Is the name an argument of a function around?"""
        scope: ast.AST | None = at
        while scope is not None:
            if isinstance(scope, ast.FunctionDef) and name in [a.arg for a in (*scope.args.args, *scope.args.kwonlyargs)]:
                return True
            scope = self.parents.get(scope)
        return False

    def nearest(self, name: str, at: ast.AST) -> bool:
        """Is the name never anything but what `nearest` says?"""
        return all(ast.unparse(value).startswith("nearest(") for value in self._values(name, at) or [ast.Name(name)])

    def _values(self, name: str, at: ast.AST) -> list[ast.expr]:
        """What is assigned to a name in the function around, or else in the file."""
        scope: ast.AST | None = at
        while scope is not None:
            if isinstance(scope, ast.FunctionDef | ast.Module) and (found := list(_assigned(name, scope))):
                return found
            scope = self.parents.get(scope)
        return []


def _piece(value: ast.expr) -> list[str]:
    """A piece of an f-string: text, one of two texts, or a gap."""
    match value:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.FormattedValue(
            value=ast.IfExp(body=ast.Constant() | ast.JoinedStr() as first, orelse=ast.Constant() | ast.JoinedStr() as second)
        ):
            sides = [side.values if isinstance(side, ast.JoinedStr) else [side] for side in (first, second)]
            return [text for side in sides for text in _joined([_piece(value) for value in side])]
    return [GAP]


def _required(call: ast.Call) -> bool:
    values = [*call.args[2:3], *(keyword.value for keyword in call.keywords if keyword.arg == "required")]
    return any(not isinstance(value, ast.Constant) or value.value is True for value in values)


def _assigned(name: str, scope: ast.AST) -> Iterator[ast.expr]:
    nodes = scope.body if isinstance(scope, ast.Module) else ast.walk(scope)
    for node in nodes:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign | ast.AugAssign) else []
        for target in targets:
            value = getattr(node, "value", None)
            if isinstance(target, ast.Name) and target.id == name and value is not None:
                yield value
            elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                yield from (v for t, v in zip(target.elts, value.elts, strict=True) if isinstance(t, ast.Name) and t.id == name)


def _joined(parts: list[list[str]]) -> list[str]:
    return ["".join(choice) for choice in product(*parts)]


def _gaps(text: str) -> str:
    for field in ("{}", "{0}", "{1}", "{2}", "{3}"):
        text = text.replace(field, GAP)
    return text


def numbered(text: str) -> str:
    pieces = text.split(GAP)
    return pieces[0] + "".join(f"{{{number}}}{piece}" for number, piece in enumerate(pieces[1:], 1))


@cache
def _module(path: Path) -> Module:
    return Module(path)


@cache
def raised() -> dict[str, str]:
    """Text -> file and line of the first place that says it. Texts without words are left out."""
    found: dict[str, str] = {}
    for path in sorted(ENGINE.rglob("*.py")):
        for line, text in _module(path).texts():
            if any(c.isalpha() for c in text.replace(GAP, "")):
                found.setdefault(numbered(text), f"{path.relative_to(ENGINE)}:{line}")
    return found


@cache
def unread() -> frozenset[str]:
    """What is handed to a problem and leads to no text of the sources, as it is written there."""
    return frozenset(
        ast.unparse(said)
        for module in map(_module, sorted(ENGINE.rglob("*.py")))
        for call in ast.walk(module.tree)
        if isinstance(call, ast.Call)
        for said in module.arguments(call)
        if not module.read(said, call, 0)
        and not (isinstance(said, ast.Name) and module.takes(said.id, call))
        and not (isinstance(said, ast.Name) and module.nearest(said.id, call))
        and not re.match(r"nearest\(|.*\.(message|hint)$", ast.unparse(said))
    )
