"""decisions.py GRAFT: integrated gradients beside input x gradient over reviews, for both embedded classifiers.

Every fortieth of the 1,000 test reviews, the first 128 tokens, `graft attribute --method ...` of the class predicted. For each way:
the completeness error |s(x) - s(b) - sum of tokens| as a part of |s(x) - s(b)|; beside 128 steps of integrated gradients from the
same baseline, the rank correlation of the tokens' values within a review, and how often the same token has the largest.
"""
import argparse
import json
import statistics
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODELS = ["imdb-bert-1-sentiment", "imdb-gpt2-narrow-sentiment"]
STEPS, REFERENCE, EACH, LENGTH = (8, 32), 128, 40, 128


def attribute(graft, model, texts, *options):
    """The results of `graft attribute`, one a text."""
    command = [graft, "attribute", model, "--file", "-", "--max-length", str(LENGTH), "--json", *options]
    done = subprocess.run(command, input="\n".join(texts) + "\n", text=True, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def ranks(values):
    """The place of each value among all, equal ones at their mean place."""
    order, places = sorted(range(len(values)), key=values.__getitem__), [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for index in order[start:end]:
            places[index] = (start + end - 1) / 2
        start = end
    return places


def summary(values):
    quartiles = statistics.quantiles(values, n=4, method="inclusive")
    return {"mean": statistics.fmean(values), "quartiles": quartiles, "max": max(values)}


def agreement(results, reference):
    """Over texts: the rank correlation with the reference, without special tokens, and the share of equal first tokens."""
    correlations, same = [], 0
    for ours, theirs in zip(results, reference):
        kept = [i for i, value in enumerate(theirs["attributions"]) if value != 0]
        a, b = ([r["attributions"][i] for i in kept] for r in (ours, theirs))
        correlations.append(statistics.correlation(ranks(a), ranks(b)))
        same += a.index(max(a)) == b.index(max(b))
    return {"rank_correlation": summary(correlations), "same_largest": same / len(results)}


def completeness(results):
    """Of integrated gradients: what is missing, as a part of the difference of the scores."""
    parts = [abs(r["completeness_error"]) / abs(r["score"] - r["baseline_score"]) for r in results]
    return {"absolute": summary([abs(r["completeness_error"]) for r in results]), "relative": summary(parts)}


def study(graft, model, texts):
    baselines = ["mask", "zero", "mean"] if "bert" in model else ["zero", "mean"]
    plain = attribute(graft, model, texts, "--method", "input-gradient")
    found = {"model_sha256": plain["model_sha256"], "baselines": {}}
    for baseline in baselines:
        def integrated(steps):
            return attribute(graft, model, texts, "--method", "integrated", "--baseline", baseline, "--steps",
                             str(steps))["results"]
        reference = integrated(REFERENCE)
        sums = [abs(sum(r["attributions"]) - (t["score"] - t["baseline_score"])) / abs(t["score"] - t["baseline_score"])
                for r, t in zip(plain["results"], reference)]
        found["baselines"][baseline] = {
            "difference": summary([r["score"] - r["baseline_score"] for r in reference]),
            "input-gradient": agreement(plain["results"], reference) | {"completeness": {"relative": summary(sums)}},
            f"integrated {REFERENCE}": {"completeness": completeness(reference)},
        } | {f"integrated {n}": agreement(r, reference) | {"completeness": completeness(r)}
             for n in STEPS for r in [integrated(n)]}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("graft")
    parser.add_argument("--output", type=Path, default=HERE / "results" / "decisions.json")
    options = parser.parse_args()
    lines = (HERE / "imdb" / "test.jsonl").read_text().rstrip("\n").split("\n")[::EACH]
    texts = [" ".join(json.loads(line)["text"].split()) for line in lines]
    results = {"schema": 1, "reviews": len(texts), "max_length": LENGTH,
               "models": {model: study(options.graft, model, texts) for model in MODELS}}
    options.output.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    print(json.dumps(results["models"], indent=1))


if __name__ == "__main__":
    main()
