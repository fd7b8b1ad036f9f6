"""What the audit finds: two places that cannot both be right."""

from __future__ import annotations

from dataclasses import dataclass, fields

from angiosome.evidence.claims import ClaimRow


@dataclass(frozen=True)
class Place:
    """A place of a review (or of the primary source) that speaks of a study."""

    review: str
    where: str

    def named(self, other: Place) -> str:
        """The place, with the review's letter where the other place is in another review."""
        if self.review == other.review:
            return self.where
        return f"{self.review or 'primary source'}: {self.where}"

    @property
    def is_table(self) -> bool:
        """Whether it is a row of a table."""
        return self.where.lower().startswith("table")

    @property
    def is_figure(self) -> bool:
        """Whether it is the legend of a figure."""
        return self.where.lower().startswith("fig")

    @property
    def is_text(self) -> bool:
        """Whether it is running text."""
        return not (self.is_table or self.is_figure)


def place_of(claim: ClaimRow) -> Place:
    """Where a claim is made."""
    return Place(claim.review, claim.where)


@dataclass(frozen=True)
class Finding:
    """One contradiction.

    ``rule`` names the rule that found it, or is ``reader`` for those entered with a review.
    """

    id: str
    study: str
    review: str
    citation: str
    place_1: str
    says_1: str
    place_2: str
    says_2: str
    kind: str
    severity: str
    rule: str
    note: str = ""


FINDING_COLUMNS = tuple(field.name for field in fields(Finding))
