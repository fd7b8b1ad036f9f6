"""Numbers that are none, refused where they come up: before a rule makes something odd of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int

from angiosome.errors import AngiosomeError


def refuse_none(
    values: Mapping[str, np.ndarray],
    day: float,
    of: str,
    check: str,
    names: Int[np.ndarray, " one"] | None = None,
) -> None:
    """Stop where a value is infinite or no number.

    Args:
        values: by what they are, in words.
        day: of the run.
        of: what has these values, in the plural.
        check: what whoever reads the message should look at.
        names: of what has them; without, they are counted from 0.

    Raises:
        AngiosomeError: what, where, and what to do.
    """
    for what, found in values.items():
        bad = np.flatnonzero(~np.isfinite(found))
        if bad.size:
            first = bad[0] if names is None else names[bad[0]]
            raise AngiosomeError(
                f"on day {day:.4g}, {what} is infinite or no number in {bad.size} of {found.size} "
                f"{of} (the first is {first}): check {check}; the state before this step stands"
            )
