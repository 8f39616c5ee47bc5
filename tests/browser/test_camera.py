"""Which camera, and pausing it."""

import pytest

from tests.browser.test_live import start, wait_for

pytestmark = pytest.mark.browser


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
    page.focus("#cameras")
    page.select_option("#cameras", second)
    page.wait_for_selector("#status[data-state=running]")
    assert page.evaluate("document.activeElement.id") == "cameras"  # Space would turn Pause's off
    used = "document.querySelector('#video').srcObject.getVideoTracks()[0].getSettings().deviceId"
    assert page.evaluate(used) == second
    page.reload()
    start(page)
    page.wait_for_selector("#toolbar:visible")
    assert page.evaluate(used) == second == page.input_value("#cameras")
    assert page.errors == []


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
