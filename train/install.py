"""`python -m train.install`: make a run's weights the ones that Moodlight ships and serves."""

import shutil
from pathlib import Path

import click

from model.card import DEFAULT_WEIGHTS, WeightsError, card_path, load_card
from train import record, run


def install(source: Path, target: Path, force: bool) -> None:
    """Copy weights, their card and their record, unless those in place are better.

    Args:
        source: a run's weight file.
        target: the weight file to replace.
        force: replace better ones too.

    Raises:
        WeightsError: a file of the run is missing or wrong, or the weights in place are better.
    """
    card = load_card(source)
    record.load(source)
    if not force:
        run.refuse_worse(card, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    for beside in (Path, card_path, record.path):
        shutil.copyfile(beside(source), beside(target))


@click.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--weights",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_WEIGHTS.parent,
    help="Folder to install into.  [default: the repository's weights/]",
)
@click.option("--force", is_flag=True, help="Replace better weights too.")
def main(folder: Path, weights: Path, force: bool) -> None:
    """Install the weights, card and PublicTest logits of the finished run in folder RUN.

    Refused if the installed card's FER+ accuracy, or FER2013 accuracy with flips, is better.
    """
    target = weights / run.WEIGHTS_FILE
    if not (folder / run.WEIGHTS_FILE).is_file():
        raise click.ClickException(f"no finished run in {folder}: train one (python -m train)")
    try:
        install(folder / run.WEIGHTS_FILE, target, force)
    except WeightsError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"installed {target}")


if __name__ == "__main__":
    main()
