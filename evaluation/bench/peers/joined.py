"""joined.py: the map between two embeddings, a sweep and an alignment, each beside what it cannot do without.

`map`: E_A E_B⁺ for embeddings of 50,257 x 1,024, beside OpenBLAS's dsyrk and dgemm of that size, with the kernels of it that are
fastest here, and PyTorch's pinv and product.
`sweep`: every cell of a sweep over two embedded models, beside the block passes it counts. `align`: two models of BERT-base's
size, beside the products. `--serve` is PyTorch's side.
"""
import argparse
import json
import statistics
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
V, WIDTH = 50_257, 1_024
# Case: Graft's name of it, and of what it is measured against.
CASES = {"map": ("map", "map-products"), "sweep": ("stitch-sweep", "stitch-blocks"), "align": ("align", "align-products")}


def embedding(place):
    """The numbers that BenchCase+Stitch.swift draws first (place 0) or second (1), a part at a time."""
    import numpy

    import draws
    (first, end), part = (place * V * WIDTH, (place + 1) * V * WIDTH), 1 << 22
    parts = [draws.normal(42, start, min(part, end - start)).astype(numpy.float32) for start in range(first, end, part)]
    return numpy.concatenate(parts).reshape(V, WIDTH)


def serve(options):
    """The published code's map in PyTorch: E_A pinv(E_B), Float32."""
    import torch

    from servers import answer_lines
    torch.set_num_threads(options.threads)
    a, b = (torch.from_numpy(embedding(place)) for place in (0, 1))
    print(json.dumps({"torch": torch.__version__}), flush=True)
    answer_lines(lambda: a.T @ torch.linalg.pinv(b.T), lambda answer: {"norm": float(answer.double().norm())})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graft", help="the graft-bench executable")
    parser.add_argument("--models", type=Path, help="for align: the folder make_models.py wrote")
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=["map", "sweep"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=HERE.parents[1] / "results" / "bench_joined.json")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(options)
    if not options.graft:
        parser.error("--graft is needed")
    if "align" in options.cases and not options.models:
        parser.error("align needs --models")

    import machine
    import openblas
    from servers import Server, alternated, summary
    tail = ["--threads", str(options.threads)]

    def models(case):
        if case == "sweep":
            own = REPOSITORY / "models"
            return ["--model", own / "imdb-bert-2", "--other", own / "imdb-bert-1-sentiment",
                    "--dataset", REPOSITORY / "evaluation" / "imdb" / "test.jsonl"]
        if case == "align":
            return ["--model", options.models / "bert-base", "--other", options.models / "bert-base-classifier"]
        return []

    def core(beside):
        """The kernels for products by OpenBLAS: of Float products those of sgemm, since align's take half a minute."""
        trial = {"map-products": "map-products", "align-products": "sgemm"}.get(beside)
        return openblas.best([options.graft, trial, *tail], options.threads) if trial else (openblas.UNSET, None)

    def measure(case):
        before, (graft, beside) = machine.load(), CASES[case]
        name, how = core(beside)
        servers = {"graft": Server([options.graft, graft, *models(case), *tail], options.threads),
                   "beside": Server([options.graft, beside, *models(case), *tail], options.threads,
                                    openblas.setting(name) if how else {})}
        if case == "map":
            servers["torch"] = Server([sys.executable, HERE / "joined.py", "--serve", *tail], options.threads)
        taken = alternated(servers, options.rounds, warmup=1)
        result = {name: summary(seconds) for name, seconds in taken.items()}
        for name, server in servers.items():
            result[name] |= {"result": server.ask("result") if name != "beside" or case == "sweep" else {},
                             "peak_memory_bytes": server.peak_memory(), "notes": server.notes}
            server.quit()
            ratios = [own / plain for own, plain in zip(taken[name], taken["beside"])]
            result[name]["times_what_is_beside"] = statistics.median(ratios)
        result["beside"] |= {"openblas": how} if how else {}
        return result | {"load_average": {"before": before, "after": machine.load()}}

    known = json.loads(options.output.read_text())["cases"] if options.output.exists() else {}
    for case in options.cases:
        known[case] = measure(case)
        print(json.dumps({case: known[case]}, indent=1), flush=True)
    options.output.write_text(json.dumps(
        {"schema": 1, "machine": machine.description(options.threads), "cases": known}, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
