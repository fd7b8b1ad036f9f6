"""Every benchmark, one after the other: ratios to peers in the same run, on this machine.

Those of the stiff solver and of the tissue are commands: `angiosome bench ode` and `tissue`.
"""

import runpy

for name in ("evidence", "synthesis"):
    print(f"== {name}")
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
