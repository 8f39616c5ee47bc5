"""Pictures and labels as arrays, with a cache of what was parsed."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from train import parse


@dataclass(frozen=True)
class Split:
    """Part of a data set.

    Attributes:
        grey: (N, 48, 48) uint8.
        labels: (N,) uint8, positions in `model.labels.LABELS`.
        votes: (N, 10) uint8 FER+ votes in the order of `parse.VOTE_NAMES`, or None.
    """

    grey: np.ndarray
    labels: np.ndarray
    votes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.grey)

    def rows(self, chosen: np.ndarray) -> "Split":
        """The rows where the (N,) bool mask is true."""
        votes = None if self.votes is None else self.votes[chosen]
        return Split(self.grey[chosen], self.labels[chosen], votes)


@dataclass(frozen=True)
class DataSet:
    """All splits of one data set by usage name, and the SHA-256 of its pictures and labels."""

    splits: dict[str, Split]
    sha256: str

    def split(self, usage: str) -> Split:
        """The rows of one usage.

        Raises:
            parse.DataError: there are none.
        """
        if usage not in self.splits:
            raise parse.DataError(f"no {usage} rows: this data set has {', '.join(self.splits)}")
        return self.splits[usage]


def load(path: Path, ferplus: Path | None = None) -> DataSet:
    """Read FER2013 from Kaggle's CSV (.csv, .gz, .zip) or folder layout (or a zip of it).

    Args:
        path: the data; parsed once, then read from the user's cache folder.
        ferplus: `fer2013new.csv`, whose votes are joined row by row to Kaggle's CSV.

    Raises:
        parse.DataError: a file is not what it should be; says where and why.
    """
    if not path.exists():
        raise parse.DataError(f"{path}: no such file or folder")
    cached = _cache_file(path)
    if cached.exists():
        with np.load(cached) as arrays:
            grey, labels, usage = arrays["grey"], arrays["labels"], arrays["usage"]
    else:
        grey, labels, usage = parse.pictures(path)
        cached.parent.mkdir(parents=True, exist_ok=True)
        # Several processes may parse at once (`train.distributed`).
        partial = cached.with_suffix(f".{os.getpid()}.partial.npz")
        np.savez(partial, grey=grey, labels=labels, usage=usage)
        partial.replace(cached)
    everything = Split(grey, labels, parse.votes(ferplus, usage) if ferplus else None)
    splits = {name: everything.rows(usage == name) for name in dict.fromkeys(usage.tolist())}
    digest = hashlib.sha256(grey.tobytes() + labels.tobytes()).hexdigest()
    return DataSet(splits, digest)


def _cache_file(path: Path) -> Path:
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    key = hashlib.sha256(str(path.resolve()).encode())
    for file in files:
        stat = file.stat()
        key.update(f"{file.name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return user_cache_path("moodlight") / f"data-{key.hexdigest()[:16]}.npz"
