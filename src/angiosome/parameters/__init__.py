"""The numbers of the models: each with its unit, its spread, and where it was read."""

from angiosome.parameters.draws import draw, quantile
from angiosome.parameters.registry import Parameter, Reference, Registry, load_registry

__all__ = ["Parameter", "Reference", "Registry", "draw", "load_registry", "quantile"]
