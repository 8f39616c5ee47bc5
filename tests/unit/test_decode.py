"""Large JPEGs are decoded smaller; whatever is said about them is in the whole picture's pixels."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from model.decode import decode, decode_reduced
from model.engine import Engine
from model.geometry import iou
from tests.conftest import to_jpeg

ENOUGH_PX = 640


def turned_jpeg(frame_bgr: np.ndarray, orientation: int) -> bytes:
    """A JPEG whose EXIF says that it has to be turned."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    Image.fromarray(frame_bgr[:, :, ::-1].copy()).save(out, "JPEG", exif=exif, quality=90)
    return out.getvalue()


@pytest.mark.parametrize(
    ("size", "reduced"),
    [
        ((640, 480), (640, 480)),
        ((1279, 720), (1279, 720)),
        ((1280, 720), (640, 360)),
        ((1921, 1080), (961, 540)),
        ((2560, 1440), (640, 360)),
        ((720, 1280), (360, 640)),
        ((1280, 1280), (640, 640)),
        ((1280, 1279), (1280, 1279)),  # halved, its sides do not tell whether it was turned
    ],
)
def test_the_longer_side_stays_long_enough(size, reduced):
    jpeg = to_jpeg(np.zeros((size[1], size[0], 3), np.uint8))
    frame, whole = decode_reduced(jpeg, size, ENOUGH_PX)
    assert (frame.shape[1], frame.shape[0]) == reduced
    assert whole == size


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientation_is_kept(portrait, orientation):
    jpeg = turned_jpeg(cv2.resize(portrait, (1600, 1200)), orientation)
    upright = decode(jpeg)
    frame, whole = decode_reduced(jpeg, (1600, 1200), ENOUGH_PX)
    assert whole == (upright.shape[1], upright.shape[0])
    assert frame.shape[0] * 2 == upright.shape[0]
    small = cv2.resize(upright, frame.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(frame.astype(int) - small).mean() < 3


def test_only_jpegs_are_reduced(portrait):
    large = cv2.resize(portrait, (1280, 960))
    for suffix in (".png", ".webp"):
        frame, whole = decode_reduced(
            cv2.imencode(suffix, large)[1].tobytes(), (1280, 960), ENOUGH_PX
        )
        assert frame.shape == (960, 1280, 3)
        assert whole == (1280, 960)


def test_faces_are_told_in_the_whole_pictures_pixels(portrait):
    engine = Engine(engine="torch-float32")
    small, large = (
        engine.analyze(to_jpeg(cv2.resize(portrait, None, fx=factor, fy=factor)))
        for factor in (1, 3)
    )
    assert (large.width, large.height) == (1920, 1440)
    assert iou(large.boxes / 3, small.boxes) > 0.9
    np.testing.assert_allclose(large.faces[0].corners / 3, small.faces[0].corners, atol=6)
    assert large.faces[0].label == small.faces[0].label
