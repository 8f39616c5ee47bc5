"""Calibration, FER+ majority, recipe."""

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.metrics import f1_score

from train import calibration, ferplus, judge, metrics, precision, recipe
from train.data import Split
from train.parse import VOTE_NAMES


def test_temperature_is_recovered():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 7))
    truth = softmax(logits, axis=1)
    labels = np.array([rng.choice(7, p=p) for p in truth])
    assert calibration.fit_temperature(logits * 3, labels) == pytest.approx(3, rel=0.05)
    assert calibration.ece(truth, labels) < 0.02
    assert calibration.ece(softmax(logits * 3, axis=1), labels) > 0.1
    assert calibration.ece_cross_validated(logits * 3, labels) < 0.02


def test_ece_of_a_known_case():
    """Ten answers at confidence 0.8, of which five are right: off by 0.3."""
    probabilities = np.tile([0.8, 0.2, 0, 0, 0, 0, 0], (10, 1))
    assert calibration.ece(probabilities, np.array([0, 1] * 5)) == pytest.approx(0.3)


def votes(**counts: int) -> list[int]:
    return [counts.get(name, 0) for name in VOTE_NAMES]


@pytest.mark.parametrize(
    ("row", "counts"),
    [
        (votes(happiness=6, neutral=4), True),
        (votes(happiness=5, neutral=5), False),  # no unique top
        (votes(happiness=5, neutral=3, sadness=2), False),  # not more than half
        (votes(contempt=8, neutral=2), False),  # not one of ours
        (votes(happiness=4, neutral=3, NF=3), True),  # "not a face" is not counted
        (votes(happiness=3, neutral=2, NF=5), False),  # but it may be the top vote
    ],
)
def test_who_counts_for_the_crowd(row, counts):
    counted, labels = ferplus.majority(np.array([row], np.uint8))
    assert counted.tolist() == [counts]
    if counts:
        assert labels.tolist() == [3]


def test_summary_of_a_known_case():
    figures = metrics.summarize(np.array([0, 1, 1, 3]), np.array([0, 0, 1, 3]))
    assert figures["accuracy"] == 0.75
    assert figures["per_class"]["Anger"] == pytest.approx(
        {"precision": 1, "recall": 0.5, "f1": 2 / 3, "n": 2}
    )
    assert figures["confusion"][0][:2] == [1, 1]


def test_macro_f1_is_scikit_learns():
    rng = np.random.default_rng(0)
    predicted, labels = rng.integers(0, 6, (2, 500))  # nobody has the last class
    expected = f1_score(labels, predicted, labels=range(7), average="macro", zero_division=0)
    assert metrics.macro_f1(predicted, labels) == pytest.approx(expected)


def test_reliability_of_a_known_case():
    """Ten answers at 0.82, half of them right; nothing elsewhere."""
    probabilities = np.tile([0.82, 0.18, 0, 0, 0, 0, 0], (10, 1))
    counts, confidence, accuracy = calibration.reliability(probabilities, np.array([0, 1] * 5), 10)
    assert counts.tolist() == [0] * 8 + [10, 0]
    assert confidence[8] == pytest.approx(0.82)
    assert accuracy[8] == 0.5


def test_intervals_hold_the_figure_and_narrow_with_more_rows():
    rng = np.random.default_rng(0)

    def width(count: int) -> float:
        labels = rng.integers(0, 7, count)
        logits = rng.normal(0, 1, (count, 7)) + 2 * np.eye(7)[labels]
        split = Split(np.zeros((count, 48, 48), np.uint8), labels.astype(np.uint8))
        serving = {"head": "fer2013", "temperature": {"fer2013": 1.0}, "unsure_below": 0.5}
        figures = judge.judge({"fer2013": logits}, split, serving)
        found = judge.intervals({"fer2013": logits}, split, serving)
        assert found == judge.intervals({"fer2013": logits}, split, serving)  # seeded
        for name in ("accuracy", "macro_f1"):
            assert found[name][0] < figures[name] < found[name][1]
        return found["accuracy"][1] - found["accuracy"][0]

    assert width(200) / width(1800) == pytest.approx(3, rel=0.3)


def test_the_learning_rate_rises_and_falls():
    plan = recipe.Recipe(sizes=((10, 48),), warmup=2, cooldown=5)
    rates = [plan.rate_at(step, 10) for step in range(100)]
    assert rates[0] == pytest.approx(0.05)
    assert rates.index(1.0) == 19
    assert rates[19:50] == [1.0] * 31
    assert rates[50:] == sorted(rates[50:], reverse=True)
    assert 0 < rates[-1] < 0.03


def test_sizes_by_epoch():
    plan = recipe.Recipe(sizes=((2, 32), (1, 48)))
    assert [plan.size_at(e) for e in range(plan.epochs)] == [32, 32, 48]


def test_the_threshold_of_unsure_halves_the_risk():
    """Right when sure (0.9), wrong half the time when not (0.5): answer only when sure."""
    sure, unsure = [0.9, 0.1, 0, 0, 0, 0, 0], [0.5, 0.4, 0.1, 0, 0, 0, 0]
    probabilities = np.array([sure] * 50 + [unsure] * 50)
    labels = np.array([0] * 50 + [0, 1] * 25)
    threshold = calibration.unsure_below(probabilities, labels)
    answered = probabilities.max(1) >= threshold
    wrong = probabilities.argmax(1) != labels
    assert wrong[answered].mean() <= wrong.mean() / 2
    assert answered[:50].all()


def test_the_faster_precision_is_one_that_exists():
    assert precision.fastest(torch.device("cpu")) in precision.CHOICES
