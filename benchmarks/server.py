"""A real server to be measured: its start, its processes, their time and memory."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import click
import psutil

# Detection on every frame in full: what overheads are judged with.
FULL_DETECTION = ("--full-detection-ms", "0")
# So that the limiter's waits and refusals are not what is measured.
UNLIMITED = ("--max-fps", "1000")

_START_LIMIT_S = 120.0


def start_server(
    options: tuple[str, ...], log: IO | int = subprocess.DEVNULL, look_every_s: float = 0.1
) -> tuple[subprocess.Popen, int]:
    """`python -m webapp` with all its workers ready, and its port.

    Args:
        options: of the server, `--workers` among them.
        log: where it logs to.
        look_every_s: how often it is asked whether it is ready.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "webapp", "--port", str(port), *options]
    process = subprocess.Popen(command, stderr=log)
    wanted = int(options[options.index("--workers") + 1])
    deadline = time.monotonic() + _START_LIMIT_S
    while _ready_workers(port) != wanted:
        if time.monotonic() > deadline or process.poll() is not None:
            process.kill()
            raise click.ClickException("the server did not get ready")
        time.sleep(look_every_s)
    return process, port


@contextmanager
def running(options: tuple[str, ...]) -> Iterator[tuple[subprocess.Popen, str]]:
    """A server for a while: its process and its address."""
    process, port = start_server(options)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def processes(server: subprocess.Popen) -> list[psutil.Process]:
    """The web process and its workers."""
    web = psutil.Process(server.pid)
    return [web, *web.children(recursive=True)]


def cpu_seconds(server: subprocess.Popen) -> list[float]:
    """User and system time so far of each of `processes`, the web process first."""
    times = (process.cpu_times() for process in processes(server))
    return [spent.user + spent.system for spent in times]


def _ready_workers(port: int) -> int | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            return json.load(answer)["workers"]
    except OSError:
        return None
