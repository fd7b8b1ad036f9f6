"""Given networks: blood, haematocrit, oxygen and steady diffusion, against peers, in one run.

python -m benchmarks.vessel_flow [--largest 100000]
"""

import argparse

from angiosome.bench.tissue import COMPILED, measure

COLUMNS = (("wall_s", 9, ".3f"), ("cpu_s", 9, ".3f"), ("ratio", 8, ".1f"), ("peak_mib", 7, ".0f"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=int, default=100_000, help="segments of a network")
    print(f"{'':58}{'wall s':>9}{'CPU s':>9}{'ratio':>8}{'MiB':>7}  {COMPILED}")
    for rows in measure(parser.parse_args().largest):
        for row in rows:
            cells = [f"{row[k]:{w}{form}}" if k in row else " " * w for k, w, form in COLUMNS]
            print(row["what"].ljust(58) + "".join(cells), row["note"], flush=True)


if __name__ == "__main__":
    main()
