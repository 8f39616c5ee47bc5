"""What does a frame cost the page's main thread, and how long from the camera to its boxes?

Headless Chromium, a fake camera that plays the portrait at 30 frames a second, a real server.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import click
import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.figures import Table, median_and_p95, number, quantiles
from benchmarks.frames import portrait_frame, to_jpeg
from benchmarks.server import FULL_DETECTION, running

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_CLIP_QUALITY = 90
_START_LIMIT_MS = 30_000
# Before measuring: the browser compiles, and the page finds its size of frames.
_WARM_UP_MS = 3_000
_TRACED = ["toplevel", "blink.user_timing", "disabled-by-default-devtools.timeline"]
_MARK = "moodlight-result"

# Before the page's own scripts. For each frame: when the camera took the picture on its way into
# the encoder, and when the first display frame with its result had been drawn.
_WATCH = """
window.watched = [];
let captured = null, encoding = null;
const taken = new Map();
const {requestVideoFrameCallback: ask} = HTMLVideoElement.prototype;
HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
    return ask.call(this, (now, metadata) => {
        captured = metadata.captureTime ?? metadata.presentationTime;
        callback(now, metadata);
    });
};
window.VideoFrame = class extends VideoFrame {
    constructor(...what) {
        super(...what);
        encoding = captured;
    }
};
window.WebSocket = class extends WebSocket {
    constructor(...where) {
        super(...where);
        this.addEventListener("message", ({data}) => {
            const id = typeof data === "string" && /^42\\["result".*?"id":(\\d+)/.exec(data)?.[1];
            if (!id) return;
            performance.mark("MARK");
            // After the page's own drawing, which was asked for one display frame ago.
            requestAnimationFrame(() => {
                if (taken.has(id)) watched.push(performance.now() - taken.get(id));
                taken.delete(id);
            });
        });
    }
    send(message) {
        const id = typeof message === "string" && /"frame".*?"id":(\\d+)/.exec(message)?.[1];
        if (id) taken.set(id, encoding ?? captured);
        super.send(message);
    }
};
""".replace("MARK", _MARK)


def measure(seconds: float) -> dict[str, Any]:
    """One page on a server with one worker.

    Raises:
        click.ClickException: there is no Chromium.
    """
    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if path is None:
        raise click.ClickException("the page is measured in Chromium or Chrome: install one")
    options = ("--workers", "1", *FULL_DETECTION)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(options) as (_server, url),
        sync_playwright() as playwright,
    ):
        clip = Path(folder) / "portrait.mjpeg"
        clip.write_bytes(to_jpeg(portrait_frame(1), _CLIP_QUALITY) * 30)
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-video-capture={clip}",
                "--disable-background-networking",
                *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
            ],
        )
        try:
            page = browser.new_page()
            page.add_init_script(_WATCH)
            page.goto(url.replace("127.0.0.1", "localhost"))
            page.check("#consent")
            page.click("#start")
            page.wait_for_selector("#status[data-state=running]", timeout=_START_LIMIT_MS)
            page.wait_for_timeout(_WARM_UP_MS)
            return {"browser": browser.version, **_watch(browser, page, seconds)}
        finally:
            browser.close()


def _watch(browser: Browser, page: Page, seconds: float) -> dict[str, Any]:
    """Once without a trace, which would cost time itself, and once with one."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate("window.watched.length = 0")
    before = _busy_s(devtools)
    page.wait_for_timeout(seconds * 1e3)
    busy_s = _busy_s(devtools) - before
    drawn_ms = page.evaluate("window.watched")
    browser.start_tracing(page=page, categories=_TRACED)
    page.wait_for_timeout(seconds * 1e3)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    return {
        "results_per_s": len(drawn_ms) / seconds,
        "capture_to_drawn_ms": quantiles(drawn_ms),
        "cpu_ms_a_frame": busy_s * 1e3 / max(1, len(drawn_ms)),
        "work_ms_a_frame": quantiles(between_results(events, "tdur")),
        "elapsed_ms_a_frame": quantiles(between_results(events, "dur")),
        "longest_task_ms": max(task["tdur"] for task in _tasks(events)) / 1e3,
    }


def _busy_s(devtools: Any) -> float:
    """Processor time of the main thread's tasks so far."""
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return next(m["value"] for m in metrics if m["name"] == "TaskDuration")


def _tasks(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tasks of the thread that the results came in on: the page's main thread."""
    mark = next((e for e in events if e["name"] == _MARK), None)
    if mark is None:
        raise click.ClickException("the page got no result while it was traced")
    place = (mark["pid"], mark["tid"])
    # A task that the trace's end cuts off has no duration.
    return [
        e
        for e in events
        if e["name"] == "RunTask" and (e["pid"], e["tid"]) == place and "tdur" in e
    ]


def between_results(events: list[dict[str, Any]], clock: str) -> list[float]:
    """Milliseconds of main-thread tasks from each result to the next.

    Args:
        events: of a trace, with a mark at each result.
        clock: `tdur`, the thread's processor time, or `dur`, which has its waiting too.
    """
    marks = sorted({e["ts"] for e in events if e["name"] == _MARK})
    totals = np.zeros(len(marks) + 1)
    for task in _tasks(events):
        # The task that a result comes in with began before its mark.
        totals[np.searchsorted(marks, task["ts"] + task["dur"])] += task[clock] / 1e3
    return totals[1:-1].tolist()


def tables(result: dict[str, Any]) -> list[Table]:
    """`measure()`, to be read."""
    return [
        Table(
            "Page",
            ("", "median / p95"),
            [
                ("results a second", number(result["results_per_s"])),
                (
                    "main-thread work from one result to the next, ms",
                    median_and_p95(result["work_ms_a_frame"]),
                ),
                ("the same without a trace, mean", number(result["cpu_ms_a_frame"])),
                ("the same with its waiting", median_and_p95(result["elapsed_ms_a_frame"])),
                ("longest task, ms", number(result["longest_task_ms"])),
                ("from the camera to drawn, ms", median_and_p95(result["capture_to_drawn_ms"])),
            ],
            f"Headless Chromium {result['browser']}, a fake camera of 640x480 at 30 frames a "
            "second, browser and server (one worker, full detection) on the same cores. "
            "Main-thread work: processor time of all tasks of that thread, from a trace: sending, "
            "receiving, the panel, and every display frame in between; its waiting is for other "
            "threads and for a free core. From the camera to drawn: from the "
            "picture's capture time until the first display frame with its result has issued its "
            "drawing; the screen comes on top.",
        )
    ]
