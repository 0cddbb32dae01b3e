"""compare.py: Graft's benchmark process and the peers, alternated run by run; the protocol is in README.md."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import machine
import peer

HERE = Path(__file__).resolve().parent
MODELS = {"bert-8x128": "bert-base", "bert-1x512": "bert-base", "gpt2-1x1024": "gpt2", "imdb": "bert-base-classifier",
          "tokenize-wordpiece": "bert-base", "tokenize-bpe": "gpt2", "first-answer": "bert-base", "lens": "gpt2",
          "generate": "gpt2", "train-step": "bert-base-classifier", "attribution": "bert-6x384"}
FORMULA = ("multiply and add counted as 2; a sequence: 2 T (4 d^2 + 2 d dFF) L + attention 4 T^2 d L "
           "(causal_attention_halved: 2 T^2 d L)")
TRIAL_RUNS, TRIAL_TEXTS, PAUSE = 3, 64, 0.05


def runtimes(case):
    """What Graft is compared with; for attribution two methods of one runtime, both of interest."""
    return {"lens": ["torch"], "generate": ["torch"], "train-step": ["torch"], "attribution": ["jacfwd", "jacrev"],
            "tokenize-wordpiece": ["tokenizers"], "tokenize-bpe": ["tokenizers"]}.get(case, ["torch", "onnxruntime"])


def product_case(case):
    """The case of graft-bench that makes plain products to compare with: at the rate of one size, or those of the case."""
    return "lens-products" if case == "lens" else "sgemm" if case in peer.SHAPES else None


def threads_of(options, case):
    return 1 if case.startswith("tokenize") else options.threads


def environment(threads):
    """That of the caller, without what chooses OpenBLAS's kernels by hand; tokenizers get the case's threads."""
    kept = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    return kept | {"RAYON_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "true" if threads > 1 else "false"}


class Server:
    """A benchmark process that answers `run`, `result` and `quit`."""

    def __init__(self, command, threads):
        self.command, self.notes = command, {}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment(threads))

    def ask(self, word):
        """The line that answers: a number for `run`, an object for `result`; objects before a number are kept."""
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if not line.lstrip().startswith("{"):
                return float(line)
            if word == "result":
                return json.loads(line)
            self.notes |= json.loads(line)
        name = " ".join(map(str, self.command))
        raise SystemExit(f"{name}: ended with {self.process.wait()} instead of answering {word}")

    def peak_memory(self):
        """VmHWM in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))

    def quit(self):
        self.process.stdin.write("quit\n")
        self.process.stdin.close()
        if self.process.wait(60):
            raise SystemExit(f"{' '.join(map(str, self.command))}: ended with {self.process.returncode}")


def command(options, case, runtime, variant=None):
    model = options.models / MODELS[case]
    data = ["--dataset", options.dataset] if case == "imdb" or case.startswith("tokenize") else []
    if case == "attribution" and runtime != "graft":
        runtime, variant = "torch", runtime
    tail = ["--model", model, "--threads", str(threads_of(options, case)), *data]
    if runtime == "graft":
        return [options.graft, case, *tail]
    return [sys.executable, HERE / "peer.py", "--case", case, "--runtime", runtime, "--variant", variant, *tail]


def fastest_variant(options, case, runtime):
    """The variant with the smallest time over a few alternated runs, and every variant's smallest time."""
    if case == "attribution":
        return runtime, {}
    names = peer.variants(case, runtime, options.models / MODELS[case])
    limit, threads = ["--limit", str(TRIAL_TEXTS)] if case == "imdb" else [], threads_of(options, case)
    if case == "first-answer":
        times = {n: min(first_line(command(options, case, runtime, n), threads)[0] for _ in range(TRIAL_RUNS))
                 for n in names}
    else:
        servers = {n: Server(command(options, case, runtime, n) + limit, threads) for n in names}
        rounds = [{n: s.ask("run") for n, s in servers.items()} for _ in range(TRIAL_RUNS)]
        times = {n: min(r[n] for r in rounds) for n in names}
        for server in servers.values():
            server.quit()
    return min(times, key=times.get), times


def first_line(argv, threads):
    """Seconds from the start of a process to its first line, and that line."""
    begin = time.perf_counter()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment(threads)) as process:
        line = process.stdout.readline()
        seconds = time.perf_counter() - begin
    if process.returncode or not line:
        raise SystemExit(f"{' '.join(map(str, argv))}: ended with {process.returncode} and no answer")
    return seconds, line


def flops(case, model):
    """Floating-point operations of one pass of a fixed-length case, with whole and, if causal, half attention."""
    config = json.loads((model / "config.json").read_text())
    d, layers = config.get("hidden_size") or config["n_embd"], config.get("num_hidden_layers") or config["n_layer"]
    inner = config.get("intermediate_size") or config.get("n_inner") or 4 * d
    rows, length = peer.SHAPES[case]
    products, attention = 2 * length * (4 * d * d + 2 * d * inner) * layers, 4 * length * length * d * layers
    causal = {"causal_attention_halved": rows * (products + attention // 2)} if config["model_type"] == "gpt2" else {}
    return {"full_attention": rows * (products + attention)} | causal


def summary(seconds):
    return {"seconds": seconds, "median": statistics.median(seconds), "min": min(seconds), "max": max(seconds)}


def ratios(contenders):
    """Each peer's time over Graft's: of the medians, and the median over the rounds."""
    graft = contenders.get("graft")
    if graft is None:
        return {}
    return {name: {"of_medians": c["median"] / graft["median"],
                   "median_of_rounds": statistics.median(p / g for p, g in zip(c["seconds"], graft["seconds"]))}
            for name, c in contenders.items() if name not in ("graft", "sgemm")}  # lens-products: its target is a ratio


def difference(result, reference):
    """The largest difference of the numbers that two results share, None where they share none."""
    def numbers(value):
        return value if isinstance(value, list) else [value]

    shared = sorted(result.keys() & reference.keys())
    return max((abs(a - b) for k in shared for a, b in zip(numbers(result[k]), numbers(reference[k]))), default=None)


def measure_servers(options, case, rounds):
    contenders, servers, threads = {}, {}, threads_of(options, case)
    for runtime in runtimes(case):
        variant, trial = fastest_variant(options, case, runtime)
        contenders[runtime] = {"variant": variant, "trial_seconds": trial}
        servers[runtime] = Server(command(options, case, runtime, variant), threads)
    if options.graft:
        contenders["graft"], servers["graft"] = {}, Server(command(options, case, "graft"), threads)
        if product := product_case(case):
            contenders[product] = {}
            servers[product] = Server([options.graft, product, "--model", options.models / MODELS[case],
                                       "--threads", str(threads)], threads)
    taken = {name: [] for name in servers}
    warmup = 0 if case == "imdb" else options.warmup  # each process has warmed up by itself
    for index in range(warmup + rounds):
        for name, server in servers.items():
            time.sleep(PAUSE)  # threads of the last process stop spinning
            seconds = server.ask("run")
            if index >= warmup:
                taken[name].append(seconds)
    counts = flops(case, options.models / MODELS[case]) if case in peer.SHAPES else {}
    for name, server in servers.items():
        result = server.ask("result") if name != product_case(case) else {}
        whole = [seconds / server.notes.get("share", 1) for seconds in taken[name]]  # of what takes minutes, a share ran
        contenders[name] |= summary(whole) | {"result": result, "peak_memory_bytes": server.peak_memory()}
        server.quit()
        contenders[name]["notes"] = server.notes
        reference = contenders[runtimes(case)[0]].get("result", {})
        contenders[name]["result_difference"] = difference(result, reference)
        own = {"product": server.notes["flops"]} if name == product_case(case) else counts
        contenders[name]["gigaflops_per_second"] = {k: n / contenders[name]["median"] / 1e9 for k, n in own.items()}
    return contenders, counts


def measure_first_answer(options, case, rounds):
    contenders, commands = {}, {}
    for runtime in runtimes(case):
        variant, trial = fastest_variant(options, case, runtime)
        contenders[runtime] = {"variant": variant, "trial_seconds": trial}
        commands[runtime] = command(options, case, runtime, variant)
    if options.graft:
        contenders["graft"], commands["graft"] = {}, command(options, case, "graft")
    taken = {name: [] for name in commands}
    for index in range(options.warmup + rounds):
        for name, argv in commands.items():
            seconds, line = first_line(argv, options.threads)
            if index >= options.warmup:
                taken[name].append((seconds, json.loads(line) if line.startswith("{") else {}))
    for name, pairs in taken.items():
        contenders[name] |= summary([seconds for seconds, _ in pairs])
        parts = [p for p in ("imports", "load", "forward", "since_start") if p in pairs[0][1]]
        contenders[name]["median_parts"] = {p: statistics.median(line[p] for _, line in pairs) for p in parts}
    return contenders, {}


def table(results):
    lines = ["| case | runtime | variant | median s | min s | max s | GF/s | peak MB "
             "| times Graft's (medians) | (rounds) | result differs by |", "|---" * 11 + "|"]
    for case, measured in results["cases"].items():
        for name, c in measured["contenders"].items():
            ratio = measured["ratios"].get(name, {})
            rate = " / ".join(f"{r:.0f}" for r in c.get("gigaflops_per_second", {}).values())
            memory = f"{c['peak_memory_bytes'] / 1e6:.0f}" if "peak_memory_bytes" in c else ""
            differs = c.get("result_difference")
            cells = [case, name, c.get("variant", ""), *(f"{c[k]:.4f}" for k in ("median", "min", "max")), rate, memory,
                     *(f"{ratio[k]:.2f}" if ratio else "" for k in ("of_medians", "median_of_rounds")),
                     "" if differs is None else f"{differs:.1e}"]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True, help="the folder make_models.py wrote")
    parser.add_argument("--graft", help="the graft-bench executable; without it the peers are measured alone")
    parser.add_argument("--dataset", help="JSONL with text and label")
    parser.add_argument("--cases", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--add", action="store_true", help="keep the other cases that the output file holds")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--imdb-rounds", type=int, default=3, help="one run of it takes minutes")
    parser.add_argument("--warmup", type=int, default=1, help="rounds that are run and not counted")
    parser.add_argument("--output", type=Path, default=HERE.parents[1] / "results" / "bench.json")
    options = parser.parse_args()
    for case in options.cases:
        if options.dataset is None and (case == "imdb" or case.startswith("tokenize")):
            parser.error(f"{case} needs --dataset")
    results = {"schema": 1, "machine": machine.description(options.threads), "flop_formula": FORMULA, "cases": {}}
    if options.add and options.output.exists():
        results["cases"] = json.loads(options.output.read_text())["cases"]
    for case in options.cases:
        before = os.getloadavg()[0]
        measure = measure_first_answer if case == "first-answer" else measure_servers
        contenders, counts = measure(options, case, options.imdb_rounds if case == "imdb" else options.rounds)
        results["cases"][case] = {
            "contenders": contenders, "ratios": ratios(contenders), "flops": counts,
            "weights_bytes": (options.models / MODELS[case] / "model.safetensors").stat().st_size,
            "load_average": {"before": before, "after": os.getloadavg()[0]}}
        if "sgemm" in contenders:
            sgemm = contenders["sgemm"]["gigaflops_per_second"]["product"]
            results["cases"][case]["graft_share_of_sgemm"] = {
                k: rate / sgemm for k, rate in contenders["graft"]["gigaflops_per_second"].items()}
        options.output.parent.mkdir(parents=True, exist_ok=True)
        partial = options.output.with_suffix(".partial")
        partial.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
        partial.replace(options.output)
        print(f"{case}: done", file=sys.stderr, flush=True)
    print(FORMULA + "\n")
    print(table(results))


if __name__ == "__main__":
    main()
