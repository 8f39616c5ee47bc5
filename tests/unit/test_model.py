"""Labels, network, preprocessing, weights."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from model import card, checkpoint, labels, preprocess
from model.crop import CropRule, crop_face, roll
from model.resnet9 import ResNet9, count_macs
from train.augment import augment
from train.recipe import Recipe

STILL = Recipe(rotation_rad=0, scale=0, shift=0)


def test_label_order():
    assert labels.LABELS == ("Anger", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise")


@pytest.mark.parametrize(
    ("name", "label"), [("angry", "Anger"), ("HAPPINESS", "Happy"), (" sad ", "Sad")]
)
def test_names_of_data_sets(name, label):
    assert labels.LABELS[labels.label_index(name)] == label


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="unknown class 'contempt'"):
        labels.label_index("contempt")


@pytest.mark.parametrize("size_px", [24, 40, 48, 64])
def test_the_network_takes_any_size(size_px):
    net = ResNet9((4, 4, 8, 8), ("a", "b")).eval()
    assert net(torch.zeros(3, 1, size_px, size_px)).shape == (3, 2, 7)


def test_multiply_accumulates_of_the_wide_network():
    """0.85 GMAC at 48x48 for 64/128/256/512, counted by hand."""
    assert count_macs(ResNet9((64, 128, 256, 512), ("a",)), 48) == pytest.approx(0.851e9, rel=0.002)


def test_standardise_is_the_same_in_numpy_and_torch():
    grey = np.random.default_rng(0).uniform(0, 255, (2, 48, 48)).astype(np.float32)
    ours = preprocess.standardise(grey)
    assert np.abs(ours.mean((1, 2))).max() < 1e-5
    assert np.abs(ours.std((1, 2)) - 1).max() < 1e-4
    theirs = preprocess.standardise(torch.from_numpy(grey)).numpy()
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_standardise_ignores_exposure_and_survives_black():
    grey = np.random.default_rng(0).uniform(50, 150, (48, 48)).astype(np.float32)
    a, b = preprocess.standardise(grey), preprocess.standardise(grey * 0.6 + 10)
    np.testing.assert_allclose(a, b, atol=1e-3)
    assert np.isfinite(preprocess.standardise(np.zeros((48, 48), np.float32))).all()


def test_training_and_serving_see_the_same_tensor():
    """One 48x48 picture through the training path, and as a face in a frame through serving's."""
    picture = cv2.GaussianBlur(
        np.random.default_rng(2).integers(0, 255, (48, 48), np.uint8), (5, 5), 2
    )
    # Half of all pictures are mirrored in training; this seed's is not.
    generator = torch.Generator().manual_seed(2)
    trained = preprocess.standardise(
        augment(torch.from_numpy(picture)[None], 48, STILL, generator)
    ).numpy()
    frame = np.zeros((200, 200, 3), np.uint8)
    frame[60:108, 90:138] = picture[:, :, None]
    crop = crop_face(frame, np.array([90, 60, 138, 108], np.float32), CropRule(1.0, 0.0))
    served = preprocess.standardise(crop[None, None].astype(np.float32))
    np.testing.assert_allclose(trained, served, atol=0.02)


def test_crop_repeats_the_edge_outside_the_frame():
    frame = np.full((100, 100, 3), 77, np.uint8)
    crop = crop_face(frame, np.array([-30, -30, 20, 20], np.float32), CropRule(1.2, 0.0))
    assert (crop == 77).all()


def test_crop_is_level_with_the_eyes():
    """A face turned by 30 degrees gives nearly the crop of the upright one."""
    rng = np.random.default_rng(3)
    frame = cv2.GaussianBlur(rng.integers(0, 255, (200, 200, 3), np.uint8), (0, 0), 6)
    eyes = np.array([[85, 90], [115, 90], [100, 100], [90, 115], [110, 115]], np.float32)
    box = np.array([70, 70, 130, 130], np.float32)
    turn = cv2.getRotationMatrix2D((100, 100), -30, 1)
    turned = cv2.warpAffine(frame, turn, (200, 200), flags=cv2.INTER_CUBIC)
    turned_eyes = eyes @ turn[:, :2].T + turn[:, 2]
    assert roll(turned_eyes) == pytest.approx(np.radians(30), abs=0.01)
    rule = CropRule(1.0, 0.0)
    upright = crop_face(frame, box, rule, eyes).astype(int)
    again = crop_face(turned, box, rule, turned_eyes).astype(int)
    assert np.abs(upright - again).mean() < 3


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    net = ResNet9((4, 4, 8, 8), ("fer2013",)).eval()
    path = tmp_path / "net.safetensors"
    about = {
        **dict.fromkeys(("name", "version", "serving", "accuracy")),
        "labels": list(labels.LABELS),
        "architecture": {"widths": [4, 4, 8, 8], "heads": ["fer2013"]},
        "preprocessing": {"input_size_px": 48},
    }
    checkpoint.save(net, path, about)
    return path


def test_weights_survive_the_disk(weights):
    torch.manual_seed(0)
    net = ResNet9((4, 4, 8, 8), ("fer2013",)).eval()
    loaded, _ = checkpoint.load(weights)
    x = torch.randn(2, 1, 48, 48)
    torch.testing.assert_close(net(x), loaded(x), atol=5e-3, rtol=0)  # float16 on disk


def test_missing_weights_say_what_to_do(tmp_path):
    with pytest.raises(card.WeightsError, match="git checkout -- weights"):
        card.load_card(tmp_path / "none.safetensors")


def test_corrupt_weights_are_refused(weights):
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(card.WeightsError, match="SHA-256 differs"):
        card.load_card(weights)


def test_weights_for_other_labels_are_refused(weights):
    path = card.card_path(weights)
    about = json.loads(path.read_text())
    path.write_text(json.dumps(about | {"labels": about["labels"][::-1]}))
    with pytest.raises(card.WeightsError, match="is for labels"):
        card.load_card(weights)


def test_a_card_that_lacks_something_is_refused(weights):
    path = card.card_path(weights)
    about = json.loads(path.read_text())
    del about["serving"]
    path.write_text(json.dumps(about))
    with pytest.raises(card.WeightsError, match="lacks serving"):
        card.load_card(weights)


def test_weights_of_another_shape_are_refused(weights):
    path = card.card_path(weights)
    about = json.loads(path.read_text())
    about["architecture"]["widths"] = [4, 4, 8, 16]
    path.write_text(json.dumps(about))
    with pytest.raises(card.WeightsError, match="does not fit its card"):
        checkpoint.load(weights)


@pytest.mark.parametrize("change", [{"degrade": 1.0}, {"erase": 1.0}])
def test_what_the_camera_spoils_stays_a_picture(change):
    grey = torch.randint(0, 256, (16, 48, 48), generator=torch.Generator().manual_seed(1)).byte()
    recipe = Recipe(rotation_rad=0, scale=0, shift=0, **change)
    still = augment(grey, 48, STILL, torch.Generator().manual_seed(2))
    spoilt = augment(grey, 48, recipe, torch.Generator().manual_seed(2))
    again = augment(grey, 48, recipe, torch.Generator().manual_seed(2))
    assert spoilt.shape == still.shape
    assert spoilt.min() >= 0
    assert spoilt.max() <= 255
    torch.testing.assert_close(spoilt, again)
    assert ((spoilt - still).flatten(1).abs().max(1).values > 5).all()
