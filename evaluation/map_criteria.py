"""map_criteria.py RESULTS...: could the best stitching map be chosen without labels?

Reads results.json and predictions.jsonl of `graft experiment stitch` runs with unlabelled texts. For every set of pairs that differ
in their seed (or single pairs) and every number of transplanted blocks it takes, cut by cut, the map that a measure ranks first, and
prints the mean accuracy over cuts and pairs, its difference from the first map, and a 95% interval of that (pairs and reviews
resampled together, 2,000 times).
"""
import argparse
import collections
import json
from pathlib import Path

import numpy

MEASURES = {"top-10 overlap": "top10_overlap", "linear CKA": "cka", "cosine": "cosine"}
CONTROLS = {"random", "shuffled", "identity", "transpose"}
FITTED = {"least-squares", "affine"}


def base(name):
    return name.split("+")[0].split(":")[0]


def read(folder):
    results = json.loads((folder / "results.json").read_text())
    right = collections.defaultdict(dict)
    with open(folder / "predictions.jsonl") as lines:
        for line in lines:
            record = json.loads(line)
            key = (record["pair"], record["seam"], record["transplanted"], record["kept"], record["map"], record["draw"])
            right[key][record["id"]] = record["label"] == record["predicted"]
    return results, right


def interval(values, generator):
    """Pairs and reviews drawn together: values is [pairs, reviews]."""
    seeds, reviews = values.shape
    means = []
    for _ in range(2000):
        rows = values[generator.integers(0, seeds, seeds)]
        means.append(rows[:, generator.integers(0, reviews, reviews)].mean())
    return numpy.quantile(means, [0.025, 0.975])


def report(results, right):
    generator = numpy.random.default_rng(42)
    groups = collections.defaultdict(list)
    for place, pair in enumerate(results["pairs"]):
        groups[pair["group"], pair["pretrained"]].append(place)
    points = {(p["pair"], p["seam"], p["transplanted"], p["kept"], p["map"], p["draw"]): p for p in results["points"]}
    for (_, pretrained), pairs in groups.items():
        first = results["pairs"][pairs[0]]
        names = (results["models"][first["finetuned"]]["model"], results["models"][pretrained]["model"])
        for seam in sorted({p["seam"] for p in results["points"]}):
            for transplanted in first["transplant"]:
                maps = [m for m in first["maps"] if base(m) not in CONTROLS | {"auto"}]
                own = [m for m in maps if base(m) not in FITTED]

                def share(pair, choose):
                    """For each review the share of cuts at which the chosen map was right, and the choices."""
                    rows, chosen = [], []
                    for kept in first["keep"]:
                        name = choose(pair, kept)
                        chosen.append(name)
                        answers = right[pair, seam, transplanted, kept, name, 0]
                        rows.append([answers[i] for i in sorted(answers)])
                    return numpy.mean(rows, axis=0), chosen

                def by(measure, among):
                    return lambda pair, kept: max(
                        among, key=lambda m: points[pair, seam, transplanted, kept, m, 0]["facts"]["similarity"][measure])

                plain = numpy.stack([share(p, lambda *_: maps[0])[0] for p in pairs])
                print(f"\n{names[0]} ({len(pairs)}) on {names[1]}, {seam}, last {transplanted}: "
                      f"{maps[0]} {plain.mean():.3f}")
                fixed = {m: numpy.stack([share(p, lambda *_: m)[0] for p in pairs]) for m in maps}
                rules = {f"always {m}": values for m, values in fixed.items() if m != maps[0]}
                choices = {}
                for label, measure in MEASURES.items():
                    for kind, among in (("embedding maps", own), ("all maps", maps)):
                        both = [share(p, by(measure, among)) for p in pairs]
                        rules[f"{label}, {kind}"] = numpy.stack([b[0] for b in both])
                        choices[f"{label}, {kind}"] = collections.Counter(c for b in both for c in b[1])
                for name, values in rules.items():
                    difference = values - plain
                    low, high = interval(difference, generator)
                    counts = ", ".join(f"{m} {n}" for m, n in choices.get(name, collections.Counter()).most_common())
                    print(f"  {name:32} {values.mean():.3f}  {difference.mean():+.3f} ({low:+.3f} to {high:+.3f})  {counts}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, help="folders of `graft experiment stitch`")
    for folder in parser.parse_args().runs:
        report(*read(folder))


if __name__ == "__main__":
    main()
