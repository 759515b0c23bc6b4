"""`dingji audit export PATH`: records in the forms of others."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dingji.cli.options import write


@click.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["in-toto", "prov-json"]), default="in-toto", show_default=True)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file instead of stdout.")
@click.option("--lang", type=click.Choice(["en", "zh"]), expose_value=False, help="Language of the messages (default: by locale).")
def command(path: Path, form: str, output: Path | None) -> int:
    """Print one record, or all of a folder, as in-toto Statements or as W3C PROV-JSON.

    A folder gives one statement per line, or one PROV document with all determinations. Damaged records are refused.

    \b
    Examples:
      dingji audit export my-records/00000001.json
      dingji audit export my-records --format prov-json -o provenance.json
    """
    from dingji.audit.export import prov_of, records_at, statement_of

    records = records_at(path)
    if form == "in-toto":
        lines = [statement_of(stored) for stored in records]
        write("\n".join(lines) if path.is_dir() else json.dumps(json.loads(lines[0]), ensure_ascii=False, indent=2), output)
    else:
        write(json.dumps(prov_of(records), ensure_ascii=False, indent=2), output)
    return 0
