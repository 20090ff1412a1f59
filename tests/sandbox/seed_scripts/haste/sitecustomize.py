"""Makes every `time.sleep` of a script a hundred times shorter; Python imports this file at its start.

The provider's examples sleep 10 or 15 seconds between two questions. They stay unchanged; only
the process that a test starts with this folder on its PYTHONPATH is in a hurry.
"""

import time

HASTE = 100

_sleep = time.sleep


def sleep(seconds: float) -> None:
    """Sleep a hundredth of `seconds`."""
    _sleep(seconds / HASTE)


time.sleep = sleep
