"""Figures of merit of one set of predictions."""

from typing import Any

import numpy as np
from sklearn.metrics import classification_report, confusion_matrix

from model.labels import LABELS

_ALL = list(range(len(LABELS)))


def summarize(predicted: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Accuracy, macro-F1, per-class precision, recall and F1, and the confusion matrix.

    Args:
        predicted: (N,) int.
        labels: (N,) int.

    Returns:
        n, accuracy, macro_f1, per_class (by label), confusion (7 lists of 7 counts; rows are the
        true classes).
    """
    report = classification_report(
        labels, predicted, labels=_ALL, target_names=LABELS, output_dict=True, zero_division=0
    )
    return {
        "n": len(labels),
        "accuracy": float((predicted == labels).mean()),
        "macro_f1": macro_f1(predicted, labels),
        "per_class": {
            name: {
                "precision": float(report[name]["precision"]),
                "recall": float(report[name]["recall"]),
                "f1": float(report[name]["f1-score"]),
                "n": int(report[name]["support"]),
            }
            for name in LABELS
        },
        "confusion": confusion_matrix(labels, predicted, labels=_ALL).tolist(),
    }


def macro_f1(predicted: np.ndarray, labels: np.ndarray) -> float:
    """Mean F1 of the seven classes, 0..1; a class that neither array has counts as 0.

    The same as scikit-learn's, and a hundred times faster: intervals ask for it thousands of times.

    Args:
        predicted: (N,) int.
        labels: (N,) int.
    """
    size = len(LABELS)
    counts = np.bincount(size * labels + predicted, minlength=size**2).reshape(size, size)
    either = counts.sum(0) + counts.sum(1)
    return float((2 * counts.diagonal() / np.maximum(either, 1)).mean())


def text_report(predicted: np.ndarray, labels: np.ndarray) -> str:
    """scikit-learn's classification report as text."""
    return classification_report(
        labels, predicted, labels=_ALL, target_names=LABELS, digits=3, zero_division=0
    )
