"""The panel's timeline, live and on a video."""

import pytest

from tests.browser.faces import ANGRY, grimacing, write_webm
from tests.browser.test_live import start, wait_for

pytestmark = pytest.mark.browser

# Coloured pixels of the timeline, and the names at its lines' ends as they were last drawn.
DRAWN = """() => {
    const canvas = document.querySelector("#timeline canvas");
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let count = 0;
    for (let at = 0; at < pixels.length; at += 4) {
        const [r, g, b, a] = pixels.slice(at, at + 4);
        count += a > 200 && Math.max(r, g, b) - Math.min(r, g, b) > 60;
    }
    return count;
}"""
NAMES = """
    window.names = [];
    const {fillText, clearRect} = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.clearRect = function (...where) {
        if (this.canvas.closest("#timeline")) window.names = [];
        clearRect.apply(this, where);
    };
    CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
        if (this.canvas.closest("#timeline") && /^[A-Z][a-z]$/.test(text)) window.names.push(text);
        fillText.call(this, text, ...where);
    };
"""


def test_a_live_face_draws_lines_and_names_the_highest(server, open_page):
    page = open_page(server, script=NAMES)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    wait_for(page, f"({DRAWN})() > 40")
    wait_for(page, "names.join() === 'Ha'")
    page.click("#stop")
    wait_for(page, f"({DRAWN})() === 0")
    assert page.errors == []


def test_a_video_s_lines_end_at_the_playhead(server, open_page, portrait, tmp_path):
    frames = [portrait] * 20 + [grimacing(portrait, ANGRY, 1)] * 30
    page = open_page(server, script=NAMES)
    page.check("#consent")
    page.set_input_files("#file", str(write_webm(tmp_path / "angry.webm", frames)))
    page.wait_for_selector("#status[data-state=video]", timeout=60_000)
    page.locator("#seek").fill("1")
    wait_for(page, f"names.join() === 'Ha' && ({DRAWN})() > 0")
    early = page.evaluate(DRAWN)
    page.locator("#seek").fill("4.8")
    wait_for(page, f"names.join() === 'An' && ({DRAWN})() > 2 * {early}")
    late = page.evaluate(DRAWN)
    page.locator("#seek").fill("1")
    wait_for(page, f"names.join() === 'Ha' && ({DRAWN})() < {late} / 2")
    assert page.errors == []
