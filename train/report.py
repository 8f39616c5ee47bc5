"""The folder of `python -m train.evaluate --report`: figures, plots, and pages that show them."""

import base64
import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from model.card import DEFAULT_WEIGHTS
from model.labels import LABELS
from train import metrics, plots
from train.data import Split
from train.judge import Judged, by_label_set, of_serving
from train.loop import LABEL_HEAD, VOTE_HEAD
from train.render import render

_MISTAKES = 60
_SHIPPED_HISTORY = Path(__file__).resolve().parent.parent / "docs/training-run/history.csv"
_LABEL_SETS = {LABEL_HEAD: "FER2013's labels", VOTE_HEAD: "the FER+ majorities"}


def history_of(weights: Path) -> list[dict[str, float]] | None:
    """The epochs of the run that made a weight file, or None.

    Read from `history.csv` beside the weights; the shipped weights' is in docs.
    """
    shipped = weights.resolve() == DEFAULT_WEIGHTS
    path = _SHIPPED_HISTORY if shipped else weights.with_name("history.csv")
    if not path.is_file():
        return None
    with path.open(newline="") as lines:
        return [{key: float(v) for key, v in row.items()} for row in csv.DictReader(lines)]


def write(
    folder: Path,
    title: str,
    figures: dict[str, Any],
    logits: dict[str, np.ndarray],
    split: Split,
    card: dict[str, Any],
    history: list[dict[str, float]] | None,
) -> None:
    """Write figures.json, classification-report.txt, the plots, report.html and mistakes.html.

    Args:
        folder: made where it is missing.
        title: names weights and split.
        figures: what `python -m train.evaluate --json` gives.
        logits: (N, 7) by head.
        split: the rows they are for.
        card: the weights'.
        history: the run's epochs, or None where they are not known.
    """
    folder.mkdir(parents=True, exist_ok=True)
    serving = card["serving"]
    judged = by_label_set(logits, split)
    own, served = judged[LABEL_HEAD], of_serving(judged, serving)
    by_labels = f"{title}\njudged by {_LABEL_SETS[LABEL_HEAD]}, n = {len(own.rows)}"
    name = next(name for name, j in judged.items() if j is served)
    by_served = f"{title}\njudged by {_LABEL_SETS[name]}, n = {len(served.rows)}"
    sure = served.probabilities(serving), served.labels

    text = metrics.text_report(own.predicted, own.labels)
    (folder / "classification-report.txt").write_text(text)
    (folder / "figures.json").write_text(json.dumps(figures, indent=2) + "\n")
    plots.confusion(figures["confusion"], by_labels, folder / "confusion.png")
    plots.reliability(*sure, by_served, folder / "reliability.png")
    threshold = serving["unsure_below"] if served.head == serving["head"] else None
    plots.risk_coverage(*sure, threshold, by_served, folder / "risk-coverage.png")
    plots.precision_recall(
        own.probabilities(serving), own.labels, by_labels, folder / "precision-recall.png"
    )
    shown = {
        "Confusion matrix": "confusion.png",
        "Precision and recall": "precision-recall.png",
        "Reliability": "reliability.png",
        "Risk and coverage": "risk-coverage.png",
    }
    if history:
        plots.learning_curves(history, folder / "learning-curves.png")
        shown["Learning curves"] = "learning-curves.png"
    page = render(
        "report.html",
        title=title,
        figures=figures,
        classification_report=text,
        plots={head: _data_uri((folder / file).read_bytes()) for head, file in shown.items()},
    )
    (folder / "report.html").write_text(page)
    mistakes = _most_confident_mistakes(served, judged, split, serving)
    page = render("mistakes.html", title=title, judge=_LABEL_SETS[name], mistakes=mistakes)
    (folder / "mistakes.html").write_text(page)


def _most_confident_mistakes(
    served: Judged, judged: dict[str, Judged], split: Split, serving: dict[str, Any]
) -> list[dict[str, Any]]:
    """Pictures that the head that serves is surest and wrong about, with what each label set says.

    Rows count from 0 within the split.
    """
    confidence = served.probabilities(serving).max(1)
    wrong = np.flatnonzero(served.predicted != served.labels)
    chosen = wrong[np.argsort(-confidence[wrong], kind="stable")][:_MISTAKES]
    said = {
        _LABEL_SETS[name]: {
            int(r): LABELS[label] for r, label in zip(j.rows, j.labels, strict=True)
        }
        for name, j in judged.items()
    }
    return [
        {
            "picture": _data_uri(cv2.imencode(".png", split.grey[row])[1].tobytes()),
            "row": int(row),
            "answer": LABELS[served.predicted[i]],
            "confidence": float(confidence[i]),
            "labels": {by: labels[row] for by, labels in said.items() if row in labels},
        }
        for i, row in zip(chosen, served.rows[chosen], strict=True)
    ]


def _data_uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
