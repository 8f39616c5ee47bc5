"""Nothing is opened or sent without consent, nor once it was taken back."""

import pytest

from tests.browser.test_files import DROP
from tests.browser.test_live import start, wait_for

pytestmark = pytest.mark.browser

ASKING = """
    // A browser that asks for the camera until the test answers.
    const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wish) => {
        await new Promise((allow) => { window.allow = allow; });
        const stream = await get(wish);
        window.tracks = stream.getTracks();
        return stream;
    };
"""


def test_consent_that_is_taken_back_cancels_the_question_for_the_camera(server, open_page):
    page = open_page(server, script=ASKING)
    start(page)
    page.wait_for_selector("#status[data-state=asking]")
    page.uncheck("#consent")
    assert page.get_attribute("#status", "data-state") == "stopped"
    assert page.is_disabled("#start")
    page.evaluate("allow()")
    wait_for(page, "window.tracks?.every((track) => track.readyState === 'ended')")
    assert page.is_visible("#welcome")
    assert page.get_attribute("#status", "data-state") == "stopped"
    start(page)
    page.evaluate("allow()")
    page.wait_for_selector("#status[data-state=running]")
    assert page.errors == []


def test_a_drop_before_consent_is_answered_with_what_is_missing(server, open_page, picture_file):
    page = open_page(server)
    assert page.evaluate(DROP, ["header", picture_file.read_bytes().hex(), "image/jpeg"])
    page.wait_for_selector("#notice:has-text('Tick the box first')")
    assert page.is_visible("#welcome")
    assert page.evaluate("document.activeElement.id") == "consent"
    page.keyboard.press("Space")
    assert page.is_checked("#consent")
    assert page.is_hidden("#notice")
    assert page.errors == []


def test_the_page_consents_where_it_must(start_server, open_page):
    page = open_page(start_server("--workers", "1", "--require-consent"))
    start(page)
    page.wait_for_selector("#status[data-state=running]")
