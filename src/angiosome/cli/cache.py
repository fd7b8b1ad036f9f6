"""Compiled code, kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

import typer


def use_cache() -> None:
    """Keep compiled code between runs, in a folder that only this user can write to."""
    import platformdirs

    folder = Path(os.environ.get("ANGIOSOME_CACHE") or platformdirs.user_cache_dir("angiosome"))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        typer.echo(f"No compiled code will be kept ({error})", err=True)
        return
    import jax

    jax.config.update("jax_compilation_cache_dir", str(folder / "xla"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
