"""How many examples a property gets: a few in `make test`, the same each time, and many at night.

`FUZZ_SCALE` multiplies them: hypothesis's default for all, and each number in a test's `settings`.
"""

import os

SCALE = int(os.environ.get("FUZZ_SCALE", "1"))
EXAMPLES = 35 * SCALE
