"""The viewer link: made, ended, copied, and what is said where it cannot be."""

import pytest

from tests.browser.test_live import start, wait_for

pytestmark = pytest.mark.browser


@pytest.fixture
def viewer(live):
    """A page that watches what `live` shares."""
    live.click("#share")
    live.click("#viewer-link-switch")
    live.wait_for_selector("#viewer-link:visible")
    page = live.context.new_page()
    page.goto(live.inner_text("#viewer-link"))
    page.wait_for_selector("#status[data-state=running]")
    live.click("#share-close")
    return page


def test_a_viewer_waits_while_the_sender_pauses(live, viewer):
    live.click("#pause")
    viewer.wait_for_selector("#status[data-state=waiting]")
    live.click("#pause")
    viewer.wait_for_selector("#status[data-state=running]")
    assert live.errors == []


LINK = "#viewer-link:visible"


def test_a_link_of_a_server_without_lan_is_said_to_be_local_and_is_copied(server, open_page):
    page = open_page(server, permissions=["clipboard-read", "clipboard-write"])
    page.click("#share")
    assert page.is_hidden("#viewer-link-copy")
    page.click("#viewer-link-switch")
    page.wait_for_selector(LINK)
    assert page.evaluate("document.activeElement.id") == "viewer-link-switch"
    assert "this computer only: started with --lan" in page.inner_text("#viewer-link-local")
    page.click("#viewer-link-copy")
    page.wait_for_selector("#viewers:has-text('copied')")
    assert page.evaluate("navigator.clipboard.readText()") == page.inner_text("#viewer-link")
    page.click("#viewer-link-switch")
    assert page.is_hidden("#viewer-link-local")
    assert page.inner_text("#viewers") == ""
    assert page.errors == []


# A network that keeps back the answer to the wish for a link; what is said of links.
SLOW = """
    window.said = [];
    window.answers = [];
    const {set} = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
    Object.defineProperty(WebSocket.prototype, "onmessage", {set(listener) {
        set.call(this, (event) => {
            if (String(event.data).includes('"token"')) window.answers.push(() => listener(event));
            else listener(event);
        });
    }});
    const {send} = WebSocket.prototype;
    WebSocket.prototype.send = function (message) {
        const share = /"share",({[^}]*})/.exec(message);
        if (share) window.said.push(JSON.parse(share[1]).on);
        send.call(this, message);
    };
"""


def test_a_link_that_was_asked_for_before_the_deletion_does_not_outlive_it(server, open_page):
    page = open_page(server, script=SLOW)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    page.click("#share")
    page.click("#viewer-link-switch")
    wait_for(page, "answers.length === 1")
    page.click("#share-close")
    page.click("#stop")
    page.evaluate("answers[0]()")
    wait_for(page, "said.length === 2")
    assert page.evaluate("said") == [True, False]
    page.click("#share")
    assert page.is_hidden("#viewer-link")
    assert page.get_attribute("#viewer-link-switch", "aria-disabled") == "false"
    assert page.errors == []


def test_a_link_that_is_lost_or_cannot_be_made_is_said_to_be(start_server, open_page):
    server = start_server("--workers", "1")
    page = open_page(server)
    page.click("#share")
    page.click("#viewer-link-switch")
    page.wait_for_selector(LINK)
    server.process.kill()
    page.wait_for_selector("#viewers:has-text('connection was lost')")
    assert page.is_hidden("#viewer-link")
    page.click("#viewer-link-switch")
    page.wait_for_selector("#viewers:has-text('did not answer')", timeout=2_000)
