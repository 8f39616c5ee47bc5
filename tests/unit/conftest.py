"""Small made-up data in FER2013's and FER+'s formats."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from train.parse import VOTE_NAMES


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def made_up_rows(counts: dict[str, int]) -> list[tuple[int, str, str]]:
    """(emotion, pixels, Usage): each class brightens its own band of rows."""
    rng = np.random.default_rng(1)
    rows = []
    for usage, count in counts.items():
        for i in range(count):
            emotion = i % 7
            picture = rng.integers(0, 120, (48, 48))
            picture[emotion * 6 : emotion * 6 + 6] += 120
            rows.append((emotion, " ".join(map(str, picture.ravel())), usage))
    return rows


@pytest.fixture
def fer2013_csv(tmp_path: Path) -> Path:
    """140 Training and 42 PublicTest rows, gzipped."""
    path = tmp_path / "fer2013.csv.gz"
    with gzip.open(path, "wt", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["emotion", "pixels", "Usage"])
        writer.writerows(made_up_rows({"Training": 140, "PublicTest": 42}))
    return path


@pytest.fixture
def ferplus_csv(tmp_path: Path) -> Path:
    """Crowd votes for the rows of `fer2013_csv`: 8 of 10 for the row's own class."""
    columns = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
    path = tmp_path / "fer2013new.csv"
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["Usage", "Image name", *VOTE_NAMES])
        for usage, count in (("Training", 140), ("PublicTest", 42)):
            for i in range(count):
                votes = dict.fromkeys(VOTE_NAMES, 0) | {columns[i % 7]: 8, "contempt": 2}
                writer.writerow([usage, f"fer{i:07}.png", *(votes[n] for n in VOTE_NAMES)])
    return path
