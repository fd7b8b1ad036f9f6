"""What the numbers of many studies say together, and what they cannot carry.

    study files ─ studies ─┐
                           ├─ comparisons ─ effects ─ pool ─ result
    a table ───── table ───┘

`pool` fits one model under one test; `ladder` shows what respecting dependence does to it; `result`
puts everything under the names that the command prints. No JAX; matplotlib only in `plots`.
"""

from angiosome.evidence.synthesis.effects import Effects, LeftOut
from angiosome.evidence.synthesis.ladder import ladder
from angiosome.evidence.synthesis.pool import Pooled, pool
from angiosome.evidence.synthesis.result import full, summary
from angiosome.evidence.synthesis.studies import Asked, effects_of
from angiosome.evidence.synthesis.synthesis import Request, Synthesis, of_studies, of_table
from angiosome.evidence.synthesis.table import read_effects

__all__ = [
    "Asked",
    "Effects",
    "LeftOut",
    "Pooled",
    "Request",
    "Synthesis",
    "effects_of",
    "full",
    "ladder",
    "of_studies",
    "of_table",
    "pool",
    "read_effects",
    "summary",
]
