"""FER2013 and FER+ files, right and wrong."""

import csv
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from model.labels import LABELS
from tests.unit.conftest import made_up_rows
from train import data, parse

HEADER = ("emotion", "pixels", "Usage")


def write(path: Path, rows: list[tuple], header: tuple[str, ...] = HEADER) -> Path:
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([header, *rows])
    return path


def test_codes_are_mapped_by_name(fer2013_csv):
    """Kaggle's code 4 is Sad and 6 is Neutral; in our order they are 5 and 4."""
    labels = data.load(fer2013_csv).split("Training").labels
    names = [LABELS[i] for i in labels[:7]]
    assert names == ["Anger", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral"]


def test_votes_are_joined_row_by_row(fer2013_csv, ferplus_csv):
    split = data.load(fer2013_csv, ferplus_csv).split("PublicTest")
    assert split.votes.shape == (42, 10)
    ours = split.votes[:, parse.VOTE_COLUMNS]
    assert (ours.argmax(1) == split.labels).all()


def test_the_cache_gives_the_same(fer2013_csv, monkeypatch):
    first = data.load(fer2013_csv)
    monkeypatch.setattr(parse, "pictures", None)  # parsing again would fail
    again = data.load(fer2013_csv)
    assert again.sha256 == first.sha256
    assert (again.split("Training").grey == first.split("Training").grey).all()


def test_a_changed_file_is_parsed_again(tmp_path):
    path = write(tmp_path / "a.csv", made_up_rows({"Training": 2}))
    first = data.load(path)
    write(path, made_up_rows({"Training": 3}))
    assert len(data.load(path).split("Training")) == len(first.split("Training")) + 1


def test_a_zipped_csv(tmp_path):
    plain = write(tmp_path / "fer2013.csv", made_up_rows({"Training": 2}))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(plain, "fer2013/fer2013.csv")
    assert len(data.load(tmp_path / "a.zip").split("Training")) == 2


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    picture = np.full((48, 48), 100, np.uint8)
    for name in ("train/angry", "train/neutral", "test/surprise"):
        folder = tmp_path / "kaggle" / name
        folder.mkdir(parents=True)
        cv2.imwrite(str(folder / "1.jpg"), picture)
    return tmp_path / "kaggle"


def test_the_folder_layout(folders):
    loaded = data.load(folders)
    assert loaded.split("Training").labels.tolist() == [0, 4]
    assert loaded.split("test").labels.tolist() == [6]
    assert "PublicTest" not in loaded.splits


def test_the_folder_layout_zipped(folders, tmp_path):
    with zipfile.ZipFile(tmp_path / "kaggle.zip", "w") as archive:
        for file in folders.rglob("*.jpg"):
            archive.write(file, file.relative_to(folders))
    assert len(data.load(tmp_path / "kaggle.zip").split("Training")) == 2


GOOD = made_up_rows({"Training": 1})[0]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((7, GOOD[1], "Training"), "line 3: emotion must be 0..6"),
        ((0, "1 2 3", "Training"), "line 3: expected 2304 grey levels 0..255, found 3"),
        ((0, GOOD[1].replace("1", "x", 1), "Training"), "line 3: pixels must be whole numbers"),
        ((0, "300 " + GOOD[1].split(" ", 1)[1], "Training"), "found 2304 from"),
        ((0, "", "Training"), "line 3: expected 2304"),
        ((0, GOOD[1], "Test"), "line 3: Usage must be one of"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(tmp_path, row, words):
    path = write(tmp_path / "bad.csv", [GOOD, row])
    with pytest.raises(parse.DataError, match=words):
        data.load(path)


def test_wrong_files_are_refused(tmp_path):
    with pytest.raises(parse.DataError, match="no such file"):
        data.load(tmp_path / "none.csv")
    with pytest.raises(parse.DataError, match="line 1: no column Usage"):
        data.load(write(tmp_path / "a.csv", [GOOD[:2]], HEADER[:2]))
    with pytest.raises(parse.DataError, match="no rows"):
        data.load(write(tmp_path / "b.csv", []))
    (tmp_path / "c.csv.gz").write_bytes(b"not gzip")
    with pytest.raises(parse.DataError, match="cannot be read"):
        data.load(tmp_path / "c.csv.gz")
    (tmp_path / "d.zip").write_bytes(b"not zip")
    with pytest.raises(parse.DataError, match="not a zip"):
        data.load(tmp_path / "d.zip")
    (tmp_path / "empty").mkdir()
    with pytest.raises(parse.DataError, match="no pictures"):
        data.load(tmp_path / "empty")


def test_a_wrong_class_folder_is_refused(folders):
    (folders / "train" / "bored").mkdir()
    cv2.imwrite(str(folders / "train/bored/1.jpg"), np.zeros((48, 48), np.uint8))
    with pytest.raises(parse.DataError, match="unknown class 'bored'"):
        data.load(folders)


def test_votes_for_other_rows_are_refused(fer2013_csv, ferplus_csv):
    lines = ferplus_csv.read_text().splitlines()
    ferplus_csv.write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(parse.DataError, match="do not match the 182 pictures"):
        data.load(fer2013_csv, ferplus_csv)
