"""The web process's own rules: what it imports, what it accepts, what its options say."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from tests.conftest import ROOT
from webapp import protocol
from webapp.__main__ import main
from webapp.masking import apply_mask


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


def test_no_time_is_taken_from_a_clock_that_jumps():
    for folder in ("webapp", "model"):
        for path in (ROOT / folder).glob("*.py"):
            if path.name == "certificates.py":
                continue  # their validity is a matter of the calendar
            source = path.read_text()
            assert "time.time(" not in source
            assert "datetime" not in source


def test_a_frame_is_parsed():
    frame = protocol.parse_frame(({"id": 1, "sent_at": 2.5, "more": 0}, b"x"))
    assert frame == protocol.FrameRequest(1, 2.5, b"x")


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 1000])
@pytest.mark.parametrize("offset", [0, 1, 6])
def test_masking_is_rfc_6455s(length, offset):
    data, mask = bytes(i % 251 for i in range(1003)), (1, 128, 255, 7)
    expected = bytes(data[i] ^ mask[(offset + i) % 4] for i in range(length))
    assert apply_mask(data, mask, length, offset) == expected


def test_help_shows_every_option():
    shown = CliRunner().invoke(main, ["--help"]).output
    from dataclasses import fields

    from webapp.config import Settings

    for field in fields(Settings):
        assert f"--{field.name.replace('_', '-')}" in shown


def test_the_readme_has_every_option():
    from dataclasses import fields

    from webapp.config import Settings

    readme = (ROOT / "README.md").read_text()
    for field in fields(Settings):
        assert f"`--{field.name.replace('_', '-')}`" in readme


@pytest.mark.parametrize(
    ("variable", "value"), [("PORT", "99999"), ("WORKERS", "none"), ("DETECTOR", "magic")]
)
def test_a_wrong_environment_variable_is_named(variable, value):
    done = CliRunner().invoke(main, env={f"MOODLIGHT_{variable}": value})
    assert done.exit_code == 2
    assert f"MOODLIGHT_{variable}" in done.output
    assert value in done.output
