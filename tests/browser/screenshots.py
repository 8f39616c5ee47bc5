"""Take the pictures of docs/images anew: `python -m tests.browser.screenshots`, some minutes.

Pytest runs it because the tests' server, camera and browser are its fixtures; the file's name keeps
it out of their own runs.
"""

import io
import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.browser.conftest import fake_camera
from tests.browser.faces import two_faces, write_webm
from tests.browser.test_live import film as watch
from tests.browser.test_live import start, wait_for
from tests.conftest import ROOT, to_jpeg

OUT = ROOT / "docs" / "images"
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
# The fake camera is called by its file's path.
CAMERA_NAME = (
    'Object.defineProperty(MediaDeviceInfo.prototype, "label", {get: () => "Built-in camera"});'
)
# The tests' port is chance; the pictures say the usual one.
USUAL_PORT = """() => {
    const host = document.querySelector("#host");
    host.textContent = host.textContent.replace(location.host, "localhost:5000");
}"""
# A photograph as PNG is large: it gets what the page's own colours leave of a palette.
PAGE_COLOURS = sorted(
    {
        bytes.fromhex(colour)
        for source in ("css/moodlight.css", "js/expressions.js")
        for colour in re.findall(r"#([0-9a-f]{6})", (ROOT / "static" / source).read_text())
    }
)
COLOURS = 200


def save(page, name: str) -> None:
    """What the browser shows, with fewer colours."""
    page.mouse.move(0, 0)  # off the button that it clicked last
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    palette = Image.new("P", (1, 1))
    photo = shot.quantize(COLOURS - len(PAGE_COLOURS)).getpalette("RGB")
    palette.putpalette(list(b"".join(PAGE_COLOURS)) + photo)
    few = shot.quantize(palette=palette, dither=Image.Dither.NONE)
    few.save(OUT / f"{name}.png", optimize=True)


def live(page, seconds: float) -> None:
    """Start the camera, and let the timeline fill."""
    start(page)
    page.wait_for_selector("#others .chip")
    watch(page, seconds)
    wait_for(page, "document.querySelector('#bars:not(.empty)')")
    # A machine too busy for this loses faces, and counts them anew.
    assert page.locator("#others .chip[data-track='0']").count() == 1


def scene(portrait: np.ndarray, sadness: float, anger: float, sway: int = 0) -> np.ndarray:
    """960x540: two faces some 170 px wide, the left one sad and the right one angry to a share."""
    two = two_faces(portrait, sadness, anger)
    halves = [two[10:280, 40 + sway : 280 + sway], two[10:280, 360 - sway : 600 - sway]]
    return cv2.resize(np.hstack(halves), (960, 540), interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def close_up(portrait: np.ndarray) -> np.ndarray:
    """The portrait's upper part, 640x480, its face some 150 px wide."""
    return cv2.resize(portrait[10:280, 110:470], (640, 480), interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def film(portrait: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of WebM in which one face is sad for a while, and one angry a little later."""
    frames = [
        scene(
            portrait,
            np.interp(i, (25, 40, 75, 85), (0, 1, 1, 0)),
            np.interp(i, (60, 70, 105, 115), (0, 0.9, 0.9, 0)),
            sway=int(8 * np.sin(i / 19)),
        )
        for i in range(120)
    ]
    return write_webm(tmp_path_factory.mktemp("film") / "film.webm", frames)


@pytest.fixture(scope="module")
def as_camera(tmp_path_factory: pytest.TempPathFactory):
    """Flags of a camera that shows these frames over and over."""

    def flags(*frames: np.ndarray) -> tuple[str, ...]:
        path = tmp_path_factory.mktemp("camera") / "clip.mjpeg"
        path.write_bytes(b"".join(to_jpeg(frame, 90) for frame in frames * (30 // len(frames))))
        return fake_camera(path)

    return flags


def test_first_screen(server, open_page):
    page = open_page(server, viewport=DESK)
    page.evaluate(USUAL_PORT)
    page.check("#consent")
    save(page, "first-screen")


@pytest.mark.parametrize(
    ("name", "viewport", "scheme"),
    [("live", DESK, "light"), ("dark", DESK, "dark"), ("phone", PHONE, "light")],
)
def test_live(server, open_page, close_up, as_camera, name, viewport, scheme):
    page = open_page(
        server, as_camera(close_up), CAMERA_NAME, viewport=viewport, color_scheme=scheme
    )
    live(page, 15)
    save(page, name)


def test_several(server, open_page, portrait, as_camera):
    frame = scene(portrait, 0.9, 0)
    page = open_page(server, as_camera(frame), CAMERA_NAME, viewport=DESK, color_scheme="dark")
    live(page, 15)
    wait_for(page, "document.querySelectorAll('#others .chip').length === 2")
    save(page, "several")


def test_refused(server, open_page):
    page = open_page(server, flags=("--deny-permission-prompts",), viewport=DESK)
    start(page)
    page.wait_for_selector("#notice:visible")
    page.evaluate(USUAL_PORT)
    save(page, "refused")


def test_video_and_its_summary(server, open_page, film):
    page = open_page(server, viewport=DESK)
    page.check("#consent")
    page.set_input_files("#file", str(film))
    page.wait_for_selector("#status[data-state=video]", timeout=120_000)
    page.locator("#seek").fill("4.6")
    page.wait_for_selector("#player-time:has-text('0:05')")
    # The timeline follows twice a second.
    wait_for(page, f"performance.now() > {page.evaluate('performance.now()') + 1000}")
    assert page.locator("#strips .strip").count() == 2
    save(page, "video")
    page.click("#record")
    facts = page.locator("#summary-tracks p").all_inner_texts()
    assert all(int(fact.split()[0]) >= 2 for fact in facts), facts
    save(page, "summary")


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q"]))
