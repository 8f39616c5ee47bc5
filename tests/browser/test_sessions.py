"""Recorded sessions and a video's strips: what is summed up, shown and exported."""

import csv
import json

import pytest

from tests.browser.conftest import fake_camera
from tests.browser.test_features import unfocused
from tests.browser.test_live import film, start, wait_for
from tests.conftest import to_jpeg

pytestmark = pytest.mark.browser

DASHES = """
    // What the boxes were last drawn with.
    window.dashes = [];
    const {setLineDash, stroke} = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.setLineDash = function (dash) {
        this.dash = dash;
        setLineDash.call(this, dash);
    };
    CanvasRenderingContext2D.prototype.stroke = function (...path) {
        if (this.canvas.id === "overlay") window.dashes = this.dash;
        stroke.apply(this, path);
    };
"""


def test_unsure_is_dashed_said_and_summed_up_as_unsure(server, open_page, portrait, tmp_path):
    clip = tmp_path / "unfocused.mjpeg"
    clip.write_bytes(to_jpeg(unfocused(portrait, 7.6), 90) * 30)
    page = open_page(server, fake_camera(clip), DASHES)
    start(page)
    page.wait_for_selector("#headline:has-text('Unsure, perhaps Happy')")
    wait_for(page, "dashes.length > 0")
    page.wait_for_selector("#others .chip:has-text('Face 1: Unsure')")
    page.click("#record")
    film(page, 1.5)
    page.click("#record")
    assert page.locator("#summary-tracks .legend li").all_inner_texts() == ["Unsure 100%"]
    for part in (".strip-line span", ".stack span"):
        parts = page.locator(f"#summary {part}")
        assert parts.all_inner_texts() == ["Un"]
        assert "gradient" in parts.evaluate("(part) => getComputedStyle(part).backgroundImage")
    with page.expect_download() as download:
        page.click("#export-csv")
    with open(download.value.path(), newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {(row["steady_label"], row["steady_confident"]) for row in rows} == {("Happy", "false")}
    with page.expect_download() as download:
        page.click("#export-json")
    with open(download.value.path()) as text:
        session = json.load(text)
    assert session["summary"][0]["share"] == {"Unsure": 1}
    assert session["duration_ms"] > session["rows"][-1]["ms"] > 1000
    assert page.errors == []
