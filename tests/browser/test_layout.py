"""Full screen and phones."""

import pytest

from tests.browser.test_live import COLOURED_BOUNDS, film, start, wait_for

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


# Say each state in the header, and with some the number of viewers; what does not fit?
TOO_WIDE = """async () => {
    const {texts} = await import("/static/js/texts/index.js");
    const {dom} = await import("/static/js/ui.js");
    const alone = Object.values(texts.state).map((state) => [state, texts.page.share]);
    const {running, paused, hidden} = texts.state;
    const watched = [running, paused, hidden].map((state) => [state, texts.watching(12)]);
    return [...alone, ...watched].filter((said) => {
        [dom.status.textContent, dom.share.textContent] = said;
        return document.documentElement.scrollWidth > innerWidth;
    });
}"""


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_the_header_fits_320_pixels_in_each_state(server, open_page, locale):
    page = open_page(server, viewport={"width": 320, "height": 568}, locale=locale)
    assert page.evaluate(TOO_WIDE) == []


# How many elements each row has, top to bottom, and how far they reach.
ROWS = """(elements) => {
    const rows = {};
    for (const element of elements) {
        const {top, left, right} = element.getBoundingClientRect();
        if (right) (rows[Math.round(top)] ??= []).push([Math.round(left), Math.round(right)]);
    }
    return Object.keys(rows).map(Number).sort((a, b) => a - b).map((top) => rows[top])
        .map((row) => [row.length, row[0][0], row.at(-1)[1]]);
}"""


def rows_of(page, selector: str) -> list[int]:
    """How many elements each row has; all rows are equally wide."""
    counts, lefts, rights = zip(*page.locator(selector).evaluate_all(ROWS), strict=True)
    assert max(lefts) - min(lefts) <= 1
    assert max(rights) - min(rights) <= 1
    return list(counts)


def test_no_button_is_left_over_in_a_phone_s_last_row(server, open_page, picture_file):
    page = open_page(server, viewport={"width": 360, "height": 740})
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    assert rows_of(page, "#toolbar button") == [3, 3]
    page.locator("#flip").evaluate("(button) => (button.hidden = false)")
    assert rows_of(page, "#toolbar button") == [3, 3, 1]
    page.click("#record")
    film(page, 0.5)
    page.click("#record")
    assert rows_of(page, "#summary .actions button") == [2, 1]
    page.click("#summary-close")
    page.click("#stop")
    page.set_input_files("#file", str(picture_file))
    page.wait_for_selector("#status[data-state=picture]")
    assert rows_of(page, "#toolbar button") == [2, 2]
    assert page.is_hidden("#timeline")  # a picture has no course
