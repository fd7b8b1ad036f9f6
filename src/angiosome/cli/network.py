"""``angiosome network``: make the capillary bed of an organ; draw a network."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from angiosome.cli.application import AsJson, app, told_to_the_user
from angiosome.cli.output import number, print_json
from angiosome.errors import AngiosomeError

if TYPE_CHECKING:
    import numpy as np

    from angiosome.tissue.given.flow import FlowSolution

network = typer.Typer(no_args_is_help=True, help="Make a bed of capillaries; draw a network.")
app.add_typer(network, name="network")


class Quantity(StrEnum):
    """What a drawn network can be coloured by."""

    diameter = "diameter"
    velocity = "velocity"
    flow = "flow"
    haematocrit = "haematocrit"
    pressure = "pressure"
    shear = "shear"


LABELS = {
    Quantity.diameter: ("Diameter", "diameter, µm"),
    Quantity.velocity: ("Velocity", "mean velocity of blood, mm/s"),
    Quantity.flow: ("Flow", "flow, nl/min"),
    Quantity.haematocrit: ("Haematocrit", "discharge haematocrit"),
    Quantity.pressure: ("Pressure", "pressure, mmHg"),
    Quantity.shear: ("Wall shear", "wall shear stress, Pa"),
}


@network.command("make")
def make(
    organ: Annotated[str, typer.Argument(help="heart, limb, brain, kidney or skin.")],
    out: Annotated[Path, typer.Option(help="File to write: .vtp, .csv or .graphml.")],
    size: Annotated[
        str, typer.Option(help="Sides of the block in mm: one number, or three as 1x1x0.2.")
    ] = "0.5",
    seed: Annotated[int, typer.Option(min=0, help="Of every draw.")] = 1,
    density: Annotated[
        float | None, typer.Option(min=0.0, help="Instead of the organ's, in its unit.")
    ] = None,
    diameter: Annotated[float | None, typer.Option(help="Mean diameter, um.")] = None,
    diameter_sd: Annotated[float | None, typer.Option(help="Its spread, um.")] = None,
    length: Annotated[float | None, typer.Option(help="Mean length of a vessel, um.")] = None,
    length_cv: Annotated[float | None, typer.Option(help="Its spread over that mean.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make the capillary bed of an organ, to its measured density, diameters and lengths.

    Blood enters where vessels are cut at x = 0 and leaves at the other side; `angiosome flow`
    solves the file as it is.

    Example: angiosome network make heart --size 0.5 --seed 1 --out bed.vtp
    """
    from dataclasses import replace

    from angiosome.io.network_writing import check_format, write_network
    from angiosome.parameters import load_registry
    from angiosome.subject.organ_bed import bed_of_organ
    from angiosome.tissue.given import organ_beds

    asked = {
        "density": density,
        "diameter_um": diameter,
        "diameter_sd_um": diameter_sd,
        "vessel_um": length,
        "vessel_cv": length_cv,
    }
    with told_to_the_user():
        for name, value in asked.items():
            if value is not None and not value > 0:
                raise AngiosomeError(f"{name} is {value:g}; it has to be above 0")
        size_um = _sides_um(size)
        check_format(out)
        bed = bed_of_organ(organ, load_registry())
        bed = replace(bed, **{name: value for name, value in asked.items() if value is not None})
        made = organ_beds.organ_bed(bed, size_um, seed)
        write_network(out, made)
    found = {
        "vessels": made.segments,
        "length_density_mm_per_mm3": organ_beds.length_density_mm_per_mm3(made),
        "profiles_per_mm2": organ_beds.profiles_per_mm2(made),
        "diameter_um": float(made.diameter_um.mean()),
        "diameter_sd_um": float(made.diameter_um.std()),
        "vessel_um": float(made.length_um.mean()),
        "vessel_cv": float(made.length_um.std() / made.length_um.mean()),
        "winding": organ_beds.winding(made),
    }
    wanted = {"profiles_per_mm2" if bed.counted else "length_density_mm_per_mm3": bed.density}
    wanted |= {name: getattr(bed, name) for name in found if hasattr(bed, name)}
    if as_json:
        summary = {"organ": organ, "size_um": size_um, "seed": seed, "asked": wanted}
        print_json({**summary, "made": found, "written": str(out)})
        return
    typer.echo(f"{organ}: {made.segments} vessels in {' x '.join(f'{s:g}' for s in size_um)} um")
    for name, value in list(found.items())[1:]:
        goal = f"asked {number(wanted[name])}" if name in wanted else ""
        typer.echo(f"  {name:<27}{number(value):<9}{goal}".rstrip())
    typer.echo(f"Wrote {out}")


@network.command("draw")
def draw(
    files: Annotated[list[Path], typer.Argument(help="Networks that `angiosome flow` reads.")],
    out: Annotated[Path, typer.Option(help="SVG to write.")],
    by: Annotated[
        list[Quantity] | None, typer.Option(help="Colour by this; once for each panel.")
    ] = None,
    um_per_unit: Annotated[
        float, typer.Option(min=1e-9, help="Length of the file's unit, in um (not of Network.dat).")
    ] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Draw networks side by side, vessels coloured by what `angiosome flow` finds in them.

    Example: angiosome network draw bed.vtp --by velocity --by haematocrit --out bed.svg
    """
    import numpy as np

    from angiosome.io.atomic import write_text
    from angiosome.io.networks import read_network
    from angiosome.report.network_figure import NetworkPanel, network_figure
    from angiosome.tissue.given.flow import solve_flow

    wanted = by or [Quantity.diameter]
    panels: list[NetworkPanel] = []
    with told_to_the_user():
        for file in files:
            given = read_network(file, um_per_unit=um_per_unit)
            if not np.isfinite(given.position_um).all():
                raise AngiosomeError(f"{file} gives no coordinates of some nodes; it is not drawn")
            solution = solve_flow(given) if set(wanted) != {Quantity.diameter} else None
            for one in wanted:
                values = _values(one, given.diameter_um, solution)
                title = LABELS[one][0] if len(files) == 1 else file.stem
                panels.append(NetworkPanel(title, given, values, LABELS[one][1]))
        write_text(out, network_figure(panels))
    if as_json:
        drawn = {"networks": [str(file) for file in files], "by": [str(one) for one in wanted]}
        print_json({**drawn, "written": str(out)})
    else:
        typer.echo(f"Wrote {out}")


def _values(what: Quantity, diameter_um: np.ndarray, solution: FlowSolution | None) -> np.ndarray:
    if what is Quantity.diameter or solution is None:
        return diameter_um
    ends = solution.network.ends
    return {
        Quantity.velocity: abs(solution.velocity_mm_s),
        Quantity.flow: abs(solution.flow_nl_min),
        Quantity.haematocrit: solution.haematocrit,
        Quantity.pressure: solution.pressure_mmhg[ends].mean(axis=1),
        Quantity.shear: solution.wall_shear_pa,
    }[what]


def _sides_um(size: str) -> tuple[float, float, float]:
    """`0.5` or `1x1x0.2`, in mm, as three sides in um."""
    words = size.lower().split("x")
    try:
        sides = [float(word) * 1e3 for word in words]
    except ValueError:
        sides = []
    sides = sides * 3 if len(sides) == 1 else sides
    if len(sides) != 3 or not all(0 < side < 1e5 for side in sides):
        raise AngiosomeError(
            f"'{size}' is no size; give one number or three, in mm, as 0.5 or 1x1x0.2"
        )
    return sides[0], sides[1], sides[2]
