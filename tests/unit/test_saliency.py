"""The heat map points at what the network looks at."""

import dataclasses

import numpy as np
import pytest

from model.card import DEFAULT_WEIGHTS
from model.engine import Engine
from model.explainer import Explainer
from model.labels import LABELS
from model.resnet9 import ResNet9
from model.saliency import layer_cam
from tests.conftest import wait_until


@pytest.fixture(scope="module")
def engine():
    return Engine()


def test_covering_the_hottest_place_costs_more_than_covering_the_coldest(engine, portrait):
    (face,) = engine.infer(portrait)
    heat = engine.explain(face)
    assert heat.shape == (12, 12)
    assert heat.max() == pytest.approx(1)
    assert heat.min() >= 0

    def confidence_without(place: int) -> float:
        row, column = divmod(int(place), 12)
        covered = face.crop.copy()
        covered[max(0, 4 * row - 4) : 4 * row + 8, max(0, 4 * column - 4) : 4 * column + 8] = (
            face.crop.mean()
        )
        return engine.probabilities(covered[None])[0].max()

    order = heat.ravel().argsort()
    hot, cold = ([confidence_without(p) for p in places] for places in (order[-6:], order[:6]))
    assert np.mean(hot) < np.mean(cold)


def test_the_corners_are_where_the_crop_was_cut(engine, portrait):
    (face,) = engine.infer(portrait)
    left, top = face.corners.min(0)
    right, bottom = face.corners.max(0)
    assert left < 290 < right
    assert top < 115 < bottom
    moved = dataclasses.replace(face, corners=face.corners + 5)
    np.testing.assert_array_equal(engine.explain(moved), engine.explain(face))


def test_explaining_leaves_no_gradients_behind():
    net = ResNet9((4, 4, 8, 8), ("a", "b")).eval()
    x = np.random.default_rng(0).normal(0, 1, (1, 1, 48, 48)).astype(np.float32)
    a, b = layer_cam(net, x, 0, 1), layer_cam(net, x, 1, 1)
    assert all(p.grad is None for p in net.parameters())
    assert not np.array_equal(a, b)


def explained(explainer: Explainer, *question: object) -> np.ndarray:
    heats = []
    wait_until(lambda: heats.append(explainer.heat(*question)) or heats[-1] is not None, 60)
    assert heats[0] is None
    return heats[-1]


def test_another_process_says_the_same_and_is_missed_by_nobody(engine, portrait):
    (face,) = engine.infer(portrait)
    question = (face.crop, engine.card["architecture"]["heads"].index("ferplus"), 3)
    explainer = Explainer(DEFAULT_WEIGHTS)
    heat = explained(explainer, *question)
    assert face.label == LABELS[3]
    np.testing.assert_allclose(heat, engine.explain(face), atol=1e-5)
    explainer._process.kill()
    assert [explainer.heat(*question) for _ in range(2)] == [None, None]


def test_the_process_that_explains_ends_with_the_one_that_asks(engine, portrait):
    (face,) = engine.infer(portrait)
    explainer = Explainer(DEFAULT_WEIGHTS)
    explained(explainer, face.crop, 0, 3)
    with explainer._process as process:
        process.stdin.close()
        assert process.wait(10) == 0


def test_a_process_that_cannot_start_is_started_once(tmp_path, caplog):
    explainer = Explainer(tmp_path / "none.safetensors")
    assert explainer.heat(np.zeros((48, 48), np.uint8), 0, 0) is None
    wait_until(lambda: "cannot start" in caplog.text, 60)
    assert explainer.heat(np.zeros((48, 48), np.uint8), 0, 0) is None
    assert caplog.text.count("cannot start") == 1
