"""The page keeps to what the server allows."""

import pytest

from tests.browser.test_live import film, start

pytestmark = pytest.mark.browser

SAID = """
    const status = document.querySelector("#status");
    window.said = [];
    new MutationObserver(() => window.said.push(status.dataset.state))
        .observe(status, {attributes: true, attributeFilter: ["data-state"]});
"""


def test_the_page_sends_no_more_frames_than_the_server_takes(start_server, open_page):
    server = start_server("--workers", "1", "--max-fps", "2")
    page = open_page(server)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    page.evaluate(f"() => {{ {SAID} }}")
    film(page, 5)
    assert page.evaluate("said") == []
    assert server.metrics().get('moodlight_frames_dropped_total{reason="rate_limited"}', 0) == 0
    assert page.errors == []
