"""How engines in Python are started here: without site-packages, which take longer to be found than an engine to be driven."""

import sys

PYTHON = [sys.executable, "-S"]
