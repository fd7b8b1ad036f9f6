"""Every benchmark, one after the other: ratios to peers in the same run, on this machine.

That of the stiff solver is a command: `angiosome bench ode`.
"""

import runpy

for name in ("evidence", "synthesis", "vessel_flow"):
    print(f"== {name}")
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
