"""A bounded part of `python -m tests.fuzz`."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner

from tests.conftest import Server
from tests.fuzz.__main__ import main
from tests.fuzz.run import fuzz


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_hostile_input_reaches_nobody_else(
    start_server: Callable[..., Server], portrait_jpeg: bytes, mode: str
):
    server = start_server(
        *("--workers", "1", "--async-mode", mode),
        *("--max-fps", "1000", "--max-api-per-minute", "100000"),
    )
    report = fuzz(server, portrait_jpeg, cases=400)
    assert report.failures == []
    assert report.served > 0
    assert sum(report.sent.values()) >= 400
    assert server.metrics()["moodlight_worker_restarts_total"] == 0


def test_the_command_says_what_became_of_the_cases():
    done = CliRunner().invoke(main, ["--cases", "40"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "all its own and right" in done.output
