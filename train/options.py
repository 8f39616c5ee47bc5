"""Options that the commands of `train` share."""

from pathlib import Path

import click

from model.card import DEFAULT_WEIGHTS

data = click.option(
    "--data",
    "data_path",
    type=click.Path(path_type=Path),
    required=True,
    help="Kaggle's fer2013.csv (.gz, .zip) or folder layout (also zipped).",
)
ferplus = click.option(
    "--ferplus",
    "ferplus_path",
    type=click.Path(path_type=Path),
    help="fer2013new.csv: the crowd votes of FER+ for the same rows.",
)
weights = click.option("--weights", type=click.Path(path_type=Path), default=DEFAULT_WEIGHTS)
