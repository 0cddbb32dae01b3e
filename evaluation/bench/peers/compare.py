"""compare.py: Graft's benchmark process and the peers, alternated run by run; the protocol is in README.md."""
import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

import machine
import openblas
import peer
import runtimes
import tables
from servers import TRIAL_RUNS, Server, alternated, first_line, summary, trial

HERE = Path(__file__).resolve().parent
MODELS = {"bert-8x128": "bert-base", "bert-1x512": "bert-base", "gpt2-1x1024": "gpt2", "train-step": "bert-base-classifier",
          "generate": "gpt2", "imdb": "bert-base-classifier", "first-answer": "bert-base", "tokenize-wordpiece": "bert-base",
          "tokenize-bpe": "gpt2", "lens": "gpt2", "attribution": "bert-6x384"}
ROUNDS = {"train-step": 3, "generate": 3, "imdb": 1, "lens": 3, "attribution": 2}  # of the others 7
IN_BFLOAT16 = {"bert-8x128", "bert-1x512", "gpt2-1x1024"}
FORMULA = ("multiply and add counted as 2; a sequence: 2 T (4 d^2 + 2 d dFF) L + attention 4 T^2 d L "
           "(causal_attention_halved: 2 T^2 d L)")
TRIAL_TEXTS = 8


def peers_of(case):
    """What Graft is compared with; for attribution two methods of one runtime, both of interest."""
    return {"lens": ["torch"], "generate": ["torch"], "train-step": ["torch"], "attribution": ["jacfwd", "jacrev"],
            "tokenize-wordpiece": ["tokenizers"], "tokenize-bpe": ["tokenizers"]}.get(
                case, ["torch", "onnxruntime", "openvino"])


def product_case(case):
    """The case of graft-bench that makes plain products to compare with: at the rate of one size, or those of the case."""
    return "lens-products" if case == "lens" else "sgemm" if case in peer.SHAPES and case != "first-answer" else None


def threads_of(options, case):
    return 1 if case.startswith("tokenize") else options.threads


def precisions_of(options, case):
    return [p for p in options.precision if p == "fp32" or case in IN_BFLOAT16]


def named(runtime, precision):
    return runtime if precision == "fp32" else f"{runtime}-{precision}"


def command(options, case, runtime, variant=None, precision="fp32"):
    model = options.models / MODELS[case]
    data = ["--dataset", options.reviews if case == "imdb" else options.dataset] if needs_texts(case) else []
    if case == "attribution" and runtime != "graft":
        runtime, variant = "torch", runtime
    tail = ["--model", model, "--threads", str(threads_of(options, case)), *data]
    if precision != "fp32":
        tail += ["--precision", precision]
    if runtime == "graft":
        return [options.graft, case, *tail]
    return [sys.executable, HERE / "peer.py", "--case", case, "--runtime", runtime, "--variant", variant, *tail]


def needs_texts(case):
    return case == "imdb" or case.startswith("tokenize")


def fastest_variant(options, case, runtime, precision="fp32"):
    """The variant with the smallest time over a few alternated runs, and every variant's smallest time."""
    if case == "attribution":
        return runtime, {}
    threads = threads_of(options, case)
    commands = {n: command(options, case, runtime, n, precision)
                for n in peer.variants(case, runtime, options.models / MODELS[case])}
    if case == "first-answer":
        times = {n: min(first_line(argv, threads)[0] for _ in range(TRIAL_RUNS)) for n, argv in commands.items()}
    elif case == "imdb":  # one run each, which takes seconds
        limit = ["--limit", str(TRIAL_TEXTS)]
        times = {n: trial({n: Server([*argv, *limit], threads)}, runs=1)[n] for n, argv in commands.items()}
    else:
        times = trial({n: Server(argv, threads) for n, argv in commands.items()})
    return min(times, key=times.get), times


def flops(case, model):
    """Floating-point operations of one pass of a fixed-length case, with whole and, if causal, half attention."""
    config = runtimes.config_of(model)
    d, layers = config.get("hidden_size") or config["n_embd"], config.get("num_hidden_layers") or config["n_layer"]
    inner = config.get("intermediate_size") or config.get("n_inner") or 4 * d
    rows, length = peer.SHAPES[case]
    products, attention = 2 * length * (4 * d * d + 2 * d * inner) * layers, 4 * length * length * d * layers
    causal = {"causal_attention_halved": rows * (products + attention // 2)} if runtimes.is_causal(model) else {}
    return {"full_attention": rows * (products + attention)} | causal


def ratios(contenders):
    """Each one's time over Graft's of the same precision: of the medians, of the minima, and the median over the rounds."""
    found = {}
    for name, c in contenders.items():
        own = contenders.get("graft-bf16" if name.endswith("-bf16") else "graft")
        if own and c is not own and name != "sgemm":  # lens-products: its target is a ratio
            found[name] = {"of_medians": c["median"] / own["median"], "of_minima": c["min"] / own["min"],
                           "median_of_rounds": statistics.median(p / g for p, g in zip(c["seconds"], own["seconds"]))}
    return found


def difference(result, reference):
    """The largest difference of the numbers that two results share, None where they share none."""
    def numbers(value):
        return value if isinstance(value, list) else [value]

    shared = sorted(result.keys() & reference.keys())
    return max((abs(a - b) for k in shared for a, b in zip(numbers(result[k]), numbers(reference[k]))), default=None)


def prepared(options, case):
    """What is compared: for each name what is known so far, and the command with its changes to the environment."""
    contenders, commands, threads = {}, {}, threads_of(options, case)
    for precision in precisions_of(options, case):
        for runtime in peers_of(case):
            if precision in runtimes.PRECISIONS.get(runtime, ["fp32"]):
                variant, times = fastest_variant(options, case, runtime, precision)
                contenders[named(runtime, precision)] = {"variant": variant, "trial_seconds": times}
                commands[named(runtime, precision)] = command(options, case, runtime, variant, precision), {}
        if options.graft:
            contenders[named("graft", precision)] = {}
            commands[named("graft", precision)] = command(options, case, "graft", precision=precision), {}
    if options.graft and (product := product_case(case)):
        argv = [options.graft, product, "--model", options.models / MODELS[case], "--threads", str(threads)]
        core, how = openblas.best(argv, threads)
        contenders[product], commands[product] = {"variant": core, "openblas": how}, (argv, openblas.setting(core))
    return contenders, commands


def measure_servers(options, case, rounds):
    (contenders, commands), threads = prepared(options, case), threads_of(options, case)
    servers = {name: Server(argv, threads, changes) for name, (argv, changes) in commands.items()}
    # Each process has warmed up by itself, which must do where a run takes minutes.
    taken = alternated(servers, rounds, warmup=0 if case == "imdb" else options.warmup)
    counts = flops(case, options.models / MODELS[case]) if case in peer.SHAPES else {}
    for name, server in servers.items():
        result = server.ask("result") if name != product_case(case) else {}
        whole = [seconds / server.notes.get("share", 1) for seconds in taken[name]]  # of what takes minutes, a share ran
        contenders[name] |= summary(whole) | {"result": result, "peak_memory_bytes": server.peak_memory(),
                                              "niceness": server.niceness()}
        server.quit()
        contenders[name]["notes"] = server.notes
        reference = contenders[peers_of(case)[0]].get("result", {})
        contenders[name]["result_difference"] = difference(result, reference)
        own = {"product": server.notes["flops"]} if name == product_case(case) else counts
        contenders[name]["gigaflops_per_second"] = {k: n / contenders[name]["median"] / 1e9 for k, n in own.items()}
    return contenders, counts


def measure_first_answer(options, case, rounds):
    contenders, commands = prepared(options, case)
    taken = {name: [] for name in commands}
    for index in range(options.warmup + rounds):
        for name, (argv, _) in commands.items():
            seconds, line = first_line(argv, options.threads)
            if index >= options.warmup:
                taken[name].append((seconds, json.loads(line)))
    for name, pairs in taken.items():
        contenders[name] |= summary([seconds for seconds, _ in pairs])
        parts = [p for p in ("imports", "load", "forward", "since_start") if p in pairs[0][1]]
        contenders[name]["median_parts"] = {p: statistics.median(line[p] for _, line in pairs) for p in parts}
        result = {"last_token": pairs[0][1]["last_token"]}
        contenders[name]["result"] = result
        contenders[name]["result_difference"] = difference(result, contenders[peers_of(case)[0]]["result"])
    return contenders, {}


def measure(options, case):
    before = machine.load()
    how = measure_first_answer if case == "first-answer" else measure_servers
    contenders, counts = how(options, case, options.rounds or ROUNDS.get(case, 7))
    measured = {"contenders": contenders, "ratios": ratios(contenders), "flops": counts,
                "weights_bytes": (options.models / MODELS[case] / "model.safetensors").stat().st_size,
                "load_average": {"before": before, "after": machine.load()}}
    if "sgemm" in contenders:
        sgemm = contenders["sgemm"]["gigaflops_per_second"]["product"]
        measured["graft_share_of_sgemm"] = {
            k: rate / sgemm for k, rate in contenders["graft"]["gigaflops_per_second"].items()}
    return measured


def every_nth(dataset, limit, folder):
    """A file of `limit` lines of the dataset, evenly spread, since its lines are sorted by class."""
    # Not splitlines, which also ends a line at characters that reviews contain, such as U+0085.
    lines = [line + "\n" for line in Path(dataset).read_text(encoding="utf8").split("\n") if line]
    target = Path(folder) / "reviews.jsonl"
    count = min(limit, len(lines))
    target.write_text("".join(lines[i * len(lines) // count] for i in range(count)), encoding="utf8")
    return target


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True, help="the folder make_models.py wrote")
    parser.add_argument("--graft", help="the graft-bench executable; without it the peers are measured alone")
    parser.add_argument("--dataset", help="JSONL with text and label, for imdb and tokenize-*")
    parser.add_argument("--limit", type=int, help="take that many reviews for imdb, evenly from the dataset")
    parser.add_argument("--cases", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--precision", nargs="+", choices=["fp32", "bf16"], default=["fp32"],
                        help="fp32 bf16: also in bfloat16, those that can, in the same rounds")
    parser.add_argument("--add", action="store_true", help="keep the other cases that the output file holds")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, help="by default 7; 3 of train-step, generate and lens, fewer of what is slow")
    parser.add_argument("--warmup", type=int, default=1, help="rounds that are run and not counted")
    parser.add_argument("--output", type=Path, default=HERE.parents[1] / "results" / "bench.json")
    options = parser.parse_args()
    if options.dataset is None and any(map(needs_texts, options.cases)):
        parser.error("imdb and tokenize-* need --dataset")
    if "fp32" not in options.precision:
        parser.error("--precision: bf16 is measured beside fp32")
    results = {"schema": 2, "cases": {}}
    if options.add and options.output.exists():
        results["cases"] = json.loads(options.output.read_text())["cases"]
    results |= {"machine": machine.description(options.threads), "flop_formula": FORMULA}
    with tempfile.TemporaryDirectory() as folder:
        options.reviews = every_nth(options.dataset, options.limit, folder) if options.limit else options.dataset
        for case in options.cases:
            results["cases"][case] = measure(options, case)
            options.output.parent.mkdir(parents=True, exist_ok=True)
            partial = options.output.with_suffix(".partial")
            partial.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
            partial.replace(options.output)
            print(f"{case}: done", file=sys.stderr, flush=True)
    print(tables.text(results))


if __name__ == "__main__":
    main()
