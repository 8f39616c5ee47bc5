"""The page in a real browser: camera, box, bars, stop."""

import csv

import numpy as np
import pytest

from model.labels import LABELS
from tests.browser.conftest import fake_camera
from tests.conftest import to_jpeg, wait_until

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
    x, y = FACE_IN_MIRROR[0] / 640, FACE_IN_MIRROR[1] / 480
    box = "b.count > 200 && b.left < {x} && {x} < b.right && b.top < {y} && {y} < b.bottom"
    wait_for(page, f"((b) => {box.format(x=x, y=y)})(({COLOURED_BOUNDS})())")
    values = "[...document.querySelectorAll('#bars [role=meter]')].map((m) => +m.ariaValueNow)"
    wait_for(page, f"Math.abs({values}.reduce((a, b) => a + b) - 1) < 1e-3")
    meters = page.query_selector_all("#bars [role=meter]")
    assert [m.get_attribute("data-expression") for m in meters] == list(LABELS)
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


def test_no_face_is_said_to_be_none(server, open_page, tmp_path, empty_jpeg):
    clip = tmp_path / "empty.mjpeg"
    clip.write_bytes(empty_jpeg * 30)
    page = open_page(server, flags=fake_camera(clip))
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    wait_for(page, "document.querySelector('#headline').textContent === 'No face in view'")
    assert page.evaluate(COLOURED_BOUNDS)["count"] == 0
    assert page.errors == []


def test_two_faces_that_cross_keep_their_numbers(server, open_page, tmp_path, portrait):
    """Two copies of the portrait pass each other, one above the other, over eight seconds."""
    face = portrait[20:220, 200:380]
    frames = []
    for i in range(240):
        frame = np.full((480, 640, 3), 90, np.uint8)
        shift = 440 * abs(i - 120) // 120
        frame[20:220, 10 + shift : 190 + shift] = face
        frame[250:450, 450 - shift : 630 - shift] = face
        frames.append(to_jpeg(frame, 90))
    clip = tmp_path / "crossing.mjpeg"
    clip.write_bytes(b"".join(frames))
    page = open_page(server, flags=fake_camera(clip))
    start(page)
    wait_for(page, "document.querySelectorAll('#others .chip').length === 2")
    page.click("#record")
    page.wait_for_timeout(8500)
    page.click("#record")
    with page.expect_download() as download:
        page.click("#export-csv")
    with open(download.value.path(), newline="") as lines:
        rows = list(csv.DictReader(lines))
    tracks = sorted({row["track"] for row in rows})
    assert len(tracks) == 2
    for track in tracks:
        mine = [row for row in rows if row["track"] == track]
        # In pixels of the camera: the page may have sent smaller frames meanwhile.
        x, y = (
            np.array([float(row[side]) * 640 / float(row["frame_width"]) for row in mine])
            for side in "xy"
        )
        assert np.ptp(y) < 100
        assert np.ptp(x) > 200
    assert page.errors == []
