"""What the page offers besides the live view, each in a real browser."""

import csv
import io
import json
import os
import signal

import cv2
import numpy as np
import pytest

from tests.browser.test_live import COLOURED_BOUNDS, film, start, wait_for
from tests.conftest import to_jpeg, wait_until

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


def test_a_snapshot_is_the_picture_with_the_overlay(live):
    with live.expect_download() as download:
        live.click("#snapshot")
    assert download.value.suggested_filename.endswith(".png")
    picture = cv2.imread(str(download.value.path()))
    assert picture.shape == (480, 640, 3)
    assert picture.std() > 20
    # The plate of the label is nearly black; the plain frame has no such pixels at the top left.
    assert (picture.max(2) < 60).sum() > 2000


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
    page.click("#others .chip >> nth=1")
    assert page.get_attribute("#others .chip >> nth=1", "aria-pressed") == "true"
    chosen = []
    for x in (0.22, 0.72):  # where the faces are
        stage = page.locator("#overlay").bounding_box()
        page.mouse.click(stage["x"] + x * stage["width"], stage["y"] + 0.25 * stage["height"])
        chosen += page.locator("#others .chip[aria-pressed=true]").all_inner_texts()
    assert sorted(chosen) == ["Face 1: Happy", "Face 2: Happy"]
    assert "No face" not in page.inner_text("#headline")
    assert page.errors == []


@pytest.fixture
def video_file(portrait, tmp_path):
    """Two seconds of WebM: the portrait, moving to the right."""
    path = tmp_path / "moving.webm"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"VP80"), 10, (640, 480))
    for i in range(20):
        writer.write(np.roll(portrait, 6 * i, axis=1))
    writer.release()
    return path


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


def test_the_neutral_face_is_measured_kept_switched_and_forgotten(live):
    live.click("#neutral")
    live.wait_for_selector("#neutral-switch:visible")
    # The portrait smiles broadly: that is what is taken off, up to the bound.
    offsets = json.loads(live.evaluate("localStorage.getItem('moodlight.neutral')"))
    assert offsets["Happy"] > 0 > offsets["Neutral"]
    live.click("#neutral-switch")
    assert live.inner_text("#neutral-switch") == "Neutral face: off"
    live.click("#neutral-forget")
    assert live.evaluate("localStorage.getItem('moodlight.neutral')") is None


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
    start_server("--workers", "1", port=server.port)
    page.wait_for_selector("#status[data-state=running]", timeout=60_000)


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


def test_the_about_page_says_what_the_card_says(server, open_page):
    page = open_page(server)
    page.click("a.about")
    assert "ResNet9" in page.inner_text("main")
    assert page.errors == []
