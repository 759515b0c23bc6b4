"""From a graded case to the record of its determination."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from dingji.audit import model as m
from dingji.audit.canonical import plain, sha256
from dingji.audit.embedded import pack
from dingji.audit.extract import Files, extract, source_files
from dingji.audit.replay import replay_embedded
from dingji.cases.reader import CaseFile, parse_case
from dingji.errors import DingjiError
from dingji.grading import under
from dingji.knowledge.choices import chosen
from dingji.knowledge.model import Knowledge
from dingji.methods.model import Result
from dingji.records import Draft, field, replace
from dingji.version import __version__

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")
NEW = m.Link("", 0, None)


class Recorder(Draft):
    """Makes records of cases graded by one knowledge base. `folder` is where it was loaded from, None for our own."""

    base: Knowledge
    folder: Path | None = None
    _files: Files = field(default_factory=dict)
    _packed: dict[str, m.Embedded] = field(default_factory=dict)

    def record(
        self,
        file: CaseFile,
        result: Result,
        *,
        options: m.Options,
        by: str = "",
        time: str | None = None,
        overrides: tuple[m.Override, ...] = (),
        ruling: m.Plain | None = None,
    ) -> m.DeterminationRecord:
        """The record of a result, without its place in a chain (`dingji.audit.chain.append` gives it one).

        `time` is when the determination was made; by default now, by the clock, and the record says which. Raises RecordError
        for knowledge that is no longer what the case was graded by, and for a record that would not lead to the same result.
        """
        text = case_text(file)
        record = m.DeterminationRecord(
            link=NEW,
            case=file.id,
            case_text=text,
            case_digest=sha256(text.encode()),
            version=__version__,
            knowledge_version=self.base.version,
            knowledge_digest=self.base.digest,
            embedded=m.Embedded("", ""),
            evaluators=result.evaluators,
            without=result.without,
            options=options,
            result=plain(result.to_dict()),
            recorded_by=by,
            time=_now() if time is None else checked_time(time),
            time_source="clock" if time is None else "option",
            overrides=overrides,
            ruling=None if ruling is None else plain(ruling),
        )
        return self._with_knowledge(record, file, result)

    def _with_knowledge(self, record: m.DeterminationRecord, file: CaseFile, result: Result) -> m.DeterminationRecord:
        """The record with the knowledge of its case, or with the whole base where the part would not give the same result."""
        self._files = self._files or source_files(self.folder, self.base.digest)
        case = file.check(self.base)
        graded_by = under(chosen(self.base, record.options.choices), result.profile)
        part = extract(self._files, self.base, graded_by, case, result, record.options.choices)
        reason = ""
        for files in (part, self._files):
            found = replace(record, embedded=self._pack(files))
            try:
                replayed = replay_embedded(found)
            except DingjiError as error:
                reason = str(error)
                continue
            if replayed.verdict == "reproduced":
                return found
            reason = replayed.reason or (replayed.difference.path if replayed.difference else "")
        hint = "nothing was recorded; please report it with the case"
        raise m.RecordError(m.Trouble("A003", f"the record of {record.case} would not lead to its result: {reason}", hint))

    def _pack(self, files: Files) -> m.Embedded:
        key = sha256(repr(sorted(files.items())).encode())
        if key not in self._packed:
            self._packed[key] = pack(files)
        return self._packed[key]


def case_text(file: CaseFile) -> str:
    """The case as it stands in its file; of a file that holds several, its own part.

    Raises RecordError if that part does not read as the same case.
    """
    text, root = file.document.text, file.section.node
    lines = [0, *(match.end() for match in re.finditer("\r\n|[\n\r\x85\u2028\u2029]", text)), len(text)]

    def offset(mark: object) -> int:
        line, column = getattr(mark, "line", 0), getattr(mark, "column", 0)
        return min(len(text), lines[min(line, len(lines) - 1)] + int(column))

    part = text[offset(root.start_mark) : offset(root.end_mark)].rstrip() + "\n"
    try:
        again = parse_case(part, file.document.file)
    except DingjiError as error:
        raise m.RecordError(m.Trouble("A004", f"the text of the case can't be told from its file: {error}")) from None
    if again.id != file.id:
        raise m.RecordError(m.Trouble("A004", f"the text of the case {file.id} can't be told from its file"))
    return part


def checked_time(text: str) -> str:
    """A moment in the form of RFC 3339. Raises RecordError (A005) for any other."""
    try:
        if _TIME.fullmatch(text):
            dt.datetime.fromisoformat(text)
            return text
    except ValueError:
        pass
    raise m.RecordError(m.Trouble("A005", f"{text!r} is not a time with its zone", "such as 2026-11-22T09:30:00+08:00"))


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
