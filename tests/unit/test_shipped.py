"""The shipped weights are those that the card and the record describe, and are not made worse."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from scipy.special import softmax

from model import card as cards
from model import checkpoint
from model.card import DEFAULT_WEIGHTS
from model.labels import LABELS
from model.resnet9 import ResNet9
from train import calibration, install, record
from train.data import Split

# Rounding logits to float16 may turn a tie: two of 2,856 rows.
ROUNDED = 2 / 2856


@pytest.fixture(scope="module")
def shipped() -> record.Record:
    return record.load(DEFAULT_WEIGHTS)


def test_the_cards_figures_follow_from_the_shipped_logits(shipped):
    card = cards.load_card(DEFAULT_WEIGHTS)
    heads, serving = card["architecture"]["heads"], card["serving"]
    logits = {head: shipped.logits[:, i].astype(float) for i, head in enumerate(heads)}
    right = logits["fer2013"].argmax(1) == shipped.labels
    assert right.mean() == pytest.approx(card["accuracy"]["PublicTest"], abs=ROUNDED)
    counted = shipped.majority != record.NOT_COUNTED
    crowd = shipped.majority[counted].astype(int)
    scores = logits["ferplus"][counted]
    accuracy = (scores.argmax(1) == crowd).mean()
    assert accuracy == pytest.approx(card["accuracy"]["PublicTest_ferplus"], abs=ROUNDED)
    assert serving["head"] == card["calibration"]["ece_head"] == "ferplus"
    probabilities = softmax(scores / serving["temperature"]["ferplus"], axis=1)
    ece = calibration.ece(probabilities, crowd)
    assert ece == pytest.approx(card["calibration"]["ece"], abs=2 * ROUNDED)


def test_the_shipped_network_answers_as_it_did(shipped):
    """Fails if the weights, the preprocessing or the network's code have changed."""
    net, _ = checkpoint.load(DEFAULT_WEIGHTS)
    np.testing.assert_allclose(record.noise(net), shipped.noise_logits, atol=1e-3)


def test_the_record_is_small():
    assert record.path(DEFAULT_WEIGHTS).stat().st_size < 300_000


def finished_run(folder: Path, seed: int, ferplus: float | None, flip: float) -> Path:
    """A run's folder with made-up figures."""
    folder.mkdir()
    torch.manual_seed(seed)
    net = ResNet9((4, 4, 8, 8), ("fer2013",)).eval()
    weights = folder / "moodlight.safetensors"
    card = {
        **dict.fromkeys(("name", "version", "serving")),
        "labels": list(LABELS),
        "architecture": {"widths": [4, 4, 8, 8], "heads": ["fer2013"]},
        "preprocessing": {"input_size_px": 48},
        "accuracy": {"PublicTest_ferplus": ferplus, "PublicTest_flip": flip},
    }
    checkpoint.save(net, weights, card)
    split = Split(np.zeros((3, 48, 48), np.uint8), np.arange(3, dtype=np.uint8))
    record.write(weights, net, {"fer2013": np.zeros((3, 7))}, split)
    return folder


def install_with(*options: object) -> Result:
    return CliRunner().invoke(install.main, [str(o) for o in options], catch_exceptions=False)


def test_a_better_run_is_installed(tmp_path):
    old = finished_run(tmp_path / "old", 0, 0.88, 0.66)
    new = finished_run(tmp_path / "new", 1, 0.89, 0.66)
    assert install_with(new, "--weights", old).exit_code == 0
    assert {p.name: p.read_bytes() for p in old.iterdir()} == {
        p.name: p.read_bytes() for p in new.iterdir()
    }
    record.load(old / "moodlight.safetensors")


@pytest.mark.parametrize(
    ("ferplus", "flip", "words"),
    [
        (0.87, 0.67, "FER+ accuracy 0.8800 against 0.8700, FER2013 with flips 0.6600 against 0.67"),
        (0.89, 0.65, "FER+ accuracy 0.8800 against 0.8900, FER2013 with flips 0.6600 against 0.65"),
        (None, 0.67, "FER+ accuracy 0.8800 against none"),
    ],
)
def test_a_worse_run_is_installed_by_force_only(tmp_path, ferplus, flip, words):
    old = finished_run(tmp_path / "old", 0, 0.88, 0.66)
    new = finished_run(tmp_path / "new", 1, ferplus, flip)
    before = (old / "moodlight.safetensors").read_bytes()
    refused = install_with(new, "--weights", old)
    assert refused.exit_code != 0
    assert words in refused.output
    assert "--force" in refused.output
    assert (old / "moodlight.safetensors").read_bytes() == before
    assert install_with(new, "--weights", old, "--force").exit_code == 0
    assert (old / "moodlight.safetensors").read_bytes() != before


def test_the_first_weights_are_installed(tmp_path):
    new = finished_run(tmp_path / "new", 0, 0.5, 0.5)
    assert install_with(new, "--weights", tmp_path / "weights").exit_code == 0
    assert cards.load_card(tmp_path / "weights" / "moodlight.safetensors")


def test_an_unfinished_run_is_refused(tmp_path):
    assert "no finished run" in install_with(tmp_path, "--weights", tmp_path / "w").output
    new = finished_run(tmp_path / "new", 0, 0.5, 0.5)
    record.path(new / "moodlight.safetensors").unlink()
    assert "PublicTest rows" in install_with(new, "--weights", tmp_path / "w").output


def test_a_record_of_other_weights_is_refused(tmp_path):
    one = finished_run(tmp_path / "one", 0, 0.5, 0.5) / "moodlight.safetensors"
    two = finished_run(tmp_path / "two", 1, 0.5, 0.5) / "moodlight.safetensors"
    record.path(one).write_bytes(record.path(two).read_bytes())
    with pytest.raises(cards.WeightsError, match="of other weights"):
        record.load(one)


def test_record_card_and_weights_belong_together(shipped):
    card = json.loads(cards.card_path(DEFAULT_WEIGHTS).read_text())
    assert str(shipped.sha256) == card["sha256"]
    assert len(shipped.logits) == len(shipped.labels) == len(shipped.majority) == 3589
