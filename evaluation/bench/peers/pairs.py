"""pairs.py: the 50 highest of 50,257 x 50,257 inner products of 64 numbers, Graft and PyTorch alternated run by run.

Both draw the same factors; what PyTorch finds is compared with what Graft finds. `--serve` is PyTorch's side.
"""
import argparse
import json
import statistics
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
V, SIZE, K, ROWS = 50_257, 64, 50, 2048
EXPONENTS = {"pairs-gaussian": 0.0, "pairs-decaying": 0.5}
MODELS = ("pairs-model-decaying", "pairs-model-gaussian")
FORMS = ("topk", "threshold")


def factor(seed, exponent):
    """As PairsCase.swift draws it: normal numbers, falling columns, one reflection."""
    import numpy

    import draws
    matrix = draws.normal(seed, 0, V * SIZE).reshape(V, SIZE) * numpy.arange(1, SIZE + 1, dtype=numpy.float64) ** -exponent
    return (matrix - 2 * matrix.sum(1, keepdims=True) / SIZE).astype(numpy.float32)


def serve(options):
    """PyTorch in blocks of rows: topk of each block's scores, or of those that pass the threshold so far."""
    import torch

    from servers import answer_lines
    torch.set_num_threads(options.threads)
    exponent = EXPONENTS[options.serve]
    left, right = (torch.from_numpy(factor(seed, exponent)) for seed in (42, 43))
    print(json.dumps({"torch": torch.__version__}), flush=True)

    def run():
        scores, ids = torch.empty(0), torch.empty(0, dtype=torch.int64)
        for start in range(0, V, ROWS):
            block = (left[start:start + ROWS] @ right.T).flatten()
            if options.variant == "threshold" and len(scores) == K:
                places = (block >= scores[-1]).nonzero().flatten()
                values = block[places]
            else:
                values, places = block.topk(K)
            scores, ids = torch.cat([scores, values]), torch.cat([ids, places + start * V])
            scores, order = scores.topk(K)
            ids = ids[order]
        return scores, ids

    answer_lines(run, lambda answer: {"ids": answer[1].tolist(), "scores": answer[0].tolist()})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graft", help="the graft-bench executable")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer-rounds", type=int, default=1, help="one run of a peer takes half a minute")
    parser.add_argument("--cases", nargs="+", choices=[*EXPONENTS, *MODELS], default=[*EXPONENTS, *MODELS],
                        help="pairs-model-...: both matrices of 144 heads, once, Graft alone; the products between")
    parser.add_argument("--output", type=Path, default=HERE.parents[1] / "results" / "bench_pairs.json")
    parser.add_argument("--serve", choices=list(EXPONENTS), help=argparse.SUPPRESS)
    parser.add_argument("--variant", choices=FORMS, default=FORMS[0], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(options)
    if not options.graft:
        parser.error("--graft is needed")

    import machine
    from servers import Server, alternated, summary
    tail = ["--threads", str(options.threads)]

    def start(case):
        return Server([options.graft, case, *tail], options.threads)

    def measure(case):
        products, graft = start("pairs-products"), start(case)
        taken = alternated({"products": products, "graft": graft}, options.rounds)
        result = {name: summary(seconds) for name, seconds in taken.items()}
        ratios = [own / plain for own, plain in zip(taken["graft"], taken["products"])]
        answer = graft.ask("result")
        result["graft"] |= {"times_the_products": statistics.median(ratios), "peak_memory_bytes": graft.peak_memory()}
        result["products"]["gigaflops_per_second"] = products.notes["flops"] / result["products"]["median"] / 1e9
        for server in (products, graft):
            server.quit()
        for form in FORMS:
            peer = Server([sys.executable, HERE / "pairs.py", "--serve", case, "--variant", form, *tail], options.threads)
            seconds = [peer.ask("run") for _ in range(options.peer_rounds)]
            found = peer.ask("result")
            result["torch-" + form] = summary(seconds) | {
                "peak_memory_bytes": peer.peak_memory(), "notes": peer.notes,
                "times_graft": min(seconds) / result["graft"]["median"],
                "same_pairs": sorted(found["ids"]) == sorted(answer["ids"]),
                "largest_difference": max(abs(a - b) for a, b in zip(found["scores"], answer["scores"]))}
            peer.quit()
        return result

    def measure_model(case):
        """All matrices in runs of some; between two runs the products of one matrix, by the same clock."""
        products, graft = start("pairs-products"), start(case)
        taken = {"products": [], "graft": []}
        while not taken["graft"] or len(taken["graft"]) < graft.notes["runs"]:
            taken["products"].append(products.ask("run"))
            taken["graft"].append(graft.ask("run"))
        seconds, each = sum(taken["graft"]), statistics.median(taken["products"])
        result = {"graft": {"seconds": seconds, "runs": summary(taken["graft"]), "peak_memory_bytes": graft.peak_memory(),
                            "matrices": graft.notes["matrices"],
                            "times_the_products": seconds / graft.notes["matrices"] / each},
                  "products": {"seconds_a_matrix": each, "runs": summary(taken["products"])}}
        for server in (products, graft):
            server.quit()
        return result

    # A case at a time, beside what the file holds of the others.
    known = json.loads(options.output.read_text())["cases"] if options.output.exists() else {}
    for case in options.cases:
        before = machine.load()
        known[case] = measure_model(case) if case in MODELS else measure(case)
        known[case]["load_average"] = {"before": before, "after": machine.load()}
        print(json.dumps({case: known[case]}, indent=1), flush=True)
    options.output.write_text(json.dumps(
        {"schema": 1, "machine": machine.description(options.threads), "cases": known}, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
