"""How a test of unittest's ends here: 0 when all of it passed, 77 when some of it could not be run, which is said and counted, else 1."""

import sys
import unittest


def main():
    result = unittest.main(module="__main__", exit=False).result
    for test, why in result.skipped:
        print(f"not run: {test}: {why}")
    sys.exit(1 if not result.wasSuccessful() else 77 if result.skipped or not result.testsRun else 0)
