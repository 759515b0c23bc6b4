"""Commands that are imported when they are called, so that none pays for the others."""

from __future__ import annotations

import importlib

import click


class LazyGroup(click.Group):
    """A group whose commands stand in modules of their own, each as `command`. `modules`: name -> module."""

    modules: dict[str, str]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, None if there is none."""
        if cmd_name not in self.modules:
            return None
        command: click.Command = importlib.import_module(self.modules[cmd_name]).command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, with the nearest command named when there is none of that name."""
        from dingji.errors import nearest

        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            hint = nearest(args[0], self.modules)
            raise click.UsageError(f"{error.message}{' ' + hint if hint else ''}", ctx) from None
