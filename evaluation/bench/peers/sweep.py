"""sweep.py: every level by every position of 64 tokens patched, as Graft's sweep, as Graft's single passes, and as PyTorch's
loop with hooks, alternated run by run on the same weights.

`--serve` is PyTorch's side: one forward pass per patch in inference mode, the head applied to the one state that is read.
"""
import argparse
import json
import statistics
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOKENS, TARGET, VERSUS = 64, 3, 5
MODELS = {"gpt2": "GPT-2, 13 x 64", "bert-base": "BERT-base, 13 x 64"}


def texts(vocabulary):
    """As SweepCase.swift: no token in common."""
    ids = [(7919 * i + 104729) % vocabulary for i in range(TOKENS)]
    return ids, [(i + 1) % vocabulary for i in ids]


def serve(options):
    import torch

    from servers import answer_lines
    import transformers
    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)
    is_bert = "bert" in options.serve.name
    kind = transformers.AutoModelForMaskedLM if is_bert else transformers.AutoModelForCausalLM
    model = kind.from_pretrained(options.serve, attn_implementation=options.variant).eval()
    if is_bert:
        core, head, embedded, blocks = model.bert, model.cls, model.bert.embeddings, model.bert.encoder.layer
    else:
        core, head, embedded, blocks = model.transformer, model.lm_head, model.transformer.drop, model.transformer.h
    arguments = {} if is_bert else {"use_cache": False}
    ids, source = (torch.tensor([text]) for text in texts(model.config.vocab_size))
    print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__}), flush=True)

    def state(output):
        return output[0] if isinstance(output, tuple) else output

    def record():
        found = []
        hooks = [module.register_forward_hook(lambda _, __, output: found.append(state(output).clone()))
                 for module in (embedded, *blocks)]
        core(source)
        for hook in hooks:
            hook.remove()
        return found

    def run():
        states, rows = record(), []
        for module, values in zip((embedded, *blocks), states):
            row = []
            for token in range(TOKENS):
                def patch(_, __, output):
                    state(output)[:, token] = values[:, token]
                    return output
                hook = module.register_forward_hook(patch)
                scores = head(core(ids, **arguments).last_hidden_state[:, -1:])[0, -1]
                hook.remove()
                row.append(float(scores[TARGET]) - float(scores[VERSUS]))
            rows.append(row)
        return rows

    answer_lines(run, lambda answer: {"differences": answer})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graft", help="the graft-bench executable")
    parser.add_argument("--models", type=Path, help="the folder of make_models.py")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--variant", choices=["eager", "sdpa"], default="sdpa", help="PyTorch's attention")
    parser.add_argument("--output", type=Path, default=HERE.parents[1] / "results" / "bench_sweep.json")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(options)
    if not options.graft or not options.models:
        parser.error("--graft and --models are needed")

    import machine
    from servers import Server, alternated, summary
    tail = ["--threads", str(options.threads)]

    def measure(name):
        folder = options.models / name
        servers = {case: Server([options.graft, case, "--model", folder, *tail], options.threads)
                   for case in ("patch-sweep", "patch-loop")}
        servers["torch"] = Server(
            [sys.executable, HERE / "sweep.py", "--serve", folder, "--variant", options.variant, *tail], options.threads)
        taken = alternated(servers, options.rounds)
        answers = {key: server.ask("result")["differences"] for key, server in servers.items()}
        sweep = taken["patch-sweep"]
        result = {key: summary(seconds) | {"peak_memory_bytes": servers[key].peak_memory()} for key, seconds in taken.items()}
        for key in ("patch-loop", "torch"):
            result[key]["times_the_sweep"] = {
                "medians": statistics.median(taken[key]) / statistics.median(sweep),
                "rounds": [own / one for own, one in zip(taken[key], sweep)]}
        result["loop_has_the_same_bits"] = answers["patch-sweep"] == answers["patch-loop"]
        pairs = zip(sum(answers["patch-sweep"], []), sum(answers["torch"], []))
        result["largest_difference_to_torch"] = max(abs(a - b) for a, b in pairs)
        result["torch"]["notes"] = servers["torch"].notes
        for server in servers.values():
            server.quit()
        return result

    known = json.loads(options.output.read_text())["cases"] if options.output.exists() else {}
    for case in options.cases:
        before = machine.load()
        known[case] = measure(case) | {"name": MODELS[case]}
        known[case]["load_average"] = {"before": before, "after": machine.load()}
        print(json.dumps({case: known[case]}, indent=1), flush=True)
    options.output.write_text(json.dumps(
        {"schema": 1, "machine": machine.description(options.threads), "cases": known}, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
