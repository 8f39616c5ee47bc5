"""`python -m benchmarks [QUESTION ...]`: measure, on this machine and in one run."""

import json
from typing import Any

import click

from benchmarks import machine, report, service, stages

# In this order: the stages, on which the others lean, first.
QUESTIONS = {"stages": stages, "service": service}


@click.command(context_settings={"show_default": True})
@click.argument("questions", nargs=-1, type=click.Choice(list(QUESTIONS)))
@click.option("--seconds", default=5.0, help="For each row.")
@click.option("--json", "as_json", is_flag=True, help="The whole result, for benchmarks.report.")
def main(questions: tuple[str, ...], seconds: float, as_json: bool) -> None:
    """Measure some questions, or all of them. Nothing else should be running."""
    results: dict[str, Any] = {"machine": machine.describe(), "seconds": seconds}
    for name in questions or QUESTIONS:
        click.echo(f"{name} ...", err=True)
        results[name] = QUESTIONS[name].measure(seconds)
    click.echo(json.dumps(results, indent=1) if as_json else report.render(results))


if __name__ == "__main__":
    main()
