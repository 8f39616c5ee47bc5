"""Frames get smaller where answers are slow."""

import pytest

from tests.browser.test_live import COLOURED_BOUNDS, FACE_IN_MIRROR, start, wait_for

pytestmark = pytest.mark.browser

# A network on which results take half a second, and the widths of the frames that they are of.
SLOW = """
    window.widths = [];
    const late = new WeakSet();
    window.WebSocket = class extends WebSocket {
        constructor(...where) {
            super(...where);
            this.addEventListener("message", (event) => {
                const {data} = event;
                if (late.has(event) || !String(data).startsWith('42["result"')) return;
                event.stopImmediatePropagation();
                setTimeout(() => {
                    const again = new MessageEvent("message", {data});
                    late.add(again);
                    window.widths.push(JSON.parse(data.slice(2))[1].width);
                    this.dispatchEvent(again);
                }, 500);
            });
        }
    };
"""


def test_slow_answers_get_smaller_frames_and_boxes_stay_where_the_faces_are(server, open_page):
    page = open_page(server, script=SLOW)
    start(page)
    wait_for(page, "widths.length > 0")
    assert page.evaluate("widths[0]") == 640
    wait_for(page, "widths.at(-1) <= 480")
    x, y = FACE_IN_MIRROR[0] / 640, FACE_IN_MIRROR[1] / 480
    box = (
        f"b.left < {x} && {x} < b.right && b.top < {y} && {y} < b.bottom && b.right - b.left < 0.5"
    )
    wait_for(page, f"((b) => b.count > 200 && {box})(({COLOURED_BOUNDS})())")
    page.click(".performance summary")
    frame = "[...document.querySelectorAll('#figures dd')].at(-1).textContent"
    wait_for(page, f"parseInt({frame}) <= 480")
    assert page.errors == []
