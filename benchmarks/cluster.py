"""`python -m benchmarks.cluster`: frames a second of a cluster by the number of its workers.

One web process, one Redis and the workers, all on this machine, beside the same number of workers
that the web process starts itself. Needs `redis-server`; run it with nothing else running.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import psutil
import redis

from benchmarks.figures import Table, median_and_p95, number
from benchmarks.load import measure_row
from benchmarks.server import FULL_DETECTION, running
from model import cluster
from webapp.config import default_workers

# Enough that no worker waits for a client.
_CLIENTS_A_WORKER = 4
_START_LIMIT_S = 120.0


def measure(seconds: float) -> dict[str, Any]:
    """A row for 1, 2 and as many workers as the cores allow, each as cluster and as one process."""
    rows = []
    for workers in sorted({1, 2, default_workers()}):
        clients = _CLIENTS_A_WORKER * workers
        own = ("--workers", str(workers), *FULL_DETECTION)
        with running(own) as (server, url):
            alone = measure_row(server, url, clients, 1, seconds)
        # Of --workers the web process starts none then, but `running` waits for that many.
        with (
            _redis() as (process, url_of_redis),
            _workers(url_of_redis, workers),
            running((*own, "--redis", url_of_redis)) as (server, url),
        ):
            before = _cpu_s(process)
            row = measure_row(server, url, clients, 1, seconds)
            redis_s = _cpu_s(process) - before
        results = max(1, row["results"])
        rows.append(
            {
                **row,
                "workers": workers,
                "embedded_results_per_s": alone["results_per_s"],
                "embedded_received_to_sent_ms": alone["received_to_sent_ms"],
                "web_ms_a_result": row["web_cpu_s"] * 1e3 / results,
                "redis_ms_a_result": redis_s * 1e3 / results,
            }
        )
    return {"cores": os.cpu_count(), "rows": rows}


def tables(result: dict[str, Any]) -> list[Table]:
    """`measure()`, to be read."""
    return [
        Table(
            f"A cluster on one machine of {result['cores']} cores",
            (
                *("workers", "clients", "results/s", "the same without Redis"),
                *("received to sent p50 / p95, ms", "the same without Redis"),
                *("web process, CPU ms a result", "Redis, CPU ms a result"),
            ),
            [
                (
                    str(r["workers"]),
                    str(r["clients"]),
                    number(r["results_per_s"]),
                    number(r["embedded_results_per_s"]),
                    median_and_p95(r["received_to_sent_ms"]),
                    median_and_p95(r["embedded_received_to_sent_ms"]),
                    number(r["web_ms_a_result"]),
                    number(r["redis_ms_a_result"]),
                )
                for r in result["rows"]
            ],
            "640x480 JPEG with one face, full detection on every frame, clients in processes of "
            "their own on the same cores, each with one frame on its way.",
        )
    ]


@contextmanager
def _redis() -> Iterator[tuple[subprocess.Popen, str]]:
    """A `redis-server` for a while: its process and its URL."""
    path = shutil.which("redis-server")
    if path is None:
        raise click.ClickException("redis-server is missing; install it (Debian: redis-server)")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [path, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        command += ["--save", "", "--appendonly", "no"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            yield process, f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def _workers(url: str, count: int) -> Iterator[None]:
    """Workers that have announced themselves."""
    command = [sys.executable, "-m", "model.worker", "--redis", url, *FULL_DETECTION]
    started = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(count)]
    try:
        deadline = time.monotonic() + _START_LIMIT_S
        while _announced(url) < count:
            if time.monotonic() > deadline or any(p.poll() is not None for p in started):
                raise click.ClickException("the workers did not get ready")
            time.sleep(0.1)
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(10)


def _announced(url: str) -> int:
    try:
        return len(cluster.connect(url).keys(cluster.WORKER_PATTERN))
    except redis.RedisError:  # it is starting
        return 0


def _cpu_s(process: subprocess.Popen) -> float:
    spent = psutil.Process(process.pid).cpu_times()
    return spent.user + spent.system


@click.command(context_settings={"show_default": True})
@click.option("--seconds", default=10.0, help="For each row.")
@click.option("--json", "as_json", is_flag=True)
def main(seconds: float, as_json: bool) -> None:
    """Stream frames from real clients to a real cluster on this machine."""
    result = measure(seconds)
    if as_json:
        click.echo(json.dumps(result, indent=1))
    else:
        click.echo("\n\n".join(table.markdown() for table in tables(result)))


if __name__ == "__main__":
    main()
