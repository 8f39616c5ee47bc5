"""The viewer link: made, ended, copied, and what is said where it cannot be."""

import pytest

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
