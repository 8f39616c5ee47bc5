"""`python -m benchmarks.report RESULTS.json`: put a run's tables into docs/performance.md."""

import json
from pathlib import Path
from typing import Any

import click

from benchmarks import machine, page, peers, service, stages, start, targets, training
from benchmarks.figures import Table

# In the order of a run: the stages, on which others lean, first; others' packages last.
QUESTIONS = {
    "stages": stages,
    "service": service,
    "page": page,
    "start": start,
    "training": training,
    "peers": peers,
}
BEGIN = "<!-- measurements: written by python -m benchmarks.report -->"
END = "<!-- end of measurements -->"

_DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def render(results: dict[str, Any]) -> str:
    """All tables of a run as Markdown: targets, machine, then each question."""
    tables: list[Table] = [targets.table(results)] if targets.targets(results) else []
    tables.append(machine.table(results["machine"]))
    for name, question in QUESTIONS.items():
        if name in results:
            tables += question.tables(results[name])
    return "\n\n".join(table.markdown() for table in tables)


def replace_between_marks(document: str, text: str) -> str:
    """The document with its measurements replaced.

    Raises:
        ValueError: it has not each mark once, in order.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError(f"it needs one {BEGIN!r} and after it one {END!r}")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


@click.command()
@click.argument("results_path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def main(results_path: Path) -> None:
    """Write the tables of `python -m benchmarks --json` into docs/performance.md."""
    results = json.loads(results_path.read_text())
    try:
        written = replace_between_marks(_DOCUMENT.read_text(encoding="utf-8"), render(results))
    except ValueError as error:
        raise click.ClickException(f"{_DOCUMENT}: {error}") from None
    _DOCUMENT.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
