"""The page in a real browser: camera, box, bars, stop."""

import pytest

from model.labels import LABELS
from tests.conftest import wait_until

pytestmark = pytest.mark.browser

# The portrait's face in the 640x480 frame, as the page shows it: mirrored.
FACE_IN_MIRROR = (640 - 290, 115)

COLOURED_BOUNDS = """() => {
    const canvas = document.querySelector("#overlay");
    const {width, height} = canvas;
    const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    let [left, top, right, bottom, count] = [width, height, 0, 0, 0];
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
        const at = 4 * (y * width + x);
        const [r, g, b, a] = pixels.slice(at, at + 4);
        if (a > 250 && Math.max(r, g, b) - Math.min(r, g, b) > 60) {
            count++;
            [left, top] = [Math.min(left, x), Math.min(top, y)];
            [right, bottom] = [Math.max(right, x), Math.max(bottom, y)];
        }
    }
    return {count, left: left / width, top: top / height, right: right / width,
            bottom: bottom / height};
}"""


def wait_for(page, expression: str) -> None:
    """Poll from outside: playwright's own way evaluates text in the page, which its CSP forbids."""
    wait_until(lambda: page.evaluate(expression))


def start(page) -> None:
    page.check("#consent")
    page.click("#start")


def test_a_face_gets_a_box_and_seven_bars(server, open_page):
    page = open_page(server)
    assert page.is_disabled("#start")  # no camera before consent
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    wait_for(page, f"({COLOURED_BOUNDS})().count > 200")
    bounds = page.evaluate(COLOURED_BOUNDS)
    x, y = FACE_IN_MIRROR[0] / 640, FACE_IN_MIRROR[1] / 480
    assert bounds["left"] < x < bounds["right"]
    assert bounds["top"] < y < bounds["bottom"]
    meters = page.query_selector_all("#bars [role=meter]")
    assert [m.get_attribute("data-expression") for m in meters] == list(LABELS)
    values = [float(m.get_attribute("aria-valuenow")) for m in meters]
    assert sum(values) == pytest.approx(1, abs=1e-3)
    assert page.errors == []


def test_stopping_releases_the_camera(server, open_page):
    page = open_page(server)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    page.evaluate("window.track = document.querySelector('#video').srcObject.getTracks()[0]")
    page.click("#stop")
    assert page.evaluate("window.track.readyState") == "ended"
    assert page.evaluate("document.querySelector('#video').srcObject") is None
    assert page.evaluate(COLOURED_BOUNDS)["count"] == 0
    assert page.is_visible("#start")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--use-fake-device-for-media-stream=device-count=0",), "No camera was found"),
        (("--deny-permission-prompts",), "refused"),
    ],
)
def test_a_camera_that_cannot_be_had_gets_a_sentence(server, open_page, flags, words):
    page = open_page(server, flags=flags)
    start(page)
    page.wait_for_selector("#notice:visible")
    assert words in page.inner_text("#notice")
    assert page.is_enabled("#start")
