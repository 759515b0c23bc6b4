"""A command in a terminal of its own: what it prints, and what a person types."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from conftest import ROOT

# the child takes the terminal as its own, so that Ctrl-C reaches it as it would a person's shell
_CHILD = "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); from dingji.cli import main; main()"
_IUTF8 = 0x4000
_SEQUENCES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
CTRL_C, END, BACKSPACE = "\x03", "\x04", "\x7f"


class Terminal:
    """Runs `dingji` with arguments in a terminal of 80 columns; `text` is all it has shown."""

    def __init__(self, *arguments: str | Path, cwd: Path = ROOT, **environment: str) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
        modes = termios.tcgetattr(theirs)
        modes[0] |= _IUTF8  # as terminals of today set it
        termios.tcsetattr(theirs, termios.TCSANOW, modes)
        env = {k: v for k, v in os.environ.items() if k not in ("LANG", "LC_ALL", "LC_MESSAGES", "COLUMNS", "LINES")}
        env |= {"TERM": "xterm", "NO_COLOR": "1"} | environment
        command = [sys.executable, "-c", _CHILD, *map(str, arguments)]
        self.process = subprocess.Popen(command, cwd=cwd, env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
        os.close(theirs)
        self._handle, self._data, self._read = ours, b"", 0

    @property
    def text(self) -> str:
        """What stands on the terminal, without colours and cursor movements."""
        return _SEQUENCES.sub("", self._data.decode("utf-8", "replace")).replace("\r", "")

    def expect(self, wanted: str, seconds: float = 30) -> str:
        """Wait until something is shown; what was shown since the last time."""
        deadline = time.monotonic() + seconds
        while (found := self.text.find(wanted, self._read)) < 0:
            if not self._more(deadline - time.monotonic()):
                raise AssertionError(f"{wanted!r} is not shown; since the last: {self.text[self._read :]!r}")
        shown = self.text[self._read : found]
        self._read = found + len(wanted)
        return shown

    def answer(self, text: str, end: str = "\n") -> str:
        """Wait for the prompt and type; what was shown before the prompt."""
        shown = self.expect("\n> ")
        self.type(text, end)
        return shown

    def type(self, text: str, end: str = "\n", encoding: str = "utf-8") -> None:
        """Type without waiting."""
        os.write(self._handle, (text + end).encode(encoding))

    def interrupt(self) -> str:
        """Wait for the prompt and press Ctrl-C; what was shown before the prompt."""
        shown = self.expect("\n> ")
        self.press_ctrl_c()
        return shown

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C once the process waits for input: a person does not press it in the instant between prompt and reading."""
        quiet = 0
        while quiet < 10 and self.process.poll() is None:
            state = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]
            quiet = quiet + 1 if state == "S" else 0
            time.sleep(0.02)
        self.type(CTRL_C, end="")

    def close(self) -> None:
        """End the process if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            os.close(self._handle)
        self.process.wait(10)

    def end(self) -> tuple[int, str]:
        """Wait for the end; the exit code, and what was shown since the last time."""
        while self._more(30):
            pass
        os.close(self._handle)
        return self.process.wait(10), self.text[self._read :]

    def _more(self, seconds: float) -> bool:
        if not select.select([self._handle], [], [], max(0, seconds))[0]:
            self.process.kill()
            return False
        try:
            data = os.read(self._handle, 65536)
        except OSError:  # the other end is closed
            return False
        self._data += data
        return bool(data)
