"""Full screen and phones."""

import pytest

from tests.browser.test_live import COLOURED_BOUNDS, start, wait_for

pytestmark = pytest.mark.browser


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


OVERFLOW = "document.documentElement.scrollWidth > innerWidth"


def test_the_page_gets_narrower_again(live):
    """After full screen and when it is turned, also where the plot has been wider."""
    live.wait_for_selector("#timeline canvas")
    for width, height in ((860, 800), (768, 1024), (1024, 768), (380, 740), (320, 640), (844, 390)):
        live.set_viewport_size({"width": width, "height": height})
        live.click("#full-screen")
        wait_for(live, "document.fullscreenElement !== null")
        live.click("#full-screen")
        wait_for(live, f"document.fullscreenElement === null && innerWidth === {width}")
        wait_for(live, f"!({OVERFLOW})")
        fitted = "document.querySelector('#timeline').clientWidth"
        wait_for(live, f"document.querySelector('#timeline canvas').offsetWidth === {fitted}")
    assert live.errors == []


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_it_fits_a_phone_of_360_pixels(server, open_page, locale):
    page = open_page(server, viewport={"width": 360, "height": 780}, locale=locale)
    assert not page.evaluate(OVERFLOW)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    assert not page.evaluate(OVERFLOW)
    # Picture, controls and all bars are in view at once.
    bars = page.locator("#bars").bounding_box()
    assert bars["y"] + bars["height"] <= 780
    # The header is one line.
    assert page.locator("header").bounding_box()["height"] < 70
