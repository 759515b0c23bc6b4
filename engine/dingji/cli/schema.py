"""`dingji schema KIND`: the JSON Schema of a file, for editors and checks."""

from __future__ import annotations

from pathlib import Path

import click

from dingji.cli.options import write


@click.command("schema")
@click.argument("kind", type=click.Choice(["case", "knowledge", "result"]))
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file instead of stdout.")
@click.option("--knowledge", type=click.Path(path_type=Path), help="Another knowledge folder (for the facts of cases).")
def command(kind: str, output: Path | None, knowledge: Path | None) -> int:
    """Print the JSON Schema (draft-07) of case files, knowledge files or results.

    \b
    Examples:
      dingji schema case -o case.schema.json
      # first line of a case file, for editors with a YAML language server:
      # yaml-language-server: $schema=case.schema.json
    """
    from dingji import schema

    if kind == "case":
        from dingji.grading import load

        found = schema.case_schema(load(knowledge))
    else:
        found = schema.knowledge_schema() if kind == "knowledge" else schema.result_schema()
    write(schema.schema_text(found), output)
    return 0
