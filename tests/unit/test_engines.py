"""Every engine answers alike; the int8 file belongs to its weights; the fastest is remembered."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from platformdirs import user_cache_path

from model import card as cards
from model import checkpoint, choice, classifiers, engines
from model.card import DEFAULT_WEIGHTS, WeightsError
from model.engine import Engine
from model.names import ENGINES, ONNX_INT8, TORCH_BFLOAT16, TORCH_FLOAT32
from tests.unit.test_shipped import finished_run, install_with
from train import data, quantise


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A small network with random weights and a card that serves."""
    weights = finished_run(tmp_path / "run", 0, 0.5, 0.5) / "moodlight.safetensors"
    serving = {"head": "fer2013", "temperature": {"fer2013": 1.0}, "unsure_below": 0.5}
    cards.write_card(weights, {**cards.load_card(weights), "serving": serving})
    return weights


@pytest.fixture
def quantised(trained, fer2013_csv, monkeypatch) -> Path:
    monkeypatch.setattr(quantise, "MAX_ECE", 1.0)  # random weights are not calibrated
    monkeypatch.setattr(quantise, "MAX_DROP", 1.0)
    quantise.quantise(trained, data.load(fer2013_csv))
    return trained


def pictures(count: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, 48, 48), np.uint8)


def test_folding_the_batch_norm_changes_nothing():
    import torch

    net, card = checkpoint.load(DEFAULT_WEIGHTS)
    with torch.inference_mode():
        expected = net(torch.from_numpy(classifiers.to_faces(pictures(3)))).numpy()
    folded = classifiers.create(TORCH_FLOAT32, DEFAULT_WEIGHTS, card)
    np.testing.assert_allclose(folded.logits(pictures(3)), expected, atol=1e-4)


def test_bfloat16_is_close_to_float32():
    card = cards.load_card(DEFAULT_WEIGHTS)
    exact, rounded = (
        classifiers.create(name, DEFAULT_WEIGHTS, card).logits(pictures(2))
        for name in (TORCH_FLOAT32, TORCH_BFLOAT16)
    )
    assert rounded.dtype == np.float32
    np.testing.assert_allclose(rounded, exact, atol=0.03 * np.abs(exact).max())


def test_the_shipped_int8_file_is_admitted():
    card = cards.load_card(DEFAULT_WEIGHTS)
    assert engines.offered(DEFAULT_WEIGHTS, card) == ENGINES
    measured = card["engines"]
    quantise.check(measured[ONNX_INT8], measured[TORCH_FLOAT32])
    assert measured[TORCH_FLOAT32]["PublicTest"] == pytest.approx(
        card["accuracy"]["PublicTest"], abs=0.001
    )
    assert engines.int8_path(DEFAULT_WEIGHTS).stat().st_size < DEFAULT_WEIGHTS.stat().st_size


def test_the_shipped_int8_file_sees_a_face_as_float32_does(portrait):
    exact, rounded = (Engine(engine=name) for name in (TORCH_FLOAT32, ONNX_INT8))
    (face,) = exact.infer(portrait)
    crops = np.stack([face.crop, face.crop[:, ::-1], np.roll(face.crop, 2, 0)])
    np.testing.assert_allclose(rounded.probabilities(crops), exact.probabilities(crops), atol=0.15)


def test_int8_is_made_measured_and_the_same_again(quantised, fer2013_csv, tmp_path):
    card = cards.load_card(quantised)
    assert engines.offered(quantised, card) == ENGINES
    assert set(card["engines"][ONNX_INT8]) == {
        *("PublicTest", "PublicTest_flip", "PublicTest_ferplus", "ece", "sha256")
    }
    assert card["engines"][ONNX_INT8]["PublicTest_ferplus"] is None  # not measured
    exact, rounded = (
        classifiers.create(name, quantised, card).logits(pictures(5))
        for name in (TORCH_FLOAT32, ONNX_INT8)
    )
    assert rounded.shape == (5, 1, 7)
    assert np.abs(rounded - exact).mean() < 0.1 * np.abs(exact).mean()
    training = data.load(fer2013_csv).split("Training").grey
    quantise.write_int8(quantised, training, tmp_path / "again.onnx")
    content = engines.int8_path(quantised).read_bytes()
    assert (tmp_path / "again.onnx").read_bytes() == content
    assert str(Path(__file__).parents[2]).encode() not in content


def test_an_int8_version_that_loses_too_much_is_refused(trained, fer2013_csv, monkeypatch):
    monkeypatch.setattr(quantise, "MAX_ECE", 0.0)
    done = CliRunner().invoke(
        quantise.main, ["--data", str(fer2013_csv), "--weights", str(trained)]
    )
    assert done.exit_code != 0
    assert "calibration error" in done.output
    assert {path.suffix for path in trained.parent.iterdir()} == {".safetensors", ".json", ".npz"}
    card = cards.load_card(trained)
    assert ONNX_INT8 not in card["engines"]
    assert engines.offered(trained, card) == (TORCH_FLOAT32, TORCH_BFLOAT16)


def test_a_loss_of_accuracy_is_said():
    with pytest.raises(quantise.AccuracyError, match=r"loses 0\.50 points of top-1"):
        quantise.check({"PublicTest": 0.665, "ece": 0.01}, {"PublicTest": 0.67, "ece": 0.01})
    quantise.check({"PublicTest": 0.668, "ece": 0.02}, {"PublicTest": 0.67, "ece": 0.01})


def test_int8_files_of_others_are_refused(quantised):
    card = cards.load_card(quantised)
    file = engines.int8_path(quantised)
    content = file.read_bytes()
    file.write_bytes(content + b"\0")
    with pytest.raises(WeightsError, match=r"train\.quantise"):
        classifiers.create(ONNX_INT8, quantised, card)
    file.write_bytes(content)
    with pytest.raises(WeightsError, match="made of other weights"):
        classifiers.create(ONNX_INT8, quantised, card | {"sha256": "0" * 64})
    file.unlink()
    with pytest.raises(WeightsError, match="choose another --engine"):
        classifiers.create(ONNX_INT8, quantised, card)


def test_installing_takes_the_int8_file_along(quantised, tmp_path):
    target = tmp_path / "weights"
    assert install_with(quantised.parent, "--weights", target).exit_code == 0
    installed = target / "moodlight.safetensors"
    engines.check(ONNX_INT8, installed, cards.load_card(installed))
    without = finished_run(tmp_path / "without", 1, 0.6, 0.6)
    assert install_with(without, "--weights", target).exit_code == 0
    assert not engines.int8_path(installed).exists()


class Timed:
    """Stands in for an engine."""

    def __init__(self) -> None:
        self.calls = 0

    def logits(self, crops: np.ndarray) -> np.ndarray:
        self.calls += 1
        return np.zeros((len(crops), 1, 7), np.float32)


@pytest.fixture
def raced(monkeypatch) -> list:
    """Races that were run; bfloat16 wins them."""
    races = []

    def race(racing: dict) -> dict:
        races.append(list(racing))
        return {name: 0.1 if name == TORCH_BFLOAT16 else 1.0 for name in racing}

    monkeypatch.setattr(choice, "race", race)
    return races


def test_the_fastest_is_measured_once(trained, raced):
    card = cards.load_card(trained)
    assert choice.fastest(trained, card) == choice.fastest(trained, card) == TORCH_BFLOAT16
    assert raced == [[TORCH_FLOAT32, TORCH_BFLOAT16]]
    choice.fastest(trained, card | {"sha256": "other weights"})
    assert len(raced) == 2


@pytest.mark.parametrize("content", ["", "no json", "[1]", '{"%s": "gone"}'])
def test_a_spoilt_memory_is_measured_again(trained, raced, content):
    card = cards.load_card(trained)
    choice.fastest(trained, card)
    file = user_cache_path("moodlight") / "engines.json"
    (key,) = json.loads(file.read_text())
    file.write_text(content.replace("%s", key))
    assert choice.fastest(trained, card) == choice.fastest(trained, card) == TORCH_BFLOAT16
    assert len(raced) == 2


def test_a_cache_that_cannot_be_written_does_no_harm(trained, raced, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert choice.fastest(trained, cards.load_card(trained)) == TORCH_BFLOAT16


def test_a_hopeless_engine_leaves_the_race(monkeypatch):
    fast, slow = Timed(), Timed()
    now = iter(range(10**6))

    def clock() -> float:  # what is read between two readings took a second, or ten
        return next(now) + 10 * slow.calls

    monkeypatch.setattr(choice.time, "perf_counter", clock)
    seconds = choice.race({"fast": fast, "slow": slow})
    assert seconds["fast"] < seconds["slow"]
    assert slow.calls < fast.calls


def test_the_int8_engine_needs_no_torch(quantised):
    script = f"""
import sys, numpy
from pathlib import Path
from model.engine import Engine
engine = Engine(Path({str(quantised)!r}), engine="onnx-int8")
engine.infer(numpy.zeros((120, 160, 3), numpy.uint8))
engine.probabilities(numpy.zeros((1, 48, 48), numpy.uint8))
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
