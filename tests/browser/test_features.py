"""What the page offers besides the live view, each in a real browser."""

import base64
import csv
import io
import json
import os
import re
import signal

import cv2
import numpy as np
import pytest

from tests.browser.conftest import fake_camera
from tests.browser.test_live import COLOURED_BOUNDS, film, start, wait_for
from tests.conftest import ROOT, to_jpeg, wait_until
from webapp import config

pytestmark = pytest.mark.browser


@pytest.fixture
def live(server, open_page):
    page = open_page(server)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    return page


def test_another_camera_is_offered_only_where_there_is_one(server, open_page):
    fake = "--use-fake-device-for-media-stream=device-count="
    for count in (1, 2):
        page = open_page(server, flags=("--use-fake-ui-for-media-stream", f"{fake}{count}"))
        start(page)
        page.wait_for_selector("#toolbar:visible")
        assert page.locator("#cameras option").count() == count
        assert page.is_visible("#flip") == (count == 2)
    before = page.input_value("#cameras")
    page.click("#flip")
    wait_for(page, f"document.querySelector('#cameras').value !== '{before}'")
    page.wait_for_selector("#status[data-state=running]")
    assert page.errors == []


def test_the_camera_that_was_chosen_is_opened_again_after_a_reload(server, open_page):
    two = "--use-fake-device-for-media-stream=device-count=2"
    page = open_page(server, flags=("--use-fake-ui-for-media-stream", two))
    start(page)
    page.wait_for_selector("#toolbar:visible")
    first = page.input_value("#cameras")
    options = page.locator("#cameras option").evaluate_all("(all) => all.map((o) => o.value)")
    (second,) = set(options) - {first}
    page.select_option("#cameras", second)
    page.wait_for_selector("#status[data-state=running]")
    used = "document.querySelector('#video').srcObject.getVideoTracks()[0].getSettings().deviceId"
    assert page.evaluate(used) == second
    page.reload()
    start(page)
    page.wait_for_selector("#toolbar:visible")
    assert page.evaluate(used) == second == page.input_value("#cameras")
    assert page.errors == []


SIDES = """
    // A phone's two cameras, as far as the page can tell.
    window.asked = [];
    const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async ({video}) => {
        const side = video.facingMode?.exact ?? video.facingMode ?? "user";
        window.asked.push(side);
        const stream = await get({video: true});
        const [track] = stream.getVideoTracks();
        const settings = track.getSettings.bind(track);
        track.getSettings = () => ({...settings(), facingMode: side});
        return stream;
    };
"""


def test_a_phone_changes_between_front_and_back_and_mirrors_only_the_front(server, open_page):
    two = "--use-fake-device-for-media-stream=device-count=2"
    page = open_page(server, ("--use-fake-ui-for-media-stream", two), SIDES)
    start(page)
    page.wait_for_selector("#flip:has-text('Back camera')")
    assert page.locator("video.mirrored").count() == 1
    page.click("#flip")
    page.wait_for_selector("#flip:has-text('Front camera')")
    assert page.evaluate("asked") == ["user", "environment"]
    assert page.locator("video.mirrored").count() == 0
    assert page.is_disabled("#mirror")
    page.click("#flip")
    page.wait_for_selector("#flip:has-text('Back camera')")
    assert page.locator("video.mirrored").count() == 1
    assert page.errors == []


def test_a_paused_page_says_so_and_nothing_jumps(live):
    wait_for(live, "document.querySelectorAll('#others .chip').length === 1")
    bars = live.locator("#bars").bounding_box()
    live.click("#pause")
    assert "camera is off" in live.inner_text("#curtain")
    assert live.inner_text("#headline") == "Paused"
    assert live.is_disabled("#snapshot")
    assert live.locator("#bars").bounding_box() == bars
    live.click("#pause")
    live.wait_for_selector("#curtain", state="hidden")
    live.wait_for_selector("#snapshot:enabled")
    assert live.errors == []


def test_pausing_turns_the_camera_off_and_going_on_turns_it_on(live):
    live.evaluate("window.track = document.querySelector('#video').srcObject.getTracks()[0]")
    live.click("#pause")
    assert live.evaluate("window.track.readyState") == "ended"
    assert live.get_attribute("#status", "data-state") == "paused"
    live.click("#pause")
    live.wait_for_selector("#status[data-state=running]")
    assert live.errors == []


def test_a_recording_gives_a_summary_and_both_exports(live):
    live.click("#record")
    film(live, 1.5)
    live.click("#record")
    assert live.is_visible("#summary")
    assert "Face 1" in live.inner_text("#summary-tracks")
    with live.expect_download() as download:
        live.click("#export-csv")
    with open(download.value.path(), newline="") as lines:
        rows = list(csv.DictReader(io.StringIO(lines.read())))
    assert len(rows) >= 2
    assert float(rows[-1]["ms"]) > float(rows[0]["ms"])
    assert sum(float(v) for k, v in rows[0].items() if k.startswith("p_")) == pytest.approx(
        1, abs=1e-4
    )
    with live.expect_download() as download:
        live.click("#export-json")
    with open(download.value.path()) as text:
        session = json.load(text)
    assert session["format"] == "moodlight-session"
    assert len(session["rows"]) == len(rows)


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
DROP = """(base64) => {
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
    assert page.evaluate(DROP, picture) == [True, True]
    assert page.is_visible("#welcome")  # no consent yet
    page.check("#consent")
    assert page.evaluate(DROP, picture) == [True, True]
    page.wait_for_selector("#status[data-state=picture]")
    assert page.locator("#others .chip").all_inner_texts() == ["Face 1: Happy"]
    wait_for(page, f"({COLOURED_BOUNDS})().count > 200")
    # Over what is shown, the next one takes its place.
    page.evaluate("document.querySelector('#headline').textContent = ''")
    assert page.evaluate(DROP, picture) == [True, True]
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


def test_a_video_file_is_analysed_played_and_summed_up(server, open_page, video_file):
    page = open_page(server)
    page.check("#consent")
    page.set_input_files("#file", str(video_file))
    page.wait_for_selector("#status[data-state=video]", timeout=60_000)
    assert page.evaluate("document.querySelector('#progress').value") == 1
    page.click("#pause")
    wait_for(page, "document.querySelector('#video').currentTime > 0.5")
    wait_for(page, "document.querySelector('#video').ended")
    assert float(page.input_value("#seek")) > 1.5
    # The face moves to the right: seeking back takes the box along.
    end = page.evaluate(COLOURED_BOUNDS)["left"]
    page.locator("#seek").fill("0")
    wait_for(page, f"({COLOURED_BOUNDS})().left < {end} - 0.1")
    page.click("#record")
    assert "Face 1" in page.inner_text("#summary-tracks")
    with page.expect_download() as download:
        page.click("#export-csv")
    with open(download.value.path(), newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [float(row["ms"]) for row in rows] == [200 * i for i in range(10)]
    assert {row["track"] for row in rows} == {"0"}
    assert float(rows[-1]["x"]) > float(rows[0]["x"]) + 60
    page.click("#summary-close")
    page.click("#stop")
    assert page.is_visible("#start")
    assert page.errors == []


def test_a_video_is_looked_at_again_at_another_rate(server, open_page, video_file):
    page = open_page(server)
    page.check("#consent")
    page.set_input_files("#file", str(video_file))
    page.wait_for_selector("#status[data-state=video]", timeout=60_000)
    segments = page.locator("#strips .strip-line span")
    assert page.locator("#strips .strip").count() == 1
    assert segments.count() >= 1
    page.select_option("#video-step", "500")
    page.wait_for_selector("#status[data-state=analysing]")
    page.wait_for_selector("#status[data-state=video]", timeout=60_000)
    page.click("#record")
    with page.expect_download() as download:
        page.click("#export-csv")
    with open(download.value.path(), newline="") as lines:
        assert [row["ms"] for row in csv.DictReader(lines)] == ["0", "500", "1000", "1500"]
    assert page.errors == []


def test_a_video_can_be_cancelled(server, open_page, video_file, portrait):
    page = open_page(server)
    page.check("#consent")
    page.set_input_files("#file", str(video_file))
    page.wait_for_selector("#status[data-state=analysing]")
    page.click("#stop")
    assert page.is_visible("#start")
    assert page.get_attribute("#status", "data-state") == "stopped"
    # What the video still had on its way does not turn up in what comes next.
    page.set_input_files(
        "#file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": to_jpeg(portrait)}
    )
    page.wait_for_selector("#status[data-state=picture]")
    assert page.locator("#others .chip").all_inner_texts() == ["Face 1: Happy"]
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


def test_full_screen_shows_picture_and_controls_and_comes_back(live):
    filled = "document.fullscreenElement?.id"
    live.click("#full-screen")
    wait_for(live, f"{filled} === 'stage'")
    for name in ("#overlay", "#pause", "#stop"):
        place = live.locator(name).bounding_box()
        assert place["y"] >= 0
        assert place["y"] + place["height"] <= live.evaluate("innerHeight")
    wait_for(live, f"({COLOURED_BOUNDS})().count > 200")
    live.click("#full-screen")
    wait_for(live, f"{filled} === undefined")
    live.click("#full-screen")
    wait_for(live, f"{filled} === 'stage'")
    live.click("#stop")  # what was filled is gone
    wait_for(live, f"{filled} === undefined")
    assert live.is_visible("#start")
    assert live.errors == []


def test_the_performance_line_says_plausible_numbers(live):
    live.click(".performance summary")
    film(live, 3)
    rows = "document.querySelectorAll('#figures dd')"
    wait_for(live, f"[...{rows}].every((row) => /\\d/.test(row.textContent))")
    names = live.locator("#figures dt").all_inner_texts()
    said = dict(zip(names, live.locator("#figures dd").all_inner_texts(), strict=True))

    def numbers(name: str, form: str) -> list[float]:
        found = re.fullmatch(form.replace("N", r"(\d+(?:\.\d+)?)"), said[name])
        assert found, said
        return [float(number) for number in found.groups()]

    sent, shown = numbers("Frames sent / results shown a second", "N / N")
    assert 0.5 < shown <= 60
    assert shown == pytest.approx(sent, rel=0.5)
    median, p95 = numbers("Round trip, median / p95", "N ms / N ms")
    assert 1 <= median <= p95 < 5000
    queue, decode, detect, classify = numbers(
        "Server: queue, decode, detect, classify", "N ms, N ms, N ms, N ms"
    )
    assert detect + classify > 0
    assert queue + decode + detect + classify < 5000
    (dropped,) = numbers("Frames dropped", "N")
    assert dropped < 50
    width, height, kilobytes = numbers("Frame", "N \N{MULTIPLICATION SIGN} N, N kB")
    assert 320 <= width <= 640
    assert width / height == pytest.approx(4 / 3, rel=0.01)
    assert 3 < kilobytes < 200
    assert live.errors == []


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

    page.wait_for_selector("#neutral-gone:has-text('Face 1 is gone')")
    assert page.inner_text("#neutral-switch") == "Neutral face: off. Use for Face 2"
    assert page.evaluate(HAPPY) > 0.6
    page.click("#neutral-switch")
    page.wait_for_selector("#neutral-switch:has-text('Neutral face: on, Face 2')")
    assert page.inner_text("#neutral-gone") == ""
    wait_for(page, f"{HAPPY} < 0.5")
    # Who comes back has a new number, and the correction stays where it is.
    page.wait_for_selector("#others .chip[data-track='2']")
    page.click("#others .chip[data-track='2']")
    wait_for(page, f"{HAPPY} > 0.6")
    assert page.inner_text("#neutral-switch") == "Neutral face: on, Face 2"
    assert page.errors == []


WARM = """() => {
    const canvas = document.querySelector("#overlay");
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let count = 0;  // reds and yellows of the heat map, half transparent
    for (let at = 0; at < pixels.length; at += 4)
        count += pixels[at] > 200 && pixels[at + 2] < 120 && pixels[at + 3] > 40
            && pixels[at + 3] < 200;
    return count;
}"""


def test_why_lays_a_heat_map_over_the_face(live):
    assert live.evaluate(WARM) == 0
    live.click("#why")
    wait_for(live, f"({WARM})() > 500")
    live.click("#why")
    wait_for(live, f"({WARM})() === 0")
    assert live.errors == []


def test_why_works_on_a_picture(server, open_page, portrait):
    page = open_page(server)
    page.check("#consent")
    page.set_input_files(
        "#file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": to_jpeg(portrait)}
    )
    page.wait_for_selector("#status[data-state=picture]")
    page.click("#why")
    wait_for(page, f"({WARM})() > 500")
    assert page.errors == []


def test_why_works_on_a_video_and_is_asked_anew_as_it_plays(server, open_page, video_file):
    script = """
        window.explained = 0;
        const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (message) {
            window.explained += String(message).includes('"explain":');
            send.call(this, message);
        };"""
    page = open_page(server, script=script)
    page.check("#consent")
    page.set_input_files("#file", str(video_file))
    page.wait_for_selector("#status[data-state=analysing]")
    assert page.is_disabled("#why")
    page.wait_for_selector("#status[data-state=video]", timeout=60_000)
    page.click("#why")
    wait_for(page, f"({WARM})() > 500")
    assert page.evaluate("explained") == 1
    page.wait_for_timeout(1000)
    assert page.evaluate("explained") == 1  # it stands still: nothing new to ask
    page.click("#pause")
    wait_for(page, "document.querySelector('#video').ended && explained > 1")
    page.wait_for_timeout(1000)
    asked = page.evaluate("explained")
    assert page.evaluate(WARM) > 500
    page.click("#why")
    wait_for(page, f"({WARM})() === 0")
    page.wait_for_timeout(700)
    assert page.evaluate("explained") == asked <= 6
    assert page.errors == []


def test_frames_are_encoded_off_the_main_thread_where_the_browser_can(server, open_page):
    page = open_page(server)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    assert [worker.url.rsplit("/", 1)[1] for worker in page.workers] == ["encoder-worker.js"]
    page.click("#stop")
    wait_until(lambda: page.evaluate("true") and not page.workers)


def test_frames_are_encoded_on_the_page_where_it_cannot(server, open_page):
    page = open_page(server, script="delete window.OffscreenCanvas")
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    assert page.workers == []
    assert page.errors == []


def test_a_second_language(server, open_page):
    page = open_page(server, locale="de-DE")
    assert page.inner_text("#start") == "Kamera starten"
    assert page.evaluate("document.documentElement.lang") == "de"


def test_the_page_consents_where_it_must(start_server, open_page):
    page = open_page(start_server("--workers", "1", "--require-consent"))
    start(page)
    page.wait_for_selector("#status[data-state=running]")


def test_it_says_so_and_recovers_when_the_server_comes_back(start_server, open_page):
    server = start_server("--workers", "1")
    page = open_page(server)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    server.process.kill()
    page.wait_for_selector("#status[data-state=offline]")
    # It cannot know whether somebody is in view.
    wait_for(page, "document.querySelector('#headline').textContent === 'Waiting for results…'")
    start_server("--workers", "1", port=server.port)  # until /healthz counts a worker
    page.wait_for_selector("#status[data-state=running]", timeout=5_000)


def test_it_says_so_while_no_worker_is_left_and_goes_on_by_itself(start_server, open_page):
    # A worker that loads torch takes long enough to start for the page to notice.
    server = start_server("--workers", "1", "--engine", "torch-float32")
    page = open_page(server)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    os.kill(server.worker_pids()[0], signal.SIGKILL)
    page.wait_for_selector("#status[data-state=starting]")
    page.wait_for_selector("#status[data-state=running]", timeout=60_000)


def test_a_full_server_says_so_and_takes_who_waits(start_server, open_page):
    server = start_server("--workers", "1", "--max-clients", "1")
    first = open_page(server)
    start(first)
    first.wait_for_selector("#status[data-state=running]")
    second = open_page(server)
    start(second)
    second.wait_for_selector("#status[data-state=full]")
    first.close()
    second.wait_for_selector("#status[data-state=running]", timeout=60_000)


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_it_fits_a_phone_of_360_pixels(server, open_page, locale):
    page = open_page(server, viewport={"width": 360, "height": 780}, locale=locale)
    overflow = "document.documentElement.scrollWidth > 360"
    assert not page.evaluate(overflow)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    assert not page.evaluate(overflow)
    # Picture, controls and all bars are in view at once.
    bars = page.locator("#bars").bounding_box()
    assert bars["y"] + bars["height"] <= 780
    # The header is one line.
    assert page.locator("header").bounding_box()["height"] < 70


@pytest.mark.parametrize(
    ("asked", "locale", "language", "words"),
    [
        ("", "en-GB", "en", ("Limits of use", "Anger", "{}.{}%")),
        ("", "de-DE", "de", ("Grenzen", "Ärger", "{},{}\xa0%")),
        ("?lang=de", "en-GB", "de", ("Grenzen", "Ärger", "{},{}\xa0%")),
    ],
)
def test_the_about_page_says_what_the_card_says_in_the_reader_s_language(
    server, open_page, asked, locale, language, words
):
    page = open_page(server, locale=locale)
    page.goto(page.url + asked)
    page.click("a.about")
    page.wait_for_selector("main h2:not(:empty)")
    said = page.inner_text("main")
    card = json.loads((ROOT / "weights" / "moodlight.json").read_text())
    accuracy = f"{100 * card['accuracy']['PublicTest']:.1f}".split(".")
    for expected in ("ResNet9", card["name"], *(word.format(*accuracy) for word in words)):
        assert expected in said
    assert page.inner_text("#program-version") == config.version()
    assert page.inner_text("#model-version") == card["version"]
    filled = "[data-text], [data-number], [data-share], [data-expression]"
    assert all(text.strip() for text in page.locator(filled).all_inner_texts())
    assert page.evaluate("document.documentElement.lang") == language
    page.click("header a")  # and back
    page.wait_for_selector("#start:not(:empty)")
    assert page.evaluate("document.documentElement.lang") == language
    assert page.errors == []
