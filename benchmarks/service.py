"""`python -m benchmarks.service`: frames a second and times with real clients on a real server."""

import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from typing import IO, Any

import click
import numpy as np

_HEALTH_EVERY_S = 0.02
_START_LIMIT_S = 120.0


def start_server(
    options: tuple[str, ...], log: IO | int = subprocess.DEVNULL
) -> tuple[subprocess.Popen, int]:
    """`python -m webapp` with all its workers ready, and its port.

    Args:
        options: of the server, `--workers` among them.
        log: where it logs to.
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
        time.sleep(0.1)
    return process, port


def _ready_workers(port: int) -> int | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            return json.load(answer)["workers"]
    except OSError:
        return None


def _measure(url: str, clients: int, faces: int, seconds: float, in_flight: int) -> dict[str, Any]:
    """One row: all clients at once, each in a process of its own, with /healthz asked beside."""
    arguments = [url, str(seconds), str(faces), str(in_flight)]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.client", *arguments], stdout=subprocess.PIPE
        )
        for _ in range(clients)
    ]
    health_ms: list[float] = []
    stop = threading.Event()

    def ask_health() -> None:
        while not stop.wait(_HEALTH_EVERY_S):
            started = time.perf_counter()
            with urllib.request.urlopen(f"{url}/healthz") as answer:
                answer.read()
            health_ms.append((time.perf_counter() - started) * 1e3)

    asking = threading.Thread(target=ask_health)
    asking.start()
    answers = [json.loads(process.communicate()[0]) for process in running]
    stop.set()
    asking.join()
    totals = [t["total"] for a in answers for t in a["server_ms"]]
    round_trips = [ms for a in answers for ms in a["sent_to_result_ms"]]
    rates = [len(a["sent_to_result_ms"]) / a["seconds"] for a in answers]
    return {
        "clients": clients,
        "faces": faces,
        "faces_found": sorted({a["faces"] for a in answers}),
        "results": len(totals),
        "results_per_s": sum(rates),
        "slowest_client_share": min(rates) / np.mean(rates),
        "dropped": sum(a["dropped"] for a in answers),
        "received_to_sent_ms": _quantiles(totals),
        "sent_to_result_ms": _quantiles(round_trips),
        "stages_ms": {
            name: float(np.median([t[name] for a in answers for t in a["server_ms"]]))
            for name in ("queue", "decode", "detect", "classify")
        },
        "healthz_ms": _quantiles(health_ms),
    }


def _quantiles(values: list[float]) -> dict[str, float]:
    p50, p95, p99 = np.percentile(values, [50, 95, 99])
    return {"p50": float(p50), "p95": float(p95), "p99": float(p99)}


@click.command(context_settings={"show_default": True})
@click.option("--seconds", default=10.0, help="For each row.")
@click.option("--clients", type=int, multiple=True, default=(1, 4, 8))
@click.option("--faces", type=click.IntRange(0, 4), default=1, help="In each frame.")
@click.option("--in-flight", default=1, help="Frames each client keeps on their way.")
@click.option("--workers", default="2")
@click.option("--async-mode", default="eventlet")
@click.option("--json", "as_json", is_flag=True)
def main(
    seconds: float,
    clients: tuple[int, ...],
    faces: int,
    in_flight: int,
    workers: str,
    async_mode: str,
    as_json: bool,
) -> None:
    """Stream 640x480 JPEG frames from real clients to a real server on this machine."""
    process, port = start_server(("--workers", workers, "--async-mode", async_mode))
    url = f"http://127.0.0.1:{port}"
    try:
        rows = [_measure(url, count, faces, seconds, in_flight) for count in clients]
    finally:
        process.terminate()
        process.wait(10)
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        inside, outside = row["received_to_sent_ms"], row["sent_to_result_ms"]
        click.echo(
            f"{row['clients']} clients, {row['faces']} faces (found {row['faces_found']}): "
            f"{row['results_per_s']:.1f} results/s, "
            f"slowest client {row['slowest_client_share']:.2f} of the mean, "
            f"dropped {row['dropped']}\n"
            f"  received to sent {inside['p50']:.1f} / {inside['p95']:.1f} ms (median / p95), "
            f"sent to result {outside['p50']:.1f} / {outside['p95']:.1f} ms, "
            f"healthz p99 {row['healthz_ms']['p99']:.1f} ms\n  stages, ms: "
            + ", ".join(f"{name} {ms:.1f}" for name, ms in row["stages_ms"].items())
        )


if __name__ == "__main__":
    main()
