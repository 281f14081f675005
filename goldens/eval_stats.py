"""Goldens of lib/stats/{agreement,logistic,binomial}, from scipy and numpy.

Exact McNemar as scipy.stats.binomtest, Cohen's kappa from its definition, Holm's correction by its steps, logistic regression
as the root of the score with a cluster sandwich in matrix form, binomial probabilities for the chi-square test of draws.
Writes tests/golden/stats/{mcnemar,kappa,holm,logistic,binomial}.jsonl. Run by `make goldens`; deterministic.
"""

import json
import pathlib

import numpy
from scipy.optimize import root
from scipy.special import expit
from scipy.stats import binom, binomtest, norm

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "stats"


def kappa(table):
    t = numpy.asarray(table, float)
    p = t / t.sum()
    same, chance = numpy.trace(p), p.sum(axis=1) @ p.sum(axis=0)
    return 1.0 if chance == 1 else (same - chance) / (1 - chance)


def holm(p):
    out, so_far = [0.0] * len(p), 0.0
    for rank, i in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        so_far = max(so_far, min(1.0, (len(p) - rank) * p[i]))
        out[i] = so_far
    return out


def logistic(x, y, cluster):
    design = numpy.column_stack([numpy.ones_like(x), x])
    fit = root(lambda b: design.T @ (y - expit(design @ b)), numpy.zeros(2), method="hybr", options={"xtol": 1e-14}).x
    p = expit(design @ fit)
    bread = numpy.linalg.inv(design.T @ numpy.diag(p * (1 - p)) @ design)
    scores = design * (y - p)[:, None]
    by_cluster = numpy.array([scores[cluster == c].sum(axis=0) for c in numpy.unique(cluster)])
    errors = numpy.sqrt(numpy.diag(bread @ (by_cluster.T @ by_cluster) @ bread))
    ends = [float(expit(fit[0] + s * norm.ppf(0.975) * errors[0])) for s in (-1, 0, 1)]
    return {"a": fit[0], "b": fit[1], "a_error": errors[0], "b_error": errors[1], "low": ends[0], "value": ends[1], "high": ends[2]}


def put(name, rows):
    with open(OUT / f"{name}.jsonl", "w") as f:
        f.writelines(json.dumps(r) + "\n" for r in rows)


def main():
    rng = numpy.random.default_rng(20240607)
    discordant = [(0, 0), (0, 1), (5, 5), (0, 10), (3, 17), (40, 61), (1000, 1100), (4000, 9000), (123456, 124000)]
    put("mcnemar", [{"b": b, "c": c, "p": binomtest(b, b + c).pvalue if b + c else 1.0} for b, c in discordant])
    tables = [rng.integers(0, 30, (n, n)).tolist() for n in (2, 2, 3, 4, 4)] + [[[7, 0], [0, 0]], [[50, 1], [1, 0]], [[10, 0], [0, 10]]]
    put("kappa", [{"table": t, "kappa": float(kappa(t))} for t in tables])
    values = [[0.01], [0.04, 0.03, 0.02], [0.5, 0.5, 0.001, 1.0], [0.02, 0.02]]
    put("holm", [{"p": p, "corrected": holm(p)} for p in values])
    fits = []
    for n, clusters, a, b in ((60, 60, 0.3, 1.0), (400, 50, 1.2, -0.7), (150, 30, -0.5, 0.0), (80, 20, 2.0, 2.0)):
        cluster = numpy.sort(rng.integers(0, clusters, n))
        x = rng.normal(0, 1, n).round(3)
        y = (rng.random(n) < expit(a + b * x + rng.normal(0, 0.7, clusters)[cluster])).astype(float)
        fits.append({"x": x.tolist(), "y": y.tolist(), "cluster": cluster.tolist(), **logistic(x, y, cluster)})
    put("logistic", fits)
    shapes = [(1, 0.5), (7, 0.3), (20, 0.9), (40, 0.05), (30, 0.5), (200, 0.1), (1000, 0.37), (5000, 0.995)]
    rows = []
    for n, p in shapes:
        # Outcomes in order, put together until each bin expects 20 of 20,000 draws.
        edges, mass, probabilities = [], 0.0, []
        for k in range(n + 1):
            mass += binom.pmf(k, n, p)
            if mass * 20000 >= 20:
                edges.append(k)
                probabilities.append(mass)
                mass = 0.0
        edges[-1], probabilities[-1] = n, probabilities[-1] + mass
        rows.append({"n": n, "p": p, "edges": edges, "probabilities": probabilities})
    put("binomial", rows)


if __name__ == "__main__":
    main()
