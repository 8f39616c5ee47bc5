"""The pure parts of the benchmarks; speed itself is never asserted."""

import pytest

from benchmarks import page, report, service, soak, stages, targets, training
from benchmarks.figures import Table, efficiency, number, quantiles, time_in_turn
from benchmarks.frames import walk
from benchmarks.seed import WIDTHS
from benchmarks.targets import Target
from model.engine import Engine
from model.labels import LABELS
from model.names import FULL_DETECTION_MS
from model.resnet9 import ResNet9, count_macs


def test_quantiles_of_values_and_of_none():
    assert quantiles(range(101)) == {"p50": 50, "p95": 95, "p99": 99}
    assert quantiles([]) == {"p50": None, "p95": None, "p99": None}


def test_efficiency_is_one_if_nothing_but_the_stages_cost():
    assert efficiency(results=50, pure_ms=40, cpu_s=2) == pytest.approx(1)
    assert efficiency(results=50, pure_ms=40, cpu_s=2.5) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.05234, "0.052"), (1.25, "1.25"), (47.26, "47.3"), (1250.4, "1,250"), (None, "-")],
)
def test_numbers_have_three_digits(value, text):
    assert number(value) == text


def test_ways_are_timed_in_turn():
    calls = []
    times = time_in_turn({name: lambda name=name: calls.append(name) for name in "ab"}, 0)
    assert calls == ["a", "b"] * (len(calls) // 2)
    assert times.keys() == {"a", "b"}


def test_the_seeds_network_has_its_size():
    net = ResNet9(WIDTHS, ("one",))
    assert count_macs(net, 48) == pytest.approx(1.87e9, rel=0.01)
    assert sum(p.numel() for p in net.parameters()) == pytest.approx(10.8e6, rel=0.01)


def test_the_seed_gets_the_faster_use_of_the_cores():
    def measured(ms: float) -> dict:
        return {"wholes_ms": {"seed, 1": {"p50": ms}}}

    assert stages.seed_fps({"1": measured(100), "2": measured(60)}, 2) == pytest.approx(20)
    assert stages.seed_fps({"1": measured(100), "2": measured(40)}, 2) == pytest.approx(25)


def test_main_thread_work_is_counted_from_result_to_result():
    """A task counts for the interval in which it ends; other threads and cut-off tasks do not."""
    here, there = {"pid": 1, "tid": 1}, {"pid": 1, "tid": 2}
    marks = [{"name": "moodlight-result", "ts": ts, **here} for ts in (1000, 5000, 9000)]
    tasks = [
        (here, 500, 700, 400),  # brings the first result
        (here, 2000, 1000, 600),
        (there, 2000, 1000, 1000),
        (here, 4500, 1500, 1000),  # brings the second
        (here, 8900, 200, 200),  # brings the third
    ]
    events = marks + [
        {"name": "RunTask", "ts": ts, "dur": dur, "tdur": tdur, **place}
        for place, ts, dur, tdur in tasks
    ]
    events.append({"name": "RunTask", "ts": 9500, **here})
    assert page.between_results(events, "tdur") == pytest.approx([1.0, 1.0])
    assert page.between_results(events, "dur") == pytest.approx([1.7, 1.5])


@pytest.mark.parametrize(
    ("target", "row"),
    [
        (Target("a", 0.9, 0.85, True), ("a", "at least 0.85", "0.90", "met")),
        (Target("b", 6.5, 8, True), ("b", "at least 8 x", "6.50 x", "missed")),
        (Target("c", 4, 3, False, "s"), ("c", "at most 3 s", "4.00 s", "missed")),
        (Target("d", 4.3, None, True), ("d", "", "4.30 x", "")),
    ],
)
def test_a_target_says_how_far_it_is_met(target, row):
    assert target.row() == row


@pytest.fixture
def served() -> dict:
    """What the service's measurement would give: 100 results a second, whatever is asked."""
    ms = {"p50": 10.0, "p95": 20.0, "p99": 30.0}
    row = {
        **{"clients": 8, "faces": 1, "bytes": 1000, "results": 500, "results_per_s": 100.0},
        **{"dropped": 3, "refused": 4, "web_cpu_s": 0.5, "workers_cpu_s": 5.0},
        **{"received_to_sent_ms": ms, "sent_to_result_ms": ms, "healthz_ms": ms},
        **{"slowest_client_share": 1.0, "pure_ms": 8.0, "efficiency": 0.8},
    }
    rows, default = [row, row | {"clients": 1}], row | {"results_per_s": 200.0}
    return {
        **{"workers": 2, "rows": rows, "paced": row, "idle": [row]},
        **{"served": [default], "room": row},
    }


def test_the_services_tables_say_whose_time_it_was_and_what_was_refused(served):
    tables = service.tables(served)
    for table in tables:
        (row, *_) = table.rows
        assert all(len(row) == len(table.header) for row in table.rows)
        cells = dict(zip(table.header, row, strict=True))
        assert cells["CPU ms a result, web + workers"] == "1.00 + 10.0"
        assert cells["refused"] == "4"
    assert "decode, detect, crop, classify and encode" in tables[0].note
    assert tables[0].rows[0][tables[0].header.index("pure, ms")] == "8.00"


def test_the_seed_is_compared_with_what_is_served(served):
    """The figure with every frame searched stands beside it, without a verdict."""
    of_seed = {"wholes_ms": {"seed, 1": {"p50": 100}}}
    classified = {"classify 1, x": {"p50": 2}, "seed: classify 1": {"p50": 20}}
    measured = {"1": {"engine": "x", "stages_ms": classified, **of_seed}, "2": of_seed}
    frames, searched, _ = targets.targets({"stages": measured, "service": served})[5:]
    assert frames.row()[1:] == ("at least 8 x", "10.0 x", "met")
    assert searched.row()[1:] == ("", "5.00 x", "")


def test_training_is_compared_in_one_number_format(monkeypatch):
    formats = []

    def run(processes: int, threads: int, _seconds: float, name: str) -> dict:
        formats.append(name)
        rates = {str(size_px): 100.0 * processes for size_px in (32, 40, 48)}
        how = {"processes": processes, "threads": threads}
        return {**how, "matmul_flops": 1e12, "pictures_per_s": rates}

    monkeypatch.setattr(training, "default_workers", lambda: 2)
    monkeypatch.setattr(training, "in_new_process", lambda _function: "bfloat16")
    monkeypatch.setattr(training, "_run", run)
    (table,) = training.tables(training.measure(1))
    assert formats == ["bfloat16"] * 3
    assert "All in bfloat16" in table.note
    assert [row[0] for row in table.rows] == ["1 x 1", "1 x 2", "2 x 1"]
    assert all(len(row) == len(table.header) for row in table.rows)


def test_a_table_is_markdown():
    text = Table("Title", ("a", "b"), [("1", "2")], "Note.").markdown()
    assert text == "### Title\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nNote."


def test_the_report_replaces_what_is_between_its_marks():
    document = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    once = report.replace_between_marks(document, "new")
    assert once == f"before\n{report.BEGIN}\n\nnew\n\n{report.END}\nafter\n"
    assert report.replace_between_marks(once, "new") == once


@pytest.mark.parametrize(
    "document", ["", report.BEGIN, report.END + report.BEGIN, 2 * (report.BEGIN + report.END)]
)
def test_the_report_refuses_a_document_without_its_marks(document):
    with pytest.raises(ValueError, match="it needs one"):
        report.replace_between_marks(document, "new")


def test_the_soak_compares_what_is_followed_with_the_library():
    engine = Engine(engine="torch-float32", full_detection_ms=FULL_DETECTION_MS)
    clip = soak.Clip(engine, walk(24))
    assert [clip.differs(at, answer) for at, answer in enumerate(clip.answers)] == [None] * 24
    assert [answer["detected"] for answer in clip.answers].count("followed") > 15
    assert [len(answer["faces"]) for answer in clip.answers][::23] == [1, 2]
    right = clip.answers[5]
    face = right["faces"][0]
    for wrong, said in (
        ({"detected": "full"}, "full instead of followed"),
        ({"faces": []}, "0 faces instead of 1"),
        ({"faces": [face | {"track": 1}]}, "track 1 instead of 0"),
        ({"faces": [face | {"box": [0, 0, 9, 9]}]}, "box"),
        ({"faces": [face | {"probabilities": dict.fromkeys(LABELS, 0.5)}]}, "0.5 instead of"),
    ):
        assert said in clip.differs(5, right | wrong)
