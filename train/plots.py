"""Pictures of a run, of its errors and of its confidence, as PNGs."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from sklearn.metrics import average_precision_score, precision_recall_curve

from model.annotate import COLOURS_BGR
from model.labels import LABELS
from train import calibration

mpl.rcParams.update(
    {
        "axes.axisbelow": True,
        "axes.edgecolor": "#8a929c",
        "axes.grid": True,
        "axes.prop_cycle": mpl.cycler(color=["#1f5fa8", "#d55e00"]),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": "medium",
        "axes.titleweight": "bold",
        "figure.constrained_layout.use": True,
        "grid.color": "#e4e7eb",
        "legend.frameon": False,
        "savefig.dpi": 130,
        "xtick.color": "#4a525c",
        "ytick.color": "#4a525c",
    }
)
_GREY = "#8a929c"


def learning_curves(history: list[dict[str, float]], path: Path) -> None:
    """Loss and validation accuracy by epoch; dashed lines where the pictures grow."""
    epochs = [row["epoch"] for row in history]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    left.plot(epochs, [row["loss"] for row in history], marker=".")
    left.set(xlabel="epoch", ylabel="training loss")
    right.plot(epochs, [100 * row["accuracy"] for row in history], marker=".")
    right.set(xlabel="epoch", ylabel="validation accuracy, %")
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        for before, row in zip([None, *history[:-1]], history, strict=True):
            if before is None or before["size_px"] != row["size_px"]:
                x = row["epoch"] - 0.5
                axes.axvline(x, color=_GREY, lw=1, ls="--")
                axes.annotate(
                    f"{row['size_px']:.0f} px",
                    (x, 1),
                    xytext=(0, 3),
                    xycoords=("data", "axes fraction"),
                    textcoords="offset points",
                    color=_GREY,
                    fontsize="small",
                )
    _save(figure, path)


def confusion(counts: list[list[int]], title: str, path: Path) -> None:
    """Confusion matrix: each true class's shares in percent, and the counts."""
    matrix = np.array(counts)
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    figure, axes = plt.subplots(figsize=(7.2, 6.4))
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, j in np.ndindex(*matrix.shape):
        colour = "white" if shares[i, j] > 0.5 else "black"
        centred = {"ha": "center", "color": colour}
        weight = "bold" if i == j else "normal"
        axes.text(j, i, f"{shares[i, j]:.0%}", va="bottom", weight=weight, **centred)
        axes.text(j, i + 0.08, f"{matrix[i, j]}", va="top", fontsize="small", **centred)
    axes.set_xticks(range(len(LABELS)), LABELS, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(
        range(len(LABELS)),
        [f"{name}\nn = {n}" for name, n in zip(LABELS, matrix.sum(1), strict=True)],
    )
    # White lines between the cells.
    axes.grid(False)
    axes.set_xticks(np.arange(len(LABELS) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(LABELS) - 1) + 0.5, minor=True)
    axes.grid(which="minor", color="white", lw=2)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set(xlabel="predicted", ylabel="true", title=title)
    bar = figure.colorbar(image, format=PercentFormatter(1), shrink=0.8, aspect=30)
    bar.outline.set_visible(False)
    bar.set_label("share of the true class")
    _save(figure, path)


def reliability(probabilities: np.ndarray, labels: np.ndarray, title: str, path: Path) -> None:
    """How often the answers are right beside how sure they are, and how many are how sure.

    Args:
        probabilities: (N, 7).
        labels: (N,) int.
    """
    counts, confidence, accuracy = calibration.reliability(probabilities, labels)
    edges = np.linspace(0, 1, len(counts) + 1)
    middles, width = (edges[1:] + edges[:-1]) / 2, edges[1]
    filled = counts > 0
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(6, 6.4), sharex=True, height_ratios=(3.2, 1)
    )
    top.bar(middles[filled], accuracy[filled], 0.94 * width, color="#9dc0e6", label="share right")
    top.plot(
        *(confidence[filled], accuracy[filled], "o-"), ms=4, label="at the bin's mean confidence"
    )
    top.plot([0, 1], [0, 1], "--", color=_GREY, lw=1, label="as right as sure")
    error = calibration.ece(probabilities, labels)
    top.set(
        ylabel="share right", ylim=(0, 1), title=f"{title}\nECE {error:.3f}, {len(counts)} bins"
    )
    top.legend(loc="upper left")
    bottom.bar(middles, counts / counts.sum(), 0.94 * width, color="#c3c9d0")
    bottom.set(xlabel="confidence", ylabel="share of faces", xlim=(0, 1))
    for axis in (top.xaxis, top.yaxis, bottom.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    _save(figure, path)


def risk_coverage(
    probabilities: np.ndarray,
    labels: np.ndarray,
    unsure_below: float | None,
    title: str,
    path: Path,
) -> None:
    """Error among the faces answered when only the surest are.

    Args:
        probabilities: (N, 7).
        labels: (N,) int.
        unsure_below: the confidence to mark, or None.
    """
    thresholds, coverage, risk = calibration.risk_coverage(probabilities, labels)
    figure, axes = plt.subplots(figsize=(6.4, 4.4))
    axes.plot(coverage, risk)
    if unsure_below is not None:
        at = max(0, np.count_nonzero(thresholds >= unsure_below) - 1)
        axes.plot(coverage[at], risk[at], "o", ms=8)
        axes.plot([coverage[at]] * 2, [0, risk[at]], ":", color="#d55e00")
        axes.annotate(
            f"unsure below {unsure_below:.0%}:\n{coverage[at]:.0%} answered, "
            f"{risk[at]:.1%} of them wrong",
            (coverage[at], risk[at]),
            xytext=(-10, 12),
            textcoords="offset points",
            ha="right",
        )
    _percent(axes)
    axes.set(xlabel="faces answered (coverage)", ylabel="wrong among them (risk)", title=title)
    axes.set(xlim=(0, 1.005), ylim=(0, None))
    _save(figure, path)


def precision_recall(probabilities: np.ndarray, labels: np.ndarray, title: str, path: Path) -> None:
    """Precision by recall of each class against the rest, with its average precision.

    Args:
        probabilities: (N, 7).
        labels: (N,) int.
    """
    figure, axes = plt.subplots(figsize=(7.4, 5))
    for i, name in enumerate(LABELS):
        truth = labels == i
        if not truth.any():
            continue
        precision, recall, _ = precision_recall_curve(truth, probabilities[:, i])
        average = average_precision_score(truth, probabilities[:, i])
        colour = tuple(value / 255 for value in reversed(COLOURS_BGR[name]))
        label = f"{name}  {average:.2f}"
        axes.plot(recall, precision, color=colour, lw=2, drawstyle="steps-post", label=label)
    _percent(axes)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.005), ylim=(0, 1.005), title=title)
    axes.legend(title="average precision", loc="center left", bbox_to_anchor=(1, 0.5))
    _save(figure, path)


def robustness(table: dict[str, list[dict[str, float]]], path: Path) -> None:
    """Accuracy under each condition, mild and strong."""
    names = list(table)
    figure, axes = plt.subplots(figsize=(9, 0.36 * len(names) + 1))
    for step, (mark, label) in enumerate((("o", "mild"), ("X", "strong"))):
        points = [(100 * table[n][step]["accuracy"], n) for n in names if len(table[n]) > step]
        axes.plot(*zip(*points, strict=True), mark, label=label)
    axes.axvline(100 * table["unchanged"][0]["accuracy"], color=_GREY, lw=1, ls="--")
    axes.set(xlabel="PublicTest accuracy, %")
    axes.invert_yaxis()
    axes.legend()
    _save(figure, path)


def _percent(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path)
    plt.close(figure)
