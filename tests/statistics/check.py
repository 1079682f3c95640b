"""Compares every figure of `risk-gateway compare` with scipy, scikit-learn and statsmodels.

Random pairs with ties, skew, few and many rows, one class, constant scores. Run by `.ci/run`, or by hand:

    python -m venv venv && venv/bin/pip install -r tests/statistics/requirements.txt
    venv/bin/python tests/statistics/check.py target/debug/risk-gateway
"""

import csv
import json
import math
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from scipy import stats
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, cohen_kappa_score, roc_auc_score, roc_curve
from statsmodels.stats.contingency_tables import SquareTable, mcnemar
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

LEVELS = ["very_low", "low", "medium", "high", "very_high"]
TOLERANCE = 1e-6
CAPACITY = 0.07
CUTS = [20, 40, 60, 80]
Z = stats.norm.ppf(0.975)


def cases(rng):
    """Name, left, right, outcomes (1, 0 or -1 for unknown), explicit levels or None."""
    for n in (4, 5, 12, 40, 300, 2500, 20000):
        for kind in ("plain", "rounded", "coarse", "skewed", "opposed", "labels", "worded"):
            for _ in range(4 if n <= 300 else 1):
                truth = (rng.random(n) < rng.choice([0.05, 0.3, 0.6])).astype(int)
                common = rng.normal(0, 10, n)
                left = 35 + 20 * truth + common + rng.normal(0, 12, n)
                right = 40 + 25 * truth + common + rng.normal(0, 9, n)
                levels = None
                if kind == "opposed":
                    right = 100 - right
                if kind == "skewed":
                    left, right = 100 * rng.beta(0.3, 3, n), 100 * rng.beta(0.5, 2, n)
                left, right = np.clip(left, 0, 100), np.clip(right, 0, 100)
                if kind == "rounded":
                    left, right = left.round(), right.round()
                if kind == "coarse":
                    left, right = (left / 20).round() * 20, (right / 25).round() * 25
                if kind == "labels":
                    truth = np.where(rng.random(n) < 0.5, truth, -1)
                if kind == "worded":
                    levels = rng.integers(0, 5, n), rng.integers(0, 3, n)
                yield f"{kind} {n}", left, right, truth, levels
    half = np.array([0, 1] * 20)
    ramp = np.linspace(0, 100, 40)
    yield "left constant", np.full(40, 50.0), ramp, half, None
    yield "right constant", ramp, np.full(40, 50.0), half, None
    yield "both constant", np.full(40, 50.0), np.full(40, 50.0), half, None
    yield "equal", ramp, ramp, half, None
    yield "perfect", ramp, 100 - ramp, (ramp > 50).astype(int), None
    yield "all positive", ramp, ramp[::-1], np.ones(40, int), None
    yield "all negative", ramp, ramp[::-1], np.zeros(40, int), None
    yield "no outcomes", ramp, ramp[::-1] / 2, np.full(40, -1), None
    yield "one pair", np.array([3.0]), np.array([99.0]), np.array([1]), None
    yield "two pairs", np.array([3.0, 50.0]), np.array([99.0, 4.0]), np.array([1, 0]), None
    yield "none", np.array([]), np.array([]), np.array([], int), None


def report(program, folder, left, right, truth, levels):
    """What the program says about these pairs."""
    path = folder / "pairs.csv"
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["outcome", "right_score", "left_score", "left_level", "right_level"])
        words = {1: "positive", 0: "negative", -1: ""}
        for row in range(len(left)):
            named = [LEVELS[side[row]] for side in levels] if levels else ["", ""]
            out.writerow([words[truth[row]], repr(float(right[row])), repr(float(left[row])), *named])
    command = [program, "compare", "--pairs", path, "--json", "--capacity", str(CAPACITY)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def expected(left, right, truth, levels):
    """The same figures from other people's code, by their path; None where there can be none."""
    cut = lambda scores: np.searchsorted(CUTS, scores, side="right")
    left_level, right_level = levels or (cut(left), cut(right))
    yield from agreement(left_level, right_level)
    yield from scores(left, right, left_level, right_level)
    known = truth >= 0
    yield from outcomes(left[known], right[known], truth[known], left_level[known], right_level[known])


def agreement(left, right):
    n = len(left)
    table = np.zeros((5, 5), int)
    np.add.at(table, (left, right), 1)
    yield "agreement.table", table.tolist()
    if n == 0:
        for name in ("exact", "within_one", "ac1", "kappa_linear.value", "bowker.chi2"):
            yield f"agreement.{name}", None
        return
    exact = (left == right).mean()
    yield "agreement.exact", exact
    yield "agreement.within_one", (abs(left - right) <= 1).mean()
    for name, weight in (("kappa", None), ("kappa_linear", "linear"), ("kappa_quadratic", "quadratic")):
        same = len(set(left) | set(right)) == 1
        value = None if same else cohens_kappa(table, wt=weight).kappa
        yield f"agreement.{name}.value", value
        if same:
            continue
        other = cohen_kappa_score(left, right, weights=weight, labels=range(5))
        assert abs(value - other) < 1e-9, (name, value, other)
        error = cohens_kappa(table, wt=weight).std_kappa
        spread = exact < 1 and error * math.sqrt(n) > 1e-6
        yield f"agreement.{name}.se", error if spread else None
        yield f"agreement.{name}.low", max(value - Z * error, -1) if spread else None
        yield f"agreement.{name}.high", min(value + Z * error, 1) if spread else None
    yield "agreement.ac1", ac1(table)
    unequal = sum(table[i, j] + table[j, i] > 0 for i in range(5) for j in range(i))
    yield "agreement.bowker.df", unequal
    chi2 = SquareTable(table, shift_zeros=False).symmetry().statistic if unequal == 10 else sum(
        (table[i, j] - table[j, i]) ** 2 / (table[i, j] + table[j, i])
        for i in range(5) for j in range(i) if table[i, j] + table[j, i] > 0
    )
    yield "agreement.bowker.chi2", chi2 if unequal else None
    yield "agreement.bowker.p", stats.chi2.sf(chi2, unequal) if unequal else None
    flags = np.zeros((2, 2), int)
    np.add.at(flags, ((left >= 3).astype(int), (right >= 3).astype(int)), 1)
    yield "agreement.flag.table", flags.tolist()
    constant = len(set(left >= 3) | set(right >= 3)) == 1
    yield "agreement.flag.kappa", None if constant else cohen_kappa_score(left >= 3, right >= 3)
    yield "agreement.flag.ac1", ac1(flags)
    yield "agreement.flag.pabak", 2 * np.trace(flags) / n - 1


def ac1(table):
    n, categories = table.sum(), len(table)
    mean = (table.sum(0) + table.sum(1)) / (2 * n)
    chance = (mean * (1 - mean)).sum() / (categories - 1)
    return (np.trace(table) / n - chance) / (1 - chance)


def scores(left, right, left_level, right_level):
    n = len(left)
    if n == 0:
        for name in ("kendall_tau_b", "pearson", "lin_ccc", "ks", "wasserstein", "spearman.value", "psi.value"):
            yield f"scores.{name}", None
        return
    difference = right - left
    constant = len(set(left)) < 2 or len(set(right)) < 2
    rho = None if constant else stats.spearmanr(left, right).statistic
    yield "scores.spearman.value", rho
    perfect = constant or abs(rho) > 1 - 1e-12
    error = None if n <= 3 or perfect else math.sqrt((1 + rho**2 / 2) / (n - 3))
    yield "scores.spearman.low", error and math.tanh(math.atanh(rho) - Z * error)
    yield "scores.spearman.high", error and math.tanh(math.atanh(rho) + Z * error)
    yield "scores.kendall_tau_b", None if constant else stats.kendalltau(left, right).statistic
    yield "scores.pearson", None if constant else stats.pearsonr(left, right).statistic
    yield "scores.bland_altman.bias", difference.mean()
    sd = difference.std(ddof=1) if n > 1 else None
    yield "scores.bland_altman.sd", sd
    yield "scores.bland_altman.lower", None if sd is None else difference.mean() - 1.96 * sd
    yield "scores.bland_altman.upper", None if sd is None else difference.mean() + 1.96 * sd
    spread = left.var() + right.var() + (left.mean() - right.mean()) ** 2
    concordance = None if len(set(left) | set(right)) == 1 else 2 * np.cov(left, right, ddof=0)[0, 1] / spread
    yield "scores.lin_ccc", concordance
    yield "scores.ks", stats.ks_2samp(left, right).statistic
    yield "scores.wasserstein", stats.wasserstein_distance(left, right)
    if any(difference != 0):
        test = stats.wilcoxon(difference, zero_method="wilcox", correction=False, method="asymptotic")
        yield "scores.wilcoxon.w", test.statistic
        yield "scores.wilcoxon.p", test.pvalue
    else:
        yield "scores.wilcoxon.w", None
    counts = [np.bincount(side, minlength=5) for side in (left_level, right_level)]
    p, q = ((count + 0.5) / (n + 2.5) for count in counts)
    yield "scores.psi.value", ((q - p) * np.log(q / p)).sum()
    used = (sum(counts) > 0).sum()
    yield "scores.psi.critical", 2 / n * stats.chi2.ppf(0.95, used - 1) if used > 1 else None
    for side, values in (("left", left), ("right", right)):
        yield f"scores.histograms.{side}", np.histogram(values, range(0, 105, 5))[0].tolist()


def outcomes(left, right, truth, left_level, right_level):
    n, positives = len(truth), int(truth.sum())
    yield "outcomes.labelled", n
    yield "outcomes.positives", positives
    two_classes = 0 < positives < n
    sides = (("left", left, left_level), ("right", right, right_level))
    for side, values, _ in sides:
        area = roc_auc_score(truth, values) if two_classes else None
        yield f"outcomes.auc.{side}.value", area
        yield f"outcomes.average_precision.{side}", average_precision_score(truth, values) if two_classes else None
        if two_classes and len(set(values)) < 100:
            false, true, _ = roc_curve(truth, values, drop_intermediate=False)
            points = [{"false_positive_rate": x, "true_positive_rate": y} for x, y in zip(false, true)]
            yield f"outcomes.auc.roc_{side}", points
        yield f"outcomes.recall_at_capacity.{side}", recall(values, truth) if positives else None
        rate = IsotonicRegression().fit_transform(values, truth) if n else None
        yield f"outcomes.calibration.{side}.isotonic_brier", ((rate - truth) ** 2).mean() if n else None
    if two_classes and positives > 1 and n - positives > 1:
        yield from delong(left, right, truth)
    else:
        for name in ("z", "p", "variance_left", "left.low"):
            yield f"outcomes.auc.{name}", None
    flags = [level >= 3 for _, _, level in sides]
    correct = [(flag == truth).astype(int) for flag in flags]
    table = np.zeros((2, 2), int)
    np.add.at(table, tuple(correct), 1)
    yield "outcomes.mcnemar.table", table.tolist()
    yield "outcomes.mcnemar.p", mcnemar(table, exact=True).pvalue if n else None
    for (side, _, level), flag in zip(sides, flags):
        for name, hits, total in (
            ("recall", (flag & (truth == 1)).sum(), positives),
            ("specificity", (~flag & (truth == 0)).sum(), n - positives),
            ("precision", (flag & (truth == 1)).sum(), flag.sum()),
        ):
            path = f"outcomes.mcnemar.{side}.{name}"
            low, high = proportion_confint(hits, total, method="wilson") if total else (None, None)
            yield f"{path}.value", hits / total if total else None
            yield f"{path}.low", low
            yield f"{path}.high", high


def recall(values, truth):
    """The mean over all ways to break ties, counted by brute force over the last band."""
    places = math.ceil(CAPACITY * len(values) - 1e-9)
    last = np.sort(values)[::-1][places - 1]
    above, band = values > last, values == last
    found = truth[above].sum() + truth[band].mean() * (places - above.sum())
    return found / truth.sum()


def delong(left, right, truth):
    """As published: every positive against every negative."""
    parts = []
    for values in (left, right):
        wins = np.subtract.outer(values[truth == 1], values[truth == 0])
        wins = (wins > 0) + (wins == 0) / 2
        parts.append((wins.mean(1), wins.mean(0), wins.mean()))
    by_positive = np.cov([part[0] for part in parts]) / (truth == 1).sum()
    by_negative = np.cov([part[1] for part in parts]) / (truth == 0).sum()
    both = by_positive + by_negative
    areas = [part[2] for part in parts]
    yield "outcomes.auc.variance_left", both[0, 0]
    yield "outcomes.auc.variance_right", both[1, 1]
    yield "outcomes.auc.covariance", both[0, 1]
    for side, area, variance in zip(("left", "right"), areas, np.diag(both)):
        if 0 < area < 1:
            # An interval has a width.
            yield f"outcomes.auc.{side}.low", max(area - Z * math.sqrt(variance), 0) if variance else None
            yield f"outcomes.auc.{side}.high", min(area + Z * math.sqrt(variance), 1) if variance else None
    variance = both[0, 0] + both[1, 1] - 2 * both[0, 1]
    yield "outcomes.auc.difference", areas[0] - areas[1]
    if variance > 1e-12:
        z = (areas[0] - areas[1]) / math.sqrt(variance)
        yield "outcomes.auc.z", z
        yield "outcomes.auc.p", 2 * stats.norm.sf(abs(z))
        yield "outcomes.auc.difference_low", max(areas[0] - areas[1] - Z * math.sqrt(variance), -1)
        yield "outcomes.auc.difference_high", min(areas[0] - areas[1] + Z * math.sqrt(variance), 1)


def at(figures, path):
    for name in path.split("."):
        if figures is None or name not in figures:
            return None
        figures = figures[name]
    return figures


def near(got, wanted):
    if wanted is None or got is None:
        return got is None and wanted is None
    if isinstance(wanted, dict):
        return all(near(got[name], value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return len(got) == len(wanted) and all(map(near, got, wanted))
    return abs(got - wanted) <= TOLERANCE * max(1, abs(wanted))


def main():
    program = str(Path(sys.argv[1]).resolve())
    warnings.simplefilter("ignore")
    count, wrong, seen = 0, 0, set()
    with tempfile.TemporaryDirectory() as folder:
        for name, *pairs in cases(np.random.default_rng(20261122)):
            found = report(program, Path(folder), *pairs)
            for path, wanted in expected(*pairs):
                count += 1
                seen.add(path)
                got = at(found, path)
                if not near(got, wanted):
                    wrong += 1
                    print(f"{name}: {path} is {got} instead of {wanted}")
    print(f"{count} figures of {len(seen)} kinds compared, {wrong} wrong")
    return 1 if wrong or count < 1000 else 0


if __name__ == "__main__":
    sys.exit(main())
