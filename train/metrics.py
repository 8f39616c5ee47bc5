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
        "macro_f1": float(report["macro avg"]["f1-score"]),
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


def text_report(predicted: np.ndarray, labels: np.ndarray) -> str:
    """scikit-learn's classification report as text."""
    return classification_report(
        labels, predicted, labels=_ALL, target_names=LABELS, digits=3, zero_division=0
    )
