"""The dialogue of `dingji resolve` in a terminal: walks a panel through the issues that still matter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dingji.cli.dialogue import PROMPT, Reply, edit_lines
from dingji.cli.options import terminal_width
from dingji.disputes.deciding import Deciding, Given, Objection
from dingji.disputes.ruling import next_issue, rule
from dingji.disputes.world import FACTS
from dingji.errors import DingjiError
from dingji.reports.answers import Listener
from dingji.reports.dispute.chair import Chair
from dingji.reports.messages import catalogue
from dingji.reports.problems import told
from dingji.shapes import plain

if TYPE_CHECKING:
    from dingji.disputes.model import Issue
    from dingji.disputes.settlement import Settlement


class Deliberation:
    """One session of a panel. Only what can still change the outcome is asked, the most telling issue first."""

    def __init__(self, settlement: Settlement, deciding: Deciding, language: str, templates: Path | None) -> None:
        self.settlement, self.deciding = settlement, deciding
        self.chair = Chair(settlement, catalogue(language, templates), terminal_width())
        self.listener, self.templates = Listener(settlement.knowledge, templates), templates
        self.asked: list[str] = []
        edit_lines()

    def run(self) -> bool:
        """Ask until the outcome is fixed; false if the panel stopped before."""
        self._say("intro")
        while (id := next_issue(self.settlement.with_dispute(self.deciding.dispute), self.deciding.ruled)) is not None:
            issue = self.deciding.dispute.issue(id)
            click.echo(self.chair.question(self.deciding.dispute, issue, len(self.asked) + 1), nl=False)
            if not self._decided(issue):
                self._say("stopped")
                return False
        ruling = rule(self.settlement.with_dispute(self.deciding.dispute), self.deciding.ruled)
        terms = self.chair.terms(self.deciding.dispute)
        self._say("settled", grade=self.chair.words.listed([terms.outcome(o) for o in ruling.computed], "or"))
        return True

    def _decided(self, issue: Issue) -> bool:
        """Take a finding with its reason and dissents, or go back; false to stop."""
        while True:
            reply = self._read()
            if reply.command == "save":
                return False
            if reply.command == "back":
                self._back()
                return True
            if reply.command == "why":
                click.echo(self._why(issue), nl=False)
                continue
            finds = "unknown" if reply.command == "unknown" else self._finds(issue, reply.text)
            self._say("reason")
            reason = self._read()
            if reason.command == "save":
                return False
            if reason.command == "back":
                return True  # the issue is asked again
            if self._taken(Given(issue.id, finds, reason.text)):
                self.asked.append(issue.id)
                return self._dissents(issue)
            click.echo(self.chair.question(self.deciding.dispute, issue, len(self.asked) + 1), nl=False)

    def _finds(self, issue: Issue, text: str) -> str:
        """What was typed as a dispute file writes it: the number of a position, a value, `@party`."""
        if text.isdigit() and 1 <= int(text) <= len(issue.positions):
            position = issue.positions[int(text) - 1]
            return f"@{position.parties[0]}" if position.parties else position.key
        if issue.kind not in FACTS or text.startswith(("@", "[", "{")):
            return text
        node = self.listener.node(text, self.settlement.knowledge.facts[issue.about])
        value = getattr(node, "value", None)
        return value if isinstance(value, str) and plain(node) else text

    def _taken(self, given: Given) -> bool:
        try:
            self.deciding.take(given)
        except DingjiError as error:
            self._refuse(error)
            return False
        issue = self.deciding.dispute.issue(given.issue)
        found = next(f for f in self.deciding.ruled.findings if f.issue == given.issue)
        terms = self.chair.terms(self.deciding.dispute)
        self._say("noted", issue=terms.issue(issue), position=terms.position(issue, issue.positions[found.position]))
        return True

    def _dissents(self, issue: Issue) -> bool:
        """Who dissents, with what they find; false to stop."""
        members = [member.id for member in self.deciding.dispute.panel]
        while members:
            self._say("dissent", members=self.chair.words.listed(members, "or"))
            reply = self._read()
            if reply.command == "save":
                return False
            if self.listener.says("no", reply.text) or self.listener.says("none", reply.text):
                return True
            if reply.text not in members:
                self._say("members", members=self.chair.words.listed(members, "or"))
                continue
            self._say("dissent-finds")
            finds = self._read()
            self._say("dissent-reason")
            reason = self._read()
            if "save" in (finds.command, reason.command):
                return False
            try:
                self.deciding.dissent(Objection(reply.text, issue.id, self._finds(issue, finds.text), reason.text))
                members.remove(reply.text)
            except DingjiError as error:
                self._refuse(error)
        return True

    def _back(self) -> None:
        if not self.asked:
            self._say("no-back")
            return
        id = self.asked.pop()
        self.deciding.drop(id)
        self._say("back", issue=self.chair.terms(self.deciding.dispute).issue(self.deciding.dispute.issue(id)))

    def _why(self, issue: Issue) -> str:
        """What each position would leave open."""
        settlement = self.settlement.with_dispute(self.deciding.dispute)
        found = []
        for number, position in enumerate(issue.positions):
            if not position.parties:
                continue
            trial = Deciding(self.deciding.dispute, settlement.knowledge)
            trial.ruled = self.deciding.ruled
            trial.take(Given(issue.id, f"@{position.parties[0]}", "-"))
            found.append((number, rule(settlement, trial.ruled).computed))
        return self.chair.why(self.deciding.dispute, issue, found)

    def _refuse(self, error: DingjiError) -> None:
        for problem in error.problems:
            self._say("refused", problem=told(problem, self.chair.words, self.templates))

    def _read(self) -> Reply:
        """A line from the panel: empty ones are passed over, the end of input stops and saves, Ctrl-C twice stops without saving."""
        interrupted = False
        while True:
            try:
                text = input(PROMPT).strip()
            except EOFError:
                click.echo()
                return Reply("save")
            except KeyboardInterrupt:
                click.echo()
                if interrupted or not self.asked:
                    raise click.Abort from None
                interrupted = True
                self._say("interrupted")
                continue
            if text:
                return Reply(self.listener.command(text) or "", text)

    def _say(self, code: str, **fields: object) -> None:
        click.echo(self.chair.told(code, **fields), nl=False)
