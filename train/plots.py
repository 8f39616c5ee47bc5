"""Pictures of a run and of its errors."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

from model.labels import LABELS


def learning_curves(history: list[dict[str, float]], path: Path) -> None:
    """Loss and validation accuracy by epoch, as a PNG."""
    epochs = [row["epoch"] for row in history]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    left.plot(epochs, [row["loss"] for row in history], marker=".")
    left.set(xlabel="epoch", ylabel="training loss")
    right.plot(epochs, [100 * row["accuracy"] for row in history], marker=".")
    right.set(xlabel="epoch", ylabel="validation accuracy, %")
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def confusion(counts: list[list[int]], title: str, path: Path) -> None:
    """Confusion matrix with counts and row shares, as a PNG."""
    matrix = np.array(counts)
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    figure, axes = plt.subplots(figsize=(7, 6), layout="constrained")
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, j in np.ndindex(*matrix.shape):
        axes.text(
            *(j, i, f"{shares[i, j]:.0%}\n{matrix[i, j]}"),
            ha="center",
            va="center",
            color="white" if shares[i, j] > 0.5 else "black",
            fontsize=9,
        )
    axes.set_xticks(range(len(LABELS)), LABELS, rotation=40, ha="right")
    axes.set_yticks(range(len(LABELS)), LABELS)
    axes.set(xlabel="predicted", ylabel="true", title=title)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def robustness(table: dict[str, list[dict[str, float]]], path: Path) -> None:
    """Accuracy under each condition, mild and strong, as a PNG."""
    names = list(table)
    figure, axes = plt.subplots(figsize=(9, 0.36 * len(names) + 1), layout="constrained")
    for step, (mark, label) in enumerate((("o", "mild"), ("x", "strong"))):
        points = [(100 * table[n][step]["accuracy"], n) for n in names if len(table[n]) > step]
        axes.plot(*zip(*points, strict=True), mark, label=label)
    axes.axvline(100 * table["unchanged"][0]["accuracy"], color="grey", lw=1, ls=":")
    axes.set(xlabel="PublicTest accuracy, %")
    axes.invert_yaxis()
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)
