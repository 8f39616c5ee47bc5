"""Confidence that means what it says: temperature scaling and its measure.

Source: C. Guo et al., "On Calibration of Modern Neural Networks" (2017).
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.model_selection import KFold

ECE_BINS = 15


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Divisor of the logits that makes the labels likeliest.

    Args:
        logits: (N, 7) float.
        labels: (N,) int.

    Returns:
        A number from 0.1 to 10.
    """
    rows = np.arange(len(labels))

    def nll(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -scaled[rows, labels].mean()

    found = minimize_scalar(nll, bounds=(np.log(0.1), np.log(10)), method="bounded")
    return float(np.exp(found.x))


def reliability(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = ECE_BINS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How often top-1 answers are right, by confidence in bins of equal width.

    Args:
        probabilities: (N, 7).
        labels: (N,) int.

    Returns:
        (bins,) rows in each bin; their mean confidence; the share that is right. The last two are
        0 in empty bins.
    """
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(bin_of, minlength=bins)
    rows = np.maximum(counts, 1)
    return (
        counts,
        np.bincount(bin_of, confidence, minlength=bins) / rows,
        np.bincount(bin_of, right, minlength=bins) / rows,
    )


def ece(probabilities: np.ndarray, labels: np.ndarray, bins: int = ECE_BINS) -> float:
    """Expected calibration error of the top-1 confidence, 0..1; arguments as for `reliability`."""
    counts, confidence, accuracy = reliability(probabilities, labels, bins)
    return float((counts * np.abs(accuracy - confidence)).sum() / len(labels))


def risk_coverage(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, ...]:
    """What is gained by answering only when sure.

    Source: R. El-Yaniv and Y. Wiener, "On the Foundations of Noise-free Selective
    Classification" (2010).

    Returns:
        (N,) thresholds on the confidence, falling; the share of rows at or above each; the share
        of those that are wrong.
    """
    confidence = probabilities.max(1)
    order = np.argsort(-confidence, kind="stable")
    wrong = (probabilities.argmax(1) != labels)[order]
    answered = np.arange(1, len(labels) + 1)
    return confidence[order], answered / len(labels), np.cumsum(wrong) / answered


def unsure_below(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The lowest threshold whose risk is at most half of the risk of always answering."""
    thresholds, _, risk = risk_coverage(probabilities, labels)
    # Rows of equal confidence are answered together or not at all.
    last_of_equals = np.append(thresholds[1:] < thresholds[:-1], True)
    good = np.flatnonzero(last_of_equals & (risk <= risk[-1] / 2))
    return float(thresholds[good.max(initial=0)])


def ece_cross_validated(logits: np.ndarray, labels: np.ndarray, folds: int = 5) -> float:
    """ECE with each row's temperature fitted on the other folds' rows."""
    probabilities = np.empty_like(logits)
    for fitted, held_out in KFold(folds, shuffle=True, random_state=0).split(logits):
        temperature = fit_temperature(logits[fitted], labels[fitted])
        probabilities[held_out] = softmax(logits[held_out] / temperature, axis=1)
    return ece(probabilities, labels)
