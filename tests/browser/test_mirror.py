"""The mirror switch."""

import pytest

from tests.browser.test_files import BOXES
from tests.browser.test_live import start, wait_for

pytestmark = pytest.mark.browser

# Where the portrait's face is, which is left of the middle.
MIDDLE = "(([x, y, width]) => x + width / 2)(boxes.at(-1))"


def test_the_mirror_can_be_switched_off_and_stays_off(server, open_page):
    page = open_page(server, script=BOXES)
    start(page)
    mirrored = page.locator("video.mirrored")
    wait_for(page, f"boxes.length && {MIDDLE} > 0.5")
    assert mirrored.count() == 1
    page.uncheck("#mirror")
    wait_for(page, f"{MIDDLE} < 0.5")
    assert mirrored.count() == 0
    page.reload()
    start(page)
    wait_for(page, f"boxes.length && {MIDDLE} < 0.5")
    assert mirrored.count() == 0
    assert not page.is_checked("#mirror")
    page.check("#mirror")
    wait_for(page, f"{MIDDLE} > 0.5")
    assert mirrored.count() == 1
    assert page.errors == []
