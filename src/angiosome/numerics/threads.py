"""How many threads one pass over a field gains from."""

import os

THREADS = min(2, os.cpu_count() or 1)  # more gained nothing on grids of 500,000 cells
