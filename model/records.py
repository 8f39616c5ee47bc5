"""What `python -m model` found, as lines of JSON and rows of CSV (docs/session-export.md)."""

import csv
import json
from pathlib import Path
from typing import Any, TextIO

from model.labels import LABELS

_COLUMNS = (
    "file",
    "ms",
    "track",
    *("x", "y", "width", "height"),
    *("label", "confidence", "confident"),
    *(f"p_{label}" for label in LABELS),
)


class Records:
    """Writes each result to the outputs that there are.

    Args:
        lines: takes one line of JSON a picture, a frame or an error.
        table: takes one row a face; opened with newline="".
    """

    def __init__(self, lines: TextIO | None, table: TextIO | None) -> None:
        self._lines = lines
        self._rows = csv.writer(table) if table else None
        if self._rows:
            self._rows.writerow(_COLUMNS)

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
            print(json.dumps(line), file=self._lines, flush=True)
