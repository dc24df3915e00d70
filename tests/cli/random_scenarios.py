#!/usr/bin/env python3
"""A quarter of a minute of random but valid scenarios; fuzz/random_scenarios.py says what must hold, and goes on for longer by hand."""
import os
import pathlib
import subprocess
import sys

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "fuzz" / "random_scenarios.py"
sys.exit(subprocess.run([sys.executable, str(SCRIPT), "--seconds", "15", "--limit", "120" if "FENLIU_SANITIZED" in os.environ else "60"]).returncode)
