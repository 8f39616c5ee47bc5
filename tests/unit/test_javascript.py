"""The page's pure modules, tested by Node's own runner in tests/js."""

import shutil
import subprocess

from tests.conftest import ROOT, missing


def test_pure_modules():
    node = shutil.which("node") or missing("Node")
    files = sorted(str(path) for path in (ROOT / "tests" / "js").glob("*.test.js"))
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
