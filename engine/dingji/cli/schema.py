"""`dingji schema KIND`: the JSON Schema of a file, for editors and checks; or an empty table to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dingji.cli.options import default_language, write

if TYPE_CHECKING:
    from dingji.knowledge.model import Instrument, Knowledge


@click.command("schema")
@click.argument("kind", type=click.Choice(["case", "comparison", "dispute", "knowledge", "mapping", "result", "table"]))
@click.option("--for", "instrument", help="table: the instrument whose rules say which facts have a column.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file instead of stdout.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default=default_language, help="table: its language (default: by locale).")
@click.option("--knowledge", type=click.Path(path_type=Path), help="Another knowledge folder (for the facts of cases).")
def command(kind: str, instrument: str | None, output: Path | None, lang: str, knowledge: Path | None) -> int:
    """Print the JSON Schema (draft-07) of case, dispute, knowledge and mapping files, or of results and comparisons.

    `table` writes an empty table for the cases of an instrument instead: CSV, or a workbook with drop-down lists and
    explanations where the file is called .xlsx. Filled in, it is read without a mapping file.

    \b
    Examples:
      dingji schema case -o case.schema.json
      # first line of a case file, for editors with a YAML language server:
      # yaml-language-server: $schema=case.schema.json
      dingji schema table --for cn.trade-2023 --lang zh -o cases.xlsx
    """
    if (kind == "table") != (instrument is not None):
        raise click.UsageError("--for goes with `table`" if instrument else "`table` needs --for INSTRUMENT: `dingji kb list instruments`")
    from dingji.grading import load

    if instrument is not None:
        return _table(load(knowledge), instrument, lang, output)
    from dingji import schema

    if kind == "case":
        found = schema.case_schema(load(knowledge))
    elif kind == "dispute":
        found = schema.dispute_schema(load(knowledge))
    elif kind == "comparison":
        found = schema.comparison_schema()
    elif kind == "mapping":
        found = schema.mapping_schema(load(knowledge))
    else:
        found = schema.knowledge_schema() if kind == "knowledge" else schema.result_schema()
    write(schema.schema_text(found), output)
    return 0


def _table(base: Knowledge, name: str, language: str, output: Path | None) -> int:
    from dingji.reports.form import form_text, write_form

    instrument = _instrument(base, name)
    if output is None:
        write(form_text(base, instrument, language), None)
        return 0
    try:
        write_form(output, base, instrument, language)
    except OSError as error:
        raise click.ClickException(f"can't write {output}: {error.strerror}") from None
    return 0


def _instrument(base: Knowledge, name: str) -> Instrument:
    from dingji.errors import nearest

    if name not in base.instruments:
        hint = nearest(name, base.instruments) or "`dingji kb list instruments` lists them"
        raise click.UsageError(f"there is no instrument {name!r}; {hint}")
    return base.instruments[name]
