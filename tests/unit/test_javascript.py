"""The page's pure modules, tested by Node's own runner in tests/js."""

import re
import shutil
import subprocess

from model.annotate import COLOURS_BGR
from tests.conftest import ROOT, missing


def test_pure_modules():
    node = shutil.which("node") or missing("Node")
    files = sorted(str(path) for path in (ROOT / "tests" / "js").glob("*.test.js"))
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_annotated_pictures_have_the_page_s_colours():
    page = (ROOT / "static" / "js" / "expressions.js").read_text()
    colours = {name: bytes.fromhex(hex) for name, hex in re.findall(r'(\w+): "#(\w{6})"', page)}
    assert {name: bytes(bgr[::-1]) for name, bgr in COLOURS_BGR.items()} == colours
