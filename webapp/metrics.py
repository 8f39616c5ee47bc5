"""What /metrics shows: counts and times, nothing about anybody."""

from collections.abc import Callable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Counters of one server, and gauges that are read when somebody asks.

    Args:
        gauges: name, help and a function that gives the value now.
        restarts: worker processes started in place of another.
    """

    def __init__(
        self, gauges: list[tuple[str, str, Callable[[], float]]], restarts: Callable[[], int]
    ) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.registry.register(_Readings(gauges, restarts))
        self.received = Counter(
            "moodlight_frames_received", "Frames that came in.", registry=self.registry
        )
        self.dropped = Counter(
            "moodlight_frames_dropped",
            "Frames without a result.",
            ["reason"],
            registry=self.registry,
        )
        self.refused_clients = Counter(
            "moodlight_clients_refused",
            "Who was not let in.",
            ["reason"],
            registry=self.registry,
        )
        self._results = Counter(
            "moodlight_results", "Frames with a result.", registry=self.registry
        )
        self._faces = Counter("moodlight_faces", "Faces in all results.", registry=self.registry)
        self._stages = Histogram(
            "moodlight_stage_seconds",
            "Time of one frame by stage, as in timing_ms.",
            ["stage"],
            buckets=_BUCKETS_S,
            registry=self.registry,
        )

    def answered(self, answer: dict[str, Any]) -> None:
        """Count a worker's `result`."""
        self._results.inc()
        self._faces.inc(len(answer["faces"]))
        for stage, ms in answer["timing_ms"].items():
            self._stages.labels(stage).observe(ms / 1e3)


class _Readings(Collector):
    def __init__(
        self, gauges: list[tuple[str, str, Callable[[], float]]], restarts: Callable[[], int]
    ) -> None:
        self._gauges, self._restarts = gauges, restarts

    def collect(self) -> Iterator[Metric]:
        for name, text, read in self._gauges:
            yield GaugeMetricFamily(name, text, read())
        yield CounterMetricFamily(
            "moodlight_worker_restarts", "Workers that were replaced.", self._restarts()
        )
