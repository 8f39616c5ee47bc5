"""The engine as a library, and `python -m model`."""

import json

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from model import annotate
from model.__main__ import main
from model.engine import Engine
from model.labels import LABELS
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


def test_a_frame_becomes_faces(engine, portrait):
    (face,) = engine.infer(portrait)
    assert face.box.shape == (4,)
    assert face.probabilities.shape == (7,)
    assert face.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert face.label == LABELS[face.probabilities.argmax()]


def test_the_largest_face_comes_first(engine, portrait):
    small = cv2.resize(portrait, (320, 240), interpolation=cv2.INTER_AREA)
    frame = np.full((480, 960, 3), 90, np.uint8)
    frame[100:340, :320] = small
    frame[:, 320:] = portrait
    faces = engine.infer(frame)
    assert len(faces) == 2
    assert faces[0].box[0] > 320 > faces[1].box[0]


def test_boxes_are_clipped_to_the_frame(engine, portrait):
    cut = np.ascontiguousarray(portrait[80:, 100:])
    faces = engine.infer(cut)
    assert faces
    for face in faces:
        assert (face.box >= 0).all()
        assert face.box[2] <= cut.shape[1]
        assert face.box[3] <= cut.shape[0]


def test_a_large_frame_gives_boxes_in_its_own_pixels(engine, portrait):
    (small,) = engine.infer(portrait)
    (large,) = engine.infer(cv2.resize(portrait, None, fx=3, fy=3))
    np.testing.assert_allclose(large.box / 3, small.box, atol=4)


def test_the_command_line(portrait_jpeg, tmp_path):
    good, bad = tmp_path / "good.jpg", tmp_path / "bad.jpg"
    good.write_bytes(portrait_jpeg)
    bad.write_bytes(b"no picture")
    options = [str(good), str(bad), str(tmp_path / "none.jpg"), "--annotated", str(tmp_path / "a")]
    done = CliRunner().invoke(main, options)
    assert done.exit_code == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert set(lines[0]["faces"][0]) == {
        *("track", "box", "score", "label", "confidence", "confident", "probabilities")
    }
    assert "no JPEG" in lines[1]["error"]
    assert "No such file" in lines[2]["error"]
    drawn = cv2.imread(str(tmp_path / "a" / "good.annotated.jpg"))
    assert drawn.shape == (480, 640, 3)
    original = cv2.imread(str(good)).astype(int)
    assert (np.abs(drawn - original).max(2) > 60).sum() > 500


def test_pictures_and_page_use_the_same_colours():
    script = (ROOT / "static" / "js" / "expressions.js").read_text()
    for label, (blue, green, red) in annotate.COLOURS_BGR.items():
        assert f'{label}: "#{red:02x}{green:02x}{blue:02x}"' in script
