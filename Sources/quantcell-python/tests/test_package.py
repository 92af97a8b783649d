"""The package as pip installs it."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HAS_TOOLS = all(importlib.util.find_spec(name) for name in ("pip", "setuptools", "wheel"))


class PackageTests(unittest.TestCase):
    @unittest.skipUnless(HAS_TOOLS, "pip, setuptools or wheel is missing")
    def test_it_can_be_installed(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            # A copy: pip leaves what it builds where the sources are.
            source, target = Path(folder, "source"), Path(folder, "target")
            shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
            subprocess.run(
                [
                    sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(target),
                    str(source),
                ],
                check=True,
                capture_output=True,
            )  # fmt: skip
            self.assertTrue((target / "quantcell/py.typed").exists())
            here = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src/quantcell").rglob("*.py")}
            there = {str(path.relative_to(target)) for path in (target / "quantcell").rglob("*.py")}
            self.assertEqual(there, here)
            found = subprocess.run(
                [sys.executable, "-c", "import quantcell; print(quantcell.__file__)"],
                cwd=target, check=True, capture_output=True, text=True, env={"PYTHONPATH": str(target), "HOME": folder},
            )  # fmt: skip
            self.assertTrue(found.stdout.startswith(str(target)), found.stdout)
