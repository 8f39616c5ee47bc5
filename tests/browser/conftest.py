"""Headless Chromium with a fake camera that plays a clip made at test time."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import playwright.sync_api as playwright_api
import pytest

from tests.conftest import Server, free_port, missing, to_jpeg

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

# Join code of `lan_server`.
CODE = "a-test-code"


def fake_camera(clip: Path) -> tuple[str, ...]:
    """Flags of a camera that plays an MJPEG file over and over, and needs no permission."""
    return ("--use-fake-ui-for-media-stream", f"--use-file-for-fake-video-capture={clip}")


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Path of an installed Chromium or Chrome."""
    for name in _BROWSERS:
        if path := shutil.which(name):
            return path
    missing("Chromium or Chrome")


@pytest.fixture(scope="session")
def playwright() -> Iterator["playwright_api.Playwright"]:
    with playwright_api.sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def clip(portrait: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of MJPEG: the portrait, standing still."""
    path = tmp_path_factory.mktemp("clip") / "portrait.mjpeg"
    path.write_bytes(to_jpeg(portrait, 90) * 30)
    return path


@pytest.fixture
def video_file(portrait: np.ndarray, tmp_path: Path) -> Path:
    """Two seconds of WebM: the portrait, moving to the right."""
    path = tmp_path / "moving.webm"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"VP80"), 10, (640, 480))
    for i in range(20):
        writer.write(np.roll(portrait, 6 * i, axis=1))
    writer.release()
    return path


@pytest.fixture
def picture_file(portrait_jpeg: bytes, tmp_path: Path) -> Path:
    """The portrait as a JPEG."""
    path = tmp_path / "portrait.jpg"
    path.write_bytes(portrait_jpeg)
    return path


@pytest.fixture
def open_page(
    playwright: "playwright_api.Playwright", browser_path: str, clip: Path
) -> Iterator[Callable[..., "playwright_api.Page"]]:
    """Open a server's page in a browser of its own; `flags` replace the fake camera's, `script`
    runs before the page's own."""
    browsers = []

    def open_(
        server: Server,
        flags: tuple[str, ...] | None = None,
        script: str | None = None,
        **context: object,
    ) -> "playwright_api.Page":
        if flags is None:
            flags = fake_camera(clip)
        browser = playwright.chromium.launch(
            executable_path=browser_path,
            args=[
                "--use-fake-device-for-media-stream",
                *flags,
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
            ],
        )
        browsers.append(browser)
        page = browser.new_context(**context).new_page()
        if script:
            page.add_init_script(script)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
        page.goto(server.url.replace("127.0.0.1", "localhost"))
        return page

    yield open_
    for browser in browsers:
        browser.close()


@pytest.fixture(scope="session")
def server(start_server: Callable[..., Server]) -> Server:
    return start_server("--workers", "1")


@pytest.fixture(scope="session")
def lan_server(start_server: Callable[..., Server]) -> Server:
    plain = ("--http-port", str(free_port()))
    return start_server(*("--lan", "--host", "127.0.0.1", "--workers", "1", "--code", CODE, *plain))


@pytest.fixture
def live(server: Server, open_page: Callable[..., "playwright_api.Page"]) -> "playwright_api.Page":
    """A page whose camera runs."""
    page = open_page(server)
    page.check("#consent")
    page.click("#start")
    page.wait_for_selector("#status[data-state=running]")
    return page
