"""Numerics that know no biology: stiff initial-value problems, one or many at a time."""

from angiosome.numerics.batches import in_chunks
from angiosome.numerics.reverse import reversible
from angiosome.numerics.rosenbrock import StiffPlan, StiffSolution, plan_stiff, solve_stiff

__all__ = ["StiffPlan", "StiffSolution", "in_chunks", "plan_stiff", "reversible", "solve_stiff"]
