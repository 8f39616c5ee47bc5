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
