"""How much can a real server do for real clients, and what does it cost beside the arithmetic?

`python -m benchmarks service` measures the rows of docs/performance.md; `python -m
benchmarks.service` those that its options name.
"""

import json
from collections.abc import Iterator
from typing import Any

import click

from benchmarks.figures import Table, efficiency, in_new_process, median_and_p95, number
from benchmarks.frames import idle_frame
from benchmarks.load import measure_row
from benchmarks.server import FULL_DETECTION, UNLIMITED, running
from benchmarks.stages import STAGES, pure_ms
from webapp.config import default_workers

CLIENTS = (1, 4, 8, 16, 32)
FACES = (1, 3)
PACED_CLIENTS, PACED_RATE = 16, 15.0
ROOM_CLIENTS, ROOM_RATE = 20, 15.0
IDLE_BYTES = (1_000, 40_000)  # of frames without arithmetic
_PURE_SHARE = 0.4  # of a row's time, for each look at the stages by themselves


def measure(seconds: float) -> dict[str, Any]:
    """All rows with full detection, frames without arithmetic, then rows as served by default."""
    workers = ("--workers", str(default_workers()), *UNLIMITED)
    with running((*workers, *FULL_DETECTION)) as (server, url):
        rows = [row for faces in FACES for row in _rows(server, url, faces, seconds)]
        paced = measure_row(
            *(server, url, PACED_CLIENTS, 1, seconds), rate=PACED_RATE, ask_health=True
        )
        idle = [
            {"bytes": size} | measure_row(server, url, 1, 0, seconds, encoded=idle_frame(size))
            for size in IDLE_BYTES
        ]
    with running(workers) as (server, url):
        served = [measure_row(server, url, clients, 1, seconds) for clients in (1, 8)]
        room = measure_row(server, url, ROOM_CLIENTS, 1, seconds, rate=ROOM_RATE)
    return {
        "workers": default_workers(),
        "rows": rows,
        "paced": paced,
        "idle": idle,
        "served": served,
        "room": room,
    }


def _rows(server: Any, url: str, faces: int, seconds: float) -> Iterator[dict[str, Any]]:
    """A row for each number of clients, between two looks at what the stages cost by themselves.

    Machines that others use too get faster and slower within minutes.
    """
    before = _pure_ms(faces, seconds)
    for clients in CLIENTS:
        row = measure_row(server, url, clients, faces, seconds)
        after = _pure_ms(faces, seconds)
        cost = (before + after) / 2
        spent_s = row["web_cpu_s"] + row["workers_cpu_s"]
        yield row | {"pure_ms": cost, "efficiency": efficiency(row["results"], cost, spent_s)}
        before = after


def _pure_ms(faces: int, seconds: float) -> float:
    """Sum of the medians of a frame's stages by themselves."""
    return sum(in_new_process(pure_ms, faces, _PURE_SHARE * seconds).values())


def row(result: dict[str, Any], clients: int, faces: int) -> dict[str, Any]:
    """The row with full detection of that many clients and faces."""
    return next(r for r in result["rows"] if (r["clients"], r["faces"]) == (clients, faces))


def _cpu_ms(row: dict[str, Any]) -> str:
    """A cell with the processor time a result: of the web process, and of the workers."""
    spent_s = (row["web_cpu_s"], row["workers_cpu_s"])
    return " + ".join(number(s * 1e3 / max(1, row["results"])) for s in spent_s)


def tables(result: dict[str, Any]) -> list[Table]:
    """`measure()`, to be read."""
    return [
        Table(
            f"Service with {result['workers']} workers, full detection on every frame",
            (
                *("faces", "clients", "results/s", "sent to result p50 / p95 / p99, ms"),
                *("received to sent p50 / p95, ms", "dropped", "refused"),
                *("CPU ms a result, web + workers", "pure, ms", "efficiency"),
            ),
            [
                (
                    str(r["faces"]),
                    str(r["clients"]),
                    number(r["results_per_s"]),
                    " / ".join(number(ms) for ms in r["sent_to_result_ms"].values()),
                    median_and_p95(r["received_to_sent_ms"]),
                    str(r["dropped"]),
                    str(r["refused"]),
                    _cpu_ms(r),
                    number(r["pure_ms"]),
                    f"{r['efficiency']:.2f}",
                )
                for r in result["rows"]
            ],
            "640x480 JPEG, clients in processes of their own on the same cores, each with one "
            "frame on its way. CPU time is that of the web process and the workers. Efficiency: "
            "results x the pure cost / that time. The pure cost is the sum of the medians of "
            f"{', '.join(STAGES[:-1])} and {STAGES[-1]}, each alone on one thread, the mean of a "
            "look right before the row and one right after it. No frame is refused for its rate "
            "(`--max-fps 1000`), here and below.",
        ),
        Table(
            "Clients that offer frames at a rate, and the default settings",
            (
                *("", "results/s", "slowest client's share of the mean", "dropped", "refused"),
                *("received to sent p50 / p95, ms", "CPU ms a result, web + workers"),
                "`/healthz` p99, ms",
            ),
            [
                (
                    name,
                    number(r["results_per_s"]),
                    f"{r['slowest_client_share']:.2f}",
                    str(r["dropped"]),
                    str(r["refused"]),
                    median_and_p95(r["received_to_sent_ms"]),
                    _cpu_ms(r),
                    number(r["healthz_ms"]["p99"]),
                )
                for name, r in [
                    (
                        f"{PACED_CLIENTS} clients offer {PACED_RATE:g} frames a second each, "
                        "full detection",
                        result["paced"],
                    ),
                    *((f"default settings, clients: {r['clients']}", r) for r in result["served"]),
                    (
                        f"default settings, a room: {ROOM_CLIENTS} clients offer "
                        f"{ROOM_RATE:g} frames a second each",
                        result["room"],
                    ),
                ]
            ],
            "One face. The default settings follow known faces between full detections, where the "
            "server offers it.",
        ),
        Table(
            "A frame without arithmetic, through the whole server",
            (
                *("bytes", "results/s", "sent to result p50 / p95, ms", "refused"),
                "CPU ms a result, web + workers",
            ),
            [
                (
                    f"{r['bytes']:,}",
                    number(r["results_per_s"]),
                    median_and_p95(r["sent_to_result_ms"]),
                    str(r["refused"]),
                    _cpu_ms(r),
                )
                for r in result["idle"]
            ],
            "One client; a JPEG of 16x16 pixels with a comment that makes it as long as that: "
            "what sockets, gate, worker's loopback and acknowledgements cost by themselves.",
        ),
    ]


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
    with running(("--workers", workers, "--async-mode", async_mode, *UNLIMITED)) as (server, url):
        rows = [
            measure_row(server, url, count, faces, seconds, in_flight, ask_health=True)
            for count in clients
        ]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        inside, outside = row["received_to_sent_ms"], row["sent_to_result_ms"]
        click.echo(
            f"{row['clients']} clients, {row['faces']} faces (found {row['faces_found']}): "
            f"{row['results_per_s']:.1f} results/s, "
            f"slowest client {row['slowest_client_share']:.2f} of the mean, "
            f"dropped {row['dropped']}, refused {row['refused']}\n"
            f"  received to sent {inside['p50']:.1f} / {inside['p95']:.1f} ms (median / p95), "
            f"sent to result {outside['p50']:.1f} / {outside['p95']:.1f} ms, "
            f"healthz p99 {row['healthz_ms']['p99']:.1f} ms, "
            f"CPU {_cpu_ms(row)} ms a result (web + workers)\n  stages, ms: "
            + ", ".join(f"{name} {ms:.1f}" for name, ms in row["stages_ms"].items())
        )


if __name__ == "__main__":
    main()
