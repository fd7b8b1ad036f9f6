"""Panels of markers: what vesicles of mesenchymal cells should carry, and what should be absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Panel:
    """Markers that speak for, and against, one thing."""

    name: str
    present: tuple[str, ...]
    absent: tuple[str, ...]
    source: str

    @property
    def members(self) -> tuple[str, ...]:
        """All markers of the panel."""
        return self.present + self.absent


PANELS = (
    Panel("vesicles", ("CD9", "CD63", "CD81", "TSG101", "Alix"), (), "misev2023"),
    Panel("purity", (), ("calnexin", "GM130", "apolipoprotein A", "albumin"), "misev2023"),
    Panel(
        "mesenchymal origin",
        ("CD73", "CD90", "CD105", "CD29", "CD44"),
        ("CD11b", "CD14", "CD19", "CD34", "CD45", "CD79a", "HLA-DR"),
        "dominici2006; CD29 and CD44: Lai 2025, on MSC-EVs",
    ),
)
"""The members are from memory of these guidelines; their tables were not seen."""


@dataclass(frozen=True)
class PanelReading:
    """What a study found of one panel.

    Attributes:
        agree: as the panel expects.
        contradict: present where it should be absent, or the reverse.
        not_reported: nobody says.
    """

    name: str
    agree: tuple[str, ...]
    contradict: tuple[str, ...]
    not_reported: tuple[str, ...]


def read_panels(found: Mapping[str, bool]) -> tuple[PanelReading, ...]:
    """Hold markers that were looked for, and whether each was there, against every panel.

    A marker that nobody looked for speaks neither for nor against; upper and lower case are one.
    """
    seen = {marker.lower(): there for marker, there in found.items()}
    return tuple(
        PanelReading(
            panel.name,
            agree=tuple(m for m, should in _expected(panel) if seen.get(m.lower()) is should),
            contradict=tuple(
                m for m, should in _expected(panel) if seen.get(m.lower()) is (not should)
            ),
            not_reported=tuple(m for m, _ in _expected(panel) if m.lower() not in seen),
        )
        for panel in PANELS
    )


def _expected(panel: Panel) -> list[tuple[str, bool]]:
    return [(marker, True) for marker in panel.present] + [
        (marker, False) for marker in panel.absent
    ]
