"""Tables of a run, for the terminal and for docs/performance.md."""

from typing import Any

from benchmarks import machine, service, stages

_TABLES = {
    "machine": lambda r: [machine.table(r)],
    "stages": stages.tables,
    "service": service.tables,
}


def render(results: dict[str, Any]) -> str:
    return "\n\n".join(
        table.markdown()
        for name, make in _TABLES.items()
        if name in results
        for table in make(results[name])
    )
