"""peer.py: one benchmark case on one runtime; the protocol is in README.md."""
import time

START = time.perf_counter()

import argparse
import itertools
import json
import sys
from pathlib import Path

import runtimes

LENS_TOKENS = 1024
SHAPES = {"bert-8x128": (8, 128), "bert-1x512": (1, 512), "gpt2-1x1024": (1, 1024), "first-answer": (1, 8)}
DERIVATIVES = {"train-step": ("eager-fused", "sdpa-fused"), "attribution": ("jacfwd", "jacrev")}
VARIANTS = {"torch": ("eager", "sdpa"), "tokenizers": ("encode", "encode_batch")}
# Shapes that change or are compiled in, without the mask where that is possible, each thread on a core of its own or not.
OPENVINO = {"texts": ("dynamic", "dynamic-pinned"), "causal": ("dynamic", "static", "static-pinned"),
            "masked": ("dynamic", "static-unmasked", "static-unmasked-pinned")}


def variants(case, runtime, model):
    """The forms in which a runtime can do a case; a graph without mask only where all lengths are equal."""
    if case in DERIVATIVES:
        return DERIVATIVES[case]
    if case == "lens":
        return ("whole-levels", "chunks")
    if runtime == "openvino":
        return OPENVINO["texts" if case == "imdb" else "causal" if runtimes.is_causal(model) else "masked"]
    if runtime != "onnxruntime":
        return VARIANTS[runtime]
    return sorted(p.stem for p in (Path(model) / "onnx").glob("*.onnx"))


def ids_of(case, vocabulary):
    rows, length = SHAPES[case]
    return [[((r * length + t) * 7919 + 104729) % vocabulary for t in range(length)] for r in range(rows)]


def fixed_length(options):
    """One forward pass over a batch of equal lengths, without a mask, up to the last hidden states.

    Like every case: what warms up, what one timed run does, what `result` makes of its answer, and versions.
    """
    if options.runtime == "torch":
        torch, model, vocabulary, versions = runtimes.torch_model(options)
        ids = torch.tensor(ids_of(options.case, vocabulary))

        def run():
            with torch.inference_mode():
                return model(input_ids=ids).last_hidden_state.float().numpy()
    else:
        import numpy
        call, inputs, versions = runtimes.graph(options, SHAPES[options.case])
        feed = {"input_ids": numpy.array(ids_of(options.case, runtimes.vocabulary_of(options.model)))}
        if "attention_mask" in inputs:
            feed["attention_mask"] = numpy.ones_like(feed["input_ids"])

        def run():
            return call(feed)

    return run, run, lambda hidden: {"last_token": [float(x) for x in hidden[-1, -1, :4]]}, versions


def lens(options):
    """Every level of GPT-2 through ln_f and the matrix: top 10, entropy and KL from the last level, at all places.

    whole-levels makes the scores of one level at a time and keeps the last level's; chunks those of all levels, 64 places
    at a time.
    """
    form, options.variant = options.variant, "sdpa"
    torch, model, vocabulary, versions = runtimes.torch_model(options)
    ids = torch.tensor([[(t * 7919 + 104729) % vocabulary for t in range(LENS_TOKENS)]])
    step = LENS_TOKENS if form == "whole-levels" else 64

    def read(states, final, final_probabilities):
        """Top 10, entropy and KL of some places; `final` is what they are at the last level, None for that itself."""
        scores = states @ model.wte.weight.T
        top = torch.topk(scores, 10).values
        logs = torch.log_softmax(scores, -1)
        if final is None:
            final, final_probabilities = logs, logs.exp()
        probabilities = final_probabilities if final is logs else logs.exp()
        entropy = -(probabilities * logs).sum(-1)
        divergence = (final_probabilities * (final - logs)).sum(-1)
        return top, entropy, divergence, final, final_probabilities

    def run():
        with torch.inference_mode():
            hidden = model(input_ids=ids, output_hidden_states=True).hidden_states
            levels = [model.ln_f(h[0]) for h in hidden[:-1]] + [hidden[-1][0]]  # the last has passed ln_f
            entropy, divergence = torch.empty(len(levels), LENS_TOKENS), torch.empty(len(levels), LENS_TOKENS)
            tops = [[None] * (LENS_TOKENS // step) for _ in levels]
            for chunk in range(LENS_TOKENS // step):
                places, final, probabilities = slice(chunk * step, (chunk + 1) * step), None, None
                for level in reversed(range(len(levels))):
                    (tops[level][chunk], entropy[level, places], divergence[level, places], final,
                     probabilities) = read(levels[level][places], final, probabilities)
            return entropy, divergence, tops

    def result(answer):
        entropy, divergence, tops = answer
        return {"entropy": entropy.mean(1).tolist(), "divergence": divergence.mean(1).tolist(),
                "last_top_logits": [x for level in tops for x in level[-1][-1].tolist()]}

    return run, run, result, versions


def generate(options):
    """64 greedy tokens of GPT-2 after a prompt of 8, with its key-value cache."""
    torch, model, vocabulary, versions = runtimes.torch_model(options)
    prompt = torch.tensor([[(t * 7919 + 104729) % vocabulary for t in range(8)]])

    def run():
        ids, unread, cache = [], prompt, None
        with torch.inference_mode():
            for _ in range(64):
                answer = model(input_ids=unread, past_key_values=cache, use_cache=True)
                cache = answer.past_key_values
                unread = (answer.last_hidden_state[:, -1] @ model.wte.weight.T).argmax(-1, keepdim=True)
                ids.append(int(unread))
        return ids

    return run, run, lambda ids: {"ids": ids}, versions


def rows_of(options):
    with open(options.dataset, encoding="utf8") as file:
        return [json.loads(line) for line in itertools.islice(file, options.limit)]


def imdb(options):
    """Text to accuracy: the head of every review up to 512 ids, batches of 32 in file order, padded to the longest."""
    import numpy
    import tokenizers
    import transformers
    tokenizer = transformers.AutoTokenizer.from_pretrained(options.model)
    if not tokenizer.is_fast:
        raise SystemExit(f"{options.model}: no fast tokenizer")
    rows = rows_of(options)
    texts, labels = [r["text"] for r in rows], numpy.array([r["label"] for r in rows])
    if options.runtime == "torch":
        torch, model, _, versions = runtimes.torch_model(options, classifier=True)

        def logits(batch):
            with torch.inference_mode():
                return model(**{k: torch.from_numpy(v) for k, v in batch.items()}).logits.float().numpy()
    else:
        call, inputs, versions = runtimes.graph(options)

        def logits(batch):
            return call({k: v for k, v in batch.items() if k in inputs})

    def run(first=len(texts)):
        outputs, truncated = [], 0
        for start in range(0, first, 32):
            batch = tokenizer(texts[start:start + 32], truncation=True, max_length=512, padding="longest",
                              return_tensors="np")
            truncated += sum(bool(e.overflowing) for e in batch.encodings)
            outputs.append(logits(dict(batch)))
        return numpy.concatenate(outputs).astype(numpy.float64), truncated

    def result(answer):
        scores, truncated = answer
        shifted = scores - scores.max(1, keepdims=True)
        losses = numpy.log(numpy.exp(shifted).sum(1)) - shifted[numpy.arange(len(labels)), labels]
        return {"reviews": len(labels), "accuracy": float((scores.argmax(1) == labels).mean()),
                "loss": float(losses.mean()), "truncated": truncated}

    versions |= {"tokenizers": tokenizers.__version__, "transformers": transformers.__version__}
    return lambda: run(32), run, result, versions


def tokenize(options):
    """Texts to ids (and tokens and offsets, which an Encoding holds), special tokens added as the tokenizer does."""
    import tokenizers
    import transformers
    tokenizer = transformers.AutoTokenizer.from_pretrained(options.model).backend_tokenizer
    tokenizer.no_truncation()
    tokenizer.no_padding()
    texts = [row["text"] for row in rows_of(options)]
    if options.variant == "encode":
        def run():
            return [tokenizer.encode(text) for text in texts]
    else:
        def run():
            return tokenizer.encode_batch(texts)

    def result(encodings):
        return {"texts": len(texts), "bytes": sum(len(t.encode()) for t in texts),
                "ids": sum(len(e.ids) for e in encodings), "sum": sum(sum(e.ids) for e in encodings)}

    return run, run, result, {"tokenizers": tokenizers.__version__}


def first_answer(options):
    begin = time.perf_counter()
    if options.runtime == "torch":
        import torch  # noqa: F401
        import transformers  # noqa: F401
    else:
        import numpy  # noqa: F401
        __import__(options.runtime)
    loading = time.perf_counter()
    _, run, result, _ = fixed_length(options)
    forward = time.perf_counter()
    answer = result(run())
    end = time.perf_counter()
    print(json.dumps({"imports": loading - begin, "load": forward - loading, "forward": end - forward,
                      "since_start": end - START, **answer}), flush=True)


def serve(warm_up, run, result, versions, repeat):
    """Answer the lines of standard input; `result` is asked for after a run."""
    print(json.dumps({"python": sys.version.split()[0], **versions}), flush=True)
    warm_up()
    from servers import answer_lines
    answer_lines(run, result, repeat)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", required=True,
                        choices=[*SHAPES, *DERIVATIVES, "imdb", "generate", "lens", "tokenize-wordpiece",
                                 "tokenize-bpe"])
    parser.add_argument("--runtime", required=True, choices=list(runtimes.PRECISIONS))
    parser.add_argument("--variant", help="one of the forms the runtime has; default: the last of them")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--model", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=1, help="passes in one timed run, whose mean is answered")
    parser.add_argument("--dataset", help="JSONL with text and label, for imdb and tokenize-*")
    parser.add_argument("--limit", type=int, help="read that many lines of the dataset only")
    options = parser.parse_args()
    if options.precision not in runtimes.PRECISIONS[options.runtime]:
        parser.error(f"--precision {options.precision}: {options.runtime} has none")
    known = variants(options.case, options.runtime, options.model)
    options.variant = options.variant or known[-1]
    if options.variant not in known:
        parser.error(f"--variant {options.variant}: {options.runtime} has {', '.join(known)}")
    if options.case == "first-answer":
        return first_answer(options)
    if options.case in DERIVATIVES:
        import derivatives
        make = derivatives.train_step if options.case == "train-step" else derivatives.attribution
        return serve(*make(options), options.repeat)
    make = {"imdb": imdb, "generate": generate, "lens": lens, "tokenize-wordpiece": tokenize,
            "tokenize-bpe": tokenize}.get(options.case, fixed_length)
    serve(*make(options), options.repeat)


if __name__ == "__main__":
    main()
