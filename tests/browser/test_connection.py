"""Servers that are full, gone or without workers."""

import os
import signal

import pytest

from tests.browser.test_live import start, wait_for

pytestmark = pytest.mark.browser


def test_it_says_so_and_recovers_when_the_server_comes_back(start_server, open_page):
    server = start_server("--workers", "1")
    page = open_page(server)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    server.process.kill()
    page.wait_for_selector("#status[data-state=offline]")
    # It cannot know whether somebody is in view.
    wait_for(page, "document.querySelector('#headline').textContent === 'Waiting for results…'")
    start_server("--workers", "1", port=server.port)  # until /healthz counts a worker
    page.wait_for_selector("#status[data-state=running]", timeout=5_000)


def test_it_says_so_while_no_worker_is_left_and_goes_on_by_itself(start_server, open_page):
    # A worker that loads torch takes long enough to start for the page to notice.
    server = start_server("--workers", "1", "--engine", "torch-float32")
    page = open_page(server)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    os.kill(server.worker_pids()[0], signal.SIGKILL)
    page.wait_for_selector("#status[data-state=starting]")
    page.wait_for_selector("#status[data-state=running]", timeout=60_000)


def test_a_full_server_says_so_and_takes_who_waits(start_server, open_page):
    server = start_server("--workers", "1", "--max-clients", "1")
    first = open_page(server)
    start(first)
    first.wait_for_selector("#status[data-state=running]")
    second = open_page(server)
    start(second)
    second.wait_for_selector("#status[data-state=full]")
    first.close()
    second.wait_for_selector("#status[data-state=running]", timeout=60_000)


FREEZE = """
    // A camera that gives no new picture while `frozen`.
    window.frozen = false;
    const {requestVideoFrameCallback: ask} = HTMLVideoElement.prototype;
    HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
        return ask.call(this, (...frame) => {
            if (window.frozen) this.requestVideoFrameCallback(callback);
            else callback(...frame);
        });
    };
"""


def test_a_camera_that_gives_no_new_picture_is_not_called_live(server, open_page):
    page = open_page(server, script=FREEZE)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    page.evaluate("window.frozen = true")
    page.wait_for_selector("#status[data-state=frozen]")
    assert page.inner_text("#headline") == "Waiting for results…"
    page.evaluate("window.frozen = false")
    page.wait_for_selector("#status[data-state=running]")
    assert page.errors == []


def test_a_server_that_does_not_answer_is_not_called_live(start_server, open_page):
    server = start_server("--workers", "1")
    page = open_page(server)
    start(page)
    page.wait_for_selector("#status[data-state=running]")
    (worker,) = server.worker_pids()
    os.kill(worker, signal.SIGSTOP)
    page.wait_for_selector(
        "#status[data-state=stalled]", timeout=5_000
    )  # the answer's limit is 8 s
    os.kill(worker, signal.SIGCONT)
    page.wait_for_selector("#status[data-state=running]")
