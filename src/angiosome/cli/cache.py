"""Compiled code, kept between runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def use_cache() -> None:
    """Keep compiled code between runs, in a folder that only this user can write to."""
    import platformdirs

    folder = Path(os.environ.get("ANGIOSOME_CACHE") or platformdirs.user_cache_dir("angiosome"))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        print(f"No compiled code will be kept ({error})", file=sys.stderr)  # noqa: T201
        return
    import jax

    jax.config.update("jax_compilation_cache_dir", str(folder / "xla"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
