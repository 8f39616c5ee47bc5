"""Joining by link or code, the Share panel and the viewer's page, in a real browser."""

import pytest

from tests.browser.conftest import CODE
from tests.browser.test_live import COLOURED_BOUNDS, start, wait_for

pytestmark = pytest.mark.browser


def test_a_link_joins_and_a_viewer_sees_the_numbers(lan_server, open_page):
    """From the code asked for, over the panel and its viewer link, to the end of that link."""
    page = open_page(lan_server, ignore_https_errors=True)
    page.fill("#code", "wrong-code")
    page.press("#code", "Enter")
    page.wait_for_selector("#join-reason:has-text('not accepted')")
    assert page.evaluate("sessionStorage.length") == 0
    page.goto(f"{page.url}#code={CODE}")
    wait_for(page, "!document.querySelector('#join').open")
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    assert CODE not in page.url  # in no history, on no screenshot

    page.click("#share")
    page.wait_for_selector("#share-address:visible")
    assert page.inner_text("#share-link") == f"https://localhost:{lan_server.port}/"
    assert CODE in page.inner_text("#share-code")
    wait_for(page, "document.querySelector('#share-qr').naturalWidth > 100")
    assert page.inner_text("#fingerprint") in lan_server.log.read_text()
    page.click("#authority summary")
    with page.expect_download() as download:
        page.click("#authority a")
    assert "BEGIN CERTIFICATE" in download.value.path().read_text()

    page.click("#viewer-link-switch")
    page.wait_for_selector("#viewer-link:visible")
    viewer = page.context.browser.new_context(ignore_https_errors=True).new_page()
    viewer_errors = []
    viewer.on("pageerror", lambda error: viewer_errors.append(str(error)))
    viewer.goto(page.inner_text("#viewer-link"))
    viewer.wait_for_selector("#status[data-state=running]")
    wait_for(viewer, f"({COLOURED_BOUNDS})().count > 100")
    assert viewer.query_selector("video") is None
    page.wait_for_selector("#viewers:has-text('1 watching')")
    page.click("#viewer-link-switch")
    viewer.wait_for_selector("#notice:visible")
    assert viewer.evaluate(COLOURED_BOUNDS)["count"] == 0
    assert viewer_errors == page.errors == []


def test_a_page_that_was_told_no_code_asks_again(lan_server, open_page, picture_file):
    page = open_page(lan_server, ignore_https_errors=True)
    page.wait_for_selector("#join[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#join:not([open])", state="attached")
    start(page)
    page.wait_for_selector("#join[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#join:not([open])", state="attached")
    page.set_input_files("#file", str(picture_file))
    page.wait_for_selector("#join[open]")
    assert page.is_visible("#welcome")  # no camera, and nothing opened
    assert page.get_attribute("#status", "data-state") == "barred"
    page.fill("#code", CODE)
    page.press("#code", "Enter")
    page.wait_for_selector("#status[data-state=idle]")
    page.click("#start")
    page.wait_for_selector("#status[data-state=running]")
    assert page.errors == []


def test_a_reload_keeps_the_code_and_a_new_tab_asks_again(lan_server, open_page):
    page = open_page(lan_server, ignore_https_errors=True)
    page.fill("#code", CODE)
    page.click("#join-form button")
    wait_for(page, "!document.querySelector('#join').open")
    page.reload()
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("#join[open]")
