"""libRoadRunner, in a process of its own: its LLVM and that of JAX crash together.

    python -m angiosome.bench.roadrunner_process FOLDER

In the folder lie ``job.json`` and ``sets.npy``; the states of every set come to ``states.npy``
(set, time, species), and what it took is printed as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np


def main(folder: Path) -> None:
    """Do the job in this folder."""
    import roadrunner

    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    sets = np.load(folder / "sets.npy")
    began = time.process_time()
    runner = roadrunner.RoadRunner(job["sbml"])
    runner.getIntegrator().setValue("relative_tolerance", job["rtol"])
    runner.getIntegrator().setValue("absolute_tolerance", job["atol"])
    runner.timeCourseSelections = job["columns"]
    prepared = time.process_time() - began

    def run(constants: list[float]) -> np.ndarray:
        runner.resetAll()
        for name, value in zip(job["constants"], constants, strict=True):
            runner.model[name] = value
        return np.array(runner.simulate(0, job["end"], job["points"]))

    rows = sets.tolist()
    run(rows[0])
    singles: list[float] = []
    for _ in range(job["repeats"]):
        began = time.process_time()
        run(rows[0])
        singles.append(time.process_time() - began)
    failed: list[int] = []

    def attempt(number: int) -> np.ndarray:
        try:
            return run(rows[number])
        except RuntimeError:
            failed.append(job["first"] + number)
            return np.full((job["points"], len(job["columns"])), np.nan)

    cpu, wall = time.process_time(), time.perf_counter()
    states = [attempt(number) for number in range(len(rows))]
    took = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    np.save(folder / "states.npy", np.array(states[: job["kept"]]))
    found = {"version": roadrunner.__version__, "prepared": prepared, "singles": singles}
    json.dump(found | took | {"failed": failed}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
