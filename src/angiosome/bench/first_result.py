"""A process from its start to one result of EV30, to see what starting costs.

python -m angiosome.bench.first_result jax|fast CACHE_FOLDER
"""

from __future__ import annotations

import os
import sys


def main(path: str, cache: str) -> None:
    """Integrate EV30 once."""
    os.environ["NUMBA_CACHE_DIR"] = f"{cache}/numba"
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_compilation_cache_dir", f"{cache}/xla")
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
    import jax.numpy as jnp
    import numpy as np

    from angiosome.bench import ev30

    if path == "fast":
        from angiosome.numerics.fast import compile_stiff, solve_fast

        solver = compile_stiff(ev30.rates, ev30.start(), ev30.CONSTANTS, ())
        start = {name: np.array([value]) for name, value in ev30.START.items()}
        succeeded = solve_fast(solver, start, ev30.CONSTANTS[None], ev30.TIMES_H, ()).succeeded
    else:
        from angiosome.numerics import plan_stiff, solve_stiff

        constants, times = jnp.asarray(ev30.CONSTANTS), jnp.asarray(ev30.TIMES_H)
        plan = plan_stiff(ev30.rates, ev30.start(), constants, (), key=jax.random.key(0))
        solve = jax.jit(lambda k: solve_stiff(plan, ev30.start(), k, times, ()))
        succeeded = np.asarray(solve(constants).succeeded)
    sys.exit(0 if succeeded.all() else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
