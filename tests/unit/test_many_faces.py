"""A picture made of hundreds of faces takes neither a worker's time nor its memory."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

import cv2
import numpy as np
import psutil
import pytest

from model.detector import MAX_FACES, Detections
from model.engine import Engine
from tests.conftest import to_jpeg

MAX_GROWTH_MB = 250
# In processor time, beside a frame with one face.
MAX_RATIO = 25


def measured(crowd: bytes, ordinary: bytes) -> tuple[list[float], float, float]:
    """Of a process of its own: scores of the crowd's faces, its time ratio, memory growth in MB."""
    engine, process = Engine(), psutil.Process()

    def seconds(encoded: bytes) -> float:
        started = time.process_time()
        engine.analyze(encoded)
        return time.process_time() - started

    usual_s = min(seconds(ordinary) for _ in range(5))
    before = process.memory_info().rss
    long_s = min(seconds(crowd) for _ in range(3))
    growth_mb = (process.memory_info().rss - before) / 1e6
    return [face.score for face in engine.analyze(crowd).faces], long_s / usual_s, growth_mb


# A PNG that repeats itself is small enough to be taken, if made with care, and is decoded in full.
PNG = [cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_DEFAULT]


@pytest.mark.parametrize(("suffix", "options"), [(".jpg", []), (".png", PNG)])
def test_a_picture_of_hundreds_of_faces_is_answered_like_others(crowd, portrait, suffix, options):
    encoded = cv2.imencode(suffix, crowd, options)[1].tobytes()
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn) as own:
        scores, ratio, growth_mb = own.submit(measured, encoded, to_jpeg(portrait)).result()
    assert len(scores) == MAX_FACES
    assert min(scores) > 0.9
    assert ratio < MAX_RATIO
    assert growth_mb < MAX_GROWTH_MB


def test_the_best_detections_are_kept():
    sides = np.arange(1, 6, dtype=np.float32)
    boxes = np.stack([sides * 0, sides * 0, sides, sides], 1)
    scores = np.array([0.7, 0.9, 0.8, 0.9, 0.6], np.float32)
    landmarks = np.zeros((5, 5, 2), np.float32) + sides[:, None, None]
    best = Detections(boxes, scores, landmarks).best(3)
    assert best.scores.tolist() == scores[[1, 3, 2]].tolist()
    assert best.boxes.tolist() == boxes[[1, 3, 2]].tolist()
    assert best.landmarks.tolist() == landmarks[[1, 3, 2]].tolist()
    assert Detections(boxes).best(2).boxes.tolist() == boxes[[4, 3]].tolist()  # the largest
    assert len(Detections(boxes, scores).best(5)) == 5
