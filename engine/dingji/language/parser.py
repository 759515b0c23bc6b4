"""Source text to tree. Python's own parser reads the text; only the node kinds named here pass (never `eval`).

The limits keep hostile input from exhausting the process: length, nesting and the digits of a number are bounded before
or during the walk, and whatever Python's parser itself refuses becomes an ordinary error.
"""

from __future__ import annotations

import ast
import datetime as dt
import re
import warnings
from decimal import Decimal

from dingji.errors import nearest
from dingji.language import nodes as n
from dingji.language.dates import BETWEEN, SHIFTS

MAX_LENGTH = 4000
MAX_DEPTH = 60
MAX_DIGITS = 30
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

COMPARISONS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
QUANTIFIERS = frozenset({"any", "all", "count", "sum", "max", "min"})
# function -> least and greatest number of arguments
FUNCTIONS = {
    "max": (2, 20),
    "min": (2, 20),
    "abs": (1, 1),
    "round": (1, 2),
    "known": (1, 1),
    **dict.fromkeys((*BETWEEN, *SHIFTS, "last_day"), (2, 2)),
}
RESERVED = QUANTIFIERS | FUNCTIONS.keys() | {"date"}


class ExpressionError(Exception):
    """An expression that can't be read or does not fit the vocabulary.

    `at` is the offset in characters, from 0; `code`, `message` and `hint` as in `dingji.errors.Problem`.
    """

    def __init__(self, code: str, at: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.at, self.message, self.hint = code, at, message, hint


def parse(source: str) -> n.Node:
    """The tree of `source`.

    Raises ExpressionError with the exact column: E001 empty or too long, E002 not an expression, E003 a construct outside
    the language, E004 nested too deeply, E005 a number out of bounds.
    """
    if not source.strip():
        raise ExpressionError("E001", 0, "the expression is empty", 'write a condition such as "crane_at_work and not permit_held"')
    if len(source) > MAX_LENGTH:
        raise ExpressionError("E001", 0, f"the expression has {len(source)} characters", f"at most {MAX_LENGTH}; split the rule")
    line = _one_line(source)
    shift = len(line) - len(line.lstrip(" "))
    try:
        with warnings.catch_warnings():
            # what Python only warns of (`1or a`, a stray backslash) is refused here
            warnings.simplefilter("error")
            tree = ast.parse(line[shift:], mode="eval")
    except SyntaxError as error:
        raise _syntax(source, shift, error) from None
    except (RecursionError, MemoryError):
        raise ExpressionError("E004", 0, "the expression is nested too deeply", f"at most {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise ExpressionError("E002", 0, f"not an expression: {error}") from None
    return _Walker(source, line, shift).walk(tree.body, 0)


def _one_line(source: str) -> str:
    """The source with its line breaks as spaces: an author may fold a long condition. Every offset stays the same."""
    quote = ""
    characters = []
    for at, character in enumerate(source):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "#":
            # a folded YAML text joins its lines: the rest of the condition would silently be gone
            raise ExpressionError("E003", at, "a comment can't stand in an expression", "write it as a YAML comment, or in `note`")
        elif character in "\n\r\t\f":
            character = " "
        characters.append(character)
    return "".join(characters)


def _syntax(source: str, shift: int, error: SyntaxError) -> ExpressionError:
    message = str(error.msg)
    if "too many nested" in message or "too complex" in message:
        return ExpressionError("E004", 0, "the expression is nested too deeply", f"at most {MAX_DEPTH} levels")
    if "was never closed" in message:
        message = "this bracket is never closed"
    # Python points before the line when the end is missing
    at = error.offset - 1 + shift if error.offset else len(source)
    return ExpressionError("E002", min(at, len(source) - 1), f"not an expression: {message}", _SYNTAX_HINT)


_SYNTAX_HINT = 'write it as in Python: "a and (b or not c)", "1 <= x < 5", "x in [\\"p\\", \\"q\\"]"'


class _Walker:
    def __init__(self, source: str, line: str, shift: int) -> None:
        self.source, self.shift = source, shift
        self.bytes = line[shift:].encode(errors="surrogatepass")

    def at(self, node: ast.AST) -> int:
        """Offset in characters; `ast` counts bytes of UTF-8."""
        return self._offset(getattr(node, "col_offset", 0))

    def _offset(self, column: int) -> int:
        return self.shift + len(self.bytes[:column].decode(errors="surrogatepass"))

    def text(self, node: ast.expr) -> str:
        return self.source[self.at(node) : self._offset(node.end_col_offset or 0)]

    def refuse(self, node: ast.AST, what: str, hint: str = "") -> ExpressionError:
        return ExpressionError("E003", self.at(node), what, hint)

    def walk(self, node: ast.expr, depth: int) -> n.Node:
        if depth > MAX_DEPTH:
            raise ExpressionError("E004", self.at(node), "the expression is nested too deeply", f"at most {MAX_DEPTH} levels")
        at = self.at(node)
        down = depth + 1
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = tuple(self.walk(v, down) for v in values)
                return n.And(parts, at=at) if isinstance(op, ast.And) else n.Or(parts, at=at)
            case ast.UnaryOp(op=ast.Not(), operand=x):
                return n.Not(self.walk(x, down), at=at)
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return n.Negative(self.walk(x, down), at=at)
            case ast.Compare():
                return self._compare(node, down)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                return n.Arithmetic(ARITHMETIC[type(op)], self.walk(left, down), self.walk(right, down), at=at)
            case ast.Call():
                return self._call(node, down)
            case ast.Name(id=name):
                return n.Fact(name, at=at)
            case ast.Attribute(value=ast.Name(id=variable), attr=name):
                return n.Field(variable, name, at=at)
            case ast.Constant():
                return self._constant(node)
        raise self.refuse(node, f"{_kind(node)} is not part of the rule language", _LANGUAGE_HINT)

    def _constant(self, node: ast.Constant) -> n.Literal:
        at, text, value = self.at(node), self.text(node), node.value
        if isinstance(value, bool):
            return n.Literal(value, text, at=at)
        if isinstance(value, str):
            if text[1:-1] != value:
                raise self.refuse(node, f"the string {text[:40]} is not plain", 'write "..." once, without escapes or prefixes')
            return n.Literal(value, text, at=at)
        if isinstance(value, int | float):
            if len(text) > MAX_DIGITS or "_" in text or not all(c.isdigit() or c == "." for c in text):
                raise ExpressionError(
                    "E005", at, f"the number {text[:40]} is out of bounds", f"plain decimals of at most {MAX_DIGITS} characters"
                )
            return n.Literal(int(text) if text.isdigit() else Decimal(text), text, at=at)
        raise self.refuse(node, f"the constant {text[:40]} is not part of the rule language", "use true facts, numbers and strings")

    def _compare(self, node: ast.Compare, depth: int) -> n.Node:
        at = self.at(node)
        if len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn):
            choices = node.comparators[0]
            if not isinstance(choices, ast.List | ast.Tuple) or not choices.elts:
                raise self.refuse(choices, "`in` needs a list of constants", 'write x in ["a", "b"]')
            walked = [self.walk(c, depth) for c in choices.elts]
            for original, literal in zip(choices.elts, walked, strict=True):
                if not isinstance(literal, n.Literal):
                    raise self.refuse(original, "a choice after `in` must be a constant", 'write x in ["a", "b"]')
            literals = tuple(x for x in walked if isinstance(x, n.Literal))
            return n.Member(self.walk(node.left, depth), literals, isinstance(node.ops[0], ast.NotIn), at=at)
        for op, right in zip(node.ops, node.comparators, strict=True):
            if type(op) not in COMPARISONS:
                raise self.refuse(right, "this comparison is not part of the rule language", "use == != < <= > >= or a single `in`")
        operands = (self.walk(node.left, depth), *(self.walk(c, depth) for c in node.comparators))
        return n.Compare(operands, tuple(COMPARISONS[type(op)] for op in node.ops), at=at)

    def _call(self, node: ast.Call, depth: int) -> n.Node:
        at = self.at(node)
        if not isinstance(node.func, ast.Name):
            raise self.refuse(node, "only plain functions may be called", _LANGUAGE_HINT)
        name = node.func.id
        if name not in RESERVED:
            raise self.refuse(node, f"there is no function {name!r}", nearest(name, RESERVED) or _LANGUAGE_HINT)
        if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            raise self.refuse(node, f"{name} takes plain arguments only")
        if name == "date":
            return self._date(node)
        if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            if name not in QUANTIFIERS:
                raise self.refuse(node.args[0], f"{name} does not run over a list", "any, all, count, sum, max and min do")
            return self._quantifier(name, node.args[0], at, depth)
        if name not in FUNCTIONS:
            raise self.refuse(node, f"{name} needs a list", f"write {name}(... for i in some_list)")
        least, most = FUNCTIONS[name]
        if not least <= len(node.args) <= most:
            count = str(least) if least == most else f"{least} to {most}"
            raise self.refuse(node, f"{name} takes {count} arguments, not {len(node.args)}")
        return n.Call(name, tuple(self.walk(a, depth) for a in node.args), at=at)

    def _date(self, node: ast.Call) -> n.Literal:
        day = node.args[0].value if len(node.args) == 1 and isinstance(node.args[0], ast.Constant) else None
        if isinstance(day, str) and DAY.fullmatch(day):
            try:
                return n.Literal(dt.date.fromisoformat(day), f'date("{day}")', at=self.at(node))
            except ValueError:
                pass
        raise ExpressionError("E005", self.at(node), "date needs one day of the calendar", 'write date("2020-01-31")')

    def _quantifier(self, kind: str, node: ast.GeneratorExp, at: int, depth: int) -> n.Quantifier:
        if len(node.generators) != 1:
            raise self.refuse(node, "one list at a time", "write any(... for i in some_list)")
        loop = node.generators[0]
        if not isinstance(loop.target, ast.Name) or not isinstance(loop.iter, ast.Name) or len(loop.ifs) > 1 or loop.is_async:
            raise self.refuse(loop.target, "a list is read as `for i in list_fact if condition`", "one name, one list fact, one condition")
        filters = self.walk(loop.ifs[0], depth) if loop.ifs else None
        element: n.Node | None = self.walk(node.elt, depth)
        if kind == "count":
            # count(c for i in list) and count(i for i in list if c) mean the same
            if element == n.Fact(loop.target.id):
                element = None
            elif filters is None:
                element, filters = None, element
            else:
                raise self.refuse(node.elt, "count takes the item or a condition, not both", "write count(i for i in list if condition)")
        return n.Quantifier(kind, element, loop.target.id, loop.iter.id, filters, at=at)


_LANGUAGE_HINT = "the language has and/or/not, comparisons, in [...], + - * /, " + ", ".join(sorted(RESERVED))


def _kind(node: ast.AST) -> str:
    names = {ast.Lambda: "lambda", ast.Subscript: "x[..]", ast.IfExp: "if-else", ast.JoinedStr: "an f-string", ast.List: "a bare list"}
    return names.get(type(node), type(node).__name__)
