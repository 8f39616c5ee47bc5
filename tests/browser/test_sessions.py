"""Recorded sessions and a video's strips: what is summed up, shown and exported."""

import csv
import io
import json

import pytest

from tests.browser.conftest import fake_camera
from tests.browser.test_live import film, start, wait_for
from tests.browser.test_neutral import unfocused
from tests.conftest import to_jpeg, wait_until

pytestmark = pytest.mark.browser

DASHES = """
    // What the boxes were last drawn with.
    window.dashes = [];
    const {setLineDash, stroke} = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.setLineDash = function (dash) {
        this.dash = dash;
        setLineDash.call(this, dash);
    };
    CanvasRenderingContext2D.prototype.stroke = function (...path) {
        if (this.canvas.id === "overlay") window.dashes = this.dash;
        stroke.apply(this, path);
    };
"""


def test_unsure_is_dashed_said_and_summed_up_as_unsure(server, open_page, portrait, tmp_path):
    clip = tmp_path / "unfocused.mjpeg"
    clip.write_bytes(to_jpeg(unfocused(portrait, 7.6), 90) * 30)
    page = open_page(server, fake_camera(clip), DASHES)
    start(page)
    page.wait_for_selector("#headline:has-text('Unsure, perhaps Happy')")
    wait_for(page, "dashes.length > 0")
    page.wait_for_selector("#others .chip:has-text('Face 1: Unsure')")
    dot = "(chip) => getComputedStyle(chip, '::before').backgroundImage"
    assert "gradient" in page.locator("#others .chip").evaluate(dot)  # no eighth colour
    page.click("#record")
    film(page, 1.5)
    page.click("#record")
    assert page.locator("#summary-tracks .legend li").all_inner_texts() == ["Unsure 100%"]
    for part in (".strip-line span", ".stack span"):
        parts = page.locator(f"#summary {part}")
        assert parts.all_inner_texts() == ["Un"]
        assert "gradient" in parts.evaluate("(part) => getComputedStyle(part).backgroundImage")
    with page.expect_download() as download:
        page.click("#export-csv")
    with open(download.value.path(), newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {(row["steady_label"], row["steady_confident"]) for row in rows} == {("Happy", "false")}
    with page.expect_download() as download:
        page.click("#export-json")
    with open(download.value.path()) as text:
        session = json.load(text)
    assert session["summary"][0]["share"] == {"Unsure": 1}
    assert session["duration_ms"] > session["rows"][-1]["ms"] > 1000
    assert page.errors == []


def test_a_recording_gives_a_summary_and_both_exports(live):
    live.click("#record")
    film(live, 1.5)
    live.click("#record")
    assert live.inner_text("#summary-title") == "Recorded session"
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


def stays(page) -> bool:
    """Whether the page asks before it is left, as by a reload; it is gone if not."""
    asked = []

    def stay(dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    other = page.context.new_page()  # what happens is only heard of while something is asked
    page.once("dialog", stay)
    page.close(run_before_unload=True)
    wait_until(lambda: other.evaluate("1") and (page.is_closed() or asked))
    other.close()
    assert asked in ([], ["beforeunload"])
    return not page.is_closed()


def test_a_recording_is_not_lost_without_a_word(live):
    live.click("#record")
    film(live, 1)
    assert stays(live)
    live.click("#record")
    assert stays(live)
    with live.expect_download():
        live.click("#export-csv")
    assert not stays(live)


def test_a_page_without_a_recording_is_left_without_a_word(live):
    film(live, 1)
    assert not stays(live)


def test_what_was_deleted_holds_nobody_back(live):
    live.click("#record")
    film(live, 1)
    live.click("#stop")
    assert not stays(live)


def test_an_analysed_video_is_not_lost_without_a_word(server, open_page, video_file):
    page = open_page(server)
    page.check("#consent")
    page.set_input_files("#file", str(video_file))
    page.wait_for_selector("#status[data-state=video]", timeout=60_000)
    assert stays(page)
    page.click("#record")
    with page.expect_download():
        page.click("#export-json")
    page.click("#summary-close")
    assert not stays(page)


# A recording of 25 faces: the first in one result only, each later one longer in view.
MANY = """async () => {
    const {Session} = await import("/static/js/session.js");
    const {showSummary} = await import("/static/js/ui.js");
    const session = new Session(0);
    const face = (track) => ({track, label: "Happy", confident: true, confidence: 0.9, box: [],
                              probabilities: {Happy: 1}});
    for (let track = 0; track < 25; track++) {
        for (let at = 0; at <= track; at++) {
            session.add([face(track)], [face(track)], 100 * at, {width: 640, height: 480});
        }
    }
    session.end(2400);
    showSummary(session, "recording");
}"""


def test_a_long_summary_shows_the_faces_seen_longest_from_its_top(server, open_page):
    page = open_page(server, viewport={"width": 360, "height": 740})
    page.evaluate(MANY)
    shown = [f"Face {number}" for number in range(6, 26)]
    assert page.locator("#summary-strips .strip > span").all_inner_texts() == shown
    assert page.locator("#summary-tracks h3").all_inner_texts() == shown
    more = page.locator("#summary-tracks > p").all_inner_texts()
    assert more == ["Seen more briefly, and only in the export: 5 faces"]
    assert page.evaluate("document.querySelector('#summary').scrollTop") == 0
    # What ends it is in view all the same.
    close = page.locator("#summary-close").bounding_box()
    dialog = page.locator("#summary").bounding_box()
    assert close["y"] + close["height"] < dialog["y"] + dialog["height"] <= 740
    assert page.locator("#summary-title").bounding_box()["y"] >= dialog["y"]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "export-csv"
    assert page.errors == []


def test_one_change_and_one_result_are_said_in_the_singular(server, open_page):
    page = open_page(server)
    page.evaluate(MANY.replace("25", "1"))
    assert page.inner_text("#summary-duration") == "0:02, 1 result"
    more = page.locator("#summary-tracks > p").all_inner_texts()
    assert more == ["Seen more briefly, and only in the export: 1 face"]
    assert page.locator("#summary-tracks section").count() == 0
