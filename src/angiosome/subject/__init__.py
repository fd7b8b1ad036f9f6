"""One animal or patient: the only place where delivery, signalling and tissue meet."""

import jax

# Minutes of kinetics and weeks of growth share one stiff system: single precision is not enough.
jax.config.update("jax_enable_x64", True)
