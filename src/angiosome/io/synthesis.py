"""The files of a synthesis: figures and an R script, each written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from angiosome.evidence.synthesis import Pooled, Synthesis
from angiosome.evidence.synthesis.plots import figures, style
from angiosome.evidence.synthesis.r_script import r_script
from angiosome.io.atomic import replacing, write_text

FORMATS: dict[str, Any] = {"svg": {"metadata": {"Date": None}}, "png": {"dpi": 160}}


def write_files(
    found: Synthesis, plots: Path | None, script: Path | None, *, one: bool
) -> list[str]:
    """Write what was asked for, and say which files there are; of nothing pooled, none.

    Args:
        found: the synthesis.
        plots: a folder for the figures.
        script: a file for the R script.
        one: whether this is the only synthesis; else its name is added to that of the script.

    Raises:
        AngiosomeError: figures are asked for, and matplotlib is not installed.
    """
    files: list[Path] = []
    if found.pooled is None:
        return []
    if plots:
        files += _write_figures(plots, found, found.pooled)
    if script:
        if not one:
            script = script.with_name(f"{script.stem}-{found.name}{script.suffix or '.R'}")
        script.parent.mkdir(parents=True, exist_ok=True)
        write_text(script, r_script(found.pooled))
        files.append(script)
    return [str(file) for file in files]


def _write_figures(folder: Path, found: Synthesis, pooled: Pooled) -> list[Path]:
    files: list[Path] = []
    with style():
        folder.mkdir(parents=True, exist_ok=True)
        for kind, figure in figures(pooled, found.simulated).items():
            for ending, how in FORMATS.items():
                file = folder / f"{found.name}-{kind}.{ending}"
                with replacing(file) as temporary:
                    figure.savefig(temporary, format=ending, bbox_inches="tight", **how)
                files.append(file)
    return files
