"""A snapshot is the picture as it is shown, with box, label and bars over it."""

import re

import cv2
import numpy as np
import pytest

from tests.browser.faces import FACE, write_webm
from tests.browser.test_live import start, wait_for
from tests.conftest import ROOT, to_jpeg

pytestmark = pytest.mark.browser

HAPPY = re.search(r'Happy: "#(\w{6})"', (ROOT / "static" / "js" / "expressions.js").read_text())[1]
# The box is the detector's, which need not agree to the pixel with where the face is.
NEAR_PX = 14


def snapshot(page) -> np.ndarray:
    with page.expect_download() as download:
        page.click("#snapshot")
    assert download.value.suggested_filename.endswith(".png")
    return cv2.imread(str(download.value.path()))


def check(taken: np.ndarray, plain: np.ndarray, left: int) -> None:
    """The plain picture, and over it a happy face's box with its label and bars."""
    assert taken.shape == plain.shape
    change = np.abs(taken.astype(int) - plain).max(2)
    assert np.median(change[240:]) < 15  # below the face: as it was, but for its compression
    colour = list(bytes.fromhex(HAPPY))[::-1]
    boxed = (np.abs(taken.astype(int) - colour).max(2) < 40) & (change > 40)
    _, top, width, height = FACE
    right, bottom = left + width, top + height
    for line in (
        boxed[top + NEAR_PX : bottom - NEAR_PX, left - NEAR_PX : left + NEAR_PX].any(1),
        boxed[top + NEAR_PX : bottom - NEAR_PX, right - NEAR_PX : right + NEAR_PX].any(1),
        boxed[top - NEAR_PX : top + NEAR_PX, left + NEAR_PX : right - NEAR_PX].any(0),
        boxed[bottom - NEAR_PX : bottom + NEAR_PX, left + NEAR_PX : right - NEAR_PX].any(0),
    ):
        assert line.mean() > 0.95
    label = taken[top - 30 : top - 8, left + 8 : left + 80]
    assert (label.max(2) < 90).mean() > 0.4  # its plate
    assert (label.min(2) > 200).sum() > 50  # its letters
    bars = boxed[top - NEAR_PX : bottom, right + NEAR_PX : right + 150]
    assert bars.sum() > 62 * 8 * 0.8  # the happy one's, nearly full


def test_of_the_camera_as_in_a_mirror(server, open_page, portrait):
    page = open_page(server)
    start(page)
    page.wait_for_selector("#headline:has-text('Happy')")
    check(snapshot(page), portrait[:, ::-1], 640 - FACE[0] - FACE[2])
    assert page.errors == []


def test_of_a_picture(server, open_page, portrait):
    page = open_page(server)
    page.check("#consent")
    page.set_input_files(
        "#file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": to_jpeg(portrait)}
    )
    page.wait_for_selector("#status[data-state=picture]")
    check(snapshot(page), portrait, FACE[0])
    assert page.errors == []


def test_of_a_video(server, open_page, portrait, tmp_path):
    page = open_page(server)
    page.check("#consent")
    later = np.roll(portrait, 90, axis=1)
    clip = write_webm(tmp_path / "jump.webm", [portrait] * 10 + [later] * 10)
    page.set_input_files("#file", str(clip))
    page.wait_for_selector("#status[data-state=video]", timeout=60_000)
    page.locator("#seek").fill("1.8")
    wait_for(page, "!document.querySelector('#video').seeking")
    wait_for(page, "+document.querySelector('#seek').value === 1.8")
    check(snapshot(page), later, FACE[0] + 90)
    assert page.errors == []
