"""The web process's own rules: what it imports, what it accepts, what its options say."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from tests.conftest import ROOT
from webapp import protocol
from webapp.__main__ import main


def test_the_web_process_stays_light():
    """It never imports torch, numpy or cv2, directly or through anything else."""
    code = "import webapp.server, sys; print(*{'torch', 'numpy', 'cv2'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_the_package_itself_imports_nothing():
    code = "import sys; before = set(sys.modules); import webapp; print(*set(sys.modules) - before)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["webapp"]


def test_a_frame_is_parsed():
    frame = protocol.parse_frame(({"id": 1, "sent_at": 2.5, "more": 0}, b"x"))
    assert frame == protocol.FrameRequest(1, 2.5, b"x")


def test_help_shows_every_option():
    shown = CliRunner().invoke(main, ["--help"]).output
    from dataclasses import fields

    from webapp.config import Settings

    for field in fields(Settings):
        assert f"--{field.name.replace('_', '-')}" in shown


@pytest.mark.parametrize(
    ("variable", "value"), [("PORT", "99999"), ("WORKERS", "none"), ("DETECTOR", "magic")]
)
def test_a_wrong_environment_variable_is_named(variable, value):
    done = CliRunner().invoke(main, env={f"MOODLIGHT_{variable}": value})
    assert done.exit_code == 2
    assert f"MOODLIGHT_{variable}" in done.output
    assert value in done.output
