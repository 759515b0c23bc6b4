"""`dingji kb test`: the cases and disputes with an expectation, as tests of the knowledge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dingji.cli.kb.options import FORMAT, PATHS, cases_of
from dingji.cli.language import problem_lines, spoken
from dingji.cli.options import knowledge_options, write
from dingji.errors import DingjiError

if TYPE_CHECKING:
    from dingji.knowledge.model import Knowledge


@click.command("test")
@PATHS
@FORMAT
@knowledge_options
def command(paths: tuple[Path, ...], form: str, lang: str, output: Path | None, knowledge: Path | None, quiet: bool) -> int:
    """Grade every case and analyse every dispute below PATH that says what it expects, and report each difference. Exit 1 if there is one.

    Without PATH, the cases that come with dingji.

    \b
    Examples:
      dingji kb test
      dingji kb test my-cases --knowledge my-knowledge
    """
    from dingji.conformance import check
    from dingji.grading import load

    base = load(knowledge)
    wrong: list[dict[str, str]] = []
    met = silent = 0
    for path, file in cases_of(paths, quiet=quiet):
        try:
            case = file.check(base)
            if case.expectation is None:
                silent += 1
                continue
            found = list(map(spoken, check(base, case)))
        except DingjiError as error:
            found = problem_lines(error)
        met += not found
        wrong += [{"file": str(path), "case": file.id, "difference": line} for line in found]
    for path, name, found in _disputes(base, paths):
        met += not found
        wrong += [{"file": str(path), "case": name, "difference": line} for line in found]
    failed = len({(w["file"], w["case"]) for w in wrong})
    if form == "json":
        plain = {"met": met, "failed": failed, "without_expectation": silent, "differences": wrong}
        write(json.dumps(plain, ensure_ascii=False, indent=2), output)
    else:
        # a problem of the file says itself where it stands
        lines = []
        for w in wrong:
            itself = w["difference"].startswith(w["file"])
            lines.append(w["difference"] if itself else f"{w['file']}: {w['case']}: {w['difference']}")
        most = f"{met} cases as expected, {failed} not"
        all_three = f"{met} cases as expected, {failed} not, {silent} without expectation"
        lines.append(spoken(all_three if silent else most))
        write("\n".join(lines), output)
    return int(failed > 0)


def _disputes(base: Knowledge, paths: tuple[Path, ...]) -> Iterator[tuple[Path, str, list[str]]]:
    """Every dispute below the paths that says what it expects, and what differs."""
    from dingji.cases.folder import dispute_files
    from dingji.disputes.conformance import check
    from dingji.disputes.reader import read_dispute
    from dingji.knowledge import bundled

    for path in dispute_files(paths or [bundled("cases")]):
        try:
            dispute = read_dispute(path).check(base)
            if dispute.expectation is not None:
                yield path, dispute.id, list(map(spoken, check(base, dispute)))
        except DingjiError as error:
            yield path, path.stem, problem_lines(error)
