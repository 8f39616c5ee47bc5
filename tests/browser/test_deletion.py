"""What was stopped and deleted is gone, and nothing of it is sent later."""

import pytest

from tests.browser.test_live import film, start, wait_for

pytestmark = pytest.mark.browser

SENT = """
    window.streams = [];  // of the frames sent
    window.sockets = [];
    window.WebSocket = class extends WebSocket {
        constructor(...where) {
            super(...where);
            window.sockets.push(this);
        }
        send(message) {
            const stream = /"stream":"([a-z]+)-/.exec(message);
            if (stream) window.streams.push(stream[1]);
            super.send(message);
        }
    };
"""


@pytest.mark.parametrize("file", ["picture_file", "video_file"])
def test_a_file_that_was_deleted_while_offline_is_not_sent_later(
    start_server, open_page, request, file
):
    server = start_server("--workers", "1")
    page = open_page(server, script=SENT)
    page.check("#consent")
    wait_for(page, "sockets.length > 0 && sockets.at(-1).readyState === WebSocket.OPEN")
    server.process.kill()
    wait_for(page, "sockets.at(-1).readyState !== WebSocket.OPEN")
    page.set_input_files("#file", str(request.getfixturevalue(file)))
    page.wait_for_selector("#toolbar:visible")
    page.wait_for_selector("#status[data-state=offline]")
    page.click("#stop")
    start_server("--workers", "1", port=server.port)
    page.click("#start")
    page.wait_for_selector("#status[data-state=running]", timeout=60_000)
    assert set(page.evaluate("streams")) == {"camera"}


def test_nothing_of_a_summary_is_left_in_the_page(server, open_page):
    page = open_page(server)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    page.click("#record")
    film(page, 1)
    page.click("#record")
    parts = [f"#summary-{part}" for part in ("duration", "strips", "tracks")]
    assert all(page.inner_text(part) for part in parts)
    page.click("#summary-close")
    page.click("#stop")
    assert [page.text_content(part) for part in parts] == [""] * 3
