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


def film(page, seconds: float) -> None:
    """Let the camera run for so long, by its own clock."""
    now = page.evaluate("document.querySelector('#video').currentTime")
    wait_for(page, f"document.querySelector('#video').currentTime > {now + seconds}")


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


def test_the_first_screen_says_what_happens_and_asks_first(server, open_page):
    page = open_page(server)
    card = page.evaluate("JSON.parse(document.body.dataset.figures)")
    said = page.inner_text("#welcome")
    for words in (
        f"localhost:{server.port}",  # where the pictures go
        "in memory only",
        "not what a person feels",
        f"{card['accuracy']:.0%}",
        card["worst"],
        "work or in education (EU AI Act, Art. 5(1)(f))",
        "everyone in view agrees",
    ):
        assert words in said
    assert page.is_hidden("#panel")  # nothing to see in it yet
    assert not page.is_checked("#consent")
    assert page.is_disabled("#start")
    assert page.is_disabled("#open-file")


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
    assert page.evaluate("document.activeElement.id") == "start"


THROWING = "navigator.mediaDevices.getUserMedia = async () => {{ throw {} }};"


def test_a_camera_held_by_another_program_gets_a_sentence(server, open_page):
    error = "new DOMException('in use', 'NotReadableError')"
    page = open_page(server, script=THROWING.format(error))
    start(page)
    page.wait_for_selector("#notice:has-text('Another program')")
    assert page.is_enabled("#start")


def test_a_camera_that_is_unplugged_gets_a_sentence(server, open_page):
    page = open_page(server)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    page.evaluate("""() => {
        const [track] = document.querySelector("#video").srcObject.getTracks();
        track.dispatchEvent(new Event("ended"));
    }""")
    page.wait_for_selector("#notice:has-text('unplugged')")
    assert page.is_enabled("#start")
    assert page.errors == []


def test_plain_http_in_a_network_is_said_to_have_no_camera(server, open_page):
    page = open_page(server, flags=("--host-resolver-rules=MAP moodlight.test 127.0.0.1",))
    page.goto(f"http://moodlight.test:{server.port}/")
    assert not page.evaluate("window.isSecureContext")
    start(page)
    page.wait_for_selector("#notice:has-text('plain http')")
    assert "--lan" in page.inner_text("#notice")


def test_what_follows_the_first_screen_begins_at_its_top(server, open_page):
    page = open_page(server, viewport={"width": 844, "height": 390})
    start(page)
    assert page.evaluate("scrollY") > 0  # down to the button
    page.wait_for_selector("#status[data-state=running]")
    assert page.evaluate("scrollY") == 0


def test_a_notice_on_a_phone_is_in_view_with_what_to_do_next(server, open_page):
    phone = {"width": 360, "height": 640}
    page = open_page(server, flags=("--deny-permission-prompts",), viewport=phone)
    start(page)
    page.wait_for_selector("#notice:visible")
    for name in ("#notice", "#start"):
        place = page.locator(name).bounding_box()
        assert place["y"] >= 0
        assert place["y"] + place["height"] <= phone["height"]


# Counts the pictures that are sent, and can hide the tab.
HIDE = """
    window.pictures = 0;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (message) {
        if (typeof message !== "string") window.pictures += 1;
        send.call(this, message);
    };
    window.hide = (hidden) => {
        Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
    };
"""


def test_nothing_is_sent_while_the_tab_is_hidden(server, open_page):
    page = open_page(server, script=HIDE)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    page.evaluate("hide(true)")
    assert page.get_attribute("#status", "data-state") == "hidden"
    film(page, 0.5)  # what was on its way has been sent
    before = page.evaluate("pictures")
    assert before > 0
    film(page, 1)
    assert page.evaluate("pictures") == before
    page.evaluate("hide(false)")
    wait_for(page, f"pictures > {before}")
    page.wait_for_selector("#status[data-state=running]")
    assert page.errors == []


def test_the_keyboard_alone_is_enough(server, open_page, picture_file):
    page = open_page(server)
    choosers = []
    # From the start: the browser is told of it without waiting for its answer.
    page.on("filechooser", lambda chooser: choosers.append(chooser))

    def tab_to(name: str, limit: int = 12) -> None:
        for _ in range(limit):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == name:
                break
        assert page.evaluate("document.activeElement.id") == name
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"

    tab_to("consent", 2)
    page.keyboard.press("Space")
    tab_to("start", 1)
    page.keyboard.press("Enter")
    page.wait_for_selector("#status[data-state=running]")
    assert page.evaluate("document.activeElement.id") == "pause"
    for name in ("why", "snapshot", "record", "full-screen", "stop"):
        tab_to(name, 1)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "start"
    tab_to("open-file", 1)
    page.keyboard.press("Enter")
    wait_until(lambda: page.evaluate("true") and choosers)
    choosers[0].set_files(str(picture_file))
    page.wait_for_selector("#status[data-state=picture]")
    assert page.evaluate("document.activeElement.id") == "stage"
    for name in ("why", "snapshot", "full-screen", "stop"):
        tab_to(name, 1)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "start"


def test_reduced_motion_is_respected(server, open_page):
    page = open_page(server, reduced_motion="reduce")
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    fill = "getComputedStyle(document.querySelector('.meter span')).transitionProperty"
    assert page.evaluate(fill) == "none"


def moving(path, portrait) -> None:
    """Two seconds of a camera that turns from side to side."""
    shifts = [2 * abs(i - 30) for i in range(60)]
    frames = [to_jpeg(np.roll(portrait, shift, axis=1), 90) for shift in shifts]
    path.write_bytes(b"".join(frames))


PLACES = """
    // How often results came, and in how many places the box was drawn.
    window.results = 0;
    window.places = new Set();
    window.WebSocket = class extends WebSocket {
        constructor(...where) {
            super(...where);
            this.addEventListener("message", ({data}) => {
                window.results += String(data).startsWith('42["result"');
            });
        }
    };
    const {roundRect, stroke} = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.roundRect = function (...box) {
        this.box = box;
        roundRect.apply(this, box);
    };
    CanvasRenderingContext2D.prototype.stroke = function (...path) {
        if (this.canvas.id === "overlay") window.places.add(this.box.join());
        stroke.apply(this, path);
    };
"""


def test_boxes_glide_between_results_and_jump_where_less_motion_is_wanted(
    server, open_page, tmp_path, portrait
):
    clip = tmp_path / "moving.mjpeg"
    moving(clip, portrait)
    page = open_page(server, fake_camera(clip), PLACES, reduced_motion="reduce")
    start(page)
    page.wait_for_selector("#status[data-state=running]")

    def seen() -> tuple[int, int]:
        page.evaluate("window.results = 0; window.places.clear()")
        film(page, 2)
        return page.evaluate("[results, places.size]")

    results, places = seen()
    assert 3 <= places <= results + 1
    page.emulate_media(reduced_motion="no-preference")
    results, places = seen()
    assert places > 1.5 * results
    assert page.errors == []


def test_a_change_of_expression_is_spoken(server, open_page):
    page = open_page(server)
    assert page.get_attribute("#spoken", "aria-live") == "polite"
    start(page)
    wait_for(page, "document.querySelector('#spoken').textContent === 'Face 1: Happy'")


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
    film(page, 8.5)
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
