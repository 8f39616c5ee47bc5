"""`python -m benchmarks [QUESTION ...]`: measure, on this machine and in one run."""

import json
from pathlib import Path
from typing import Any

import click

from benchmarks import machine, peers, targets
from benchmarks.report import QUESTIONS, render


@click.command(context_settings={"show_default": True})
@click.argument("questions", nargs=-1, type=click.Choice(list(QUESTIONS)))
@click.option("--seconds", type=click.FloatRange(0.5), default=5.0, help="For each row.")
@click.option("--json", "as_json", is_flag=True, help="All figures, for benchmarks.report.")
@click.option(
    "--peers-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=peers.DEFAULT_FOLDER,
    show_default="in the user's cache folder",
    help="Where the packages that peers measures are installed, on first use.",
)
def main(questions: tuple[str, ...], seconds: float, as_json: bool, peers_dir: Path) -> None:
    """Measure these questions, by default all; peers only if set up by `benchmarks peers`.

    Run it with nothing else running.
    """
    if not questions:
        asked = [name for name in QUESTIONS if name != "peers" or peers.is_set_up(peers_dir)]
    else:
        asked = [name for name in QUESTIONS if name in questions]
    results: dict[str, Any] = {"machine": machine.describe(), "seconds": seconds}
    for name in asked:
        click.echo(f"{name} ...", err=True)
        if name == "peers":
            results[name] = peers.measure(seconds, peers_dir)
        else:
            results[name] = QUESTIONS[name].measure(seconds)
    if as_json:
        results["targets"] = [
            {"name": t.name, "value": t.value, "bound": t.bound, "met": t.met}
            for t in targets.targets(results)
        ]
        click.echo(json.dumps(results, indent=1))
    else:
        click.echo(render(results))


if __name__ == "__main__":
    main()
