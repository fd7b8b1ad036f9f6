"""Every benchmark, one after the other: ratios to peers in the same run, on this machine."""

import runpy

for name in ("stiff_engine", "evidence", "synthesis", "vessel_flow"):
    print(f"== {name}")
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
