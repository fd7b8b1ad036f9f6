"""Levels and dependent errors: metafor's and clubSandwich's numbers, and the dense algebra."""

from dataclasses import replace

import numpy as np
import pytest
from published import bornmann, gleser, konstantopoulos
from scipy import stats

from angiosome.errors import AngiosomeError
from angiosome.evidence.synthesis.dependence import blocks_of
from angiosome.evidence.synthesis.effects import Effects
from angiosome.evidence.synthesis.ladder import ladder
from angiosome.evidence.synthesis.pool import pool
from angiosome.evidence.synthesis.sensitivity import leave_one_out
from angiosome.evidence.synthesis.table import read_effects

near = pytest.approx


def test_schools_in_districts():
    wald = pool(konstantopoulos(), "three-level", "z")
    found = wald.inference
    assert wald.estimate == near(0.184713, abs=1e-6)
    assert (found.se[0], found.low[0], found.high[0]) == near(
        (0.084556, 0.018987, 0.350440), abs=1e-6
    )
    assert wald.fit.variances == near((0.065062, 0.032737), abs=1e-6)
    assert wald.fit.loglik == near(-7.95872403, abs=1e-8)
    assert wald.prediction == near((-0.450231, 0.819657), abs=1e-6)
    assert wald.fit.i2 == near((63.325, 31.862), abs=1e-3)
    between, within = wald.variance_intervals()
    assert between == near((0.02223, 0.20724), abs=1e-4)
    assert within == near((0.01627, 0.06283), abs=1e-4)
    robust = pool(konstantopoulos(), "three-level", "cr2").inference
    assert (robust.se[0], robust.df[0], robust.p[0]) == near(
        (0.084458, 9.863156, 0.053967), abs=1e-6
    )
    assert (robust.low[0], robust.high[0]) == near((-0.003825, 0.373252), abs=1e-6)
    assert pool(konstantopoulos(), "reml").estimate == near(0.127932, abs=1e-6)


@pytest.mark.parametrize(
    ("scale", "arms", "q"),
    [
        ("rd", (0.0200, 0.0043, 0.0211), 7.1907),
        ("log-or", (0.5099, 0.0044, 0.4301), 2.0563),
        ("log-rr", (0.4875, 0.0006, 0.4047), 1.8954),
    ],
)
def test_arms_that_share_a_control(scale, arms, q):
    pooled = pool(gleser(scale), "fixed", moderators=("treatment",))
    first, *steps = pooled.fit.beta
    # printed to four digits, for control against arm
    assert [-first, *(-first - step for step in steps)] == near(arms, abs=5e-5)
    assert pooled.fit.q == near(q, abs=5e-5)
    if scale == "rd":
        change = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1]])
        covariance = change @ pooled.fit.covariance @ change.T
        printed = [[24.612, 19.954, 13.323], [19.954, 28.538, 13.255], [13.323, 13.255, 69.806]]
        assert 1e6 * covariance == near(np.array(printed), abs=5e-4)


def test_effects_in_studies_in_countries():
    plain = pool(bornmann(), "three-level", "t")  # metafor 3.8-1, ~ 1 | country/study/row
    found, fit = plain.inference, plain.fit
    assert fit.levels == ("cluster", "study", "effect")
    assert fit.variances == near((0.01051644, 0.00844929, 0.00342934), abs=2e-8)
    assert (plain.estimate, found.se[0], found.p[0]) == near(
        (-0.07261623, 0.05929906, 0.22515451), abs=1e-7
    )
    assert (fit.q, fit.loglik) == near((221.28497352, -11.25412), abs=5e-6)
    assert plain.prediction == near((-0.39409619, 0.24886374), abs=1e-7)
    country, study, effect = plain.variance_intervals()
    # metafor looks for the ends of an interval to 1e-4
    assert country == near((0, 0.09026), abs=1e-4)
    assert study == near((0.00048, 0.03531), abs=1e-4)
    # its search for the lower end fails; its likelihood there is 1.9207 below the top
    assert effect == near((0.000749, 0.01309), abs=1e-4)
    robust = pool(bornmann(), "three-level", "cr2").inference
    assert (robust.se[0], robust.df[0], robust.p[0]) == near(
        (0.06040131, 3.81, 0.29861637), abs=5e-3
    )
    assert (robust.se[0], robust.low[0]) == near((0.06040131, -0.24365468), abs=1e-7)


@pytest.mark.parametrize(
    ("moderators", "statistic", "df1", "df2", "p"),
    [
        (("type", "year"), 5.1962413, 2, 3.3608263, 0.0936812),
        (("discipline",), 0.672, 3, 1.41, 0.666),
        (("year",), 0.5301740, 1, 1.9803718, 0.5428952),
    ],
)
def test_moderators_together_by_hotelling(moderators, statistic, df1, df2, p):
    studies = replace(bornmann(), cluster=bornmann().study)
    pooled = pool(studies, "three-level", "cr2", moderators=moderators)
    joint = pooled.inference.joint  # clubSandwich 0.5.8, Wald_test(test = "HTZ")
    assert joint["df1"] == df1
    assert (joint["statistic"], joint["df2"], joint["p"]) == near((statistic, df2, p), rel=1e-3)


def dependent(seed, clusters=7, *, nested=False):
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 6, clusters)
    names = tuple(f"c{at}" for at, size in enumerate(sizes) for _ in range(size))
    v = random.uniform(0.02, 0.4, len(names))
    lab = random.normal(0, 0.5, clusters)[np.repeat(np.arange(clusters), sizes)]
    y = 0.3 + lab + random.normal(0, np.sqrt(v + 0.05))
    x = tuple(map(str, random.normal(0, 1, len(y))))
    blank = np.full(len(y), 8.0)
    studies = names
    if nested:  # study 0 of one laboratory is not study 0 of another
        studies = tuple(map(str, random.integers(0, 2, len(y))))
        y = (
            y
            + random.normal(0, 0.4, (clusters, 2))[
                np.repeat(np.arange(clusters), sizes), np.array(studies, int)
            ]
        )
    return Effects(y, v, studies, names, ("",) * len(y), blank, blank, {"x": x})


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_block_algebra_is_the_dense_algebra(seed, nested):
    effects = dependent(seed, nested=nested)
    pooled = pool(effects, "three-level", "cr2", rho=0.6, moderators=("x",))
    fit = pooled.fit
    codes = effects.codes
    same = codes[:, None] == codes
    within = same & (np.array(effects.study)[:, None] == np.array(effects.study))
    groups = [same, within, np.eye(len(codes))] if nested else [same, np.eye(len(codes))]
    V = np.where(within, 0.6 * np.sqrt(np.outer(effects.vi, effects.vi)), 0.0)
    np.fill_diagonal(V, effects.vi)
    contrasts = np.linalg.svd(fit.X.T)[2][2:]

    def marginal(variances):
        return V + sum(s * group for s, group in zip(variances, groups, strict=True))

    def height(variances):
        M = marginal(variances)
        return stats.multivariate_normal.logpdf(
            contrasts @ effects.yi, cov=contrasts @ M @ contrasts.T
        )

    best = height(fit.variances)
    assert fit.loglik == near(best, abs=1e-8)
    around = np.array(fit.variances) + np.zeros((len(groups), 1))
    each = np.eye(len(groups))
    for moved in (0.9, 0.99, 1.01, 1.1):
        assert max(map(height, np.where(each, moved * around, around))) <= best + 1e-10
    assert max(map(height, around + 1e-4 * each)) <= best + 1e-10  # a variance of zero too
    # CR2 from its definition, with dense n x n matrices
    M = marginal(fit.variances)
    W, X = np.linalg.inv(M), fit.X
    bread = np.linalg.inv(X.T @ W @ X)
    assert fit.covariance == near(bread, rel=1e-9)
    H = X @ bread @ X.T @ W
    keep = np.eye(len(V)) - H
    meat, p = np.zeros((2, 2)), []
    for code in range(codes.max() + 1):
        at = codes == code
        D = np.linalg.cholesky(M[np.ix_(at, at)]).T
        B = D @ (keep[at] @ M @ keep[at].T) @ D.T
        values, vectors = np.linalg.eigh(B)
        root = (vectors / np.sqrt(values)) @ vectors.T
        A = D.T @ root @ D
        score = X[at].T @ W[np.ix_(at, at)] @ A
        meat += np.outer(score @ fit.residuals[at], score @ fit.residuals[at])
        p.append(keep[at].T @ A @ W[np.ix_(at, at)] @ X[at] @ bread)
    assert pooled.inference.covariance == near(bread @ meat @ bread, rel=1e-7)
    for c in range(2):
        G = np.array([[i[:, c] @ M @ j[:, c] for j in p] for i in p])
        assert pooled.inference.df[c] == near(np.trace(G) ** 2 / np.sum(G**2), rel=1e-7)


def test_of_two_tops_of_the_likelihood_the_higher_is_taken(tmp_path):
    # a drawn table on which the likelihood has one top at (0, 0), -16.27047, and a higher one
    file = tmp_path / "two.csv"
    file.write_text(
        "study,control,n_t,mean_t,sd_t,n_c,mean_c,sd_c\n"
        "s0,c,11,43.95249087670129,6.936492773508075,12,64.4071458237373,17.48708740220673\n"
        "s2,c,11,24.61883981917759,2.642854820776106,9,32.234840908460974,9.168337348199167\n"
        "s4,c,11,34.45450277653831,4.330417041024842,11,40.26665943966896,7.725872952590338\n"
        "s4,c,15,38.281271125721545,10.309790766302484,11,40.26665943966896,7.725872952590338\n"
        "s5,c,15,29.95434020798967,6.576325595228326,15,35.03873572621362,4.614596837345516\n"
        "s5,c,10,28.01936281220679,7.294376842134174,15,35.03873572621362,4.614596837345516\n"
        "s5,c,15,29.00521174208174,7.855575532523547,15,35.03873572621362,4.614596837345516\n"
    )
    fit = pool(read_effects(file, "md"), "three-level", "t").fit
    assert fit.loglik == near(-16.2701608771, abs=1e-8)  # metafor 3.8-1
    assert fit.variances == near((7.5534349, 0.0), abs=1e-4)


def test_levels_that_repeat_each_other_are_one():
    effects = dependent(2, nested=True)
    every = replace(effects, study=tuple(map(str, range(effects.k))))
    one_each = replace(effects, study=effects.cluster)
    plain = dependent(2, nested=True).take(range(effects.k))
    fits = [pool(each, "three-level").fit for each in (every, one_each)]
    assert [fit.levels for fit in fits] == [("cluster", "effect")] * 2
    assert fits[0].variances == fits[1].variances
    assert pool(plain, "three-level").fit.levels == ("cluster", "study", "effect")
    lab = effects.take([at for at in range(effects.k) if effects.cluster[at] in ("c0", "c1", "c3")])
    alone = pool(replace(lab, cluster=("c0",) * lab.k), "three-level")
    studies = replace(lab, cluster=lab.study)
    assert alone.fit.variances == near((0, *pool(studies, "three-level").fit.variances), abs=1e-9)
    assert "in one cluster" in " ".join(alone.warnings)


@pytest.mark.parametrize("nested", [False, True])
def test_rows_in_any_order_give_the_same_numbers(nested):
    effects = dependent(3, nested=nested)
    turned = effects.take(np.random.default_rng(0).permutation(effects.k).tolist())
    one, other = (pool(each, "three-level", "cr2", rho=0.5) for each in (effects, turned))
    assert one.fit.variances == near(other.fit.variances, rel=1e-7)
    assert one.inference.se == near(other.inference.se, rel=1e-8)


def test_variances_that_cannot_be_told_apart_are_not():
    effects = dependent(1)
    singles = effects.take([int(block.rows[0]) for block in blocks_of(effects)])
    three, two = pool(singles, "three-level", "t"), pool(singles, "reml", "t")
    assert three.fit.variances == near((0.0, two.fit.between), abs=1e-7)
    assert "cannot be told apart" in " ".join(three.warnings)
    one_lab = effects.take([at for at in range(effects.k) if effects.codes[at] == 2])
    alone, two = pool(one_lab, "three-level"), pool(one_lab, "reml")
    assert "in one cluster" in " ".join(alone.warnings)
    assert alone.fit.variances == near((0.0, two.fit.between), abs=1e-7)
    assert alone.inference.se == near(two.inference.se, rel=1e-6)
    with pytest.raises(AngiosomeError, match="more clusters than coefficients: 1 and 1"):
        pool(one_lab, "three-level", "cr2")


def test_few_degrees_of_freedom_forbid_a_conclusion():
    few = dependent(5, clusters=3)
    assert any("draw no conclusion" in text for text in pool(few, "three-level", "cr2").warnings)


def test_the_ladder_climbs_from_naive_to_robust():
    effects = konstantopoulos()
    steps = {rung.step.split(",")[0]: rung.result for rung in ladder(effects)}
    p = [rung.result.inference.p[0] for rung in ladder(effects)]
    assert p[0] < 0.01 < 0.05 < p[-1]  # districts are what the naive p does not know
    assert steps["naive: every effect independent"].estimate == pool(effects, "dl").estimate
    assert len(p) == 6


def test_leaving_one_out_leaves_out_a_school_or_a_district():
    pooled = pool(konstantopoulos(), "three-level")
    schools, districts = (leave_one_out(pooled, by) for by in ("study", "cluster"))
    assert (len(schools), len(districts)) == (56, 11)
    assert {part.fit.k for _, part in schools} == {55}
    name, part = districts[0]
    rows = [at for at in range(56) if pooled.effects.cluster[at] != name]
    assert part.estimate == pool(pooled.effects.take(rows), "three-level").estimate


def test_a_correlation_that_cannot_be_is_refused():
    effects = dependent(0)
    with pytest.raises(AngiosomeError, match="is not a correlation"):
        pool(effects, "three-level", rho=1.0)
    impossible = Effects(
        **{**vars(effects), "shared": {(0, 1): 9.0}, "cluster": ("c",) * effects.k}
    )
    with pytest.raises(AngiosomeError, match="not positive definite"):
        pool(impossible, "three-level")
