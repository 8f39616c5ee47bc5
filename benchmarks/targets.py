"""Which targets are met? Ratios of one run on one machine; times where a person feels them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks import service, stages, start
from benchmarks.figures import Table, number


@dataclass(frozen=True)
class Target:
    """One aim and how far it is met.

    Attributes:
        name: what is measured.
        value: measured.
        bound: how good it has to be; None if it is only said beside another, without a verdict.
        at_least: whether larger is better.
        unit: of both; empty for a ratio.
    """

    name: str
    value: float
    bound: float | None
    at_least: bool
    unit: str = ""

    @property
    def met(self) -> bool | None:
        if self.bound is None:
            return None
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def row(self) -> tuple[str, str, str, str]:
        """Name, target, value, verdict."""
        sign = "at least" if self.at_least else "at most"
        ratio = "" if self.bound is not None and self.bound < 1 else " x"
        unit = f" {self.unit}" if self.unit else ratio
        wanted = "" if self.bound is None else f"{sign} {self.bound:g}{unit}"
        verdict = {True: "met", False: "missed", None: ""}[self.met]
        return self.name, wanted, f"{number(self.value)}{unit}", verdict


def targets(results: dict[str, Any]) -> list[Target]:
    """Those of the questions that were measured."""
    makers: dict[tuple[str, ...], Callable[[dict[str, Any]], list[Target]]] = {
        ("service",): _service,
        ("stages", "service"): _against_the_seed,
        ("page",): _page,
        ("start",): _start,
    }
    return [
        target
        for questions, make in makers.items()
        if all(question in results for question in questions)
        for target in make(results)
    ]


def _service(results: dict[str, Any]) -> list[Target]:
    measured = results["service"]
    one, eight, paced = (
        service.row(measured, 1, 1),
        service.row(measured, 8, 1),
        measured["paced"],
    )
    inside, name = one["received_to_sent_ms"], "received to sent, one client, one face"
    pure = one["pure_ms"]
    medians = "the sum of the stages' medians"
    slowest = "slowest of 16 clients, share of the mean client's rate"
    return [
        Target(f"{name}, median over {medians}", inside["p50"] / pure, 1.25, False),
        Target(f"{name}, p95 over {medians}", inside["p95"] / pure, 1.6, False),
        Target("efficiency with 8 clients", eight["efficiency"], 0.85, True),
        Target(slowest, paced["slowest_client_share"], 0.8, True),
        Target("`/healthz` p99 with these", paced["healthz_ms"]["p99"], 50, False, "ms"),
    ]


def _against_the_seed(results: dict[str, Any]) -> list[Target]:
    measured, served = results["stages"], results["service"]
    seed = stages.seed_fps(measured, served["workers"])
    full = service.row(served, 8, 1)["results_per_s"]
    default = next(r for r in served["served"] if r["clients"] == 8)["results_per_s"]
    network = stages.seed_classify_ms(measured, 1) / stages.classify_ms(measured, 1, 1)
    frames = "served frames a second over the seed's way on as many cores, 8 clients"
    return [
        # What is served follows known faces; overheads alone are judged with full detection.
        Target(f"{frames}, default settings", default / seed, 8, True),
        Target("the same with every frame searched", full / seed, None, True),
        Target("classifier over the seed's network, batch 1, one thread", network, 8, True),
    ]


def _page(results: dict[str, Any]) -> list[Target]:
    work = results["page"]["work_ms_a_frame"]["p50"]
    return [Target("main-thread work a frame, median", work, 8, False, "ms")]


def _start(results: dict[str, Any]) -> list[Target]:
    measured = results["start"]
    web, worker = start.memory_mb(measured)
    return [
        Target("from start to all workers ready", start.ready_s(measured), 3, False, "s"),
        Target("memory of the web process", web, 120, False, "MB"),
        Target("memory of a worker", worker, 600, False, "MB"),
    ]


def table(results: dict[str, Any]) -> Table:
    """`targets()`, to be read."""
    return Table("Targets", ("", "target", "measured", ""), [t.row() for t in targets(results)])
