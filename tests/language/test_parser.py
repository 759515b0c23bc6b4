"""What the rule language is, what it is not, and where exactly an expression goes wrong."""

from __future__ import annotations

import datetime as dt
import warnings
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dingji.language import nodes as n
from dingji.language.parser import MAX_LENGTH, ExpressionError, parse
from language.marks import refused

A, B, C = n.Fact("a"), n.Fact("b"), n.Fact("c")


def number(text: str) -> n.Literal:
    return n.Literal(Decimal(text) if "." in text else int(text), text)


def string(value: str) -> n.Literal:
    return n.Literal(value, f'"{value}"')


def over(kind: str, element: n.Node | None, condition: n.Node | None = None) -> n.Quantifier:
    return n.Quantifier(kind, element, "i", "items", condition)


SCORE = n.Field("i", "score")
HIGH = n.Compare((SCORE, number("5")), (">",))


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("a", A),
        ("True", n.Literal(True, "True")),
        ("False", n.Literal(False, "False")),
        ("not a", n.Not(A)),
        ("not not a", n.Not(n.Not(A))),
        ("a and b and c", n.And((A, B, C))),
        ("a and (b and c)", n.And((A, n.And((B, C))))),
        ("a or b and not c", n.Or((A, n.And((B, n.Not(C)))))),
        ("(a or b) and c", n.And((n.Or((A, B)), C))),
        ("a == 1", n.Compare((A, number("1")), ("==",))),
        ("a != 1", n.Compare((A, number("1")), ("!=",))),
        ("a < 1", n.Compare((A, number("1")), ("<",))),
        ("a <= 1", n.Compare((A, number("1")), ("<=",))),
        ("a > 1", n.Compare((A, number("1")), (">",))),
        ("a >= 1", n.Compare((A, number("1")), (">=",))),
        ("1 <= a < 5 != b", n.Compare((number("1"), A, number("5"), B), ("<=", "<", "!="))),
        ("not a == b", n.Not(n.Compare((A, B), ("==",)))),
        ('a in ["p", "q"]', n.Member(A, (string("p"), string("q")))),
        ('a not in ["p"]', n.Member(A, (string("p"),), True)),
        ('a in ("p", "q")', n.Member(A, (string("p"), string("q")))),
        ('not a in ["p"]', n.Not(n.Member(A, (string("p"),)))),
        ("a in [1, 2.50]", n.Member(A, (number("1"), number("2.50")))),
        ("a + b", n.Arithmetic("+", A, B)),
        ("a - b - c", n.Arithmetic("-", n.Arithmetic("-", A, B), C)),
        ("a - (b - c)", n.Arithmetic("-", A, n.Arithmetic("-", B, C))),
        ("a + b * c / 2", n.Arithmetic("+", A, n.Arithmetic("/", n.Arithmetic("*", B, C), number("2")))),
        ("-a * b", n.Arithmetic("*", n.Negative(A), B)),
        ("-(a * b)", n.Negative(n.Arithmetic("*", A, B))),
        ("--5", n.Negative(n.Negative(number("5")))),
        ("max(a, b, 3)", n.Call("max", (A, B, number("3")))),
        ("min(a, b)", n.Call("min", (A, B))),
        ("abs(a)", n.Call("abs", (A,))),
        ("round(a)", n.Call("round", (A,))),
        ("round(a, 2)", n.Call("round", (A, number("2")))),
        ("known(a)", n.Call("known", (A,))),
        ("days_between(a, b)", n.Call("days_between", (A, B))),
        ("months_between(a, b)", n.Call("months_between", (A, B))),
        ("years_between(a, b)", n.Call("years_between", (A, B))),
        ('date("2020-02-29")', n.Literal(dt.date(2020, 2, 29), 'date("2020-02-29")')),
        ("any(i.score > 5 for i in items)", over("any", HIGH)),
        ("all(i.score > 5 for i in items if a)", over("all", HIGH, A)),
        ("count(i for i in items if i.score > 5)", over("count", None, HIGH)),
        ("count(i.score > 5 for i in items)", over("count", None, HIGH)),  # the same, said the other way
        ("count(i for i in items)", over("count", None)),
        ("sum(i.score for i in items if i.score > 5)", over("sum", SCORE, HIGH)),
        ("max(i.score for i in items)", over("max", SCORE)),
        ("min(i.score for i in items)", over("min", SCORE)),
        ("max(max(i.score for i in items), a)", n.Call("max", (over("max", SCORE), A))),
        ("0.10", n.Literal(Decimal("0.1"), "0.10")),
        ("9" * 30, number("9" * 30)),
        ("'p' == a", n.Compare((n.Literal("p", "'p'"), A), ("==",))),
        ('a == "竣工"', n.Compare((A, string("竣工")), ("==",))),
        # folded over lines, with room at either end
        ("  a\n  and b\n", n.And((A, B))),
        ("a and\r\n  b", n.And((A, B))),
        ("max(\n  a,\n  b\n)", n.Call("max", (A, B))),
    ],
)
def test_everything_in_the_language(source: str, tree: n.Node) -> None:
    assert bare(parse(source)) == bare(tree)


def bare(node: Any) -> Any:
    """A tree without positions, with the type of every constant: 1, 1.0 and True are equal in Python."""
    if isinstance(node, n.Literal):
        return ("Literal", type(node.value), node.value, node.text)
    if isinstance(node, n.Node):
        return (type(node).__name__, *(bare(getattr(node, name)) for name in type(node).__match_args__ if name != "at"))
    return tuple(map(bare, node)) if isinstance(node, tuple) else node


def test_trees_compare_by_meaning() -> None:
    one, other = parse("a and max(b, 2.0) > 1"), parse("  (a) and  max(b,2)>1.00")
    assert one == other
    assert hash(one) == hash(other)
    assert one != parse("a and max(b, 2) >= 1")
    assert n.Not(A) != n.Negative(A)
    assert {parse("a"), parse(" a"), parse("b")} == {A, B}


def test_every_node_knows_where_it_begins() -> None:
    source = 'a and ("水" == b or\n  max(c, 1.5) not in [2])'
    tree = parse(source)
    assert isinstance(tree, n.And)
    disjunction = tree.operands[1]
    assert isinstance(disjunction, n.Or)
    compare, member = disjunction.operands
    assert isinstance(compare, n.Compare)
    assert isinstance(member, n.Member)
    assert isinstance(member.operand, n.Call)
    found = [compare.at, compare.operands[1].at, member.at, member.operand.arguments[1].at, member.choices[0].at]
    assert found == [source.index(part) for part in ('"水"', "b or", "max", "1.5", "2]")]


# Refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marked", "says"),
    [
        ("a and ‸(lambda: b)()", "plain functions"),
        ("a and (‸lambda: b)", "lambda"),
        ('a == ‸f"{b}"', "f-string"),
        ("a and ‸b.c.d", "Attribute"),
        ("‸b.c.d", "Attribute"),
        ("a and (‸b := c)", "NamedExpr"),
        ("‸[x for x in items]", "ListComp"),
        ("‸any([i.score for i in items])", "any needs a list"),
        ("a and ‸{x for x in items}", "SetComp"),
        ("‸(x for x in items)", "GeneratorExp"),
        ("‸a if b else c", "if-else"),
        ("a and (‸b if c else a)", "if-else"),
        ("a and ‸b[0]", "x[..]"),
        ("‸[a]", "a bare list"),
        ("a == ‸(b, c)", "Tuple"),
        ("a == ‸{}", "Dict"),
        ("a and ‸foo(b)", "there is no function 'foo'"),
        ("‸__import__(a)", "there is no function"),
        ("a and ‸a.b(c)", "plain functions"),
        ("‸max(*a)", "plain arguments"),
        ("‸max(a, b, key=c)", "plain arguments"),
        ("‸max(a, **b)", "plain arguments"),
        ("a is ‸b", "comparison"),
        ("a is not ‸b", "comparison"),
        ("‸~a == b", "UnaryOp"),
        ("‸+a == b", "UnaryOp"),
        ("‸a & b", "BinOp"),
        ("‸a | b", "BinOp"),
        ("‸a ^ b", "BinOp"),
        ("‸a << 2 > b", "BinOp"),
        ("‸a >> 2 > b", "BinOp"),
        ("1 < ‸a ** 2", "BinOp"),
        ("1 < ‸a % 2", "BinOp"),
        ("1 < ‸a // 2", "BinOp"),
        ("1 < ‸a @ b", "BinOp"),
        ("a > ‸1j", "the constant 1j"),
        ('a == ‸b"p"', "the constant"),
        ("a == ‸None", "the constant None"),
        ("a == ‸...", "the constant"),
        ("a in ‸b", "list of constants"),
        ('a in ‸"pq"', "list of constants"),
        ("a in ‸[]", "list of constants"),
        ("a in ‸{1}", "list of constants"),
        ("a in [1, ‸b]", "must be a constant"),
        ("a in ‸[1] in [2]", "comparison"),
        ("a < b in ‸[2]", "comparison"),
        ("a and ‸any(b)", "any needs a list"),
        ("‸count(b)", "count needs a list"),
        ("‸sum(b, c)", "sum needs a list"),
        ("abs‸(i.score for i in items)", "abs does not run over a list"),
        ("any‸(i.a for i in items for j in items)", "one list at a time"),
        ("any(i.a for ‸i, j in items)", "for i in list_fact"),
        ("any(i.a for ‸i in a.items)", "for i in list_fact"),
        ("any(i.a for ‸i in items if a if b)", "for i in list_fact"),
        ("any(i.a async for ‸i in items)", "for i in list_fact"),
        ("count(‸i.a for i in items if b)", "not both"),
        ("a > ‸max(b)", "2 to 20 arguments, not 1"),
        ("‸abs(a, b)", "1 arguments, not 2"),
        ("‸round(a, 1, 2)", "1 to 2 arguments, not 3"),
        ("‸known()", "1 arguments, not 0"),
        ("‸days_between(a)", "2 arguments, not 1"),
        ("‸max(" + ", ".join("a" * 21) + ")", "2 to 20 arguments, not 21"),
        ("(‸yield a)", "Yield"),
        ("‸await a", "Await"),
    ],
)
def test_a_construct_outside_the_language_is_refused_where_it_begins(marked: str, says: str) -> None:
    assert says in refused(marked, "E003", parse).message


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("anyy(i.a for i in items)", "did you mean 'any'?"),
        ("day_between(a, b)", "'days_between'"),
        ("summ(i.a for i in items)", "'sum'"),
        ("xyzzy(a)", "the language has and/or/not"),
    ],
)
def test_an_unknown_function_names_the_nearest(source: str, hint: str) -> None:
    assert hint in refused("‸" + source, "E003", parse).hint


@pytest.mark.parametrize(
    "marked",
    [
        "a > ‸" + "9" * 31,
        "a > ‸0." + "1" * 29,
        "a > ‸1_000",
        "a > ‸1e5",
        "a > ‸1.5E-3",
        "a > ‸0x10",
        "a > ‸0b1",
        "a in [1, ‸1e999]",
        'a < ‸date("2023-02-29")',
        'a < ‸date("1.2.2023")',
        "a < ‸date(2023)",
        "a < ‸date(b)",
        'a < ‸date("2023-01-01", "2023-01-02")',
        "a < ‸date()",
    ],
)
def test_numbers_and_dates_are_plain_and_bounded(marked: str) -> None:
    refused(marked, "E005", parse)


@pytest.mark.parametrize("text", ["20230101", "2023-W01-1", "2023-1-1"])
def test_a_date_has_one_way_of_writing(text: str) -> None:
    refused(f'‸date("{text}") < a', "E005", parse)


@pytest.mark.parametrize("source", ["", "   ", "\n\t\n"])
def test_nothing_is_no_expression(source: str) -> None:
    assert "empty" in refused("‸" + source, "E001", parse).message


def test_an_expression_has_at_most_4000_characters() -> None:
    assert parse("a" + " " * (MAX_LENGTH - 1)) == A
    error = refused("‸a" + " " * MAX_LENGTH, "E001", parse)
    assert "4001 characters" in error.message
    assert "4000" in error.hint


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("(" * 300, "E004"),
        ("(" * 300 + "a" + ")" * 300, "E004"),
        ("not " * 3000 + "a", "E001"),  # 12,001 characters: too long before it is too deep
        ("not " * 900 + "a", "E004"),
        ("-" * 3000 + "a", "E004"),
        ("a" + " + a" * 900, "E004"),
        ("max(a, " * 80 + "a" + ")" * 80, "E004"),
        ("any(" * 70 + "a" + " for i in items)" * 70, "E004"),
    ],
)
def test_deep_nesting_is_an_ordinary_error(source: str, code: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(source)
    assert caught.value.code == code
    assert 0 <= caught.value.at < len(source)


def test_sixty_levels_are_enough_and_the_limit() -> None:
    parse("not " * 60 + "a")
    refused("not " * 61 + "‸a", "E004", parse)
    parse("(" * 150 + "a" + ")" * 150)  # parentheses alone nest nothing


# Syntax errors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "marked",
    [
        "a and ‸and b",
        "a == ‸== b",
        "‸) and b",
        "a and ‸or b",
        'a == "水" and ‸and b',
        '水 and "水水" and ‸or',
        "a and\n  b > ‸> c",
        "a and\n  b and\n ‸and c",
        'a == "竣工" and ‸and',
        "a > ‸01",
        "a and ‸; b",
    ],
)
def test_a_syntax_error_is_reported_where_it_is(marked: str) -> None:
    refused(marked, "E002", parse)


@pytest.mark.parametrize("source", ["a and", "a and (b", "a >", "not", "max(a, b", "a in [1, 2", "水 and", "a and\n  b or", "(a"])
def test_what_is_missing_at_the_end_is_reported_there(source: str) -> None:
    """At the last character, or at the bracket that is still open."""
    with pytest.raises(ExpressionError) as caught:
        parse(source)
    assert caught.value.code == "E002"
    openings = [i for i, c in enumerate(source) if c in "(["]
    assert caught.value.at in [len(source) - 1, *openings], caught.value.at


@pytest.mark.parametrize("marked", ["a‸) or (b", "a‸) and b", "a and b‸)", "a and\n b‸) or (c", '"水" == a‸) or (b'])
def test_a_closing_bracket_needs_an_opening_one(marked: str) -> None:
    refused(marked, "E002", parse)


@pytest.mark.parametrize("source", ["a # and b", "a and b # not c\n and d", "# a", "a and # b\n c"])
def test_a_comment_hides_no_part_of_a_condition(source: str) -> None:
    """A folded YAML text joins its lines: what follows a # would silently leave the condition."""
    with pytest.raises(ExpressionError) as caught:
        parse(source)
    assert caught.value.at == source.index("#")


def test_a_hash_in_a_string_is_a_character() -> None:
    assert parse('a == "no. #2"') == n.Compare((A, string("no. #2")), ("==",))


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ("‸a, b", "E003"),
        ("‸a,", "E003"),
        ("a\r and ‸b.c.d", "E003"),
        ("a and\r\n ‸b.c.d", "E003"),
        ("a and\x0c ‸b.c.d", "E003"),
        ('"a\u2028b" == a and ‸b.c.d', "E003"),
        ("  ‸b.c.d", "E003"),
        ("\n\t ‸b.c.d", "E003"),
        ('"水" == a and ‸b.c.d', "E003"),
        ("水 and ‸b.c.d", "E003"),
        ("𝔞𝔟 and ‸b.c.d", "E003"),
        ("水 and\n 竣工 == ‸b.c.d", "E003"),
        ('"e\u0301" == a and ‸b.c.d', "E003"),
    ],
)
def test_columns_count_characters_on_whatever_line(marked: str, code: str) -> None:
    refused(marked, code, parse)


@pytest.mark.parametrize(
    "source", ["a\x00", "\x00", "\ud800", 'a == "\ud800"', "a\x1b and b", "\ufeffa", "a\u00a0and b", "$a", "a ? b", "!a", "`a`"]
)
def test_stray_characters_are_an_ordinary_error(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(source)
    assert caught.value.code == "E002"


@pytest.mark.parametrize("source", ['a == "\\d"', "1or a", "a and 2if b else c", "0in [1]"])
def test_python_prints_no_warning_of_its_own(source: str) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            parse(source)
        except ExpressionError as error:
            assert error.code in ("E002", "E003")
    assert seen == []


WORDS = "a i items 1 0.5 1e9 水 i.score == <= any( count( max( date( known( lambda True None"
TOKENS = st.sampled_from(
    [
        *"()[]{}<>=!+-*/%.,:;#\"'\\\n\r\t \x00\x0c\ufeff",
        *WORDS.split(),
        *(f" {word} " for word in ["and", "or", "not", "in", "for", "if", "else"]),
        '"p"',
        'f"',
    ]
)


@settings(max_examples=3000, deadline=None)
@given(st.one_of(st.lists(TOKENS, max_size=25).map("".join), st.text(max_size=40)))
@example("a,")
@example("a\r.b.c")
@example("#")
def test_any_text_is_an_expression_or_an_error_with_a_place(source: str) -> None:
    try:
        tree = parse(source)
    except ExpressionError as error:
        assert error.code in ("E001", "E002", "E003", "E004", "E005")
        assert 0 <= error.at < max(len(source), 1)
        assert error.message
    else:
        assert isinstance(tree, n.Node)
        assert 0 <= tree.at < len(source)
