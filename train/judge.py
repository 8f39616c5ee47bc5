"""Figures of one network on one split. Each label set is judged with its own head."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.special import softmax
from scipy.stats import bootstrap

from train import calibration, ferplus, metrics
from train.data import Split
from train.loop import LABEL_HEAD, VOTE_HEAD, predict

_CURVE_POINTS = 20
_RESAMPLES = 2000


@dataclass(frozen=True)
class Judged:
    """A head's answers beside what one label set says.

    Attributes:
        head: whose answers.
        rows: (M,) int, the split's rows that the label set speaks about.
        scores: (M, 7) float logits.
        labels: (M,) int.
    """

    head: str
    rows: np.ndarray
    scores: np.ndarray
    labels: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        return self.scores.argmax(1)

    @property
    def accuracy(self) -> float:
        return float((self.predicted == self.labels).mean())

    def probabilities(self, serving: dict[str, Any]) -> np.ndarray:
        """(M, 7), scaled with the head's temperature on the card."""
        return softmax(self.scores / serving["temperature"][self.head], axis=1)


def by_label_set(logits: dict[str, np.ndarray], split: Split) -> dict[str, Judged]:
    """FER2013's labels and, with votes, the crowd's majorities, under the names of their heads.

    A network without a head for the crowd's answers them with the other one.
    """
    labels = split.labels.astype(int)
    judged = {LABEL_HEAD: Judged(LABEL_HEAD, np.arange(len(split)), logits[LABEL_HEAD], labels)}
    if split.votes is not None:
        counted, crowd = ferplus.majority(split.votes)
        head = VOTE_HEAD if VOTE_HEAD in logits else LABEL_HEAD
        rows = np.flatnonzero(counted)
        judged[VOTE_HEAD] = Judged(head, rows, logits[head][rows], crowd[rows])
    return judged


def of_serving(judged: dict[str, Judged], serving: dict[str, Any]) -> Judged:
    """The label set of the head that serves; FER2013's where the split has no votes."""
    return judged.get(serving["head"], judged[LABEL_HEAD])


def judge(logits: dict[str, np.ndarray], split: Split, serving: dict[str, Any]) -> dict[str, Any]:
    """All figures of one split.

    Args:
        logits: (N, 7) by head.
        split: the rows they are for.
        serving: the card's `serving`: the head that serves, and a temperature for each head.

    Returns:
        `metrics.summarize` of the FER2013 labels; `ferplus` where the split has votes; `ece` and
        `ece_cv` of `ece_head` over `ece_n` rows; where that head serves, also `answered`: the
        `coverage` and `risk` at the card's threshold of "unsure".
    """
    judged = by_label_set(logits, split)
    figures = metrics.summarize(judged[LABEL_HEAD].predicted, judged[LABEL_HEAD].labels)
    if VOTE_HEAD in judged:
        crowd = judged[VOTE_HEAD]
        agreed = judged[LABEL_HEAD].labels[crowd.rows] == crowd.labels
        figures["ferplus"] = {
            "n": len(crowd.rows),
            "accuracy": crowd.accuracy,
            "fer2013_labels_agree": float(agreed.mean()),
        }
    served = of_serving(judged, serving)
    probabilities = served.probabilities(serving)
    figures["ece_head"] = served.head
    figures["ece_n"] = len(served.rows)
    figures["ece"] = calibration.ece(probabilities, served.labels)
    figures["ece_cv"] = calibration.ece_cross_validated(served.scores, served.labels)
    if served.head == serving["head"]:
        sure = probabilities.max(1) >= serving["unsure_below"]
        wrong = served.predicted != served.labels
        figures["answered"] = {
            "coverage": float(sure.mean()),
            "risk": float(wrong[sure].mean()) if sure.any() else None,
        }
    return figures


def intervals(
    logits: dict[str, np.ndarray], split: Split, serving: dict[str, Any]
) -> dict[str, list[float]]:
    """Lowest and highest value of each headline figure, at 95 % confidence.

    Percentiles over resampled rows; they say how far the figure may be off because the split is
    small, not how much another training run would differ. A resample's calibration error is
    larger than the split's own on average, so the interval of `ece` lies high.

    Source: B. Efron, "Bootstrap Methods: Another Look at the Jackknife" (1979).

    Args:
        logits, split, serving: as for `judge`.

    Returns:
        [low, high] of accuracy, macro_f1, ece, and ferplus_accuracy where the split has votes.
    """
    judged = by_label_set(logits, split)
    own, served = judged[LABEL_HEAD], of_serving(judged, serving)
    right, predicted = own.predicted == own.labels, own.predicted
    probabilities = served.probabilities(serving)
    found = {
        "accuracy": _interval(len(own.rows), lambda rows: right[rows].mean()),
        "macro_f1": _interval(
            len(own.rows), lambda rows: metrics.macro_f1(predicted[rows], own.labels[rows])
        ),
        "ece": _interval(
            len(served.rows),
            lambda rows: calibration.ece(probabilities[rows], served.labels[rows]),
        ),
    }
    if VOTE_HEAD in judged:
        crowd = judged[VOTE_HEAD]
        agrees = crowd.predicted == crowd.labels
        found["ferplus_accuracy"] = _interval(len(agrees), lambda rows: agrees[rows].mean())
    return found


def _interval(count: int, statistic: Callable[[np.ndarray], float]) -> list[float]:
    """The interval of a statistic of row numbers drawn from 0..count-1."""
    drawn = bootstrap(
        (np.arange(count),),
        statistic,
        n_resamples=_RESAMPLES,
        vectorized=False,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    return [float(limit) for limit in drawn.confidence_interval]


def fit_serving(logits: dict[str, np.ndarray], split: Split) -> dict[str, Any]:
    """The card's `serving`: the head that serves, temperatures and the threshold of "unsure".

    The crowd's head serves where there is one: it agrees better with people.
    """
    judged = {name: j for name, j in by_label_set(logits, split).items() if j.head == name}
    head = VOTE_HEAD if VOTE_HEAD in judged else LABEL_HEAD
    temperature = {
        name: calibration.fit_temperature(j.scores, j.labels) for name, j in judged.items()
    }
    probabilities = judged[head].probabilities({"temperature": temperature})
    truth = judged[head].labels
    _, coverage, risk = calibration.risk_coverage(probabilities, truth)
    curve = [[round(float(c), 3), round(float(r), 4)] for c, r in zip(coverage, risk, strict=True)]
    return {
        "head": head,
        "temperature": temperature,
        "unsure_below": calibration.unsure_below(probabilities, truth),
        "risk_coverage": curve[:: max(1, len(curve) // _CURVE_POINTS)],
    }


def logits_by_head(
    net: torch.nn.Module, grey: np.ndarray, device: torch.device, flip: bool
) -> dict[str, np.ndarray]:
    """(N, 7) float64 logits of each head for (N, 48, 48) uint8 pictures."""
    out = predict(net.to(device), torch.from_numpy(grey).to(device), flip).double().numpy()
    return {name: out[:, i] for i, name in enumerate(net.heads)}
