"""``angiosome evidence synthesise``: what the numbers say together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from angiosome.cli.application import AsJson, evidence, told_to_the_user
from angiosome.cli.evidence import Folder, say_left_out
from angiosome.cli.output import number, print_json, print_table
from angiosome.errors import AngiosomeError

Table = Annotated[
    Path | None, typer.Option(help="A table of your own (CSV) instead of study files.")
]
Measures = Annotated[
    list[str] | None, typer.Option(help="Only this measure, as 'infarct size'; may repeat.")
]
Organ = Annotated[str | None, typer.Option(help="Only studies of this organ.")]
Species = Annotated[str | None, typer.Option(help="Only studies in this species.")]
Injury = Annotated[str | None, typer.Option(help="Only studies of this injury.")]
Route = Annotated[str | None, typer.Option(help="Only arms treated by this route.")]
Cell = Annotated[str | None, typer.Option(help="Only vesicles of this source cell.")]
Scale = Annotated[
    str | None,
    typer.Option(
        help="Scale of effects from arms: rom, rom-corrected, smd, md, nmd, logit, log-rr, "
        "log-or, rd. Study files: rom by default."
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        help="fixed, dl, reml, pm or three-level. Default: reml; three-level for study files."
    ),
]
Test = Annotated[
    str | None, typer.Option(help="z, t, knha, adhoc or cr2. Default: z; t for study files.")
]
Rho = Annotated[
    float | None, typer.Option(help="Correlation of the effects of one study, 0 up to 1.")
]
Moderators = Annotated[str | None, typer.Option(help="Moderators of a meta-regression: year,dose.")]
SpreadAs = Annotated[str, typer.Option(help="How a ± of unknown kind is read: SEM or SD.")]
WithoutEach = Annotated[bool, typer.Option(help="Pool again without each study.")]
WithoutEachLab = Annotated[bool, typer.Option(help="Pool again without each cluster.")]
Cumulative = Annotated[bool, typer.Option(help="Pool again year by year.")]
Judgements = Annotated[Path | None, typer.Option(help="Risk of bias, reporting and GRADE, as CSV.")]
Plots = Annotated[Path | None, typer.Option(help="Folder for forest, funnel, orchard.")]
Script = Annotated[Path | None, typer.Option(help="Write an R script that gives the same numbers.")]


@evidence.command("synthesise")
def synthesise(
    effects: Table = None,
    folder: Folder = None,
    measure: Measures = None,
    organ: Organ = None,
    species: Species = None,
    injury: Injury = None,
    route: Route = None,
    cell: Cell = None,
    scale: Scale = None,
    model: Model = None,
    test: Test = None,
    rho: Rho = None,
    mods: Moderators = None,
    spread_as: SpreadAs = "SEM",
    leave_one_out: WithoutEach = False,
    leave_one_lab_out: WithoutEachLab = False,
    cumulative: Cumulative = False,
    judgements: Judgements = None,
    plots: Plots = None,
    r_script: Script = None,
    as_json: AsJson = False,
) -> None:
    """Pool effects across studies, and say what the numbers cannot carry.

    Example: angiosome evidence synthesise --measure "infarct size" --organ heart

    Example: angiosome evidence synthesise --effects effects.csv --model reml --test knha --json
    """
    with told_to_the_user():
        from angiosome.evidence.synthesis import Asked, Request, of_studies, of_table
        from angiosome.io.synthesis import write_files

        if effects and (folder or measure):
            raise AngiosomeError(
                "--effects is a table of its own; leave out --folder and --measure"
            )
        request = Request(
            scale=scale,
            model=model or ("reml" if effects else "three-level"),
            test=test or ("z" if effects else "t"),
            rho=rho,
            moderators=tuple(name.strip() for name in (mods or "").split(",") if name.strip()),
            spread_as=spread_as,
            leave_out=("study",) * leave_one_out + ("cluster",) * leave_one_lab_out,
            cumulative=cumulative,
            judgements=judgements,
        )
        if effects:
            found, refused = [of_table(effects, request)], []
        else:
            asked = Asked(organ=organ, species=species, injury=injury, route=route, cell=cell)
            found, refused = of_studies(folder, tuple(measure or ()), asked, request)
        say_left_out(refused)
        one = bool(effects) or len(measure or ()) == 1
        for each in found:
            each.result["files"] = write_files(each, plots, r_script, one=one)
    results = [each.result for each in found]
    if as_json:
        print_json(results[0] if effects else {"measures": results, "files_left_out": refused})
        return
    if not results:
        typer.echo("No study that was asked for reports an outcome.")
    for result in results:
        _show(result)


def _show(result: dict[str, Any]) -> None:
    """One synthesis for a person: heterogeneity beside the mean, the ladder before details."""
    title = result.get("measure") or result["source"]
    if result["k"] == 0:
        typer.echo(f"{title}: nothing can be pooled.")
    else:
        typer.echo(
            f"{title}: {result['scale']}. {result['model_meaning']}; {result['test_meaning']}."
        )
        typer.echo(f"  Above zero: {result['above_zero']}.")
        typer.echo(f"  {_pooled_line(result)}")
        for line in _between(result):
            typer.echo(f"  {line}")
        if "coefficients" in result:
            print_table("Coefficients", result["coefficients"])
            typer.echo(f"  {_moderators_line(result['moderators_test'])}")
        if result["ladder"]:
            ladder = [_rung(rung) for rung in result["ladder"]]
            print_table("The ladder: what respecting dependence does", ladder)
            if result["clusters"] == result["k"]:
                typer.echo("  Each cluster holds one effect, so the last steps change nothing.")
        for line in _bias(result["bias"]):
            typer.echo(f"  {line}")
        for key in (
            "readings",
            "other_scales",
            "rho_sweep",
            "without_each_study",
            "without_each_cluster",
            "cumulative",
        ):
            if result.get(key):
                print_table(key.replace("_", " ").capitalize(), _slim(result[key]))
        if "certainty" in result:
            typer.echo(f"  Certainty (GRADE): {result['certainty']['certainty']}.")
            for domain in result["certainty"]["domains"]:
                typer.echo(f"    {domain['domain']}: {domain['judgement']} ({domain['reason']})")
    if result.get("simulated"):
        print_table("Simulated, beside the reported ones and never pooled", result["simulated"])
    for warning in result["warnings"]:
        typer.echo(f"  Note: {warning}")
    typer.echo(f"  Left out: {result['left_out']}.")
    for item in result["left_out_rows"]:
        typer.echo(f"    {item['row']}: {item['reason']}")
    refused = result.get("files_left_out")
    if refused:
        count = (
            "1 study file that holds" if len(refused) == 1 else f"{len(refused)} files that hold"
        )
        typer.echo(f"  Left out: {count} problems: {', '.join(refused)}")
    for file in result.get("files", ()):
        typer.echo(f"  Wrote {file}")
    typer.echo("")


def _pooled_line(result: dict[str, Any]) -> str:
    interval = f"{number(result['ci_low'])} to {number(result['ci_high'])}"
    text = (
        f"{number(result['estimate'])} (SE {number(result['se'])}), 95 % CI {interval}, "
        f"p {number(result['p'])}; k = {result['k']} in {result['clusters']} clusters"
    )
    if "as_ratio" in result:
        text += f"; as a ratio {number(result['as_ratio']['estimate'])}"
    return text


def _moderators_line(joint: dict[str, Any] | None) -> str:
    if joint is None:
        return "Moderators together: no degree of freedom is left to test them."
    if "df2" not in joint:
        test = f"χ² {number(joint['statistic'])} on {joint['df1']}"
    else:
        test = f"F {number(joint['statistic'])} on {joint['df1']} and {number(joint['df2'])}"
    return f"Moderators together: {test}, p {number(joint['p'])}"


def _between(result: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    if result["pi_low"] is not None:
        lines.append(
            f"95 % prediction interval {number(result['pi_low'])} to {number(result['pi_high'])} "
            f"({result['pi_convention']})"
        )
    if "sigma2" in result:
        parts = zip(
            result["sigma2_levels"], result["sigma2"], result["i2_by_level"].values(), strict=True
        )
        each = [f"{level} {number(value)} (I² {number(i2)} %)" for level, value, i2 in parts]
        lines.append(f"variance between true effects, by level: {', '.join(each)}")
    else:
        lines.append(f"tau² {number(result['tau2'])}")
    lines.append(
        f"I² {number(result['i2'])} % ({result['i2_definition']}); "
        f"Q {number(result['q'])} on {result['q_df']}, p {number(result['q_p'])}"
    )
    return lines


def _rung(rung: dict[str, Any]) -> dict[str, Any]:
    names = ("estimate", "se", "ci_low", "ci_high", "p")
    return {"step": rung["step"], **{name: rung.get(name) for name in names}}


def _slim(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a table: what is a list is left to the JSON, and every row has every column."""
    names = dict.fromkeys(
        key for row in rows for key, value in row.items() if not isinstance(value, list)
    )
    return [{name: row.get(name) for name in names} for row in rows]


def _bias(bias: dict[str, Any]) -> list[str]:
    if not bias["done"]:
        return [f"Small-study effects: not tested, {bias['why']}."]
    slope, filled = bias["asymmetry"], bias["trim_and_fill"]
    funnel = f"Funnel: not tested, {bias['asymmetry_why_not']}."
    if slope:
        funnel = (
            f"Funnel on {slope['predictor']}: slope {number(slope['slope'])}, "
            f"p {number(slope['p'])} ({slope['method']})"
        )
        funnel += f"; {slope['warning']}" if slope["warning"] else ""
    chosen = ", ".join(
        f"{number(row['estimate'])} if {row['chance_if_not_significant']:g}"
        for row in bias["selection"]
    )
    return [
        funnel,
        (
            f"Trim and fill: {filled['missing']} missing on the {filled['side']}, "
            f"then {number(filled['estimate'])} ({filled['note']})"
        ),
        f"Selection, by the chance that a study without a significant benefit was seen: {chosen}",
    ]
