"""Goldens of lib/stats/bradley_terry, from scipy: a root of the posterior's gradient, the inverse Hessian as numpy forms it
from the design matrix, centred by projection, and scipy.stats.kendalltau.

Writes tests/golden/stats/{bradley_terry,kendall}.jsonl. Run by `make goldens`; deterministic.
"""

import json
import math
import pathlib

import numpy
from scipy.optimize import minimize, root
from scipy.special import expit
from scipy.stats import kendalltau, norm

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "stats"
PRIOR = 2.0  # kStrengthPrior


def posterior(n, games):
    """Mode and the covariance of the centred strengths: logistic regression with a ridge of 1 / PRIOR^2."""
    design, wins = numpy.zeros((len(games), n)), numpy.zeros(len(games))
    for row, (a, b, score) in enumerate(games):
        design[row, a], design[row, b], wins[row] = 1, -1, score

    def loss(s):
        d = design @ s
        return numpy.sum(numpy.logaddexp(0, d) - wins * d) + s @ s / (2 * PRIOR**2)

    def slope(s):
        return design.T @ (expit(design @ s) - wins) + s / PRIOR**2

    def curve(s):
        p = expit(design @ s)
        return design.T @ numpy.diag(p * (1 - p)) @ design + numpy.eye(n) / PRIOR**2

    near = minimize(loss, numpy.zeros(n), jac=slope, method="L-BFGS-B").x
    found = root(slope, near, jac=curve, method="hybr", options={"xtol": 1e-15}).x
    assert numpy.abs(slope(found)).max() < 1e-9, numpy.abs(slope(found)).max()
    centre = numpy.eye(n) - numpy.ones((n, n)) / n
    return centre @ found, centre @ numpy.linalg.inv(curve(found)) @ centre


def tables(rng):
    yield 1, []
    yield 2, []
    yield 5, []
    yield 2, [[0, 1, 1]]
    yield 2, [[0, 1, 0.5]] * 7
    yield 3, [[0, 1, 1], [1, 2, 1], [2, 0, 1]]  # a circle
    yield 8, [[i, i + 1, 1] for i in range(7)]  # a chain that always wins
    yield 7, [[0, 1, 1], [1, 2, 1], [4, 5, 0], [5, 6, 0.25]]  # two groups and one on its own
    yield 2, [[0, 1, 1]] * 1000
    yield 3, [[0, 1, 1]] * 300 + [[1, 2, 0.5]] * 300
    for n in (3, 4, 6, 9, 16, 16, 25, 40):
        true = rng.normal(0, rng.choice([0.5, 1, 2, 5]), n)
        games = []
        for _ in range(int(rng.integers(1, 5)) * n):
            a, b = rng.choice(n, 2, replace=False)
            kind, p = rng.random(), expit(true[a] - true[b])
            score = 0.5 if kind < 0.1 else round(float(p), 3) if kind < 0.3 else float(rng.random() < p)
            games.append([int(a), int(b), score])
        yield n, games


def lists(rng):
    for n in (2, 3, 5, 10, 40):
        for levels in (2, 4, 1000):
            yield rng.integers(0, levels, n) / 4, rng.integers(0, levels, n) / 4
        x = rng.normal(size=n)
        yield x, x
        yield x, -x
        yield x, x + rng.normal(size=n)
    yield numpy.ones(4), numpy.arange(4.0)


def main():
    rng = numpy.random.default_rng(1952)
    OUT.mkdir(parents=True, exist_ok=True)
    with open(OUT / "bradley_terry.jsonl", "w") as out:
        for number, (n, games) in enumerate(tables(rng)):
            coverage = (0.95, 0.8)[number % 2]
            z = float(norm.ppf((1 + coverage) / 2))
            score, covariance = posterior(n, games)
            error = numpy.sqrt(numpy.maximum(0, numpy.diag(covariance)))
            rounded = {k: [round(float(v), 9) + 0.0 for v in values] for k, values in (("score", score), ("error", error))}
            out.write(json.dumps({"n": n, "z": z, "games": games, **rounded}) + "\n")
    with open(OUT / "kendall.jsonl", "w") as out:
        for x, y in lists(rng):
            tau = float(kendalltau(x, y, variant="b").statistic)
            row = {"x": [round(float(v), 6) for v in x], "y": [round(float(v), 6) for v in y]}
            out.write(json.dumps({**row, "tau": 0 if math.isnan(tau) else round(tau, 12)}) + "\n")


if __name__ == "__main__":
    main()
