"""Picture and video files: chosen or dropped, good or not, and what makes it hard."""

import base64
import csv
import os
import signal

import cv2
import numpy as np
import pytest

from tests.browser.test_live import COLOURED_BOUNDS, HIDE, start, wait_for
from tests.conftest import to_jpeg

pytestmark = pytest.mark.browser

# What a file manager's drag does, as far as a page can tell; whether the browser's own way, which
# leaves the page for the file, is refused.
DROP = """([selector, hex, type]) => {
    const bytes = Uint8Array.from(hex.match(/../g), (digits) => parseInt(digits, 16));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], "dropped", {type}));
    const fire = (name) => document.querySelector(selector).dispatchEvent(
        new DragEvent(name, {dataTransfer, bubbles: true, cancelable: true}));
    return ["dragover", "drop"].every((name) => !fire(name));
}"""


def without(webm: bytes, element: str) -> bytes:
    """The file with its last element of an EBML id made void, as one that was never written.

    Source: RFC 8794, 4 to 6 and 11.3.3.
    """
    at = webm.rindex(bytes.fromhex(element)) + len(element) // 2
    length = 9 - webm[at].bit_length()
    size = int.from_bytes(webm[at : at + length]) - (1 << 7 * length)
    start, end = at - len(element) // 2, at + length + size
    void = bytes([0xEC, 0x80 | end - start - 2])
    return webm[:start] + void.ljust(end - start, b"\0") + webm[end:]


def open_file(page, path) -> None:
    page.check("#consent")
    page.set_input_files("#file", str(path))


def wait_for_state(page, state: str) -> None:
    page.wait_for_selector(f"#status[data-state={state}]", timeout=60_000)


def begin_analysis(page, path) -> None:
    """Of a video at 25 frames a second, up to its first result."""
    page.evaluate("document.querySelector('#video-step').value = '40'")
    open_file(page, path)
    wait_for_state(page, "analysing")
    wait_for(page, "document.querySelector('#progress').value > 0")


def times(page) -> list[float]:
    """Of the frames of the video on the stage that were looked at, in milliseconds."""
    page.click("#record")
    with page.expect_download() as download:
        page.click("#export-csv")
    with open(download.value.path(), newline="") as lines:
        return [float(row["ms"]) for row in csv.DictReader(lines)]


EVERY_TIME = [40.0 * i for i in range(50)]


def test_no_frame_of_a_video_is_sent_while_the_tab_is_hidden(server, open_page, video_file):
    page = open_page(server, script=HIDE)
    begin_analysis(page, video_file)
    page.evaluate("hide(true)")
    assert page.get_attribute("#status", "data-state") == "hidden"
    before, now = page.evaluate("[pictures, performance.now()]")
    assert 0 < before < 50
    wait_for(page, f"performance.now() > {now + 1000}")
    assert page.evaluate("pictures") == before
    assert page.get_attribute("#status", "data-state") == "hidden"
    page.evaluate("hide(false)")
    wait_for_state(page, "video")
    assert times(page) == EVERY_TIME
    assert page.errors == []


def test_after_a_reconnection_the_page_says_again_what_it_shows(
    start_server, open_page, picture_file, video_file
):
    server = start_server("--workers", "1")
    picture, video = open_page(server), open_page(server)
    open_file(picture, picture_file)
    open_file(video, video_file)
    wait_for_state(picture, "picture")
    wait_for_state(video, "video")
    server.process.kill()
    wait_for_state(picture, "offline")
    wait_for_state(video, "offline")
    start_server("--workers", "1", port=server.port)
    wait_for_state(picture, "picture")
    wait_for_state(video, "video")


def test_an_analysis_goes_on_where_the_connection_was_lost(start_server, open_page, video_file):
    server = start_server("--workers", "1")
    page = open_page(server)
    begin_analysis(page, video_file)
    server.process.kill()
    wait_for_state(page, "offline")
    start_server("--workers", "1", port=server.port)
    wait_for_state(page, "video")
    assert times(page) == EVERY_TIME


def test_files_wait_for_a_worker_that_starts(start_server, open_page, picture_file, video_file):
    # A worker that loads torch takes long enough to start for the page to notice.
    server = start_server("--workers", "1", "--engine", "torch-float32")
    picture, video = open_page(server), open_page(server)
    begin_analysis(video, video_file)
    os.kill(server.worker_pids()[0], signal.SIGKILL)
    open_file(picture, picture_file)
    wait_for_state(picture, "starting")
    wait_for_state(video, "starting")
    wait_for_state(picture, "picture")
    wait_for_state(video, "video")
    assert times(video) == EVERY_TIME


def test_a_refusal_that_will_not_pass_is_said_at_once_in_the_readers_language(
    start_server, open_page, picture_file, video_file
):
    server = start_server("--workers", "1", "--max-frame-bytes", "1000")
    page = open_page(server, locale="de-DE")
    reason = "Das Bild ist größer, als dieser Server erlaubt."
    for path in (picture_file, video_file):
        open_file(page, path)
        page.wait_for_selector(f"#notice:has-text('nicht untersucht werden: {reason}')")
        assert page.is_visible("#welcome")
    start(page)
    page.wait_for_selector(f"#notice:has-text('Der Server hat abgelehnt: {reason}')")
    assert page.get_attribute("#status", "data-state") == "refused"  # not "no camera"


def test_a_file_may_be_dropped_on_any_part_of_the_page(server, open_page, picture_file):
    page = open_page(server)
    assert "drop one anywhere" in page.inner_text("#welcome")
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    picture = [picture_file.read_bytes().hex(), "image/jpeg"]
    for part in ("header", "#panel", "footer"):
        page.evaluate("document.querySelector('#headline').textContent = ''")
        assert page.evaluate(DROP, [part, *picture])
        page.wait_for_selector("#status[data-state=picture]")
        page.wait_for_selector("#headline:has-text('Happy')")
    assert page.errors == []


def test_text_is_dragged_as_ever(server, open_page):
    page = open_page(server)
    assert page.evaluate("""() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.setData("text/plain", "a join code");
        return document.body.dispatchEvent(
            new DragEvent("dragover", {dataTransfer, bubbles: true, cancelable: true}));
    }""")


def test_a_video_that_does_not_say_how_long_it_is(server, open_page, video_file):
    duration, cues = "4489", "1c53bb6b"
    streamed = without(without(video_file.read_bytes(), duration), cues)
    page = open_page(server)
    page.check("#consent")
    page.evaluate(DROP, ["header", streamed.hex(), "video/webm"])
    wait_for_state(page, "video")
    assert page.evaluate("document.querySelector('#video').duration") == pytest.approx(2, abs=0.2)
    assert times(page) == [200.0 * i for i in range(10)]
    assert page.errors == []


@pytest.mark.parametrize("kind", ["application/octet-stream", ""])
def test_a_file_of_unknown_type_may_be_a_picture_or_a_video(
    server, open_page, picture_file, video_file, kind
):
    page = open_page(server)
    page.check("#consent")
    page.evaluate(DROP, ["header", video_file.read_bytes().hex(), kind])
    wait_for_state(page, "video")
    page.evaluate(DROP, ["header", picture_file.read_bytes().hex(), kind])
    wait_for_state(page, "picture")
    page.evaluate(DROP, ["header", b"neither".hex(), kind])
    page.wait_for_selector("#notice:has-text('neither as a picture nor as a video')")
    assert page.is_enabled("#start")
    assert page.errors == []


def test_a_phone_plays_a_video_in_its_place_and_without_sound(server, open_page):
    video = open_page(server).locator("#video")
    assert video.evaluate("(video) => [video.playsInline, video.muted, video.preload]") == [
        *(True, True),
        "auto",
    ]


def test_the_stage_of_a_video_and_its_summary_fit_a_phone_of_360_pixels(
    server, open_page, video_file
):
    page = open_page(server, viewport={"width": 360, "height": 780})
    open_file(page, video_file)
    wait_for_state(page, "video")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.click("#record")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    summary = page.locator("#summary")
    assert summary.evaluate("(summary) => summary.scrollWidth <= summary.clientWidth")
    place = summary.bounding_box()
    assert place["x"] >= 0
    assert place["x"] + place["width"] <= 360


def test_a_picture_file_is_analysed_and_drawn(server, open_page, portrait):
    page = open_page(server)
    page.check("#consent")
    two = np.full((480, 960, 3), 90, np.uint8)
    two[:, :480] = two[:, 480:] = portrait[:, 80:560]
    page.set_input_files(
        "#file", {"name": "two.jpg", "mimeType": "image/jpeg", "buffer": to_jpeg(two)}
    )
    page.wait_for_selector("#status[data-state=picture]")
    assert page.locator("#others .chip").count() == 2
    wait_for(page, "document.querySelector('#spoken').textContent === 'Face 1: Happy'")
    page.click("#others .chip >> nth=1")
    assert page.get_attribute("#others .chip >> nth=1", "aria-pressed") == "true"
    # A picture gets no further results, yet what came too soon to be spoken is not forgotten.
    wait_for(page, "document.querySelector('#spoken').textContent === 'Face 2: Happy'")
    chosen = []
    for x in (0.22, 0.72):  # where the faces are
        stage = page.locator("#overlay").bounding_box()
        page.mouse.click(stage["x"] + x * stage["width"], stage["y"] + 0.25 * stage["height"])
        chosen += page.locator("#others .chip[aria-pressed=true]").all_inner_texts()
    assert sorted(chosen) == ["Face 1: Happy", "Face 2: Happy"]
    assert "No face" not in page.inner_text("#headline")
    assert page.errors == []


# What a file manager's drag does, as far as a page can tell.
DROP_ON_STAGE = """(base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], "dropped.jpg", {type: "image/jpeg"}));
    const stage = document.querySelector("#stage");
    const fire = (name) => stage.firstElementChild.dispatchEvent(
        new DragEvent(name, {dataTransfer, bubbles: true, cancelable: true}));
    // A page that does not refuse the browser's own way would be left for the file.
    return ["dragover", "drop"].map((name) => !fire(name));
}"""


def test_a_picture_that_is_dropped_is_analysed_once_everyone_agreed(
    server, open_page, portrait_jpeg
):
    page = open_page(server)
    picture = base64.b64encode(portrait_jpeg).decode()
    assert page.evaluate(DROP_ON_STAGE, picture) == [True, True]
    assert page.is_visible("#welcome")  # no consent yet
    page.check("#consent")
    assert page.evaluate(DROP_ON_STAGE, picture) == [True, True]
    page.wait_for_selector("#status[data-state=picture]")
    assert page.locator("#others .chip").all_inner_texts() == ["Face 1: Happy"]
    wait_for(page, f"({COLOURED_BOUNDS})().count > 200")
    # Over what is shown, the next one takes its place.
    page.evaluate("document.querySelector('#headline').textContent = ''")
    assert page.evaluate(DROP_ON_STAGE, picture) == [True, True]
    page.wait_for_selector("#headline:has-text('Happy')")
    assert page.errors == []


# Boxes drawn on the overlay, as shares of its width and height.
BOXES = """
    window.boxes = [];
    const {roundRect, stroke} = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.roundRect = function (...box) {
        this.box = box;
        roundRect.apply(this, box);
    };
    CanvasRenderingContext2D.prototype.stroke = function (...path) {
        const {clientWidth, clientHeight, id} = this.canvas;
        const [x, y, width, height] = this.box ?? [];
        if (id === "overlay") window.boxes.push(
            [x / clientWidth, y / clientHeight, width / clientWidth, height / clientHeight]);
        stroke.apply(this, path);
    };
"""


@pytest.mark.parametrize("width", [1280, 360])
def test_ten_faces_get_ten_boxes_and_ten_rows(server, open_page, portrait, width):
    page = open_page(server, script=BOXES, viewport={"width": width, "height": 780})
    page.check("#consent")
    ten = np.vstack([np.hstack([portrait[15:225, 200:380]] * 5)] * 2)  # each face 180x210
    page.set_input_files(
        "#file", {"name": "ten.jpg", "mimeType": "image/jpeg", "buffer": to_jpeg(ten, 95)}
    )
    page.wait_for_selector("#status[data-state=picture]")
    chips = page.locator("#others .chip")
    assert sorted(chips.all_inner_texts()) == sorted(f"Face {i}: Happy" for i in range(1, 11))
    cut = "(all) => all.filter((chip) => chip.scrollWidth > chip.clientWidth).length"
    assert chips.evaluate_all(cut) == 0
    middles = {
        (int(5 * (x + width / 2)), int(2 * (y + height / 2)))
        for x, y, width, height in page.evaluate("boxes")
    }
    assert middles == {(column, row) for column in range(5) for row in range(2)}
    assert page.errors == []


def test_a_file_that_is_no_picture_gets_a_sentence(server, open_page):
    page = open_page(server)
    page.check("#consent")
    page.set_input_files(
        "#file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
    )
    page.wait_for_selector("#notice:visible")
    assert "cannot read" in page.inner_text("#notice")


@pytest.mark.parametrize("kind", ["a codec that browsers lack", "no video at all"])
def test_a_video_that_the_browser_cannot_decode_gets_a_sentence(
    server, open_page, portrait, tmp_path, kind
):
    path = tmp_path / "a.mp4"
    if kind == "no video at all":
        path.write_bytes(b"no video")
    else:
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10, (640, 480))
        for _ in range(10):
            writer.write(portrait)
        writer.release()
    page = open_page(server)
    page.check("#consent")
    page.set_input_files("#file", str(path))
    page.wait_for_selector("#notice:visible")
    assert page.inner_text("#notice").startswith("This browser cannot play that video. Try an MP4")
    assert page.is_enabled("#start")
    assert page.evaluate("document.activeElement.id") == "start"


HOLD = """
    // Pictures are decoded only once the test lets them, each by its number.
    window.held = [];
    const decode = window.createImageBitmap.bind(window);
    window.createImageBitmap = async (source) => {
        if (source instanceof File) await new Promise((go) => window.held.push(go));
        return decode(source);
    };
"""
STILL = "[document.querySelector('#still').width, document.querySelector('#still').height]"


def test_a_picture_that_was_slow_to_open_does_not_take_the_next_ones_place(
    server, open_page, picture_file, portrait
):
    page = open_page(server, script=HOLD)
    slow = to_jpeg(portrait[:200, :200])
    page.check("#consent")
    page.set_input_files("#file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": slow})
    wait_for(page, "held.length === 1")
    page.evaluate(DROP, ["header", picture_file.read_bytes().hex(), "image/jpeg"])
    wait_for(page, "held.length === 2")
    page.evaluate("held[1]()")
    wait_for_state(page, "picture")
    page.evaluate("held[0]()")
    page.wait_for_timeout(500)  # time to draw it
    assert page.evaluate(STILL) == [640, 480]
    assert page.errors == []


def test_a_picture_that_opens_after_consent_was_taken_back_is_not_drawn(
    server, open_page, picture_file
):
    page = open_page(server, script=HOLD)
    open_file(page, picture_file)
    wait_for(page, "held.length === 1")
    assert page.get_attribute("#status", "data-state") == "opening"
    assert page.is_disabled("#start")
    assert page.is_disabled("#open-file")
    page.uncheck("#consent")
    assert page.get_attribute("#status", "data-state") == "stopped"
    page.evaluate("held[0]()")
    page.wait_for_timeout(500)  # time to draw it
    assert page.evaluate(STILL) == [0, 0]
    assert page.errors == []
