"""What every test runs under: double precision, shapes checked at run time, a cache of its own."""

import os

# Threads of OpenBLAS spin while they wait; on the small matrices here that costs ten times the work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from jaxtyping import install_import_hook

# Shapes and types written in the signatures are checked at every call of the packages with arrays.
CHECKED = ("product", "delivery", "signalling", "tissue", "measure", "subject", "numerics")
HOOK = install_import_hook([f"angiosome.{name}" for name in CHECKED], "beartype.beartype")

import jax  # noqa: E402
import pytest  # noqa: E402

jax.config.update("jax_enable_x64", True)


@pytest.fixture(scope="session", autouse=True)
def _cache_of_compiled_code(tmp_path_factory):
    jax.config.update("jax_compilation_cache_dir", str(tmp_path_factory.mktemp("xla")))
