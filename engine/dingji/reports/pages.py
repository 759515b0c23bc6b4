"""Templates: found in the user's folder or ours, run in a sandbox within bounds, their errors named with file and line."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import SandboxedEnvironment

from dingji.errors import Problem
from dingji.knowledge import bundled
from dingji.records import Draft
from dingji.reports import lines
from dingji.reports.errors import ReportError
from dingji.reports.messages import Catalogue
from dingji.reports.plain import escaped, mapped, stripped

MOST_STEPS = 200_000
"""Turns of loops and calls that one report may take; the longest of ours takes a few thousand."""
LEAST_WIDTH = 40


class _Page(Draft):
    """The page being written: what filters need to know."""

    width: int
    colour: bool
    steps: int = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise jinja2.TemplateRuntimeError(f"the template runs on after {MOST_STEPS:,} steps: does a loop or macro never end?")


_page: ContextVar[_Page] = ContextVar("page")


class _Environment(SandboxedEnvironment):
    """A sandbox that also counts the turns of loops and calls, and has no operator that can fill the memory."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        raise jinja2.TemplateRuntimeError(f"a template can't calculate with {operator}")

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 (as Jinja names them)
        _page.get().step()
        return super().call(__context, __obj, *args, **kwargs)

    def _generate(self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False) -> str:
        for loop in source.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "counted", [], [], None, None, lineno=loop.lineno, environment=self)
        return super()._generate(source, name, filename, defer_init)


def render_page(
    template: str,
    view: Any,
    words: Catalogue,
    *,
    form: str,
    width: int,
    colour: bool,
    templates: Path | None,
) -> str:
    """A view laid out by a template. Raises ReportError (T001-T004) naming the template's file and line."""
    view = mapped(view, stripped)
    token = _page.set(_Page(max(width, LEAST_WIDTH), colour))
    try:
        shown = mapped(view, escaped) if form == "markdown" else view
        text = _environment(templates).get_template(template).render(r=shown, t=words)
    except ReportError as error:
        raise ReportError([_located(p, error) for p in error.problems]) from error
    except jinja2.TemplateSyntaxError as error:
        raise ReportError([Problem(error.filename or template, error.lineno, 1, "T002", _sentence(error.message), _HINT)]) from None
    except jinja2.TemplateNotFound as error:
        hint = f"looked in {', '.join(map(str, _folders(templates)))}"
        raise ReportError([Problem(str(error.name or template), 0, 0, "T001", "there is no such template", hint)]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError([Problem(template, 0, 0, "T001", f"the template can't be read: {error}", "save it as UTF-8 text")]) from None
    except Exception as error:
        # whatever a template does wrong ends here: undefined names, the sandbox's refusals, endless recursion, type errors
        raise ReportError([_failure(error, template)]) from error
    finally:
        _page.reset(token)
    return _EMPTY_LINES.sub("\n\n", text).strip("\n") + "\n"


_HINT = "templates are Jinja2"
_EMPTY_LINES = re.compile(r"\n{3,}")


def _folders(templates: Path | None) -> list[Path]:
    return [*([templates] if templates is not None else []), bundled("templates")]


@lru_cache(maxsize=4)
def _environment(templates: Path | None) -> SandboxedEnvironment:
    environment = _Environment(
        loader=jinja2.FileSystemLoader(_folders(templates)),
        undefined=jinja2.StrictUndefined,
        autoescape=lambda name: name is not None and "/html/" in name,  # text needs none; for Markdown the whole view is escaped before
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(counted=_counted, **_FILTERS)
    return environment


def _counted(items: Iterable[Any]) -> Iterator[Any]:
    page = _page.get()
    for item in items:
        page.step()
        yield item


def _place(error: BaseException) -> tuple[str, int] | None:
    """The innermost line of a template in an error's traceback: Jinja gives its code the names and lines of templates."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.endswith(".j2")]
    return (frames[-1].filename, frames[-1].lineno or 0) if frames else None


def _failure(error: Exception, template: str) -> Problem:
    file, line = _place(error) or (template, 0)
    if isinstance(error, RecursionError):
        message = "the template includes or calls itself without end"
    else:
        message = _sentence(str(error)) or type(error).__name__
    return Problem(file, line, int(line > 0), "T003", message, "the view's fields stand in dingji.reports.view")


def _located(problem: Problem, error: ReportError) -> Problem:
    """A wrong message, named with the template that asks for it."""
    file, line = _place(error) or (problem.file, problem.line)
    return Problem(file, line, int(line > 0), problem.code, problem.message, f"{problem.hint} ({problem.file})")


def _sentence(message: str | None) -> str:
    return " ".join((message or "").split()).rstrip(".")


def _fill(text: str, first: str = "", rest: str | None = None) -> str:
    """A paragraph wrapped at the page's width, its first line after `first`, the others after `rest`."""
    page = _page.get()
    colour = text.colour if isinstance(text, lines.Painted) else ""
    return "\n".join(lines.paint(line, colour, page.colour) for line in lines.fill(text, page.width, first, rest))


def _heading(text: str) -> str:
    """A heading, underlined."""
    page = _page.get()
    found = lines.wrap(text, page.width)
    under = "-" * max(map(lines.columns_of, found))
    return "\n".join([*(lines.paint(line, "bold", page.colour) for line in found), under])


Column = tuple[str, str]
"""The head of a column and the field of the view that stands in it."""


def _table(items: Iterable[Any], *columns: Column) -> str:
    """A table of views, wrapped to the page."""
    page = _page.get()
    return "\n".join(lines.table([head for head, _ in columns], _rows(items, columns), page.width, page.colour))


def _one_line_each(items: Iterable[Any], *columns: Column) -> str:
    """A table of views with one line each; the first column is cut where it has to be."""
    page = _page.get()
    return "\n".join(lines.one_line_each([head for head, _ in columns], _rows(items, columns), page.width, page.colour))


_GRADES = frozenset({"grade", "short"})


def _rows(items: Iterable[Any], columns: tuple[Column, ...]) -> list[list[str]]:
    """Cells; a grade takes the colour that stands beside it."""
    rows = []
    for item in items:
        cells = [str(getattr(item, field)) for _, field in columns]
        rows.append([lines.Painted(c, item.colour) if field in _GRADES else c for c, (_, field) in zip(cells, columns, strict=True)])
    return rows


_FILTERS: dict[str, Callable[..., Any]] = {
    "fill": _fill,
    "heading": _heading,
    "paint": lines.Painted,
    "table": _table,
    "one_line_each": _one_line_each,
}
