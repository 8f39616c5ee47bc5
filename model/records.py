"""What `python -m model` found, as lines of JSON and rows of CSV (docs/session-export.md)."""

import csv
import json
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from model.labels import LABELS

STDOUT = Path("-")

_COLUMNS = (
    "file",
    "ms",
    "track",
    *("x", "y", "width", "height"),
    *("label", "confidence", "confident"),
    *(f"p_{label}" for label in LABELS),
)


class RecordsError(RuntimeError):
    """An output cannot be written; the message says which and why."""


class _Output:
    """Takes text and hands it on at once, so that whoever wrote it learns what became of it."""

    def __init__(self, path: Path) -> None:
        # File names need not be UTF-8: what of them is not is written as an escape.
        how = {"encoding": "utf-8", "errors": "backslashreplace", "newline": ""}
        self._path = path
        if path == STDOUT:
            sys.stdout.reconfigure(**how)
            self._file = sys.stdout
            return
        try:
            self._file = path.open("w", **how)
        except OSError as error:
            raise self._failure(error) from None

    def write(self, text: str) -> None:
        try:
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            if self._path == STDOUT:
                sys.stdout = None  # at its end Python would try again, and complain in its own way
            raise self._failure(error) from None

    def close(self) -> None:
        if self._path == STDOUT:
            return
        try:
            self._file.close()
        except OSError as error:
            raise self._failure(error) from None

    def _failure(self, error: OSError) -> RecordsError:
        name = "standard output" if self._path == STDOUT else self._path
        return RecordsError(f"cannot write {name}: {error.strerror}")


class Records:
    """Writes each result to the outputs that there are; to be closed.

    Args:
        lines: file that gets one line of JSON a picture, a frame or an error; - is standard output.
        table: file that gets one row of CSV a face; - is standard output.

    Raises:
        RecordsError: an output cannot be written; so does every method.
    """

    def __init__(self, lines: Path | None, table: Path | None) -> None:
        self._opened = ExitStack()
        self._lines = self._open(lines)
        self._rows = csv.writer(self._open(table)) if table else None
        if self._rows:
            self._rows.writerow(_COLUMNS)

    def _open(self, path: Path | None) -> _Output | None:
        return path and self._opened.enter_context(closing(_Output(path)))

    def close(self) -> None:
        self._opened.close()

    def add(self, file: Path, result: dict[str, Any], ms: float | None = None) -> None:
        """Note the faces of a picture, or of a video's frame.

        Args:
            file: what was read.
            result: width, height and faces, as in docs/protocol.md.
            ms: milliseconds since the video's first frame; None for a picture.
        """
        time = {} if ms is None else {"t": ms}
        self._write_line({"file": str(file), **time, **result})
        for face in result["faces"] if self._rows else ():
            self._rows.writerow(
                [
                    file,
                    "" if ms is None else round(ms),
                    face["track"],
                    *face["box"],
                    face["label"],
                    face["confidence"],
                    str(face["confident"]).lower(),  # as the page writes it
                    *face["probabilities"].values(),
                ]
            )

    def add_error(self, file: Path, message: str) -> None:
        """Note that a file could not be read, or not to its end."""
        self._write_line({"file": str(file), "error": message})

    def _write_line(self, line: dict[str, Any]) -> None:
        if self._lines:
            self._lines.write(json.dumps(line) + "\n")
