"""Set what was simulated beside what was reported, and say where the arms part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from angiosome.study import Absent, Outcome, Study
from angiosome.study.vocabulary import MEASURES
from angiosome.subject.animal import Cohort
from angiosome.subject.organs import ORGANS
from angiosome.subject.schedule import Clock, hours
from angiosome.trials.arms import CHAIN, ArmResult
from angiosome.trials.screening import told_by_rank

INTERVAL = 90.0  # per cent of subjects between low and high
PART_AT = 1.5  # arms whose medians differ by less than this factor do not part at a step


@dataclass(frozen=True)
class Row:
    """One outcome of one arm: what a paper reports, and what the simulation gives.

    Attributes:
        difference: median of the paired difference to the control, with its interval; ``None``
            for the control itself.
        overlap: whether the reported mean lies in the simulated interval; ``None`` without one.
        subjects: that were planned, failed ones among them.
        failed: of those, how many have no value; the median and the interval are of the others.
        failed_pairs: how many have no difference, for they failed in this arm or in the control.
        higher, lower: shares of the planned subjects that lie above and below their own control; a
            failed one is in neither.
    """

    measure: str
    unit: str
    at: str
    at_h: float
    arm: str
    label: str
    reported: str | None
    reported_mean: float | None
    median: float
    low: float
    high: float
    difference: tuple[float, float, float] | None
    overlap: bool | None
    subjects: int
    failed: int
    failed_pairs: int
    higher: float | None
    lower: float | None

    @property
    def complete(self) -> bool:
        """Whether every planned subject is in every number of the row."""
        return not self.failed and not self.failed_pairs


def quantiles(values: np.ndarray) -> tuple[float, float, float]:
    """Median, and the ends of the `INTERVAL`, of the subjects that finished.

    Whoever shows them says of how many planned ones; see `angiosome.trials.failures`.
    """
    tail = (100 - INTERVAL) / 2
    low, median, high = np.nanpercentile(values, [tail, 50, 100 - tail])
    return float(median), float(low), float(high)


def measure_key(outcome: Outcome) -> str:
    """The name under which the simulation keeps this outcome's measure."""
    bases = MEASURES[outcome.measure].of
    if not bases:
        return outcome.measure
    of = outcome.of if outcome.of in bases else bases[0]
    return f"{outcome.measure}, of {of}"


def reported_text(outcome: Outcome) -> str | None:
    """``80 ± 5 (n not reported)``, or the words the source uses; ``None`` in a plan."""
    if outcome.mean is None and outcome.direction is None:
        return None
    if outcome.mean is None:
        against = f" than {outcome.against}" if outcome.against else ""
        words = {"no difference": f"no difference{against.replace(' than', ' to')}"}
        return words.get(outcome.direction or "", f"{outcome.direction}{against}, no number")
    spread = next((s for s in (outcome.sd, outcome.sem, outcome.spread) if s is not None), None)
    kind = {outcome.sd: " SD", outcome.sem: " SEM"}.get(spread, "") if spread is not None else ""
    n = outcome.n.value
    size = f"n {n}" if isinstance(n, Absent) else f"n = {n}"
    return f"{outcome.mean:g}{f' ± {spread:g}{kind}' if spread is not None else ''} ({size})"


def compare(study: Study, results: Sequence[ArmResult], clock: Clock) -> list[Row]:
    """Rows for every reported outcome that the model gives, and what the organ always shows."""
    control = next(result for result in results if result.arm == study.control.id)
    looks: dict[tuple[str, float], str] = {}
    reported: dict[tuple[str, float, str], Outcome] = {}
    for outcome in study.outcomes:
        if isinstance(outcome.at, Absent):  # nothing to hold a simulated time against
            continue
        at_h = hours(outcome.at, study, study.arm(outcome.arm))
        looks.setdefault((measure_key(outcome), at_h), str(outcome.at))
        reported[measure_key(outcome), at_h, outcome.arm] = outcome
    last_h, last = max(((h, at) for (_, h), at in looks.items()), default=(clock.times_h[-1], ""))
    for key in ORGANS[study.condition.organ].always:
        if not any(name == key for name, _ in looks):
            looks[key, last_h] = last or f"{last_h / 24:g} days after injury"
    rows: list[Row] = []
    told = {(key, at_h) for key, at_h, _ in reported}
    in_numbers = {(k, h) for (k, h, _), outcome in reported.items() if outcome.mean is not None}

    def rank(look: tuple[str, float]) -> tuple[bool, bool, float, str]:
        """Reported in numbers first, then in words, then the rest; earlier before later."""
        return look not in in_numbers, look not in told, look[1], look[0]

    for key, at_h in sorted(looks, key=rank):
        at = looks[key, at_h]
        for result in results:
            values = _at(result, key, at_h, study, clock)
            if values is None:
                continue
            outcome = reported.get((key, at_h, result.arm))
            same = result.arm == control.arm
            base = _at(control, key, at_h, study, clock)
            pairs = None if same or base is None else values - base
            if pairs is not None and np.isnan(pairs).all():
                pairs = None  # nobody finished in both
            median, low, high = quantiles(values)
            mean = _reported_mean(outcome) if outcome else None
            rows.append(
                Row(
                    measure=key,
                    unit=MEASURES[key.split(", of")[0]].unit,
                    at=at,
                    at_h=at_h,
                    arm=result.arm,
                    label=study.arm(result.arm).label,
                    reported=reported_text(outcome) if outcome else None,
                    reported_mean=mean,
                    median=median,
                    low=low,
                    high=high,
                    difference=None if pairs is None else quantiles(pairs),
                    overlap=None if mean is None else low <= mean <= high,
                    subjects=len(values),
                    failed=int(np.isnan(values).sum()),
                    failed_pairs=0 if pairs is None else int(np.isnan(pairs).sum()),
                    higher=None if pairs is None else float(np.mean(pairs > 0)),
                    lower=None if pairs is None else float(np.mean(pairs < 0)),
                )
            )
    return rows


def _reported_mean(outcome: Outcome) -> float | None:
    """The mean in the unit the model gives, or none where the paper's unit does not convert."""
    if outcome.mean is None:
        return None
    try:
        return MEASURES[outcome.measure].in_standard_unit(outcome.mean, outcome.unit)
    except ValueError:
        return None


def _at(result: ArmResult, key: str, at_h: float, study: Study, clock: Clock) -> np.ndarray | None:
    """A measure at a time, per subject; a change is counted from just before the first dose."""
    index = int(np.argmin(np.abs(clock.times_h - at_h)))
    if key in result.measures:
        return result.measures[key][:, index]
    base = key.removesuffix(" change")
    if base == key or base not in result.measures:
        return None
    arm = study.arm(result.arm)
    given = [other.regimen for other in (arm, *study.arms) if other.regimen]
    start_h = hours(given[0].times[0], study, arm) if given else 0.0
    start = int(np.argmin(np.abs(clock.times_h - start_h)))
    return result.measures[base][:, index] - result.measures[base][:, start]


@dataclass(frozen=True)
class Parting:
    """Where two arms part: the step whose ratio differs most from that of the step before it."""

    step: str
    arms: tuple[str, str]
    medians: tuple[float, float]
    before: tuple[float, float] | None


def medians(result: ArmResult) -> dict[str, float]:
    """Median of every step of the chain."""
    return {step.name: quantiles(result.chain[step.name])[0] for step in CHAIN}


def parting(study: Study, results: Sequence[ArmResult]) -> Parting | None:
    """Where the treated arms part most; ``None`` when fewer than two treated arms do.

    The two arms are those that save most and least tissue.
    """
    treated = [
        result
        for result in results
        if (regimen := study.arm(result.arm).regimen) and regimen.product != "vehicle"
    ]
    if len(treated) < 2:
        return None
    ranked = sorted(treated, key=lambda result: medians(result)["tissue saved"])
    most, least = medians(ranked[-1]), medians(ranked[0])

    def gap(step: str | None) -> float:
        if step is None:
            return 0.0
        return float(np.log((most[step] + 1e-12) / (least[step] + 1e-12)))

    widest = max(CHAIN, key=lambda step: abs(gap(step.name) - gap(step.after)))
    if abs(gap(widest.name) - gap(widest.after)) < np.log(PART_AT):
        return None
    before = None if widest.after is None else (most[widest.after], least[widest.after])
    pair = (most[widest.name], least[widest.name])
    return Parting(widest.name, (ranked[-1].arm, ranked[0].arm), pair, before)


def parting_sentence(study: Study, results: Sequence[ArmResult]) -> str:
    """One sentence, computed from the run: which step of the chain separates the arms."""
    found = parting(study, results)
    if found is None:
        treated = [arm for arm in study.arms if arm.regimen and arm.regimen.product != "vehicle"]
        if len(treated) == 1:
            result = next(result for result in results if result.arm == treated[0].id)
            at, where = medians(result), ORGANS[study.condition.organ].where
            return (
                f"One treated arm: of {_number(at['particles given'])} particles, "
                f"{_number(at['vesicles per cell'])} reach one endothelial cell of the "
                f"{where}; they bring {_number(at['copies per cell'])} copies of targeted cargo, "
                f"and save {_number(at['tissue saved'])} % of the area at risk (medians)."
            )
        return "No step of the chain separates the treated arms (medians within a factor of 1.5)."
    step = next(step for step in CHAIN if step.name == found.step)
    first, second = (study.arm(name).label.lower() for name in found.arms)
    more, less = found.medians
    ratio = f"{more / less:.3g} times as many" if less > 0 else "against none"
    text = (
        f"The arms part at '{step.name}' ({step.meaning}): {_number(more)} {step.unit} with "
        f"{first}, {_number(less)} with {second} ({ratio}, medians)"
    )
    if found.before:
        text += f", from {_number(found.before[0])} and {_number(found.before[1])} {step.after}"
    return f"{text}."


def _number(value: float) -> str:
    return f"{value:.2g}" if 0.001 <= abs(value) < 10000 or value == 0 else f"{value:.1e}"


def doubts(
    cohort: Cohort, results: Sequence[ArmResult], control: str, *, count: int = 10
) -> list[tuple[str, float]]:
    """Parameters that go most with the tissue saved in the best arm, by `told_by_rank`."""
    treated = [result for result in results if result.arm != control]
    if not treated:
        return []
    best = max(treated, key=lambda result: medians(result)["tissue saved"])
    draws = {name: values for name, (_, values) in cohort.draws.items()}
    return told_by_rank(draws, best.chain["tissue saved"], count=count)
