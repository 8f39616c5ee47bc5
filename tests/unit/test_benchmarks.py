"""The pure parts of the benchmarks; speed itself is never asserted."""

import pytest

from benchmarks import page, report, stages
from benchmarks.figures import Table, efficiency, number, quantiles, time_in_turn
from benchmarks.seed import WIDTHS
from benchmarks.targets import Target
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
    ],
)
def test_a_target_says_how_far_it_is_met(target, row):
    assert target.row() == row


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
