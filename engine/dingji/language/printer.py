"""Tree back to source, with the fewest parentheses: parsing the result gives the same tree."""

from __future__ import annotations

from dingji.language import nodes as n

# binding strength, weakest first, as in Python
_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _ATOM = range(8)


def to_source(node: n.Node) -> str:
    """The expression of `node` on one line."""
    return _print(node)[0]


def _print(node: n.Node) -> tuple[str, int]:
    match node:
        case n.Literal(text=text):
            return text, _ATOM
        case n.Fact(name=name):
            return name, _ATOM
        case n.Field(variable=variable, name=name):
            return f"{variable}.{name}", _ATOM
        case n.Or(operands=xs):
            return " or ".join(_wrap(x, _OR + 1) for x in xs), _OR
        case n.And(operands=xs):
            return " and ".join(_wrap(x, _AND + 1) for x in xs), _AND
        case n.Not(operand=x):
            return f"not {_wrap(x, _NOT)}", _NOT
        case n.Compare(operands=xs, operators=ops):
            parts = [_wrap(xs[0], _COMPARE + 1)]
            for op, x in zip(ops, xs[1:], strict=True):
                parts += [op, _wrap(x, _COMPARE + 1)]
            return " ".join(parts), _COMPARE
        case n.Member(operand=x, choices=choices, negated=negated):
            listed = ", ".join(to_source(c) for c in choices)
            return f"{_wrap(x, _COMPARE + 1)} {'not in' if negated else 'in'} [{listed}]", _COMPARE
        case n.Arithmetic(operator=op, left=left, right=right):
            level = _SUM if op in "+-" else _PRODUCT
            return f"{_wrap(left, level)} {op} {_wrap(right, level + 1)}", level
        case n.Negative(operand=x):
            return f"-{_wrap(x, _SIGN)}", _SIGN
        case n.Call(function=name, arguments=xs):
            return f"{name}({', '.join(map(to_source, xs))})", _ATOM
        case n.Quantifier(kind=kind, element=element, variable=v, source=source, condition=condition):
            head = v if element is None else to_source(element)
            tail = "" if condition is None else f" if {_wrap(condition, _OR)}"
            return f"{kind}({head} for {v} in {source}{tail})", _ATOM
    raise TypeError(f"not a node: {node!r}")


def _wrap(node: n.Node, least: int) -> str:
    text, level = _print(node)
    return text if level >= least else f"({text})"
