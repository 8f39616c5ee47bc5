"""Readers of the files that FER2013 and FER+ come in. Every complaint says where and why."""

import csv
import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from model.labels import FER2013_CODES, label_index
from model.preprocess import INPUT_SIZE_PX

USAGES = ("Training", "PublicTest", "PrivateTest")
VOTE_NAMES = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear"),
    *("contempt", "unknown", "NF"),
)
# Columns of VOTE_NAMES that hold our seven classes, in the order of LABELS.
VOTE_COLUMNS = tuple(
    sorted(range(7), key=lambda column: label_index(VOTE_NAMES[column])),
)
_PICTURES = (".jpg", ".jpeg", ".png")


class DataError(ValueError):
    """A data file is not in the expected form; the message says where and why."""


def pictures(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read FER2013.

    Args:
        path: `fer2013.csv`, also as .gz or .zip; or a folder (or zip) with
            `train/<class>/*.jpg` and `test/<class>/*.jpg`.

    Returns:
        grey (N, 48, 48) uint8, labels (N,) uint8, usage (N,) str: Kaggle's Usage column, or
        "Training" and "test" for the folder layout.

    Raises:
        DataError: not in one of those forms.
    """
    if path.is_dir():
        named = ((str(f.relative_to(path)), f.read_bytes()) for f in sorted(path.rglob("*.*")))
        return _read_folder(named, path)
    if path.suffix == ".zip":
        try:
            with zipfile.ZipFile(path) as archive:
                names = sorted(archive.namelist())
                if not any(name.endswith(".csv") for name in names):
                    return _read_folder(((name, archive.read(name)) for name in names), path)
        except zipfile.BadZipFile:
            raise DataError(f"{path}: not a zip file") from None
    with _open_text(path) as lines:
        return _read_csv(lines, path)


@contextmanager
def _open_text(path: Path) -> Iterator[io.TextIOBase]:
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", newline="") as lines:
                yield lines
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                name = next(name for name in archive.namelist() if name.endswith(".csv"))
                with archive.open(name) as member:
                    yield io.TextIOWrapper(member, newline="")
        else:
            with path.open(newline="") as lines:
                yield lines
    except (gzip.BadGzipFile, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as text ({error})") from None


def _read_csv(lines: io.TextIOBase, path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    reader = csv.DictReader(lines)
    wanted = {"emotion", "pixels", "Usage"}
    if missing := wanted - set(reader.fieldnames or ()):
        raise DataError(
            f"{path}, line 1: no column {', '.join(sorted(missing))}; "
            "expected Kaggle's fer2013.csv (emotion,pixels,Usage)"
        )
    to_label = [label_index(name) for name in FER2013_CODES]
    grey, labels, usages = [], [], []
    for row in reader:
        at = f"{path}, line {reader.line_num}"
        try:
            picture = np.array((row["pixels"] or "").split(), np.int64)
        except (ValueError, OverflowError):
            raise DataError(f"{at}: pixels must be whole numbers") from None
        if picture.size != INPUT_SIZE_PX**2 or picture.min() < 0 or picture.max() > 255:
            raise DataError(
                f"{at}: expected {INPUT_SIZE_PX**2} grey levels 0..255, found {picture.size}"
                + (f" from {picture.min()} to {picture.max()}" if picture.size else "")
            )
        if row["emotion"] not in tuple("0123456"):
            raise DataError(f"{at}: emotion must be 0..6, found {row['emotion']!r}")
        if row["Usage"] not in USAGES:
            raise DataError(f"{at}: Usage must be one of {USAGES}, found {row['Usage']!r}")
        grey.append(picture.astype(np.uint8))
        labels.append(to_label[int(row["emotion"])])
        usages.append(row["Usage"])
    if not grey:
        raise DataError(f"{path}: no rows")
    shape = (-1, INPUT_SIZE_PX, INPUT_SIZE_PX)
    return np.stack(grey).reshape(shape), np.array(labels, np.uint8), np.array(usages)


def _read_folder(
    named: Iterator[tuple[str, bytes]], path: Path
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    grey, labels, usages = [], [], []
    for name, content in named:
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if len(parts) < 3 or parts[-3] not in ("train", "test"):
            continue
        if not parts[-1].lower().endswith(_PICTURES):
            continue
        try:
            label = label_index(parts[-2])
        except ValueError as error:
            raise DataError(f"{path}, {name}: {error}") from None
        encoded = np.frombuffer(content, np.uint8)
        picture = cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE) if encoded.size else None
        if picture is None or picture.shape != (INPUT_SIZE_PX, INPUT_SIZE_PX):
            found = "no picture" if picture is None else f"{picture.shape[1]}x{picture.shape[0]}"
            raise DataError(
                f"{path}, {name}: expected {INPUT_SIZE_PX}x{INPUT_SIZE_PX} pixels, found {found}"
            )
        grey.append(picture)
        labels.append(label)
        usages.append("Training" if parts[-3] == "train" else "test")
    if not grey:
        raise DataError(f"{path}: no pictures under train/<class>/ or test/<class>/")
    return np.stack(grey), np.array(labels, np.uint8), np.array(usages)


def votes(path: Path, usage: np.ndarray) -> np.ndarray:
    """Read FER+ votes (`fer2013new.csv`) for the rows of Kaggle's CSV, in its order.

    Args:
        path: the file.
        usage: (N,) Usage column of the pictures, which the votes' own must equal.

    Returns:
        (N, 10) uint8, columns as in `VOTE_NAMES`.

    Raises:
        DataError: wrong columns, or rows that do not match the pictures.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file")
    with _open_text(path) as lines:
        reader = csv.DictReader(lines)
        if missing := {"Usage", *VOTE_NAMES} - set(reader.fieldnames or ()):
            raise DataError(f"{path}, line 1: no column {', '.join(sorted(missing))}")
        rows = []
        for row in reader:
            try:
                rows.append((row["Usage"], [int(row[name]) for name in VOTE_NAMES]))
            except (TypeError, ValueError):
                raise DataError(
                    f"{path}, line {reader.line_num}: votes must be whole numbers"
                ) from None
    present = set(usage.tolist())
    kept = [row for row in rows if row[0] in present]
    if [name for name, _ in kept] != usage.tolist():
        raise DataError(
            f"{path}: {len(kept)} rows of {', '.join(sorted(present))} do not match "
            f"the {len(usage)} pictures row by row"
        )
    return np.array([counts for _, counts in kept], np.uint8)
