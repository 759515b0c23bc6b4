"""`dingji audit PATH`: whether determinations on record were reached rightly, and what belongs to keeping them."""

from __future__ import annotations

import click

from dingji.cli.lazy import LazyGroup


class _Audit(LazyGroup):
    """The commands around records. What is no command is the path of `check`, so that `dingji audit PATH` does the plain thing."""

    modules = {  # noqa: RUF012
        "check": "dingji.cli.audit.check",
        "export": "dingji.cli.audit.export",
        "key": "dingji.cli.audit.key",
        "matrix": "dingji.cli.audit.matrix",
        "report": "dingji.cli.audit.report",
        "usage": "dingji.cli.audit.usage",
    }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click, with `check` put in where no command is named."""
        if args and args[0] not in self.modules and args[0] not in ctx.help_option_names:
            args = ["check", *args]
        return super().parse_args(ctx, args)


@click.command(cls=_Audit, subcommand_metavar="PATH | COMMAND [OPTIONS] ...")
def command() -> None:
    """Audit the records of `dingji grade --record`: are they whole, and were the grades reached rightly?

    `dingji audit PATH` is short for `dingji audit check PATH`. A folder that is named like a command is written ./export.

    \b
    Examples:
      dingji audit my-records
      dingji audit my-records --keys trusted --format json -o audit.json
      dingji audit export my-records/00000001.json --format prov-json
      dingji audit key inspector-li --valid-until 2028-12-31
    """
