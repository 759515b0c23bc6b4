"""The error of a report."""

from __future__ import annotations

from dingji.errors import DingjiError


class ReportError(DingjiError):
    """A template or a message catalogue is wrong: T001 can't be read, T002 syntax, T003 fails on a case, T004 message."""

    exit_code = 5
