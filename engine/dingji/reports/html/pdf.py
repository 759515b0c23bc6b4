"""A page as PDF, by WeasyPrint.

It prints the same HTML, tags it for screen readers and makes the headings bookmarks. It is a package like any other, where a
browser would have to be installed, found and run; and it never runs scripts.
"""

from __future__ import annotations

import logging
import unicodedata

from dingji.errors import Problem
from dingji.reports.errors import ReportError

EXTRA = "pip install 'dingji[documents]'"


def pdf(page: str) -> bytes:
    """The PDF of an HTML page.

    Raises ReportError (T005) if WeasyPrint or its library is not installed, (T006) if no font of the machine has the letters.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except ImportError:
        raise ReportError([Problem("weasyprint", 0, 0, "T005", "a PDF needs a package", EXTRA)]) from None
    except OSError as error:
        hint = "install Pango (Debian: libpangoft2-1.0-0)"
        raise ReportError([Problem("weasyprint", 0, 0, "T005", f"a library is missing: {error}", hint)]) from None
    missing = _Missing()
    logger = logging.getLogger("weasyprint")
    before, logger.propagate = logger.propagate, False
    logger.addHandler(missing)
    try:
        # a report needs nothing from outside; a template of the user's that asks for something gets nothing
        nothing = URLFetcher(allowed_protocols=())
        made: bytes = HTML(string=page, url_fetcher=nothing).write_pdf(pdf_tags=True)
    finally:
        logger.removeHandler(missing)
        logger.propagate = before
    if missing.letters:
        shown = "".join(sorted(missing.letters)[:8])
        hint = "install a font with them (Chinese on Debian: fonts-noto-cjk)"
        raise ReportError([Problem("weasyprint", 0, 0, "T006", f"no font of this machine has the letters {shown}", hint)])
    return made


class _Missing(logging.Handler):
    """Collects the letters for which there is no font: WeasyPrint only logs them, and the page would show boxes."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.args, tuple) and str(record.msg).startswith(".notdef"):
            letter = str(record.args[0])
            if unicodedata.category(letter).startswith("L"):
                self.letters.add(letter)
