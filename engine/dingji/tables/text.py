"""CSV files: their encoding and delimiter are found out, and said."""

from __future__ import annotations

import codecs
import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from dingji.errors import DingjiError, Problem
from dingji.tables.cells import EPOCH
from dingji.tables.sources import Options, RawRow, refuse
from dingji.tables.writing import EXTRA

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CANDIDATES = ("gb18030", "big5", "utf_16_le", "utf_16_be", "cp1252")
"""The encodings, besides UTF-8, in which registers come."""
DELIMITERS = ",\t;|"
SAMPLE = 1 << 16
"""Bytes from which an encoding is guessed, characters from which a delimiter is."""


class CsvText:
    """A CSV file."""

    guarded, even, epoch = True, True, EPOCH
    header: int | None = None

    def __init__(self, path: Path, options: Options) -> None:
        self.path, self.notes = path, list[str]()
        self.encoding = options.encoding or _encoding(path, self.notes)
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise refuse(path, "C060", f"there is no encoding {self.encoding!r}", "utf-8, gb18030, utf-16 are some") from None
        self.delimiter = options.delimiter or self._delimiter()

    def open(self) -> IO[str]:
        """The text of the file, its line breaks as they are."""
        return self.path.open(encoding=self.encoding, newline="")

    def _delimiter(self) -> str:
        """The sign that cuts the first rows into the most columns of the same number."""
        try:
            with self.open() as stream:
                sample = stream.read(SAMPLE)
        except UnicodeError as error:
            raise self.undecodable(error) from None
        if "\n" in sample and len(sample) == SAMPLE:
            sample = sample[: sample.rindex("\n")]
        best, most = ",", 0.0
        for sign in DELIMITERS:
            lengths = [len(row) for row in itertools.islice(csv.reader(sample.splitlines(), delimiter=sign), 60) if row]
            if lengths and lengths[0] > 1:
                score = lengths[0] * lengths.count(lengths[0]) / len(lengths)
                best, most = (sign, score) if score > most else (best, most)
        if best != ",":
            self.notes.append(f"{self.path}: the cells are set apart by {'tabs' if best == chr(9) else repr(best)}")
        return best

    def rows(self) -> Iterator[RawRow]:
        """The rows as their quotes and delimiters set them apart. A quoted line break does not begin a row."""
        number = 0
        try:
            with self.open() as stream:
                for number, cells in enumerate(csv.reader(stream, delimiter=self.delimiter, strict=True), 1):
                    yield number, cells
        except csv.Error as error:
            what = "a quote is not closed" if "end of data" in str(error) or "limit" in str(error) else str(error)
            raise refuse(self.path, "C064", f"not CSV from here on: {what}", 'within quotes, write " twice', number + 1) from None
        except UnicodeError as error:
            raise self.undecodable(error) from None

    def undecodable(self, error: UnicodeError) -> Exception:
        """The error for bytes that are no text in the encoding."""
        return refuse(self.path, "C060", f"not {self.encoding}: {error}", "save it as UTF-8, or name its encoding in the mapping")


def _encoding(path: Path, notes: list[str]) -> str:
    """The encoding of a text: by its byte order mark, UTF-8 if all of it is, else the likeliest under which all can be read."""
    with path.open("rb") as stream:
        sample = stream.read(SAMPLE)
    for mark, name in BOMS:
        if sample.startswith(mark):
            if name != "utf-8-sig":
                notes.append(f"{path}: read as {name.upper()}, by its byte order mark")
            return name
    if _readable(path, "utf-8") and b"\0" not in sample:
        return "utf-8"
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        raise DingjiError([Problem("charset-normalizer", 0, 0, "X004", "finding out an encoding needs a package", EXTRA)]) from None
    # cut at a line, so that no character is cut
    cut = sample[: sample.rfind(b"\n") + 1] if len(sample) == SAMPLE and b"\0" not in sample else sample
    guesses = [match.encoding for match in from_bytes(cut, cp_isolation=list(CANDIDATES))]
    for name in guesses:
        if _readable(path, name):
            notes.append(f"{path}: read as {name.upper()}, by its characters; name the encoding in the mapping if they look wrong")
            return name
    raise refuse(path, "C060", "the encoding can't be told", "save it as UTF-8, or name its encoding in the mapping")


def _readable(path: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True
