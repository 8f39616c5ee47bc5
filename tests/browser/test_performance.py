"""The performance line, and where frames are encoded."""

import re

import pytest

from tests.browser.test_live import film, start, wait_for
from tests.conftest import wait_until

pytestmark = pytest.mark.browser


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
