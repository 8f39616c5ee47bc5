"""axe-core finds nothing to complain about, in either theme, in each state of the page."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_live import film, start
from tests.conftest import to_jpeg

pytestmark = pytest.mark.browser


def violations(page) -> list[str]:
    """Rule and elements of each violation."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {[node['html'] for node in v['nodes']]}" for v in found]


@pytest.fixture(params=["light", "dark"])
def page(request, server, open_page):
    # axe is put into the page as text, which its Content-Security-Policy forbids.
    return open_page(server, color_scheme=request.param, bypass_csp=True)


def test_the_first_screen(page):
    assert violations(page) == []


def test_live_and_the_summary(page):
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    page.click(".performance summary")
    page.click("#why")
    page.click("#record")
    assert violations(page) == []
    film(page, 1)
    page.click("#record")
    assert page.is_visible("#summary")
    assert violations(page) == []


def test_paused(page):
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    page.click("#pause")
    page.wait_for_selector("#curtain:visible")
    assert violations(page) == []


def test_a_picture(page, portrait):
    page.check("#consent")
    page.set_input_files(
        "#file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": to_jpeg(portrait)}
    )
    page.wait_for_selector("#status[data-state=picture]")
    assert violations(page) == []


def test_the_about_page(page):
    page.click("a.about")
    page.wait_for_selector("main.article")
    assert violations(page) == []
