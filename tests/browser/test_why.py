"""Heat maps of what moved a decision."""

import pytest

from tests.browser.test_live import wait_for
from tests.conftest import to_jpeg

pytestmark = pytest.mark.browser


WARM = """() => {
    const canvas = document.querySelector("#overlay");
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let count = 0;  // reds and yellows of the heat map, half transparent
    for (let at = 0; at < pixels.length; at += 4)
        count += pixels[at] > 200 && pixels[at + 2] < 120 && pixels[at + 3] > 40
            && pixels[at + 3] < 200;
    return count;
}"""


def test_why_lays_a_heat_map_over_the_face(live):
    assert live.evaluate(WARM) == 0
    live.click("#why")
    wait_for(live, f"({WARM})() > 500")
    live.click("#why")
    wait_for(live, f"({WARM})() === 0")
    assert live.errors == []


def test_why_works_on_a_picture(server, open_page, portrait):
    page = open_page(server)
    page.check("#consent")
    page.set_input_files(
        "#file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": to_jpeg(portrait)}
    )
    page.wait_for_selector("#status[data-state=picture]")
    page.click("#why")
    wait_for(page, f"({WARM})() > 500")
    assert page.errors == []


def test_why_works_on_a_video_and_is_asked_anew_as_it_plays(server, open_page, video_file):
    script = """
        window.explained = 0;
        const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (message) {
            window.explained += String(message).includes('"explain":');
            send.call(this, message);
        };"""
    page = open_page(server, script=script)
    page.check("#consent")
    page.set_input_files("#file", str(video_file))
    page.wait_for_selector("#status[data-state=analysing]")
    assert page.is_disabled("#why")
    page.wait_for_selector("#status[data-state=video]", timeout=60_000)
    page.click("#why")
    wait_for(page, f"({WARM})() > 500")
    first = page.evaluate("explained")  # more than once where the server had to load torch
    page.wait_for_timeout(1000)
    assert page.evaluate("explained") == first  # it stands still: nothing new to ask
    page.click("#pause")
    wait_for(page, f"document.querySelector('#video').ended && explained > {first}")
    page.wait_for_timeout(1000)
    asked = page.evaluate("explained")
    assert page.evaluate(WARM) > 500
    page.click("#why")
    wait_for(page, f"({WARM})() === 0")
    page.wait_for_timeout(700)
    assert page.evaluate("explained") == asked <= first + 5
    assert page.errors == []
