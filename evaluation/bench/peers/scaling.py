"""scaling.py: how Graft's time grows with tokens, reviews and threads.

Single texts of many lengths, alternated with all thread counts: seconds = c + a T + b T^2 for T tokens, c for reading all weights,
fitted to the medians by least relative squares. Then reviews from text to accuracy, beside the sum of a T + b T^2 over them.
"""
import argparse
import json
import tempfile
from pathlib import Path

import numpy
import transformers

import machine
from servers import Server, alternated, summary

HERE = Path(__file__).resolve().parent
LENGTHS = {"bert": [32, 64, 128, 256, 384, 512], "gpt2": [32, 64, 128, 256, 512, 768, 1024]}
MODELS = {"bert": "bert-base", "gpt2": "gpt2"}
REVIEWS = "bert-base-classifier"
LONGEST = 512
RUNS = 5  # one after the other, the first of which, with threads that slept, does not count


def fitted(tokens, seconds):
    """c, a and b of c + a T + b T^2 with the least sum of squared relative errors, and those errors."""
    tokens = numpy.asarray(tokens, dtype=float)
    weighted = numpy.stack([tokens ** 0, tokens, tokens ** 2], axis=1) / numpy.asarray(seconds)[:, None]
    factors, *_ = numpy.linalg.lstsq(weighted, numpy.ones(len(tokens)), rcond=None)
    return factors, weighted @ factors - 1


def lengths(options, kind):
    servers = {
        (threads, length): Server([options.graft, f"{kind}-1x{length}", "--model", options.models / MODELS[kind], "--threads",
                                   str(threads)], threads)
        for threads in options.threads for length in LENGTHS[kind]}
    for server in servers.values():
        server.settle()
    taken = {name: [] for name in servers}
    for _ in range(options.rounds):
        for name, server in servers.items():
            taken[name] += [server.ask("run") for _ in range(RUNS)][1:]
    for server in servers.values():
        server.quit()
    found = {}
    for threads in options.threads:
        times = [summary(taken[threads, length]) for length in LENGTHS[kind]]
        (c, a, b), errors = fitted(LENGTHS[kind], [time["median"] for time in times])
        found[threads] = {"c": c, "a": a, "b": b, "relative_errors": dict(zip(map(str, LENGTHS[kind]), errors)),
                          "lengths": dict(zip(map(str, LENGTHS[kind]), times))}
    return found


def reviews(options, fits):
    """The first reviews of the dataset, as many as asked for, beside what the fit of BERT's texts predicts."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(options.models / REVIEWS)
    lines = options.dataset.read_text().split("\n")[:max(options.reviews)]
    tokens = [min(LONGEST, len(tokenizer(json.loads(line)["text"], verbose=False)["input_ids"])) for line in lines]
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for count in options.reviews:
            files[count] = Path(folder) / f"{count}.jsonl"
            files[count].write_text("\n".join(lines[:count]) + "\n")
        taken = alternated({
            (threads, count): Server([options.graft, "imdb", "--model", options.models / REVIEWS, "--dataset", files[count],
                                      "--threads", str(threads)], threads)
            for threads in options.threads for count in options.reviews}, options.rounds)
    found = {}
    for threads in options.threads:
        found[threads] = {}
        for count in options.reviews:
            predicted = sum(fits[threads]["a"] * length + fits[threads]["b"] * length ** 2 for length in tokens[:count])
            time = summary(taken[threads, count])
            found[threads][str(count)] = time | {
                "tokens": sum(tokens[:count]), "predicted": predicted, "of_predicted": time["median"] / predicted}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graft", required=True, help="the graft-bench executable")
    parser.add_argument("--models", required=True, type=Path, help="the folder of make_models.py")
    parser.add_argument("--dataset", type=Path, default=HERE.parents[1] / "imdb/test.jsonl")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--reviews", type=int, nargs="+", default=[16, 32, 64])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=HERE.parents[1] / "results" / "bench_scaling.json")
    options = parser.parse_args()
    before = machine.load()
    found = {kind: lengths(options, kind) for kind in LENGTHS}
    found["reviews"] = reviews(options, found["bert"])
    for kind in LENGTHS:
        for threads, fit in found[kind].items():
            worst = max(abs(error) for error in fit["relative_errors"].values())
            print(f"{kind}, {threads} threads: {1e3 * fit['c']:.1f} ms + {1e6 * fit['a']:.1f} us T + {1e9 * fit['b']:.1f} ns T^2, "
                  f"within {100 * worst:.1f}%")
    for threads, counts in found["reviews"].items():
        print(f"{threads} threads:", {count: f"{c['median']:.2f} s, {c['of_predicted']:.3f} of predicted" for count, c in counts.items()})
    options.output.write_text(json.dumps({
        "schema": 1, "machine": machine.description(max(options.threads)),
        "load_average": {"before": before, "after": machine.load()}, "cases": found}, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
