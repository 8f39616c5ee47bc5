"""axe-core finds nothing to complain about, in either theme, in each state of the page."""

import cv2
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import CODE
from tests.browser.faces import two_faces, write_webm
from tests.browser.test_live import film, start, wait_for
from tests.conftest import to_jpeg

pytestmark = pytest.mark.browser


def violations(page) -> list[str]:
    """Rule and elements of each violation."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {[node['html'] for node in v['nodes']]}" for v in found]


@pytest.fixture(params=["light", "dark"])
def look(request):
    # axe is put into the page as text, which its Content-Security-Policy forbids.
    return {"color_scheme": request.param, "bypass_csp": True}


@pytest.fixture
def page(look, server, open_page):
    return open_page(server, **look)


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


def test_a_video_and_its_summary(page, portrait, tmp_path):
    frames = [two_faces(portrait, 0, 0)] * 10 + [two_faces(portrait, 0.9, 0)] * 10  # unsure, then
    page.check("#consent")
    page.set_input_files("#file", str(write_webm(tmp_path / "two.webm", frames)))
    page.wait_for_selector("#status[data-state=analysing]")
    assert violations(page) == []
    page.wait_for_selector("#status[data-state=video]", timeout=60_000)
    assert violations(page) == []
    page.click("#record")
    assert page.is_visible("#summary")
    assert violations(page) == []


def coloured(page, selector: str) -> int:
    """Pixels of an element that are neither black, white nor grey."""
    shot = np.frombuffer(page.locator(selector).first.screenshot(), np.uint8)
    pixels = cv2.imdecode(shot, cv2.IMREAD_COLOR).astype(int)
    return int((np.ptp(pixels, axis=2) > 60).sum())


def test_high_contrast_keeps_the_colours_that_say_something(server, open_page, portrait, tmp_path):
    page = open_page(server, forced_colors="active")
    frames = [two_faces(portrait, 0, 0)] * 10
    page.check("#consent")
    page.set_input_files("#file", str(write_webm(tmp_path / "two.webm", frames)))
    page.wait_for_selector("#status[data-state=video]", timeout=60_000)
    page.wait_for_selector("#others .chip")
    for part in ("#bars", "#others .chip[aria-pressed=false]", "#strips .strip-line", "#seek"):
        assert coloured(page, part) > 30, part
    ground = "(button) => getComputedStyle(button).backgroundColor"
    chosen, other = (
        page.locator(f"#others .chip[aria-pressed={pressed}]").evaluate(ground)
        for pressed in ("true", "false")
    )
    assert chosen != other
    page.click("#record")
    for part in (".strip-line", ".stack", ".legend li"):
        assert coloured(page, f"#summary {part}") > 30, part
    assert page.errors == []


def test_the_about_page(page):
    with page.context.expect_page() as opened:
        page.click("a.about")
    about = opened.value
    about.wait_for_selector("main h2:not(:empty)")
    assert violations(about) == []


@pytest.fixture
def lan_page(look, lan_server, open_page):
    page = open_page(lan_server, **look, ignore_https_errors=True)
    page.wait_for_selector("#join[open]")
    return page


def join(page) -> None:
    page.fill("#code", CODE)
    page.press("#code", "Enter")
    wait_for(page, "!document.querySelector('#join').open")


def test_joining_and_sharing(lan_page):
    assert violations(lan_page) == []
    join(lan_page)
    lan_page.click("#share")
    lan_page.wait_for_selector("#share-address:visible")
    lan_page.click("#authority summary")
    lan_page.click("#viewer-link-switch")
    lan_page.wait_for_selector("#viewer-link:visible")
    assert violations(lan_page) == []


def test_the_viewers_page(look, lan_page):
    join(lan_page)
    lan_page.click("#share")
    lan_page.click("#viewer-link-switch")
    lan_page.wait_for_selector("#viewer-link:visible")
    viewer = lan_page.context.browser.new_context(**look, ignore_https_errors=True).new_page()
    viewer.goto(lan_page.inner_text("#viewer-link"))
    viewer.wait_for_selector("#status[data-state=waiting]")
    assert violations(viewer) == []
    lan_page.click("#share-close")
    start(lan_page)
    viewer.wait_for_selector("#others .chip")
    assert violations(viewer) == []
    lan_page.click("#share")
    lan_page.click("#viewer-link-switch")
    viewer.wait_for_selector("#notice:visible")
    assert violations(viewer) == []
