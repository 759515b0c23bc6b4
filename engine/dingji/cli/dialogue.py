"""The dialogue of `dingji ask` in a terminal: prints questions, reads answers, obeys `?`, unknown, back and save."""

from __future__ import annotations

import datetime as dt
import locale

import click
import yaml

from dingji.cases.writer import Stated, checked, mapping, scalar, sequence, stated_by
from dingji.errors import DingjiError
from dingji.knowledge.model import FactDefinition, FieldDefinition
from dingji.language import types as t
from dingji.reasoning.interview import Interview
from dingji.records import Record
from dingji.reports.answers import Listener, checklist
from dingji.reports.ask import Asker, allowed_answers
from dingji.reports.values import Definition

PROMPT = "> "


class Reply(Record, frozen=True):
    """What was typed: a command, or the text of an answer."""

    command: str = ""
    text: str = ""


class Dialogue:
    """One interview in a terminal. `by` and `on` are recorded as who stated the answers, and when."""

    def __init__(self, interview: Interview, asker: Asker, listener: Listener, *, by: str = "", on: dt.date | None = None) -> None:
        self.interview, self.asker, self.listener = interview, asker, listener
        self.by, self.on = by, on
        self._interrupted = False
        edit_lines()

    def run(self) -> bool:
        """Ask until nothing is left that can change the grade; false if the person stopped before."""
        self._say("intro")
        while (candidate := self.interview.next()) is not None:
            click.echo(self.asker.question(candidate, len(self.interview.answers) + 1), nl=False)
            if not self._answered(self.interview.definition(candidate.fact)):
                return False
        return True

    def _answered(self, definition: FactDefinition) -> bool:
        """Take an answer for one fact, or go back; false to stop."""
        while True:
            reply = (
                self._items(definition) if isinstance(definition.type, t.Records) and not checklist(definition) else self._read(definition)
            )
            if isinstance(reply, yaml.Node):
                node = reply
            elif reply.command == "save":
                return False
            elif reply.command == "back":
                return self._back()
            elif reply.command == "why":
                click.echo(self.asker.why(self.interview.reason(definition.name)), nl=False)
                continue
            else:
                node = scalar("unknown") if reply.command == "unknown" else self.listener.node(reply.text, definition)
            try:
                self.interview.answer(definition.name, stated_by(node, self.by, self.on))
            except DingjiError as error:
                self._refuse(error, definition)
                continue
            click.echo(self.asker.noted(definition.name), nl=False)
            return True

    def _back(self) -> bool:
        fact = self.interview.back()
        if fact is None:
            self._say("nothing-back")
        else:
            self._say("taken-back", label=self.asker.speech.label(fact))
        return True

    def _items(self, definition: FactDefinition) -> yaml.Node | Reply:
        """A list, item by item; a command where it concerns the whole question."""
        items: list[yaml.Node] = []
        while True:
            label = self.asker.speech.text(definition.label)
            self._say("item-next" if items else "item-first", label=label, n=len(items))
            reply = self._read()
            if self.listener.says("yes", reply.text):
                item = self._item(definition, items)
                if isinstance(item, Reply):
                    return item
                if item is not None:
                    items.append(item)
            elif self.listener.says("no", reply.text) or self.listener.says("none", reply.text):
                return sequence(items)
            elif reply.command == "unknown" and items:
                return mapping([("value", sequence(items)), ("complete", scalar("false"))])
            elif reply.command == "back" and items:
                items.pop()
                self._say("item-dropped")
            elif reply.command:
                return reply

    def _item(self, definition: FactDefinition, before: list[yaml.Node]) -> yaml.Node | Reply | None:
        """One item, field by field; None if the person went back behind its first field."""
        fields: dict[str, yaml.Node] = {}
        position = 0
        while position < len(definition.fields):
            field = definition.fields[position]
            reply = self._field(definition, field, len(before) + 1)
            if reply.command == "save":
                return reply
            if reply.command == "back":
                if position == 0:
                    self._say("item-dropped")
                    return None
                position -= 1
                continue
            node = scalar("unknown") if reply.command else self.listener.node(reply.text, field)
            try:
                self._check(definition, mapping([(field.name, node)]))
            except DingjiError as error:
                self._refuse(error, field)
                continue
            fields[field.name] = node
            position += 1
        return mapping(fields.items())

    def _field(self, definition: FactDefinition, field: FieldDefinition, number: int) -> Reply:
        click.echo(self.asker.field(field, number), nl=False)
        while (reply := self._read(field)).command == "why":
            click.echo(self.asker.why(self.interview.reason(definition.name)), nl=False)
        return reply

    def _check(self, definition: FactDefinition, item: yaml.Node) -> None:
        checked(self.interview.knowledge, self.interview.case, Stated(definition.name, sequence([item])))

    def _read(self, definition: Definition | None = None) -> Reply:
        """A line from the person: empty ones are passed over, the end of input saves, Ctrl-C twice stops without saving."""
        while True:
            try:
                text = input(PROMPT).strip()
                text.encode()
            except EOFError:
                click.echo()
                return Reply("save")
            except UnicodeError:
                self._say("unreadable")
                continue
            except KeyboardInterrupt:
                click.echo()
                if self._interrupted or not self.interview.answers:
                    raise click.Abort from None
                self._interrupted = True
                self._say("interrupted")
                continue
            self._interrupted = False
            if text:
                return Reply(self.listener.command(text, definition) or "", text)

    def _say(self, code: str, **fields: object) -> None:
        click.echo(self.asker.told(code, **fields), nl=False)

    def _refuse(self, error: DingjiError, definition: Definition) -> None:
        """Say what is wrong with an answer, as for a case file, and what may be answered."""
        for problem in error.problems:
            self._say("refused", problem=self.asker.refusal(problem))
        click.echo(self.asker.line(allowed_answers(definition, self.asker.speech)), nl=False)


def edit_lines() -> None:
    """Line editing that knows Chinese characters, where Python and the locale have it; else the terminal itself edits the line."""
    if locale.getencoding().lower().replace("-", "") != "utf8":
        return  # readline would take the bytes of a character for commands
    try:
        import readline
    except ImportError:
        return
    readline.parse_and_bind("tab: self-insert")
    readline.set_auto_history(False)
