"""The worker's command line."""

import click
import pytest
from click.testing import CliRunner

from model import worker
from webapp.__main__ import main as webapp

WORKERS, WEB = ({p.name: p for p in command.params} for command in (worker.main, webapp))


@pytest.mark.parametrize("name", sorted(WORKERS.keys() - {"address"}))
def test_options_are_those_of_the_web_process(name, monkeypatch):
    ours, theirs = WORKERS[name], WEB[name]
    assert ours.opts == theirs.opts
    assert ours.type.to_info_dict() == theirs.type.to_info_dict()
    assert (ours.default, ours.is_flag) == (theirs.default, theirs.is_flag)
    context = click.Context(worker.main, **worker.main.context_settings)
    monkeypatch.setenv(theirs.envvar, "1")
    assert ours.resolve_envvar_value(context) == "1"


@pytest.mark.parametrize(
    ("options", "variables"),
    [(["--max-width", "-1"], {}), ([], {"MOODLIGHT_MAX_WIDTH": "-1"})],
)
def test_a_number_out_of_range_is_refused(options, variables):
    done = CliRunner().invoke(worker.main, options, env=variables)
    assert done.exit_code == 2
    assert "-1 is not in the range" in done.stderr
