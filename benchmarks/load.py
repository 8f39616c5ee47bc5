"""One row of load: real clients in processes of their own, all at once, on a running server."""

import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.figures import quantiles
from benchmarks.frames import portrait_frame, to_jpeg
from benchmarks.server import cpu_seconds

_HEALTH_EVERY_S = 0.02


def measure_row(
    server: subprocess.Popen,
    url: str,
    clients: int,
    faces: int,
    seconds: float,
    in_flight: int = 1,
    rate: float | None = None,
    ask_health: bool = False,
    encoded: bytes | None = None,
) -> dict[str, Any]:
    """Load a server for a while.

    Args:
        server: the web process.
        url: of the server.
        clients: at once.
        faces: in each frame.
        seconds: for which they send.
        in_flight: frames each client keeps on its way.
        rate: frames a second that each client offers instead.
        ask_health: whether /healthz is asked all the while, which costs the server time too.
        encoded: a picture to send instead of one with faces.
    """
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.jpg"
        frame.write_bytes(encoded or to_jpeg(portrait_frame(faces)))
        arguments = {
            "url": url,
            "frame": str(frame),
            "seconds": seconds,
            "in_flight": in_flight,
            "rate": rate,
        }
        command = [sys.executable, "-m", "benchmarks.client", json.dumps(arguments)]
        running = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(clients)
        ]
        try:
            for process in running:
                _line(process)
            before = cpu_seconds(server)
            with _health(url, ask_health) as health_ms:
                for process in running:
                    process.stdin.write("go\n")
                    process.stdin.flush()
                answers = [json.loads(_line(process)) for process in running]
            after = cpu_seconds(server)
            for process in running:
                process.communicate()
        finally:
            for process in running:
                process.kill()
    if len(before) != len(after):
        raise click.ClickException("a worker was replaced in the middle of a measurement")
    spent = np.subtract(after, before)
    timings = [timing for answer in answers for timing in answer["server_ms"]]
    rates = [len(answer["server_ms"]) / answer["seconds"] for answer in answers]
    stages = [name for name in timings[0] if name != "total"] if timings else []
    return {
        "clients": clients,
        "faces": faces,
        "faces_found": sorted({answer["faces"] for answer in answers}),
        "offered_per_s": sum(answer["sent"] for answer in answers) / seconds,
        "results": len(timings),
        "results_per_s": sum(rates),
        "slowest_client_share": float(min(rates) / np.mean(rates)),
        "dropped": sum(answer["dropped"] for answer in answers),
        "refused": sum(answer["refused"] for answer in answers),
        "received_to_sent_ms": quantiles([timing["total"] for timing in timings]),
        "sent_to_result_ms": quantiles([ms for a in answers for ms in a["sent_to_result_ms"]]),
        "stages_ms": {name: quantiles([t[name] for t in timings])["p50"] for name in stages},
        "web_cpu_s": float(spent[0]),
        "workers_cpu_s": float(spent[1:].sum()),
        "healthz_ms": quantiles(health_ms),
    }


def _line(process: subprocess.Popen) -> str:
    if line := process.stdout.readline():
        return line
    raise click.ClickException("a client ended early: see above")


@contextmanager
def _health(url: str, asked: bool) -> Iterator[list[float]]:
    """Milliseconds of requests to /healthz, one after another while it lasts."""
    took_ms: list[float] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.wait(_HEALTH_EVERY_S):
            started = time.perf_counter()
            with urllib.request.urlopen(f"{url}/healthz") as answer:
                answer.read()
            took_ms.append((time.perf_counter() - started) * 1e3)

    asking = threading.Thread(target=ask)
    if asked:
        asking.start()
    yield took_ms
    stop.set()
    if asked:
        asking.join()
