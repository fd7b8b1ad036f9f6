"""Write a run of more than 200 MB of results, and measure the page that is made of it.

    python -m validation.large_run [--cell 1.25] [--runs runs]

The run is gallet-2017 with few subjects, its pictured tissue on a grid of 1.25 um instead of 10:
the same physics, 64 times as many cells of each field. Prints the size of the results, the size of
the page, what the page says it left out, and the time and peak memory of making it. The page is
then to be opened in a browser: docs/reports.md says what was seen.
"""

import argparse
import functools
import resource
import time
from pathlib import Path

from angiosome.cli.cache import use_cache
from angiosome.evidence import find_study
from angiosome.report.page import write_report
from angiosome.tissue.slab import SlabSize
from angiosome.trials import run
from angiosome.trials.pictures import write_pictures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cell", type=float, default=1.25, help="of the tissue grid, um")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    asked = parser.parse_args()
    use_cache()
    run.write_pictures = functools.partial(write_pictures, size=SlabSize(cell_um=asked.cell))
    request = run.Request("gallet-2017", 8, 1, "well-mixed", None, ())
    folder = run.start(request, find_study("gallet-2017"), asked.runs)
    run.finish(folder)
    measure(folder)


def measure(folder: Path) -> None:
    """Make the page of a run, and print what it weighs."""
    held = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    began = time.perf_counter(), time.process_time()
    page = write_report(run.load_finished(folder))
    wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    notes = [
        part.split("</p>")[0] for part in page.read_text("utf-8").split('<p class="note">')[1:]
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"results {held / 1e6:.0f} MB, page {page.stat().st_size / 1e6:.2f} MB: {page}")
    print(f"page made in {wall:.1f} s ({cpu:.1f} s of processor), peak memory {peak:.0f} MB so far")
    print("\n".join(notes))


if __name__ == "__main__":
    main()
