"""`python -m tests.fuzz`: start a server, send cases, say what became of them."""

import sys
import tempfile
import time
from pathlib import Path

import click

from benchmarks.frames import portrait_frame, to_jpeg
from benchmarks.server import start_server
from tests.conftest import Server
from tests.fuzz.run import fuzz


@click.command(context_settings={"show_default": True})
@click.option("--cases", default=20_000)
@click.option("--seed", default=0)
@click.option("--async-mode", default="eventlet")
def main(cases: int, seed: int, async_mode: str) -> None:
    """Exit with 1 if a process ended, a request got a 500, or the bystander was served wrongly."""
    options = ("--workers", "2", "--async-mode", async_mode)
    options += ("--max-fps", "1000", "--max-api-per-minute", "1000000")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        with log.open("w") as out:
            process, port = start_server(options, out)
        try:
            report = fuzz(Server(process, port, log), to_jpeg(portrait_frame()), cases, seed)
        finally:
            process.terminate()
            process.wait(10)
    click.echo(
        f"{sum(report.sent.values())} cases {dict(report.sent)} "
        f"in {time.monotonic() - started:.0f} s\n"
        f"answers {dict(report.answers.most_common())}\n"
        f"bystander: {report.served} frames, all its own and right\n"
        f"memory: {report.memory[0][1]:.0f} -> {report.memory[-1][1]:.0f} MB, "
        f"slope {report.slope:+.2f} MB per 1000 cases (second half)"
    )
    for failure in report.failures:
        click.echo(f"FAILED: {failure}")
    sys.exit(bool(report.failures))


if __name__ == "__main__":
    main()
