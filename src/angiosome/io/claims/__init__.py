"""Claims of the evidence base as files other programs read: one module for each format."""

from angiosome.io.claims.write import FORMATS, Written, write_claims

__all__ = ["FORMATS", "Written", "write_claims"]
