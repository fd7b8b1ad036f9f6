"""Questions to the evidence base, as whole processes: the packaged one, and many study files.

    python -m benchmarks.evidence [--files 100000]

The peer is what one would do without an index: `grep` through the same files for one word.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STUDY = """schema: angiosome.study/1
id: {id}
kind: reported
title: Study {number} of {cargo} in the {organ}
source:
  citation: Author {number} 2020
  first_author: Author{number}
  mentioned:
    - {{review: Synthetic 2020, place: text, reference: {number}}}
condition:
  organ: {organ}
  injury: not reported
  subject: {{species: {species}}}
products:
  - id: ev
    cell: {cell}
    cargo:
      - {{name: {cargo}, kind: miRNA, basis: carried}}
claims:
  - id: text
    cargo: {cargo}
    target: {target}
    effect: {effect}
    direction: {direction}
    recipient: endothelial cell
    read: {{source: Synthetic 2020, place: text, seen: full text}}
  - id: table
    cargo: {cargo}
    basis: listed in a table
    target: {target}
    direction: promotes
    read: {{source: Synthetic 2020, place: "Table 1, row {number}", seen: full text}}
"""

REVIEW = """schema: angiosome.review/1
id: synthetic-2020
letter: S
citation: Synthetic 2020
title: A review of studies that do not exist
year: 2020
scope: {place: abstract}
"""

QUESTIONS = (
    "find --cargo miR-29b-3p --organ heart",
    "find --target PTEN --organ kidney --where direction=suppresses",
    "find 4711",
    "list --organ kidney --cargo miR-210",
    "audit --kind direction",
    "gaps --by organ,source",
)


def write_studies(folder: Path, count: int) -> None:
    draw = random.Random(1)
    cells = ("mesenchymal stem cell", "cardiosphere-derived cell", "adipose-derived stem cell")
    for number in range(count):
        cargo = f"miR-{draw.choice((21, 29, 126, 132, 210, 486))}{draw.choice(('', 'a', 'b'))}"
        text = STUDY.format(
            id=f"s{number:06d}",
            number=number,
            organ=draw.choice(("heart", "brain", "kidney", "limb", "skin")),
            species=draw.choice(("mouse", "rat", "pig")),
            cell=draw.choice(cells),
            cargo=f"{cargo}{draw.choice(('', '-3p', '-5p'))}",
            target=draw.choice(("PTEN", "SPRED1", "EFNA3", "EGLN1", "DLL4")),
            effect=draw.choice(("lowers", "lowers", "raises")),
            direction=draw.choice(("promotes", "promotes", "promotes", "suppresses")),
        )
        (folder / f"s{number:06d}.yaml").write_text(text, "utf-8")
    (folder / "review.yaml").write_text(REVIEW, "utf-8")


def seconds(command: list[str], environment: dict[str, str], repeats: int = 5) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        times.append(time.perf_counter() - start)
        if done.returncode > 1:
            sys.exit(done.stderr.decode())
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    options = parser.parse_args()
    command = [str(Path(sys.executable).with_name("angiosome")), "evidence"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "studies"
        folder.mkdir()
        environment = {**os.environ, "ANGIOSOME_CACHE": str(Path(name) / "cache")}
        seconds([*command, "list", "--json"], environment, 1)
        packaged = [seconds([*command, *q.split(), "--json"], environment) for q in QUESTIONS]
        write_studies(folder, options.files)
        build = seconds([*command, "list", "--folder", str(folder), "--json"], environment, 1)
        many = [
            seconds([*command, *q.split(), "--folder", str(folder), "--json"], environment)
            for q in QUESTIONS
        ]
        grep = seconds(["grep", "-rl", "miR-29b-3p", str(folder)], environment, 3)
        listed = subprocess.run(
            [*command, *QUESTIONS[0].split(), "--folder", str(folder), "--json"],
            env=environment,
            capture_output=True,
            check=True,
        )
    print(f"index of {options.files} files: {build:.1f} s; {len(json.loads(listed.stdout))} claims")
    print(f"{'question':64}{'packaged s':>12}{'many s':>10}{'grep/many':>11}")
    for question, small, large in zip(QUESTIONS, packaged, many, strict=True):
        print(f"{question:64}{small:12.2f}{large:10.2f}{grep / large:11.2f}")
    print(f"grep for one name: {grep:.2f} s")


if __name__ == "__main__":
    main()
