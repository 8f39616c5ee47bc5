"""Fixtures shared by all tests: pictures with a real face, and a real server process."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Small nets gain nothing from threads, which would only fight over a CI machine's cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent


def missing(what: str) -> None:
    """Skip the test for lack of a tool; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI must run every test")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """A 640x480 frame with one face, about 80 px wide (NASA's portrait of Eileen Collins)."""
    from skimage import data

    frame = np.full((480, 640, 3), 90, np.uint8)
    picture = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    frame[:, 80:560] = cv2.resize(picture, (480, 480), interpolation=cv2.INTER_AREA)
    return frame


@pytest.fixture(scope="session")
def portrait_jpeg(portrait: np.ndarray) -> bytes:
    return to_jpeg(portrait)


@pytest.fixture(scope="session")
def crowd(portrait: np.ndarray) -> np.ndarray:
    """A 2560x2560 frame with 324 faces or more: the portrait's, side by side."""
    face = cv2.resize(portrait[37:206, 202:371], (140, 140), interpolation=cv2.INTER_AREA)
    return np.tile(face, (19, 19, 1))[:2560, :2560]


@pytest.fixture(scope="session")
def empty_jpeg() -> bytes:
    """A 640x480 frame without a face."""
    rng = np.random.default_rng(0)
    return to_jpeg(cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (640, 480)))


# Certificates are a matter of their own tests.
UNVERIFIED = ssl.create_default_context()
UNVERIFIED.check_hostname = False
UNVERIFIED.verify_mode = ssl.CERT_NONE


def to_jpeg(frame_bgr: np.ndarray, quality: int = 80) -> bytes:
    return cv2.imencode(".jpg", frame_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def wait_until(condition: Callable[[], object], limit_s: float = 30.0) -> object:
    """Poll until the condition holds, and return what it gave."""
    deadline = time.monotonic() + limit_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {limit_s} s"
        time.sleep(0.02)
    return value


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@dataclass
class Server:
    """A running `python -m webapp`."""

    process: subprocess.Popen
    port: int
    log: Path
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def health(self) -> dict:
        import json

        address = f"{self.url}/healthz"
        with urllib.request.urlopen(address, timeout=5, context=UNVERIFIED) as answer:
            return json.load(answer)

    def wait_until_up(self) -> None:
        """The web process answers; workers may still be loading."""

        def is_up() -> bool:
            with suppress(OSError):
                return bool(self.health())
            return False

        wait_until(is_up)

    def metrics(self) -> dict[str, float]:
        """Samples of /metrics by name and labels, as `name{label="value"}`."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        samples = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in samples}

    def worker_pids(self) -> list[int]:
        """Process ids of the inference workers, from the system's process table."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # a zombie counts as gone
                if "model.worker" in child.cmdline():
                    found.append(child.pid)
        return sorted(found)

    def stop(self) -> int:
        """Ctrl-C; the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(10)


@pytest.fixture(scope="session")
def start_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Server]]:
    """Start servers with the given options; all are stopped at the end."""
    servers: list[Server] = []

    def start(*options: str, ready: int | None = 1, port: int | None = None) -> Server:
        port = port or free_port()
        folder = tmp_path_factory.mktemp("server")
        log = folder / "log.txt"
        with log.open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "webapp", "--port", str(port), *options],
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={"XDG_DATA_HOME": str(folder), **os.environ},  # never the user's own
            )
        https = "--lan" in options or "--cert" in options
        server = Server(process, port, log, "https" if https else "http")
        servers.append(server)

        def is_ready() -> bool:
            assert process.poll() is None, log.read_text()
            try:
                return ready is None or server.health()["workers"] >= ready
            except OSError:
                return False

        wait_until(is_ready, 60)
        return server

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
