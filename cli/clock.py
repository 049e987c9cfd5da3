"""When the process began, as far as a Python module can know."""

import time

__all__ = ["STARTED"]

#: ``time.perf_counter()`` at the first import of the command line; the clock of
#: ``combkit solve`` counts from here.
STARTED = time.perf_counter()
