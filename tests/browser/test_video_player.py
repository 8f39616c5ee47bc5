"""A video file on the stage: how long its analysis takes, its strips, playing and pausing."""

import csv
import itertools
import re

import pytest

from tests.browser.faces import two_faces, write_webm
from tests.browser.test_live import COLOURED_BOUNDS, wait_for
from tests.conftest import to_jpeg

pytestmark = pytest.mark.browser

VIDEO = "document.querySelector('#video')"
# What stood beside the video's position, each change of it.
NOTE_TIMES = """() => {
    const time = document.querySelector("#player-time");
    window.times = [];
    const note = () => window.times.push(time.textContent);
    new MutationObserver(note).observe(time, {childList: true});
}"""


def middle_of(page, selector: str) -> tuple[float, float]:
    place = page.locator(selector).bounding_box()
    return place["x"] + place["width"] / 2, place["y"] + place["height"] / 2


@pytest.fixture
def page(server, open_page, portrait, tmp_path):
    """Four seconds, looked at twice in each: a face that stays happy, and one that turns angry."""
    frames = [two_faces(portrait, 0, 0)] * 20 + [two_faces(portrait, 0, 1)] * 20
    page = open_page(server, script="localStorage.setItem('moodlight.video-step', '500')")
    page.evaluate(NOTE_TIMES)
    page.check("#consent")
    page.set_input_files("#file", str(write_webm(tmp_path / "two.webm", frames)))
    page.wait_for_selector("#status[data-state=video]", timeout=60_000)
    yield page
    assert page.errors == []


def test_the_time_left_is_said_until_there_is_none(page):
    left = [time for time in page.evaluate("times") if "left" in time]
    assert all(re.fullmatch(r"\d+:\d\d left", time) for time in left)
    assert left[-1] == "0:00 left"
    assert page.evaluate("times").index("0:00 / 0:04") >= len(left)  # from then on, the position


# Each strip's name, spoken text, and the letters, start and width of its parts, in percent.
STRIPS = """(strips) => strips.map((strip) => [
    strip.firstElementChild.textContent,
    strip.lastElementChild.ariaLabel,
    [...strip.lastElementChild.children].map(({textContent, style}) =>
        [textContent, parseFloat(style.left), parseFloat(style.width)]),
])"""


def test_each_of_two_faces_has_a_strip_of_its_own(page):
    strips = page.locator("#strips .strip").evaluate_all(STRIPS)
    assert [name for name, _, _ in strips] == ["Face 1", "Face 2"]
    steady, changing = sorted(strips, key=lambda strip: len(strip[2]))
    assert steady[1] == f"{steady[0]}: Happy 100%"
    assert re.match(rf"{changing[0]}: (Happy|Anger) \d+%, ", changing[1])
    assert [letters for letters, _, _ in steady[2]] == ["Ha"]
    letters = [letters for letters, _, _ in changing[2]]
    assert (letters[0], letters[-1]) == ("Ha", "An")
    assert changing[2][0][1:] == [0, pytest.approx(50, abs=10)]  # happy for two seconds of four
    for (_, left, width), (_, following, _) in itertools.pairwise(changing[2]):
        assert left + width == pytest.approx(following, abs=0.01)
    for _, _, parts in strips:
        assert sum(parts[-1][1:]) == pytest.approx(87.5, abs=1)  # the last result's time is 3.5 s


def test_a_playing_video_is_paused_and_goes_on(page):
    page.click("#pause")
    page.wait_for_selector("#pause:has-text('Pause')")
    wait_for(page, f"{VIDEO}.currentTime > 0.5")
    page.click("#pause")
    page.wait_for_selector("#pause:has-text('Play')")
    at = page.evaluate(f"{VIDEO}.currentTime")
    assert at < 3.9
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate(f"[{VIDEO}.paused, {VIDEO}.currentTime]") == [True, at]
    assert float(page.input_value("#seek")) == pytest.approx(at, abs=0.02)
    moment = page.locator("#strips").evaluate(
        "(strips) => strips.style.getPropertyValue('--moment')"
    )
    assert float(moment) == pytest.approx(at / page.evaluate(f"{VIDEO}.duration"), abs=1e-3)
    page.click("#pause")
    wait_for(page, f"{VIDEO}.currentTime > {at}")
    wait_for(page, f"{VIDEO}.ended")
    page.wait_for_selector("#pause:has-text('Play')")


def test_the_slider_is_used_by_keyboard(page):
    """Steps of the analysis, here 0.5 s, or of 5 s; a pointer has finer ones."""
    slider = page.locator("#seek")
    slider.focus()
    at = f"[+document.querySelector('#seek').value, {VIDEO}.currentTime].join()"
    for keys, seconds, spoken in (
        (["ArrowRight"] * 3, 1.5, "0:01.50"),
        (["ArrowDown"], 1, "0:01.00"),
        (["Shift+ArrowUp"], 4, "0:04.00"),
        (["ArrowLeft"], 3.5, "0:03.50"),
        (["Shift+ArrowLeft"], 0, "0:00.00"),
    ):
        for key in keys:
            slider.press(key)
        wait_for(page, f"{at} === '{seconds},{seconds}'")
        wait_for(page, f"document.querySelector('#seek').ariaValueText === '{spoken}'")
    slider.fill("1.23")
    wait_for(page, f"{at} === '1.23,1.23'")


def test_the_slider_s_thumb_stands_above_the_strips_moment(page):
    line = page.locator("#strips .strip-line").first.bounding_box()
    for share in (0.02, 0.5, 0.98):
        page.mouse.click(line["x"] + share * line["width"], middle_of(page, "#seek")[1])
        wait_for(page, f"Math.abs({VIDEO}.currentTime / {VIDEO}.duration - {share}) < 0.005")


def test_full_screen_has_the_picture_and_below_it_all_controls(page):
    page.click("#full-screen")
    page.wait_for_selector("#full-screen:has-text('Leave full screen')")
    above = 0
    for name in ("#picture", "#video-step", "#seek", "#strips", "#toolbar"):
        place = page.locator(name).bounding_box()
        assert place["y"] >= above
        above = place["y"] + place["height"]
    assert above <= page.evaluate("innerHeight")
    # Light on dark, although the page is dark on light.
    colour = "(e) => getComputedStyle(e).color"
    assert page.locator("#player-time").evaluate(colour) == "rgb(241, 239, 234)"
    assert page.locator("body").evaluate(colour) == "rgb(29, 33, 38)"
    page.click("#full-screen")
    page.wait_for_selector("#full-screen:text-is('Full screen')")


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
    assert page.inner_text("#summary-title") == "Summary of the video"
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


def test_after_a_jump_what_is_shown_is_what_strips_and_export_say(
    server, open_page, portrait, tmp_path
):
    """Two angry frames among happy ones are too few to change what is shown of a face."""
    frames = [two_faces(portrait, 0, float(i in (10, 11))) for i in range(20)]
    page = open_page(server, script="localStorage.setItem('moodlight.video-step', '100')")
    page.check("#consent")
    page.set_input_files("#file", str(write_webm(tmp_path / "two.webm", frames)))
    page.wait_for_selector("#status[data-state=video]", timeout=60_000)
    page.locator("#seek").fill("1.95")
    page.locator("#seek").fill("1.15")
    wait_for(page, f"{VIDEO}.currentTime === 1.15 && !{VIDEO}.seeking")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    chips = page.locator("#others .chip").all_inner_texts()
    assert chips == ["Face 1: Happy", "Face 2: Happy"]
    page.click("#record")
    with page.expect_download() as download:
        page.click("#export-csv")
    with open(download.value.path(), newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["ms"] == "1100"]
    assert {row["label"] for row in rows} == {"Happy", "Anger"}
    assert {row["steady_label"] for row in rows} == {"Happy"}
    assert page.errors == []


def test_space_does_nothing_during_the_analysis_and_plays_after_it(server, open_page, video_file):
    page = open_page(server)
    page.check("#consent")
    page.set_input_files("#file", str(video_file))
    page.wait_for_selector("#status[data-state=analysing]")
    page.keyboard.press("Space")
    page.wait_for_selector("#status[data-state=video]", timeout=60_000)
    page.keyboard.press("Space")
    wait_for(page, f"{VIDEO}.currentTime > 0.5")
    assert page.errors == []


CHOSEN = "#others .chip[aria-pressed=true]"
# As a drag of the slider, with the focus where it was.
SEEK = """(seconds) => {
    const seek = document.querySelector("#seek");
    seek.value = seconds;
    seek.dispatchEvent(new Event("input"));
}"""
FOCUSED = "document.activeElement.textContent"


def test_a_face_that_was_chosen_is_shown_again_when_it_comes_back_and_the_focus_is_not_lost(
    server, open_page, portrait, tmp_path
):
    both = two_faces(portrait, 0, 0)
    alone = both.copy()
    alone[:, 320:] = 90  # for longer than a face is shown without a result, not than it is known
    page = open_page(server, script="localStorage.setItem('moodlight.video-step', '100')")
    page.check("#consent")
    path = write_webm(tmp_path / "leaving.webm", [both] * 10 + [alone] * 9 + [both] * 11)
    page.set_input_files("#file", str(path))
    page.wait_for_selector("#status[data-state=video]", timeout=60_000)
    place = page.locator("#overlay").bounding_box()
    page.mouse.click(place["x"] + 0.75 * place["width"], place["y"] + 0.25 * place["height"])
    chosen = page.inner_text(CHOSEN)
    page.focus(CHOSEN)
    page.evaluate(SEEK, 1.85)
    wait_for(page, "document.querySelectorAll('#others .chip').length === 1")
    other = page.inner_text(CHOSEN)
    assert other != chosen
    assert page.evaluate(FOCUSED) == other
    page.evaluate(SEEK, 2.65)
    wait_for(page, "document.querySelectorAll('#others .chip').length === 2")
    assert page.inner_text(CHOSEN) == chosen
    assert page.evaluate(FOCUSED) == other
    assert page.errors == []


def test_a_stored_rate_that_is_none_of_the_options_is_not_used(server, open_page):
    page = open_page(server, script="localStorage.setItem('moodlight.video-step', '7')")
    assert page.input_value("#video-step") == "200"


BREAK = """
    // A video that cannot be sought from a second on, until it is mended.
    window.mended = false;
    localStorage.setItem("moodlight.video-step", "500");
    const {get, set} = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "currentTime");
    Object.defineProperty(HTMLMediaElement.prototype, "currentTime", {get, set(seconds) {
        if (seconds < 1 || window.mended) set.call(this, seconds);
        else queueMicrotask(() => this.dispatchEvent(new Event("error")));
    }});
"""


def test_what_was_seen_of_a_video_that_breaks_off_is_shown(server, open_page, video_file):
    page = open_page(server, script=BREAK)
    page.check("#consent")
    page.set_input_files("#file", str(video_file))
    page.wait_for_selector("#status[data-state=video]", timeout=60_000)
    assert page.inner_text("#broke-off").startswith("The browser could not go on after 0:01:")
    assert page.locator("#strips .strip").count() == 1
    page.evaluate("window.mended = true")
    page.locator("#seek").fill("1.9")
    wait_for(page, "document.querySelector('#headline').textContent === 'Not looked at'")
    page.click("#record")
    with page.expect_download() as download:
        page.click("#export-csv")
    with open(download.value.path(), newline="") as lines:
        assert [row["ms"] for row in csv.DictReader(lines)] == ["0", "500"]
    page.click("#summary-close")
    page.click("#stop")
    assert page.text_content("#broke-off") == ""
    assert page.errors == []
