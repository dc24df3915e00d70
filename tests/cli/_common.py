"""What the tests of the command share: where it is, how it is run, and two ways to say what is wanted."""
import os
import pathlib
import subprocess
import sys

COMMAND = os.environ.get("FENLIU")
SOURCE = pathlib.Path(os.environ.get("FENLIU_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
failures = []


def expect(truth, *seen):
    """Notes what is not so and goes on: a test ends with `sys.exit(1 if failures else 0)`."""
    if not truth:
        failures.append(seen)
        print("FAILED:", *seen)


def require(truth, *seen):
    """Ends the test where what follows makes no sense without."""
    if not truth:
        print("failed:", *seen)
        sys.exit(1)


def run(*arguments, env=None, **more):
    """What came of the command; `env` is added to what there is."""
    return subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, check=False, env={**os.environ, **env} if env else None, **more)


def run_text(*arguments, **more):
    return run(*arguments, text=True, **more)
