"""`dingji audit key NAME`: a new key pair for signing records."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from dingji.cli.language import spoken
from dingji.cli.options import Day


@click.command("key")
@click.argument("name")
@click.option(
    "--dir", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Where to put the files (default: here)."
)
@click.option("--valid-from", type=Day(), help="First day on which the key is valid.")
@click.option("--valid-until", type=Day(), help="Last day on which the key is valid.")
@click.option("--quiet", "-q", is_flag=True, help="No messages, only data and errors.")
@click.option("--lang", type=click.Choice(["en", "zh"]), expose_value=False, help="Language of the messages (default: by locale).")
def command(name: str, folder: Path, valid_from: dt.date | None, valid_until: dt.date | None, quiet: bool) -> int:
    """Make an Ed25519 key: NAME.key is for its owner, NAME.pub.json goes into the trust folder of whoever audits.

    With DINGJI_KEY_PASSPHRASE set, the private key is encrypted with it. Needs the extra dingji[sign].

    \b
    Examples:
      dingji audit key inspector-li --valid-until 2028-12-31
      dingji grade CASE --record my-records --key inspector-li.key
    """
    from dingji.audit.signing import make_key

    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum() or name.startswith((".", "-")):
        raise click.UsageError(f"{name!r} is no name for a key; letters, digits, '-', '_' and '.'")
    if valid_from and valid_until and valid_until < valid_from:
        raise click.UsageError(f"the key would end ({valid_until}) before it begins ({valid_from})")
    private, public = make_key(folder, name, valid_from=valid_from, valid_until=valid_until)
    if not quiet:
        click.echo(spoken(f"{private}: keep it secret") + "\n" + spoken(f"{public}: for the trust folder of whoever audits"), err=True)
    return 0
