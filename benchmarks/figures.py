"""What all measurements share: timing in turn, quantiles, efficiency, tables."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

# However long a round takes: fewer would make a p95 of one value.
_MIN_ROUNDS = 20


def quantiles(values: Sequence[float]) -> dict[str, float | None]:
    """Median, p95 and p99; None where there are no values."""
    if not len(values):
        return dict.fromkeys(("p50", "p95", "p99"))
    p50, p95, p99 = np.percentile(values, [50, 95, 99])
    return {"p50": float(p50), "p95": float(p95), "p99": float(p99)}


def efficiency(results: int, pure_ms: float, cpu_s: float) -> float:
    """Share of a server's CPU time that its results had to cost.

    >>> efficiency(results=100, pure_ms=40.0, cpu_s=5.0)
    0.8

    Args:
        results: answered frames.
        pure_ms: sum of the medians of a frame's stages, each run by itself.
        cpu_s: user and system time of the web process and the workers.
    """
    return results * pure_ms / 1e3 / cpu_s


def time_in_turn(ways: dict[str, Callable[[], Any]], seconds: float) -> dict[str, dict[str, float]]:
    """Milliseconds of each way, all run once a round, so that all meet the same machine.

    Args:
        ways: what to time, by name, in the order of a round.
        seconds: for all rounds together, if that is more than a few.

    Returns:
        Quantiles by the way's name.
    """
    for run in ways.values():
        run()  # caches and buffers of the first time
    times: dict[str, list[float]] = {name: [] for name in ways}
    until, rounds = time.perf_counter() + seconds, 0
    while rounds < _MIN_ROUNDS or time.perf_counter() < until:
        rounds += 1
        for name, run in ways.items():
            started = time.perf_counter()
            run()
            times[name].append((time.perf_counter() - started) * 1e3)
    return {name: quantiles(values) for name, values in times.items()}


def in_new_process(function: Callable[..., T], *arguments: Any) -> T:
    """What a function of a module returns in a process of its own, with threads of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as executor:
        return executor.submit(function, *arguments).result()


@dataclass(frozen=True)
class Table:
    """Rows of one measurement, ready to be read.

    Attributes:
        title: what was measured.
        header: one name a column.
        rows: one text a column.
        note: what the figures include; may be empty.
    """

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str = ""

    def markdown(self) -> str:
        """The table under its title, as docs/performance.md has it and the terminal shows it."""
        lines = [f"### {self.title}", ""]
        lines += [_row(self.header), _row(("---",) * len(self.header))]
        lines += [_row(row) for row in self.rows]
        return "\n".join(lines + (["", self.note] if self.note else []))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def number(value: float | None) -> str:
    """Three digits that count: 0.0523, 1.25, 47.3, 1,250; a dash for what was not measured."""
    if value is None:
        return "-"
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    if size >= 0.1:
        return f"{value:.2f}"
    return f"{value:.2g}"


def median_and_p95(times: dict[str, float]) -> str:
    """A cell with both."""
    return f"{number(times['p50'])} / {number(times['p95'])}"
