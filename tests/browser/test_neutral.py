"""A face's resting expression, measured and taken off."""

import csv
import json

import cv2
import numpy as np
import pytest

from tests.browser.conftest import fake_camera
from tests.browser.test_live import film, start, wait_for
from tests.conftest import to_jpeg

pytestmark = pytest.mark.browser


KEPT = "localStorage.getItem('moodlight.neutral')"


HAPPY = "+document.querySelector('[data-expression=Happy]').ariaValueNow"


def test_the_neutral_face_is_measured_kept_switched_and_forgotten(live):
    live.click("#neutral")
    live.wait_for_selector("#neutral-switch:has-text('Neutral face: on, Face 1')")
    # The portrait smiles broadly: that is what is taken off, up to the bound.
    offsets = json.loads(live.evaluate(KEPT))
    assert offsets["Happy"] > 0 > offsets["Neutral"]
    live.click("#neutral-switch")
    live.wait_for_selector("#neutral-switch:has-text('Neutral face: off. Use for Face 1')")
    live.click("#neutral-switch")
    live.wait_for_selector("#neutral-switch:has-text('Neutral face: on, Face 1')")
    # Who sits there after a reload is not known: it is off, and one click away.
    live.reload()
    start(live)
    live.wait_for_selector("#neutral-switch:has-text('Neutral face: off. Use for Face 1')")
    assert json.loads(live.evaluate(KEPT)) == offsets
    live.click("#neutral-forget")
    assert live.evaluate(KEPT) is None
    assert live.is_visible("#neutral")
    assert live.errors == []


FOCUSED = "document.activeElement.id"


def test_the_keyboard_measures_switches_and_forgets_the_neutral_face(live):
    wait_for(live, "document.querySelectorAll('#others .chip').length === 1")
    live.focus("#neutral")
    live.keyboard.press("Space")
    live.wait_for_selector("#neutral-said:has-text('Look neutral for two seconds')")
    live.keyboard.press("Space")  # too early: nothing begins anew
    assert live.evaluate(FOCUSED) == "neutral"
    live.wait_for_selector("#neutral-switch:has-text('Neutral face: on, Face 1')")
    assert live.evaluate(FOCUSED) == "neutral-switch"
    assert live.inner_text("#neutral-said") == ""
    live.keyboard.press("Space")
    live.wait_for_selector("#neutral-switch:has-text('Neutral face: off')")
    live.keyboard.press("Tab")
    live.keyboard.press("Space")
    live.wait_for_selector("#neutral:visible")
    assert live.evaluate(FOCUSED) == "neutral"
    assert live.errors == []


def unfocused(frame: np.ndarray, sigma: float) -> np.ndarray:
    """The smile is not all that is seen, so that taking it off changes something."""
    return cv2.GaussianBlur(frame, (0, 0), sigma)


def test_exports_carry_raw_values_while_the_neutral_face_is_on(
    server, open_page, portrait, tmp_path
):
    clip = tmp_path / "unfocused.mjpeg"
    clip.write_bytes(to_jpeg(unfocused(portrait, 5.5), 90) * 30)
    page = open_page(server, fake_camera(clip))
    start(page)
    wait_for(page, "document.querySelectorAll('#others .chip').length === 1")
    page.click("#neutral")
    page.wait_for_selector("#neutral-switch:has-text('on, Face 1')")
    wait_for(page, f"{HAPPY} < 0.5")
    page.click("#record")
    film(page, 1)
    page.click("#record")
    with page.expect_download() as download:
        page.click("#export-csv")
    with open(download.value.path(), newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert rows
    for row in rows:
        assert row["label"] == "Happy"
        assert float(row["steady_p_Happy"]) < 0.5 < float(row["p_Happy"])


def test_the_neutral_face_is_its_own_face_s_and_goes_with_it(server, open_page, portrait, tmp_path):
    """Two faces; after eight seconds the first leaves for five, over and over."""
    face = portrait[15:225, 200:380]
    large, small = np.full((2, 480, 640, 3), 90, np.uint8)
    large[20:440, 10:370] = cv2.resize(face, (360, 420))
    small[200:410, 440:620] = face
    both = np.hstack([unfocused(large, 11)[:, :400], unfocused(small, 5.5)[:, 400:]])
    alone = both.copy()
    alone[:, :400] = 90
    clip = tmp_path / "leaving.mjpeg"
    clip.write_bytes(to_jpeg(both, 90) * 240 + to_jpeg(alone, 90) * 150)
    page = open_page(server, fake_camera(clip))
    start(page)
    wait_for(page, "document.querySelectorAll('#others .chip').length === 2")
    assert page.get_attribute("#others .chip[aria-pressed=true]", "data-track") == "0"
    page.click("#neutral")
    page.wait_for_selector("#neutral-switch:has-text('Neutral face: on, Face 1')")
    wait_for(page, f"{HAPPY} < 0.5")
    page.click("#others .chip[data-track='1']")
    wait_for(page, f"{HAPPY} > 0.6")  # the other's is as it came
    assert page.inner_text("#neutral-switch") == "Neutral face: on, Face 1"

    page.wait_for_selector("#neutral-said:has-text('Face 1 is gone')")
    assert page.inner_text("#neutral-switch") == "Neutral face: off. Use for Face 2"
    assert page.evaluate(HAPPY) > 0.6
    page.click("#neutral-switch")
    page.wait_for_selector("#neutral-switch:has-text('Neutral face: on, Face 2')")
    assert page.inner_text("#neutral-said") == ""
    wait_for(page, f"{HAPPY} < 0.5")
    # Who comes back has a new number, and the correction stays where it is.
    page.wait_for_selector("#others .chip[data-track='2']")
    page.click("#others .chip[data-track='2']")
    wait_for(page, f"{HAPPY} > 0.6")
    assert page.inner_text("#neutral-switch") == "Neutral face: on, Face 2"
    assert page.errors == []
