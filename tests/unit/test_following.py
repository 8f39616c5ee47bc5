"""Between searches of the whole frame known faces are followed, as well as a search finds them."""

import cv2
import numpy as np
import pytest

from model.engine import Engine
from model.geometry import iou
from model.mtcnn import Mtcnn
from train.crop_rule import count_followed

EVERY_MS = 40  # 25 frames a second


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(engine="torch-float32", full_detection_ms=400)


def placed(portrait: np.ndarray, scale: float, x: float, y: float) -> np.ndarray:
    """A 640x480 frame that shows the portrait scaled about its face, which is moved to x, y."""
    move = np.array([[scale, 0, x - 290 * scale], [0, scale, y - 112 * scale]], float)
    return cv2.warpAffine(portrait, move, (640, 480), borderValue=(90, 90, 90))


def walk(portrait: np.ndarray, frames: int) -> list[np.ndarray]:
    """Somebody walks across, comes nearer, and nods: up to 22 px from frame to frame."""
    turns = np.linspace(0, 2 * np.pi, frames, endpoint=False)
    return [
        placed(portrait, 1 + 0.4 * np.sin(t), 320 + 170 * np.sin(2 * t), 230 + 60 * np.cos(3 * t))
        for t in turns
    ]


def test_followed_boxes_are_those_that_a_search_finds(engine, portrait):
    state, followed, overlaps = None, 0, []
    for i, frame in enumerate(walk(portrait, 60)):
        analysis = engine.analyze_frame(frame, state, i * EVERY_MS)
        numbers, state = analysis.follow(state, i * EVERY_MS)
        assert numbers == [0]
        followed += analysis.followed
        overlaps.append(iou(analysis.boxes, engine.detect(frame).boxes).max())
    assert followed >= 48  # one in ten is searched
    # A search itself moves its box by about as much when the picture moves by a pixel.
    assert min(overlaps) > 0.7
    assert np.mean(overlaps) > 0.9


def test_a_new_face_is_found_by_the_next_search(engine, portrait):
    left = cv2.resize(portrait, (320, 240), interpolation=cv2.INTER_AREA)
    one = np.full((480, 640, 3), 90, np.uint8)
    one[100:340, :320] = left
    two = one.copy()
    two[100:340, 320:] = left
    state, counts = None, []
    for i in range(14):
        analysis = engine.analyze_frame(one if i < 3 else two, state, i * EVERY_MS)
        _, state = analysis.follow(state, i * EVERY_MS)
        counts.append(len(analysis.faces))
    assert counts == [1] * 10 + [2] * 4  # 400 ms after the first


def test_a_lost_face_makes_a_search(engine, portrait):
    first = engine.analyze_frame(portrait, None, 0)
    _, state = first.follow(None, 0)
    elsewhere = engine.analyze_frame(placed(portrait, 1, 500, 300), state, EVERY_MS)
    assert not elsewhere.followed
    assert len(elsewhere.faces) == 1
    gone = engine.analyze_frame(np.full_like(portrait, 90), state, EVERY_MS)
    assert not gone.followed
    assert gone.faces == []
    _, state = gone.follow(state, EVERY_MS)
    assert not engine.analyze_frame(portrait, state, 2 * EVERY_MS).followed


@pytest.mark.parametrize("now_ms", [-50, 0, 400, 1e9])
def test_a_clock_that_stands_still_or_jumps_makes_a_search(engine, portrait, now_ms):
    _, state = engine.analyze_frame(portrait, None, 0).follow(None, 0)
    assert engine.analyze_frame(portrait, state, EVERY_MS).followed
    assert not engine.analyze_frame(portrait, state, now_ms).followed


def test_nothing_is_followed_unless_asked(portrait):
    searching = Engine(engine="torch-float32")
    _, state = searching.analyze_frame(portrait, None, 0).follow(None, 0)
    assert not searching.analyze_frame(portrait, state, EVERY_MS).followed
    without = Engine(engine="torch-float32", detector_name="haar", full_detection_ms=400)
    assert not without.analyze_frame(portrait, state, EVERY_MS).followed


def test_faces_that_are_followed_are_counted(portrait):
    """One of the two pictures has a face."""
    face = cv2.cvtColor(portrait[50:170, 230:350], cv2.COLOR_BGR2GRAY)
    pictures = np.stack([cv2.resize(face, (48, 48)), np.full((48, 48), 90, np.uint8)])
    assert count_followed(Mtcnn(), pictures) == (1, 1)
